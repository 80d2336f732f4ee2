/* SPDX-License-Identifier: MIT */
/*
 * Constant time: honest parties of the simulator, each of whose inputs is secret.  What a protocol sends to everybody, or
 * opens, it declassifies itself and says why; no other branch may depend on what was dealt.
 */
#include "tests/ct/ct.h"
#include "mpc/mpc.h"
#include "share/shamir.h"
#include "sim/sim.h"

enum { N = 4, T = 1, C = 2, MINE = 3 };                  /* MINE = C(N - 1, T) */

/* Everybody's inputs and outputs. */
static struct party_io {
	gr      secret[C], value, coin, member;
	share   x, dealt[N * C];
	uint8_t key[MINE][PRSS_KEY], agreed[MINE][PRSS_KEY];
	prss   *prss;
} io[N + 1];

static const ring *R;

static void run(program what, bool with_prss)
{
	static uint64_t number;
	const session_id sid = sim_sid(++number);
	static sim_party p[N + 1];
	sim *s = NULL;

	assert_ok(sim_new(&s, &(sim_setup){ .n = N, .t = T, .k = R->k, .seed = number }));
	for (party i = 1; i <= N; i++) p[i] = (sim_party){ .run = what, .arg = &io[i], .prss = with_prss ? io[i].prss : NULL };
	sim_run(s, p, &sid);
	for (party i = 1; i <= N; i++) {
		if (p[i].result != OK) fail_msg("party %u: %s", i, p[i].text);
		assert_int_equal(p[i].corrupt, 0);
	}
	sim_free(&s);
}

static gr opened_of(const share *x, size_t stride)
{
	gr y[N + 1];
	for (party i = 1; i <= N; i++) y[i] = x[(i - 1) * stride].v;
	gr v = interpolate_unchecked(R, y, parties_all(T + 1));
	DECLASSIFY_RESULT(&v, sizeof v);
	return v;
}

/* ---- dealing and opening ------------------------------------------------------------------------------------------ */

static err deal(session *s, void *arg)
{
	struct party_io *me = arg;
	return vss(s, me->dealt, parties_all(N), C, me->secret);
}

static err open_to_all_and_to_one(session *s, void *arg)
{
	struct party_io *me = arg;
	const party_set one = (party_set)1 << 2;

	TRY(open_sync(s, &me->value, NULL, &me->x, NULL, 1, T));
	return open_sync(s, &me->member, NULL, &me->x, &one, 1, T);
}

CT_COVERS(vss, open_sync);
CT_REACHES(vss, put, put_n, nth);

static void secrets_are_dealt_and_opened_without_a_branch_on_them(void **state)
{
	gr secret[N + 1][C];

	(void)state;
	for (unsigned k = 64; k <= 128; k += 64) {
		R = ring_of(k, ring_degree(N));
		for (party i = 1; i <= N; i++)
			for (unsigned c = 0; c < C; c++) {
				io[i].secret[c] = secret[i][c] = gr_random(R, test_rng());
				SECRET(&io[i].secret[c], sizeof io[i].secret[c]);
			}
		run(deal, false);
		for (party D = 1; D <= N; D++)
			for (unsigned c = 0; c < C; c++) {
				share x[N];
				for (party i = 1; i <= N; i++) x[i - 1] = io[i].dealt[(D - 1u) * C + c];
				assert_true(gr_eq_var(opened_of(x, 1), secret[D][c]));
			}

		share dealt[N + 1];
		shamir_deal(dealt, R, N, T, io[1].secret[0], &CT_SECRET_RNG);
		for (party i = 1; i <= N; i++) io[i].x = dealt[i];
		run(open_to_all_and_to_one, false);
		for (party i = 1; i <= N; i++) assert_true(gr_eq_var(io[i].value, secret[1][0]));
		assert_true(gr_eq_var(io[2].member, secret[1][0]));
	}
}

/* ---- coins and keys ----------------------------------------------------------------------------------------------- */

static err toss(session *s, void *arg)
{
	return coin_flip(s, &((struct party_io *)arg)->coin);
}

static err set_up(session *s, void *arg)
{
	return prss_setup(s, ((struct party_io *)arg)->key);
}

static err agree(session *s, void *arg)
{
	struct party_io *me = arg;
	party_set A[N];
	share x[N];

	prss_sets(A, N, T);
	for (unsigned i = 0; i < N; i++) x[i] = me->x;
	return agree_random(s, me->agreed, x, A, N);
}

static err check(session *s, void *arg)
{
	const prss_use use = { PRSS_PSI, 5 };
	gr value[N + 1];

	(void)arg;
	const share drawn = prss_next(s->prss, s->R, s->sid.b, use.ctr);
	TRY(prss_check(s, value, &use, 1));
	gr mine = drawn.v;
	DECLASSIFY_RESULT(&mine, sizeof mine);
	return gr_eq_var(mine, value[s->me]) ? OK : err_fail(ERR_INTERNAL, "the checked value is another one");
}

CT_COVERS(coin_flip, prss_setup, agree_random, prss_check);

static void coins_keys_and_checks_do_not_branch_on_keys(void **state)
{
	const id32 epoch = { { 1 } };
	share dealt[N + 1];

	(void)state;
	R = ring_of(128, ring_degree(N));
	run(toss, false);
	assert_true(gr_eq_var(io[1].coin, io[4].coin));
	run(set_up, false);
	shamir_deal(dealt, R, N, T, gr_random(R, &CT_SECRET_RNG), &CT_SECRET_RNG);
	for (party i = 1; i <= N; i++) io[i].x = dealt[i];
	run(agree, false);
	for (party i = 1; i <= N; i++) {
		SECRET(io[i].key, sizeof io[i].key);
		assert_ok(prss_new(&io[i].prss, N, T, ring_degree(N), i, &epoch, (const uint8_t (*)[PRSS_KEY])io[i].key));
	}
	run(check, true);
	for (party i = 1; i <= N; i++) prss_free(&io[i].prss);
}

TESTS(TEST(secrets_are_dealt_and_opened_without_a_branch_on_them), TEST(coins_keys_and_checks_do_not_branch_on_keys))
