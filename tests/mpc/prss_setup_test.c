/* SPDX-License-Identifier: MIT */
/*
 * Whatever t parties do: the honest members of each set get the same key, all keys differ, and shares made from them lie on
 * one polynomial.  It ends: t parties cannot stop it (T-ABORTPRSS).
 */
#include "tests/mpc/open_liars.h"
#include "tests/mpc/share_liars.h"

typedef struct io { uint8_t r[MAX_PRSS_SETS][PRSS_KEY]; } io;

static void input(trial *x, party i, void *arg) { sharing_trial = x, (void)i, (void)arg; }
static err run(session *s, void *arg) { return prss_setup(s, ((io *)arg)->r); }
static unsigned most_rounds(unsigned n, unsigned t) { return (void)n, 2 + 3 * bcast_rounds(t); }

static const char *keys_differ_among(const trial *x)
{
	static party_set A[MAX_PRSS_SETS];
	static uint8_t key[MAX_PRSS_SETS][PRSS_KEY];
	unsigned at[MAX_PARTIES + 1] = { 0 };
	const unsigned C = binomial(x->n, x->t);

	prss_sets(A, x->n, x->t);
	for (unsigned a = 0; a < C; a++) {
		bool first = true;
		for (party i = 1; i <= x->n; i++) {
			if (!has(A[a], i)) continue;
			const uint8_t *r = ((io *)x->io[i])->r[at[i]++];
			if (has(x->corrupt, i)) continue;
			if (!first && memcmp(key[a], r, PRSS_KEY)) return "members of a set have different keys";
			memcpy(key[a], r, PRSS_KEY);
			first = false;
		}
		for (unsigned b = 0; b < a; b++) if (!memcmp(key[a], key[b], PRSS_KEY)) return "two sets have the same key";
	}
	return NULL;
}

static const char *violated(const trial *x)
{
	const ring *R = ring_of(x->k, ring_degree(x->n));
	const session_id sid = sim_sid(x->seed);
	share y[MAX_PARTIES + 1];
	gr secret;
	const char *what = keys_differ_among(x);

	FOR_EACH_IN(i, honest(x)) {
		prss *p = NULL;
		assert_ok(prss_new(&p, x->n, x->t, R->d, i, &ID_DEFAULT_EPOCH, ((io *)x->io[i])->r));
		y[i] = prss_next(p, R, sid.b, 7);
		prss_free(&p);
	}
	if (!what && !sim_reconstruct(&secret, R, y, honest(x), x->t)) what = "shares from the keys do not fit";
	return what;
}

static const theorem SETUP = { "PRSS set-up", sizeof(io), input, run, most_rounds, violated, NULL, NULL };

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void four_parties_get_keys_whatever_happens_on_the_wire(void **state)
{
	(void)state;
	sweep(&SETUP, SIZES[0], 250, 80);
	sweep(&SETUP, SIZES[1], 20, 20);
}

static void no_liars_stop_it_or_divide_the_keys(void **state)
{
	(void)state;
	try_lies(&SETUP, SHARE_LIES, COUNT(SHARE_LIES), 7);
	try_lies(&SETUP, OPEN_LIES, COUNT(OPEN_LIES), 5);
	try_lies(&SETUP, GENERIC_LIES, COUNT(GENERIC_LIES), 5);
}

/* Of liars who know the protocol; the others of each kind in the long run. */
static void thirteen_parties_get_keys_with_four_liars(void **state)
{
	static const struct { const lie *l; unsigned variant; } some[] = {
		{ &SHARE_LIES[0], 0 }, { &SHARE_LIES[2], 4 }, { &SHARE_LIES[6], 0 }, { &OPEN_LIES[7], 0 }, { &OPEN_LIES[8], 0 }, { &OPEN_LIES[9], 0 },
	};

	(void)state;
	for (size_t c = 2; c < COUNT(SIZES); c++) for (size_t k = 0; k < COUNT(some); k++) {
		const lie *l = some[k].l;
		trial x = { .of = &SETUP, .n = SIZES[c].n, .t = SIZES[c].t, .seed = 900 + 10 * c + k, .name = l->name, .rush = l->rush,
		            .table = l->table, .variant = some[k].variant };
		x.corrupt = random_parties(x.n, x.t);
		trial_must_hold(&x);
	}
}

static void both_rings_serve(void **state)
{
	(void)state;
	trial x = { .of = &SETUP, .n = 4, .t = 1, .k = 128, .seed = 1 };
	trial_must_hold(&x);
}

/* c (n - t) >= C sharings; each party tells each other one share for every set that this one is in. */
static void rounds_and_bytes_are_what_the_formula_says(void **state)
{
	(void)state;
	for (size_t k = 0; k < 3; k++) {
		trial x = { .of = &SETUP, .n = SIZES[k].n, .t = SIZES[k].t, .k = 64, .seed = k };
		assert_null(trial_run(&x));
		const size_t n = x.n, t = x.t, e = ring_of(64, ring_degree(x.n))->bytes, C = binomial(x.n, x.t);
		const size_t c = (C + n - t - 1) / (n - t), Q = n * c;
		for (party i = 1; i <= n; i++) {
			assert_int_equal(x.p[i].rounds, 2 + bcast_rounds(x.t));
			assert_int_equal(x.p[i].bytes, (n - 1) * (ENVELOPE_HEADER + e * (Q + 2 * c * (t + 1))) + bcast_bytes(x.n, x.t, i, 2 * n * Q * e)
			                                       + (n - 1) * (ENVELOPE_HEADER + e * binomial(x.n - 1, x.t)));
		}
		trial_end(&x);
	}
}

TESTS(
	TEST(four_parties_get_keys_whatever_happens_on_the_wire),
	TEST(no_liars_stop_it_or_divide_the_keys),
	TEST(thirteen_parties_get_keys_with_four_liars),
	TEST(both_rings_serve),
	TEST(rounds_and_bytes_are_what_the_formula_says)
)
