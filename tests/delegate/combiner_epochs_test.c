/* SPDX-License-Identifier: MIT */
/* Nodes get new shares one a little after the other: what is asked meanwhile. */
#include "tests/delegate/combiner_world.h"

static group_key key_in(const world *w, uint32_t epoch)
{
	group_key key = w->x.key;

	key.chain_id = KNOWN_CHAIN;
	key.epoch = epoch;
	return key;
}

/* A refresh ends at one node a little before another: here at those who are asked, or at the one who asks.  Some may be down. */
static void a_request_between_two_epochs_is_answered_in_the_later_one(void **state)
{
	world w;

	(void)state;
	for (unsigned first = 0; first < 4; first++) {
		open_world(&w);
		const group_key later = key_in(&w, w.x.key.epoch + 1);
		const bool ahead = first & 1;
		w.down[5] = first & 2, w.how[5] = w.down[5] ? SILENT : HONEST;
		for (party i = ahead ? 1 : 2; i <= (ahead ? 1 : N); i++) assert_ok(delegate_kms_put_share(w.kms[i], &later, KEY_ACTIVE, &w.x.share[i]));
		const delegate_ask a = question(&w);
		begin(&w, &a);
		wait_refused(&w, w.down[5] ? 3 : 4);
		combiner_look(w.c);
		assert_false(w.done);
		for (party i = ahead ? 2 : 1; i <= (ahead ? N : 1); i++) assert_ok(delegate_kms_put_share(w.kms[i], &later, KEY_ACTIVE, &w.x.share[i]));
		UNTIL((combiner_look(w.c), is_done(&w)));
		answered_rightly(&w);
		assert_int_equal(total(&w, w.lies), 0);
		close_world(&w);
	}
}

/* It is seen in the middle: one answers, one is silent, and of those who are in the later epoch there are no more than may lie. */
static void a_request_between_two_epochs_waits_though_few_say_so(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	const group_key later = key_in(&w, w.x.key.epoch + 1);
	w.down[5] = true, w.how[5] = SILENT;
	for (party i = 3; i <= 4; i++) assert_ok(delegate_kms_put_share(w.kms[i], &later, KEY_ACTIVE, &w.x.share[i]));
	const delegate_ask a = question(&w);
	begin(&w, &a);
	wait_refused(&w, 2);
	assert_false(is_done(&w));
	for (party i = 1; i <= 2; i++) assert_ok(delegate_kms_put_share(w.kms[i], &later, KEY_ACTIVE, &w.x.share[i]));
	UNTIL((combiner_look(w.c), is_done(&w)));
	answered_rightly(&w);
	assert_int_equal(total(&w, w.lies), 0);
	close_world(&w);
}

/* If that does not end, the request does. */
static void a_request_that_stays_between_two_epochs_is_503_after_the_limit(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	const group_key later = key_in(&w, w.x.key.epoch + 1);
	for (party i = 2; i <= N; i++) assert_ok(delegate_kms_put_share(w.kms[i], &later, KEY_ACTIVE, &w.x.share[i]));
	const delegate_ask a = question(&w);
	begin(&w, &a);
	wait_refused(&w, 4);
	assert_false(is_done(&w));
	w.clock.s += 5;
	combiner_look(w.c);
	assert_int_equal(wait_done(&w), 503);
	says(&w, "1 nodes answered rightly, and 3 are needed");
	close_world(&w);
}

static const struct CMUnitTest tests[] = {
	TEST(a_request_between_two_epochs_is_answered_in_the_later_one),
	TEST(a_request_between_two_epochs_waits_though_few_say_so), TEST(a_request_that_stays_between_two_epochs_is_503_after_the_limit),
};

int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, tear_down); }
