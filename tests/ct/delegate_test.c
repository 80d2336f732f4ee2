/* SPDX-License-Identifier: MIT */
/* Constant time: what the delegation KMS does with its keys and with shared secrets.  Meaningful under valgrind (suite ct). */
#include "tests/ct/ct.h"
#include "delegate/delegate.h"

CT_COVERS(secp_mul, ecies_shared, ecies_seal, ecies_open, ecies_key);

static void encryption_does_not_branch_on_scalars_points_or_plaintext(void **state)
{
	uint8_t text[50], xy[SECP_PK_PLAIN], key[AES256_KEY];
	AUTO(buf) sealed = { 0 }, plain = { 0 };
	AUTO(secp) *curve = NULL;
	ecies_header h;
	shared_x x;
	secp_sk d;

	(void)state;
	assert_ok(secp_new(&curve, &CT_SECRET_RNG));
	secp_sk_random(&d, &CT_SECRET_RNG);
	const secp_pk P = secp_pk_of(curve, &d);
	rng_fill(&CT_SECRET_RNG, text, sizeof text);
	ecies_seal(&sealed, &h, &P, slice_of(text, sizeof text), curve, &CT_SECRET_RNG);
	DECLASSIFY(sealed.p, sealed.n, "the ciphertext is sent");
	assert_ok(ecies_shared(&x, &d, slice_of(h.K.b, sizeof h.K.b)));
	assert_ok(ecies_open(&plain, &x, h.nonce, buf_slice(&sealed)));
	DECLASSIFY_RESULT(plain.p, plain.n);
	DECLASSIFY_RESULT(text, sizeof text);
	assert_true(slice_eq_var(buf_slice(&plain), slice_of(text, sizeof text)));

	assert_ok(secp_mul(xy, &d, slice_of(h.K.b, sizeof h.K.b)));
	ecies_key(key, &x);
	DECLASSIFY_RESULT(xy, sizeof xy);
	DECLASSIFY_RESULT(&x, sizeof x);
	DECLASSIFY_RESULT(key, sizeof key);
	assert_memory_equal(xy, x.b, sizeof x.b);
	assert_memory_not_equal(key, x.b, sizeof key);
}

CT_COVERS(delegate_kms_new, delegate_answer, delegate_public_key, delegate_ask_authorization, delegate_kms_metrics);
CT_REACHES(delegate_answer, rsa_seal);

static void an_answer_does_not_branch_on_the_protocol_key_or_the_secret(void **state)
{
	AUTO(buf) spki = { 0 }, body = { 0 }, header = { 0 }, answer = { 0 }, sealed = { 0 }, metrics = { 0 };
	AUTO(signer) *wallet = NULL, *gateway = NULL;
	AUTO(rsa_sk) *sk = NULL;
	delegate_kms *kms = NULL;
	secp_sk key;

	(void)state;
	secp_sk_random(&key, &CT_SECRET_RNG);
	assert_ok(signer_new(&wallet, &key, &CT_SECRET_RNG));
	secp_sk_random(&key, &CT_SECRET_RNG);
	assert_ok(signer_new(&gateway, &key, &CT_SECRET_RNG));
	delegate_chain chain = { .id = 1, .gateway = *signer_address(gateway) };
	secp_sk_random(&chain.key, &CT_SECRET_RNG);
	assert_ok(delegate_kms_new(&kms, &chain, 1, wallet, &CT_SECRET_RNG));

	assert_ok(rsa_sk_new(&sk, 2048));
	rsa_sk_spki(&spki, sk);
	const delegate_ask ask = { .chain_id = 1, .text = TYPED_AS_SENT, .K = *signer_pk(wallet), .spki = buf_slice(&spki) };
	delegate_ask_body(&body, &ask);
	delegate_ask_authorization(&header, &ask, gateway);
	const delegate_call call = {
		.authorization = buf_str(&header), .content_type = "application/json", .body = buf_slice(&body),
	};
	assert_int_equal(delegate_answer(kms, &answer, &call), 200);
	assert_ok(delegate_reply_read(&sealed, &ask, signer_address(wallet), buf_slice(&answer)));
	buf_clear(&answer);
	assert_int_equal(delegate_public_key(kms, &answer, NULL, false), 200);
	delegate_kms_metrics(&metrics, kms);
	delegate_kms_free(&kms);
}

TESTS(TEST(encryption_does_not_branch_on_scalars_points_or_plaintext),
      TEST(an_answer_does_not_branch_on_the_protocol_key_or_the_secret))
