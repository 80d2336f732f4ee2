/* SPDX-License-Identifier: MIT */
/* A whole private key as a vault keeps it. */
#include "delegate/whole_key.h"
#include "tests/test.h"

static whole_key some_key(whole_key_kind kind, uint32_t chain_id)
{
	whole_key k = { .kind = kind, .chain_id = chain_id, .state = KEY_DEACTIVATED, .taken_ms = 1700000000123 };

	secp_sk_random(&k.sk, test_rng());
	return k;
}

static void a_key_is_read_as_it_was_written(void **state)
{
	const whole_key keys[] = { some_key(WHOLE_KEY_CHAIN, 31337), some_key(WHOLE_KEY_CHAIN, UINT32_MAX), some_key(WHOLE_KEY_WALLET, 0) };
	whole_key got;

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		AUTO(buf) file = { 0 };
		whole_key_write(&file, &keys[i]);
		assert_int_equal(file.n, WHOLE_KEY_BYTES);
		assert_ok(whole_key_read(&got, buf_slice(&file)));
		assert_int_equal(got.kind, keys[i].kind);
		assert_int_equal(got.chain_id, keys[i].chain_id);
		assert_int_equal(got.state, keys[i].state);
		assert_true(got.taken_ms == keys[i].taken_ms);
		assert_memory_equal(got.sk.b, keys[i].sk.b, SECP_SK);
	}
}

static void anything_else_is_refused(void **state)
{
	static const struct { size_t at; uint8_t is; } WRONG[] = {
		{ 0, 0 }, { 0, 2 }, { 1, 0 }, { 1, 3 }, { 2, 0 }, { 2, 7 }, { 3, 1 }, { 14, 0x80 },
	};
	const whole_key k = some_key(WHOLE_KEY_WALLET, 0);
	AUTO(buf) file = { 0 };
	whole_key got;

	(void)state;
	whole_key_write(&file, &k);
	for (size_t n = 0; n < file.n; n++) assert_err(ERR_REQUEST, whole_key_read(&got, slice_of(file.p, n)));
	for (size_t i = 0; i < COUNT(WRONG); i++) {
		const uint8_t was = file.p[WRONG[i].at];
		file.p[WRONG[i].at] = WRONG[i].is;
		assert_err(ERR_REQUEST, whole_key_read(&got, buf_slice(&file)));
		file.p[WRONG[i].at] = was;
	}
	memset(file.p + file.n - SECP_SK, 0, SECP_SK);
	assert_err(ERR_REQUEST, whole_key_read(&got, buf_slice(&file)));
	buf_put_u8(&file, 0);
	assert_err(ERR_REQUEST, whole_key_read(&got, buf_slice(&file)));
}

static void each_key_has_a_place_of_its_own(void **state)
{
	const id32 a = whole_key_place(WHOLE_KEY_CHAIN, 0x01020304), b = whole_key_place(WHOLE_KEY_CHAIN, 0x04030201),
	           wallet = whole_key_place(WHOLE_KEY_WALLET, 0), zero = whole_key_place(WHOLE_KEY_CHAIN, 0);
	const uint8_t last[] = { 1, 2, 3, 4 };

	(void)state;
	assert_memory_equal(a.b + 28, last, sizeof last);
	assert_false(id_eq_var(&a, &b));
	assert_false(id_eq_var(&wallet, &zero));
}

TESTS(TEST(a_key_is_read_as_it_was_written), TEST(anything_else_is_refused), TEST(each_key_has_a_place_of_its_own))
