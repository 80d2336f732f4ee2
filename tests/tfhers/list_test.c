/* SPDX-License-Identifier: MIT */
/* tests/tfhers/list_test.c -- what clients send: their values, their bytes again, and lists that make no sense. */
#include "tests/tfhers/vectors.h"
#include "lattice/decrypt.h"

/* The blocks of: true, 0xa7, 0x1234, 0x0123456789abcdef, the 160 bits, -5. */
static size_t put_blocks(uint8_t *out, size_t at, const char *hex_low_first, size_t blocks)
{
	for (size_t i = 0; i < blocks; i++) {
		char c = hex_low_first[i / 2];
		unsigned digit = (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
		out[at + i] = (uint8_t)(digit >> 2 * (i % 2) & 3);
	}
	return at + blocks;
}

static size_t known_blocks(uint8_t out[static 129])
{
	size_t n = 0;
	n = put_blocks(out, n, "1", 1);
	n = put_blocks(out, n, "7a", 4);
	n = put_blocks(out, n, "4321", 8);
	n = put_blocks(out, n, "fedcba9876543210", 32);
	n = put_blocks(out, n, "76543210ffeeddccbbaa99887766554433221100", 80);
	return put_blocks(out, n, "bf", 4);
}

static void lists_hold_what_clients_pushed(void **state)
{
	static const char *const CASES[][2] = {
		{ "prod", "list_packed.bin" }, { "prod", "list_unpacked.bin" }, { "prod", "proven_list_proof.bin" },
		{ "prod", "proven_list_verify.bin" }, { "test", "list_packed.bin" }, { "test", "list_unpacked.bin" },
		{ "xofset_test", "list_packed.bin" },
	};
	uint8_t want[129], got[130];

	(void)state;
	assert_int_equal(known_blocks(want), 129);
	for (size_t i = 0; i < COUNT(CASES); i++) {
		char name[96];
		AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
		AUTO(secret_keys) keys = { 0 };
		client_list list;
		slice tag;
		snprintf(name, sizeof name, "%s/client_key.bin", CASES[i][0]);
		AUTO(buf) key_file = vector(name);
		snprintf(name, sizeof name, "%s/%s", CASES[i][0], CASES[i][1]);
		AUTO(buf) file = vector(name);
		assert_ok(tfhers_read_client_key(&keys, &tag, buf_slice(&key_file)));
		assert_ok(tfhers_read_list(&list, &a, buf_slice(&file)));
		assert_ptr_equal(list.params, keys.params);
		assert_int_equal(list.lists, 1);
		assert_int_equal(list.values, 6);
		assert_int_equal(list.value[0].id, DATA_BOOL);
		assert_int_equal(list.value[4].blocks, 80);
		assert_int_equal(list.value[5].id, DATA_SIGNED);
		assert_true(slice_eq_var(list.tag, tag));
		assert_ok(decrypt_compact(got, &keys, &list.list[0]));
		assert_memory_equal(got, want, 129);
	}
}

static void a_list_returns_byte_for_byte(void **state)
{
	static const char *const FILES[] = { "prod/list_packed.bin", "test/list_packed.bin", "test/list_unpacked.bin",
	                                     "test/list_seeded_c8.bin", "xofset_test/list_packed.bin" };
	(void)state;
	for (size_t i = 0; i < COUNT(FILES); i++) {
		AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
		AUTO(buf) file = vector(FILES[i]);
		AUTO(buf) again = { 0 };
		client_list list;
		assert_ok(tfhers_read_list(&list, &a, buf_slice(&file)));
		tfhers_write_list(&again, &list);
		assert_same_bytes(buf_slice(&again), buf_slice(&file));
	}
}

static err read_list(const tf_compact_list *l)
{
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	AUTO(buf) file = { 0 };
	client_list list;
	object_write(&file, OBJECT_COMPACT_LIST, l);
	return tfhers_read_list(&list, &a, buf_slice(&file));
}

static void lists_that_contradict_themselves_are_refused(void **state)
{
	(void)state;
	AUTO(buf) file = vector("test/list_packed.bin");
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	tf_compact_list l, good;
	assert_ok(object_read(&good, &a, OBJECT_COMPACT_LIST, buf_slice(&file)));
	tf_data_kind kind[6];
	memcpy(kind, good.inner.info.p, sizeof kind);

	l = good, l.inner.list.list.lwe_count++;
	assert_refused("ciphertexts", read_list(&l));
	l = good, l.inner.list.list.lwe_count = UINT64_MAX;
	assert_refused("ciphertexts", read_list(&l));
	l = good, l.inner.list.list.lwe_count = 0;
	assert_refused("0 ciphertexts", read_list(&l));
	l = good, l.inner.list.list.lwe_size = 600;
	assert_refused("no parameter set", read_list(&l));
	l = good, l.inner.list.degree = 3;
	assert_refused("65 ciphertexts for 6 values of 129 blocks", read_list(&l));
	l = good, l.inner.list.degree = 7;
	assert_refused("degree", read_list(&l));
	l = good, l.inner.list.expansion_kind.kind.variant = EXPAND_NO_CASTING;
	assert_refused("NoCasting", read_list(&l));
	l = good, l.inner.list.list.modulus.bits = 32;
	assert_refused("modulus.bits", read_list(&l));
	l = good, l.inner.info.n = 5;
	assert_refused("125 blocks", read_list(&l));
	l = good, l.inner.info.p = kind;
	kind[2].blocks = UINT64_MAX;
	assert_refused("value 2", read_list(&l));
	kind[2].blocks = 8;
	assert_ok(read_list(&l));
}

static void values_of_all_kinds_are_written_and_read(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	AUTO(buf) file = { 0 };
	data_kind value[] = { { .id = DATA_STRING, .blocks = 12, .chars = 3, .padded = true }, { .id = DATA_SIGNED, .blocks = 4 },
	                      { .id = DATA_BOOL, .blocks = 1 } };
	compact_list chunk = { .n = 512, .count = 9, .paired = true, .masks = arena_try(&a, 8 * 512), .bodies = arena_try(&a, 72) };
	client_list back, list = { .params = &PARAMS_TEST, .lists = 1, .values = COUNT(value), .list = &chunk, .value = value };
	chunk.masks[511] = 5, chunk.bodies[8] = 6;
	tfhers_write_list(&file, &list);
	assert_ok(tfhers_read_list(&back, &a, buf_slice(&file)));
	assert_int_equal(back.values, 3);
	assert_int_equal(back.value[0].chars, 3);
	assert_true(back.value[0].padded);
	assert_int_equal(back.value[0].blocks, 12);
	assert_int_equal(back.list[0].masks[511], 5);
	assert_int_equal(back.list[0].bodies[8], 6);
}

TESTS(TEST(lists_hold_what_clients_pushed),
      TEST(a_list_returns_byte_for_byte),
      TEST(lists_that_contradict_themselves_are_refused),
      TEST(values_of_all_kinds_are_written_and_read))
