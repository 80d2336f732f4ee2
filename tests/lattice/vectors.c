/* SPDX-License-Identifier: MIT */
/* tests/lattice/vectors.c -- where the arrays stand in the files of the test parameter set. */
#include "tests/lattice/vectors.h"
#include "lattice/compact.h"
#include "lattice/keygen.h"

static const char *const FOLDER[] = { [VECTOR_NODE] = "tfhe/test", [VECTOR_XOF] = "tfhe/xofset_test" };

/* client_key.bin: the same places in both sets.  Bits are whole words. */
static const struct { secret_id id; size_t offset, word; } SECRET_AT[] = {
	{ SECRET_BIG, 91, 8 }, { SECRET_SMALL, 2163, 8 }, { SECRET_PKE, 2461, 8 }, { SECRET_COMP, 6714, 8 },
	{ SECRET_SNS, 8919, 16 }, { SECRET_SNSCOMP, 13236, 16 }, { SECRET_OPRF, 17514, 8 },
};

/* compressed_server_key.bin: places differ by the length of the seeds.  `fields` of 12 bytes stand between the array
 * and its seed. */
static const struct { key_part part; size_t offset[2], fields; } PART_AT[] = {
	{ PART_KSK, { 101, 101 }, 3 }, { PART_BSK, { 2309, 2325 }, 4 }, { PART_MS_ZEROS, { 6577, 6609 }, 1 },
	{ PART_CAST_KSK, { 6882, 6930 }, 3 }, { PART_COMP_PKSK, { 11152, 11216 }, 4 },
	{ PART_DECOMP_BSK, { 535645, 535725 }, 4 }, { PART_SNS_BSK, { 1584434, 1584530 }, 4 },
	{ PART_SNS_MS_ZEROS, { 1600990, 1601102 }, 1 }, { PART_SNSCOMP_PKSK, { 1601275, 1601403 }, 4 },
	{ PART_RERAND, { 2650044, 2650188 }, 1 }, { PART_OPRF_BSK, { 2652353, 2652513 }, 4 },
};

static buf vector_file(vector_set which, const char *file)
{
	char name[128];
	snprintf(name, sizeof name, "%s/%s", FOLDER[which], file);
	return test_read(test_vector(name));
}

/* The bytes of the array of `count` words whose count stands at `offset`. */
static slice array_at(const buf *file, size_t offset, size_t count, size_t bytes)
{
	assert_true(offset + 8 + count * bytes <= file->n);
	assert_int_equal(load64(file->p + offset), count);
	return slice_of(file->p + offset + 8, count * bytes);
}

void vector_words(void *out, vector_set which, const char *file, size_t offset, size_t count, size_t bytes)
{
	AUTO(buf) f = vector_file(which, file);
	slice words = array_at(&f, offset, count, bytes);
	uint64_t *narrow = out;
	u128 *wide = out;
	for (size_t i = 0; i < count; i++)
		if (bytes == 8) narrow[i] = load64(words.p + 8 * i);
		else wide[i] = load128(words.p + 16 * i);
}

/* A part of the array at `offset`; its seed follows the array and some fields. */
static seeded_part part_at(vector_set which, const buf *file, key_part id, size_t offset, size_t fields)
{
	static const uint8_t seed[PUBLIC_SEED_BYTES] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	const part_shape s = part_shape_of(&PARAMS_TEST, id);
	const slice bodies = array_at(file, offset, s.rows * s.body, s.bits / 8);
	if (which == VECTOR_XOF) return (seeded_part){ .bodies = bodies, .seed = keygen_masks(&PARAMS_TEST, seed, id) };

	/* Four version and variant words and one more stand in front of the 16 bytes of a Ctr seed. */
	const uint8_t *ctr = bodies.p + bodies.n + 12 * fields + 5 * 4;
	return (seeded_part){ .bodies = bodies, .seed = mask_seed_ctr(load128(ctr)) };
}

void vector_keys_load(vector_keys *v, vector_set which)
{
	*v = (vector_keys){ .set.params = &PARAMS_TEST };
	assert_ok(secret_keys_new(&v->secret, &PARAMS_TEST));
	v->file[0] = vector_file(which, "client_key.bin");
	v->file[1] = vector_file(which, "compressed_server_key.bin");
	v->file[2] = vector_file(which, "compressed_compact_public_key.bin");
	for (size_t i = 0; i < COUNT(SECRET_AT); i++) {
		const size_t n = secret_length(&PARAMS_TEST, SECRET_AT[i].id), word = SECRET_AT[i].word;
		slice bits = array_at(&v->file[0], SECRET_AT[i].offset, n, word);
		for (size_t b = 0; b < n; b++) v->secret.bit[SECRET_AT[i].id][b] = bits.p[b * word];
	}
	for (size_t i = 0; i < COUNT(PART_AT); i++)
		v->set.part[PART_AT[i].part] = part_at(which, &v->file[1], PART_AT[i].part, PART_AT[i].offset[which],
		                                       PART_AT[i].fields);
	v->set.part[PART_PKE] = part_at(which, &v->file[2], PART_PKE, 100, 1);
	assert_ok(eval_keys_new(&v->eval, &v->set, (1u << KEY_PARTS) - 1, EXACT, NULL, NULL));
	vector_words(v->pk, which, "compact_public_key.bin", 90, COUNT(v->pk), 8);
}

void vector_keys_free(vector_keys *v)
{
	eval_keys_free(&v->eval);
	secret_keys_free(&v->secret);
	for (size_t i = 0; i < COUNT(v->file); i++) buf_free(&v->file[i]);
}

compact_list vector_list(arena *a, vector_set which)
{
	compact_list list = { .n = PARAMS_TEST.pke.n, .count = VECTOR_LIST_MESSAGES, .paired = true };
	assert_ok(arena_new(a, &list.masks, list.n + list.count));
	list.bodies = list.masks + list.n;
	vector_words(list.masks, which, "list_packed.bin", 87, list.n + list.count, 8);
	return list;
}

void vector_list_blocks(uint8_t block[static VECTOR_LIST_BLOCKS])
{
	static const uint8_t u8[] = { 0xa7 }, u16[] = { 0x34, 0x12 }, i8[] = { 0xfb },
	                     u64[] = { 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01 },
	                     u160[] = { 0x67, 0x45, 0x23, 0x01, 0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa,
	                                0x99, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x00 };
	const slice value[] = { slice_of(u8, 1), slice_of(u16, 2), slice_of(u64, 8), slice_of(u160, 20), slice_of(i8, 1) };

	*block++ = 1;
	for (size_t i = 0; i < COUNT(value); i++) {
		compact_blocks(block, 4 * value[i].n, value[i]);
		block += 4 * value[i].n;
	}
}
