/* SPDX-License-Identifier: MIT */
/* tests/tfhers/tables_test.c -- the tables against files that real clients wrote, and against damage. */
#include "tests/tfhers/vectors.h"
#include <stdlib.h>
#include "tfhers/inspect.h"

typedef struct sample { const char *path; object_id id; } sample;

/* Every file of the known answers but the metadata of the proofs, which is no object. */
static const sample SAMPLES[] = {
	{ "prod/client_key.bin", OBJECT_CLIENT_KEY },
	{ "prod/comp_fhebool.bin", OBJECT_COMPRESSED_BOOL },
	{ "prod/comp_fheint8.bin", OBJECT_COMPRESSED_INT },
	{ "prod/comp_fheuint64.bin", OBJECT_COMPRESSED_UINT },
	{ "prod/comp_fheuint64.decompressed.bin", OBJECT_UINT },
	{ "prod/comp_fheuint8.bin", OBJECT_COMPRESSED_UINT },
	{ "prod/compact_public_key.bin", OBJECT_PUBLIC_KEY },
	{ "prod/compressed_compact_public_key.bin", OBJECT_COMPRESSED_PUBLIC_KEY },
	{ "prod/compressed_compact_public_key.decompressed.bin", OBJECT_PUBLIC_KEY },
	{ "prod/crs.bin", OBJECT_CRS },
	{ "prod/fhebool.bin", OBJECT_BOOL },
	{ "prod/fheint8.bin", OBJECT_INT },
	{ "prod/fheuint64.bin", OBJECT_UINT },
	{ "prod/fheuint8.bin", OBJECT_UINT },
	{ "prod/list_packed.bin", OBJECT_COMPACT_LIST },
	{ "prod/list_seeded_c8.bin", OBJECT_COMPACT_LIST },
	{ "prod/list_unpacked.bin", OBJECT_COMPACT_LIST },
	{ "prod/proven_list_proof.bin", OBJECT_PROVEN_LIST },
	{ "prod/proven_list_verify.bin", OBJECT_PROVEN_LIST },
	{ "prod/u8only_proven.bin", OBJECT_PROVEN_LIST },
	{ "test/client_key.bin", OBJECT_CLIENT_KEY },
	{ "test/comp_fhebool.bin", OBJECT_COMPRESSED_BOOL },
	{ "test/comp_fheint8.bin", OBJECT_COMPRESSED_INT },
	{ "test/comp_fheuint64.bin", OBJECT_COMPRESSED_UINT },
	{ "test/comp_fheuint64.decompressed.bin", OBJECT_UINT },
	{ "test/comp_fheuint8.bin", OBJECT_COMPRESSED_UINT },
	{ "test/compact_public_key.bin", OBJECT_PUBLIC_KEY },
	{ "test/compressed_compact_public_key.bin", OBJECT_COMPRESSED_PUBLIC_KEY },
	{ "test/compressed_compact_public_key.decompressed.bin", OBJECT_PUBLIC_KEY },
	{ "test/compressed_server_key.bin", OBJECT_COMPRESSED_SERVER_KEY },
	{ "test/crs_own.bin", OBJECT_CRS },
	{ "test/expanded_bool.bin", OBJECT_BOOL },
	{ "test/expanded_u160.bin", OBJECT_UINT },
	{ "test/expanded_u8.bin", OBJECT_UINT },
	{ "test/fhebool.bin", OBJECT_BOOL },
	{ "test/fheint8.bin", OBJECT_INT },
	{ "test/fheuint160.bin", OBJECT_UINT },
	{ "test/fheuint64.bin", OBJECT_UINT },
	{ "test/fheuint8.bin", OBJECT_UINT },
	{ "test/list_packed.bin", OBJECT_COMPACT_LIST },
	{ "test/list_seeded_c8.bin", OBJECT_COMPACT_LIST },
	{ "test/list_unpacked.bin", OBJECT_COMPACT_LIST },
	{ "test/proven_own_crs.bin", OBJECT_PROVEN_LIST },
	{ "test/sim/bool.bin", OBJECT_BOOL },
	{ "test/sim/compressed_list_u8.bin", OBJECT_COMPRESSED_LIST },
	{ "test/sim/compressed_squashed_u8.bin", OBJECT_SQUASHED_LIST },
	{ "test/sim/squashed_u8.bin", OBJECT_SQUASHED_UINT },
	{ "test/sim/u8.bin", OBJECT_UINT },
	{ "test/sim/u8_decompressed.bin", OBJECT_UINT },
	{ "xofset_test/client_key.bin", OBJECT_CLIENT_KEY },
	{ "xofset_test/compact_public_key.bin", OBJECT_PUBLIC_KEY },
	{ "xofset_test/compressed_compact_public_key.bin", OBJECT_COMPRESSED_PUBLIC_KEY },
	{ "xofset_test/compressed_server_key.bin", OBJECT_COMPRESSED_SERVER_KEY },
	{ "xofset_test/compressed_xof_key_set.bin", OBJECT_XOF_KEYSET },
	{ "xofset_test/list_packed.bin", OBJECT_COMPACT_LIST },
	{ "xofset_test/sim/bool.bin", OBJECT_BOOL },
	{ "xofset_test/sim/compressed_list_u8.bin", OBJECT_COMPRESSED_LIST },
	{ "xofset_test/sim/compressed_squashed_u8.bin", OBJECT_SQUASHED_LIST },
	{ "xofset_test/sim/squashed_u8.bin", OBJECT_SQUASHED_UINT },
	{ "xofset_test/sim/u8.bin", OBJECT_UINT },
	{ "xofset_test/sim/u8_decompressed.bin", OBJECT_UINT },
};

static void *value_for(arena *a, object_id id)
{
	return arena_try(a, OBJECT[id].type->size);
}

static err read_once(object_id id, slice file)
{
	arena a = arena_with_limit(VECTOR_ROOM);
	err e = object_read(value_for(&a, id), &a, id, file);
	arena_free(&a);
	return e;
}

/* ---- the tables themselves ----------------------------------------------------------------------------------------- */

static size_t depth_of(const schema *type)
{
	size_t deepest = 0;

	if (!type || type->kind == SCHEMA_REFUSED) return 0;
	assert_true(type->size > 0);
	assert_true(type->versions <= SCHEMA_VERSION_WORDS);
	if (type->kind == SCHEMA_VEC) return 1 + depth_of(type->of);
	for (size_t i = 0; i < type->members; i++) {
		const schema_member *m = &type->member[i];
		if (m->type && m->type != &SCHEMA_NONE) assert_int_equal(m->size, m->type->size);
		assert_true(m->at + m->size <= type->size);
		assert_true(!m->optional || m->some < type->size);
		deepest = size_max(deepest, depth_of(m->type));
	}
	return 1 + deepest;
}

static void tables_and_structs_agree_in_every_size(void **state)
{
	(void)state;
	for (object_id i = 0; i < OBJECTS; i++) assert_in_range(depth_of(OBJECT[i].type), 2, 16);
}

/* ---- files ----------------------------------------------------------------------------------------------------------- */

static void every_file_is_written_again_byte_for_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(SAMPLES); i++) {
		AUTO(buf) file = vector(SAMPLES[i].path);
		AUTO(buf) again = { 0 };
		AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
		object_id id = OBJECTS;

		assert_ok(object_of(&id, buf_slice(&file)));
		assert_int_equal(id, SAMPLES[i].id);
		void *value = value_for(&a, id);
		assert_ok(object_read(value, &a, id, buf_slice(&file)));
		object_write(&again, id, value);
		assert_int_equal(again.n, file.n);
		assert_memory_equal(again.p, file.p, file.n);
	}
}

/* A trace is a list of lines "offset length path kind value" made by an independent reader. */
static void offsets_and_lengths_are_those_of_the_traces(void **state)
{
	static const char *const TRACES[][2] = {
		{ "prod/client_key.bin", "prod.client_key" }, { "prod/comp_fheuint8.bin", "prod.comp_fheuint8" },
		{ "prod/compact_public_key.bin", "prod.compact_public_key" },
		{ "prod/compressed_compact_public_key.bin", "prod.compressed_compact_public_key" },
		{ "prod/fhebool.bin", "prod.fhebool" }, { "prod/fheuint8.bin", "prod.fheuint8" },
		{ "prod/list_packed.bin", "prod.list_packed" }, { "prod/proven_list_proof.bin", "prod.proven_list_proof" },
		{ "test/client_key.bin", "test.client_key" }, { "test/compressed_server_key.bin", "test.compressed_server_key" },
		{ "xofset_test/sim/compressed_list_u8.bin", "xofset_test.compressed_list_u8" },
		{ "xofset_test/sim/compressed_squashed_u8.bin", "xofset_test.compressed_squashed_u8" },
		{ "xofset_test/compressed_xof_key_set.bin", "xofset_test.compressed_xof_key_set" },
		{ "xofset_test/sim/squashed_u8.bin", "xofset_test.squashed_u8" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(TRACES); i++) {
		char name[96];
		snprintf(name, sizeof name, "traces/%s.txt", TRACES[i][1]);
		AUTO(buf) file = vector(TRACES[i][0]);
		AUTO(buf) trace = vector(name);
		AUTO(buf) ours = { 0 };

		assert_ok(tfhers_trace(&ours, buf_slice(&file)));
		const char *expected = buf_str(&trace), *got = strchr(buf_str(&ours), '\n') + 1;
		for (int header = 0; header < 4; header++) expected = strchr(expected, '\n') + 1;
		size_t lines = 0;
		for (; expected[0] != '='; lines++) {
			size_t e[2], g[2];
			assert_int_equal(sscanf(expected, "%zu %zu", &e[0], &e[1]), 2);
			assert_int_equal(sscanf(got, "%zu %zu", &g[0], &g[1]), 2);
			assert_int_equal(g[0], e[0]);
			assert_int_equal(g[1], e[1]);
			expected = strchr(expected, '\n') + 1;
			got = strchr(got, '\n') + 1;
		}
		assert_true(lines > 10);
		assert_true(got[0] == '\0');
	}
}

static const char *const SMALL[] = {
	"test/sim/bool.bin", "test/comp_fhebool.bin", "test/comp_fheuint8.bin", "test/sim/compressed_list_u8.bin",
	"test/sim/compressed_squashed_u8.bin", "test/list_packed.bin", "test/proven_own_crs.bin",
	"xofset_test/compact_public_key.bin", "xofset_test/compressed_compact_public_key.bin",
};

static void every_truncation_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(SMALL); i++) {
		AUTO(buf) file = vector(SMALL[i]);
		object_id id = OBJECTS;
		assert_ok(object_of(&id, buf_slice(&file)));
		for (size_t n = 0; n < file.n; n++) {
			/* A copy of exactly n bytes, so that the sanitizers see a read behind its end. */
			uint8_t *copy = malloc(n + !n);
			assert_non_null(copy);
			memcpy(copy, file.p, n);
			assert_err(ERR_REQUEST, read_once(id, slice_of(copy, n)));
			free(copy);
		}
	}
}

static void bytes_behind_the_end_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(SMALL); i++) {
		AUTO(buf) file = vector(SMALL[i]);
		object_id id = OBJECTS;
		assert_ok(object_of(&id, buf_slice(&file)));
		buf_put_u8(&file, 0);
		assert_err(ERR_REQUEST, read_once(id, buf_slice(&file)));
	}
}

static void every_flipped_bit_of_a_header_is_refused(void **state)
{
	(void)state;
	AUTO(buf) file = vector("test/sim/compressed_list_u8.bin");
	size_t header = envelope_length(OBJECT[OBJECT_COMPRESSED_LIST].name);
	for (size_t bit = 0; bit < header * 8; bit++) {
		file.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_err(ERR_REQUEST, read_once(OBJECT_COMPRESSED_LIST, buf_slice(&file)));
		file.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_ok(read_once(OBJECT_COMPRESSED_LIST, buf_slice(&file)));
}

/* Whatever a bit flip turns a file into, it is refused or it is what would be written again. */
static void what_is_read_is_what_would_be_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(SMALL); i++) {
		AUTO(buf) file = vector(SMALL[i]);
		object_id id = OBJECTS;
		assert_ok(object_of(&id, buf_slice(&file)));
		size_t header = envelope_length(OBJECT[id].name);
		for (int round = 0; round < 2000; round++) {
			size_t at = header + (size_t)test_below(file.n - header);
			uint8_t flip = (uint8_t)(1 << test_below(8));
			file.p[at] ^= flip;

			AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
			AUTO(buf) again = { 0 };
			void *value = value_for(&a, id);
			if (object_read(value, &a, id, buf_slice(&file)) == OK) {
				object_write(&again, id, value);
				assert_int_equal(again.n, file.n);
				assert_memory_equal(again.p, file.p, file.n);
			}
			err_clear();
			file.p[at] ^= flip;
		}
	}
}

static void a_file_of_another_type_is_refused_by_name(void **state)
{
	(void)state;
	AUTO(buf) file = vector("test/fheuint8.bin");
	err e = read_once(OBJECT_INT, buf_slice(&file));
	assert_int_equal(e, ERR_REQUEST);
	assert_non_null(strstr(err_text(), "FheUint"));
	assert_non_null(strstr(err_text(), "FheInt"));
	err_clear();
}

static void an_unknown_type_is_named_in_the_sentence(void **state)
{
	(void)state;
	AUTO(buf) file = { 0 };
	object_id id;
	tfhers_envelope_write(&file, "high_level_api::Keys\x01");
	err e = object_of(&id, buf_slice(&file));
	assert_int_equal(e, ERR_REQUEST);
	assert_non_null(strstr(err_text(), "\"high_level_api::Keys?\""));
	err_clear();
}

static void a_refusal_names_type_field_and_offset(void **state)
{
	(void)state;
	AUTO(buf) file = vector("test/sim/bool.bin");
	/* Offsets from the end: metadata and tag 24 bytes, pattern 16, two moduli 24, noise level 12. */
	size_t at = file.n - 24 - 16 - 24 - 12;
	file.p[at] = 7;
	err e = read_once(OBJECT_BOOL, buf_slice(&file));
	char expected[160];
	snprintf(expected, sizeof expected,
	         "high_level_api::FheBool, block.noise_level at byte %zu: version 7 where 0 was expected", at);
	assert_int_equal(e, ERR_REQUEST);
	assert_string_equal(err_text(), expected);
	err_clear();
}

static void a_count_beyond_the_file_is_refused_before_allocating(void **state)
{
	(void)state;
	AUTO(buf) file = vector("test/fheuint8.bin");
	size_t count_at = envelope_length(OBJECT[OBJECT_UINT].name) + 12;
	assert_int_equal(load64(file.p + count_at), 4);
	static const uint64_t LIES[] = { 5, 1 << 20, (uint64_t)1 << 40, UINT64_MAX / 8, UINT64_MAX };
	for (size_t i = 0; i < COUNT(LIES); i++) {
		store64(file.p + count_at, LIES[i]);
		AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
		tf_integer value;
		assert_err(ERR_REQUEST, object_read(&value, &a, OBJECT_UINT, buf_slice(&file)));
		assert_true(a.used < 4096);
	}
}

/* ---- what clients of 1.4 write --------------------------------------------------------------------------------------- */

static void a_list_reads_with_both_versions_of_its_expansion_kind(void **state)
{
	(void)state;
	AUTO(buf) file = vector("test/list_packed.bin");
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	tf_compact_list list;
	assert_ok(object_read(&list, &a, OBJECT_COMPACT_LIST, buf_slice(&file)));
	assert_int_equal(list.inner.list.expansion_kind.version, 1);

	AUTO(buf) old = { 0 };
	list.inner.list.expansion_kind.version = 0;
	object_write(&old, OBJECT_COMPACT_LIST, &list);
	assert_ok(read_once(OBJECT_COMPACT_LIST, buf_slice(&old)));
	size_t differing = 0;
	assert_int_equal(old.n, file.n);
	for (size_t i = 0; i < file.n; i++) differing += old.p[i] != file.p[i];
	assert_int_equal(differing, 1);
}

static void a_proof_reads_in_its_three_versions(void **state)
{
	(void)state;
	AUTO(buf) file = vector("prod/u8only_proven.bin");
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	tf_proven_list list;
	assert_ok(object_read(&list, &a, OBJECT_PROVEN_LIST, buf_slice(&file)));
	assert_int_equal(list.inner.lists.n, 1);
	tf_proof_v2 *proof = &list.inner.lists.p[0].proof.v2;
	assert_int_equal(proof->version, 3);
	for (uint32_t version = 1; version <= 3; version++) {
		AUTO(buf) out = { 0 };
		proof->version = version;
		object_write(&out, OBJECT_PROVEN_LIST, &list);
		assert_int_equal(out.n, version == 1 ? file.n - 8 : file.n);
		assert_ok(read_once(OBJECT_PROVEN_LIST, buf_slice(&out)));
	}
}

TESTS(TEST(tables_and_structs_agree_in_every_size),
      TEST(every_file_is_written_again_byte_for_byte),
      TEST(offsets_and_lengths_are_those_of_the_traces),
      TEST(every_truncation_is_refused),
      TEST(bytes_behind_the_end_are_refused),
      TEST(every_flipped_bit_of_a_header_is_refused),
      TEST(what_is_read_is_what_would_be_written),
      TEST(a_file_of_another_type_is_refused_by_name),
      TEST(an_unknown_type_is_named_in_the_sentence),
      TEST(a_refusal_names_type_field_and_offset),
      TEST(a_count_beyond_the_file_is_refused_before_allocating),
      TEST(a_list_reads_with_both_versions_of_its_expansion_kind),
      TEST(a_proof_reads_in_its_three_versions))
