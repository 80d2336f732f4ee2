/* SPDX-License-Identifier: MIT */
#include "tests/delegate/known.h"

static buf decrypt(const shared_x *x, const json_t *v, const char *nonce_name)
{
	uint8_t nonce[GCM_NONCE];
	buf plain = { 0 }, ciphertext = json_hex_of(v, "ciphertext");

	json_bytes_of(nonce, sizeof nonce, v, nonce_name);
	assert_ok(ecies_open(&plain, x, nonce, buf_slice(&ciphertext)));
	buf_free(&ciphertext);
	return plain;
}

static void a_known_ciphertext_opens_with_the_protocol_key(void **state)
{
	json_t *all = known_vector(), *v = json_member(all, "ecies");
	const secp_sk d = known_sk(all, "kmsEccPriv"), k = known_sk(v, "ephemeralPriv");
	AUTO(secp) *curve = NULL;
	uint8_t key[AES256_KEY], expected[32];
	shared_x x, other;

	(void)state;
	assert_ok(secp_new(&curve, test_rng()));
	buf K = json_hex_of(v, "K"), P = json_hex_of(all, "kmsPublicKey");
	assert_ok(ecies_shared(&x, &d, buf_slice(&K)));
	json_bytes_of(expected, 32, v, "sharedX");
	assert_memory_equal(x.b, expected, 32);
	assert_ok(ecies_shared(&other, &k, buf_slice(&P)));                   /* the encrypting end comes to the same */
	assert_memory_equal(other.b, expected, 32);
	const secp_pk made = secp_pk_of(curve, &k);
	assert_true(slice_eq_var(slice_of(made.b, sizeof made.b), buf_slice(&K)));
	ecies_key(key, &x);
	json_bytes_of(expected, 32, v, "aesKey");
	assert_memory_equal(key, expected, 32);

	buf plain = decrypt(&x, v, "nonce"), wanted = json_hex_of(v, "plaintext");
	assert_true(slice_eq_var(buf_slice(&plain), buf_slice(&wanted)));
	buf_free(&plain), buf_free(&wanted), buf_free(&K), buf_free(&P);
	json_decref(all);
}

static void a_ciphertext_of_another_implementations_tests_opens(void **state)
{
	json_t *all = known_vector(), *v = json_member(all, "ecies_sdk_unit_test");
	shared_x x;

	(void)state;
	json_bytes_of(x.b, sizeof x.b, v, "sharedSecret");
	buf plain = decrypt(&x, v, "iv"), wanted = json_hex_of(v, "plaintext");
	assert_true(slice_eq_var(buf_slice(&plain), buf_slice(&wanted)));
	buf_free(&plain), buf_free(&wanted);
	json_decref(all);
}

static void what_is_sealed_opens_and_no_changed_bit_of_it_does(void **state)
{
	AUTO(secp) *curve = NULL;
	uint8_t text[100];
	secp_sk d;

	(void)state;
	assert_ok(secp_new(&curve, test_rng()));
	secp_sk_random(&d, test_rng());
	const secp_pk P = secp_pk_of(curve, &d);
	rng_fill(test_rng(), text, sizeof text);
	for (size_t n = 0; n <= sizeof text; n += 1 + test_below(20)) {
		AUTO(buf) sealed = { 0 }, plain = { 0 };
		ecies_header h;
		shared_x x;

		ecies_seal(&sealed, &h, &P, slice_of(text, n), curve, test_rng());
		assert_int_equal(sealed.n, n + GCM_TAG);
		assert_ok(ecies_shared(&x, &d, slice_of(h.K.b, sizeof h.K.b)));
		assert_ok(ecies_open(&plain, &x, h.nonce, buf_slice(&sealed)));
		assert_true(slice_eq_var(buf_slice(&plain), slice_of(text, n)));

		buf_clear(&plain);
		const size_t at = test_below(sealed.n);
		sealed.p[at] ^= (uint8_t)(1 << test_below(8));
		assert_err(ERR_REQUEST, ecies_open(&plain, &x, h.nonce, buf_slice(&sealed)));
		assert_int_equal(plain.n, 0);
		assert_err(ERR_REQUEST, ecies_open(&plain, &x, h.nonce, slice_of(sealed.p, test_below(GCM_TAG))));
	}
}

static void two_encryptions_share_neither_point_nor_nonce(void **state)
{
	AUTO(secp) *curve = NULL;
	AUTO(buf) a = { 0 }, b = { 0 };
	ecies_header h, g;
	secp_sk d;

	(void)state;
	assert_ok(secp_new(&curve, test_rng()));
	secp_sk_random(&d, test_rng());
	const secp_pk P = secp_pk_of(curve, &d);
	ecies_seal(&a, &h, &P, slice_str("same"), curve, test_rng());
	ecies_seal(&b, &g, &P, slice_str("same"), curve, test_rng());
	assert_memory_not_equal(h.K.b, g.K.b, sizeof h.K.b);
	assert_memory_not_equal(h.nonce, g.nonce, sizeof h.nonce);
	assert_false(slice_eq_var(buf_slice(&a), buf_slice(&b)));
}

TESTS(TEST(a_known_ciphertext_opens_with_the_protocol_key), TEST(a_ciphertext_of_another_implementations_tests_opens),
      TEST(what_is_sealed_opens_and_no_changed_bit_of_it_does), TEST(two_encryptions_share_neither_point_nor_nonce))
