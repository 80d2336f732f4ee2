/* SPDX-License-Identifier: MIT */
/* The file of a key set made in place: sizes known beforehand, and the same bytes as when it is written whole. */
#include <stdlib.h>
#include "lattice/keygen.h"
#include "tests/test.h"
#include "tfhers/tfhers.h"

enum { SEED = PUBLIC_SEED_BYTES, TAG = 32 };

static size_t bodies_of(const lat_params *p)
{
	size_t n = 0;
	for (key_part i = 0; i < KEY_PARTS; i++) n += part_body_bytes(part_shape_of(p, i));
	return n;
}

static void sizes_are_those_of_the_published_table(void **state)
{
	(void)state;
	assert_int_equal(tfhers_keyset_layout(&PARAMS_DEFAULT, SEED, TAG).bytes, 511412641);
	assert_int_equal(tfhers_keyset_layout(&PARAMS_TEST, SEED, TAG).bytes, 2661273);
	/* Two tags and one seed for every part and the set itself. */
	assert_int_equal(tfhers_keyset_layout(&PARAMS_DEFAULT, SEED, 0).bytes, 511412641 - 2 * TAG);
}

static void parts_stand_apart_inside_the_file_and_absent_ones_nowhere(void **state)
{
	(void)state;
	static const lat_params *const SETS[] = { &PARAMS_DEFAULT, &PARAMS_TEST };

	for (size_t k = 0; k < COUNT(SETS); k++) {
		const keyset_layout l = tfhers_keyset_layout(SETS[k], SEED, TAG);
		assert_true(l.bytes > bodies_of(SETS[k]) && l.bytes < bodies_of(SETS[k]) + 4096);
		for (key_part i = 0; i < KEY_PARTS; i++) {
			const size_t n = part_body_bytes(part_shape_of(SETS[k], i));
			assert_int_equal(l.at[i] != 0, n != 0);
			assert_true(l.at[i] + n <= l.bytes);
			for (key_part j = 0; j < i; j++) {
				const size_t m = part_body_bytes(part_shape_of(SETS[k], j));
				if (n && m) assert_true(l.at[i] + n <= l.at[j] || l.at[j] + m <= l.at[i]);
			}
		}
	}
}

/* Around bodies that are zero: 511 MB of addresses, of which a few pages are touched. */
static void a_frame_leaves_the_bodies_alone_and_reads_as_the_set_it_is_of(void **state)
{
	(void)state;
	const uint8_t seed[SEED] = { 7 }, tag_bytes[TAG] = { 4 };
	const keyset_layout l = tfhers_keyset_layout(&PARAMS_DEFAULT, SEED, TAG);
	seeded_keyset set = { .params = &PARAMS_DEFAULT }, again;
	uint8_t *file = calloc(1, l.bytes);
	slice tag;

	assert_non_null(file);
	for (key_part i = 0; i < KEY_PARTS; i++) {
		const size_t n = part_body_bytes(part_shape_of(&PARAMS_DEFAULT, i));
		if (n) set.part[i] = (seeded_part){ .bodies = slice_of(file + l.at[i], n), .seed = keygen_masks(&PARAMS_DEFAULT, seed, i) };
		if (n) file[l.at[i]] = file[l.at[i] + n - 1] = (uint8_t)(i + 1);
	}
	tfhers_frame_keyset(file, &set, slice_of(tag_bytes, TAG));
	assert_ok(tfhers_read_keyset(&again, &tag, slice_of(file, l.bytes)));
	assert_ptr_equal(again.params, &PARAMS_DEFAULT);
	assert_true(slice_eq_var(tag, slice_of(tag_bytes, TAG)));
	for (key_part i = 0; i < KEY_PARTS; i++) {
		assert_ptr_equal(again.part[i].bodies.p, set.part[i].bodies.p);
		assert_int_equal(again.part[i].bodies.n, set.part[i].bodies.n);
		if (set.part[i].bodies.n == 0) continue;
		assert_int_equal(again.part[i].bodies.p[0], i + 1);
		assert_int_equal(again.part[i].bodies.p[again.part[i].bodies.n - 1], i + 1);
	}
	free(file);
}

static void made_in_place_is_byte_for_byte_what_is_written_whole(const lat_params *params)
{
	static const uint8_t tag_bytes[TAG] = { 1, 2, 3 };
	const slice tag = slice_of(tag_bytes, TAG);
	const keyset_layout l = tfhers_keyset_layout(params, SEED, TAG);
	secret_keys secret;
	public_set pub;
	AUTO(buf) whole = { 0 };
	uint8_t *file = malloc(l.bytes);

	assert_non_null(file);
	memset(file, 0xcc, l.bytes);
	assert_ok(keys_from_seed(&secret, &pub, params, slice_str("in place"), NULL));
	tfhers_write_keyset(&whole, &pub.set, tag);
	tfhers_frame_keyset(file, &pub.set, tag);
	for (key_part i = 0; i < KEY_PARTS; i++)
		if (l.at[i]) memcpy(file + l.at[i], pub.set.part[i].bodies.p, pub.set.part[i].bodies.n);
	assert_int_equal(whole.n, l.bytes);
	assert_memory_equal(whole.p, file, l.bytes);
	free(file);
	secret_keys_free(&secret);
	public_set_free(&pub);
}

static void the_test_set_made_in_place_is_what_is_written_whole(void **state)
{
	(void)state;
	made_in_place_is_byte_for_byte_what_is_written_whole(&PARAMS_TEST);
}

#ifdef ARCA_TEST_PARAMS
static void the_mini_set_made_in_place_is_what_is_written_whole(void **state)
{
	(void)state;
	made_in_place_is_byte_for_byte_what_is_written_whole(&PARAMS_MINI);
}
#endif

static const struct CMUnitTest tests[] = {
	TEST(sizes_are_those_of_the_published_table), TEST(parts_stand_apart_inside_the_file_and_absent_ones_nowhere),
	TEST(a_frame_leaves_the_bodies_alone_and_reads_as_the_set_it_is_of), TEST(the_test_set_made_in_place_is_what_is_written_whole),
#ifdef ARCA_TEST_PARAMS
	TEST(the_mini_set_made_in_place_is_what_is_written_whole),
#endif
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, __FILE__, tests, COUNT(tests));
}
