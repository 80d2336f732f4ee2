/* SPDX-License-Identifier: MIT */
/* bench/ring.c -- arithmetic of GR(2^128, 4), in which keys are shared. */
#include "bench/bench.h"
#include "ring/gr.h"

enum { DEGREE = 4, MULTIPLICATIONS = 4096 };

/* Each waits for the one before. */
static err multiply(void *ctx)
{
	gr *x = ctx;
	const ring *R = ring_of(128, DEGREE);

	for (unsigned i = 0; i < MULTIPLICATIONS; i++) x[0] = gr_mul(R, x[0], x[1]);
	bench_keep(x);
	return OK;
}

static err gr_mul_row(bench *b)
{
	const ring *R = ring_of(128, DEGREE);
	gr x[2], unit;

	for (unsigned i = 0; i < 2; i++)
		do x[i] = gr_random(R, rng_os());
		while (!gr_is_unit_var(R, x[i]));
	unit = gr_mul(R, gr_mul(R, x[0], x[1]), gr_inv(R, x[1]));
	if (!gr_eq_var(unit, x[0])) return err_fail(ERR_INTERNAL, "a b / b is not a");
	bench_variant(b, "GR(2^128,%u)", DEGREE);
	return bench_measure(b, BENCH_THREAD, MULTIPLICATIONS, multiply, x);
}

static const bench_row ROWS[] = {
	{ "gr-mul", "ns", "a multiplication in GR(2^128,4), each waiting for the one before", gr_mul_row, { 0 } },
};
const bench_group BENCH_RING = { ROWS, COUNT(ROWS), NULL, NULL };
