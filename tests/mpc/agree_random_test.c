/* SPDX-License-Identifier: MIT */
/*
 * Whatever t parties do: the honest members of each set get the key that is made of what was shared, whoever else is in it; who
 * is not in it is told no share of it.
 */
#include "tests/mpc/open_liars.h"
#include "share/shamir.h"
#include "sym/keccak.h"

/* Dealt anew for each trial. */
static struct {
	party_set A[MAX_PRSS_SETS];
	gr        secret[MAX_PRSS_SETS];
	share     dealt[MAX_PRSS_SETS][MAX_PARTIES + 1];
} dealing;

typedef struct io { uint8_t key[MAX_PRSS_SETS][PRSS_KEY]; } io;

static size_t sets(unsigned n, unsigned t) { return binomial(n, t); }

static void input(trial *x, party i, void *arg)
{
	const ring *R = ring_of(x->k, ring_degree(x->n));

	(void)arg;
	if (i > 1) return;
	prss_sets(dealing.A, x->n, x->t);
	for (size_t a = 0; a < sets(x->n, x->t); a++) {
		dealing.secret[a] = random_element(x->n, x->k);
		shamir_deal(dealing.dealt[a], R, x->n, x->t, dealing.secret[a], test_rng());
	}
}

static err run(session *s, void *arg)
{
	static share mine[MAX_PRSS_SETS];

	for (size_t a = 0; a < sets(s->n, s->t); a++) mine[a] = dealing.dealt[a][s->me];
	return agree_random(s, ((io *)arg)->key, mine, dealing.A, sets(s->n, s->t));
}

static unsigned one_round(unsigned n, unsigned t) { return (void)n, (void)t, 1; }

static void key_of(uint8_t key[static PRSS_KEY], const ring *R, gr secret)
{
	uint8_t hashed[8 + 256] = "AGREERND";

	gr_write(R, hashed + 8, secret);
	shake256(key, PRSS_KEY, slice_of(hashed, 8 + R->bytes));
}

static const char *violated(const trial *x)
{
	const ring *R = ring_of(x->k, ring_degree(x->n));
	size_t at[MAX_PARTIES + 1] = { 0 };
	uint8_t key[PRSS_KEY];

	for (size_t a = 0; a < sets(x->n, x->t); a++) {
		key_of(key, R, dealing.secret[a]);
		FOR_EACH_IN(i, dealing.A[a] & honest(x))
			if (memcmp(((io *)x->io[i])->key[at[i]++], key, sizeof key)) return "a key is not that of what was shared";
	}
	return NULL;
}

static const theorem AGREEING = { "agreed keys", sizeof(io), input, run, one_round, violated, NULL, NULL };

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void keys_are_agreed_whatever_happens_on_the_wire(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(SIZES); c++) sweep(&AGREEING, SIZES[c], c == 0 ? 400 : c < 3 ? 60 : 6, c < 3 ? 40 : 4);
}

static void keys_are_agreed_whatever_liars_send(void **state)
{
	(void)state;
	try_lies(&AGREEING, OPEN_LIES, COUNT(OPEN_LIES), 13);
}

/* A message to P_j has an element for each set of P_j, and it is P_j's that are in it. */
static void nobody_is_told_of_sets_that_it_is_not_in(void **state)
{
	const ring *R = ring_of(64, 4);

	(void)state;
	for (size_t c = 0; c < 3; c++) {
		sim *s = NULL;
		static io got[MAX_PARTIES + 1];
		static sim_party p[MAX_PARTIES + 1];
		trial x = { .n = SIZES[c].n, .t = SIZES[c].t, .k = 64 };
		const session_id sid = sim_sid(1 + c);

		input(&x, 1, NULL);
		assert_ok(sim_new(&s, &(sim_setup){ .n = x.n, .t = x.t, .seed = c, .transcript = true }));
		for (party i = 1; i <= x.n; i++) p[i] = (sim_party){ .run = run, .arg = &got[i] };
		sim_run(s, p, &sid);
		assert_int_equal(sim_transcript_length(s), x.n * (x.n - 1));
		for (size_t k = 0; k < sim_transcript_length(s); k++) {
			const envelope *e = sim_transcript(s, k);
			size_t at = 0;
			assert_int_equal(e->body.n, binomial(x.n - 1, x.t) * R->bytes);
			for (size_t a = 0; a < sets(x.n, x.t); a++) {
				if (!has(dealing.A[a], e->to)) continue;
				assert_true(gr_eq_var(gr_read(R, e->body.p + at), dealing.dealt[a][e->from].v));
				at += R->bytes;
			}
		}
		sim_free(&s);
	}
}

static void both_rings_serve(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(SIZES); c++) {
		trial x = { .of = &AGREEING, .n = SIZES[c].n, .t = SIZES[c].t, .k = 128, .seed = c };
		trial_must_hold(&x);
	}
}

TESTS(
	TEST(keys_are_agreed_whatever_happens_on_the_wire),
	TEST(keys_are_agreed_whatever_liars_send),
	TEST(nobody_is_told_of_sets_that_it_is_not_in),
	TEST(both_rings_serve)
)
