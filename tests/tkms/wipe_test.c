/* SPDX-License-Identifier: MIT */
/* tests/tkms/wipe_test.c -- values and secret keys that pass through tkms/ do not stay behind. */
#include "tests/sym/leftover.h"
#include "tkms/tkms.h"

static const id32 KEY_ID = {{ [0] = 4 }};
static key_files files;
static secret_keys keys;
static plaintext value, again;
static buf list, file[CT_FORMATS], text;

static err keep(void *ctx, size_t i, const fhe_type *type, slice bytes)
{
	(void)i, (void)type;
	buf_put_slice(ctx, bytes);
	return OK;
}

static int prepare(void **state)
{
	(void)state;
	seeded_keyset set;
	slice tag;

	value.type = fhe_type_by_number_var(FHE_UINT256);
	rng_fill(test_rng(), value.bytes, sizeof value.bytes);
	assert_ok(tkms_keygen(&files, NULL, &PARAMS_TEST, &KEY_ID, test_rng(), NULL));
	assert_ok(tfhers_read_client_key(&keys, &tag, buf_slice(&files.client_key)));
	assert_ok(tfhers_read_keyset(&set, &tag, draft_slice(files.xof_keyset)));
	assert_ok(tkms_encrypt(&list, buf_slice(&files.public_key), &value, 1, test_rng()));
	for (ct_format f = 0; f < CT_FORMATS; f++) {
		coprocessor c;
		assert_ok(coprocessor_new(&c, &set, FORMAT_BIT(f), NULL, NULL));
		assert_ok(coprocess_list(&c, NULL, buf_slice(&list), f, keep, &file[f]));
		coprocessor_free(&c);
	}
	buf_clear(&list);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	for (ct_format f = 0; f < CT_FORMATS; f++) buf_free(&file[f]);
	buf_free(&list);
	buf_free(&text);
	secret_keys_free(&keys);
	key_files_free(&files);
	return 0;
}

/* As bytes, as 2-bit blocks, and half of it, which is what one register holds. */
static void watch_value(const plaintext *p)
{
	uint8_t block[32];

	leftover_forget();
	for (size_t i = 0; i < sizeof block; i++) block[i] = p->bytes[i / 4] >> 2 * (i % 4) & 3;
	leftover_watch("value", p->bytes, p->type->bytes);
	leftover_watch("first half", p->bytes, 8);
	leftover_watch("middle", p->bytes + 8, 8);
	leftover_watch("blocks", block, sizeof block);
}

static void encrypt_value(void)
{
	ASSERT(tkms_encrypt(&list, buf_slice(&files.public_key), &value, 1, test_rng()) == OK);
}

static void encryption_leaves_no_value(void **state)
{
	(void)state;
	watch_value(&value);
	assert_null(leftover_after(encrypt_value));
}

static ct_format format;

static void decrypt_value(void) { ASSERT(tkms_decrypt(&again, &keys, value.type, format, buf_slice(&file[format])) == OK); }

static void decryption_leaves_no_value(void **state)
{
	(void)state;
	watch_value(&value);
	for (format = 0; format < CT_FORMATS; format++) {
		assert_null(leftover_after(decrypt_value));
		assert_memory_equal(again.bytes, value.bytes, sizeof value.bytes);
	}
}

/* ---- text ------------------------------------------------------------------------------------------------------------ */

static plaintext shown;
static slice typed;

static void print_value(void) { plaintext_print(&text, &shown); }
static void parse_value(void) { (void)!plaintext_parse(&again, shown.type, typed); }

static void a_value_as_text_leaves_neither_the_value_nor_the_text(void **state)
{
	(void)state;
	static const int TYPE[] = { FHE_UINT256, FHE_ADDRESS };
	static char digits[100];

	for (size_t i = 0; i < COUNT(TYPE); i++) {
		shown = value;
		shown.type = fhe_type_by_number_var(TYPE[i]);
		memset(shown.bytes + shown.type->bytes, 0, sizeof shown.bytes - shown.type->bytes);
		buf_clear(&text);
		buf_reserve(&text, sizeof digits);
		print_value();
		memcpy(digits, text.p, text.n);
		typed = slice_of(digits, text.n);
		watch_value(&shown);
		uint8_t big_endian[8];
		for (unsigned b = 0; b < sizeof big_endian; b++) big_endian[b] = shown.bytes[19 - b];
		leftover_watch("most significant byte first", big_endian, sizeof big_endian);
		leftover_watch("digits", digits + 10, 16);
		leftover_watch("last digits", digits + text.n - 16, 16);
		assert_null(leftover_after(print_value));
		assert_null(leftover_after(parse_value));
		assert_memory_equal(again.bytes, shown.bytes, sizeof shown.bytes);
	}

	/* Refused, and refused late. */
	digits[typed.n - 1] = 'x';
	assert_null(leftover_after(parse_value));
	assert_null(strstr(err_text(), "0x"));
}

/* ---- keys ------------------------------------------------------------------------------------------------------------ */

static struct repeated { uint8_t from[1 << 17]; size_t at; } known;

static void repeat(void *ctx, uint8_t *out, size_t n)
{
	struct repeated *r = ctx;
	ASSERT(n <= sizeof r->from - r->at);
	memcpy(out, r->from + r->at, n);
	r->at += n;
}

static void make_files(void)
{
	known.at = 0;
	const rng r = { &known, repeat };
	key_files f;
	ASSERT(tkms_keygen(&f, NULL, &PARAMS_TEST, &KEY_ID, &r, NULL) == OK);
	key_files_free(&f);
}

/* Secret bits travel as bytes, and as words of 64 bits in the file of the client key. */
static void a_key_set_that_was_made_and_dropped_is_gone(void **state)
{
	(void)state;
	const rng r = { &known, repeat };
	secret_keys made;
	key_files f;
	slice tag;

	leftover_forget();
	rng_fill(test_rng(), known.from, sizeof known.from);
	assert_ok(tkms_keygen(&f, NULL, &PARAMS_TEST, &KEY_ID, &r, NULL));
	assert_ok(tfhers_read_client_key(&made, &tag, buf_slice(&f.client_key)));
	for (secret_id id = 0; id < SECRETS; id++)
		if (secret_length(&PARAMS_TEST, id) >= 32) leftover_watch("bits", made.bit[id], 32);
	uint64_t word[4];
	const uint8_t *at = made.bit[SECRET_BIG];
	while (at[0] + at[1] + at[2] + at[3] < 3 || at[3] == 0) at++;           /* 25 bytes at least that are no plain run */
	for (unsigned i = 0; i < COUNT(word); i++) word[i] = at[i];
	leftover_watch("words", word, sizeof word);
	secret_keys_free(&made);
	key_files_free(&f);
	assert_null(leftover_after(make_files));
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(what_is_left_behind_is_found),
		TEST(encryption_leaves_no_value),
		TEST(decryption_leaves_no_value),
		TEST(a_value_as_text_leaves_neither_the_value_nor_the_text),
		TEST(a_key_set_that_was_made_and_dropped_is_gone),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), prepare, finish);
}
