/* SPDX-License-Identifier: MIT */
/* The bytes of a sealed object: known ones, and what is done to them is found. */
#include "vault/sealed.h"
#include <stdlib.h>
#include "base/hex.h"
#include "sym/sha2.h"
#include "tests/test.h"

static const vault_key KEY = {{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 }};
static const id32 ONE = {{ [31] = 1 }}, TWO = {{ [31] = 2 }}, EPOCH = {{ [0] = 8, [31] = 1 }};
static const sealed_place SHARE = { "FheKeyInfo", &EPOCH, &ONE }, SIGNING = { "SigningKey", NULL, &ONE };

/* The salt of the known answers: bytes 64, 65, ... */
static void known_salt(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++) out[i] = (uint8_t)(64 + i);
}
static const rng KNOWN_SALT = { NULL, known_salt };

static uint8_t *pattern(size_t n)
{
	uint8_t *p = malloc(n);
	assert_non_null(p);
	for (size_t i = 0; i < n; i++) p[i] = (uint8_t)(i * 7 + (i >> 9));
	return p;
}

static void opens(const sealed_place *place, slice file, slice plain)
{
	AUTO(buf) b = { 0 };

	buf_put_str(&b, "before");
	assert_ok(sealed_read(&b, &KEY, place, file, plain.n));
	assert_int_equal(b.n, 6 + plain.n);
	assert_memory_equal(b.p + 6, plain.p, plain.n);
}

static void does_not_open(const vault_key *key, const sealed_place *place, slice file)
{
	AUTO(buf) b = { 0 };

	buf_put_str(&b, "before");
	assert_err(ERR_STATE, sealed_read(&b, key, place, file, 16 << 20));
	assert_int_equal(b.n, 6);
}

/* Made by hashlib and cryptography's AESGCM of Python, from the description in the header. */
static void known_objects_have_known_bytes(void **state)
{
	static const char FILE_HEX[] = "415243415345414c01d296920ba428f383404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
	                               "c511c3dfd120c3373aba54203b88477fbc0624af4fbc003702c420ce9c37";
	static const char DIGEST_HEX[] = "a3a3ad6ba0418f69f4358557629b6480f78748e23fbfcf6a68f522ce24cc998c";
	const size_t n = 2 * SEALED_CHUNK + 5;
	AUTO(buf) file = { 0 }, want = { 0 };
	char id[KEY_ID_TEXT];

	(void)state;
	vault_key_id(id, &KEY);
	assert_string_equal(id, "d296920ba428f383");
	sealed_write(&file, &KEY, &SHARE, slice_str("share of a key"), &KNOWN_SALT);
	assert_true(hex_read_all(&want, slice_str(FILE_HEX)));
	assert_int_equal(file.n, want.n);
	assert_memory_equal(file.p, want.p, want.n);
	opens(&SHARE, buf_slice(&want), slice_str("share of a key"));

	uint8_t *plain = pattern(n), digest[32];
	buf_clear(&file);
	sealed_write(&file, &KEY, &SIGNING, slice_of(plain, n), &KNOWN_SALT);
	assert_true(hex_read(digest, sizeof digest, slice_str(DIGEST_HEX)));
	assert_memory_equal(sha256(buf_slice(&file)).b, digest, sizeof digest);
	opens(&SIGNING, buf_slice(&file), slice_of(plain, n));
	free(plain);
}

static void objects_of_every_length_around_a_chunk_come_back(void **state)
{
	static const size_t LENGTHS[] = { 1, 15, 16, 17, SEALED_CHUNK - 1, SEALED_CHUNK, SEALED_CHUNK + 1, 2 * SEALED_CHUNK };
	uint8_t *plain = pattern(2 * SEALED_CHUNK);

	(void)state;
	for (size_t i = 0; i < COUNT(LENGTHS); i++) {
		const size_t n = LENGTHS[i], chunks = (n + SEALED_CHUNK - 1) / SEALED_CHUNK;
		AUTO(buf) file = { 0 }, b = { 0 };
		sealed_write(&file, &KEY, &SHARE, slice_of(plain, n), test_rng());
		assert_int_equal(file.n, SEALED_HEADER + n + chunks * GCM_TAG);
		opens(&SHARE, buf_slice(&file), slice_of(plain, n));
		assert_err(ERR_REQUEST, sealed_read(&b, &KEY, &SHARE, buf_slice(&file), n - 1));
	}
	free(plain);
}

static void two_seals_of_one_object_have_nothing_in_common(void **state)
{
	AUTO(buf) a = { 0 }, b = { 0 };
	const size_t head = SEALED_HEADER - SEALED_SALT;

	(void)state;
	sealed_write(&a, &KEY, &SHARE, slice_str("the same sixteen or more bytes"), test_rng());
	sealed_write(&b, &KEY, &SHARE, slice_str("the same sixteen or more bytes"), test_rng());
	assert_memory_equal(a.p, b.p, head);
	for (size_t at = head; at + 8 <= a.n; at++) assert_memory_not_equal(a.p + at, b.p + at, 8);
}

static void every_changed_bit_is_found(void **state)
{
	AUTO(buf) file = { 0 };

	(void)state;
	sealed_write(&file, &KEY, &SHARE, slice_str("share of a key"), test_rng());
	for (size_t bit = 0; bit < 8 * file.n; bit++) {
		file.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		does_not_open(&KEY, &SHARE, buf_slice(&file));
		file.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	opens(&SHARE, buf_slice(&file), slice_str("share of a key"));
}

static void every_length_but_its_own_is_refused(void **state)
{
	AUTO(buf) file = { 0 };

	(void)state;
	sealed_write(&file, &KEY, &SHARE, slice_str("share of a key"), test_rng());
	for (size_t n = 0; n < file.n; n++) does_not_open(&KEY, &SHARE, slice_of(file.p, n));
	for (size_t more = 0; more < 20; more++) {
		buf_put_u8(&file, 0);
		does_not_open(&KEY, &SHARE, buf_slice(&file));
	}
}

/* Three whole chunks: cut behind one, with one twice, with two in each other's places, and with one of another object. */
static void chunks_are_in_their_places_and_the_last_is_the_last(void **state)
{
	const size_t each = SEALED_CHUNK + GCM_TAG, n = 3 * SEALED_CHUNK;
	uint8_t *plain = pattern(n);
	AUTO(buf) file = { 0 }, other = { 0 }, changed = { 0 };

	(void)state;
	sealed_write(&file, &KEY, &SHARE, slice_of(plain, n), test_rng());
	sealed_write(&other, &KEY, &SHARE, slice_of(plain, n), test_rng());
	const uint8_t *chunk = file.p + SEALED_HEADER;
	for (size_t chunks = 0; chunks < 3; chunks++) does_not_open(&KEY, &SHARE, slice_of(file.p, SEALED_HEADER + chunks * each));
	buf_put(&changed, file.p, file.n);
	buf_put(&changed, chunk + 2 * each, each);
	does_not_open(&KEY, &SHARE, buf_slice(&changed));
	buf_clear(&changed);
	buf_put(&changed, file.p, SEALED_HEADER);
	buf_put(&changed, chunk + each, each), buf_put(&changed, chunk, each), buf_put(&changed, chunk + 2 * each, each);
	does_not_open(&KEY, &SHARE, buf_slice(&changed));
	buf_clear(&changed);
	buf_put(&changed, file.p, SEALED_HEADER + each), buf_put(&changed, other.p + SEALED_HEADER + each, 2 * each);
	does_not_open(&KEY, &SHARE, buf_slice(&changed));
	opens(&SHARE, buf_slice(&file), slice_of(plain, n));
	free(plain);
}

static void an_object_opens_in_its_own_place_only(void **state)
{
	const sealed_place elsewhere[] = {
		{ "FheKeyInfo", &EPOCH, &TWO }, { "FheKeyInfo", &TWO, &ONE }, { "FheKeyInfo", NULL, &ONE }, { "FhePrivateKey", &EPOCH, &ONE },
		{ "FheKeyInf", &EPOCH, &ONE }, { "FheKeyInfo", &ONE, &EPOCH },
	};
	AUTO(buf) file = { 0 };

	(void)state;
	sealed_write(&file, &KEY, &SHARE, slice_str("share of a key"), test_rng());
	for (size_t i = 0; i < COUNT(elsewhere); i++) does_not_open(&KEY, &elsewhere[i], buf_slice(&file));
	buf_clear(&file);
	const id32 zero = { 0 };
	sealed_write(&file, &KEY, &SIGNING, slice_str("share of a key"), test_rng());
	does_not_open(&KEY, &(sealed_place){ "SigningKey", &zero, &ONE }, buf_slice(&file));
}

static void another_key_is_named_with_the_one_that_is_missing(void **state)
{
	AUTO(buf) file = { 0 }, b = { 0 };
	vault_key other = KEY;

	(void)state;
	sealed_write(&file, &KEY, &SHARE, slice_str("share of a key"), test_rng());
	for (size_t bit = 0; bit < 256; bit += 37) {
		other.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(sealed_read(&b, &other, &SHARE, buf_slice(&file), 100), ERR_STATE);
		assert_non_null(strstr(err_text(), "d296920ba428f383"));
		err_clear();
	}
	/* Whoever writes the other key's id into the header still has no such object. */
	AUTO(buf) of_other = { 0 };
	sealed_write(&of_other, &other, &SHARE, slice_str("share of a key"), test_rng());
	memcpy(file.p, of_other.p, SEALED_HEADER - SEALED_SALT);
	does_not_open(&other, &SHARE, buf_slice(&file));
	assert_int_equal(b.n, 0);
}

TESTS(TEST(known_objects_have_known_bytes), TEST(objects_of_every_length_around_a_chunk_come_back),
      TEST(two_seals_of_one_object_have_nothing_in_common), TEST(every_changed_bit_is_found), TEST(every_length_but_its_own_is_refused),
      TEST(chunks_are_in_their_places_and_the_last_is_the_last), TEST(an_object_opens_in_its_own_place_only),
      TEST(another_key_is_named_with_the_one_that_is_missing))
