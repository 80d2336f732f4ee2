/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "base/hex.h"
#include "sym/dsep.h"
#include "sym/keccak_internal.h"
#include "sym/openssl.h"

static void assert_hex(const char *expected, const uint8_t *bytes, size_t n)
{
	buf text = { 0 };
	buf_put_hex(&text, slice_of(bytes, n));
	assert_string_equal(expected, buf_str(&text));
	buf_free(&text);
}

static void the_permutation_of_the_zero_state_is_the_published_one(void **state)
{
	uint64_t a[25] = { 0 };

	(void)state;
	keccak_f1600(a);
	assert_true(a[0] == 0xf1258f7940e1dde7 && a[24] == 0xeaf1ff7b5ceca249);
	keccak_f1600(a);
	assert_true(a[0] == 0x2d5c954df96ecb3c && a[24] == 0x20d06cd26a8fbf5c);
}

static void every_variant_permutes_as_the_portable_one(void **state)
{
	uint64_t a[25], b[25];

	(void)state;
	for (const keccak_kernel *const *k = KECCAK_ALL; *k; k++) {
		if (!cpu_can((*k)->needs)) continue;
		rng_fill(test_rng(), (uint8_t *)a, sizeof a);
		memcpy(b, a, sizeof b);
		for (unsigned i = 0; i < 100; i++) {
			KECCAK_PORTABLE.permute(a);
			(*k)->permute(b);
			assert_memory_equal(a, b, sizeof a);
		}
	}
}

static void the_empty_message_and_abc_hash_as_published(void **state)
{
	uint8_t out[64];
	hash32 h;

	(void)state;
	h = sha3_256(slice_str(""));
	assert_hex("a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a", h.b, 32);
	h = sha3_256(slice_str("abc"));
	assert_hex("3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532", h.b, 32);
	sha3_512(out, slice_str("abc"));
	assert_hex("b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
	           "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0", out, 64);
	shake128(out, 32, slice_str(""));
	assert_hex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26", out, 32);
	shake256(out, 32, slice_str(""));
	assert_hex("46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f", out, 32);
	h = keccak256(slice_str(""));
	assert_hex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470", h.b, 32);
	h = keccak256(slice_str("abc"));
	assert_hex("4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45", h.b, 32);
}

static void libcrypto(const char *name, uint8_t *out, size_t n, slice s, bool is_xof)
{
	EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	assert_true(EVP_DigestInit_ex2(c, md, NULL) == 1 && EVP_DigestUpdate(c, s.p, s.n) == 1);
	assert_true((is_xof ? EVP_DigestFinalXOF(c, out, n) : EVP_DigestFinal_ex(c, out, NULL)) == 1);
	EVP_MD_CTX_free(c);
	EVP_MD_free(md);
}

static void every_length_agrees_with_libcrypto(void **state)
{
	uint8_t in[600], ours[500], theirs[500];

	(void)state;
	rng_fill(test_rng(), in, sizeof in);
	for (size_t n = 0; n < sizeof in; n++) {
		slice s = slice_of(in, n);
		size_t out = 1 + (size_t)test_below(sizeof ours - 1);
		hash32 h = sha3_256(s);
		libcrypto("SHA3-256", theirs, 32, s, false);
		assert_memory_equal(h.b, theirs, 32);
		sha3_512(ours, s);
		libcrypto("SHA3-512", theirs, 64, s, false);
		assert_memory_equal(ours, theirs, 64);
		shake128(ours, out, s);
		libcrypto("SHAKE128", theirs, out, s, true);
		assert_memory_equal(ours, theirs, out);
		shake256(ours, out, s);
		libcrypto("SHAKE256", theirs, out, s, true);
		assert_memory_equal(ours, theirs, out);
	}
}

static void pieces_of_any_size_give_the_same_stream(void **state)
{
	uint8_t in[2000], whole[2000], parts[2000];

	(void)state;
	rng_fill(test_rng(), in, sizeof in);
	for (unsigned round = 0; round < 50; round++) {
		const size_t n = (size_t)test_below(sizeof in + 1), m = 1 + (size_t)test_below(sizeof whole);
		const uint64_t most = 1 + test_below(300);
		xof x = xof_shake256();

		shake256(whole, m, slice_of(in, n));
		for (size_t at = 0, step; at < n; at += step) {
			step = size_min(n - at, (size_t)test_below(most + 1));
			xof_absorb(&x, slice_of(in + at, step));
		}
		for (size_t at = 0, step; at < m; at += step) {
			step = size_min(m - at, (size_t)test_below(most + 1));
			xof_squeeze(&x, parts + at, step);
		}
		assert_memory_equal(whole, parts, m);
	}
}

static void named_ids_are_those_of_the_reference(void **state)
{
	hash32 h;

	(void)state;
	h = dsep_hash_length("REQST_ID", slice_str("SIGNING_KEY_ID"));
	assert_hex("60b7070add74be3827160aa635fb255eeeeb88586c4debf7ab1134ddceb4beee", h.b, 32);
	h = dsep_hash_length("REQST_ID", slice_str("INSECURE_PREPROCESSING_ID"));
	assert_hex("57abb91e46de409f88203494c6bf977da703e90b6b46e70e19989c4073184ef2", h.b, 32);
}

static void the_three_forms_are_what_they_say(void **state)
{
	const slice items[] = { slice_str("one"), slice_str(""), slice_str("three") };
	uint8_t got[40], expected[40];

	(void)state;
	shake256(expected, 40, slice_str("PDAT_KEYcontent"));
	shake256_dsep(got, 40, "PDAT_KEY", slice_str("content"));
	assert_memory_equal(got, expected, 40);

	xof x = dsep_begin("PDAT_KEY");
	xof_absorb(&x, slice_str("con"));
	xof_absorb(&x, slice_str("tent"));
	assert_memory_equal(xof_squeeze32(&x).b, expected, 32);
	assert_memory_equal(dsep_hash("PDAT_KEY", slice_str("content")).b, expected, 32);

	shake256(expected, 40, slice_of("SIGNCRYP\7\0\0\0\0\0\0\0content", 23));
	shake256_dsep_length(got, 40, "SIGNCRYP", slice_str("content"));
	assert_memory_equal(got, expected, 40);

	shake256(expected, 40, slice_of("HASH_LSTSESSN_ID\3\0\0\0\0\0\0\0onethree", 32));
	shake256_dsep_list(got, 40, "SESSN_ID", items, 3);
	assert_memory_equal(got, expected, 40);
}

TESTS(TEST(the_permutation_of_the_zero_state_is_the_published_one), TEST(every_variant_permutes_as_the_portable_one),
      TEST(the_empty_message_and_abc_hash_as_published),
      TEST(every_length_agrees_with_libcrypto), TEST(pieces_of_any_size_give_the_same_stream),
      TEST(named_ids_are_those_of_the_reference), TEST(the_three_forms_are_what_they_say))
