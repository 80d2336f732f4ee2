/* SPDX-License-Identifier: MIT */
/* The whole journey of a value: key set, client, coprocessor in each format, decryption. */
#include "tests/test.h"
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
	assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&files.xof_keyset)));
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
		assert_ok(coprocessor_new(&c, &set, format));
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
	assert_ok(coprocessor_new(&c, &set, format));
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
	uint8_t d[KEY_DIGEST_BYTES];
	tkms_key_digest(d, buf_slice(&files.public_key));
	assert_memory_equal(d, files.public_key_digest, sizeof d);
	tkms_key_digest(d, buf_slice(&files.xof_keyset));
	assert_memory_equal(d, files.xof_keyset_digest, sizeof d);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(every_type_comes_back_from_every_format),
		TEST(a_promise_that_the_file_breaks_is_refused),
		TEST(squashed_values_of_a_foreign_key_are_refused),
		TEST(digests_are_those_of_the_files),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), make_keys, drop_keys);
}
