/* SPDX-License-Identifier: MIT */
/* tests/connector/checks_test.c -- what contracts say, and what that means for requests. */
#include "connector/checks.h"
#include "evm/kms712.h"
#include "tests/connector/fake_kms.h"
#include "tests/evm/connector_vectors.h"
#include "tests/kat/kat.h"

enum { GATEWAY = 54321 };

/* Whose calldata were recorded. */
#define RECORDED { { 0x87, 0xa5, 0xb1, 0x15, 0x2a, 0xa5, 0x17, 0x28, 0x25, 0x8d, 0xbc, 0x1a, 0xa5, 0x4b, 0x6a, 0x83, 0xdc, 0xd1, 0xd3, 0xdd } }

static fake_web WEB, SECOND;
static connector_config C;
static host_chain_config HOST[2];
static char *GATEWAY_URL[1], gateway_url[96], host_url[2][96];
static int64_t NOW_MS = 1000000;
static int64_t now_ms(void *ctx) { (void)ctx; return NOW_MS; }
static const clock_source CLOCK = { NULL, now_ms, now_ms };
static atomic_bool STOP;

static void host_chain(size_t i, uint64_t id)
{
	snprintf(host_url[i], sizeof host_url[i], "%s/rpc/%ju", WEB.url, (uintmax_t)id);
	HOST[i] = (host_chain_config){ .url = host_url[i], .chain_id = (int64_t)id, .acl = { { 0xac, (uint8_t)i } } };
}

static int start(void **state)
{
	(void)state;
	fake_web_start(&WEB);
	snprintf(gateway_url, sizeof gateway_url, "%s/rpc/%d", WEB.url, GATEWAY);
	GATEWAY_URL[0] = gateway_url;
	C = (connector_config){ .profile = &PROFILE_GATEWAY, .gateway_url = { GATEWAY_URL, 1 }, .gateway_chain_id = GATEWAY,
	                        .decryption = { .address = RECORDED, .domain_name = (char *)(uintptr_t)"Decryption", .domain_version = (char *)(uintptr_t)"1" },
	                        .gateway_config = { .address = { { 0xc1 } } }, .worker = { .host_timeout = 60000, .host_chains = { HOST, 2 } } };
	C.generation = C.decryption;
	WEB.signer = (eth_address){ { 0x51 } };
	return 0;
}

static int stop(void **state)
{
	(void)state;
	fake_web_stop(&WEB);
	return 0;
}

/* Back to where everything is allowed. */
static int afresh(void **state)
{
	(void)state;
	for (call_read k = 0; k < N_CALL_READS; k++) atomic_store(&WEB.says[k], k != READ_DECRYPTION_DONE);
	atomic_store(&WEB.away, false), atomic_store(&WEB.garbage, false), atomic_store(&WEB.reverts, false), atomic_store(&WEB.tx_known, true);
	host_chain(0, 7), host_chain(1, 8);
	NOW_MS += 3600000;
	return 0;
}

/* With the sentence, which must have these words. */
static void expect(check_verdict verdict, const char *words, const queue_item *item)
{
	static checked out;
	checks *k = NULL;

	assert_ok(checks_new(&k, &C, &CLOCK, &STOP));
	assert_ok(checks_run(k, &out, item, 1));
	checks_free(&k);
	if (out.verdict != verdict || !strstr(out.why, words)) fail_msg("%d: %s; not %d: %s", (int)out.verdict, out.why, (int)verdict, words);
	if (verdict != CHECK_GO)
		assert_int_equal(out.type, verdict == CHECK_AWAY ? CHECK_NETWORK : strstr(words, "sign") ? CHECK_SIGNATURE : CHECK_ACL);
}

/* ---- the public ------------------------------------------------------------------------------------------------- */

static queue_item public_of(uint64_t chain)
{
	static uint8_t handle[2][32];
	static const slice HANDLES[2] = { { handle[0], 32 }, { handle[1], 32 } };

	for (size_t i = 0; i < 2; i++) handle[i][0] = (uint8_t)(0xa0 + i), handle[i][29] = (uint8_t)chain;
	return (queue_item){ .kind = QUEUE_PUBLIC_DECRYPTION, .id = { { 1, [31] = 1 } }, .handles = { HANDLES, 2 } };
}

static void what_the_acl_allows_is_decrypted_for_the_public(void **state)
{
	const queue_item item = public_of(8);

	(void)state;
	expect(CHECK_GO, "", &item);
	atomic_store(&WEB.says[READ_ALLOWED_FOR_DECRYPTION], false);
	expect(CHECK_LATER, "isAllowedForDecryption(bytes32) says no for 0xa0", &item);
}

static void what_was_answered_is_done_whatever_else(void **state)
{
	const queue_item item = public_of(7), unknown = public_of(9);

	(void)state;
	atomic_store(&WEB.says[READ_DECRYPTION_DONE], true);
	expect(CHECK_DONE, "answered already", &item);
	expect(CHECK_DONE, "answered already", &unknown);
	atomic_store(&WEB.says[READ_ALLOWED_FOR_DECRYPTION], false);
	expect(CHECK_DONE, "answered already", &item);
}

/* Of two that must agree one allows what is not allowed. */
static void the_acl_is_believed_where_as_many_providers_say_so_as_must(void **state)
{
	const queue_item item = public_of(7);
	char *const gateways[2] = { gateway_url, gateway_url };
	const connector_config before = C;
	const size_t n = strlen(host_url[0]);

	(void)state;
	fake_web_start(&SECOND);
	snprintf(host_url[0] + n, sizeof host_url[0] - n, "|%s/rpc/7", SECOND.url);
	atomic_store(&SECOND.says[READ_ALLOWED_FOR_DECRYPTION], false);
	expect(CHECK_GO, "", &item);
	C.providers_agree = 2;
	C.gateway_url = (config_list){ (char **)(uintptr_t)gateways, 2 };
	expect(CHECK_AWAY, "says otherwise", &item);
	atomic_store(&SECOND.says[READ_ALLOWED_FOR_DECRYPTION], true);
	expect(CHECK_GO, "", &item);
	fake_web_stop(&SECOND);
	expect(CHECK_AWAY, "cannot be asked", &item);
	C = before;
}

static void a_chain_that_is_not_configured_waits(void **state)
{
	const queue_item item = public_of(9);

	(void)state;
	expect(CHECK_LATER, "host_chains", &item);
}

static void providers_that_fail_are_asked_later(void **state)
{
	const queue_item item = public_of(7);

	(void)state;
	atomic_store(&WEB.away, true);
	expect(CHECK_AWAY, "cannot be asked", &item);
	atomic_store(&WEB.away, false), atomic_store(&WEB.garbage, true);
	expect(CHECK_AWAY, "cannot be asked", &item);
	atomic_store(&WEB.garbage, false), atomic_store(&WEB.reverts, true);
	expect(CHECK_LATER, "cannot be asked", &item);
	atomic_store(&WEB.reverts, false);
	snprintf(host_url[0], sizeof host_url[0], "%s/rpc/%d", WEB.url, 8);          /* answers, but for another chain */
	expect(CHECK_AWAY, "", &item);
}

static void a_request_without_handles_is_never_answered(void **state)
{
	queue_item item = public_of(7);

	(void)state;
	item.handles.n = 0;
	expect(CHECK_NEVER, "0 handles", &item);
}

static void a_batch_has_a_verdict_for_each(void **state)
{
	static checked out[4];
	queue_item items[4] = { public_of(7), public_of(7), { .kind = QUEUE_CRSGEN }, public_of(7) };
	checks *k = NULL;

	(void)state;
	items[1].handles.n = 0;
	assert_ok(checks_new(&k, &C, &CLOCK, &STOP));
	const unsigned before = atomic_load(&WEB.posts);
	assert_ok(checks_run(k, out, items, 4));
	assert_true(atomic_load(&WEB.posts) - before <= 6);
	assert_int_equal(out[0].verdict, CHECK_GO), assert_int_equal(out[1].verdict, CHECK_NEVER);
	assert_int_equal(out[2].verdict, CHECK_GO), assert_int_equal(out[3].verdict, CHECK_GO);
	checks_free(&k);
}

/* ---- users ------------------------------------------------------------------------------------------------------ */

/* The request that these calldata make, and a chain on which they stand. */
static queue_item user_of(slice calldata)
{
	static uint8_t handle[8][32], user[20], key[2048], extra[32];
	static slice handles[8];
	arena a = arena_with_limit(1 << 20);
	call_user_request asked;

	assert_ok(call_user_request_read(&asked, &a, calldata));
	assert_in_range(asked.n, 1, 8);
	for (size_t i = 0; i < asked.n; i++) memcpy(handle[i], asked.pair[i].handle.b, 32), handles[i] = slice_of(handle[i], 32);
	memcpy(user, asked.user.b, sizeof user);
	assert_true(asked.public_key.n <= sizeof key && asked.extra_data.n <= sizeof extra);
	memcpy(key, asked.public_key.p, asked.public_key.n);
	memcpy(extra, asked.extra_data.p, asked.extra_data.n);
	for (size_t i = 0; i < size_min(asked.n, COUNT(HOST)); i++) {
		uint64_t chain = 0;
		for (size_t b = 22; b < 30; b++) chain = chain << 8 | handle[i][b];
		host_chain(i, chain);
	}
	buf_clear(&WEB.tx_input);
	buf_put_slice(&WEB.tx_input, calldata);
	WEB.tx_to = C.decryption.address;
	const queue_item item = { .kind = QUEUE_USER_DECRYPTION, .id = { { 2, [31] = 1 } }, .handles = { handles, asked.n },
	                          .user = slice_of(user, sizeof user), .place.tx_hash = { { 0x77 } },
	                          .public_key = slice_of(key, asked.public_key.n), .extra_data = slice_of(extra, asked.extra_data.n) };
	arena_free(&a);
	return item;
}

static queue_item direct(void)
{
	json_t *all = json_vector("connector/v0.11-seed/requests_txs.json");
	AUTO(buf) data = json_hex_of(json_array_get(all, 2), "data");
	const queue_item item = user_of(buf_slice(&data));
	json_decref(all);
	return item;
}

enum { WORD = 32, DELEGATE_AT = 4 * WORD, HANDLE_AT = 10 * WORD };

static uint8_t *word_of(buf *calldata, size_t at) { return calldata->p + 4 + at; }

/* Handles of the chain that the contracts are of, and a delegate who signs. */
static queue_item delegated(void)
{
	AUTO(buf) data = kat_data_of("kms_v015.kat", "delegated request");
	const uint8_t bytes[SECP_SK] = { [31] = 99 };
	arena a = arena_with_limit(1 << 20);
	call_user_request asked;
	signer *delegate;
	secp_sk sk;

	assert_ok(secp_sk_read(&sk, bytes));
	assert_ok(signer_new(&delegate, &sk, test_rng()));
	memcpy(word_of(&data, DELEGATE_AT) + 12, signer_address(delegate)->b, 20);
	for (size_t i = 0; i < 2; i++) {
		uint8_t *chain = word_of(&data, HANDLE_AT + 2 * i * WORD) + 22;
		memset(chain, 0, 6), chain[6] = 2025 >> 8, chain[7] = 2025 & 255;
	}
	assert_ok(call_user_request_read(&asked, &a, buf_slice(&data)));
	const eip712_domain d = { .name = slice_str("Decryption"), .version = slice_str("1"), .chain_id = abi_u64(asked.chain_id), .contract = C.decryption.address };
	const hash32 digest = kms712_user_request_v011(&d, asked.public_key, asked.contract, asked.contracts, &asked.delegator, &asked.start,
	                                               &asked.days, asked.extra_data);
	const secp_rsig s = sign_external(delegate, &digest);
	memcpy(data.p + (asked.signature.p - data.p), s.b, sizeof s.b);
	signer_free(&delegate);
	arena_free(&a);
	return user_of(buf_slice(&data));
}

static void users_read_what_they_and_the_contract_are_allowed(void **state)
{
	const queue_item item = direct();

	(void)state;
	expect(CHECK_GO, "", &item);
	atomic_store(&WEB.says[READ_DELEGATED], false);                   /* nobody asks */
	expect(CHECK_GO, "", &item);
	atomic_store(&WEB.says[READ_ALLOWED], false);
	expect(CHECK_LATER, "says no for 0x", &item);
}

static void delegates_read_what_was_delegated_to_them(void **state)
{
	const queue_item item = delegated();

	(void)state;
	expect(CHECK_GO, "", &item);
	atomic_store(&WEB.says[READ_DELEGATED], false);
	expect(CHECK_LATER, CALL_READS[READ_DELEGATED].signature, &item);
	atomic_store(&WEB.says[READ_DELEGATED], true), atomic_store(&WEB.says[READ_ALLOWED], false);
	expect(CHECK_LATER, CALL_READS[READ_ALLOWED].signature, &item);
}

static void a_transaction_that_is_not_there_yet_is_waited_for(void **state)
{
	const queue_item item = direct();

	(void)state;
	atomic_store(&WEB.tx_known, false);
	expect(CHECK_LATER, "does not know it", &item);
	atomic_store(&WEB.away, true);
	expect(CHECK_AWAY, "not to be had", &item);
}

static void a_chain_that_is_away_is_waited_for_once_a_batch(void **state)
{
	static checked out[20];
	queue_item items[20];
	checks *k = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(items); i++) items[i] = direct();
	atomic_store(&WEB.away, true);
	assert_ok(checks_new(&k, &C, &CLOCK, &STOP));
	const unsigned before = atomic_load(&WEB.posts);
	assert_ok(checks_run(k, out, items, COUNT(items)));
	assert_true(atomic_load(&WEB.posts) - before <= 2);
	for (size_t i = 0; i < COUNT(items); i++) assert_int_equal(out[i].verdict, CHECK_AWAY);
	checks_free(&k);
}

/* A contract between could show the rights of one user, and have asked for another. */
static void calldata_of_another_contract_or_user_count_for_nothing(void **state)
{
	static uint8_t thief[20] = { 0x66 };
	queue_item item = direct();

	(void)state;
	WEB.tx_to.b[19] ^= 1;
	expect(CHECK_NEVER, "not to the contract of decryptions", &item);
	WEB.tx_to.b[19] ^= 1;
	item.user = slice_of(thief, sizeof thief);
	expect(CHECK_NEVER, "another user", &item);
	item = delegated();
	item.user = slice_of(thief, sizeof thief);
	expect(CHECK_NEVER, "another user", &item);
}

/* A provider that lies can put another key into a request that a user has made; what the user has signed it cannot. */
static void nobody_reads_with_a_key_that_the_user_did_not_sign(void **state)
{
	static uint8_t key[33] = { 0x66 };
	queue_item (*const of[2])(void) = { direct, delegated };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		queue_item item = of[i]();
		item.public_key = slice_of(key, sizeof key);
		expect(CHECK_NEVER, "another key", &item);
		item = of[i]();
		item.extra_data = slice_of(key, 2);
		expect(CHECK_NEVER, "other extra data", &item);
		item = of[i]();                                               /* in the calldata, too */
		uint8_t *own = memmem(WEB.tx_input.p, WEB.tx_input.n, item.public_key.p, item.public_key.n), *same = (uint8_t *)(uintptr_t)item.public_key.p;
		assert_non_null(own);
		own[3] ^= 1, same[3] ^= 1;
		expect(CHECK_NEVER, "signature", &item);
	}
}

/* What was signed for some contracts of one chain says nothing of others. */
static void a_signature_is_good_for_the_contracts_that_it_names(void **state)
{
	queue_item item = delegated();

	(void)state;
	word_of(&WEB.tx_input, HANDLE_AT + WORD)[12] ^= 1;
	expect(CHECK_NEVER, "the user did not name", &item);
	item = delegated();
	uint8_t *handle = word_of(&WEB.tx_input, HANDLE_AT), *same = (uint8_t *)(uintptr_t)item.handles.item[0].p;
	handle[29] ^= 1, same[29] ^= 1;
	host_chain(0, 2025 ^ 1), host_chain(1, 2025);
	expect(CHECK_NEVER, "of another chain", &item);
}

static void calldata_that_are_wrong_fail_the_request(void **state)
{
	queue_item item = direct();
	static uint8_t other[32] = { 0xee };
	static const slice OTHER = { other, sizeof other };

	(void)state;
	item.handles = (store_list){ &OTHER, 1 };
	expect(CHECK_NEVER, "other handles", &item);
	item = direct();
	WEB.tx_input.p[0] ^= 1;
	expect(CHECK_NEVER, "no request for a user", &item);
	WEB.tx_input.n = 100;
	WEB.tx_input.p[0] ^= 1;
	expect(CHECK_NEVER, "no request for a user", &item);
	buf_clear(&WEB.tx_input);
	expect(CHECK_NEVER, "no request for a user", &item);
}

/* ---- signers and buckets ---------------------------------------------------------------------------------------- */

static void signers_are_read_again_and_kept_while_the_chain_is_away(void **state)
{
	static ask_signers s;
	checks *k = NULL;

	(void)state;
	assert_ok(checks_new(&k, &C, &CLOCK, &STOP));
	atomic_store(&WEB.away, true);
	assert_err(ERR_IO, checks_signers(k, &s));
	atomic_store(&WEB.away, false);
	NOW_MS += 120000;
	WEB.signers = 0;
	assert_err(ERR_STATE, checks_signers(k, &s));
	WEB.signers = 1;
	assert_ok(checks_signers(k, &s));
	assert_int_equal(s.n, 1), assert_int_equal(s.address[0].b[0], 0x51);
	const unsigned before = atomic_load(&WEB.posts);
	assert_ok(checks_signers(k, &s));
	assert_int_equal(atomic_load(&WEB.posts), before);
	atomic_store(&WEB.away, true);
	NOW_MS += 61000;
	assert_ok(checks_signers(k, &s));
	const unsigned tried = atomic_load(&WEB.posts);
	assert_ok(checks_signers(k, &s));                                 /* not at every turn */
	assert_int_equal(atomic_load(&WEB.posts), tried);
	atomic_store(&WEB.away, false);
	WEB.signer.b[0] = 0x52;
	NOW_MS += 61000;
	assert_ok(checks_signers(k, &s));
	assert_int_equal(s.address[0].b[0], 0x52);
	checks_free(&k);
}

/* However often that happens: the list is read no more than every few seconds. */
static void signers_are_read_again_soon_when_somebody_else_signs(void **state)
{
	static ask_signers s;
	checks *k = NULL;

	(void)state;
	WEB.signer.b[0] = 0x51;
	assert_ok(checks_new(&k, &C, &CLOCK, &STOP));
	assert_ok(checks_signers(k, &s));
	WEB.signer.b[0] = 0x52;
	checks_doubt_signers(k);
	NOW_MS += 4999;
	assert_ok(checks_signers(k, &s));
	assert_int_equal(s.address[0].b[0], 0x51);
	NOW_MS += 1;
	assert_ok(checks_signers(k, &s));
	assert_int_equal(s.address[0].b[0], 0x52);
	NOW_MS += 20000;
	atomic_store(&WEB.away, true);
	checks_doubt_signers(k);
	assert_ok(checks_signers(k, &s));
	const unsigned tried = atomic_load(&WEB.posts);
	checks_doubt_signers(k);
	assert_ok(checks_signers(k, &s));
	assert_int_equal(atomic_load(&WEB.posts), tried);
	atomic_store(&WEB.away, false);
	WEB.signer.b[0] = 0x51;
	NOW_MS += 5000;
	assert_ok(checks_signers(k, &s));
	assert_int_equal(s.address[0].b[0], 0x51);
	checks_free(&k);
}

/* ---- domains ---------------------------------------------------------------------------------------------------- */

static void put_text(buf *out, const char *s)
{
	const abi_word n = abi_u64(strlen(s));
	const size_t from = out->n + ABI_WORD;

	buf_put(out, n.b, sizeof n.b);
	buf_put_str(out, s);
	while ((out->n - from) % ABI_WORD) buf_put_u8(out, 0);
}

/* As contracts have it: members, name, version, chain, contract, salt, extensions. */
static void contract_says(const char *name, const char *version, uint64_t chain)
{
	const abi_word words[] = { { { 0x0f } }, abi_u64(7 * ABI_WORD), abi_u64(9 * ABI_WORD), abi_u64(chain), abi_address(&C.decryption.address),
	                           { { 0 } }, abi_u64(11 * ABI_WORD) };

	buf_clear(&WEB.domain);
	for (size_t i = 0; i < COUNT(words); i++) buf_put(&WEB.domain, words[i].b, ABI_WORD);
	put_text(&WEB.domain, name);
	put_text(&WEB.domain, version);
	put_text(&WEB.domain, "");
}

static void contracts_that_check_under_another_domain_are_told_from_ours(void **state)
{
	static const struct { const char *name, *version; uint64_t chain; const char *says; } ROWS[] = {
		{ "Decryptioff", "1", GATEWAY, "decryption_contract: the contract checks signatures as \"Decryptioff\" version \"1\" on chain 54321" },
		{ "Decryption", "2", GATEWAY, "version \"2\"" }, { "Decryption", "1", 5, "on chain 5 at 0x" }, { "D\x1b[2J", "1", GATEWAY, "\"D?[2J\"" },
	};
	checks *k = NULL;

	(void)state;
	assert_ok(checks_new(&k, &C, &CLOCK, &STOP));
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		contract_says(ROWS[i].name, ROWS[i].version, ROWS[i].chain);
		NOW_MS += 6000;
		assert_int_equal(checks_domains(k), ERR_STATE);
		if (!strstr(err_text(), ROWS[i].says)) fail_msg("%s: %s", ROWS[i].says, err_text());
		assert_non_null(strstr(err_text(), "the configuration says \"Decryption\" version \"1\" on chain 54321 at 0x"));
		err_clear();
	}
	const unsigned asked = atomic_load(&WEB.posts);
	assert_err(ERR_STATE, checks_domains(k));                          /* not at every turn */
	assert_int_equal(atomic_load(&WEB.posts), asked);
	NOW_MS += 6000;
	atomic_store(&WEB.no_contracts, true);
	assert_int_equal(checks_domains(k), ERR_STATE);
	assert_non_null(strstr(err_text(), "decryption_contract.address: there is no contract at 0x"));
	atomic_store(&WEB.no_contracts, false);
	atomic_store(&WEB.away, true);
	NOW_MS += 6000;
	assert_err(ERR_IO, checks_domains(k));
	atomic_store(&WEB.away, false);
	contract_says("Decryption", "1", GATEWAY);
	NOW_MS += 6000;
	assert_ok(checks_domains(k));
	contract_says("Other", "1", GATEWAY);
	assert_ok(checks_domains(k));                                      /* it was right: not asked again */
	checks_free(&k);
}

static void of_the_later_profile_protocol_config_is_asked_too(void **state)
{
	const connector_config before = C;
	checks *k = NULL;

	(void)state;
	C.profile = &PROFILE_V015, C.ethereum_url = C.gateway_url, C.ethereum_chain_id = GATEWAY;
	C.generation = C.protocol_config = C.decryption;
	contract_says("Decryption", "1", GATEWAY);
	assert_ok(checks_new(&k, &C, &CLOCK, &STOP));
	assert_ok(checks_domains(k));
	checks_free(&k);
	C.protocol_config.address.b[3] ^= 1;
	assert_ok(checks_new(&k, &C, &CLOCK, &STOP));
	assert_int_equal(checks_domains(k), ERR_STATE);
	assert_non_null(strstr(err_text(), "protocol_config_contract: the contract checks signatures as"));
	err_clear();
	checks_free(&k);
	C = before;
}

static void a_contract_that_does_not_tell_its_domain_is_believed(void **state)
{
	checks *k = NULL;

	(void)state;
	buf_clear(&WEB.domain);
	assert_ok(checks_new(&k, &C, &CLOCK, &STOP));
	atomic_store(&WEB.reverts, true);
	assert_ok(checks_domains(k));
	checks_free(&k);
	atomic_store(&WEB.reverts, false);
	assert_ok(checks_new(&k, &C, &CLOCK, &STOP));
	assert_ok(checks_domains(k));                                      /* a word is no domain */
	checks_free(&k);
}

static void buckets_are_read_once_for_each_coprocessor(void **state)
{
	const uint8_t who[40] = { 0xc0, [20] = 0xc1 };
	const queue_material m = { .coprocessors = { who, sizeof who } };
	const char *url[4];
	checks *k = NULL;
	size_t n = COUNT(url);

	(void)state;
	assert_ok(checks_new(&k, &C, &CLOCK, &STOP));
	assert_ok(checks_buckets(k, url, &n, &m));
	assert_int_equal(n, 2);
	assert_string_equal(url[1], WEB.bucket);
	const unsigned before = atomic_load(&WEB.posts);
	n = 1;
	assert_ok(checks_buckets(k, url, &n, &m));
	assert_int_equal(n, 1);
	assert_int_equal(atomic_load(&WEB.posts), before);
	checks_free(&k);
	assert_ok(checks_new(&k, &C, &CLOCK, &STOP));
	atomic_store(&WEB.away, true);
	n = COUNT(url);
	assert_err(ERR_IO, checks_buckets(k, url, &n, &m));
	assert_int_equal(n, 0);
	checks_free(&k);
}

#define FRESH(f) cmocka_unit_test_setup(f, afresh)
static const struct CMUnitTest ALL[] = {
	FRESH(what_the_acl_allows_is_decrypted_for_the_public), FRESH(what_was_answered_is_done_whatever_else),
	FRESH(the_acl_is_believed_where_as_many_providers_say_so_as_must), FRESH(a_chain_that_is_not_configured_waits), FRESH(providers_that_fail_are_asked_later), FRESH(a_request_without_handles_is_never_answered),
	FRESH(a_batch_has_a_verdict_for_each), FRESH(users_read_what_they_and_the_contract_are_allowed),
	FRESH(delegates_read_what_was_delegated_to_them), FRESH(a_transaction_that_is_not_there_yet_is_waited_for),
	FRESH(a_chain_that_is_away_is_waited_for_once_a_batch),
	FRESH(calldata_of_another_contract_or_user_count_for_nothing), FRESH(nobody_reads_with_a_key_that_the_user_did_not_sign),
	FRESH(a_signature_is_good_for_the_contracts_that_it_names), FRESH(calldata_that_are_wrong_fail_the_request),
	FRESH(signers_are_read_again_and_kept_while_the_chain_is_away), FRESH(signers_are_read_again_soon_when_somebody_else_signs),
	FRESH(contracts_that_check_under_another_domain_are_told_from_ours),
	FRESH(of_the_later_profile_protocol_config_is_asked_too), FRESH(a_contract_that_does_not_tell_its_domain_is_believed), FRESH(buckets_are_read_once_for_each_coprocessor),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, ALL, COUNT(ALL), start, stop);
}
