/* SPDX-License-Identifier: MIT */
/*
 * Whatever t parties do: every sample of a plan is put once, in its own ring; with the shares of the honest it is a bit, or
 * noise within its bounds; and it is what the lowest bits of the integers of PRSS make of it, at its own place.
 */
#include "mpc/key_preproc.h"
#include "mpc/random_bits.h"
#include "mpc/runner.h"
#include "share/tuniform.h"
#include "tests/mpc/bcast_liars.h"
#include "tests/mpc/prss_theorem.h"

enum { D = 4, MOST = 1 << 16, LANES = 3, CHUNK = 6, BATCH = 20 };

/* Chunks that end in the middle of a batch, samples that begin in one batch and end in the next, a need without samples. */
static const keygen_plan TINY = {
	.needs = 7, .need = {
		{ .name = "key", .is_key = true, .k = 128, .samples = 9, .bits = 9 },
		{ .name = "short key", .is_key = true, .k = 128, .samples = 1, .bits = 1 },
		{ .name = "narrow noise", .k = 64, .noise = 5, .samples = 14, .bits = 14 * 7 },
		{ .name = "none", .k = 64, .noise = 3 },
		{ .name = "widest noise", .k = 128, .noise = 43, .samples = 8, .bits = 8 * 45 },
		{ .name = "no noise", .k = 64, .noise = 0, .samples = 13, .bits = 13 * 2 },
		{ .name = "one sample", .k = 128, .noise = 1, .samples = 1, .bits = 3 },
	},
};
/* Enough to look at its distribution. */
static const keygen_plan MANY = {
	.needs = 2, .need = {
		{ .name = "key", .is_key = true, .k = 128, .samples = 2000, .bits = 2000 },
		{ .name = "noise", .k = 64, .noise = 1, .samples = 6000, .bits = 18000 },
	},
};

typedef struct io {
	party       me;
	preproc_job job;
	progress    told;
	uint64_t    done, of;
	unsigned    tells, records;
	session_id  recorded[2 * LANES];
	uint64_t    where[KEYGEN_NEEDS];     /* of each need's samples in `sample`, in elements of 16 d bytes */
	uint8_t    *sample;
	uint8_t     put[MOST];               /* how often, by place                  */
	unsigned    wrong;                   /* whatever no contract allows          */
	pthread_mutex_t lock;                /* of lanes on threads                  */
} io;

static uint8_t store[8][MOST * 16 * D / 4];
static const keygen_plan *plan = &TINY;
static unsigned lanes = LANES;
static size_t chunk = CHUNK, batch_bits = BATCH;

/* What went over the wire, by the ring of its session; k = 0: of none of the lanes. */
static struct { session_id sid[2 * LANES]; uint64_t bytes[8], others, words[2], wide_in_narrow; } seen;

/* A batch is a round of words and a broadcast; after some of them parties meet. */
static bool is_of_words(uint64_t round)
{
	const unsigned batch = 1 + bcast_rounds(group.t);
	const uint64_t at = (round - 1) % (MEET_EVERY * batch + 1);

	return at % batch == 0 && at < MEET_EVERY * batch;
}

static void look(void *ctx, sim *x, const envelope *e)
{
	(void)ctx;
	unsigned lane = 0;
	while (lane < 2 * lanes && !sid_eq_var(&e->sid, &seen.sid[lane])) lane++;
	seen.bytes[e->from] += ENVELOPE_HEADER + e->body.n;
	if (lane == 2 * lanes) seen.others++;
	else if (is_of_words(e->round)) {
		seen.words[lane >= lanes] += e->body.n;
		if (lane < lanes && e->body.n > random_bits_message(ring_of(64, D), batch_bits)) seen.wide_in_narrow++;
	}
	sim_pass(x, e);
}

static err keep(void *ctx, unsigned need, uint64_t first, size_t count, const void *element)
{
	io *v = ctx;
	const keygen_need *of = &v->job.plan->need[need];
	const size_t e = D * (of->k / 8);

	v->wrong += need >= v->job.plan->needs || !count || first + count > of->samples;
	v->wrong += first / chunk != (first + count - 1) / chunk;
	if (v->wrong) return OK;
	for (size_t i = 0; i < count; i++) v->put[v->where[need] + first + i]++;
	v->wrong += first % chunk && !v->put[v->where[need] + first - 1];                /* in order */
	for (size_t i = 0; i < count; i++)
		memcpy(v->sample + (v->where[need] + first + i) * 16 * D, (const uint8_t *)element + i * e, e);
	return OK;
}

static void tell(void *ctx, uint64_t done, uint64_t of)
{
	io *v = ctx;

	v->wrong += done <= v->done || done > of;
	v->done = done, v->of = of, v->tells++;
}

static err record(void *ctx, const session_id *sid)
{
	io *v = ctx;

	for (unsigned i = 0; i < v->records; i++) v->wrong += sid_eq_var(sid, &v->recorded[i]);
	ASSERT(v->records < COUNT(v->recorded));
	v->recorded[v->records++] = *sid;
	return OK;
}

static void input(trial *x, party i, void *arg)
{
	io *v = arg;
	uint64_t at = 0;

	v->me = i, v->sample = store[i];
	for (unsigned j = 0; j < plan->needs; j++) v->where[j] = at, at += plan->need[j].samples;
	ASSERT(at * 16 * D <= sizeof store[i]);
	if (i > 1) return;
	const session_id sid = sim_sid(1 + x->seed);
	memset(&seen, 0, sizeof seen);
	for (unsigned l = 0; l < 2 * lanes; l++) seen.sid[l] = sid_sub(&sid, l);
	if (!x->rush && !x->fault_count) sim_set_tap(x->sim, look, NULL);
#ifdef ARCA_CHECKS
	prss_ledger_reset();
#endif
}

static err run(session *s, void *arg)
{
	io *v = arg;
	const sid_record where = { v, record };

	v->told = (progress){ v, tell };
	v->job = (preproc_job){ .plan = plan, .tables = tables[v->me], .record = &where, .to = { v, keep }, .lanes = lanes,
	                        .chunk = chunk, .batch = batch_bits, .in_turn = true, .told = &v->told };
	err e = key_preproc(s, &v->job);
	v->job.record = NULL;
	return e;
}

static unsigned most_rounds(unsigned n, unsigned t)
{
	(void)n, (void)t;
	return 0;                                            /* of the ceremony's own session */
}

/* ---- what must hold ---------------------------------------------------------------------------------------------- */

static gr share_of(const trial *x, party i, unsigned need, uint64_t sample)
{
	const io *v = x->io[i];
	return gr_read(ring_of(plan->need[need].k, D), v->sample + (v->where[need] + sample) * 16 * D);
}

/* The secret of a sample, as a signed number; false: shares of different polynomials, or no integer. */
static bool secret_of(i128 *out, const trial *x, unsigned need, uint64_t sample)
{
	const ring *R = ring_of(plan->need[need].k, D);
	share y[MAX_PARTIES + 1];
	gr secret;

	FOR_EACH_IN(i, honest(x)) y[i].v = share_of(x, i, need, sample);
	if (!sim_reconstruct(&secret, R, y, honest(x), x->t) || !gr_is_scalar_var(R, secret)) return false;
	*out = R->k == 64 ? (i128)(int64_t)(uint64_t)secret.c[0] : (i128)secret.c[0];
	return true;
}

static const char *sample_violated(const trial *x, unsigned need, uint64_t sample)
{
	const keygen_need *of = &plan->need[need];
	const i128 end = (i128)1 << of->noise;
	i128 v;

	FOR_EACH_IN(i, honest(x)) {
		const io *o = x->io[i];
		if (o->put[o->where[need] + sample] != 1) return "a sample was not put once";
	}
	if (!secret_of(&v, x, need, sample)) return "shares of a sample are not on one polynomial";
	if (of->is_key ? v != 0 && v != 1 : v < -end || v > end) return "a sample is out of its range";
	return NULL;
}

static const char *violated(const trial *x)
{
#ifdef ARCA_CHECKS
	if (prss_ledger_reused()) return "an input of a PRF served twice";
#endif
	FOR_EACH_IN(i, honest(x)) {
		const io *v = x->io[i];
		if (v->wrong) return "a sample, a sub-session or progress was not as it must be";
		if (v->done != keygen_plan_bits(plan, 0) || v->of != v->done) return "progress does not end with all bits";
		if (v->records != 2 * lanes) return "a sub-session was not recorded";
	}
	for (unsigned j = 0; j < plan->needs; j++) for (uint64_t b = 0; b < plan->need[j].samples; b++) {
		const char *what = sample_violated(x, j, b);
		if (what) return what;
	}
	return NULL;
}

static const theorem PREPROC = { "preprocessing", sizeof(io), input, run, most_rounds, violated, NULL, NULL };

/* ---- nobody lies ------------------------------------------------------------------------------------------------- */

/* The lowest bit of the integer of a counter. */
static unsigned ideal(const trial *x, unsigned k, const session_id *sid, uint64_t ctr)
{
	const ring *R = ring_of(k, D);
	share y[MAX_PARTIES + 1];
	gr a;

	FOR_EACH_IN(i, parties_all(x->t + 1)) y[i] = prss_z_next(group.p[i], R, sid->b, ctr);
	ASSERT(sim_reconstruct(&a, R, y, parties_all(x->t + 1), x->t));
	return (unsigned)a.c[0] & 1;
}

/* Cuts the streams of all lanes into samples the plain way. */
static void every_bit_is_at_its_place(const trial *x)
{
	for (unsigned k = 64, part = 0; k <= 128; k += 64, part += lanes) {
		uint64_t ctr[LANES] = { 0 }, card = 0;
		for (unsigned j = 0; j < plan->needs; j++) for (uint64_t first = 0; first < plan->need[j].samples; first += chunk, card++) {
			const keygen_need *of = &plan->need[j];
			if (of->k != k) break;
			const unsigned lane = (unsigned)(card % lanes), b = of->noise;
			for (uint64_t i = first; i < first + chunk && i < of->samples; i++) {
				i128 v, sum = of->is_key ? 0 : -((i128)1 << b);
				for (unsigned bit = 0; bit < (of->is_key ? 1 : tuniform_bits(b)); bit++)
					sum += (i128)ideal(x, k, &seen.sid[part + lane], ctr[lane]++) << (bit > b ? 0 : bit);
				assert_true(secret_of(&v, x, j, i));
				assert_true(v == sum);
			}
		}
	}
}

static void samples_are_made_of_the_bits_of_their_lane_in_order(void **state)
{
	static const sizes SOME[] = { { 4, 1 }, { 7, 2 } };

	(void)state;
	for (size_t c = 0; c < COUNT(SOME); c++) for (lanes = 1; lanes <= LANES; lanes++) for (unsigned many = 4; many < 90; many *= 4) {
		batch_bits = many;
		trial x = { .of = &PREPROC, .n = SOME[c].n, .t = SOME[c].t, .seed = 10 * lanes + batch_bits };
		must_hold(&x);
		every_bit_is_at_its_place(&x);
		trial_end(&x);
	}
	lanes = LANES, batch_bits = BATCH;
}

static void a_party_sends_exactly_what_was_said_beforehand(void **state)
{
	static const sizes SOME[] = { { 4, 1 }, { 5, 1 }, { 7, 2 } };

	(void)state;
	for (size_t c = 0; c < COUNT(SOME); c++) for (lanes = 1; lanes <= LANES; lanes++) {
		const unsigned n = SOME[c].n, t = SOME[c].t;
		trial x = { .of = &PREPROC, .n = n, .t = t, .seed = 100 + lanes };
		must_hold(&x);
		const uint64_t said = key_preproc_bytes(&((io *)x.io[1])->job, n, t, D);
		const party_set kings = parties_all(t + 1);
		FOR_EACH_IN(i, parties_all(n) & ~kings) assert_int_equal(seen.bytes[i], said);
		FOR_EACH_IN(i, kings) assert_true(seen.bytes[i] > said && seen.bytes[i] < 2 * said);
		trial_end(&x);
	}
	lanes = LANES;
}

/* Rule O1: what is opened for words of 64 bits has elements of 8 d bytes, and there are no other openings. */
static void nothing_wider_than_what_it_serves_is_opened(void **state)
{
	(void)state;
	trial x = { .of = &PREPROC, .n = 4, .t = 1, .seed = 200 };
	uint64_t words[2] = { 0 };

	must_hold(&x);
	for (unsigned part = 0; part < 2; part++) for (unsigned l = 0; l < LANES; l++) {
		uint64_t bits = 0, card = 0;
		for (unsigned j = 0; j < plan->needs; j++) for (uint64_t first = 0; first < plan->need[j].samples; first += CHUNK) {
			const keygen_need *of = &plan->need[j];
			const uint64_t left = of->samples - first, each = of->bits / of->samples;
			if (of->k == 64 * (part + 1) && card++ % LANES == l) bits += (left < CHUNK ? left : CHUNK) * each;
		}
		words[part] += (bits + D - 1) / D;
	}
	assert_int_equal(seen.words[0], words[0] * 8 * D * 4 * 3);
	assert_int_equal(seen.words[1], words[1] * 16 * D * 4 * 3);
	assert_int_equal(seen.wide_in_narrow, 0);
	assert_int_equal(seen.others, 0);
	trial_end(&x);
}

/* Chi-square over the five values of TUniform(1) and the two of a bit: five degrees of freedom, one in a million. */
static void noise_has_its_distribution(void **state)
{
	double count[5] = { 0 }, ones = 0, chi = 0;

	(void)state;
	plan = &MANY, chunk = 512, batch_bits = 1024;
	trial x = { .of = &PREPROC, .n = 4, .t = 1, .seed = 300 };
	must_hold(&x);
	for (uint64_t i = 0; i < MANY.need[1].samples; i++) {
		i128 v;
		assert_true(secret_of(&v, &x, 1, i));
		count[(int)v + 2]++;
	}
	for (uint64_t i = 0; i < MANY.need[0].samples; i++) {
		i128 v;
		assert_true(secret_of(&v, &x, 0, i));
		ones += (double)v;
	}
	for (unsigned i = 0; i < 5; i++) {
		const double expected = 6000 * (i % 4 ? 0.25 : 0.125);
		chi += (count[i] - expected) * (count[i] - expected) / expected;
	}
	chi += (ones - 1000) * (ones - 1000) / 500;
	assert_true(chi < 36);
	trial_end(&x);
	plan = &TINY, chunk = CHUNK, batch_bits = BATCH;
}

/* The plan of a whole test key, counted only. */
static void a_test_key_costs_what_its_bits_cost(void **state)
{
	const keygen_plan whole = keygen_plan_of(&PARAMS_TEST);
	const preproc_job job = { .plan = &whole, .lanes = 1, .chunk = PREPROC_CHUNK, .batch = 1 << 16 };
	const uint64_t batches = (keygen_plan_bits(&whole, 64) + 65535) / 65536 + (keygen_plan_bits(&whole, 128) + 65535) / 65536;
	const uint64_t bytes = key_preproc_bytes(&job, 4, 1, D);
	const uint64_t words = 3 * (8 * ((keygen_plan_bits(&whole, 64) + 3) / 4 * 4) + 16 * ((keygen_plan_bits(&whole, 128) + 3) / 4 * 4));

	(void)state;
	assert_true(bytes > words && bytes < words + batches * 3000);
}

/* ---- lanes on threads -------------------------------------------------------------------------------------------- */

enum { N = 4, T = 1 };
static inbox *in[N + 1];

static err send_to(void *ctx, party to, const envelope *e)
{
	(void)ctx;
	inbox_put(in[to], e->from, e);
	return OK;
}

static err keep_locked(void *ctx, unsigned need, uint64_t first, size_t count, const void *element)
{
	io *v = ctx;

	pthread_mutex_lock(&v->lock);
	err e = keep(ctx, need, first, count, element);
	pthread_mutex_unlock(&v->lock);
	return e;
}

static err record_locked(void *ctx, const session_id *sid)
{
	io *v = ctx;

	pthread_mutex_lock(&v->lock);
	err e = record(ctx, sid);
	pthread_mutex_unlock(&v->lock);
	return e;
}

static void tell_locked(void *ctx, uint64_t done, uint64_t of)
{
	io *v = ctx;

	pthread_mutex_lock(&v->lock);
	tell(ctx, done, of);
	pthread_mutex_unlock(&v->lock);
}

static err run_on_threads(session *s, void *arg)
{
	io *v = arg;
	const sid_record where = { v, record_locked };

	v->told = (progress){ v, tell_locked };
	v->job = (preproc_job){ .plan = plan, .tables = tables[v->me], .record = &where, .to = { v, keep_locked }, .lanes = lanes,
	                        .chunk = chunk, .batch = batch_bits, .told = &v->told };
	err e = key_preproc(s, &v->job);
	v->job.record = NULL;
	return e;
}

static void ended(void *arg, err e, const session *s)
{
	io *v = arg;

	v->wrong += e != OK || s->corrupt || s->suspects;
}

static void lanes_side_by_side_put_the_same_as_in_turn(void **state)
{
	(void)state;
	trial x = { .of = &PREPROC, .n = N, .t = T, .seed = 600 };
	must_hold(&x);
	for (party i = 1; i <= N; i++) {
		io *v = x.io[i];
		memset(v->put, 0, sizeof v->put);
		memset(v->sample, 0, sizeof store[i]);
		v->done = v->records = 0;
		pthread_mutex_init(&v->lock, NULL);
		assert_ok(inbox_new(&in[i], i, N, NULL, wait_system()));
	}
#ifdef ARCA_CHECKS
	prss_ledger_reset();
#endif
	runner *r = NULL;
	assert_ok(runner_new(&r, N));
	for (party i = 1; i <= N; i++) {
		const session_plan p = { .sid = sim_sid(1 + x.seed), .me = i, .n = N, .t = T, .k = 64, .round_ms = 60000, .random = rng_os(),
		                         .in = in[i], .out = { NULL, send_to } };
		assert_ok(runner_start(r, &p, run_on_threads, ended, x.io[i]));
	}
	runner_free(&r);
	assert_null(violated(&x));
	every_bit_is_at_its_place(&x);
	for (party i = 1; i <= N; i++) inbox_free(&in[i]);
	trial_end(&x);
}

/* ---- liars ------------------------------------------------------------------------------------------------------- */

/* Wrong words in haste and in the broadcast. */
static err lying_bcast(session *s, slice mine, size_t most, slice *all)
{
	uint8_t *p;

	TRY(arena_new(&s->arena, &p, mine.n + 1));
	memcpy(p, mine.p, mine.n);
	if (mine.n == 1) p[0] = 0;
	else if (mine.n >= 2 * s->R->bytes) p[s->R->bytes] ^= 2;
	return bcast(s, slice_of(p, mine.n), most, all);
}
static const protocols LYING = { .bcast = lying_bcast, .vss = vss, .open = open_sync };

static void liars_and_the_silent_change_nothing(void **state)
{
	static const sizes SOME[] = { { 4, 1 }, { 7, 2 } };

	(void)state;
	for (size_t c = 0; c < COUNT(SOME); c++) for (unsigned how = 0; how < 2; how++) for (unsigned round = 0; round < 3; round++) {
		trial x = { .of = &PREPROC, .n = SOME[c].n, .t = SOME[c].t, .seed = 400 + 10 * how + round, .silent = how == 0,
		            .table = how ? &LYING : NULL, .corrupt = random_parties(SOME[c].n, SOME[c].t), .name = how ? "words" : "silent" };
		must_hold(&x);
		FOR_EACH_IN(i, honest(&x)) assert_int_equal(x.p[i].corrupt, x.corrupt);
		trial_end(&x);
	}
}

static void liars_who_know_nothing_of_it_change_nothing(void **state)
{
	(void)state;
	try_generic_lies(&PREPROC, 3, 64);
}

static err refuse(void *ctx, unsigned need, uint64_t first, size_t count, const void *element)
{
	(void)ctx, (void)need, (void)first, (void)count, (void)element;
	return err_fail(ERR_IO, "the disk is full");
}

static err run_refused(session *s, void *arg)
{
	io *v = arg;
	const sid_record where = { v, record };
	const preproc_job job = { .plan = plan, .tables = tables[v->me], .record = &where, .to = { v, refuse }, .lanes = lanes,
	                          .chunk = chunk, .batch = batch_bits, .in_turn = true };

	return key_preproc(s, &job);
}

static void what_the_sink_says_ends_it(void **state)
{
	theorem of = PREPROC;

	(void)state;
	keys_for(4, 1);
	of.run = run_refused;
	trial x = { .of = &of, .n = 4, .t = 1, .seed = 3 };
	assert_non_null(trial_run(&x));
	for (party i = 1; i <= 4; i++) {
		assert_int_equal(x.p[i].result, ERR_IO);
		assert_string_equal(x.p[i].text, "the disk is full");
	}
	trial_end(&x);
}

TESTS(TEST(samples_are_made_of_the_bits_of_their_lane_in_order), TEST(a_party_sends_exactly_what_was_said_beforehand),
      TEST(nothing_wider_than_what_it_serves_is_opened), TEST(noise_has_its_distribution),
      TEST(lanes_side_by_side_put_the_same_as_in_turn), TEST(a_test_key_costs_what_its_bits_cost), TEST(liars_and_the_silent_change_nothing),
      TEST(liars_who_know_nothing_of_it_change_nothing), TEST(what_the_sink_says_ends_it))
