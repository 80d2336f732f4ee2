/* SPDX-License-Identifier: MIT */
/*
 * tests/connector/checks_plan_test.c -- users' requests that nobody has checked before (RFC-016): their time, their signature, what they
 * took back, and what they and the contracts that they allowed may read.  Other requests: checks_test.c.
 */
#include "connector/checks.h"
#include <stdlib.h>
#include "evm/kms712.h"
#include "tests/connector/fake_kms.h"
#include "tests/test.h"

enum { GATEWAY = 54321, HOST = 7, START_S = 1000000, DURATION_S = 3600 };

static fake_web WEB;
static connector_config C;
static host_chain_config CHAIN;
static signer *USER;
static char gateway_url[96], ethereum_url[96], host_url[96], *GATEWAY_URL[1] = { gateway_url }, *ETHEREUM_URL[1] = { ethereum_url };
static int64_t NOW_S;
static int64_t now_ms(void *ctx) { (void)ctx; return 1000 * NOW_S; }
static const clock_source CLOCK = { NULL, now_ms, now_ms };
static atomic_bool STOP;
static char *text(const char *s) { return (char *)(uintptr_t)s; }

static int set_up(void **state)
{
	const uint8_t bytes[SECP_SK] = { [31] = 99 };
	secp_sk sk;

	(void)state;
	fake_web_start(&WEB);
	assert_ok(secp_sk_read(&sk, bytes));
	assert_ok(signer_new(&USER, &sk, test_rng()));
	snprintf(gateway_url, sizeof gateway_url, "%s/rpc/%d", WEB.url, GATEWAY);
	snprintf(ethereum_url, sizeof ethereum_url, "%s/rpc/%d", WEB.url, HOST);
	snprintf(host_url, sizeof host_url, "%s/rpc/%d", WEB.url, HOST);
	CHAIN = (host_chain_config){ .url = host_url, .chain_id = HOST, .acl = { { 0xac } } };
	C = (connector_config){ .profile = &PROFILE_V015, .gateway_url = { GATEWAY_URL, 1 }, .gateway_chain_id = GATEWAY,
	                        .ethereum_url = { ETHEREUM_URL, 1 }, .ethereum_chain_id = HOST,
	                        .decryption = { true, NULL, text("Decryption"), text("1"), { { 0xd1 } } },
	                        .worker = { .host_timeout = 60000, .erc1271_gas = 100000, .host_chains = { &CHAIN, 1 } } };
	NOW_S = START_S + 10;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	signer_free(&USER);
	fake_web_stop(&WEB);
	return 0;
}

/* ---- a request -------------------------------------------------------------------------------------------------- */

enum { HANDLES = 2, ALLOWED = 2 };
static uint8_t HANDLE[HANDLES][32];
static eth_address OWNER[HANDLES], CONTRACT[HANDLES], DAPP[ALLOWED], WHO;
static slice HANDLE_OF[HANDLES], OWNER_OF[HANDLES], CONTRACT_OF[HANDLES], DAPP_OF[ALLOWED];
static uint8_t SIGNATURE[65], KEY[33] = { 5 };

/* For what is the user's own, through two contracts. */
static queue_item request(void)
{
	WHO = *signer_address(USER);
	for (uint8_t i = 0; i < HANDLES; i++) {
		memset(HANDLE[i], 0, 32);
		HANDLE[i][0] = (uint8_t)(0xa0 + i), HANDLE[i][29] = HOST, HANDLE[i][30] = 2;
		OWNER[i] = WHO, CONTRACT[i] = (eth_address){ { 0xcc, i } }, DAPP[i] = (eth_address){ { 0xdd, i } };
		HANDLE_OF[i] = slice_of(HANDLE[i], 32), OWNER_OF[i] = slice_of(OWNER[i].b, 20);
		CONTRACT_OF[i] = slice_of(CONTRACT[i].b, 20), DAPP_OF[i] = slice_of(DAPP[i].b, 20);
	}
	return (queue_item){ .kind = QUEUE_USER_DECRYPTION, .id = { { 2, [31] = 1 } }, .rfc016 = true, .handles = { HANDLE_OF, HANDLES },
	                     .owners = { OWNER_OF, HANDLES }, .contracts = { CONTRACT_OF, HANDLES }, .allowed_contracts = { DAPP_OF, ALLOWED },
	                     .user = slice_of(WHO.b, 20), .public_key = slice_of(KEY, sizeof KEY), .start_s = START_S, .duration_s = DURATION_S };
}

static queue_item signed_by(queue_item item, const signer *by)
{
	const eip712_domain d = { .name = slice_str("Decryption"), .version = slice_str("1"), .chain_id = abi_u64(HOST), .contract = C.decryption.address };
	const hash32 digest = kms712_user_request(&d, &WHO, item.public_key, DAPP, item.allowed_contracts.n, (uint64_t)item.start_s,
	                                          (uint64_t)item.duration_s, item.extra_data);
	const secp_rsig s = sign_external(by, &digest);

	memcpy(SIGNATURE, s.b, sizeof SIGNATURE);
	item.signature = slice_of(SIGNATURE, sizeof SIGNATURE);
	return item;
}

static queue_item good(void) { return signed_by(request(), USER); }

static checked said_of(queue_item item)
{
	checked out;
	checks *k = NULL;

	assert_ok(checks_new(&k, &C, &CLOCK, &STOP));
	assert_ok(checks_run(k, &out, &item, 1));
	checks_free(&k);
	return out;
}

static void expect(check_verdict verdict, const char *words, queue_item item)
{
	const checked out = said_of(item);

	if (out.verdict != verdict || !strstr(out.why, words)) fail_msg("%d: %s; not %d: %s", (int)out.verdict, out.why, (int)verdict, words);
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static void users_read_what_is_theirs(void **state)
{
	(void)state;
	atomic_store(&WEB.says[READ_DELEGATED], false);                   /* nobody asks */
	expect(CHECK_GO, "", good());
	atomic_store(&WEB.says[READ_ALLOWED], false);
	expect(CHECK_LATER, "isAllowed(bytes32,address) says no for 0xa0", good());
}

static void a_request_has_its_time(void **state)
{
	(void)state;
	NOW_S = START_S - 5;
	expect(CHECK_LATER, "begins in 5 s", good());
	NOW_S = START_S;
	expect(CHECK_GO, "", good());
	NOW_S = START_S + DURATION_S;
	expect(CHECK_GO, "", good());
	NOW_S++;
	expect(CHECK_NEVER, "ended 1 s ago", good());
	queue_item item = request();
	item.duration_s = -1;
	expect(CHECK_NEVER, "no time", signed_by(item, USER));
	item.duration_s = INT64_MAX, item.start_s = 1;
	expect(CHECK_GO, "", signed_by(item, USER));
}

static void what_the_user_took_back_is_not_read(void **state)
{
	(void)state;
	atomic_store(&WEB.invalidated_before, START_S);
	expect(CHECK_GO, "", good());
	atomic_store(&WEB.invalidated_before, START_S + 1);
	expect(CHECK_NEVER, "taken back", good());
}

static void a_signature_of_anybody_else_is_the_users_only_if_the_user_is_a_contract_that_takes_it(void **state)
{
	static const uint8_t VALID[32] = { 0x16, 0x26, 0xba, 0x7e }, OTHER[32] = { 0x16, 0x26, 0xba, 0x7f };
	const uint8_t bytes[SECP_SK] = { [31] = 98 };
	signer *other = NULL;
	secp_sk sk;

	(void)state;
	assert_ok(secp_sk_read(&sk, bytes));
	assert_ok(signer_new(&other, &sk, test_rng()));
	queue_item item = signed_by(request(), other);
	expect(CHECK_NEVER, "not the user's", item);
	WEB.erc1271 = slice_of(VALID, 32);
	expect(CHECK_GO, "", item);
	item.signature = slice_of(SIGNATURE, 3);                          /* a contract's may be of any form */
	expect(CHECK_GO, "", item);
	WEB.erc1271 = slice_of(OTHER, 32);
	expect(CHECK_LATER, "does not take", item);
	WEB.erc1271 = slice_of(VALID, 31);
	expect(CHECK_LATER, "does not take", item);
	expect(CHECK_GO, "", good());                                     /* the user's own needs nobody */
	signer_free(&other);
}

static void everything_that_matters_is_signed(void **state)
{
	queue_item item = good();

	(void)state;
	item.start_s--;
	expect(CHECK_NEVER, "not the user's", item);
	item = good(), item.duration_s++;
	expect(CHECK_NEVER, "not the user's", item);
	item = good(), item.public_key = slice_of(KEY, sizeof KEY - 1);
	expect(CHECK_NEVER, "not the user's", item);
	item = good(), item.extra_data = slice_of("\0", 1);
	expect(CHECK_NEVER, "not the user's", item);
	item = good(), item.allowed_contracts.n = 1;
	expect(CHECK_NEVER, "not the user's", item);
	item = good(), C.decryption.address.b[1] ^= 1;
	expect(CHECK_NEVER, "not the user's", item);
}

static void delegates_read_what_its_owner_gave_them(void **state)
{
	queue_item item = good();

	(void)state;
	OWNER[1] = (eth_address){ { 0x0e } };                             /* owners are not signed: the chain knows them */
	expect(CHECK_GO, "", item);
	atomic_store(&WEB.says[READ_DELEGATED], false);
	expect(CHECK_LATER, "isHandleDelegatedForUserDecryption(address,address,address,bytes32) says no for 0xa1", item);
}

static void one_of_the_allowed_contracts_must_have_a_right_to_each(void **state)
{
	(void)state;
	const queue_item item = good();
	WEB.denied[0] = DAPP[0], WEB.denials = 1;
	expect(CHECK_GO, "", item);
	WEB.denied[1] = DAPP[1], WEB.denials = 2;
	expect(CHECK_LATER, "none of the allowed contracts may read 0xa0", item);
	queue_item open = request();
	open.allowed_contracts.n = 0;                                     /* the user allowed all */
	expect(CHECK_GO, "", signed_by(open, USER));
}

static void a_request_that_cannot_be_is_never_answered(void **state)
{
	queue_item item = good();

	(void)state;
	HANDLE[1][29] = HOST + 1;
	expect(CHECK_NEVER, "of several chains", item);
	item = request(), DAPP[1] = WHO;
	expect(CHECK_NEVER, "the user is one of the allowed contracts", signed_by(item, USER));
	item = good(), item.owners.n = 1;
	expect(CHECK_NEVER, "2 handles, 1 owners", item);
	item = good(), item.contracts.n = 1;
	expect(CHECK_NEVER, "2 handles, 2 owners and 1 contracts", item);
	item = good(), OWNER_OF[0].n = 19;
	expect(CHECK_NEVER, "an address has 19 bytes", item);
	item = good(), item.handles.n = 0, item.owners.n = 0, item.contracts.n = 0;
	expect(CHECK_NEVER, "0 handles", item);
	static slice many[MAX_ITEM_LIST];
	item = good();
	for (size_t i = 0; i < COUNT(many); i++) many[i] = DAPP_OF[0];
	item.allowed_contracts = (store_list){ many, COUNT(many) };
	static slice handles[20], owners[20], contracts[20];
	for (size_t i = 0; i < 20; i++) handles[i] = HANDLE_OF[0], owners[i] = OWNER_OF[0], contracts[i] = CONTRACT_OF[0];
	item.handles = (store_list){ handles, 20 }, item.owners = (store_list){ owners, 20 }, item.contracts = (store_list){ contracts, 20 };
	expect(CHECK_NEVER, "questions", item);
}

static void chains_that_are_not_there_are_waited_for(void **state)
{
	(void)state;
	const queue_item item = good();
	atomic_store(&WEB.away, true);
	expect(CHECK_AWAY, "cannot be asked", item);
	atomic_store(&WEB.away, false), atomic_store(&WEB.reverts, true);
	expect(CHECK_LATER, "cannot be asked", item);
	atomic_store(&WEB.reverts, false);
	CHAIN.chain_id = HOST + 1;
	expect(CHECK_LATER, "host_chains", item);
}

static void what_holds_a_request_up_is_called_as_metrics_call_it(void **state)
{
	(void)state;
	atomic_store(&WEB.says[READ_ALLOWED], false);
	assert_int_equal(said_of(good()).type, CHECK_ACL);
	atomic_store(&WEB.says[READ_ALLOWED], true), atomic_store(&WEB.invalidated_before, START_S + 1);
	assert_int_equal(said_of(good()).type, CHECK_SIGNATURE);
	queue_item item = good();
	item.public_key.n--;
	assert_int_equal(said_of(item).type, CHECK_SIGNATURE);
	NOW_S = START_S - 5;
	assert_int_equal(said_of(good()).type, CHECK_SIGNATURE);
	NOW_S = START_S, atomic_store(&WEB.invalidated_before, 0), atomic_store(&WEB.away, true);
	assert_int_equal(said_of(good()).type, CHECK_NETWORK);
}

/* More requests than are asked for at once: each has the verdict that it has alone. */
static void a_large_batch_is_asked_in_parts(void **state)
{
	enum { N = 40, WIDE = 200 };
	static slice handles[WIDE], owners[WIDE], contracts[WIDE];
	static queue_item items[N];
	checked *out = calloc(N, sizeof *out);
	checks *k = NULL;

	(void)state;
	assert_non_null(out);
	for (size_t i = 0; i < N; i++) {
		items[i] = good();
		items[i].handles = (store_list){ handles, WIDE }, items[i].owners = (store_list){ owners, WIDE }, items[i].contracts = (store_list){ contracts, WIDE };
		if (i == 7 || i == N - 1) items[i].owners.n--;
	}
	for (size_t i = 0; i < WIDE; i++) handles[i] = HANDLE_OF[0], owners[i] = OWNER_OF[0], contracts[i] = CONTRACT_OF[0];
	assert_ok(checks_new(&k, &C, &CLOCK, &STOP));
	assert_ok(checks_run(k, out, items, N));
	for (size_t i = 0; i < N; i++) assert_int_equal(out[i].verdict, i == 7 || i == N - 1 ? CHECK_NEVER : CHECK_GO);
	checks_free(&k);
	free(out);
}

#define WORLD(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
TESTS(WORLD(users_read_what_is_theirs), WORLD(a_request_has_its_time), WORLD(what_the_user_took_back_is_not_read),
      WORLD(a_signature_of_anybody_else_is_the_users_only_if_the_user_is_a_contract_that_takes_it), WORLD(everything_that_matters_is_signed),
      WORLD(delegates_read_what_its_owner_gave_them), WORLD(one_of_the_allowed_contracts_must_have_a_right_to_each),
      WORLD(a_request_that_cannot_be_is_never_answered), WORLD(chains_that_are_not_there_are_waited_for),
      WORLD(what_holds_a_request_up_is_called_as_metrics_call_it), WORLD(a_large_batch_is_asked_in_parts))
