/* SPDX-License-Identifier: MIT */
/* tests/tfhers/inspect_test.c -- what people and scripts are told about a file. */
#include "tests/tfhers/vectors.h"
#include "tfhers/inspect.h"

static void inspect(buf *out, const char *name, bool json)
{
	AUTO(buf) file = vector(name);
	buf_clear(out);
	assert_ok(tfhers_inspect(out, buf_slice(&file), json));
}

static void a_list_is_described_in_lines(void **state)
{
	(void)state;
	AUTO(buf) out = { 0 };
	inspect(&out, "test/list_packed.bin", false);
	assert_string_equal(buf_str(&out),
		"type: high_level_api::CompactCiphertextList\nbytes: 4915\nparameters: test\ntag: none\nciphertexts: 65\n"
		"packed: yes\nexpansion kind version: 1\nvalues: 6\nkinds: bool, uint8, uint16, uint64, uint160, int8\n");
}

static void a_key_set_is_described_as_json(void **state)
{
	(void)state;
	AUTO(buf) out = { 0 };
	inspect(&out, "xofset_test/compressed_xof_key_set.bin", true);
	assert_string_equal(buf_str(&out),
		"{\"type\": \"high_level_api::CompressedXofKeySet\", \"bytes\": 2661273, \"parameters\": \"test\", "
		"\"tag\": \"a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf\", "
		"\"seed_of_the_masks\": \"544648455f47454e0102030405060708090a0b0c0d0e0f10\", "
		"\"stored_words\": {\"keyswitch\": 256, \"bootstrap\": 512, \"casting\": 512, \"compression\": 65536, "
		"\"decompression\": 131072, \"squash\": 1024, \"squash_compression\": 65536, \"rerandomization\": 256, "
		"\"pseudo_random_function\": 512}, \"consistent\": true}\n");
}

static void every_object_is_described_both_ways(void **state)
{
	static const char *const FILES[][2] = {
		{ "prod/client_key.bin", "default" }, { "prod/compact_public_key.bin", "default" },
		{ "test/compressed_compact_public_key.bin", "test" }, { "test/compressed_server_key.bin", "test" },
		{ "prod/fhebool.bin", "default" }, { "test/fheint8.bin", "test" }, { "prod/comp_fhebool.bin", "default" },
		{ "test/comp_fheuint64.bin", "test" }, { "test/comp_fheint8.bin", "test" },
		{ "prod/proven_list_proof.bin", "default" }, { "test/sim/compressed_list_u8.bin", "test" },
		{ "test/sim/squashed_u8.bin", "test" }, { "test/sim/compressed_squashed_u8.bin", "test" },
		{ "prod/crs.bin", "default" }, { "test/crs_own.bin", "test" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(FILES); i++) {
		AUTO(buf) out = { 0 };
		char line[64];
		inspect(&out, FILES[i][0], false);
		snprintf(line, sizeof line, "parameters: %s\n", FILES[i][1]);
		assert_non_null(strstr(buf_str(&out), line));
		inspect(&out, FILES[i][0], true);
		assert_true(out.p[0] == '{' && out.p[out.n - 2] == '}' && out.p[out.n - 1] == '\n');
	}
}

/* A file with another key says the same: what is told depends on sizes only. */
static void of_a_client_key_only_sizes_are_told(void **state)
{
	(void)state;
	AUTO(buf) file = vector("test/client_key.bin");
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	tf_client_key k;
	assert_ok(object_read(&k, &a, OBJECT_CLIENT_KEY, buf_slice(&file)));
	AUTO(buf) before = { 0 };
	AUTO(buf) after = { 0 };
	assert_ok(tfhers_inspect(&before, buf_slice(&file), false));
	assert_ok(tfhers_trace(&before, buf_slice(&file)));
	const slice words[] = { k.key.key.standard.glwe_sk.data, k.key.key.standard.lwe_sk, k.key.dedicated_pke.pke.key,
	                        k.key.compression.key.data, k.key.noise_squash.key.data, k.key.ns_compression.key.data,
	                        k.key.oprf.standard };
	for (size_t i = 0; i < COUNT(words); i++)
		for (size_t j = 0; j < words[i].n; j += 8) file.p[(size_t)(words[i].p - file.p) + j] ^= 1;
	assert_ok(tfhers_inspect(&after, buf_slice(&file), false));
	assert_ok(tfhers_trace(&after, buf_slice(&file)));
	assert_same_bytes(buf_slice(&after), buf_slice(&before));
}

static void what_is_no_object_is_refused_and_nothing_is_said(void **state)
{
	(void)state;
	AUTO(buf) out = { 0 };
	assert_refused("header", tfhers_inspect(&out, slice_str("hello"), false));
	AUTO(buf) file = vector("test/list_packed.bin");
	file.n--;
	assert_refused("tag", tfhers_inspect(&out, buf_slice(&file), true));
	assert_int_equal(out.n, 0);
}

static void a_key_set_whose_seeds_disagree_is_called_inconsistent(void **state)
{
	(void)state;
	AUTO(buf) file = vector("xofset_test/compressed_xof_key_set.bin");
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	AUTO(buf) changed = { 0 };
	AUTO(buf) out = { 0 };
	tf_xof_keyset k;
	assert_ok(object_read(&k, &a, OBJECT_XOF_KEYSET, buf_slice(&file)));
	k.server_key.key.key.ap.standard.ksk.seed.first_index.aes_index++;
	object_write(&changed, OBJECT_XOF_KEYSET, &k);
	assert_ok(tfhers_inspect(&out, buf_slice(&changed), false));
	assert_non_null(strstr(buf_str(&out), "consistent: no\n"));
}

TESTS(TEST(a_list_is_described_in_lines),
      TEST(a_key_set_is_described_as_json),
      TEST(every_object_is_described_both_ways),
      TEST(of_a_client_key_only_sizes_are_told),
      TEST(what_is_no_object_is_refused_and_nothing_is_said),
      TEST(a_key_set_whose_seeds_disagree_is_called_inconsistent))
