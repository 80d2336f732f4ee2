/* SPDX-License-Identifier: MIT */
/* KMS as the emulator keeps it. */
#include "aws/kms.h"
#include <stdlib.h>
#include "sym/openssl.h"
#include <openssl/x509.h>
#include "tests/aws/emulator.h"

static aws *client;
static const aws_kms_context VAULT = { "arca", "vault-one" }, OTHER = { "arca", "vault-two" };

static int start(void **state)
{
	if (emulator_start(state)) return -1;
	client = emulator_client();
	return 0;
}

static int stop(void **state)
{
	aws_free(&client);
	return emulator_stop(state);
}

static void a_data_key_comes_back_from_what_it_was_wrapped_to(void **state)
{
	uint8_t one[KMS_DATA_KEY], two[KMS_DATA_KEY];
	AUTO(buf) wrapped = { 0 };
	AUTO(buf) other = { 0 };
	AUTO(buf) plain = { 0 };
	(void)state;

	emulator_reset("{}");
	assert_ok(aws_kms_new_data_key(one, &wrapped, client, "alias/vault", &VAULT));
	assert_ok(aws_kms_new_data_key(two, &other, client, "alias/vault", &VAULT));
	assert_memory_not_equal(one, two, sizeof one);
	assert_ok(aws_kms_decrypt(&plain, client, "alias/vault", &VAULT, buf_slice(&wrapped)));
	assert_true(slice_eq_var(buf_slice(&plain), slice_of(one, sizeof one)));
	/* Not in another place, nor by another key, nor changed. */
	assert_err(ERR_STATE, aws_kms_decrypt(&plain, client, "alias/vault", &OTHER, buf_slice(&wrapped)));
	assert_err(ERR_STATE, aws_kms_decrypt(&plain, client, "alias/vault", NULL, buf_slice(&wrapped)));
	assert_err(ERR_STATE, aws_kms_decrypt(&plain, client, "alias/other", &VAULT, buf_slice(&wrapped)));
	wrapped.p[wrapped.n - 1] ^= 1;
	assert_err(ERR_STATE, aws_kms_decrypt(&plain, client, "alias/vault", &VAULT, buf_slice(&wrapped)));
	assert_int_equal(plain.n, sizeof one);
}

static void a_signature_verifies_under_the_public_key(void **state)
{
	uint8_t digest[KMS_DIGEST];
	AUTO(buf) spki = { 0 };
	(void)state;

	emulator_reset("{}");
	assert_ok(aws_kms_public_key(&spki, client, "alias/wallet"));
	const uint8_t *at = spki.p;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)spki.n);
	assert_non_null(key);
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
	for (unsigned i = 0; i < 8; i++) {
		AUTO(buf) der = { 0 };
		rng_fill(test_rng(), digest, sizeof digest);
		assert_ok(aws_kms_sign(&der, client, "alias/wallet", digest));
		assert_int_equal(EVP_PKEY_verify_init(c), 1);
		assert_int_equal(EVP_PKEY_verify(c, der.p, der.n, digest, sizeof digest), 1);
		digest[0] ^= 1;
		assert_int_not_equal(EVP_PKEY_verify(c, der.p, der.n, digest, sizeof digest), 1);
	}
	EVP_PKEY_CTX_free(c);
	EVP_PKEY_free(key);
	assert_err(ERR_STATE, aws_kms_sign(&spki, client, "alias/vault", digest));
	assert_err(ERR_STATE, aws_kms_public_key(&spki, client, "alias/vault"));
}

static void a_refusal_says_which_and_why(void **state)
{
	static const struct { const char *key; err e; const char *says; } CASES[] = {
		{ "alias/nobody", ERR_NOT_FOUND, "NotFoundException, Alias arn:aws:kms:eu-test-1:0:alias/nobody is not found. (HTTP status 400); is the key's id right" },
		{ "alias/disabled", ERR_STATE, "DisabledException" }, { "alias/disabled", ERR_STATE, "enable the key in KMS" }, { "alias/forbidden", ERR_STATE, "does the policy allow it" },
		{ "alias/wallet", ERR_STATE, "InvalidKeyUsageException" },
	};
	uint8_t key[KMS_DATA_KEY];
	AUTO(buf) wrapped = { 0 };
	(void)state;

	emulator_reset("{}");
	for (size_t i = 0; i < COUNT(CASES); i++) {
		assert_int_equal(aws_kms_new_data_key(key, &wrapped, client, CASES[i].key, &VAULT), CASES[i].e);
		assert_non_null(strstr(err_text(), CASES[i].says));
		assert_non_null(strstr(err_text(), "GenerateDataKey"));
		err_clear();
	}
	assert_int_equal(emulator_pauses, 0);
	assert_err(ERR_REQUEST, aws_kms_new_data_key(key, &wrapped, client, "alias/\"quoted", &VAULT));
	assert_err(ERR_REQUEST, aws_kms_new_data_key(key, &wrapped, client, "", &VAULT));
}

static void what_passes_is_tried_again(void **state)
{
	uint8_t key[KMS_DATA_KEY];
	AUTO(buf) wrapped = { 0 };
	(void)state;

	emulator_reset("{\"faults\":[{\"status\":400,\"code\":\"ThrottlingException\"},{\"status\":500,\"code\":\"KMSInternalException\"},{\"cut\":true},{\"lost\":true}]}");
	assert_ok(aws_kms_new_data_key(key, &wrapped, client, "alias/vault", &VAULT));
	assert_int_equal(emulator_pauses, 4);
}

static void an_answer_that_is_none_is_refused(void **state)
{
	static const char *const ANSWERS[] = { "", "[]", "{}", "{\"Plaintext\":1}", "{\"Plaintext\":\"\"}", "{\"Plaintext\":\"AA=\"}", "{\"Plaintext\":\"AB==\"}",
		"{\"Plaintext\":\"AAAA\",\"Plaintext\":\"AAAA\"}", "{\"Plaintext\":\"AAAAAA==\"}", "{\"Plaintext\":\"AA==AA==\"}", "{\"Plaintext\":\"A\\u0000==\"}" };
	AUTO(buf) out = { 0 };
	(void)state;

	for (size_t i = 0; i < COUNT(ANSWERS); i++) assert_err(ERR_REQUEST, aws_kms_field_read(&out, slice_str(ANSWERS[i]), "Plaintext", 3));
	assert_int_equal(out.n, 0);
	assert_ok(aws_kms_field_read(&out, slice_str("{\"Plaintext\":\"AQID\"}"), "Plaintext", 3));
	assert_memory_equal(out.p, "\x01\x02\x03", 3);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest TESTS_[] = {
		TEST(a_data_key_comes_back_from_what_it_was_wrapped_to),
		TEST(a_signature_verifies_under_the_public_key), TEST(a_refusal_says_which_and_why), TEST(what_passes_is_tried_again),
		TEST(an_answer_that_is_none_is_refused),
	};
	return test_main_with(argc, argv, __FILE__, TESTS_, COUNT(TESTS_), start, stop);
}
