/* SPDX-License-Identifier: MIT */
/* Every ciphertext that TFHE-rs made (vectors/tfhe, see its README) holds the value that its README says. */
#include "tests/test.h"
#include "lattice/compact.h"
#include "lattice/decrypt.h"
#include "lattice/lwe.h"
#include "sym/mask.h"
#include "tfhers/tables.h"
#include "tfhers/words.h"
#include "tkms/tkms.h"

static const char *const FOLDER[] = { "prod", "test", "xofset_test" };
enum { FOLDERS = COUNT(FOLDER), PROD = 0, TEST_SET, XOF_SET };

static secret_keys keys[FOLDERS];

static buf read_in(unsigned folder, const char *name)
{
	char path[128];
	snprintf(path, sizeof path, "tfhe/%s/%s", FOLDER[folder], name);
	return test_read(test_vector(path));
}

static int read_keys(void **state)
{
	(void)state;
	for (unsigned f = 0; f < FOLDERS; f++) {
		AUTO(buf) file = read_in(f, "client_key.bin");
		slice tag;
		assert_ok(tfhers_read_client_key(&keys[f], &tag, buf_slice(&file)));
	}
	return 0;
}

static int drop_keys(void **state)
{
	(void)state;
	for (unsigned f = 0; f < FOLDERS; f++) secret_keys_free(&keys[f]);
	return 0;
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

typedef struct expected { const char *type, *value; } expected;

static plaintext value_of(expected x)
{
	plaintext p;
	const fhe_type *type = fhe_type_by_name_var(slice_str(x.type));
	assert_non_null(type);
	assert_ok(plaintext_parse(&p, type, slice_str(x.value)));
	return p;
}

#define U160 "0x00112233445566778899aabbccddeeff01234567"
#define U64  "0x0123456789abcdef"
#define A_BOOL { "bool", "true" }
#define A_BYTE { "uint8", "0xa7" }

static void ciphertexts_hold_their_values(void **state)
{
	(void)state;
	static const struct { unsigned folder; const char *file; ct_format format; expected value; } known[] = {
		{ PROD, "fhebool.bin", SMALL_EXPANDED, A_BOOL },
		{ PROD, "fheuint8.bin", SMALL_EXPANDED, A_BYTE },
		{ PROD, "fheuint64.bin", SMALL_EXPANDED, { "uint64", U64 } },
		{ PROD, "comp_fheuint64.decompressed.bin", SMALL_EXPANDED, { "uint64", U64 } },
		{ TEST_SET, "fhebool.bin", SMALL_EXPANDED, A_BOOL },
		{ TEST_SET, "fheuint8.bin", SMALL_EXPANDED, A_BYTE },
		{ TEST_SET, "fheuint64.bin", SMALL_EXPANDED, { "uint64", U64 } },
		{ TEST_SET, "fheuint160.bin", SMALL_EXPANDED, { "address", U160 } },
		{ TEST_SET, "comp_fheuint64.decompressed.bin", SMALL_EXPANDED, { "uint64", U64 } },
		{ TEST_SET, "expanded_bool.bin", SMALL_EXPANDED, A_BOOL },
		{ TEST_SET, "expanded_u8.bin", SMALL_EXPANDED, A_BYTE },
		{ TEST_SET, "expanded_u160.bin", SMALL_EXPANDED, { "address", U160 } },
		{ TEST_SET, "sim/bool.bin", SMALL_EXPANDED, A_BOOL },
		{ TEST_SET, "sim/u8.bin", SMALL_EXPANDED, A_BYTE },
		{ TEST_SET, "sim/u8_decompressed.bin", SMALL_EXPANDED, A_BYTE },
		{ TEST_SET, "sim/compressed_list_u8.bin", SMALL_COMPRESSED, A_BYTE },
		{ TEST_SET, "sim/squashed_u8.bin", BIG_EXPANDED, A_BYTE },
		{ TEST_SET, "sim/compressed_squashed_u8.bin", BIG_COMPRESSED, A_BYTE },
		{ XOF_SET, "sim/bool.bin", SMALL_EXPANDED, A_BOOL },
		{ XOF_SET, "sim/u8.bin", SMALL_EXPANDED, A_BYTE },
		{ XOF_SET, "sim/u8_decompressed.bin", SMALL_EXPANDED, A_BYTE },
		{ XOF_SET, "sim/compressed_list_u8.bin", SMALL_COMPRESSED, A_BYTE },
		{ XOF_SET, "sim/squashed_u8.bin", BIG_EXPANDED, A_BYTE },
		{ XOF_SET, "sim/compressed_squashed_u8.bin", BIG_COMPRESSED, A_BYTE },
	};
	for (unsigned i = 0; i < COUNT(known); i++) {
		AUTO(buf) file = read_in(known[i].folder, known[i].file);
		const plaintext want = value_of(known[i].value);
		plaintext got;
		assert_ok(tkms_decrypt(&got, &keys[known[i].folder], want.type, known[i].format, buf_slice(&file)));
		assert_memory_equal(got.bytes, want.bytes, sizeof want.bytes);
	}
}

/* ---- what clients send ------------------------------------------------------------------------------------------- */

/* The blocks of every value of a list, in order, as bytes 0 .. 3. */
static void open_list(buf *blocks, client_list *list, arena *a, unsigned folder, slice file)
{
	assert_ok(tfhers_read_list(list, a, file));
	for (size_t i = 0; i < list->lists; i++)
		assert_ok(decrypt_compact(buf_grow(blocks, compact_blocks_most(&list->list[i])), &keys[folder], &list->list[i]));
}

static void lists_hold_their_values(void **state)
{
	(void)state;
	static const expected STANDARD[] = { { "bool", "true" }, { "uint8", "0xa7" }, { "uint16", "0x1234" }, { "uint64", U64 },
	                                     { "address", U160 }, { "uint8", "251" /* int8 -5 */ } };
	static const expected SEEDED[] = { { "uint8", "0xa7" }, { "uint64", U64 } };
	static const expected OWN_CRS[] = { { "uint8", "0xa7" }, { "bool", "true" } };
	static const expected U8_ONLY[] = { { "uint8", "42" } };
	static const struct { unsigned folder; const char *file; const expected *value; size_t values; } known[] = {
		{ PROD, "list_packed.bin", STANDARD, COUNT(STANDARD) },
		{ PROD, "list_unpacked.bin", STANDARD, COUNT(STANDARD) },
		{ PROD, "list_seeded_c8.bin", SEEDED, COUNT(SEEDED) },
		{ PROD, "proven_list_verify.bin", STANDARD, COUNT(STANDARD) },
		{ PROD, "proven_list_proof.bin", STANDARD, COUNT(STANDARD) },
		{ PROD, "u8only_proven.bin", U8_ONLY, COUNT(U8_ONLY) },
		{ TEST_SET, "list_packed.bin", STANDARD, COUNT(STANDARD) },
		{ TEST_SET, "list_unpacked.bin", STANDARD, COUNT(STANDARD) },
		{ TEST_SET, "list_seeded_c8.bin", SEEDED, COUNT(SEEDED) },
		{ TEST_SET, "proven_own_crs.bin", OWN_CRS, COUNT(OWN_CRS) },
		{ XOF_SET, "list_packed.bin", STANDARD, COUNT(STANDARD) },
	};
	for (unsigned i = 0; i < COUNT(known); i++) {
		AUTO(buf) file = read_in(known[i].folder, known[i].file);
		AUTO(buf) blocks = { 0 };
		AUTO(arena) a = arena_with_limit(64 << 20);
		client_list list;
		open_list(&blocks, &list, &a, known[i].folder, buf_slice(&file));
		assert_int_equal(list.values, known[i].values);
		const uint8_t *at = blocks.p;
		for (size_t v = 0; v < list.values; v++) {
			const plaintext want = value_of(known[i].value[v]);
			uint8_t block[128];
			compact_blocks(block, want.type->blocks, slice_of(want.bytes, sizeof want.bytes));
			assert_int_equal(list.value[v].blocks, want.type->blocks);
			assert_memory_equal(at, block, want.type->blocks);
			at += want.type->blocks;
		}
	}
}

/* The client's deterministic build, from the same key, values and seed, is the same file. */
static void a_seeded_list_is_the_clients_byte_for_byte(void **state)
{
	(void)state;
	static const uint8_t SEED[16] = { 0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7 };
	const plaintext value[] = { value_of((expected){ "uint8", "0xa7" }), value_of((expected){ "uint64", U64 }) };

	for (unsigned folder = PROD; folder <= TEST_SET; folder++) {
		AUTO(buf) want = read_in(folder, "list_seeded_c8.bin");
		AUTO(buf) key_file = read_in(folder, "compact_public_key.bin");
		AUTO(buf) got = { 0 };
		AUTO(arena) a = arena_with_limit(16 << 20);
		public_key key;
		compact_list list;
		data_kind kind[COUNT(value)];
		uint8_t block[4 + 32];
		size_t blocks = 0;

		assert_ok(tfhers_read_public_key(&key, &a, buf_slice(&key_file)));
		for (unsigned v = 0; v < COUNT(value); v++) {
			const fhe_type *t = value[v].type;
			compact_blocks(block + blocks, t->blocks, slice_of(value[v].bytes, t->bytes));
			kind[v] = (data_kind){ .id = DATA_UNSIGNED, .blocks = t->blocks };
			blocks += t->blocks;
		}
		assert_int_equal(blocks, sizeof block);
		const compact_key k = { key.params->pke.n, key.params->pke.noise, key.mask, key.body };
		assert_ok(compact_encrypt_seeded(&list, &a, &k, block, blocks, slice_of(SEED, sizeof SEED)));
		tfhers_write_list(&got, &(client_list){ .params = key.params, .lists = 1, .values = COUNT(value), .list = &list,
		                                        .value = kind, .tag = key.tag });
		assert_int_equal(got.n, want.n);
		assert_memory_equal(got.p, want.p, want.n);
	}
}

/* ---- kinds that a KMS is not asked to decrypt ---------------------------------------------------------------------- */

static unsigned open_block(unsigned folder, uint64_t *lwe, unsigned dim)
{
	uint8_t value[1];
	const lwe64_run run = { 1, dim, lwe };
	assert_ok(decrypt_lwe64(value, &keys[folder], run, 1, false));
	return value[0];
}

static mask_seed seed_of(const tf_seed *s)
{
	assert_int_equal(s->seed.variant, SEED_CTR);
	mask_seed m = mask_seed_ctr(s->seed.ctr);
	m.first = (mask_index){ s->first_index.aes_index, (uint8_t)s->first_index.byte_index };
	return m;
}

static unsigned open_seeded(unsigned folder, const tf_seeded_block *b)
{
	const unsigned dim = (unsigned)b->ct.lwe_size - 1;
	const mask_seed seed = seed_of(&b->ct.seed);
	uint64_t *lwe = test_malloc((dim + 1) * sizeof *lwe);
	AUTO(mask_stream) masks = mask_open(&seed);
	mask_u64s(&masks, lwe, dim);
	lwe[dim] = b->ct.body;
	unsigned v = open_block(folder, lwe, dim);
	test_free(lwe);
	return v;
}

static void seeded_ciphertexts_hold_their_values(void **state)
{
	(void)state;
	static const struct { const char *file; object_id id; uint64_t value; } known[] = {
		{ "comp_fheuint8.bin", OBJECT_COMPRESSED_UINT, 0xa7 },
		{ "comp_fheint8.bin", OBJECT_COMPRESSED_INT, 0xfb },
		{ "comp_fheuint64.bin", OBJECT_COMPRESSED_UINT, 0x0123456789abcdef },
	};
	for (unsigned folder = PROD; folder <= TEST_SET; folder++) {
		for (unsigned i = 0; i < COUNT(known); i++) {
			AUTO(buf) file = read_in(folder, known[i].file);
			AUTO(arena) a = object_arena(buf_slice(&file));
			tf_compressed_integer ct;
			uint64_t value = 0;
			assert_ok(object_read(&ct, &a, known[i].id, buf_slice(&file)));
			assert_int_equal(ct.blocks.variant, COMPRESSED_SEEDED);
			for (size_t b = 0; b < ct.blocks.seeded.n; b++)
				value |= (uint64_t)open_seeded(folder, &ct.blocks.seeded.p[b]) << 2 * b;
			assert_true(value == known[i].value);
		}
		AUTO(buf) file = read_in(folder, "comp_fhebool.bin");
		AUTO(arena) a = object_arena(buf_slice(&file));
		tf_compressed_bool ct;
		assert_ok(object_read(&ct, &a, OBJECT_COMPRESSED_BOOL, buf_slice(&file)));
		assert_int_equal(open_seeded(folder, &ct.block.seeded), 1);
	}
}

static void signed_ciphertexts_hold_their_values_and_are_refused_by_a_kms(void **state)
{
	(void)state;
	for (unsigned folder = PROD; folder <= TEST_SET; folder++) {
		AUTO(buf) file = read_in(folder, "fheint8.bin");
		AUTO(arena) a = object_arena(buf_slice(&file));
		tf_integer ct;
		plaintext p;
		unsigned value = 0;
		assert_ok(object_read(&ct, &a, OBJECT_INT, buf_slice(&file)));
		assert_int_equal(ct.blocks.n, 4);
		for (size_t b = 0; b < ct.blocks.n; b++) {
			const slice words = ct.blocks.p[b].ct.data;
			uint64_t *lwe = test_malloc(words.n);
			words64_load(lwe, words);
			value |= open_block(folder, lwe, (unsigned)(words.n / 8 - 1)) << 2 * b;
			test_free(lwe);
		}
		assert_int_equal(value, (uint8_t)-5);
		assert_err(ERR_REQUEST, tkms_decrypt(&p, &keys[folder], fhe_type_by_number_var(FHE_UINT8), SMALL_EXPANDED, buf_slice(&file)));
	}
}

/* ---- a coprocessor with a key set made elsewhere -------------------------------------------------------------------- */

static err as_the_client_wrote(void *ctx, size_t i, const fhe_type *type, slice file)
{
	static const expected WROTE[] = { { "bool", "true" }, { "uint8", "0xa7" }, { "uint16", "0x1234" }, { "uint64", U64 },
	                                  { "address", U160 } };
	plaintext got;

	if (i == COUNT(WROTE)) {                   /* the int8 */
		assert_null(type);
		assert_int_equal(file.n, 0);
		return OK;
	}
	const plaintext want = value_of(WROTE[i]);
	assert_ptr_equal(type, want.type);
	assert_ok(tkms_decrypt(&got, &keys[XOF_SET], type, *(ct_format *)ctx, file));
	assert_memory_equal(got.bytes, want.bytes, sizeof want.bytes);
	return OK;
}

static void a_clients_list_goes_through_a_published_key_set(void **state)
{
	(void)state;
	AUTO(buf) file = read_in(XOF_SET, "compressed_xof_key_set.bin");
	AUTO(buf) list = read_in(XOF_SET, "list_packed.bin");
	seeded_keyset set;
	slice tag;

	assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&file)));
	for (ct_format format = 0; format < CT_FORMATS; format++) {
		coprocessor c;
		assert_ok(coprocessor_new(&c, &set, FORMAT_BIT(format), NULL, NULL));
		assert_ok(coprocess_list(&c, NULL, buf_slice(&list), format, as_the_client_wrote, &format));
		coprocessor_free(&c);
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(ciphertexts_hold_their_values),
		TEST(lists_hold_their_values),
		TEST(a_seeded_list_is_the_clients_byte_for_byte),
		TEST(seeded_ciphertexts_hold_their_values),
		TEST(signed_ciphertexts_hold_their_values_and_are_refused_by_a_kms),
		TEST(a_clients_list_goes_through_a_published_key_set),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), read_keys, drop_keys);
}
