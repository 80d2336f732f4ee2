/* SPDX-License-Identifier: MIT */
#include "tests/delegate/clock.h"
#include "tests/delegate/known.h"
#include "tests/delegate/reader.h"
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"

enum { OTHER_CHAIN = 421614 };

/* A deployment with two chains, a gateway, and a reader. */
typedef struct world {
	json_t *known;
	signer *wallet, *gateway;
	rsa_sk *reader;
	buf     spki;
	delegate_kms *kms;
	delegate_ask ask;              /* of the known ciphertext, by our reader */
} world;

static void open_world(world *w, size_t chains)
{
	*w = (world){ .known = known_vector() };
	w->wallet = known_signer(w->known, "kmsWalletPriv");
	w->gateway = known_signer(w->known, "gatewayWalletPriv");
	delegate_chain chain[2] = {
		{ KNOWN_CHAIN, known_address(w->known, "gatewayAddress"), known_sk(w->known, "kmsEccPriv"), KEY_ACTIVE, false },
		{ OTHER_CHAIN, known_address(w->known, "gatewayAddress"), known_sk(w->known, "kmsWalletPriv"), KEY_ACTIVE, false },
	};
	assert_ok(delegate_kms_new(&w->kms, chain, chains, w->wallet, test_rng()));
	w->reader = reader_key(&w->spki);
	w->ask = (delegate_ask){ .chain_id = KNOWN_CHAIN, .text = TYPED_AS_SENT, .spki = buf_slice(&w->spki) };
	json_bytes_of(w->ask.K.b, sizeof w->ask.K.b, json_member(w->known, "ecies"), "K");
}

static void close_world(world *w)
{
	delegate_kms_free(&w->kms);
	signer_free(&w->wallet);
	signer_free(&w->gateway);
	rsa_sk_free(&w->reader);
	buf_free(&w->spki);
	json_decref(w->known);
}

/* What the KMS says, asked with these texts. */
static unsigned tell(world *w, buf *out, const char *chain, const char *salt, const char *authorization, slice body)
{
	const delegate_call c = {
		.chain_id = chain, .salt = salt, .authorization = authorization, .content_type = "application/json", .body = body,
	};
	buf_clear(out);
	return delegate_answer(w->kms, out, &c);
}

static unsigned tell_ask(world *w, buf *out, const delegate_ask *a, const char *chain, const char *salt)
{
	AUTO(buf) body = { 0 }, authorization = { 0 };

	delegate_ask_body(&body, a);
	delegate_ask_authorization(&authorization, a, w->gateway);
	return tell(w, out, chain, salt, buf_str(&authorization), buf_slice(&body));
}

/* The answer is for this request, and the secret in it is the known one. */
static void check_answer(world *w, const delegate_ask *a, const buf *answer)
{
	AUTO(buf) sealed = { 0 };
	uint8_t x[ECIES_X], expected[ECIES_X];

	assert_ok(delegate_reply_read(&sealed, a, signer_address(w->wallet), buf_slice(answer)));
	assert_ok(rsa_open(x, sizeof x, w->reader, buf_slice(&sealed)));
	json_bytes_of(expected, sizeof expected, json_member(w->known, "ecies"), "sharedX");
	assert_memory_equal(x, expected, sizeof x);
}

static void says(const buf *answer, const char *what)
{
	AUTO(buf) sentence = { 0 };

	assert_true(delegate_error_read(&sentence, buf_slice(answer)));
	if (!strstr(buf_str(&sentence), what)) fail_msg("'%s' does not say '%s'", buf_str(&sentence), what);
}

/* ---- answers ------------------------------------------------------------------------------------------------- */

static void each_profile_is_recognised_by_what_verifies_and_answered_alike(void **state)
{
	static const char SALT[] = "0x2222222222222222222222222222222222222222222222222222222222222222";
	static const uint8_t zeros[DOMAIN_SALT];
	AUTO(buf) answer = { 0 };
	uint8_t salt[DOMAIN_SALT];
	world w;

	(void)state;
	open_world(&w, 1);
	memset(salt, 0x22, sizeof salt);
	/* A and B in turns, since the KMS remembers what it saw last. */
	for (unsigned i = 0; i < 6; i++) {
		delegate_ask a = w.ask;
		a.text = i % 2 ? TYPED_BARE : TYPED_AS_SENT;
		assert_int_equal(tell_ask(&w, &answer, &a, i % 3 ? "31337" : NULL, NULL), 200);
		check_answer(&w, &a, &answer);

		/* It is no answer of another profile. */
		AUTO(buf) none = { 0 };
		delegate_ask other = a;
		other.text = a.text == TYPED_BARE ? TYPED_AS_SENT : TYPED_BARE;
		assert_err(ERR_REQUEST, delegate_reply_read(&none, &other, signer_address(w.wallet), buf_slice(&answer)));
		other = a, other.salt = zeros;
		assert_err(ERR_REQUEST, delegate_reply_read(&none, &other, signer_address(w.wallet), buf_slice(&answer)));
	}
	delegate_ask c = w.ask;
	c.salt = salt;
	assert_int_equal(tell_ask(&w, &answer, &c, "31337", SALT), 200);
	check_answer(&w, &c, &answer);
	c.salt = zeros;
	AUTO(buf) none = { 0 };
	assert_err(ERR_REQUEST, delegate_reply_read(&none, &c, signer_address(w.wallet), buf_slice(&answer)));
	close_world(&w);
}

static void requests_that_a_real_gateway_signed_are_answered(void **state)
{
	static const char *const FORMS[] = { "prefixed", "noprefix" };
	AUTO(buf) answer = { 0 };
	world w;

	(void)state;
	open_world(&w, 1);
	json_t *v = json_member(w.known, "delegateAuthorization");
	char *text = json_dumps(json_member(v, "message"), 0);
	for (size_t i = 0; i < COUNT(FORMS); i++) {
		AUTO(buf) header = { 0 };
		buf_printf(&header, "Bearer %s", json_string_value(json_member(json_member(v, FORMS[i]), "signature")));
		assert_int_equal(tell(&w, &answer, "31337", NULL, buf_str(&header), slice_str(text)), 200);
	}
	free(text);
	close_world(&w);
}

static void the_public_key_is_the_known_one_with_its_proof(void **state)
{
	AUTO(buf) answer = { 0 }, expected = { 0 };
	eth_address by;
	secp_pk pk;
	world w;

	(void)state;
	open_world(&w, 1);
	json_t *proof = json_member(w.known, "publicKeyProof");
	static const char *const FORMS[] = { "profile_2026_01_noprefix", "profile_prefixed" };
	for (unsigned prefixed = 0; prefixed < 2; prefixed++) {
		buf_clear(&answer), buf_clear(&expected);
		buf_printf(&expected, "{\"publicKey\":\"%s\",\"proof\":\"%s\"}", json_string_value(json_member(w.known, "kmsPublicKey")),
		           json_string_value(json_member(json_member(proof, FORMS[prefixed]), "signature")));
		assert_int_equal(delegate_public_key(w.kms, &answer, prefixed ? "31337" : NULL, prefixed), 200);
		assert_string_equal(buf_str(&answer), buf_str(&expected));
	}
	buf_clear(&answer);
	assert_int_equal(delegate_public_key(w.kms, &answer, NULL, false), 200);
	assert_ok(public_key_reply_read(&pk, &by, KNOWN_CHAIN, buf_slice(&answer)));
	assert_true(eth_address_eq_var(by, known_address(w.known, "kmsSigner")));
	assert_ok(public_key_reply_read(&pk, &by, KNOWN_CHAIN + 1, buf_slice(&answer)));       /* somebody else's proof */
	assert_false(eth_address_eq_var(by, known_address(w.known, "kmsSigner")));
	buf_clear(&answer);
	assert_int_equal(delegate_public_key(w.kms, &answer, "1", false), 400);
	says(&answer, "chain 1 is not served here");
	buf_clear(&answer);
	assert_int_equal(delegate_public_key(w.kms, &answer, "one", false), 400);
	says(&answer, "chain_id is not");
	close_world(&w);
}

static void chains_have_keys_of_their_own_and_must_be_named_if_there_are_several(void **state)
{
	AUTO(buf) answer = { 0 }, sealed = { 0 };
	uint8_t x[ECIES_X];
	shared_x expected;
	world w;

	(void)state;
	open_world(&w, 2);
	assert_int_equal(tell_ask(&w, &answer, &w.ask, NULL, NULL), 400);
	says(&answer, "several chains");
	assert_int_equal(tell_ask(&w, &answer, &w.ask, "7", NULL), 400);
	says(&answer, "chain 7");
	assert_int_equal(tell(&w, &answer, "7", NULL, "", slice_str("{\"ephemeralPubKey\":\"0x\",\"targetPubKey\":\"0x\"}")), 400);
	says(&answer, "chain 7");                             /* before who asks is looked at */
	assert_int_equal(tell(&w, &answer, "31337", NULL, "", slice_str("{\"ephemeralPubKey\":\"0x\",\"targetPubKey\":\"0x\"}")), 401);
	says(&answer, "Authorization header is missing");
	assert_int_equal(tell(&w, &answer, "31337", NULL, "", (slice){ 0 }), 400);
	says(&answer, "the body is empty");
	assert_int_equal(tell_ask(&w, &answer, &w.ask, "421614", NULL), 401);      /* signed for the other chain */
	assert_int_equal(tell_ask(&w, &answer, &w.ask, "31337", NULL), 200);
	check_answer(&w, &w.ask, &answer);

	delegate_ask a = w.ask;
	a.chain_id = OTHER_CHAIN;
	assert_int_equal(tell_ask(&w, &answer, &a, "421614", NULL), 200);
	assert_ok(delegate_reply_read(&sealed, &a, signer_address(w.wallet), buf_slice(&answer)));
	assert_ok(rsa_open(x, sizeof x, w.reader, buf_slice(&sealed)));
	const secp_sk d = known_sk(w.known, "kmsWalletPriv");
	assert_ok(ecies_shared(&expected, &d, slice_of(a.K.b, sizeof a.K.b)));
	assert_memory_equal(x, expected.b, sizeof x);
	close_world(&w);
}

/* ---- refusals ------------------------------------------------------------------------------------------------ */

static void only_the_gateways_low_signature_of_this_request_is_taken(void **state)
{
	AUTO(buf) answer = { 0 }, body = { 0 }, header = { 0 };
	uint8_t order[32], sig[SECP_RSIG];
	world w;

	(void)state;
	open_world(&w, 1);
	delegate_ask_body(&body, &w.ask);
	delegate_ask_authorization(&header, &w.ask, w.wallet);                        /* signed by somebody else */
	assert_int_equal(tell(&w, &answer, NULL, NULL, buf_str(&header), buf_slice(&body)), 401);
	says(&answer, "gateway of chain 31337 has not signed");

	buf_clear(&header);
	delegate_ask_authorization(&header, &w.ask, w.gateway);
	assert_int_equal(tell(&w, &answer, NULL, NULL, buf_str(&header), buf_slice(&body)), 200);
	for (unsigned i = 0; i < 20; i++) {                                              /* any other signature or body */
		const size_t at = sizeof "Bearer 0x" - 1 + test_below(128), in = 21 + test_below(66);
		const uint8_t was = header.p[at], text = body.p[in];
		header.p[at] = was == '0' ? '1' : '0';
		assert_int_equal(tell(&w, &answer, NULL, NULL, buf_str(&header), buf_slice(&body)), 401);
		header.p[at] = was;
		body.p[in] = text == 'a' ? 'A' : 'a';
		assert_int_equal(tell(&w, &answer, NULL, NULL, buf_str(&header), buf_slice(&body)), 401);
		body.p[in] = text;
	}

	/* order - s, and the other v: a second signature out of the first. */
	assert_true(hex_read(order, 32, slice_str("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")));
	assert_true(hex_read(sig, sizeof sig, slice_of(header.p + 7, header.n - 7)));
	for (int i = 31, borrow = 0; i >= 0; i--) {
		int d = order[i] - sig[32 + i] - borrow;
		borrow = d < 0;
		sig[32 + i] = (uint8_t)d;
	}
	sig[64] = (uint8_t)(27 + 28 - sig[64]);
	buf_clear(&header);
	buf_put_str(&header, "Bearer 0x");
	buf_put_hex(&header, slice_of(sig, sizeof sig));
	assert_int_equal(tell(&w, &answer, NULL, NULL, buf_str(&header), buf_slice(&body)), 401);

	/* Numbers that are none of the curve's: 0 and the order, as r and as s. */
	for (unsigned i = 0; i < 4; i++) {
		uint8_t *half = sig + 32 * (i % 2);
		if (i < 2) memset(half, 0, 32);
		else memcpy(half, order, 32), memset(sig + 32 * !(i % 2), 1, 32);
		buf_clear(&header);
		buf_put_str(&header, "Bearer 0x");
		buf_put_hex(&header, slice_of(sig, sizeof sig));
		assert_int_equal(tell(&w, &answer, NULL, NULL, buf_str(&header), buf_slice(&body)), 401);
	}
	close_world(&w);
}

/* The gateway signs whatever it is given; the KMS looks itself. */
static unsigned tell_signed(world *w, buf *out, const char *K, const char *target)
{
	AUTO(buf) body = { 0 }, header = { 0 };

	buf_printf(&body, "{\"ephemeralPubKey\":\"%s\",\"targetPubKey\":\"%s\"}", K, target);
	const hash32 digest = typed_authorization(KNOWN_CHAIN, TYPED_AS_SENT, slice_str(K), slice_str(target));
	const secp_rsig sig = sign_external(w->gateway, &digest);
	buf_put_str(&header, "Bearer 0x");
	buf_put_hex(&header, slice_of(sig.b, sizeof sig.b));
	return tell(w, out, NULL, NULL, buf_str(&header), buf_slice(&body));
}

static void a_point_must_be_compressed_and_on_the_curve(void **state)
{
	static const char *const WRONG[] = {
		"0x", "0x02", "0x020000000000000000000000000000000000000000000000000000000000000005",       /* off the curve */
		"0x02ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",                 /* not in the field */
		"0x00000000000000000000000000000000000000000000000000000000000000000000",
		"0x000000000000000000000000000000000000000000000000000000000000000000",                 /* no identity */
		"0x044f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa",
		"0x064f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa",
		"0x034f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aag",
		"0x34f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa",
	};
	AUTO(buf) answer = { 0 }, target = { 0 };
	world w;

	(void)state;
	open_world(&w, 1);
	buf_put_str(&target, "0x");
	buf_put_hex(&target, buf_slice(&w.spki));
	assert_int_equal(tell_signed(&w, &answer, "0x034F355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa",
	                             buf_str(&target)), 200);
	for (size_t i = 0; i < COUNT(WRONG); i++) {
		assert_int_equal(tell_signed(&w, &answer, WRONG[i], buf_str(&target)), 400);
		says(&answer, "ephemeralPubKey");
	}
	close_world(&w);
}

static void the_readers_key_must_be_rsa_and_large_enough(void **state)
{
	static const char K[] = "0x034f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa";
	static const char *const WRONG[] = { "0x", "0x30", "0x3", "0xzz", "0x3000" };
	AUTO(buf) answer = { 0 }, target = { 0 };
	world w;

	(void)state;
	open_world(&w, 1);
	for (size_t i = 0; i < COUNT(WRONG); i++) assert_int_equal(tell_signed(&w, &answer, K, WRONG[i]), 400);
	buf_put_str(&target, "0x");
	for (size_t i = 0; i <= MAX_SPKI; i++) buf_put_str(&target, "30");
	assert_int_equal(tell_signed(&w, &answer, K, buf_str(&target)), 400);
	says(&answer, "at most");
	close_world(&w);
}

static void chains_that_contradict_each_other_are_refused(void **state)
{
	world w;
	delegate_kms *k = NULL;

	(void)state;
	open_world(&w, 1);
	delegate_chain c[MAX_DELEGATE_CHAINS + 1];
	for (size_t i = 0; i < COUNT(c); i++)
		c[i] = (delegate_chain){ .id = (uint32_t)i, .gateway = *signer_address(w.gateway), .key = known_sk(w.known, "kmsEccPriv"),
		                         .state = KEY_ACTIVE };
	assert_err(ERR_REQUEST, delegate_kms_new(&k, c, 0, w.wallet, test_rng()));
	assert_err(ERR_REQUEST, delegate_kms_new(&k, c, COUNT(c), w.wallet, test_rng()));
	c[1].state = 0;
	assert_err(ERR_REQUEST, delegate_kms_new(&k, c, 2, w.wallet, test_rng()));
	c[1].state = KEY_ACTIVE, c[1].id = 0;
	assert_err(ERR_REQUEST, delegate_kms_new(&k, c, 2, w.wallet, test_rng()));
	c[0].gateway = (eth_address){ 0 };
	assert_err(ERR_REQUEST, delegate_kms_new(&k, c, 1, w.wallet, test_rng()));
	close_world(&w);
}

static void a_key_answers_and_is_published_as_its_state_allows(void **state)
{
	static const struct { key_state state; unsigned answer, publish; } TABLE[] = {
		{ KEY_PRE_ACTIVATION, 503, 503 }, { KEY_SUSPENDED, 503, 503 }, { KEY_DEACTIVATED, 200, 503 }, { KEY_COMPROMISED, 503, 503 },
		{ KEY_DESTROYED, 503, 503 }, { KEY_ACTIVE, 200, 200 },
	};
	AUTO(buf) answer = { 0 };
	world w;

	(void)state;
	open_world(&w, 1);
	delegate_chain c = { .id = KNOWN_CHAIN, .gateway = *signer_address(w.gateway), .key = known_sk(w.known, "kmsEccPriv") };
	for (size_t i = 0; i < COUNT(TABLE); i++) {
		delegate_kms_free(&w.kms);
		c.state = TABLE[i].state;
		assert_ok(delegate_kms_new(&w.kms, &c, 1, w.wallet, test_rng()));
		assert_int_equal(tell_ask(&w, &answer, &w.ask, NULL, NULL), TABLE[i].answer);
		if (TABLE[i].answer == 200) check_answer(&w, &w.ask, &answer);
		else says(&answer, key_state_name(c.state));
		buf_clear(&answer);
		assert_int_equal(delegate_public_key(w.kms, &answer, NULL, false), TABLE[i].publish);
		if (TABLE[i].publish != 200) says(&answer, "may not be used to encrypt");
	}
	close_world(&w);
}

static void answers_and_refusals_are_counted(void **state)
{
	AUTO(buf) answer = { 0 }, text = { 0 };
	world w;

	(void)state;
	open_world(&w, 1);
	for (unsigned i = 0; i < 3; i++) assert_int_equal(tell_ask(&w, &answer, &w.ask, NULL, NULL), 200);
	delegate_ask other = w.ask;
	other.text = TYPED_BARE;
	assert_int_equal(tell_ask(&w, &answer, &other, NULL, NULL), 200);
	assert_int_equal(tell(&w, &answer, NULL, NULL, "", slice_str("{")), 400);
	assert_int_equal(tell(&w, &answer, NULL, NULL, "", slice_str("{}")), 422);
	delegate_kms_metrics(&text, w.kms);
	static const char *const LINES[] = {
		"arca_delegate_requests_total{status=\"200\"} 4\n", "arca_delegate_requests_total{status=\"400\"} 1\n",
		"arca_delegate_requests_total{status=\"401\"} 0\n", "arca_delegate_requests_total{status=\"422\"} 1\n",
		"arca_delegate_repeated_total 2\n", "arca_delegate_answers_total{chain_id=\"31337\"} 4\n", "arca_delegate_key_answers{chain_id=\"31337\"} 4\n", "arca_delegate_answers_alarm{chain_id=\"31337\"} 0\n",
	};
	for (size_t i = 0; i < COUNT(LINES); i++) assert_non_null(strstr(buf_str(&text), LINES[i]));
	close_world(&w);
}

static void shows(delegate_kms *k, const char *line)
{
	AUTO(buf) text = { 0 };

	delegate_kms_metrics(&text, k);
	if (!strstr(buf_str(&text), line)) fail_msg("%s is not in %s", line, buf_str(&text));
}

/* Counts are the key's, whoever has it in which epoch, and they are not forgotten by a restart. */
static void answers_of_a_key_are_counted_over_restarts(void **state)
{
	static const uint64_t ALARM = KEY_COUNT_ALARM;
	AUTO(buf) answer = { 0 }, file = { 0 };
	char folder[] = "/tmp/arca-kms-XXXXXX", path[64];
	key_counts *counts = NULL;
	world w;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/counts", folder);
	for (unsigned start = 0; start < 4; start++) {
		open_world(&w, 1);
		assert_ok(key_counts_open(&counts, path));
		delegate_kms_count_in(w.kms, counts);
		if (start == 3) shows(w.kms, "arca_delegate_answers_alarm{chain_id=\"31337\"} 0\n");
		assert_int_equal(tell_ask(&w, &answer, &w.ask, NULL, NULL), 200);
		shows(w.kms, "arca_delegate_answers_total{chain_id=\"31337\"} 1\n");
		if (start == 1) shows(w.kms, "arca_delegate_key_answers{chain_id=\"31337\"} 2\n");
		if (start == 3) shows(w.kms, "arca_delegate_answers_alarm{chain_id=\"31337\"} 1\n");
		close_world(&w);
		key_counts_free(&counts);
		if (start < 2) continue;
		buf_clear(&file);
		assert_ok(file_read(&file, path, 1 << 16));
		store64(file.p + file.n - 8, ALARM - 1);                   /* as many as it takes were given meanwhile */
		assert_ok(file_write_atomic(path, buf_slice(&file), 0600));
	}
	unlink(path);
	rmdir(folder);
}

static void a_key_gives_no_more_answers_a_second_than_it_is_told(void **state)
{
	AUTO(buf) answer = { 0 };
	set_clock now;
	world w;

	(void)state;
	open_world(&w, 2);
	delegate_kms_remember(w.kms, NULL, set_clock_at(&now, 1000));
	delegate_kms_limit(w.kms, 3);
	delegate_ask other = w.ask;
	other.chain_id = OTHER_CHAIN;
	for (unsigned second = 0; second < 3; second++, now.s += second * second) {
		/* Whoever is not the gateway takes nothing from it. */
		for (unsigned i = 0; i < 5; i++) assert_int_equal(tell_ask(&w, &answer, &other, "31337", NULL), 401);
		for (unsigned i = 0; i < 3; i++) assert_int_equal(tell_ask(&w, &answer, &w.ask, "31337", NULL), 200);
		assert_int_equal(tell_ask(&w, &answer, &w.ask, "31337", NULL), 503);
		says(&answer, "the key of chain 31337 gives at most 3 answers a second; ask again in a moment");
		assert_int_equal(tell_ask(&w, &answer, &other, "421614", NULL), 200);      /* another key */
	}
	close_world(&w);
}

/* Shares of the one key that it has take its place, those of another one do not; and it is gone. */
static void a_key_that_was_whole_is_shared(void **state)
{
	AUTO(buf) answer = { 0 };
	AUTO(secp) *curve = NULL;
	secp_pk A[FELDMAN_TERMS];
	feldman_poly f;
	secp_sk whole;
	world w;

	(void)state;
	open_world(&w, 1);
	assert_ok(secp_new(&curve, test_rng()));
	assert_ok(delegate_kms_whole(w.kms, &whole, KNOWN_CHAIN));
	const secp_scalar d = secp_scalar_of_sk(&whole);
	for (unsigned same = 0; same < 2; same++) {
		feldman_random(&f, 1, same ? &d : NULL, test_rng());
		feldman_commit(A, &f, curve);
		group_key key = { .chain_id = KNOWN_CHAIN, .n = 4, .T = 1, .P = A[0] };
		const secp_scalar own = feldman_share(&f, 2);
		group_share held = { .index = 2 };
		for (party i = 1; i <= 4; i++) assert_true(feldman_public_var(&key.Y[i], A, 1, i));
		assert_true(secp_sk_of_scalar(&held.s, &own));
		assert_int_equal(delegate_kms_put_share(w.kms, &key, KEY_ACTIVE, &held), same ? OK : ERR_REQUEST);
		err_clear();
		assert_int_equal(tell_ask(&w, &answer, &w.ask, NULL, NULL), same ? 503 : 200);
	}
	says(&answer, "shared among nodes");
	assert_err(ERR_NOT_FOUND, delegate_kms_whole(w.kms, &whole, KNOWN_CHAIN));
	close_world(&w);
}

TESTS(TEST(a_key_that_was_whole_is_shared), TEST(each_profile_is_recognised_by_what_verifies_and_answered_alike), TEST(requests_that_a_real_gateway_signed_are_answered),
      TEST(the_public_key_is_the_known_one_with_its_proof),
      TEST(chains_have_keys_of_their_own_and_must_be_named_if_there_are_several),
      TEST(only_the_gateways_low_signature_of_this_request_is_taken), TEST(a_point_must_be_compressed_and_on_the_curve),
      TEST(the_readers_key_must_be_rsa_and_large_enough), TEST(chains_that_contradict_each_other_are_refused),
      TEST(a_key_answers_and_is_published_as_its_state_allows), TEST(answers_and_refusals_are_counted),
      TEST(answers_of_a_key_are_counted_over_restarts), TEST(a_key_gives_no_more_answers_a_second_than_it_is_told))
