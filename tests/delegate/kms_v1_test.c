/* SPDX-License-Identifier: MIT */
/* Delegations that end and serve once: what is taken, and every refusal with its status and sentence. */
#include "tests/delegate/clock.h"
#include "tests/delegate/known.h"
#include "tests/delegate/reader.h"
#include "tests/vault/folder.h"
#include <stdlib.h>
#include <unistd.h>

enum { NOW = 1767225600 };

typedef struct world {
	json_t *known;
	signer *wallet, *gateway;
	rsa_sk *reader;
	buf     spki;
	delegate_kms *kms;
	nonces *used;
	set_clock clock;
	delegate_v1 ask;
} world;

static void *folder;
static char path[512];
static unsigned asked;                                     /* each question has another nonce */

static int set_up(void **state)
{
	(void)state;
	if (folder_make(&folder)) return -1;
	snprintf(path, sizeof path, "%s", below(&folder, "nonces"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return folder_remove(&folder);
}

static void key_id_is(hash32 *out, const secp_pk *P)
{
	AUTO(buf) text = { 0 };
	static const uint8_t zeros[32];

	buf_put_str(&text, "arca/keyid/v1");
	buf_put(&text, P->b, sizeof P->b);
	buf_put(&text, zeros, 32);
	buf_put(&text, "\0\1\0\1", 4);
	buf_put(&text, zeros, 32);
	*out = sha256(buf_slice(&text));
}

static void open_world(world *w)
{
	AUTO(secp) *curve = NULL;

	*w = (world){ .known = known_vector() };
	unlink(path);
	w->wallet = known_signer(w->known, "kmsWalletPriv");
	w->gateway = known_signer(w->known, "gatewayWalletPriv");
	const delegate_chain chain = { .id = KNOWN_CHAIN, .gateway = *signer_address(w->gateway),
	                               .key = known_sk(w->known, "kmsEccPriv"), .state = KEY_ACTIVE };
	assert_ok(delegate_kms_new(&w->kms, &chain, 1, w->wallet, test_rng()));
	assert_ok(nonces_open(&w->used, path, set_clock_at(&w->clock, NOW)));
	delegate_kms_remember(w->kms, w->used, &w->clock.source);
	w->reader = reader_key(&w->spki);
	assert_ok(secp_new(&curve, test_rng()));
	const secp_pk P = secp_pk_of(curve, &chain.key);
	w->ask = (delegate_v1){ .chain_id = KNOWN_CHAIN, .target_hash = keccak256(buf_slice(&w->spki)), .not_before = NOW - 10,
	                        .expires_at = NOW + 200 };
	key_id_is(&w->ask.key_id, &P);
	json_bytes_of(w->ask.ephemeral, SECP_PK, json_member(w->known, "ecies"), "K");
}

static void close_world(world *w)
{
	delegate_kms_free(&w->kms);
	nonces_free(&w->used);
	signer_free(&w->wallet);
	signer_free(&w->gateway);
	rsa_sk_free(&w->reader);
	buf_free(&w->spki);
	json_decref(w->known);
}

static delegate_v1 fresh(const world *w)
{
	delegate_v1 d = w->ask;
	store32(d.nonce.b, ++asked);
	return d;
}

/* said: in the body; signed by `by`: of. */
static unsigned tell_other(world *w, buf *out, const delegate_v1 *said, const delegate_v1 *of, slice spki, const signer *by)
{
	AUTO(buf) body = { 0 }, authorization = { 0 };

	delegate_v1_body(&body, said, spki);
	delegate_v1_authorization(&authorization, of, by);
	const delegate_call c = { .chain_id = "31337", .authorization = buf_str(&authorization), .content_type = "application/json",
	                          .body = buf_slice(&body) };
	buf_clear(out);
	return delegate_answer_v1(w->kms, out, &c);
}

static unsigned tell_signed(world *w, buf *out, const delegate_v1 *d, slice spki, const signer *by) { return tell_other(w, out, d, d, spki, by); }
static unsigned tell(world *w, buf *out, const delegate_v1 *d) { return tell_signed(w, out, d, buf_slice(&w->spki), w->gateway); }

static void says(const buf *answer, const char *what)
{
	AUTO(buf) sentence = { 0 };

	assert_true(delegate_error_read(&sentence, buf_slice(answer)));
	if (!strstr(buf_str(&sentence), what)) fail_msg("'%s' does not say '%s'", buf_str(&sentence), what);
}

static void refused(world *w, const delegate_v1 *d, unsigned status, const char *what)
{
	AUTO(buf) answer = { 0 };

	assert_int_equal(tell(w, &answer, d), status);
	says(&answer, what);
}

static void check_answer(world *w, const delegate_v1 *d, const buf *answer)
{
	AUTO(buf) sealed = { 0 };
	uint8_t x[ECIES_X], expected[ECIES_X];

	assert_ok(delegate_v1_reply_read(&sealed, d, signer_address(w->wallet), buf_slice(answer)));
	assert_ok(rsa_open(x, sizeof x, w->reader, buf_slice(&sealed)));
	json_bytes_of(expected, sizeof expected, json_member(w->known, "ecies"), "sharedX");
	assert_memory_equal(x, expected, sizeof x);
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void an_authorization_is_answered_once_and_the_answer_is_for_it_alone(void **state)
{
	AUTO(buf) answer = { 0 }, again = { 0 }, none = { 0 };
	world w;

	(void)state;
	open_world(&w);
	delegate_v1 d = fresh(&w);
	assert_int_equal(tell(&w, &answer, &d), 200);
	check_answer(&w, &d, &answer);
	assert_int_equal(tell(&w, &again, &d), 409);
	says(&again, "nonce was used");
	delegate_v1 other = fresh(&w);
	assert_err(ERR_REQUEST, delegate_v1_reply_read(&none, &other, signer_address(w.wallet), buf_slice(&answer)));
	assert_err(ERR_REQUEST, delegate_v1_reply_read(&none, &d, signer_address(w.gateway), buf_slice(&answer)));
	assert_int_equal(none.n, 0);
	d = fresh(&w);
	d.has_contract = true;
	d.contract = *signer_address(w.wallet);
	assert_int_equal(tell(&w, &answer, &d), 200);
	check_answer(&w, &d, &answer);
	close_world(&w);
}

static void a_used_nonce_stays_used_when_the_kms_is_opened_anew(void **state)
{
	AUTO(buf) answer = { 0 };
	world w;

	(void)state;
	open_world(&w);
	const delegate_v1 d = fresh(&w);
	assert_int_equal(tell(&w, &answer, &d), 200);
	nonces_free(&w.used);
	assert_ok(nonces_open(&w.used, path, &w.clock.source));
	delegate_kms_remember(w.kms, w.used, &w.clock.source);
	refused(&w, &d, 409, "nonce was used");
	close_world(&w);
}

static void it_holds_from_its_beginning_to_its_end_and_no_longer_than_the_window(void **state)
{
	AUTO(buf) answer = { 0 };
	world w;

	(void)state;
	open_world(&w);
	const struct { int64_t begin, end; unsigned status; const char *says; } CASES[] = {
		{ 0, 0, 200, NULL }, { 0, DELEGATE_WINDOW_S, 200, NULL }, { -DELEGATE_WINDOW_S, 0, 200, NULL },
		{ 1, 100, 401, "holds in 1 seconds" }, { -100, -1, 401, "ended 1 seconds ago" },
		{ 0, DELEGATE_WINDOW_S + 1, 401, "300 seconds after notBefore" }, { 0, -1, 401, "300 seconds after notBefore" },
	};
	for (size_t i = 0; i < COUNT(CASES); i++) {
		delegate_v1 d = fresh(&w);
		d.not_before = (uint64_t)(NOW + CASES[i].begin), d.expires_at = (uint64_t)(NOW + CASES[i].end);
		if (CASES[i].says) refused(&w, &d, CASES[i].status, CASES[i].says);
		else assert_int_equal(tell(&w, &answer, &d), CASES[i].status);
	}
	close_world(&w);
}

static void what_is_refused_uses_no_nonce_up(void **state)
{
	static const uint8_t NO_POINT[SECP_PK] = { [0] = 2, [SECP_PK - 1] = 5 };
	AUTO(buf) answer = { 0 };
	world w;

	(void)state;
	open_world(&w);
	const delegate_v1 good = fresh(&w);
	delegate_v1 d = good;
	d.key_id.b[0] ^= 1;
	refused(&w, &d, 400, "for another key");
	d = good, d.epoch = 1;
	refused(&w, &d, 400, "for another key");
	d = good, memcpy(d.ephemeral, NO_POINT, sizeof d.ephemeral);
	refused(&w, &d, 400, "ephemeralPubKey");
	d = good, d.target_hash = keccak256(slice_str("0"));
	assert_int_equal(tell_signed(&w, &answer, &d, slice_str("0"), w.gateway), 400);
	says(&answer, "SubjectPublicKeyInfo");
	d = good;
	assert_int_equal(tell_signed(&w, &answer, &d, buf_slice(&w.spki), w.wallet), 401);
	says(&answer, "has not signed");
	d = good, d.chain_id = 1;                          /* signed for another chain */
	refused(&w, &d, 401, "has not signed");
	d = good, d.has_contract = true;                   /* for a contract, and sent as for none; and for none, sent as for one; and for another */
	for (unsigned i = 0; i < 3; i++) {
		delegate_v1 said = good;
		said.has_contract = i > 0, said.contract.b[0] = i > 1;
		d.has_contract = i != 1;
		assert_int_equal(tell_other(&w, &answer, &said, &d, buf_slice(&w.spki), w.gateway), 401);
		says(&answer, "has not signed");
	}
	assert_int_equal(nonces_count(w.used), 0);
	assert_int_equal(tell(&w, &answer, &good), 200);
	close_world(&w);
}

static void a_kms_without_a_place_for_nonces_answers_503(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	const delegate_v1 d = fresh(&w);
	delegate_kms_remember(w.kms, NULL, NULL);
	refused(&w, &d, 503, "keeps no nonces");
	close_world(&w);
}

/* ---- shapes ------------------------------------------------------------------------------------------------------- */

static unsigned tell_json(world *w, buf *out, const json_t *j, const char *salt)
{
	char *text = json_dumps(j, 0);
	AUTO(buf) header = { 0 };

	delegate_v1_authorization(&header, &w->ask, w->gateway);
	const delegate_call c = { .authorization = buf_str(&header), .content_type = "application/json", .body = slice_str(text), .salt = salt };
	buf_clear(out);
	const unsigned status = delegate_answer_v1(w->kms, out, &c);
	free(text);
	return status;
}

static void every_member_must_be_there_in_its_form(void **state)
{
	static const char *const MEMBERS[] = { "handle", "ephemeralPubKey", "targetPubKey", "keyId", "epoch", "nonce", "notBefore", "expiresAt" };
	AUTO(buf) answer = { 0 }, body = { 0 };
	world w;

	(void)state;
	open_world(&w);
	delegate_v1_body(&body, &w.ask, buf_slice(&w.spki));
	for (size_t i = 0; i < COUNT(MEMBERS); i++) {
		const bool is_number = !strcmp(MEMBERS[i], "epoch") || strstr(MEMBERS[i], "Before") || strstr(MEMBERS[i], "At");
		json_t *j = json_loadb((const char *)body.p, body.n, 0, NULL);
		json_object_set_new(j, MEMBERS[i], is_number ? json_integer(-1) : json_string("0x00zz"));
		assert_int_equal(tell_json(&w, &answer, j, NULL), 400);
		says(&answer, MEMBERS[i]);
		json_object_set_new(j, MEMBERS[i], is_number ? json_string("1") : json_integer(1));
		assert_int_equal(tell_json(&w, &answer, j, NULL), 422);
		says(&answer, MEMBERS[i]);
		if (is_number) {
			json_object_set_new(j, MEMBERS[i], json_real(1.0));
			assert_int_equal(tell_json(&w, &answer, j, NULL), 422);
		}
		json_object_del(j, MEMBERS[i]);
		assert_int_equal(tell_json(&w, &answer, j, NULL), 422);
		says(&answer, MEMBERS[i]);
		json_decref(j);
	}
	json_t *j = json_loadb((const char *)body.p, body.n, 0, NULL);
	assert_int_equal(tell_json(&w, &answer, j, "0x00"), 400);
	says(&answer, "salt");
	json_object_set_new(j, "verifyingContract", json_string("0x01"));
	assert_int_equal(tell_json(&w, &answer, j, NULL), 400);
	says(&answer, "verifyingContract");
	json_decref(j);
	close_world(&w);
}

static const struct CMUnitTest tests[] = {
	TEST(an_authorization_is_answered_once_and_the_answer_is_for_it_alone), TEST(a_used_nonce_stays_used_when_the_kms_is_opened_anew),
	TEST(it_holds_from_its_beginning_to_its_end_and_no_longer_than_the_window), TEST(what_is_refused_uses_no_nonce_up),
	TEST(a_kms_without_a_place_for_nonces_answers_503), TEST(every_member_must_be_there_in_its_form),
};
int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, tear_down); }
