/* SPDX-License-Identifier: MIT */
/* tests/connector/contexts_test.c -- contexts and epochs that are there, are not there yet, and were destroyed. */
#include "connector/contexts.h"
#include "connector/reads.h"
#include "tests/connector/fake_kms.h"
#include "tests/test.h"

enum { ETHEREUM = 2025 };

static fake_web WEB, OTHER;
static providers *CHAIN;
static contexts *K;
static int64_t NOW_MS = 1000000;
static int64_t now_ms(void *ctx) { (void)ctx; return NOW_MS; }
static const clock_source CLOCK = { NULL, now_ms, now_ms };
static atomic_bool STOP;

static int set_up(void **state)
{
	const eth_address contract = { { 0xc2 } };

	(void)state;
	fake_web_start(&WEB);
	CHAIN = fake_web_chain(&WEB, ETHEREUM, &CLOCK, &STOP);
	assert_ok(contexts_new(&K, CHAIN, &contract, &CLOCK));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	contexts_free(&K);
	providers_free(&CHAIN);
	fake_web_stop(&WEB);
	return 0;
}

/* A request of this version of extra data, naming these. */
static queue_item naming(uint8_t version, uint8_t context, uint8_t epoch)
{
	static uint8_t extra[8][65];
	static size_t at;
	uint8_t *e = extra[at++ % COUNT(extra)];

	memset(e, 0, 65);
	e[0] = version, e[1] = 7, e[32] = context, e[33] = 8, e[64] = epoch;
	return (queue_item){ .kind = QUEUE_PUBLIC_DECRYPTION, .extra_data = slice_of(e, 1 + 32 * (size_t)version) };
}

static void expect(check_verdict verdict, const char *words, const queue_item *item)
{
	checked out = { .verdict = CHECK_GO };

	assert_ok(contexts_check(K, &out, item, 1));
	if (out.verdict != verdict || !strstr(out.why, words)) fail_msg("%d: %s; not %d: %s", (int)out.verdict, out.why, (int)verdict, words);
	if (verdict != CHECK_GO) assert_int_equal(out.type, verdict == CHECK_AWAY ? CHECK_NETWORK : CHECK_KMS_CONTEXT);
}

static unsigned asked(void) { return atomic_load(&WEB.posts); }

static void who_names_none_is_not_asked_about(void **state)
{
	const queue_item nothing = { .kind = QUEUE_KEYGEN }, zero = naming(0, 1, 1);

	(void)state;
	atomic_store(&WEB.away, true);
	expect(CHECK_GO, "", &nothing);
	expect(CHECK_GO, "", &zero);
	assert_int_equal(asked(), 0);
}

static void what_is_there_is_believed_for_a_while(void **state)
{
	const queue_item context = naming(1, 1, 0), epoch = naming(2, 1, 1);

	(void)state;
	expect(CHECK_GO, "", &context);
	expect(CHECK_GO, "", &epoch);
	const unsigned before = asked();
	expect(CHECK_GO, "", &context);
	expect(CHECK_GO, "", &epoch);
	assert_int_equal(asked(), before);
	atomic_store(&WEB.says[READ_EPOCH_VALID], false);
	NOW_MS += CONTEXTS_BELIEVED_MS;
	expect(CHECK_GO, "", &context);
	expect(CHECK_LATER, "and epoch 0800000000000000000000000000000000000000000000000000000000000001, which ProtocolConfig does not know", &epoch);
}

static void what_is_not_there_is_asked_again(void **state)
{
	const queue_item item = naming(1, 2, 0);

	(void)state;
	atomic_store(&WEB.says[READ_CONTEXT_VALID], false);
	expect(CHECK_LATER, "name context 0700000000000000000000000000000000000000000000000000000000000002, which ProtocolConfig does not know", &item);
	atomic_store(&WEB.says[READ_CONTEXT_VALID], true);
	expect(CHECK_GO, "", &item);
}

/* The answer of one that is final does not suffer from another's that is not. */
static void what_is_not_final_yet_is_waited_for(void **state)
{
	const queue_item item = naming(2, 1, 2), old = naming(1, 1, 0);
	checked out[2] = { 0 };

	(void)state;
	atomic_store(&WEB.not_final, true);
	expect(CHECK_AWAY, "and epoch 0800000000000000000000000000000000000000000000000000000000000002, which ProtocolConfig knows, but not in a final block yet", &item);
	expect(CHECK_AWAY, "not in a final block yet", &item);            /* it is not believed because it was asked about */
	atomic_store(&WEB.says[READ_EPOCH_VALID], false);                /* the block was taken back */
	expect(CHECK_LATER, "does not know, or not yet", &item);
	atomic_store(&WEB.not_final, false);
	assert_ok(contexts_check(K, out, (const queue_item[]){ old, item }, 2));
	assert_int_equal(out[0].verdict, CHECK_GO), assert_int_equal(out[1].verdict, CHECK_LATER);
	atomic_store(&WEB.says[READ_EPOCH_VALID], true);
	expect(CHECK_GO, "", &item);
}

static void a_chain_that_is_away_stands_against_nobody(void **state)
{
	const queue_item item = naming(1, 1, 0);

	(void)state;
	expect(CHECK_GO, "", &item);
	atomic_store(&WEB.away, true);
	expect(CHECK_GO, "", &item);                                      /* it is still believed */
	NOW_MS += CONTEXTS_BELIEVED_MS;
	expect(CHECK_AWAY, "cannot be asked for contexts", &item);
}

static void what_was_destroyed_is_so_at_once_and_for_good(void **state)
{
	const queue_item of_epoch = naming(2, 1, 1), other = naming(2, 1, 2), alone = naming(1, 1, 0);
	const queue_item epoch_ends = { .kind = QUEUE_EPOCH_DESTROYED, .id = { { 8, [31] = 1 } } };
	const queue_item context_ends = { .kind = QUEUE_CONTEXT_DESTROYED, .id = { { 7, [31] = 1 } } };

	(void)state;
	expect(CHECK_GO, "", &of_epoch), expect(CHECK_GO, "", &other), expect(CHECK_GO, "", &alone);
	expect(CHECK_GO, "", &epoch_ends);
	expect(CHECK_NEVER, "was destroyed", &of_epoch);
	expect(CHECK_GO, "", &other), expect(CHECK_GO, "", &alone);
	expect(CHECK_GO, "", &context_ends);
	NOW_MS += 100 * CONTEXTS_BELIEVED_MS;
	expect(CHECK_NEVER, "was destroyed", &of_epoch), expect(CHECK_NEVER, "was destroyed", &other), expect(CHECK_NEVER, "was destroyed", &alone);
}

static void extra_data_that_no_contract_takes_fail(void **state)
{
	queue_item item = naming(1, 1, 0);
	uint8_t nobody[33] = { 1 };

	(void)state;
	item.extra_data.n = 32;
	expect(CHECK_NEVER, "less than the 33", &item);
	item.extra_data = slice_of(nobody, sizeof nobody);
	expect(CHECK_NEVER, "the context 0", &item);
	nobody[0] = 9;
	expect(CHECK_NEVER, "version 9, which is unknown", &item);
	assert_int_equal(asked(), 0);
}

static void a_batch_is_one_message(void **state)
{
	checked out[4] = { 0 };
	const queue_item items[4] = { naming(1, 1, 0), naming(2, 1, 1), naming(1, 1, 0), naming(9, 1, 1) };

	(void)state;
	assert_ok(contexts_check(K, out, items, 4));
	for (size_t i = 0; i < 4; i++) assert_int_equal(out[i].verdict, i == 3 ? CHECK_NEVER : CHECK_GO);
	assert_in_range(asked(), 1, 2);                                   /* the first is for the chain's id */
}

static void many_contexts_make_room_for_each_other(void **state)
{
	(void)state;
	for (uint8_t i = 1; i < 2 * CONTEXTS_KNOWN; i++) {
		const queue_item item = naming(1, i, 0);
		expect(CHECK_GO, "", &item);
		expect(CHECK_GO, "", &item);
	}
	const unsigned before = asked();
	const queue_item last = naming(1, 2 * CONTEXTS_KNOWN - 1, 0), first = naming(1, 1, 0);
	expect(CHECK_GO, "", &last);
	assert_int_equal(asked(), before);
	expect(CHECK_GO, "", &first);
	assert_int_equal(asked(), before + 1);
}

/* Of two that must agree one says that it is there. */
static void one_provider_alone_is_not_believed_where_two_must_agree(void **state)
{
	static char url[2][96], *urls[2] = { url[0], url[1] };
	const eth_address contract = { { 0xc2 } };
	const queue_item item = naming(1, 1, 0);

	(void)state;
	contexts_free(&K);
	providers_free(&CHAIN);
	fake_web_start(&OTHER);
	for (size_t i = 0; i < 2; i++) snprintf(url[i], sizeof url[i], "%s/rpc/%d", i ? OTHER.url : WEB.url, ETHEREUM);
	assert_ok(chain_connect(&CHAIN, urls, 2, 2, ETHEREUM, 60000, &CLOCK, &STOP));
	assert_ok(contexts_new(&K, CHAIN, &contract, &CLOCK));
	atomic_store(&WEB.says[READ_CONTEXT_VALID], true);
	atomic_store(&OTHER.says[READ_CONTEXT_VALID], false);
	expect(CHECK_AWAY, "says otherwise", &item);
	atomic_store(&OTHER.says[READ_CONTEXT_VALID], true);
	expect(CHECK_GO, "", &item);
	fake_web_stop(&OTHER);
}

#define WORLD(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
TESTS(WORLD(who_names_none_is_not_asked_about), WORLD(what_is_there_is_believed_for_a_while), WORLD(what_is_not_there_is_asked_again), WORLD(what_is_not_final_yet_is_waited_for),
      WORLD(a_chain_that_is_away_stands_against_nobody), WORLD(what_was_destroyed_is_so_at_once_and_for_good),
      WORLD(extra_data_that_no_contract_takes_fail), WORLD(a_batch_is_one_message), WORLD(one_provider_alone_is_not_believed_where_two_must_agree), WORLD(many_contexts_make_room_for_each_other))
