/* SPDX-License-Identifier: MIT */
/*
 * Whatever t parties do: what is opened with degree t is right at every honest receiver; with degree 2t it is right or it is
 * said not to be there.
 */
#include "tests/mpc/open_liars.h"
#include "share/shamir.h"

enum { M = 7 };                                          /* secrets at once */

/* Dealt anew for each trial. */
static struct { gr secret[M]; share dealt[M][MAX_PARTIES + 1]; party_set to[M]; } dealing;
static unsigned twice;                                   /* degree (1 + twice) t */
static bool in_private;
static party_set known;                                  /* corrupt from the start */

typedef struct io { gr value[M]; bool opened[M]; } io;

static const ring *ring_for(const trial *x) { return ring_of(x->k, ring_degree(x->n)); }

static void input(trial *x, party i, void *arg)
{
	const ring *R = ring_for(x);

	(void)arg;
	if (i > 1) return;
	for (unsigned m = 0; m < M; m++) {
		dealing.secret[m] = m == 1 ? GR_ZERO : random_element(x->n, x->k);
		dealing.to[m] = in_private ? random_parties(x->n, 1 + m % x->n) : parties_all(x->n);
		shamir_deal(dealing.dealt[m], R, x->n, (1 + twice) * x->t, dealing.secret[m], test_rng());
	}
}

static err run(session *s, void *arg)
{
	share mine[M];
	io *v = arg;

	for (unsigned m = 0; m < M; m++) mine[m] = dealing.dealt[m][s->me];
	FOR_EACH_IN(i, known) accuse(s, i, "known from the start");
	return s->p->open(s, v->value, v->opened, mine, in_private ? dealing.to : NULL, M, (1 + twice) * s->t);
}

/* A value that does not open is an error here. */
static err run_or_fail(session *s, void *arg)
{
	share mine[M];
	io *v = arg;

	for (unsigned m = 0; m < M; m++) mine[m] = dealing.dealt[m][s->me];
	return s->p->open(s, v->value, NULL, mine, NULL, M, (1 + twice) * s->t);
}

static unsigned one_round(unsigned n, unsigned t) { return (void)n, (void)t, 1; }

static const char *violated(const trial *x)
{
	const bool must_open = !twice || x->n > 4 * x->t;

	FOR_EACH_IN(i, honest(x)) for (unsigned m = 0; m < M; m++) {
		const io *v = x->io[i];
		if (!has(dealing.to[m], i)) {
			if (!gr_eq_var(v->value[m], GR_ZERO)) return "a party got a value that was not for it";
			continue;
		}
		if (v->opened[m] && !gr_eq_var(v->value[m], dealing.secret[m])) return "a wrong value was opened";
		if (!v->opened[m] && (must_open || !x->corrupt)) return "a value did not open";
	}
	return NULL;
}

static const theorem OPENING = { "opening", sizeof(io), input, run, one_round, violated, NULL, NULL };

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static int reset(void **state)
{
	(void)state;
	twice = 0, in_private = false, known = 0;
	return 0;
}

static void values_of_degree_t_open_whatever_happens_on_the_wire(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(SIZES); c++) sweep(&OPENING, SIZES[c], c ? 100 : 1000, 60);
}

static void values_of_degree_t_open_whatever_liars_send(void **state)
{
	(void)state;
	try_lies(&OPENING, OPEN_LIES, COUNT(OPEN_LIES), 13);
}

static void values_of_degree_2t_open_right_or_not_at_all(void **state)
{
	(void)state;
	twice = 1;
	for (size_t c = 0; c < COUNT(SIZES); c++) sweep(&OPENING, SIZES[c], c ? 100 : 500, 60);
	try_lies(&OPENING, OPEN_LIES, COUNT(OPEN_LIES), 13);
}

static void private_values_reach_their_parties_and_no_other(void **state)
{
	(void)state;
	in_private = true;
	for (size_t c = 0; c < COUNT(SIZES); c++) sweep(&OPENING, SIZES[c], c ? 50 : 300, 30);
	try_lies(&OPENING, OPEN_LIES, COUNT(OPEN_LIES), 13);
}

/* T-DETECT: a party whose own share and the next ones interpolate looks at the others too, and says who was wrong. */
static void one_wrong_share_changes_nothing_and_is_noticed(void **state)
{
	const fault f = { FAULT_FLIP, .from = 1, .where = 4 };

	(void)state;
	trial x = { .of = &OPENING, .n = 4, .t = 1, .corrupt = 1 << 1, .seed = 3, .faults = &f, .fault_count = 1 };
	assert_null(trial_run(&x));
	for (party i = 2; i <= 4; i++) {
		assert_int_equal(x.p[i].suspects, 1 << 1);
		assert_int_equal(x.p[i].corrupt, 0);             /* T-CORRUPTLOCAL: a suspicion is no accusation */
	}
	trial_end(&x);
}

/* T-ERRBUDGET: one party silent and one lying are two faults; four parties bear one. */
static void too_many_faults_are_an_error_and_not_a_wrong_value(void **state)
{
	const fault f[] = { { FAULT_DROP, .from = 1 }, { FAULT_FLIP, .from = 2, .where = 3 } };
	theorem of = OPENING;

	(void)state;
	trial x = { .of = &OPENING, .n = 4, .t = 1, .corrupt = 6, .seed = 3, .faults = f, .fault_count = 2 };
	assert_string_equal(trial_run(&x), "a value did not open");
	for (party i = 3; i <= 4; i++) for (unsigned m = 0; m < M; m++) {
		const io *v = x.io[i];
		assert_true(!v->opened[m] || gr_eq_var(v->value[m], dealing.secret[m]));
	}
	trial_end(&x);

	of.run = run_or_fail;
	trial y = { .of = &of, .n = 4, .t = 1, .corrupt = 6, .seed = 4, .faults = f, .fault_count = 2 };
	assert_string_equal(trial_run(&y), "an honest party failed");
	assert_int_equal(y.p[3].result, ERR_STATE);
	trial_end(&y);
}

/* With a known liar left out, one more of degree 2t can be borne: nothing of it is used. */
static void shares_of_the_known_corrupt_are_not_used(void **state)
{
	(void)state;
	known = 1 << 2;
	for (twice = 0; twice < 2; twice++) {
		trial x = { .of = &OPENING, .n = 4, .t = 1, .corrupt = known, .seed = 5, .rush = OPEN_LIES[4].rush, .table = OPEN_LIES[4].table };
		assert_null(trial_run(&x));
		const io *v = x.io[1];
		for (unsigned m = 0; m < M; m++) assert_true(v->opened[m]);
		assert_int_equal(x.p[1].suspects, 0);
		assert_int_equal(x.p[1].ended_ms, 0);
		trial_end(&x);
	}
}

static void it_takes_one_round_and_an_element_a_value_and_receiver(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(SIZES); c++) for (unsigned k = 64; k <= 128; k += 64) {
		trial x = { .of = &OPENING, .n = SIZES[c].n, .t = SIZES[c].t, .k = k, .seed = c };
		assert_null(trial_run(&x));
		for (party i = 1; i <= x.n; i++) {
			assert_int_equal(x.p[i].rounds, 1);
			assert_int_equal(x.p[i].bytes, (x.n - 1) * (ENVELOPE_HEADER + M * ring_for(&x)->bytes));
		}
		trial_end(&x);
	}
}

#define AFTER_RESET(f) cmocka_unit_test_setup(f, reset)
TESTS(
	AFTER_RESET(values_of_degree_t_open_whatever_happens_on_the_wire),
	AFTER_RESET(values_of_degree_t_open_whatever_liars_send),
	AFTER_RESET(values_of_degree_2t_open_right_or_not_at_all),
	AFTER_RESET(private_values_reach_their_parties_and_no_other),
	AFTER_RESET(one_wrong_share_changes_nothing_and_is_noticed),
	AFTER_RESET(too_many_faults_are_an_error_and_not_a_wrong_value),
	AFTER_RESET(shares_of_the_known_corrupt_are_not_used),
	AFTER_RESET(it_takes_one_round_and_an_element_a_value_and_receiver)
)
