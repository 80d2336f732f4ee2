/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>
#include "evm/tx.h"
#include "rpc/post.h"
#include "tests/connector/desk.h"
#include "tests/rpc/collector.h"
#include "tests/store/faults.h"
#include "tests/test.h"

/* ---- what it is for ------------------------------------------------------------------------------------------------- */

static void every_response_is_mined_once_and_completed(void **state)
{
	(void)state;
	desk d;
	desk_open(&d);
	answer_requests(&d, 1, 40);                  /* more than the window */
	turns(&d, 3, 10);
	assert_int_equal(chain.taken, WINDOW);
	assert_int_equal(done(&d), 0);
	until_done(&d, 40);
	assert_int_equal(chain.taken, 40);
	assert_int_equal(fake_chain_answers(&chain), 40);
	desk_drop(&d);
}

static void an_answer_is_done_once_blocks_stand_upon_it(void **state)
{
	(void)state;
	desk_confirmations = 3;
	desk d;
	desk_open(&d);
	answer_requests(&d, 1, 2);
	turns(&d, 2, 10);
	for (unsigned blocks = 1; blocks <= 3; blocks++) {
		assert_int_equal(done(&d), 0);
		fake_chain_mine(&chain);
		turns(&d, 2, 100);
	}
	assert_int_equal(done(&d), 2);
	assert_int_equal(chain.taken, 2);
	desk_drop(&d);
}

static void an_answer_that_the_chain_takes_back_before_is_mined_again(void **state)
{
	(void)state;
	desk_confirmations = 3;
	desk d;
	desk_open(&d);
	answer_requests(&d, 1, 2);
	turns(&d, 2, 10);
	fake_chain_mine(&chain), fake_chain_mine(&chain);
	turns(&d, 2, 100);
	for (size_t i = 0; i < chain.n; i++) chain.tx[i].block = 0;        /* as if it had not been */
	chain.mined = 0, chain.block -= 2;
	turns(&d, 2, 100);
	assert_int_equal(done(&d), 0);
	for (unsigned blocks = 0; blocks < 3; blocks++) fake_chain_mine(&chain), turns(&d, 2, 100);
	assert_int_equal(done(&d), 2);
	assert_int_equal(fake_chain_answers(&chain), 2);
	assert_int_equal(chain.taken, 2);
	desk_drop(&d);
}

static void many_responses_cost_few_exchanges(void **state)
{
	(void)state;
	desk d;
	desk_open(&d);
	answer_requests(&d, 1, 8);
	turns(&d, 1, 10);
	assert_int_equal(chain.taken, 8);
	assert_true(chain.exchanges <= 9);           /* its number, two counts, estimates, fees, transactions, receipts, and the wallet's two */
	desk_drop(&d);
}

static void what_was_remembered_but_never_sent_is_sent_after_a_crash(void **state)
{
	(void)state;
	desk d;
	desk_open(&d);
	answer_requests(&d, 1, 3);
	turns(&d, 1, 10);
	fake_chain_init(&chain);                     /* the chain that knew them is gone: as if they had never left */
	desk_drop(&d);
	desk_open(&d);
	time_ms += HOLD_MS;                          /* the responses are still leased to the dead */
	turns(&d, 2, 1000);
	assert_int_equal(chain.taken, 3);
	fake_chain_mine(&chain);
	time_ms += LEASE_MS;
	until_done(&d, 3);
	assert_int_equal(chain.taken, 3);
	desk_drop(&d);
}

static void a_lost_answer_does_not_make_a_second_transaction(void **state)
{
	(void)state;
	for (unsigned at = 0; at < 9; at++) {            /* each exchange of the first round in turn */
		desk d;
		fake_chain_init(&chain);
		desk_open(&d);
		time_ms += HOLD_MS;
		answer_requests(&d, 100 * at + 1, 3);
		while (chain.exchanges < at) {
			const unsigned before = chain.exchanges;
			chain.lose = at == before;
			turns(&d, 1, 10);
			if (chain.exchanges == before) break;
		}
		chain.lose = 1;
		until_done(&d, 3 * (at + 1));
		desk_drop(&d);
	}
}

static void a_transaction_that_is_not_taken_leaves_no_gap(void **state)
{
	(void)state;
	desk d;
	desk_open(&d);
	answer_requests(&d, 1, 5);
	chain.refuse = 2;
	until_done(&d, 5);
	chain.poor = 3;
	answer_requests(&d, 6, 3);
	until_done(&d, 8);
	assert_int_equal(chain.mined, 8);
	desk_drop(&d);
}

static void a_gap_that_nobody_fills_is_filled_with_nothing(void **state)
{
	(void)state;
	desk d;
	desk_open(&d);
	answer_requests(&d, 1, 2);
	chain.refuse = 1;
	turns(&d, 1, 10);                            /* number 0 was refused, number 1 waits behind it */
	chain.revert = 0x99ec48d9;                   /* and the refused answer is on chain by other means */
	for (unsigned i = 0; i < 20; i++) {
		turns(&d, 1, 1000);
		fake_chain_mine(&chain);
	}
	assert_int_equal(done(&d), 2);
	assert_int_equal(chain.mined, 2);
	assert_int_equal(fake_chain_answers(&chain), 1);
	desk_drop(&d);
}

static void what_waits_too_long_is_said_again_and_then_replaced(void **state)
{
	(void)state;
	desk d;
	desk_open(&d);
	answer_requests(&d, 1, 2);
	turns(&d, 1, 10);
	chain.forgetful = true;
	fake_chain_mine(&chain);                     /* both are forgotten */
	until_done(&d, 2);
	answer_requests(&d, 3, 2);
	chain.least_tip = 12;                        /* the tip is 10 */
	until_done(&d, 4);
	assert_int_equal(fake_chain_answers(&chain), 4);
	desk_drop(&d);
}

static void nobody_offered_more_than_the_operator_allows(void)
{
	assert_true(chain.n > 0);
	for (size_t i = 0; i < chain.n; i++) {
		assert_true(chain.tx[i].fee <= MOST_FEE && chain.tx[i].tip <= chain.tx[i].fee);
	}
}

/* A provider that names a price as high as the wallet has funds would have the wallet's funds. */
static void no_price_is_paid_that_the_operator_does_not_allow(void **state)
{
	static const struct { uint64_t base, tip; } SAYS[] = { { 1, UINT64_MAX }, { UINT64_MAX, 1 }, { UINT64_MAX / 2, UINT64_MAX }, { MOST_FEE, 1 }, { 1, 1000000 } };

	(void)state;
	for (size_t i = 0; i < COUNT(SAYS); i++) {
		desk d;
		fake_chain_init(&chain);
		chain.base = SAYS[i].base, chain.tip = SAYS[i].tip;
		desk_open(&d);
		time_ms += HOLD_MS;
		answer_requests(&d, (unsigned)i + 1, 1);
		until_done(&d, i + 1);
		nobody_offered_more_than_the_operator_allows();
		desk_drop(&d);
	}
}

/* A chain that stands still for an hour must not make the next block cost a fortune. */
static void what_is_not_mined_is_not_paid_ever_more_for(void **state)
{
	(void)state;
	desk d;
	desk_open(&d);
	answer_requests(&d, 1, 1);
	chain.least_tip = MOST_FEE + 1;
	turns(&d, 200, STUCK_MS);
	const unsigned taken = chain.taken;
	turns(&d, 50, STUCK_MS);
	assert_int_equal(chain.taken, taken);        /* the last one is said again, and not replaced */
	nobody_offered_more_than_the_operator_allows();
	chain.least_tip = 0;
	until_done(&d, 1);
	assert_int_equal(fake_chain_answers(&chain), 1);
	desk_drop(&d);
}

/* The last that there is, far above, and near above. */
static const uint64_t COUNTS[] = { UINT64_MAX, 1000000000000, 30 };

static void a_wrong_count_while_something_is_under_way_does_no_lasting_harm(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(COUNTS); i++) {
		const unsigned before = 4 * (unsigned)i;
		desk d;
		fake_chain_init(&chain);
		desk_open(&d);
		time_ms += HOLD_MS;
		answer_requests(&d, before + 1, 2);
		chain.least_tip = UINT64_MAX;
		turns(&d, 2, 10);
		chain.lie = COUNTS[i];
		turns(&d, 10, LOST_MS);
		answer_requests(&d, before + 3, 2);
		turns(&d, 4, 1000);
		chain.lie = 0, chain.least_tip = 0;
		for (unsigned k = 0; k < 100 && done(&d) < before + 4; k++) {
			turns(&d, 1, 1000);
			fake_chain_mine(&chain);
		}
		assert_int_equal(done(&d), before + 4);
		assert_true(chain.doubled <= 2);             /* two had been given up that were mined all the same */
		desk_drop(&d);
	}
}

static void a_wrong_count_at_the_start_does_no_lasting_harm(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(COUNTS); i++) {
		const unsigned before = 2 * (unsigned)i;
		desk d;
		fake_chain_init(&chain);
		chain.lie = COUNTS[i];
		desk_open(&d);
		time_ms += HOLD_MS;
		answer_requests(&d, before + 1, 2);
		turns(&d, 4, 1000);
		desk_drop(&d);
		chain.lie = 0;
		desk_open(&d);
		time_ms += LEASE_MS;
		until_done(&d, before + 2);
		desk_drop(&d);
	}
}

static void what_was_sent_before_a_restart_is_replaced_too(void **state)
{
	(void)state;
	desk d;
	desk_open(&d);
	answer_requests(&d, 1, 2);
	turns(&d, 1, 10);
	desk_drop(&d);
	chain.least_tip = 12;                        /* the tip is 10 */
	desk_open(&d);
	time_ms += HOLD_MS;
	turns(&d, 2 * STUCK_MS / 1000, 1000);
	fake_chain_mine(&chain);
	assert_int_equal(chain.mined, 2);
	assert_int_equal(chain.taken, 4);
	assert_true(chain.tx[2].tip == 12 && chain.tx[3].tip == 12);       /* an eighth more */
	time_ms += LEASE_MS;
	until_done(&d, 2);
	assert_int_equal(fake_chain_answers(&chain), 2);
	desk_drop(&d);
}

/* Who can write to the database could have anything sent that is signed, but nothing signed. */
static void what_the_wallet_did_not_sign_is_said_as_it_is_and_never_signed(void **state)
{
	const evm_tx theft = { .chain_id = 31337, .gas = 21000, .max_fee = 200, .max_priority_fee = 10, .value = 1000, .to.b = { 6 } };
	AUTO(signer) *by = NULL;
	AUTO(buf) raw = { 0 };
	secp_sk sk;
	desk d;

	(void)state;
	secp_sk_random(&sk, test_rng());
	assert_ok(signer_new(&by, &sk, test_rng()));
	tx_sign(&raw, &theft, by);
	desk_open(&d);
	const queue_tx row = { .chain_id = 31337, .wallet = *wallet_address(d.wallet), .hash = tx_hash(buf_slice(&raw)), .raw = buf_slice(&raw) };
	assert_ok(queue_apply(d.q, &(queue_change){ .verb = QUEUE_TX, .tx = &row }, 1, NULL));
	chain.least_tip = 11;
	turns(&d, 3 * STUCK_MS / 1000, 1000);
	assert_int_equal(chain.n, 1);
	assert_true(hash32_eq_var(chain.tx[0].hash, row.hash));
	desk_drop(&d);
}

static void a_number_that_another_program_used_is_given_up(void **state)
{
	(void)state;
	desk d;
	desk_open(&d);
	answer_requests(&d, 1, 3);
	turns(&d, 1, 10);
	fake_chain_foreign(&chain);
	until_done(&d, 3);
	assert_int_equal(chain.mined, 4);
	desk_drop(&d);
}

/* A provider that is asked before the chain: one that is away, and one of another chain. */
static unsigned asked_first;
static err nothing_comes(void *ctx, post_answer *out, slice message)
{
	(void)ctx, (void)out, (void)message;
	asked_first++;
	return err_fail(ERR_IO, "nothing comes");
}

static err another_chain(void *ctx, post_answer *out, slice message)
{
	(void)ctx;
	asked_first++;
	assert_non_null(memmem(message.p, message.n, "eth_chainId", 11));      /* and nothing else */
	const char *id = memmem(message.p, message.n, "\"id\":", 5);
	buf_printf(&out->body, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":\"0x1\"}", atoi(id + 5));
	out->status = 200, out->retry_after_ms = -1;
	return OK;
}

static void another_provider_is_asked_when_the_first_is_away(void **state)
{
	(void)state;
	jrpc_transport first = { NULL, nothing_comes };
	desk d;

	asked_first = 0;
	desk_first = &first;
	desk_open(&d);
	answer_requests(&d, 1, 20);
	until_done(&d, 20);
	assert_true(asked_first > 0);
	assert_int_equal(fake_chain_answers(&chain), 20);
	desk_drop(&d);
}

static void nothing_is_said_to_a_provider_of_another_chain(void **state)
{
	(void)state;
	jrpc_transport first = { NULL, another_chain };
	desk d;

	asked_first = 0;
	desk_first = &first;
	desk_open(&d);
	answer_requests(&d, 1, 5);
	until_done(&d, 5);
	assert_int_equal(asked_first, 1);
	desk_drop(&d);

	lane *l = NULL;                              /* and where there is no other, it is said what to put right */
	chain.id = 5;
	desk_first = NULL;
	desk_open(&d);
	const lane_config c = { .queue = d.q, .chain = d.chain, .wallet = d.wallet, .clock = d.clock, .chain_id = 31337, .window = WINDOW, .most_fee = MOST_FEE };
	assert_int_equal(lane_new(&l, &c), ERR_REQUEST);
	assert_non_null(strstr(err_text(), "it is of chain 5 instead of 31337: correct its URL or the chain's id"));
	err_clear();
	answer_requests(&d, 6, 1);
	turns(&d, 5, 1000);
	assert_int_equal(chain.taken, 5);
	assert_int_equal(counted(&d, QUEUE_PUBLIC_DECRYPTION_RESPONSE).rows[QUEUE_PENDING], 1);
	desk_drop(&d);
}

static json_t *last_span(collector *c, json_t **request)
{
	char path[64];
	*request = collector_take(c, path, "200 OK");
	return json_array_get(spans_of(*request), 0);
}

static void the_trace_of_a_request_ends_with_its_transaction(void **state)
{
	(void)state;
	collector c;
	json_t *request;
	desk d;

	collector_open(&c);
	desk_tracing = tracing_to(&c);
	desk_open(&d);
	answer_requests(&d, 7, 1);
	chain.fails = true;
	turns(&d, 1, 10);
	fake_chain_mine(&chain);
	turns(&d, 1, 10);                            /* refused; it is sent again */
	json_t *got = last_span(&c, &request);
	assert_string_equal(text_of(got, "traceId"), "01000000000000000000000000000007");
	assert_string_equal(text_of(got, "parentSpanId"), "0200000000000007");
	assert_string_equal(text_of(got, "name"), "public_decryption_response");
	assert_non_null(strstr(json_string_value(json_object_get(json_object_get(got, "status"), "message")), "DecryptionContextMismatch"));
	json_decref(request);
	chain.fails = false;
	until_done(&d, 1);
	got = last_span(&c, &request);
	assert_string_equal(text_of(got, "traceId"), "01000000000000000000000000000007");
	assert_null(json_object_get(got, "status"));
	json_decref(request);
	desk_drop(&d);
	tracing_free(&desk_tracing);
	close(c.listener);
}

static void how_long_responses_took_is_counted(void **state)
{
	(void)state;
	desk d;
	uint64_t n = 0;

	desk_open(&d);
	answer_requests(&d, 1, 3);
	turns(&d, 1, 700);
	fake_chain_mine(&chain);
	turns(&d, 1, 0);
	const histogram *h = &sender_tallied(d.s)->forwarding[QUEUE_PUBLIC_DECRYPTION_RESPONSE];
	for (unsigned i = 0; i <= LANE_FORWARDING.n; i++) n += h->step[i];
	assert_int_equal(n, 3);
	assert_int_equal(h->step[2], 3);             /* up to a second */
	assert_int_equal(h->sum, 2100);
	desk_drop(&d);
}

/* ---- how the wallet stands ------------------------------------------------------------------------------------------ */

static void a_wallet_that_runs_dry_or_is_not_registered_is_seen_before_it_matters(void **state)
{
	(void)state;
	desk d;

	desk_open(&d);
	const lane_tally *l = &sender_tallied(d.s)->lane[QUEUE_GATEWAY];
	assert_false(l->funds_known);
	turns(&d, 1, 1);
	assert_true(l->funds_known);
	assert_int_equal(l->gwei, 1000000000);
	assert_int_equal(l->pays_for, 1000000000ull * 1000000000 / (110 * 400000));
	assert_int_equal(l->registered, LANE_REGISTERED);
	chain.gwei = 1, chain.stranger = true;
	turns(&d, 2, GAUGE_MS / 2);
	assert_int_equal(l->registered, LANE_REGISTERED);                  /* not at every turn */
	turns(&d, 1, 1);
	assert_int_equal(l->pays_for, 22);
	assert_int_equal(l->registered, LANE_A_STRANGER);
	chain.away = 1000;
	turns(&d, 2, GAUGE_MS);
	assert_int_equal(l->pays_for, 22);                                 /* what is known stays */
	desk_drop(&d);
}

static void a_wallet_without_funds_says_so_and_pays_later(void **state)
{
	(void)state;
	desk d;

	desk_open(&d);
	answer_requests(&d, 1, 2);
	chain.poor = 1000, chain.gwei = 0;
	turns(&d, 2, GAUGE_MS);
	assert_int_equal(chain.taken, 0);
	assert_int_equal(sender_tallied(d.s)->lane[QUEUE_GATEWAY].pays_for, 0);
	assert_non_null(strstr(found(&d, 1).reason, "insufficient funds"));
	assert_int_equal(found(&d, 1).status, QUEUE_PENDING);
	chain.poor = 0;
	until_done(&d, 2);
	desk_drop(&d);
}

/* ---- what contracts say --------------------------------------------------------------------------------------------- */

static void a_refusal_means_what_the_table_says(void **state)
{
	(void)state;
	static const struct { uint32_t error; queue_status status; const char *reason; } KNOWN[] = {
		{ 0x99ec48d9, QUEUE_COMPLETED, "" }, { 0x6fbcdd2b, QUEUE_PENDING, "" }, { 0x2a7c6ef6, QUEUE_FAILED, "NotKmsSigner" },
		{ 0xabb5f486, QUEUE_FAILED, "DecryptionContextMismatch" }, { 0xd48af942, QUEUE_PENDING, "" }, { 0x01020304, QUEUE_FAILED, "01020304" },
		{ 0x2139cc2c, QUEUE_FAILED, "UnsupportedExtraDataVersion" }, { 0x8b248b60, QUEUE_FAILED, "DeserializingExtraDataFail" },
	};
	for (unsigned i = 0; i < COUNT(KNOWN); i++) {
		desk d;
		desk_open(&d);
		chain.revert = KNOWN[i].error;
		answer_requests(&d, i + 1, 1);
		time_ms += HOLD_MS;
		sender_turn(d.s, 0);
		const queue_found f = found(&d, i + 1);
		assert_int_equal(f.status, KNOWN[i].status);
		if (!strstr(f.reason, KNOWN[i].reason)) fail_msg("%s", f.reason);
		assert_int_equal(chain.taken, 0);
		desk_drop(&d);
	}
}

static void what_is_mined_but_refused_is_tried_again(void **state)
{
	(void)state;
	desk d;
	desk_open(&d);
	answer_requests(&d, 1, 1);
	chain.fails = true;
	turns(&d, 1, 10);
	fake_chain_mine(&chain);
	turns(&d, 1, 10);
	assert_int_equal(counted(&d, QUEUE_PUBLIC_DECRYPTION_RESPONSE).rows[QUEUE_PENDING], 1);
	chain.fails = false;
	until_done(&d, 1);
	desk_drop(&d);
}

static void why_a_mined_one_was_refused_is_asked_for_if_that_is_wanted(void **state)
{
	static const struct { bool asks, keeps; unsigned asked; const char *says; } ROWS[] = {
		{ true, true, 1, "mined, but refused: DecryptionContextMismatch" }, { true, false, 1, "mined, but the contract refused it" },
		{ false, true, 0, "mined, but the contract refused it" },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(ROWS); i++) {
		desk d;
		fake_chain_init(&chain);
		desk_traces = ROWS[i].asks, chain.keeps_no_traces = !ROWS[i].keeps;
		desk_open(&d);
		time_ms += HOLD_MS;
		answer_requests(&d, i + 1, 1);
		chain.fails = true;
		turns(&d, 1, 10);
		fake_chain_mine(&chain);
		turns(&d, 1, 10);
		assert_int_equal(chain.traced, ROWS[i].asked);
		if (!strstr(found(&d, i + 1).reason, ROWS[i].says)) fail_msg("%s", found(&d, i + 1).reason);
		chain.fails = false;
		until_done(&d, i + 1);
		desk_drop(&d);
	}
}

/* ---- one of its kind ------------------------------------------------------------------------------------------------ */

static void a_second_sender_waits_until_the_first_is_gone(void **state)
{
	(void)state;
	desk a, b;
	desk_open(&a);
	desk_open(&b);
	answer_requests(&a, 1, 2);
	turns(&a, 1, 10);
	turns(&b, 2, 10);
	assert_true(atomic_load(&sender_tallied(a.s)->leads));
	assert_false(atomic_load(&sender_tallied(b.s)->leads));
	desk_drop(&a);
	time_ms += HOLD_MS;
	fake_chain_mine(&chain);
	until_done(&b, 2);
	assert_int_equal(chain.taken, 2);
	desk_drop(&b);
}

/* Between asking what an answer would cost and writing it down, the first is cut off for longer than its lease, and comes back. */
typedef struct cut_off { jrpc_transport transport; desk *other; unsigned at, seen; } cut_off;

static err cut_off_here(void *ctx, post_answer *out, slice message)
{
	cut_off *c = ctx;

	if (++c->seen == c->at) {
		time_ms += HOLD_MS;
		turns(c->other, 1, 10);
		assert_true(atomic_load(&sender_tallied(c->other->s)->leads));
	}
	return chain.transport.post(chain.transport.ctx, out, message);
}

static void a_sender_that_was_cut_off_sends_nothing_that_the_next_does_not_know(void **state)
{
	unsigned never_reached = 0;

	(void)state;
	for (unsigned at = 1; at < 16 && !never_reached; at++) {         /* each of its exchanges in turn */
		desk a, b;
		cut_off c = { .transport = { &c, cut_off_here }, .other = &b, .at = at };
		fake_chain_init(&chain);
		desk_open(&b);
		desk_first = &c.transport;
		desk_open(&a);
		desk_first = NULL;
		time_ms += LEASE_MS;
		answer_requests(&a, 100 * at + 1, 3);
		turns(&a, 2, 100);
		if (c.seen >= at) {
			const uint64_t said = chain.taken;
			turns(&a, 3, 100);                               /* it is back, and finds itself replaced */
			assert_false(atomic_load(&sender_tallied(a.s)->leads));
			assert_int_equal(chain.taken, said);
		} else never_reached = at;
		time_ms += LEASE_MS;                                     /* what it held when it was cut off */
		until_done(never_reached ? &a : &b, 3 * at);
		assert_int_equal(chain.mined, 3);
		assert_int_equal(chain.taken, 3);
		desk_drop(&a);
		desk_drop(&b);
	}
	assert_in_range(never_reached, 6, 15);
}

/* ---- bad days ------------------------------------------------------------------------------------------------------- */

static void a_sender_that_stops_leaves_what_is_under_way_to_the_next(void **state)
{
	(void)state;
	desk d;

	desk_open(&d);
	answer_requests(&d, 1, 3);
	turns(&d, 1, 10);
	desk_stop(&d);
	desk_open(&d);
	turns(&d, 1, 10);                            /* no lease and no hold to wait for */
	fake_chain_mine(&chain);
	turns(&d, 1, 10);
	assert_int_equal(done(&d), 3);
	assert_int_equal(chain.taken, 3);
	desk_drop(&d);
}

static void a_database_that_is_away_for_a_minute_costs_no_answer(void **state)
{
	(void)state;
	faults f = faults_around(STORE_SQLITE);
	desk d;

	desk_driver = &f.driver;
	desk_open(&d);
	answer_requests(&d, 1, 6);
	turns(&d, 1, 10);
	atomic_store(&f.closed, true);               /* some are under way, others are not sent yet */
	fake_chain_mine(&chain);
	turns(&d, 60, 1000);
	assert_int_equal(chain.taken, 6);
	atomic_store(&f.closed, false);
	for (unsigned i = 0; i < 5000 && sender_tallied(d.s)->under_way; i++, usleep(2000)) turns(&d, 1, 100);    /* it tries again in real time */
	answer_requests(&d, 7, 2);
	until_done(&d, 8);
	assert_int_equal(fake_chain_answers(&chain), 8);
	assert_int_equal(chain.mined, 8);
	desk_drop(&d);
}

/* Half of them leased, put off, sent or waiting when the wall clock jumps; a second sender is there, for whom the lease has run out. */
static void a_clock_that_jumps_costs_no_answer_and_brings_none_twice(void **state)
{
	static const int64_t JUMPS[] = { 3600000, -3600000, -86400000, 86400000 };
	unsigned asked = 0;

	(void)state;
	for (unsigned i = 0; i < COUNT(JUMPS); i++) {
		desk a, b;
		desk_open(&a);
		desk_open(&b);
		answer_requests(&a, asked + 1, 6);
		asked += 6;
		chain.refuse = 2;                    /* these are put off */
		turns(&a, 1, 10);
		wall_jump_ms += JUMPS[i];
		for (unsigned k = 0; k < 40; k++) {
			turns(&b, 1, 500), turns(&a, 1, 500);
			fake_chain_mine(&chain);
		}
		assert_int_equal(done(&a), asked);
		assert_int_equal(chain.doubled, 0);
		assert_int_equal(fake_chain_answers(&chain), asked);
		desk_drop(&a);
		desk_drop(&b);
		wall_jump_ms += HOLD_MS;
	}
}

static void whatever_happens_every_answer_is_on_chain_once(void **state)
{
	(void)state;
	const unsigned rounds = test_is_long() ? 3000 : test_is_short() ? 60 : 200;
	unsigned asked = 0;
	desk d;

	desk_open(&d);
	for (unsigned i = 0; i < rounds; i++) {
		switch (test_below(12)) {
		case 0: chain.away = (unsigned)test_below(3); break;
		case 1: chain.lose = 1; break;
		case 2: chain.refuse = (unsigned)test_below(3); break;
		case 3: chain.poor = 1; break;
		case 4: chain.forgetful = true; break;
		case 5: chain.least_tip = test_below(16); break;
		case 6: if (test_below(4) == 0) fake_chain_foreign(&chain); break;
		case 7: chain.fails = test_below(8) == 0; break;
		case 8: case 9:
			desk_drop(&d);
			desk_open(&d);
			time_ms += HOLD_MS;
			if (test_below(2)) time_ms += LEASE_MS;
			break;
		default:
			if (asked < FAKE_TXS / 4) answer_requests(&d, asked + 1, 2), asked += 2;
		}
		turns(&d, 1 + (unsigned)test_below(3), (int64_t)test_below(3000));
		if (test_below(2)) fake_chain_mine(&chain);
		if (chain.n > FAKE_TXS - 64) break;
	}
	fake_chain_calm(&chain);
	until_done(&d, asked);
	assert_int_equal(fake_chain_answers(&chain), asked);
	desk_drop(&d);
}

/* Where there is no other one, an operator would look for it in vain. */
static void a_sender_without_a_database_speaks_of_no_other_sender(void **state)
{
	(void)state;
	FILE *said = tmpfile();
	const int before = dup(STDERR_FILENO);
	faults f = faults_around(STORE_SQLITE);
	unsigned waits = 0, others = 0;
	char line[1024];
	desk d;

	assert_true(said && before >= 0);
	desk_driver = &f.driver;
	desk_open(&d);
	turns(&d, 1, 10);
	assert_true(atomic_load(&sender_tallied(d.s)->leads));
	atomic_store(&f.closed, true);
	fflush(stderr);
	dup2(fileno(said), STDERR_FILENO);
	turns(&d, 60, 1000);
	fflush(stderr);
	dup2(before, STDERR_FILENO);
	assert_false(atomic_load(&sender_tallied(d.s)->leads));
	rewind(said);
	while (fgets(line, sizeof line, said)) waits += strstr(line, "nothing is sent until") != NULL, others += strstr(line, "another sender") != NULL;
	fclose(said);
	close(before);
	assert_int_equal(waits, 1);
	assert_int_equal(others, 0);
	atomic_store(&f.closed, false);
	desk_drop(&d);
}

static const struct CMUnitTest tests_[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, desk_set_up, desk_tear_down)
	CASE(every_response_is_mined_once_and_completed), CASE(an_answer_is_done_once_blocks_stand_upon_it),
	CASE(an_answer_that_the_chain_takes_back_before_is_mined_again), CASE(many_responses_cost_few_exchanges),
	CASE(what_was_remembered_but_never_sent_is_sent_after_a_crash), CASE(a_lost_answer_does_not_make_a_second_transaction),
	CASE(a_transaction_that_is_not_taken_leaves_no_gap), CASE(a_gap_that_nobody_fills_is_filled_with_nothing),
	CASE(what_waits_too_long_is_said_again_and_then_replaced), CASE(no_price_is_paid_that_the_operator_does_not_allow),
	CASE(what_is_not_mined_is_not_paid_ever_more_for), CASE(a_wrong_count_while_something_is_under_way_does_no_lasting_harm),
	CASE(a_wrong_count_at_the_start_does_no_lasting_harm), CASE(a_number_that_another_program_used_is_given_up),
	CASE(what_was_sent_before_a_restart_is_replaced_too), CASE(what_the_wallet_did_not_sign_is_said_as_it_is_and_never_signed),
	CASE(another_provider_is_asked_when_the_first_is_away), CASE(nothing_is_said_to_a_provider_of_another_chain),
	CASE(how_long_responses_took_is_counted), CASE(a_wallet_that_runs_dry_or_is_not_registered_is_seen_before_it_matters),
	CASE(a_wallet_without_funds_says_so_and_pays_later), CASE(the_trace_of_a_request_ends_with_its_transaction), CASE(a_refusal_means_what_the_table_says), CASE(what_is_mined_but_refused_is_tried_again),
	CASE(why_a_mined_one_was_refused_is_asked_for_if_that_is_wanted), CASE(a_second_sender_waits_until_the_first_is_gone), CASE(a_sender_without_a_database_speaks_of_no_other_sender), CASE(a_sender_that_was_cut_off_sends_nothing_that_the_next_does_not_know),
	CASE(a_sender_that_stops_leaves_what_is_under_way_to_the_next), CASE(a_database_that_is_away_for_a_minute_costs_no_answer), CASE(a_clock_that_jumps_costs_no_answer_and_brings_none_twice),
	CASE(whatever_happens_every_answer_is_on_chain_once),
};
int main(int argc, char **argv) { return test_main(argc, argv, __FILE__, tests_, COUNT(tests_)); }
