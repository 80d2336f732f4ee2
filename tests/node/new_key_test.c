/* SPDX-License-Identifier: MIT */
/* The last step of a key that was made in a ceremony: who says that it has the key stores it, and nobody else counts. */
#include "mpc/inbox.h"
#include "node/new_key.h"
#include "sim/sim.h"
#include "tests/test.h"

enum { N = 4, T = 1 };

typedef struct holder {
	new_key   key;
	stop_flag stop;
	bool      too_late;                      /* to stop it, when it had spoken */
} holder;

static holder h[N + 1];
static sim_party p[N + 1];
static const id32 KEY = {{ 4, [31] = 7 }};

static err agree(session *s, void *arg)
{
	holder *x = arg;

	s->stop = &x->stop;
	box_heed(s->in, s->stop);
	err e = new_key_agree(s, &x->key, &KEY);
	x->too_late = !stop_ask(&x->stop);
	return e;
}

static void run_all(party_set stopped, party_set others)
{
	const sim_setup setup = { .n = N, .t = T, .seed = 3 };
	const session_id sid = sim_sid(1);
	sim *net;

	memset(p, 0, sizeof p);
	memset(h, 0, sizeof h);
	for (party i = 1; i <= N; i++) {
		h[i].key.keyset_digest[0] = has(others, i);
		if (has(stopped, i)) assert_true(stop_ask(&h[i].stop));
		p[i] = (sim_party){ .run = agree, .arg = &h[i] };
	}
	assert_ok(sim_new(&net, &setup));
	sim_run(net, p, &sid);
	sim_free(&net);
}

static void who_has_said_that_it_has_the_key_is_no_longer_stopped(void **state)
{
	(void)state;
	run_all(0, 0);
	for (party i = 1; i <= N; i++) {
		assert_int_equal(p[i].result, OK);
		assert_true(h[i].too_late);
	}
}

static void one_that_is_stopped_before_says_nothing_and_the_others_have_the_key(void **state)
{
	(void)state;
	run_all(1 << 2, 0);
	assert_int_equal(p[2].result, ERR_CANCELLED);
	assert_int_equal(p[2].messages, 0);
	assert_non_null(strstr(p[2].text, "abort"));
	for (party i = 1; i <= N; i++) if (i != 2) assert_int_equal(p[i].result, OK);
}

static void when_more_than_t_are_stopped_nobody_has_the_key(void **state)
{
	(void)state;
	run_all(1 << 2 | 1 << 3, 0);
	for (party i = 1; i <= N; i++) assert_int_equal(p[i].result, i == 2 || i == 3 ? ERR_CANCELLED : ERR_STATE);
}

static void one_with_another_key_knows_it(void **state)
{
	(void)state;
	run_all(0, 1 << 4);
	for (party i = 1; i <= N; i++) assert_int_equal(p[i].result, i == 4 ? ERR_STATE : OK);
	assert_non_null(strstr(p[4].text, "this one has another"));
}

TESTS(TEST(who_has_said_that_it_has_the_key_is_no_longer_stopped),
      TEST(one_that_is_stopped_before_says_nothing_and_the_others_have_the_key),
      TEST(when_more_than_t_are_stopped_nobody_has_the_key), TEST(one_with_another_key_knows_it))
