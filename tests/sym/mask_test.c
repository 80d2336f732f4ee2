/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "sym/drbg.h"
#include "sym/mask.h"

static mask_seed xof_from(uint8_t first_byte, u128 block, uint8_t byte)
{
	uint8_t bytes[16];
	for (unsigned i = 0; i < 16; i++) bytes[i] = (uint8_t)(first_byte + i);
	mask_seed s = mask_seed_xof("TFHE_GEN", slice_of(bytes, 16));
	s.first = (mask_index){ block, byte };
	return s;
}

static uint64_t first_word(mask_seed s)
{
	uint64_t w;
	AUTO(mask_stream) m = mask_open(&s);
	mask_u64s(&m, &w, 1);
	return w;
}

/* The first mask word of compact public keys decompressed by TFHE-rs 1.7 in WebAssembly. */
static void the_first_words_are_those_of_tfhe_rs(void **state)
{
	mask_seed s;

	(void)state;
	s = mask_seed_ctr((u128)0x0123456789abcdef << 64 | 0x0fedcba987654321);
	assert_true(first_word(s) == 0x6998f416caabd993);
	s = mask_seed_ctr((u128)0xffeeddccbbaa9988 << 64 | 0x7766554433221100);
	s.first = (mask_index){ 5, 7 };
	assert_true(first_word(s) == 0x4453d201a2c7cfbe);
	assert_true(first_word(xof_from(1, 0, 0)) == 0xb596a00963e1a5fc);
	assert_true(first_word(xof_from(1, 0, 1)) == 0xdab596a00963e1a5);
	assert_true(first_word(xof_from(100, 123456789, 13)) == 0x7c3c493267085881);
}

/* The definition, one byte at a time. */
static uint8_t table(aes128 *k, u128 offset, u128 block, unsigned byte)
{
	uint8_t b[AES_BLOCK];
	store128(b, offset + block);
	aes128_blocks(k, b, b, 1);
	return b[byte];
}

static void every_byte_is_the_tables(void **state)
{
	uint8_t key[16], out[3 * MASK_BATCH + 5];
	mask_seed s = mask_seed_ctr((u128)7 << 100 | 9);

	(void)state;
	s.first = (mask_index){ ~(u128)0 - 4, 11 };           /* the counter wraps after five blocks */
	store128(key, s.ctr);
	AUTO(aes128) k = aes128_new(key);
	AUTO(mask_stream) m = mask_open(&s);
	mask_fill_bytes(&m, out, sizeof out);
	for (size_t i = 0; i < sizeof out; i++)
		assert_int_equal(out[i], table(&k, 0, s.first.block + (11 + i) / 16, (11 + i) % 16));
}

static void pieces_skips_and_reopening_stay_on_one_stream(void **state)
{
	static uint8_t all[60000], piece[20000];
	mask_seed s = xof_from(3, 2, 5);

	(void)state;
	AUTO(mask_stream) whole = mask_open(&s);
	mask_fill_bytes(&whole, all, sizeof all);
	for (unsigned round = 0; round < 40; round++) {
		mask_stream m = mask_open(&s);
		const uint64_t longest = round % 2 ? 100 : 9000;
		for (size_t at = 0; at + 20000 < sizeof all; ) {
			const mask_index here = mask_position(&m);
			assert_true(here.block == 2 + (5 + at) / 16 && here.byte == (5 + at) % 16);
			const size_t n = (size_t)test_below(longest);
			switch (test_below(4)) {
			case 0:
				mask_skip(&m, n);
				break;
			case 1: {                                         /* another stream, opened at the same place */
				mask_seed t = s;
				t.first = here;
				mask_stream_free(&m);
				m = mask_open(&t);
				mask_fill_bytes(&m, piece, n);
				assert_memory_equal(piece, all + at, n);
				break;
			}
			default:
				mask_fill_bytes(&m, piece, n);
				assert_memory_equal(piece, all + at, n);
			}
			at += n;
		}
		mask_stream_free(&m);
	}
}

static void words_are_little_endian_and_unaligned(void **state)
{
	uint8_t bytes[8 * 3 + 16 * 300];
	uint64_t w64[3];
	u128 w128[300];
	mask_seed s = xof_from(0, 0, 0);

	(void)state;
	AUTO(mask_stream) a = mask_open(&s);
	AUTO(mask_stream) b = mask_open(&s);
	mask_fill_bytes(&a, bytes, sizeof bytes);
	mask_u64s(&b, w64, 3);
	assert_int_equal(mask_position(&b).byte, 8);
	mask_u128s(&b, w128, 300);
	for (unsigned i = 0; i < 3; i++) assert_true(w64[i] == load64(bytes + 8 * i));
	for (unsigned i = 0; i < 300; i++) assert_true(w128[i] == load128(bytes + 24 + 16 * i));
}

static void nothing_may_be_asked_for(void **state)
{
	mask_seed s = xof_from(0, 3, 4);

	(void)state;
	AUTO(mask_stream) m = mask_open(&s);
	mask_fill_bytes(&m, NULL, 0);
	mask_u64s(&m, NULL, 0);
	mask_u128s(&m, NULL, 0);
	mask_skip(&m, 0);
	assert_true(mask_position(&m).block == 3 && mask_position(&m).byte == 4);
}

static void a_skip_beyond_memory_lands_where_it_says(void **state)
{
	mask_seed s = xof_from(1, 0, 0), far = s;
	uint64_t a, b;

	(void)state;
	far.first = (mask_index){ (u128)UINT64_MAX / 16 + 1, 14 };
	AUTO(mask_stream) walker = mask_open(&s);
	AUTO(mask_stream) jumper = mask_open(&far);
	mask_skip(&walker, UINT64_MAX);
	mask_skip(&walker, 15);
	mask_u64s(&walker, &a, 1);
	mask_u64s(&jumper, &b, 1);
	assert_true(a == b);
}

static void a_seed_makes_the_same_bytes_for_ever(void **state)
{
	uint8_t a[100], b[100];

	(void)state;
	AUTO(drbg) d = drbg_from_seed(slice_str("a seed"));
	AUTO(drbg) e = drbg_from_seed(slice_str("a seed"));
	AUTO(drbg) other = drbg_from_seed(slice_str("another seed"));
	const rng r = drbg_rng(&d), s = drbg_rng(&e), t = drbg_rng(&other);

	rng_fill(&r, a, 100);
	for (unsigned i = 0; i < 100; i += 20) rng_fill(&s, b + i, 20);
	assert_memory_equal(a, b, 100);
	assert_true(load64(a) == 0x7f2efceffb764c32);
	rng_fill(&t, b, 100);
	assert_memory_not_equal(a, b, 100);
}

TESTS(TEST(the_first_words_are_those_of_tfhe_rs), TEST(every_byte_is_the_tables),
      TEST(pieces_skips_and_reopening_stay_on_one_stream), TEST(words_are_little_endian_and_unaligned),
      TEST(nothing_may_be_asked_for),
      TEST(a_skip_beyond_memory_lands_where_it_says), TEST(a_seed_makes_the_same_bytes_for_ever))
