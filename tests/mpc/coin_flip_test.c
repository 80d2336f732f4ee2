/* SPDX-License-Identifier: MIT */
/*
 * Whatever t parties do: all honest parties get one coin; it is the sum of what was shared before any of it was opened; and it
 * is uniform, even if the liars see all that they can before they deal.
 */
#include "tests/mpc/open_liars.h"
#include "tests/mpc/share_liars.h"
#include "share/shamir.h"

typedef struct io { gr coin; share shared[MAX_PARTIES]; } io;

static void input(trial *x, party i, void *arg) { sharing_trial = x, (void)i, (void)arg; }

static io *recorder[MAX_PARTIES + 1];

static err recording_vss(session *s, share *out, party_set dealers, size_t c, const gr *secret)
{
	TRY(vss(s, out, dealers, c, secret));
	memcpy(recorder[s->me]->shared, out, s->n * c * sizeof *out);
	return OK;
}

static err run(session *s, void *arg)
{
	static const protocols RECORDING = { .bcast = bcast, .vss = recording_vss, .open = open_sync };

	recorder[s->me] = arg;
	if (s->p == &HONEST) s->p = &RECORDING;
	return coin_flip(s, &((io *)arg)->coin);
}

static unsigned most_rounds(unsigned n, unsigned t) { return (void)n, 2 + 3 * bcast_rounds(t); }

static const char *violated(const trial *x)
{
	const ring *R = ring_of(x->k, ring_degree(x->n));
	const io *first = x->io[first_of(honest(x))];
	gr sum = GR_ZERO;

	FOR_EACH_IN(i, honest(x))
		if (!gr_eq_var(((io *)x->io[i])->coin, first->coin)) return "the honest got different coins";
	for (party D = 1; D <= x->n; D++) {
		share y[MAX_PARTIES + 1];
		gr secret;
		FOR_EACH_IN(i, honest(x)) y[i] = ((io *)x->io[i])->shared[D - 1];
		if (!sim_reconstruct(&secret, R, y, honest(x), x->t)) return "a contribution was not fixed";
		if (has(honest(x), D) && gr_eq_var(secret, GR_ZERO)) return "an honest party contributed nothing";
		sum = gr_add(R, sum, secret);
	}
	return gr_eq_var(sum, first->coin) ? NULL : "the coin is not the sum of what was shared";
}

static const theorem COIN = { "coin", sizeof(io), input, run, most_rounds, violated, NULL, NULL };

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void no_fault_on_the_wire_divides_the_coin(void **state)
{
	(void)state;
	sweep(&COIN, SIZES[0], 300, 100);
	sweep(&COIN, SIZES[1], 30, 30);
	sweep(&COIN, SIZES[2], 10, 10);
}

static void no_liars_divide_the_coin(void **state)
{
	(void)state;
	try_lies(&COIN, SHARE_LIES, COUNT(SHARE_LIES), 13);
	try_lies(&COIN, OPEN_LIES, COUNT(OPEN_LIES), 13);
	try_lies(&COIN, GENERIC_LIES, COUNT(GENERIC_LIES), 7);
}

/* 100 coins of 256 bits under the rushing liar: ones within 5 standard deviations of a half, and no coin twice. */
static void nobody_chooses_the_coin(void **state)
{
	static gr coin[100];
	unsigned ones = 0;

	(void)state;
	for (unsigned i = 0; i < COUNT(coin); i++) {
		trial x = { .of = &COIN, .n = 4, .t = 1, .k = 64, .corrupt = 1 << 1, .seed = 7000 + i, .table = &CANCELLING };
		assert_null(trial_run(&x));
		assert_int_equal(x.p[2].corrupt, 0);
		coin[i] = ((io *)x.io[2])->coin;
		trial_end(&x);
		for (unsigned c = 0; c < 4; c++) ones += (unsigned)__builtin_popcountll((uint64_t)coin[i].c[c]);
		for (unsigned j = 0; j < i; j++) assert_false(gr_eq_var(coin[i], coin[j]));
	}
	assert_in_range(ones, 12800 - 400, 12800 + 400);
}

static void it_takes_a_sharing_and_one_round(void **state)
{
	(void)state;
	for (size_t c = 0; c < 4; c++) {
		trial x = { .of = &COIN, .n = SIZES[c].n, .t = SIZES[c].t, .k = 64, .seed = c };
		assert_null(trial_run(&x));
		const size_t n = x.n, t = x.t, e = ring_of(64, ring_degree(x.n))->bytes;
		for (party i = 1; i <= n; i++) {
			assert_int_equal(x.p[i].rounds, 2 + bcast_rounds(x.t));
			assert_int_equal(x.p[i].bytes, (n - 1) * (ENVELOPE_HEADER + e * (n + 2 * (t + 1)))
			                                       + bcast_bytes(x.n, x.t, i, 2 * n * n * e) + (n - 1) * (ENVELOPE_HEADER + e));
		}
		trial_end(&x);
	}
}

TESTS(
	TEST(no_fault_on_the_wire_divides_the_coin),
	TEST(no_liars_divide_the_coin),
	TEST(nobody_chooses_the_coin),
	TEST(it_takes_a_sharing_and_one_round)
)
