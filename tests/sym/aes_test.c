/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "base/hex.h"
#include "sym/aes.h"
#include "sym/sha2.h"

/* FIPS 197, appendix C.1. */
static void aes128_encrypts_the_standards_block(void **state)
{
	uint8_t key[16], in[16], expected[16], out[48];

	(void)state;
	assert_true(hex_read(key, 16, slice_str("000102030405060708090a0b0c0d0e0f")));
	assert_true(hex_read(in, 16, slice_str("00112233445566778899aabbccddeeff")));
	assert_true(hex_read(expected, 16, slice_str("69c4e0d86a7b0430d8cdb78070b4c55a")));
	AUTO(aes128) k = aes128_new(key);
	aes128_blocks(&k, out, in, 1);
	assert_memory_equal(out, expected, 16);

	/* A batch, in place, is its blocks one by one. */
	for (unsigned i = 0; i < 3; i++) memcpy(out + 16 * i, in, 16);
	aes128_blocks(&k, out, out, 3);
	for (unsigned i = 0; i < 3; i++) assert_memory_equal(out + 16 * i, expected, 16);
}

/* The GCM specification (McGrew and Viega), test case 16. */
static const char GCM_KEY[] = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
static const char GCM_NONCE_TEXT[] = "cafebabefacedbaddecaf888";
static const char GCM_AAD[] = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
static const char GCM_PLAIN[] = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c959568095"
	"32fcf0e2449a6b525b16aedf5aa0de657ba637b39";
static const char GCM_SEALED[] = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb"
	"3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b";

static void gcm_seals_and_opens_the_published_case(void **state)
{
	uint8_t key[32], nonce[12], aad[20], plain[60], sealed[76], got[76];

	(void)state;
	assert_true(hex_read(key, 32, slice_str(GCM_KEY)) && hex_read(nonce, 12, slice_str(GCM_NONCE_TEXT)));
	assert_true(hex_read(aad, 20, slice_str(GCM_AAD)) && hex_read(plain, 60, slice_str(GCM_PLAIN)));
	assert_true(hex_read(sealed, 76, slice_str(GCM_SEALED)));
	aes256_gcm_seal(got, key, nonce, slice_of(aad, 20), slice_of(plain, 60));
	assert_memory_equal(got, sealed, 76);
	assert_true(aes256_gcm_open(got, key, nonce, slice_of(aad, 20), slice_of(sealed, 76)));
	assert_memory_equal(got, plain, 60);
}

static void gcm_opens_nothing_else(void **state)
{
	uint8_t key[32] = { 1 }, nonce[12] = { 2 }, sealed[20 + GCM_TAG], got[20];
	const uint8_t zero[20] = { 0 };

	(void)state;
	aes256_gcm_seal(sealed, key, nonce, slice_str("context"), slice_str("twenty bytes of text"));
	for (size_t i = 0; i < sizeof sealed; i++) {
		sealed[i] ^= 0x10;
		memset(got, 7, sizeof got);
		assert_false(aes256_gcm_open(got, key, nonce, slice_str("context"), slice_of(sealed, sizeof sealed)));
		assert_memory_equal(got, zero, sizeof got);
		sealed[i] ^= 0x10;
	}
	assert_false(aes256_gcm_open(got, key, nonce, slice_str("contexu"), slice_of(sealed, sizeof sealed)));
	for (size_t n = 0; n < sizeof sealed; n++)
		assert_false(aes256_gcm_open(got, key, nonce, slice_str("context"), slice_of(sealed, n)));
	assert_true(aes256_gcm_open(got, key, nonce, slice_str("context"), slice_of(sealed, sizeof sealed)));
}

static void an_empty_message_can_be_sealed(void **state)
{
	uint8_t key[32] = { 0 }, nonce[12] = { 0 }, sealed[GCM_TAG], tag[GCM_TAG];

	(void)state;
	assert_true(hex_read(tag, 16, slice_str("530f8afbc74536b9a963b4f1c4cb738b")));     /* test case 13 */
	aes256_gcm_seal(sealed, key, nonce, (slice){ 0 }, (slice){ 0 });
	assert_memory_equal(sealed, tag, 16);
	assert_true(aes256_gcm_open(NULL, key, nonce, (slice){ 0 }, slice_of(sealed, sizeof sealed)));
}

static void sha256_in_pieces_is_sha256_at_once(void **state)
{
	uint8_t expected[32];

	(void)state;
	assert_true(hex_read(expected, 32, slice_str("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")));
	assert_memory_equal(sha256(slice_str("abc")).b, expected, 32);
	AUTO(sha256_stream) s = sha256_begin();
	for (unsigned again = 0; again < 2; again++) {
		sha256_add(&s, slice_str("a"));
		sha256_add(&s, slice_str(""));
		sha256_add(&s, slice_str("bc"));
		assert_memory_equal(sha256_end(&s).b, expected, 32);
	}
}

TESTS(TEST(aes128_encrypts_the_standards_block), TEST(gcm_seals_and_opens_the_published_case),
      TEST(gcm_opens_nothing_else), TEST(an_empty_message_can_be_sealed), TEST(sha256_in_pieces_is_sha256_at_once))
