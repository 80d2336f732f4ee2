/* SPDX-License-Identifier: MIT */
/*
 * Whatever t parties do: the honest end with as many shares of bits as they wanted, of the same ones, the lowest bits of what
 * PRSS yields counter by counter; only the words of a Check are missing, at most one for each liar who was found.
 */
#include "mpc/lanes.h"
#include "mpc/random_bits.h"
#include "share/bits.h"
#include "tests/mpc/bcast_liars.h"
#include "tests/mpc/prss_theorem.h"

enum { D = 4, BATCH = 16, WORDS_OF_BATCH = BATCH / D, WANTED = 40, BATCHES = 3, MEETINGS = (BATCHES - 1) / MEET_EVERY, MOST = 20000 };

typedef struct io { bits_job job; size_t count; uint8_t *bit; unsigned calls; } io;

static uint8_t store[14][MOST * 64];
static const trial *now;
static uint64_t wanted = WANTED;
static size_t batch_bits = BATCH;

static err take(void *ctx, const session *s, const void *bit, size_t count)
{
	io *v = ctx;

	ASSERT(v->count + count <= MOST);
	memcpy(v->bit + v->count * s->R->bytes, bit, count * s->R->bytes);
	v->count += count, v->calls++;
	return OK;
}

static void input(trial *x, party i, void *arg)
{
	io *v = arg;

	now = x;
	v->job = (bits_job){ .tables = tables[i], .wanted = wanted, .batch = batch_bits, .to = { v, take } };
	v->bit = store[i];
#ifdef ARCA_CHECKS
	if (i == 1) prss_ledger_reset();
#endif
}

static err run(session *s, void *arg)
{
	io *v = arg;

	return random_bits(s, &v->job);
}

static unsigned most_rounds(unsigned n, unsigned t)
{
	(void)n;
	return (BATCHES + 1) * (1 + 2 * bcast_rounds(t)) + t * bcast_rounds(t);
}

/* ---- what must hold ------------------------------------------------------------------------------------------------ */

static gr bit_share(const trial *x, party i, size_t b)
{
	const io *v = x->io[i];
	return gr_read(ring_of_trial(x), v->bit + b * ring_of_trial(x)->bytes);
}

/* The lowest bit of the integer of a counter, from t + 1 parties' shares. */
static unsigned ideal(const trial *x, const session_id *sid, uint64_t ctr)
{
	const ring *R = ring_of_trial(x);
	share y[MAX_PARTIES + 1];
	gr a;

	FOR_EACH_IN(i, parties_all(x->t + 1)) y[i] = prss_z_next(group.p[i], R, sid->b, ctr);
	ASSERT(sim_reconstruct(&a, R, y, parties_all(x->t + 1), x->t));
	return (unsigned)a.c[0] & 1;
}

/* The b-th bit that was put out; 2 or more: none. */
static unsigned bit_of(const trial *x, size_t b)
{
	share y[MAX_PARTIES + 1];
	gr secret;

	FOR_EACH_IN(i, honest(x)) y[i].v = bit_share(x, i, b);
	if (!sim_reconstruct(&secret, ring_of_trial(x), y, honest(x), x->t)) return 2;
	return gr_is_scalar_var(ring_of_trial(x), secret) && secret.c[0] <= 1 ? (unsigned)secret.c[0] : 3;
}

static unsigned lost;                /* words that the last trial lost */

static const char *violated(const trial *x)
{
	const session_id sid = sim_sid(1 + x->seed);
	const party_set accused = x->p[first_of(honest(x))].corrupt;
	uint64_t ctr = 0;

#ifdef ARCA_CHECKS
	if (prss_ledger_reused()) return "an input of a PRF served twice";
#endif
	FOR_EACH_IN(i, honest(x)) if (((io *)x->io[i])->count != wanted) return "a party has another number of bits";
	lost = 0;
	for (size_t b = 0; b < wanted; b += D, ctr += D) {
		unsigned got = 0, right = 0;
		for (unsigned j = 0; j < D && b + j < wanted; j++) {
			const unsigned bit = bit_of(x, b + j);
			if (bit > 1) return bit == 2 ? "shares of a bit are not on one polynomial" : "a bit is neither 0 nor 1";
			got |= bit << j;
		}
		for (;; ctr += D, lost++) {
			right = 0;
			for (unsigned j = 0; j < D && b + j < wanted; j++) right |= ideal(x, &sid, ctr + j) << j;
			if (right == got) break;
			if (lost == size_of_set(accused)) return "bits are not those of the counters";
		}
	}
	return NULL;
}

static const theorem BITS = { "random bits", sizeof(io), input, run, most_rounds, violated, group.p, NULL };

/* ---- liars who know the protocol ----------------------------------------------------------------------------------- */

enum { SENT_RIGHT, SENT_ONE_BIT, SENT_TO_ONE, SENT_CODEWORD, SENT_NOTHING, SENT_SHORT, SENT_GARBAGE, SENDING };
enum { TOLD_RIGHT, TOLD_CODEWORD, TOLD_GARBAGE, TOLD_SHORT, TOLD_AND_OUTPUTS, TOLD_BAD, TOLD_GOOD, TELLING };
static unsigned sending, telling;    /* of these */
static unsigned spoilt;              /* the number of the batch, from 0 */

static size_t message_bytes(const trial *x) { return random_bits_message(ring_of_trial(x), BATCH); }

static void rush_words(void *ctx, sim *s, envelope *held, size_t count)
{
	const trial *x = ctx;
	const uint64_t round = 1 + spoilt * (1 + bcast_rounds(x->t));

	for (size_t k = 0; k < count; k++) {
		envelope *e = &held[k];
		if (e->round != round || e->type != MSG_ROUND || e->body.n != message_bytes(x) || sending == SENT_RIGHT) continue;
		uint8_t *p = memcpy(sim_bytes(s, e->body.n), e->body.p, e->body.n);
		const bool victim = e->to == first_of(honest(x));
		e->body.p = p;
		if (sending == SENT_ONE_BIT || (sending == SENT_TO_ONE && victim)) p[e->body.n - 1] ^= 0x80;
		if (sending == SENT_CODEWORD) add_codeword(x, e->from, p + ring_of_trial(x)->bytes);
		if (sending == SENT_SHORT) e->body.n--;
		if (sending == SENT_GARBAGE) rng_fill(sim_rng(s), p, e->body.n);
		if (sending == SENT_NOTHING) e->to = 0;
	}
}

static err lying_bcast(session *s, slice mine, size_t most, slice *all)
{
	static const uint8_t BAD = 0, GOOD = 1;
	uint8_t *p;

	if (mine.n == 1 && telling == TOLD_BAD) mine.p = &BAD;
	if (mine.n == 1 && telling == TOLD_GOOD) mine.p = &GOOD;
	TRY(arena_new(&s->arena, &p, mine.n + 1));
	memcpy(p, mine.p, mine.n);
	const bool words = mine.n == message_bytes(now);
	if (words && (telling == TOLD_CODEWORD || telling == TOLD_AND_OUTPUTS)) add_codeword(now, s->me, p + s->R->bytes);
	if (words && telling == TOLD_GARBAGE) rng_fill(s->random, p, mine.n);
	if (words && telling == TOLD_SHORT) mine.n--;
	if (!words && mine.n > 1 && telling == TOLD_AND_OUTPUTS) for (size_t i = 0; i < mine.n; i += 64) p[i] ^= 1;
	return bcast(s, slice_of(p, mine.n), most, all);
}
static const protocols LYING = { .bcast = lying_bcast, .vss = vss, .open = open_sync };

static void lie_so(unsigned n, unsigned t, unsigned k, party_set corrupt)
{
	static uint64_t seed = 5000;
	trial x = { .of = &BITS, .n = n, .t = t, .k = k, .seed = ++seed, .corrupt = corrupt, .rush = rush_words, .table = &LYING,
	            .name = "words", .variant = 100 * sending + 10 * telling + spoilt };

	must_hold(&x);
	const party_set accused = x.p[first_of(honest(&x))].corrupt;
	const bool haste = sending == SENT_RIGHT && telling != TOLD_BAD;
	const bool wrong = telling == TOLD_CODEWORD || telling == TOLD_GARBAGE || telling == TOLD_SHORT || telling == TOLD_AND_OUTPUTS;
	assert_int_equal(accused, wrong && !haste ? corrupt : 0);        /* who lies in public is named; nobody else */
	assert_true(lost <= size_of_set(accused));
	if (haste || !wrong || telling == TOLD_SHORT) assert_int_equal(lost, 0);
	trial_end(&x);
}

static void T_MISCORRECT_whatever_liars_send_and_tell_bits_come_and_they_are_named(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(SIZES); c++) {
		const unsigned n = SIZES[c].n, t = SIZES[c].t;
		for (sending = 0; sending < SENDING; sending++) for (telling = 0; telling < TELLING; telling++) {
			spoilt = telling == TOLD_BAD ? 0 : (sending + telling) % 2;     /* the first is in haste, whatever is said */
			if (n > 5 && (sending + 2 * telling + n) % (n > 7 ? 9 : 3)) continue;
			lie_so(n, t, telling % 2 ? 64 : 128, random_parties(n, t));
			if (n == 4) lie_so(n, t, telling % 2 ? 128 : 64, random_parties(n, t));
		}
	}
	sending = SENT_RIGHT, telling = TOLD_RIGHT, spoilt = 0;
}

/* One party alone is deceived, and still all throw the same batch away. */
static void T_LOCALOK_what_one_party_saw_decides_for_all(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) {
		sending = SENT_TO_ONE, telling = TOLD_GOOD;
		trial x = { .of = &BITS, .n = SIZES[c].n, .t = SIZES[c].t, .k = 128, .seed = 40 + c, .rush = rush_words, .table = &LYING,
		            .corrupt = random_parties(SIZES[c].n, 1), .name = "one victim" };
		must_hold(&x);
		const party victim = first_of(honest(&x));
		FOR_EACH_IN(i, honest(&x)) {
			/* Haste once, then broadcasts: of the batch again, and of the others. */
			assert_int_equal(x.p[i].rounds, 1 + bcast_rounds(x.t) + BATCHES * bcast_rounds(x.t) + MEETINGS);
			assert_int_equal(x.p[i].suspects, i == victim ? x.corrupt : 0);
		}
		trial_end(&x);
	}
	sending = SENT_RIGHT, telling = TOLD_RIGHT;
}

/* A batch is spoilt and a word of it lost; the next ones begin where they would have begun. */
static void T_COUNTER_a_lost_word_shifts_nothing(void **state)
{
	(void)state;
	for (size_t c = 0; c < 4; c++) {
		sending = SENT_CODEWORD, telling = TOLD_CODEWORD;
		trial x = { .of = &BITS, .n = SIZES[c].n, .t = SIZES[c].t, .k = 64, .seed = 50 + c, .rush = rush_words, .table = &LYING,
		            .corrupt = random_parties(SIZES[c].n, SIZES[c].t), .name = "spoil" };
		const session_id sid = sim_sid(1 + x.seed);
		must_hold(&x);
		const bool corrects = x.n - 3 * x.t > 1;         /* then the rule lets the decoder do it */
		assert_int_equal(lost, corrects ? 0 : 1);
		for (uint64_t ctr = BATCH; ctr < 2 * BATCH; ctr++)
			assert_int_equal(bit_of(&x, ctr - lost * D), ideal(&x, &sid, ctr));
		trial_end(&x);
	}
	sending = SENT_RIGHT, telling = TOLD_RIGHT;
}

/* ---- liars of the layers below, faults, crashes -------------------------------------------------------------------- */

static err crash(session *s, void *arg)
{
	io *v = arg;

	v->job.wanted = BATCH;
	return random_bits(s, &v->job);
}

static void a_party_that_crashes_or_is_silent_is_done_without(void **state)
{
	(void)state;
	try_crash_and_silence(&BITS, crash, &lost);
}

static void no_fault_on_the_wire_spoils_it(void **state)
{
	(void)state;
	try_faults_on_the_wire(&BITS, 500, 60, 40);
}

static void liars_who_know_nothing_of_it_spoil_nothing(void **state)
{
	(void)state;
	try_generic_lies(&BITS, 4, 128);
}

/* In every round of the broadcasts, liars say one thing to some and another to others. */
static void rush_divide(void *ctx, sim *s, envelope *held, size_t count)
{
	const trial *x = ctx;

	if (x->variant % 2) rush_words(ctx, s, held, count);
	for (size_t k = 0; k < count; k++) {
		envelope *e = &held[k];
		if (e->round < 2 || !e->body.n || e->to % 2 == x->variant / 2) continue;
		uint8_t *p = memcpy(sim_bytes(s, e->body.n), e->body.p, e->body.n);
		p[e->body.n / 2] ^= (uint8_t)(1 + e->round);
		e->body.p = p;
	}
}

static void two_faced_broadcasts_divide_nobody(void **state)
{
	(void)state;
	sending = SENT_ONE_BIT;
	for (size_t c = 0; c < 4; c++) for (unsigned v = 0; v < 4; v++) {
		trial x = { .of = &BITS, .n = SIZES[c].n, .t = SIZES[c].t, .k = 64, .seed = 80 + v, .rush = rush_divide, .variant = v,
		            .corrupt = random_parties(SIZES[c].n, SIZES[c].t), .name = "divide" };
		must_hold(&x);
		trial_end(&x);
	}
	sending = SENT_RIGHT;
}

/* ---- nobody lies ----------------------------------------------------------------------------------------------------- */

static void an_honest_run_takes_one_round_and_a_short_broadcast_a_batch(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(SIZES); c++) for (unsigned k = 64; k <= 128; k += 64) {
		trial x = { .of = &BITS, .n = SIZES[c].n, .t = SIZES[c].t, .k = k, .seed = 90 + c };
		must_hold(&x);
		const size_t e = ring_of_trial(&x)->bytes, last = WANTED % BATCH / D;
		for (party i = 1; i <= x.n; i++) {
			const io *v = x.io[i];
			assert_int_equal(x.p[i].rounds, random_bits_rounds(x.t, WANTED, BATCH));
			assert_int_equal(x.p[i].rounds, BATCHES * (3 * x.t + 2) + MEETINGS);
			assert_int_equal(x.p[i].bytes, BATCHES * bcast_bytes(x.n, x.t, i, 1) +
			                 (x.n - 1) * (BATCHES * ENVELOPE_HEADER + ((BATCHES - 1) * WORDS_OF_BATCH + last) * e +
			                              MEETINGS * (ENVELOPE_HEADER + 1)));
			assert_int_equal(v->calls, BATCHES);
			assert_int_equal(x.p[i].suspects, 0);
		}
		assert_int_equal(lost, 0);
		trial_end(&x);
	}
}

/* Chi-square of pairs: three degrees of freedom, one in a million. */
static void many_bits_are_even_and_independent(void **state)
{
	double count[4] = { 0 }, chi = 0;

	(void)state;
	wanted = MOST, batch_bits = 4096;
	trial x = { .of = &BITS, .n = 4, .t = 1, .k = 128, .seed = 99 };
	must_hold(&x);
	for (size_t b = 0; b < MOST; b += 2) count[2 * bit_of(&x, b) + bit_of(&x, b + 1)]++;
	for (unsigned i = 0; i < 4; i++) chi += (count[i] - MOST / 8.0) * (count[i] - MOST / 8.0) / (MOST / 8.0);
	assert_true(chi < 30);
	trial_end(&x);
	wanted = WANTED, batch_bits = BATCH;
}

static err refuse(void *ctx, const session *s, const void *bit, size_t count)
{
	(void)ctx, (void)s, (void)bit, (void)count;
	return err_fail(ERR_IO, "the disk is full");
}

static err run_refused(session *s, void *arg)
{
	io *v = arg;

	v->job.to.take = refuse;
	return random_bits(s, &v->job);
}

static void what_the_sink_says_ends_it(void **state)
{
	theorem of = BITS;

	(void)state;
	keys_for(4, 1);
	of.run = run_refused;
	trial x = { .of = &of, .n = 4, .t = 1, .seed = 3 };
	assert_non_null(trial_run(&x));
	for (party i = 1; i <= 4; i++) assert_int_equal(x.p[i].result, ERR_IO);
	trial_end(&x);
}

TESTS(TEST(an_honest_run_takes_one_round_and_a_short_broadcast_a_batch), TEST(many_bits_are_even_and_independent),
      TEST(T_MISCORRECT_whatever_liars_send_and_tell_bits_come_and_they_are_named),
      TEST(T_LOCALOK_what_one_party_saw_decides_for_all), TEST(T_COUNTER_a_lost_word_shifts_nothing),
      TEST(a_party_that_crashes_or_is_silent_is_done_without), TEST(two_faced_broadcasts_divide_nobody),
      TEST(liars_who_know_nothing_of_it_spoil_nothing), TEST(no_fault_on_the_wire_spoils_it), TEST(what_the_sink_says_ends_it))
