/* SPDX-License-Identifier: MIT */
/* A sender whose last transaction is waited for, with providers that can do that and others that cannot. */
#include "tests/connector/desk.h"
#include "tests/test.h"

static void open_waiting(desk *d)
{
	desk_waits = true;
	desk_open(d);
}

/* So many answers from `first` on; the last one of them is waited for, the first that is. */
static void send_and_wait(desk *d, unsigned first, unsigned n)
{
	answer_requests(d, first, n);
	turns(d, 1, 10);
	fake_chain_await_syncs(&chain, 1);
}

static unsigned long long waited_for(desk *d) { return atomic_load(&sender_tallied(d->s)->lane[QUEUE_GATEWAY].waited_for); }
static unsigned long long sent(desk *d) { return atomic_load(&sender_tallied(d->s)->lane[QUEUE_GATEWAY].sent); }

/* What the waiter says is heard in one of the rounds that it wakes, and the block may be seen before that; time stands still. */
static void until_heard(desk *d, uint64_t want)
{
	while (done(d) < want || !waited_for(d)) sender_turn(d->s, 1000);
}

static void its_block_comes_as_an_answer_and_nobody_asks_for_it(void **state)
{
	desk d;

	(void)state;
	open_waiting(&d);
	send_and_wait(&d, 1, 1);
	turns(&d, 1, 1000);
	turns(&d, 1, 10);
	const unsigned exchanges = chain.exchanges;
	turns(&d, 9, 100);
	assert_int_equal(chain.exchanges, exchanges);            /* not once in nine tenths of a second */
	assert_int_equal(done(&d), 0);
	fake_chain_mine(&chain);
	until_heard(&d, 1);
	assert_int_equal(waited_for(&d), 1);
	assert_int_equal(sent(&d), 1);
	assert_int_equal(chain.taken, 1);
	desk_drop(&d);
}

static void while_one_is_waited_for_others_are_sent(void **state)
{
	desk d;

	(void)state;
	open_waiting(&d);
	send_and_wait(&d, 1, 5);
	assert_int_equal(chain.taken, 5);
	answer_requests(&d, 6, 8);
	turns(&d, 1, 10);
	assert_int_equal(chain.taken, 13);
	for (unsigned i = 0; i < 13; i++) assert_int_equal(chain.tx[i].nonce, i);
	assert_int_equal(chain.syncs, 1);
	fake_chain_mine(&chain);
	until_heard(&d, 13);
	assert_int_equal(waited_for(&d), 1);
	assert_int_equal(sent(&d), 13);
	desk_drop(&d);
}

static void a_block_that_is_seen_before_it_is_said_counts_once(void **state)
{
	desk d;

	(void)state;
	open_waiting(&d);
	send_and_wait(&d, 1, 2);
	turns(&d, 1, 10);
	fake_chain_lock();
	chain.tardy = true;
	fake_chain_unlock();
	fake_chain_mine(&chain);
	turns(&d, 1, 10);
	assert_int_equal(done(&d), 2);
	assert_int_equal(waited_for(&d), 0);
	assert_int_equal(sent(&d), 2);
	fake_chain_lock();
	chain.tardy = false;
	fake_chain_unlock();
	until_heard(&d, 2);
	assert_int_equal(sent(&d), 2);
	desk_drop(&d);
}

static void a_provider_without_the_method_is_asked_for_it_once(void **state)
{
	static const int CODES[] = { -32601, -32004 };

	(void)state;
	for (unsigned i = 0; i < COUNT(CODES); i++) {
		desk d;
		fake_chain_init(&chain);
		chain.no_sync = CODES[i];
		open_waiting(&d);
		time_ms += HOLD_MS;
		for (unsigned k = 1; k <= 4; k++) {
			send_and_wait(&d, 10 * i + k, 1);
			until_done(&d, 4 * i + k);
		}
		assert_int_equal(chain.syncs, 1);
		assert_int_equal(chain.mined, 4);
		assert_int_equal(waited_for(&d), 0);
		desk_drop(&d);
	}
}

/* The provider takes it and says so too early, or its connection breaks; or it does not take it. */
static void whatever_is_answered_it_is_mined_once_and_done(void **state)
{
	static const struct { bool impatient; unsigned breaks, poor, refuse; } ROWS[] = { { .impatient = true }, { .breaks = 1 }, { .poor = 1 }, { .refuse = 2 } };

	(void)state;
	for (unsigned i = 0; i < COUNT(ROWS); i++) {
		desk d;
		fake_chain_init(&chain);
		chain.impatient = ROWS[i].impatient, chain.breaks = ROWS[i].breaks, chain.poor = ROWS[i].poor, chain.refuse = ROWS[i].refuse;
		open_waiting(&d);
		time_ms += HOLD_MS;
		send_and_wait(&d, 10 * i + 1, 1);
		until_done(&d, i + 1);
		assert_int_equal(chain.mined, 1);
		assert_int_equal(chain.taken, 1);
		desk_drop(&d);
	}
}

static void a_sender_that_stops_leaves_what_it_waits_for_to_the_next(void **state)
{
	desk d;

	(void)state;
	open_waiting(&d);
	send_and_wait(&d, 1, 1);
	desk_stop(&d);
	open_waiting(&d);
	turns(&d, 1, 10);
	fake_chain_mine(&chain);
	turns(&d, 1, 10);
	assert_int_equal(done(&d), 1);
	assert_int_equal(chain.taken, 1);
	desk_drop(&d);
}

static void bad_mood(unsigned which)
{
	fake_chain_lock();
	switch (which) {
	case 0: chain.away = 1; break;
	case 1: chain.lose = 1; break;
	case 2: chain.refuse = 1; break;
	case 3: chain.breaks = 1; break;
	case 4: chain.impatient = !chain.impatient; break;
	case 5: chain.forgetful = true; break;
	default: break;
	}
	fake_chain_unlock();
}

static void whatever_happens_every_answer_is_on_chain_once(void **state)
{
	const unsigned rounds = test_is_long() ? 2000 : 60;
	unsigned asked = 0;
	desk d;

	(void)state;
	open_waiting(&d);
	for (unsigned i = 0; i < rounds && asked < FAKE_TXS / 4; i++) {
		bad_mood((unsigned)test_below(10));
		if (test_below(8) == 0) {
			desk_drop(&d);
			open_waiting(&d);
			time_ms += LEASE_MS;
		}
		if (test_below(2)) answer_requests(&d, asked + 1, 3), asked += 3;
		turns(&d, 1 + (unsigned)test_below(3), (int64_t)test_below(2000));
		if (test_below(2)) fake_chain_mine(&chain);
	}
	fake_chain_lock();
	chain.away = chain.lose = chain.refuse = chain.breaks = 0;
	fake_chain_unlock();
	until_done(&d, asked);
	assert_int_equal(fake_chain_answers(&chain), asked);
	desk_drop(&d);
}

static const struct CMUnitTest tests_[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, desk_set_up, desk_tear_down)
	CASE(its_block_comes_as_an_answer_and_nobody_asks_for_it), CASE(while_one_is_waited_for_others_are_sent),
	CASE(a_block_that_is_seen_before_it_is_said_counts_once),
	CASE(a_provider_without_the_method_is_asked_for_it_once), CASE(whatever_is_answered_it_is_mined_once_and_done),
	CASE(a_sender_that_stops_leaves_what_it_waits_for_to_the_next), CASE(whatever_happens_every_answer_is_on_chain_once),
};
int main(int argc, char **argv) { return test_main(argc, argv, __FILE__, tests_, COUNT(tests_)); }
