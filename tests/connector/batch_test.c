/* SPDX-License-Identifier: MIT */
/* A sender whose wallet delegates to an executor: several answers in one transaction, on good days and bad ones. */
#include "tests/connector/desk.h"
#include "tests/test.h"

static void open_batching(desk *d)
{
	desk_batches = true;
	desk_open(d);
}

/* Until its wallet delegates. */
static void until_delegated(desk *d)
{
	turns(d, 1, 10);
	fake_chain_mine(&chain);
	turns(d, 1, 1000);
	turns(d, 1, 1000);
	assert_true(chain.delegated);
}

static uint64_t rows(desk *d, queue_status s) { return counted(d, QUEUE_PUBLIC_DECRYPTION_RESPONSE).rows[s]; }

static void the_wallet_delegates_first_and_then_several_go_in_one_transaction(void **state)
{
	desk d;

	(void)state;
	open_batching(&d);
	answer_requests(&d, 1, 10);
	turns(&d, 3, 10);
	assert_int_equal(chain.taken, 1);
	assert_true(chain.tx[0].delegates && chain.tx[0].transfer);
	fake_chain_mine(&chain);
	turns(&d, 2, 1000);
	turns(&d, 2, 10);
	assert_int_equal(chain.taken, 4);
	for (unsigned i = 1; i <= 3; i++) assert_int_equal(chain.tx[i].calls, i < 3 ? 4 : 2);
	fake_chain_mine(&chain);
	turns(&d, 1, 10);
	assert_int_equal(done(&d), 10);
	assert_int_equal(fake_chain_answers(&chain), 10);
	desk_drop(&d);
	open_batching(&d);                           /* it delegates already */
	time_ms += HOLD_MS;
	answer_requests(&d, 11, 4);
	until_done(&d, 14);
	assert_int_equal(chain.mined, 6);
	answer_requests(&d, 15, 1);                  /* one alone goes to its contract */
	until_done(&d, 15);
	assert_int_equal(chain.tx[chain.n - 1].calls, 0);
	desk_drop(&d);
}

static void one_that_is_refused_takes_no_other_down_and_goes_alone(void **state)
{
	desk d;

	(void)state;
	open_batching(&d);
	until_delegated(&d);
	answer_requests(&d, 1, 4);
	turns(&d, 1, 10);
	chain.refuse_calls = 1u << 1;
	fake_chain_mine(&chain);
	turns(&d, 1, 10);
	assert_int_equal(done(&d), 3);
	assert_non_null(strstr(found(&d, 2).reason, "mined with others, but refused: DecryptionContextMismatch"));
	assert_int_equal(found(&d, 2).errors, 1);
	answer_requests(&d, 5, 4);
	time_ms += RETRY_MS;
	turns(&d, 1, 10);
	assert_int_equal(chain.tx[chain.n - 2].calls, 0);        /* it, and the four others */
	assert_int_equal(chain.tx[chain.n - 1].calls, 4);
	until_done(&d, 8);
	assert_int_equal(fake_chain_answers(&chain), 8);
	desk_drop(&d);
}

static void a_chain_that_knows_no_delegation_takes_each_alone(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		desk d;
		fake_chain_init(&chain);
		chain.no_delegation = i == 0, chain.idle_delegation = i == 1;
		open_batching(&d);
		time_ms += HOLD_MS;
		answer_requests(&d, 10 * i + 1, 6);
		until_done(&d, 6 * (i + 1));
		for (size_t k = 0; k < chain.n; k++) assert_int_equal(chain.tx[k].calls, 0);
		assert_int_equal(chain.mined, i == 0 ? 6 : 9);           /* three tries */
		desk_drop(&d);
	}
}

/* Nothing counts as done but what the executor says: another contract there, or none at all, costs no answer. */
static void what_an_executor_does_not_say_is_not_believed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		desk d;
		fake_chain_init(&chain);
		open_batching(&d);
		time_ms += HOLD_MS;
		until_delegated(&d);
		answer_requests(&d, 10 * i + 1, 4);
		turns(&d, 1, 10);
		if (i == 0) chain.mute_executor = true;
		else chain.delegated = false;                            /* somebody else took it back */
		fake_chain_mine(&chain);
		turns(&d, 1, 10);
		assert_int_equal(done(&d), 4 * i);
		assert_int_equal(rows(&d, QUEUE_PENDING), 4);
		assert_non_null(strstr(found(&d, 10 * i + 1).reason, "the executor does not say why"));
		until_done(&d, 4 * (i + 1));
		assert_int_equal(fake_chain_answers(&chain), 4);
		desk_drop(&d);
	}
}

static void a_mempool_that_takes_one_at_a_time_is_given_one_at_a_time(void **state)
{
	desk d;

	(void)state;
	chain.crowds = true;
	open_batching(&d);
	until_delegated(&d);
	answer_requests(&d, 1, 16);
	turns(&d, 1, 10);
	assert_int_equal(chain.taken, 2);                                /* it delegates; four answers */
	until_done(&d, 16);
	assert_int_equal(chain.mined, 6);
	for (unsigned i = 1; i <= 16; i++) assert_int_equal(found(&d, i).errors, 0);
	desk_drop(&d);
}

static void a_restart_finds_what_is_under_way_and_can_replace_it(void **state)
{
	desk d;

	(void)state;
	open_batching(&d);
	until_delegated(&d);
	answer_requests(&d, 1, 8);
	turns(&d, 1, 10);
	assert_int_equal(chain.taken, 3);
	desk_drop(&d);
	chain.least_tip = 12;
	open_batching(&d);
	time_ms += HOLD_MS;
	turns(&d, 2 * STUCK_MS / 1000, 1000);
	fake_chain_mine(&chain);
	assert_int_equal(fake_chain_answers(&chain), 8);
	time_ms += LEASE_MS;
	until_done(&d, 8);
	assert_int_equal(chain.mined, 4);
	desk_drop(&d);
}

static void a_restart_while_it_delegates_delegates_once(void **state)
{
	desk d;

	(void)state;
	open_batching(&d);
	answer_requests(&d, 1, 4);
	turns(&d, 1, 10);
	desk_drop(&d);
	open_batching(&d);
	time_ms += HOLD_MS;
	turns(&d, 1, 10);
	assert_int_equal(chain.taken, 1);
	until_done(&d, 4);
	assert_int_equal(chain.mined, 3);
	desk_drop(&d);
}

static void whatever_happens_every_answer_is_on_chain_once(void **state)
{
	const unsigned rounds = test_is_long() ? 3000 : test_is_short() ? 60 : 150;
	unsigned asked = 0;
	desk d;

	(void)state;
	open_batching(&d);
	for (unsigned i = 0; i < rounds; i++) {
		switch (test_below(13)) {
		case 0: chain.away = (unsigned)test_below(3); break;
		case 1: chain.lose = 1; break;
		case 2: chain.refuse = (unsigned)test_below(3); break;
		case 3: chain.poor = 1; break;
		case 4: chain.forgetful = true; break;
		case 5: chain.least_tip = test_below(16); break;
		case 6: chain.refuse_calls = (uint32_t)test_below(16); break;
		case 7: chain.mute_executor = test_below(4) == 0; break;
		case 8: if (test_below(4) == 0) chain.delegated = false; break;
		case 9: chain.crowds = test_below(2); break;
		case 10:
			desk_drop(&d);
			open_batching(&d);
			time_ms += test_below(2) ? HOLD_MS : LEASE_MS;
			break;
		default:
			if (asked < FAKE_TXS / 2) answer_requests(&d, asked + 1, 5), asked += 5;
		}
		turns(&d, 1 + (unsigned)test_below(3), (int64_t)test_below(3000));
		if (test_below(2)) fake_chain_mine(&chain);
		if (chain.n > FAKE_TXS - 64) break;
	}
	fake_chain_calm(&chain);
	for (unsigned i = 0; i < 2000 && done(&d) < asked; i++) turns(&d, 1, 1000), fake_chain_mine(&chain);
	assert_int_equal(done(&d), asked);
	assert_int_equal(fake_chain_answers(&chain), asked);
	desk_drop(&d);
}

static const struct CMUnitTest tests_[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, desk_set_up, desk_tear_down)
	CASE(the_wallet_delegates_first_and_then_several_go_in_one_transaction), CASE(one_that_is_refused_takes_no_other_down_and_goes_alone),
	CASE(a_chain_that_knows_no_delegation_takes_each_alone), CASE(what_an_executor_does_not_say_is_not_believed),
	CASE(a_mempool_that_takes_one_at_a_time_is_given_one_at_a_time), CASE(a_restart_finds_what_is_under_way_and_can_replace_it),
	CASE(a_restart_while_it_delegates_delegates_once), CASE(whatever_happens_every_answer_is_on_chain_once),
};
int main(int argc, char **argv) { return test_main(argc, argv, __FILE__, tests_, COUNT(tests_)); }
