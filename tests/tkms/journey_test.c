/* SPDX-License-Identifier: MIT */
/* The whole journey of a value: key set, client, coprocessor in each format, decryption. */
#include "tests/test.h"
#include "lattice/decrypt.h"
#include "sym/keccak.h"
#include "tkms/tkms.h"

static key_files files;
static secret_keys keys;
static seeded_keyset set;

static const id32 KEY_ID = {{ [0] = 4, [31] = 77 }};

static int make_keys(void **state)
{
	(void)state;
	slice tag;
	assert_ok(tkms_keygen(&files, NULL, &PARAMS_TEST, &KEY_ID, test_rng(), NULL));
	assert_ok(tfhers_read_client_key(&keys, &tag, buf_slice(&files.client_key)));
	assert_true(slice_eq_var(tag, id_slice(&KEY_ID)));
	assert_ok(tfhers_read_keyset(&set, &tag, draft_slice(files.xof_keyset)));
	assert_true(slice_eq_var(tag, id_slice(&KEY_ID)));
	return 0;
}

static int drop_keys(void **state)
{
	(void)state;
	secret_keys_free(&keys);
	key_files_free(&files);
	return 0;
}

enum { VALUES = 9 };

static void random_values(plaintext value[static VALUES])
{
	static const int number[VALUES] = { FHE_BOOL, FHE_UINT8, FHE_UINT16, FHE_UINT32, FHE_BOOL, FHE_UINT64, FHE_UINT128,
	                                    FHE_ADDRESS, FHE_UINT256 };
	for (unsigned i = 0; i < VALUES; i++) {
		value[i] = (plaintext){ .type = fhe_type_by_number_var(number[i]) };
		rng_fill(test_rng(), value[i].bytes, value[i].type->bytes);
		if (number[i] == FHE_BOOL) value[i].bytes[0] &= 1;
	}
}

typedef struct seen { const plaintext *value; ct_format format; size_t count; } seen;

static err comes_back(void *ctx, size_t i, const fhe_type *type, slice file)
{
	seen *s = ctx;
	plaintext p;

	assert_int_equal(i, s->count++);
	assert_ptr_equal(type, s->value[i].type);
	assert_ok(tkms_decrypt(&p, &keys, type, s->format, file));
	assert_memory_equal(p.bytes, s->value[i].bytes, FHE_MAX_BYTES);
	return OK;
}

static void every_type_comes_back_from_every_format(void **state)
{
	(void)state;
	plaintext value[VALUES];
	AUTO(buf) list = { 0 };

	random_values(value);
	assert_ok(tkms_encrypt(&list, buf_slice(&files.public_key), value, VALUES, test_rng()));
	for (ct_format format = 0; format < CT_FORMATS; format++) {
		coprocessor c;
		seen s = { value, format, 0 };
		assert_ok(coprocessor_new(&c, &set, FORMAT_BIT(format), NULL, NULL));
		assert_ok(coprocess_list(&c, NULL, buf_slice(&list), format, comes_back, &s));
		assert_int_equal(s.count, VALUES);
		coprocessor_free(&c);
	}
}

static err keep_file(void *ctx, size_t i, const fhe_type *type, slice file)
{
	(void)i, (void)type;
	buf_put_slice(ctx, file);
	return OK;
}

static void one_byte_in(buf *file, ct_format format)
{
	plaintext value = { .type = fhe_type_by_number_var(FHE_UINT8), .bytes = { 0xa7 } };
	AUTO(buf) list = { 0 };
	coprocessor c;
	assert_ok(tkms_encrypt(&list, buf_slice(&files.public_key), &value, 1, test_rng()));
	assert_ok(coprocessor_new(&c, &set, FORMAT_BIT(format), NULL, NULL));
	assert_ok(coprocess_list(&c, NULL, buf_slice(&list), format, keep_file, file));
	coprocessor_free(&c);
}

static void a_promise_that_the_file_breaks_is_refused(void **state)
{
	(void)state;
	const fhe_type *byte = fhe_type_by_number_var(FHE_UINT8);
	plaintext p;

	for (ct_format format = 0; format < CT_FORMATS; format++) {
		AUTO(buf) file = { 0 };
		one_byte_in(&file, format);
		assert_err(ERR_REQUEST, tkms_decrypt(&p, &keys, fhe_type_by_number_var(FHE_BOOL), format, buf_slice(&file)));
		assert_err(ERR_REQUEST, tkms_decrypt(&p, &keys, fhe_type_by_number_var(FHE_UINT16), format, buf_slice(&file)));
		assert_err(ERR_REQUEST, tkms_decrypt(&p, &keys, byte, (format + 1) % CT_FORMATS, buf_slice(&file)));
		assert_err(ERR_REQUEST, tkms_check_ciphertext(&PARAMS_DEFAULT, byte, format, buf_slice(&file)));
		assert_ok(tkms_check_ciphertext(&PARAMS_TEST, byte, format, buf_slice(&file)));
		assert_err(ERR_REQUEST, tkms_decrypt(&p, &keys, byte, format, slice_of(file.p, file.n - 1)));
	}
}

static void squashed_values_of_a_foreign_key_are_refused(void **state)
{
	(void)state;
	key_files other;
	secret_keys other_keys;
	slice tag;
	plaintext p;

	assert_ok(tkms_keygen(&other, NULL, &PARAMS_TEST, &KEY_ID, test_rng(), NULL));
	assert_ok(tfhers_read_client_key(&other_keys, &tag, buf_slice(&other.client_key)));
	for (ct_format format = BIG_COMPRESSED; format < CT_FORMATS; format++) {
		AUTO(buf) file = { 0 };
		one_byte_in(&file, format);
		assert_err(ERR_REQUEST, tkms_decrypt(&p, &other_keys, fhe_type_by_number_var(FHE_UINT8), format, buf_slice(&file)));
	}
	secret_keys_free(&other_keys);
	key_files_free(&other);
}

static void digests_are_those_of_the_files(void **state)
{
	(void)state;
	const struct { slice file; const uint8_t *digest; } of[] = {
		{ buf_slice(&files.public_key), files.public_key_digest }, { draft_slice(files.xof_keyset), files.xof_keyset_digest } };
	for (size_t i = 0; i < COUNT(of); i++) {
		uint8_t expected[32];
		AUTO(buf) hashed = { 0 };
		buf_put_str(&hashed, "PDAT_KEY");
		buf_put_slice(&hashed, of[i].file);
		shake256(expected, sizeof expected, buf_slice(&hashed));
		assert_memory_equal(of[i].digest, expected, sizeof expected);
	}
}

/* ---- what coprocessors and clients are handed -------------------------------------------------------------------------- */

static void a_list_under_a_key_of_other_parameters_is_refused(void **state)
{
	(void)state;
	AUTO(buf) list = test_read(test_vector("tfhe/prod/list_packed.bin"));
	AUTO(buf) kept = { 0 };
	coprocessor c;
	assert_ok(coprocessor_new(&c, &set, FORMAT_BIT(SMALL_EXPANDED), NULL, NULL));
	assert_err(ERR_REQUEST, coprocess_list(&c, NULL, buf_slice(&list), SMALL_EXPANDED, keep_file, &kept));
	assert_int_equal(kept.n, 0);
	coprocessor_free(&c);
}

/* The one block of a boolean whatever a client put there. */
static unsigned boolean_block_of(uint8_t encrypted)
{
	plaintext value = { .type = fhe_type_by_number_var(FHE_BOOL), .bytes = { encrypted } };
	AUTO(buf) list = { 0 }, file = { 0 };
	AUTO(arena) a = arena_with_limit((size_t)1 << 24);
	ciphertext ct;
	coprocessor c;
	uint8_t block;

	assert_ok(tkms_encrypt(&list, buf_slice(&files.public_key), &value, 1, test_rng()));
	assert_ok(coprocessor_new(&c, &set, FORMAT_BIT(SMALL_EXPANDED), NULL, NULL));
	assert_ok(coprocess_list(&c, NULL, buf_slice(&list), SMALL_EXPANDED, keep_file, &file));
	coprocessor_free(&c);
	assert_ok(tfhers_read_ciphertext(&ct, &a, buf_slice(&file)));
	assert_true(ct.boolean);
	assert_ok(decrypt_lwe64(&block, &keys, ct.lwe64, 1, false));
	return block;
}

static void a_boolean_is_expanded_to_0_or_1_whatever_was_encrypted(void **state)
{
	(void)state;
	for (uint8_t v = 0; v < 4; v++) assert_int_equal(boolean_block_of(v), v != 0);
}

static void lists_and_ciphertexts_carry_the_tag_of_the_key(void **state)
{
	(void)state;
	plaintext value = { .type = fhe_type_by_number_var(FHE_UINT8), .bytes = { 1 } };
	AUTO(buf) file = { 0 };
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	client_list list;
	ciphertext ct;

	assert_ok(tkms_encrypt(&file, buf_slice(&files.public_key), &value, 1, test_rng()));
	assert_ok(tfhers_read_list(&list, &a, buf_slice(&file)));
	assert_true(slice_eq_var(list.tag, id_slice(&KEY_ID)));
	for (ct_format format = 0; format < CT_FORMATS; format++) {
		AUTO(buf) made = { 0 };
		one_byte_in(&made, format);
		assert_ok(tfhers_read_ciphertext(&ct, &a, buf_slice(&made)));
		assert_true(slice_eq_var(ct.tag, id_slice(&KEY_ID)));
	}
}

static void a_list_holds_1_to_256_values(void **state)
{
	(void)state;
	static plaintext value[257];
	AUTO(buf) list = { 0 };
	const slice key = buf_slice(&files.public_key);

	for (size_t i = 0; i < COUNT(value); i++) value[i].type = fhe_type_by_number_var(FHE_BOOL);
	assert_err(ERR_REQUEST, tkms_encrypt(&list, key, value, 0, test_rng()));
	assert_err(ERR_REQUEST, tkms_encrypt(&list, key, value, 257, test_rng()));
	assert_int_equal(list.n, 0);
	assert_ok(tkms_encrypt(&list, key, value, 256, test_rng()));
}

/* Files are refused for their length before anything of them is read. */
static void files_beyond_their_limits_are_refused_unread(void **state)
{
	(void)state;
	static const uint8_t zeros[(64 << 20) + 1];
	const fhe_type *byte = fhe_type_by_number_var(FHE_UINT8);
	const plaintext value = { .type = byte };
	AUTO(buf) list = { 0 };
	plaintext p;

	assert_int_equal(tkms_check_ciphertext(&PARAMS_TEST, byte, SMALL_EXPANDED, slice_of(zeros, sizeof zeros)), ERR_REQUEST);
	assert_non_null(strstr(err_text(), "67108865 bytes"));
	assert_int_equal(tkms_decrypt(&p, &keys, byte, SMALL_EXPANDED, slice_of(zeros, sizeof zeros)), ERR_REQUEST);
	assert_non_null(strstr(err_text(), "67108865 bytes"));
	assert_int_equal(tkms_check_ciphertext(&PARAMS_TEST, byte, SMALL_EXPANDED, slice_of(zeros, 64 << 20)), ERR_REQUEST);
	assert_null(strstr(err_text(), "67108864 bytes"));

	assert_int_equal(tkms_encrypt(&list, slice_of(zeros, (1 << 20) + 1), &value, 1, test_rng()), ERR_REQUEST);
	assert_non_null(strstr(err_text(), "1048577 bytes"));
	assert_int_equal(tkms_encrypt(&list, slice_of(zeros, 1 << 20), &value, 1, test_rng()), ERR_REQUEST);
	assert_null(strstr(err_text(), "1048576 bytes"));
	err_clear();
}

/* An unsigned value of one block is no type that a KMS knows, and no boolean. */
static void one_block_that_is_no_boolean_is_refused_as_one(void **state)
{
	(void)state;
	static uint64_t w[257];
	const ciphertext ct = { .params = &PARAMS_TEST, .format = SMALL_EXPANDED, .blocks = 1, .lwe64 = { 1, 256, w } };
	AUTO(buf) file = { 0 };
	plaintext p;
	tfhers_write_ciphertext(&file, &ct);
	assert_err(ERR_REQUEST, tkms_decrypt(&p, &keys, fhe_type_by_number_var(FHE_BOOL), SMALL_EXPANDED, buf_slice(&file)));
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(every_type_comes_back_from_every_format),
		TEST(a_promise_that_the_file_breaks_is_refused),
		TEST(squashed_values_of_a_foreign_key_are_refused),
		TEST(digests_are_those_of_the_files),
		TEST(a_list_under_a_key_of_other_parameters_is_refused),
		TEST(a_boolean_is_expanded_to_0_or_1_whatever_was_encrypted),
		TEST(lists_and_ciphertexts_carry_the_tag_of_the_key),
		TEST(a_list_holds_1_to_256_values),
		TEST(files_beyond_their_limits_are_refused_unread),
		TEST(one_block_that_is_no_boolean_is_refused_as_one),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), make_keys, drop_keys);
}
