/* SPDX-License-Identifier: MIT */
/* bench/lattice.c -- the transform, and one step of a blind rotation: eight ciphertexts, the key fresh from memory. */
#include "bench/bench.h"
#include "lattice/fft.h"
#include "lattice/limbs.h"
#include <stdlib.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

/* Zeroed, on huge pages where the system gives them; NULL if there is no memory. */
static void *large(size_t bytes)
{
	bytes = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	void *p = aligned_alloc(HUGE_PAGE, bytes);
	if (!p) return NULL;
	madvise(p, bytes, MADV_HUGEPAGE);
	return memset(p, 0, bytes);
}

static void random_words(void *words, size_t bytes) { rng_fill(rng_os(), words, bytes); }

/* ---- the transform ------------------------------------------------------------------------------------------------ */

enum { TRANSFORMS = 64 };                                   /* half of them there, half back */
_Static_assert(TRANSFORMS / 2 * 10 == 320, "a polynomial comes back as large as it was");

typedef struct there_and_back { const fft_kernel *kernel; double *poly, *spectrum; } there_and_back;

static err transform(void *ctx)
{
	const there_and_back *x = ctx;
	for (unsigned i = 0; i < TRANSFORMS / 2; i++) {
		x->kernel->forward(x->spectrum, x->poly);
		x->kernel->backward(x->poly, x->spectrum);
	}
	for (unsigned j = 0; j < FFT_DOUBLES; j++) x->poly[j] *= 0x1p-320;          /* 1024 each time */
	return OK;
}

static err fft_row(bench *b)
{
	double *memory = large((FFT_DOUBLES + FFT_N) * sizeof *memory);
	there_and_back x = { .kernel = fft_chosen(), .poly = memory, .spectrum = memory + FFT_DOUBLES };
	err e;

	if (!memory) return err_fail(ERR_NOMEM, "no memory for a polynomial");
	for (unsigned j = 0; j < FFT_DOUBLES; j++) x.poly[j] = (double)(j * 7919 % 65536) - 32768;
	const double before = x.poly[77];
	bench_variant(b, "%s", x.kernel->name);
	e = bench_measure(b, BENCH_THREAD, TRANSFORMS, transform, &x);
	if (e == OK && (x.poly[77] - before > 1e-3 || before - x.poly[77] > 1e-3))
		e = err_fail(ERR_INTERNAL, "a polynomial did not come back");
	free(memory);
	return e;
}

/* ---- a step ------------------------------------------------------------------------------------------------------- */

/* So many GGSWs pass one after the other; they do not fit into a cache near the core. */
enum { GGSWS = 24 };

static const limb_shape *const SHAPES[] = { &LIMBS_SQUASH, &LIMBS_EXACT64, &LIMBS_FLOAT64 };

typedef struct steps {
	const limb_kernel *kernel;
	limb_shape  shape;
	limb_work  *work;
	uint8_t    *key;                 /* GGSWS of them          */
	size_t      key_bytes;           /* of one                 */
	int64_t    *products;            /* of accumulator 0, when its step is to be checked */
	void       *scratch, *rows;      /* words of the last GGSW */
	unsigned    turn;
} steps;

static void step(steps *x, unsigned i)
{
	const uint8_t *key = x->key + i * x->key_bytes;
	const unsigned last = x->shape.k;
	const limb_ahead none = { NULL, NULL };

	for (unsigned b = 0; b < LIMBS_BATCH; b++)
		for (unsigned r = 0; r <= last; r++) x->kernel->turn(x->work, x->scratch, b, r, 1 + (x->turn + 911 * b) % (2 * LIMBS_N - 1), none);
	for (unsigned c = 0; c <= last; c++) {
		x->kernel->multiply(x->work, x->scratch, key, c, 0, x->kernel->chunks);
		for (unsigned b = 0; b < LIMBS_BATCH; b++)
			for (unsigned half = 0; half < LIMBS_HALVES; half++) x->kernel->add(x->work, x->scratch, b, c, half, none);
		if (x->products) x->kernel->products(x->work, x->scratch, 0, c, x->products + c * x->shape.limbs * LIMBS_N);
	}
}

static err all_steps(void *ctx)
{
	steps *x = ctx;
	for (unsigned i = 0; i < GGSWS; i++, x->turn += 37) step(x, i);
	return OK;
}

/* What was measured was right: one more step, looked at. */
static err check_step(steps *x)
{
	const size_t bytes = (x->shape.k + 1) * (size_t)LIMBS_N * x->shape.bits / 8;
	void *before = large(bytes);
	limb_check key;
	limb_look look;
	bool right;

	x->products = large(LIMBS_PRODUCTS * sizeof *x->products);
	if (!before || !x->products) {
		free(before);
		free(x->products);
		return err_fail(ERR_NOMEM, "no memory for an accumulator");
	}
	for (unsigned c = 0; c <= x->shape.k; c++)
		if (x->shape.bits == 64) limbs_get64((uint64_t *)before + c * LIMBS_N, x->work, 0, c);
		else limbs_get128((u128 *)before + c * LIMBS_N, x->work, 0, c);
	step(x, GGSWS - 1);
	const unsigned a = 1 + x->turn % (2 * LIMBS_N - 1);
	if (x->shape.bits == 64) {
		limbs_check64(x->shape, &key, x->rows);
		for (unsigned i = 0; i < 2 * (x->shape.k + 1); i++) limbs_look64(&look, x->work, 0, a, before, x->products, i);
	} else {
		limbs_check128(x->shape, &key, x->rows);
		for (unsigned i = 0; i < 2 * (x->shape.k + 1); i++) limbs_look128(&look, x->work, 0, a, before, x->products, i);
	}
	right = limbs_look_right(&look, x->shape, &key);
	for (unsigned b = 0; b < LIMBS_BATCH; b++) right = right && limbs_guard(x->work, b) < LIMBS_GUARD;
	free(before);
	free(x->products);
	return right ? OK : err_fail(ERR_INTERNAL, "a step is wrong");
}

static void fill(steps *x)
{
	const size_t words = (size_t)limb_rows(x->shape) * (x->shape.k + 1) * LIMBS_N;

	for (unsigned i = 0; i < GGSWS; i++) {
		uint8_t *key = x->key + i * x->key_bytes;
		random_words(x->rows, words * x->shape.bits / 8);
		if (x->shape.bits == 64) {
			x->kernel->load64(x->shape, key, x->scratch, x->rows);
			continue;
		}
		u128 *row = x->rows;
		for (size_t j = 0; j < words; j++) row[j] = row[j] >> x->shape.dropped << x->shape.dropped;
		x->kernel->load128(x->shape, key, x->scratch, row);
	}
	for (unsigned b = 0; b < LIMBS_BATCH; b++)
		if (x->shape.bits == 64) limbs_start64(x->work, b, x->rows, b);
		else limbs_start128(x->work, b, x->rows, b);
}

static err cmux_row(bench *b)
{
	steps x = { .kernel = limbs_chosen(), .shape = *SHAPES[b->row->arg[0]] };
	err e;

	x.key_bytes = x.kernel->key_bytes(x.shape);
	TRY(limbs_work_new(&x.work, x.kernel, x.shape, LIMBS_BATCH));
	x.key = large(GGSWS * x.key_bytes);
	x.scratch = large(LIMBS_SCRATCH);
	x.rows = large(x.key_bytes);
	if (x.key && x.scratch && x.rows) {
		fill(&x);
		bench_variant(b, "%s", x.kernel->name);
		e = bench_measure(b, BENCH_THREAD, GGSWS * LIMBS_BATCH, all_steps, &x);
		if (e == OK && x.shape.limbs > 1) e = check_step(&x);
	} else e = err_fail(ERR_NOMEM, "no memory for %zu bytes of key", GGSWS * x.key_bytes);
	limbs_work_free(&x.work);
	free(x.key);
	free(x.scratch);
	free(x.rows);
	return e;
}

static const bench_row ROWS[] = {
	{ "fft/2048", "ns", "one transform of a real polynomial modulo X^2048 + 1", fft_row, { 0 } },
	{ "cmux/squash", "us", "one step of a 128-bit blind rotation, for one of eight ciphertexts", cmux_row, { 0 } },
	{ "cmux/exact64", "us", "... of an exact 64-bit one", cmux_row, { 1 } },
	{ "cmux/float64", "us", "... of a 64-bit one in floating point", cmux_row, { 2 } },
};
const bench_group BENCH_LATTICE = { ROWS, COUNT(ROWS), NULL, NULL };
