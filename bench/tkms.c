/* SPDX-License-Identifier: MIT */
/* bench/tkms.c -- whole key sets. */
#include "bench/bench.h"
#include <unistd.h>
#include "tkms/keygen.h"

typedef struct making { pool *cores; const lat_params *params; } making;

static err make_set(void *ctx)
{
	const making *m = ctx;
	key_files files = { 0 };
	id32 id;

	rng_fill(rng_os(), id.b, sizeof id.b);
	TRY(tkms_keygen(&files, m->cores, m->params, &id, rng_os(), NULL));         /* which tries what it made */
	key_files_free(&files);
	return OK;
}

static err keygen_test(bench *b)
{
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);
	making m = { .params = &PARAMS_TEST };

	b->threads = b->options->threads ? b->options->threads : (unsigned)(cores > 0 ? cores : 1);
	TRY(pool_new(&m.cores, b->threads));
	err e = bench_measure(b, BENCH_WALL, 1, make_set, &m);
	pool_free(&m.cores);
	return e;
}

static const bench_row ROWS[] = {
	{ "keygen/test", "s", "a key set of test parameters by one node, tried before it is given out; all cores (--threads)",
	  keygen_test, { 0 } },
};
const bench_group BENCH_TKMS = { ROWS, COUNT(ROWS), NULL, NULL };
