/* SPDX-License-Identifier: MIT */
/*
 * bench/dkg.c -- the preprocessing of a joint key generation: a random bit, at one party, with everything that it computes (own
 * words, the check of the words of all parties, the solution); a share of zero, which hides a product; all bits of a test key
 * between parties in this process.
 */
#include "bench/dkg.h"
#include <stdlib.h>
#include "bench/parties.h"
#include "mpc/keygen_plan.h"
#include "mpc/lanes.h"
#include "mpc/random_bits.h"
#include "mpc/runner.h"
#include "share/bits.h"
#include "share/shamir.h"
#include "share/unanimous.h"

enum { DEGREE = 4, BITS = 2048 };

/* ---- one bit ------------------------------------------------------------------------------------------------------- */

typedef struct bits {
	unsigned    n, t;
	const ring *R;
	prss       *p[MAX_PARTIES + 1];
	prss_batch *tables[MAX_PARTIES + 1];
	unanimous  *all;
	uint8_t     sid[PRSS_SID];
	uint8_t    *a[MAX_PARTIES + 1], *word[MAX_PARTIES + 1], *V;
} bits;

/* What party i does before anything is sent, and after everything has come. */
static void make_words(bits *x, unsigned i) { bits_words(x->tables[i], x->R, x->a[i], x->word[i], x->sid, 0, BITS); }

static err make_bits(void *ctx)
{
	bits *x = ctx;

	make_words(x, 1);
	if (!unanimous_open_var(x->all, x->V, (const uint8_t *const *)x->word, BITS / DEGREE) ||
	    !bits_solve(x->R, x->a[1], x->V, BITS))
		return err_fail(ERR_INTERNAL, "honest words were not accepted");
	bench_keep(x->a[1]);
	return OK;
}

/* All parties' shares are those of 0 or 1, and not all the same. */
static err check_bits(bits *x)
{
	size_t ones = 0;

	TRY(make_bits(x));
	for (unsigned i = 2; i <= x->n; i++)
		if (!bits_solve(x->R, x->a[i], x->V, BITS)) return err_fail(ERR_INTERNAL, "a word is odd");
	for (size_t b = 0; b < BITS; b++) {
		gr y[MAX_PARTIES + 1];
		for (unsigned i = 1; i <= x->n; i++) y[i] = gr_read(x->R, x->a[i] + b * x->R->bytes);
		const gr v = interpolate_unchecked(x->R, y, parties_all(x->n));
		if (!gr_is_scalar_var(x->R, v) || v.c[0] > 1) return err_fail(ERR_INTERNAL, "what was made is no bit");
		ones += v.c[0] == 1;
	}
	return ones > BITS / 4 && ones < BITS * 3 / 4 ? OK : err_fail(ERR_INTERNAL, "%zu of %d random bits are 1", ones, BITS);
}

static err bits_new(bits *x)
{
	const id32 epoch = ID_DEFAULT_EPOCH;

	TRY(bench_prss(x->p, x->n, x->t, DEGREE, &epoch));
	TRY(unanimous_new(&x->all, x->R, 2 * x->t, parties_all(x->n)));
	rng_fill(rng_os(), x->sid, sizeof x->sid);
	x->V = aligned_alloc(64, BITS / DEGREE * x->R->bytes);
	for (unsigned i = 1; i <= x->n; i++) {
		TRY(prss_batch_new(&x->tables[i], x->p[i]));
		x->a[i] = aligned_alloc(64, BITS * x->R->bytes);
		x->word[i] = aligned_alloc(64, BITS / DEGREE * x->R->bytes);
		ASSERT(x->V && x->a[i] && x->word[i]);
		make_words(x, i);
	}
	return OK;
}

static void bits_end(bits *x)
{
	for (unsigned i = 1; i <= x->n; i++) {
		prss_batch_free(&x->tables[i]);
		prss_free(&x->p[i]);
		free(x->a[i]), free(x->word[i]);
	}
	unanimous_free(&x->all);
	free(x->V);
}

static err bit_row(bench *b, unsigned k)
{
	bits x = { .n = b->row->arg[0], .t = b->row->arg[1], .R = ring_of(k, DEGREE) };

	err e = bits_new(&x);
	if (e == OK) e = check_bits(&x);
	bench_variant(b, "%s", bench_cpu());
	if (e == OK) e = bench_measure(b, BENCH_THREAD, BITS, make_bits, &x);
	bits_end(&x);
	return e;
}

static err bit_64(bench *b) { return bit_row(b, 64); }
static err bit_128(bench *b) { return bit_row(b, 128); }

/* ---- a share of zero ----------------------------------------------------------------------------------------------- */

enum { ZEROS = BITS / DEGREE / 2 };

static void make_zeros_of(bits *x, unsigned i) { przs_many(x->tables[i], x->R, x->a[i], x->sid, 0, ZEROS); }

static err make_zeros(void *ctx)
{
	bits *x = ctx;

	make_zeros_of(x, 1);
	bench_keep(x->a[1]);
	return OK;
}

static err check_zeros(bits *x)
{
	const size_t bytes = ZEROS * x->R->bytes;
	const uint8_t *y[MAX_PARTIES + 1];

	for (unsigned i = 1; i <= x->n; i++) {
		make_zeros_of(x, i);
		y[i] = x->a[i];
	}
	bool right = unanimous_open_var(x->all, x->V, y, ZEROS);
	for (size_t k = 0; right && k < bytes; k++) right = x->V[k] == 0;
	return right ? OK : err_fail(ERR_INTERNAL, "what was shared is not zero");
}

static err zero_row(bench *b, unsigned k)
{
	bits x = { .n = b->row->arg[0], .t = b->row->arg[1], .R = ring_of(k, DEGREE) };

	err e = bits_new(&x);
	if (e == OK) e = check_zeros(&x);
	bench_variant(b, "%s", bench_cpu());
	if (e == OK) e = bench_measure(b, BENCH_THREAD, ZEROS, make_zeros, &x);
	bits_end(&x);
	return e;
}

static err zero_64(bench *b) { return zero_row(b, 64); }
static err zero_128(bench *b) { return zero_row(b, 128); }

/* ---- all bits of a test key ---------------------------------------------------------------------------------------- */

enum { MOST = 16, LANES = 4, LANE_BATCH = 1 << 14, PATIENCE_MS = 600000 };

typedef struct member {
	inbox     *in;
	prss      *p;
	prss_batch *tables;
	err        result;
	uint64_t   count[2][LANES];      /* bits put out */
} member;

typedef struct cluster {
	unsigned   n, t;
	session_id sid;
	member     member[MOST + 1];
} cluster;

static err send_to(void *ctx, party to, const envelope *e)
{
	cluster *x = ctx;

	if (inbox_put(x->member[to].in, e->from, e) == INBOX_FULL) return err_fail(ERR_INTERNAL, "an inbox is full");
	return OK;
}

static err count_bits(void *ctx, const session *s, const void *bit, size_t count)
{
	(void)s;
	bench_keep(bit);
	*(uint64_t *)ctx += count;
	return OK;
}

static err fresh(void *ctx, const session_id *sid) { return (void)ctx, (void)sid, OK; }
static err one_lane(session *s, void *arg) { return random_bits(s, arg); }

/* The bits of both rings, each on so many lanes. */
static err preprocess(session *s, void *arg)
{
	member *m = arg;
	const keygen_plan plan = keygen_plan_of(&PARAMS_TEST);
	const sid_record record = { NULL, fresh };

	for (unsigned w = 0; w < 2; w++) {
		const uint64_t all = keygen_plan_bits(&plan, 64u << w);
		bits_job job[LANES];
		void *args[LANES];
		for (unsigned l = 0; l < LANES; l++) {
			job[l] = (bits_job){ m->tables, all * (l + 1) / LANES - all * l / LANES, LANE_BATCH, { &m->count[w][l], count_bits } };
			args[l] = &job[l];
		}
		TRY(mpc_lanes(s, &(lane_plan){ .lanes = LANES, .first = w * LANES, .k = 64u << w, .prss = m->p, .record = &record,
		                               .run = one_lane, .arg = args }));
	}
	return OK;
}

static void member_ended(void *arg, err e, const session *s)
{
	member *m = arg;

	m->result = s && s->corrupt ? ERR_INTERNAL : e;
}

static err preprocess_all(void *ctx)
{
	cluster *x = ctx;
	AUTO(runner) *r = NULL;

	TRY(runner_new(&r, x->n));
	rng_fill(rng_os(), x->sid.b, sizeof x->sid.b);
	memset(x->member[0].count, 0, sizeof x->member[0].count);
	for (party i = 1; i <= x->n; i++) {
		const session_plan plan = { .sid = x->sid, .me = i, .n = x->n, .t = x->t, .k = 64, .round_ms = PATIENCE_MS,
		                            .random = rng_os(), .in = x->member[i].in, .out = { x, send_to } };
		memset(x->member[i].count, 0, sizeof x->member[i].count);
		TRY(runner_start(r, &plan, preprocess, member_ended, &x->member[i]));
	}
	runner_free(&r);
	const keygen_plan plan = keygen_plan_of(&PARAMS_TEST);
	for (party i = 1; i <= x->n; i++) {
		uint64_t count = 0;
		for (unsigned l = 0; l < 2 * LANES; l++) count += x->member[i].count[l / LANES][l % LANES];
		if (x->member[i].result != OK || count != keygen_plan_bits(&plan, 0))
			return err_fail(ERR_INTERNAL, "a party has %llu bits", (unsigned long long)count);
	}
	return OK;
}

static err bits_of_test_key(bench *b)
{
	const id32 epoch = ID_DEFAULT_EPOCH;
	prss *p[MAX_PARTIES + 1] = { 0 };
	cluster *x = calloc(1, sizeof *x);

	ASSERT(x && b->row->arg[0] <= MOST);
	x->n = b->row->arg[0], x->t = b->row->arg[1];
	err e = bench_prss(p, x->n, x->t, DEGREE, &epoch);
	for (party i = 1; i <= x->n && e == OK; i++) {
		x->member[i].p = p[i];
		e = prss_batch_new(&x->member[i].tables, p[i]);
		if (e == OK) e = inbox_new(&x->member[i].in, i, x->n, NULL, wait_system());
	}
	bench_variant(b, "%s", bench_cpu());
	if (e == OK) e = bench_measure(b, BENCH_WALL, 1, preprocess_all, x);
	for (party i = 1; i <= x->n; i++) {
		inbox_free(&x->member[i].in);
		prss_batch_free(&x->member[i].tables);
		prss_free(&p[i]);
	}
	free(x);
	return e;
}

/* ---- prices -------------------------------------------------------------------------------------------------------- */

err dkg_prices_here(dkg_prices *out, unsigned n, unsigned t, const bench_options *o)
{
	const bench_row bit[2] = { { "bit", "s", "", bit_64, { n, t } }, { "bit", "s", "", bit_128, { n, t } } };
	const bench_row zero[2] = { { "zero", "s", "", zero_64, { n, t } }, { "zero", "s", "", zero_128, { n, t } } };
	bench_result r;

	for (unsigned w = 0; w < 2; w++) {
		TRY(bench_run(&r, &bit[w], NULL, o));
		out->bit[w] = r.value;
		TRY(bench_run(&r, &zero[w], NULL, o));
		out->zero[w] = r.value;
	}
	return OK;
}

static const bench_row ROWS[] = {
	{ "random-bit/4-1/128", "us", "a random bit modulo 2^128 at one of 4 parties, 1 corrupt", bit_128, { 4, 1 } },
	{ "random-bit/4-1/64", "us", "the same modulo 2^64", bit_64, { 4, 1 } },
	{ "random-bit/13-4/128", "us", "a random bit modulo 2^128 at one of 13 parties, 4 corrupt", bit_128, { 13, 4 } },
	{ "random-bit/13-4/64", "us", "the same modulo 2^64", bit_64, { 13, 4 } },
	{ "zero/4-1/128", "us", "a share of zero of degree 2t modulo 2^128 at one of 4 parties, 1 corrupt", zero_128, { 4, 1 } },
	{ "zero/13-4/128", "us", "the same at one of 13 parties, 4 corrupt", zero_128, { 13, 4 } },
	{ "bits-test/4-1", "ms", "all bits of a test key at 4 parties in this process, on all cores", bits_of_test_key, { 4, 1 } },
};
const bench_group BENCH_DKG = { ROWS, COUNT(ROWS), NULL, NULL };
