/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "base/hex.h"
#include "seal/ed25519.h"
#include "seal/typed.h"

static signer *new_signer(void)
{
	signer *s = NULL;
	secp_sk sk;

	secp_sk_random(&sk, test_rng());
	assert_ok(signer_new(&s, &sk, test_rng()));
	return s;
}

static void every_scheme_signs_for_its_domain_message_and_key(void **state)
{
	static const size_t KEY[] = { 33, 32, 1312, 1952, 2592 }, SIG[] = { 65, 64, 2420, 3309, 4627 };
	AUTO(signer) *s = new_signer(), *other = new_signer();
	const slice m = slice_str("payload");

	(void)state;
	for (uint32_t scheme = 0; scheme < MAX_SCHEMES; scheme++) {
		assert_int_equal(scheme_key_bytes(scheme), KEY[scheme]);
		assert_int_equal(scheme_sig_bytes(scheme), SIG[scheme]);
		if (scheme == SCHEME_ECDSA256K1) continue;
		uint8_t key[MAX_TYPED_KEY], sig[MAX_TYPED_SIG], again[MAX_TYPED_SIG], others[MAX_TYPED_KEY];
		const slice k = slice_of(key, KEY[scheme]), z = slice_of(sig, SIG[scheme]);
		typed_key(key, s, scheme), typed_key(others, other, scheme);
		typed_sign(sig, s, scheme, "PUBL_DEC", m), typed_sign(again, s, scheme, "PUBL_DEC", m);
		assert_memory_equal(sig, again, z.n);
		assert_true(typed_ok_var(scheme, k, "PUBL_DEC", m, z));
		assert_false(typed_ok_var(scheme, k, "USER_DEC", m, z));
		assert_false(typed_ok_var(scheme, k, "PUBL_DEC", slice_str("payloae"), z));
		assert_false(typed_ok_var(scheme, slice_of(others, k.n), "PUBL_DEC", m, z));
		assert_false(typed_ok_var(scheme, slice_of(key, k.n - 1), "PUBL_DEC", m, z));
		assert_false(typed_ok_var(scheme, k, "PUBL_DEC", m, slice_of(sig, z.n - 1)));
		assert_false(typed_ok_var(scheme == SCHEME_ED25519 ? SCHEME_MLDSA44 : SCHEME_ED25519, k, "PUBL_DEC", m, z));
		sig[test_below(z.n)] ^= (uint8_t)(1 << test_below(8));
		assert_false(typed_ok_var(scheme, k, "PUBL_DEC", m, z));
	}
}

static void a_scheme_learns_nothing_of_the_key_of_another(void **state)
{
	AUTO(signer) *s = new_signer();
	uint8_t seed[MAX_SCHEMES][SIGNER_SEED];

	(void)state;
	for (uint32_t scheme = 0; scheme < MAX_SCHEMES; scheme++) {
		signer_seed(seed[scheme], s, scheme);
		for (uint32_t i = 0; i < scheme; i++) assert_memory_not_equal(seed[i], seed[scheme], SIGNER_SEED);
	}
}

static void an_identity_is_the_short_key_or_a_hash_with_the_scheme(void **state)
{
	uint8_t key[MAX_TYPED_KEY] = { 1, 2, 3 };
	const hash32 short_one = typed_identity(SCHEME_ED25519, slice_of(key, 32));
	hash32 expected, wrong;

	(void)state;
	assert_memory_equal(short_one.b, key, 32);
	/* SHAKE256("HASH_LST" "SIGKDGST" u64le(2) i32le(2) key) */
	buf b = { 0 };
	buf_put_slice(&b, slice_str("HASH_LSTSIGKDGST"));
	buf_put_u64(&b, 2), buf_put_u32(&b, 2), buf_put(&b, key, 1312);
	shake256(expected.b, 32, buf_slice(&b));
	buf_free(&b);
	const hash32 is = typed_identity(SCHEME_MLDSA44, slice_of(key, 1312));
	assert_memory_equal(is.b, expected.b, 32);
	key[1311] = 1;
	wrong = typed_identity(SCHEME_MLDSA44, slice_of(key, 1312));
	assert_memory_not_equal(wrong.b, expected.b, 32);
}

/* ---- Ed25519 ------------------------------------------------------------------------------------------------------ */

static void bytes_of(uint8_t *out, size_t n, const char *hex)
{
	assert_true(hex_read(out, n, slice_str(hex)));
}

/* RFC 8032, section 7.1, the first three. */
static void ed25519_has_the_answers_of_its_rfc(void **state)
{
	static const char *const KNOWN[][4] = {
		{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
		  "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
		{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
		{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
		  "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(KNOWN); i++) {
		uint8_t seed[32], pk[32], m[2], sig[64], is[64];
		const slice message = slice_of(m, strlen(KNOWN[i][2]) / 2);
		bytes_of(seed, 32, KNOWN[i][0]), bytes_of(pk, 32, KNOWN[i][1]), bytes_of(m, message.n, KNOWN[i][2]), bytes_of(sig, 64, KNOWN[i][3]);
		ed25519_public_key(is, seed);
		assert_memory_equal(is, pk, 32);
		ed25519_sign(is, seed, (slice){ 0 }, message);
		assert_memory_equal(is, sig, 64);
		assert_true(ed25519_verify_var(slice_of(pk, 32), (slice){ 0 }, message, slice_of(sig, 64)));
	}
}

/* libcrypto alone takes R = A = neutral, S = 0 under any message. */
static void ed25519_takes_no_point_of_small_order_and_no_second_encoding(void **state)
{
	static const char *const POINT[] = {
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",          /* p + 1 */
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",          /* p     */
	};
	uint8_t seed[32] = { 7 }, pk[32], sig[64], low[32];

	(void)state;
	ed25519_public_key(pk, seed);
	for (size_t i = 0; i < COUNT(POINT); i++) {
		bytes_of(low, 32, POINT[i]);
		memset(sig, 0, sizeof sig);
		sig[0] = 1;
		for (uint8_t m = 0; m < 16; m++)
			assert_false(ed25519_verify_var(slice_of(low, 32), (slice){ 0 }, slice_of(&m, 1), slice_of(sig, 64)));
		memcpy(sig, low, 32);
		assert_false(ed25519_verify_var(slice_of(pk, 32), (slice){ 0 }, (slice){ 0 }, slice_of(sig, 64)));
	}
}

/* The order of the group, added to S. */
static void ed25519_takes_no_scalar_twice(void **state)
{
	uint8_t seed[32] = { 8 }, pk[32], sig[64], order[32];
	unsigned carry = 0;

	(void)state;
	bytes_of(order, 32, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
	ed25519_public_key(pk, seed);
	ed25519_sign(sig, seed, (slice){ 0 }, slice_str("m"));
	assert_true(ed25519_verify_var(slice_of(pk, 32), (slice){ 0 }, slice_str("m"), slice_of(sig, 64)));
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned)sig[32 + i] + order[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_false(ed25519_verify_var(slice_of(pk, 32), (slice){ 0 }, slice_str("m"), slice_of(sig, 64)));
}

TESTS(TEST(every_scheme_signs_for_its_domain_message_and_key), TEST(a_scheme_learns_nothing_of_the_key_of_another),
      TEST(an_identity_is_the_short_key_or_a_hash_with_the_scheme), TEST(ed25519_has_the_answers_of_its_rfc),
      TEST(ed25519_takes_no_point_of_small_order_and_no_second_encoding), TEST(ed25519_takes_no_scalar_twice))
