/* SPDX-License-Identifier: MIT */
/* tests/lattice/decrypt_test.c -- what decryption accepts and what it refuses, to the last bit of noise. */
#include "tests/test.h"
#include "lattice/decrypt.h"
#include "lattice/keygen.h"
#include "lattice/lwe.h"

enum { MOST = 8, DIM = 256, WORDS = 2 * DIM };

static secret_keys keys;

static int load(void **state)
{
	(void)state;
	assert_ok(secret_keys_generate(&keys, &PARAMS_TEST, test_rng()));
	return 0;
}

static int unload(void **state)
{
	(void)state;
	secret_keys_free(&keys);
	return 0;
}

/* A run of blocks with exactly these phases. */
static lwe64_run with_phases64(uint64_t *w, const uint64_t *phase, size_t count)
{
	lwe64_run run = { count, DIM, w };
	for (size_t i = 0; i < count; i++) {
		uint64_t *ct = lwe64_at(run, i);
		lwe64_encrypt(ct, 0, keys.bit[SECRET_BIG], DIM, 0, test_rng());
		ct[DIM] += phase[i] - lwe64_phase(ct, keys.bit[SECRET_BIG], DIM);
	}
	return run;
}

static lwe128_run with_phases128(u128 *w, const u128 *phase, size_t count)
{
	lwe128_run run = { count, DIM, w };
	for (size_t i = 0; i < count; i++) {
		u128 *ct = lwe128_at(run, i);
		lwe128_encrypt(ct, 0, keys.bit[SECRET_SNS], DIM, 0, test_rng());
		ct[DIM] += phase[i] - lwe128_phase(ct, keys.bit[SECRET_SNS], DIM);
	}
	return run;
}

static const uint64_t DELTA = (uint64_t)1 << DELTA_LOG_64;
#define WIDE(v) ((u128)(v) << DELTA_LOG_128)

static void filled_carries_propagate_and_leave_at_the_top(void **state)
{
	(void)state;
	uint64_t w[4 * (DIM + 1)];
	/* 15 + 15*4 + 15*16 + 15*64 = 1275 = 0xfb mod 256 */
	const uint64_t phase[4] = { 15 * DELTA, 15 * DELTA, 15 * DELTA, 15 * DELTA };
	uint8_t value;
	assert_ok(decrypt_lwe64(&value, &keys, with_phases64(w, phase, 4), 4, false));
	assert_int_equal(value, 1275 % 256);
	assert_ok(decrypt_lwe64(&value, &keys, with_phases64(w, phase, 3), 3, false));
	assert_int_equal(value, 315 % 64);
}

static void a_last_odd_block_of_a_squashed_value_keeps_its_two_bits(void **state)
{
	(void)state;
	u128 w[2 * (DIM + 1)];
	const u128 phase[2] = { WIDE(0xb), WIDE(0xd) };
	uint8_t value;
	assert_ok(decrypt_lwe128(&value, &keys, with_phases128(w, phase, 2), 4, false));
	assert_int_equal(value, 0xdb);
	assert_ok(decrypt_lwe128(&value, &keys, with_phases128(w, phase, 2), 3, false));
	assert_int_equal(value, 0x1b);
}

static void a_boolean_is_one_if_its_block_modulo_4_is_not_zero(void **state)
{
	(void)state;
	uint64_t w[DIM + 1];
	u128 wide[DIM + 1];
	uint8_t value;
	for (unsigned v = 0; v < 16; v++) {
		const uint64_t phase = v * DELTA;
		const u128 phase128 = WIDE(v);
		assert_ok(decrypt_lwe64(&value, &keys, with_phases64(w, &phase, 1), 1, true));
		assert_int_equal(value, v % 4 != 0);
		assert_ok(decrypt_lwe128(&value, &keys, with_phases128(wide, &phase128, 1), 1, true));
		assert_int_equal(value, v % 4 != 0);
	}
}

static void noise_up_to_the_bound_is_accepted_and_beyond_it_refused(void **state)
{
	(void)state;
	uint64_t w[DIM + 1];
	u128 wide[DIM + 1];
	uint8_t value;
	const uint64_t bound64 = (uint64_t)1 << 56;
	const u128 bound = (u128)1 << 80;

	const uint64_t right[] = { 3 * DELTA, 3 * DELTA + bound64 - 1, 3 * DELTA - bound64 };
	for (size_t i = 0; i < COUNT(right); i++) {
		assert_ok(decrypt_lwe64(&value, &keys, with_phases64(w, &right[i], 1), 1, false));
		assert_int_equal(value, 3);
	}
	const uint64_t wrong[] = { 3 * DELTA + bound64, 3 * DELTA - bound64 - 1, 3 * DELTA + DELTA / 2, 16 * DELTA, 31 * DELTA, 0 - bound64 - 1 };
	for (size_t i = 0; i < COUNT(wrong); i++) {
		value = 0x5a;
		assert_err(ERR_REQUEST, decrypt_lwe64(&value, &keys, with_phases64(w, &wrong[i], 1), 1, false));
		assert_int_equal(value, 0);
	}
	/* A little below zero is zero, not the padding bit. */
	const uint64_t below = 0 - bound64;
	assert_ok(decrypt_lwe64(&value, &keys, with_phases64(w, &below, 1), 1, false));
	assert_int_equal(value, 0);

	const u128 right128[] = { WIDE(3), WIDE(3) + bound - 1, WIDE(3) - bound };
	for (size_t i = 0; i < COUNT(right128); i++) {
		assert_ok(decrypt_lwe128(&value, &keys, with_phases128(wide, &right128[i], 1), 1, false));
		assert_int_equal(value, 3);
	}
	const u128 wrong128[] = { WIDE(3) + bound, WIDE(3) - bound - 1, WIDE(16), WIDE(3) + WIDE(1) / 2, 0 - bound - 1 };
	for (size_t i = 0; i < COUNT(wrong128); i++)
		assert_err(ERR_REQUEST, decrypt_lwe128(&value, &keys, with_phases128(wide, &wrong128[i], 1), 1, false));
}

/* Trivial ciphertexts, whose bodies are the phases: block i of count is bad, the others are 1. */
static uint64_t trivial64(size_t i, size_t bad, unsigned delta_log)
{
	return i == bad ? (uint64_t)1 << 63 : (uint64_t)1 << delta_log;
}

static u128 trivial128(size_t i, size_t bad)
{
	return i == bad ? WIDE(3) + WIDE(1) / 2 : WIDE(1);
}

static void one_bad_block_refuses_the_value_and_wipes_it(void **state)
{
	(void)state;
	enum { SLOTS = 4, FORMATS = 4 };
	static uint64_t w[SLOTS * (DIM + 1)], slots[DIM + SLOTS];
	static u128 wide[SLOTS * (DIM + 1)], wide_slots[DIM + SLOTS];
	const lwe64_run run = { SLOTS, DIM, w };
	const lwe128_run wide_run = { SLOTS, DIM, wide };
	for (size_t bad = 0; bad <= SLOTS; bad++) {
		for (size_t i = 0; i < SLOTS; i++) {
			lwe64_at(run, i)[DIM] = trivial64(i, bad, DELTA_LOG_64);
			slots[DIM + i] = trivial64(i, bad, 61);
			lwe128_at(wide_run, i)[DIM] = wide_slots[DIM + i] = trivial128(i, bad);
		}
		/* 1 + 4 + 16 + 64, and 1 in each of four digits of 4 bits. */
		const uint8_t right[FORMATS][2] = { { 0x55, 0xee }, { 0x55, 0xee }, { 0x11, 0x11 }, { 0x11, 0x11 } },
		              wiped[FORMATS][2] = { { 0, 0xee }, { 0, 0xee } };
		uint8_t value[FORMATS][2];
		memset(value, 0xee, sizeof value);
		const err e[FORMATS] = {
			decrypt_lwe64(value[0], &keys, run, SLOTS, false),
			decrypt_packed64(value[1], &keys, (packed64){ 1, DIM, SLOTS, slots }, SLOTS, false),
			decrypt_lwe128(value[2], &keys, wide_run, 2 * SLOTS, false),
			decrypt_packed128(value[3], &keys, (packed128){ 1, DIM, SLOTS, wide_slots }, 2 * SLOTS, false),
		};
		for (unsigned f = 0; f < FORMATS; f++) assert_int_equal(e[f], bad < SLOTS ? ERR_REQUEST : OK);
		assert_memory_equal(value, bad < SLOTS ? wiped : right, sizeof value);
		err_clear();
	}
}

/* A value has exactly its blocks: neither what is missing nor what is left over is guessed. */
static void another_number_of_blocks_is_refused(void **state)
{
	(void)state;
	static uint64_t w[3 * (DIM + 1)];
	static u128 wide[3 * (DIM + 1)];
	uint8_t value[2] = { 0x77, 0x77 };
	for (unsigned count = 1; count <= 3; count += 2) {
		assert_err(ERR_REQUEST, decrypt_lwe64(value, &keys, (lwe64_run){ count, DIM, w }, 2, false));
		assert_err(ERR_REQUEST, decrypt_packed64(value, &keys, (packed64){ 1, DIM, count, w }, 2, false));
		assert_err(ERR_REQUEST, decrypt_lwe128(value, &keys, (lwe128_run){ count, DIM, wide }, 4, false));
		assert_err(ERR_REQUEST, decrypt_packed128(value, &keys, (packed128){ 1, DIM, count, wide }, 3, false));
	}
	assert_err(ERR_REQUEST, decrypt_lwe64(value, &keys, (lwe64_run){ 2, DIM, w }, 1, true));
	assert_err(ERR_REQUEST, decrypt_lwe128(value, &keys, (lwe128_run){ 2, DIM, wide }, 1, true));
	assert_int_equal(value[0], 0x77);
}

static void packed_slots_are_read_and_garbage_is_refused(void **state)
{
	(void)state;
	uint64_t w[WORDS] = { 0 };
	u128 wide[WORDS] = { 0 };
	uint8_t value, more[2];
	/* Trivial ciphertexts: the bodies are the phases. */
	const packed64 small = { 1, DIM, 4, w };
	const packed128 big = { 1, DIM, 2, wide };

	for (unsigned i = 0; i < 4; i++) w[DIM + i] = (uint64_t)(3 - i) << 61;
	assert_ok(decrypt_packed64(&value, &keys, small, 4, false));
	assert_int_equal(value, 0x1b);
	wide[DIM] = WIDE(0x7), wide[DIM + 1] = WIDE(0xa);
	assert_ok(decrypt_packed128(&value, &keys, big, 4, false));
	assert_int_equal(value, 0xa7);

	assert_err(ERR_REQUEST, decrypt_packed64(more, &keys, small, 8, false));
	assert_err(ERR_REQUEST, decrypt_packed128(more, &keys, big, 5, false));
	w[DIM + 2] = (uint64_t)1 << 63;
	assert_err(ERR_REQUEST, decrypt_packed64(&value, &keys, small, 4, false));
	for (unsigned i = 0; i < WORDS; i++) wide[i] = (u128)rng_u64(test_rng()) << 64;
	assert_err(ERR_REQUEST, decrypt_packed128(&value, &keys, big, 4, false));
}

static void a_client_key_without_the_secret_says_so(void **state)
{
	(void)state;
	uint64_t w[WORDS] = { 0 };
	u128 wide[WORDS] = { 0 };
	uint8_t value;
	secret_keys some = keys;
	some.bit[SECRET_COMP] = some.bit[SECRET_SNS] = some.bit[SECRET_SNSCOMP] = NULL;
	assert_err(ERR_STATE, decrypt_packed64(&value, &some, (packed64){ 1, DIM, 4, w }, 4, false));
	assert_err(ERR_STATE, decrypt_lwe128(&value, &some, (lwe128_run){ 1, DIM, wide }, 1, false));
	assert_err(ERR_STATE, decrypt_packed128(&value, &some, (packed128){ 1, DIM, 4, wide }, 4, false));
	assert_err(ERR_REQUEST, decrypt_lwe64(&value, &some, (lwe64_run){ 1, DIM, w }, 4, false));
}

static const struct CMUnitTest tests[] = {
	TEST(filled_carries_propagate_and_leave_at_the_top),
	TEST(a_last_odd_block_of_a_squashed_value_keeps_its_two_bits),
	TEST(a_boolean_is_one_if_its_block_modulo_4_is_not_zero),
	TEST(noise_up_to_the_bound_is_accepted_and_beyond_it_refused),
	TEST(one_bad_block_refuses_the_value_and_wipes_it),
	TEST(another_number_of_blocks_is_refused),
	TEST(packed_slots_are_read_and_garbage_is_refused),
	TEST(a_client_key_without_the_secret_says_so),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), load, unload);
}
