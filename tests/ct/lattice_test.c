/* SPDX-License-Identifier: MIT */
/* Constant time: key generation, encryption and decryption of lattice/.  Meaningful under valgrind (suite ct). */
#include "tests/ct/ct.h"
#include "lattice/compact.h"
#include "lattice/decrypt.h"
#include "lattice/key_product.h"
#include "lattice/keygen.h"
#include "lattice/lwe.h"
#include "lattice/poly.h"
#include "lattice/sample.h"

enum { DIM = 256 };

CT_COVERS(keys_generate, secret_keys_free);
CT_REACHES(keys_generate, secret_keys_new, secret_keys_generate, public_set_generate, public_set_fill, keygen_part,
           key_product_new, row_message, sample_tuniform, sample_bits, sample_packed_bits);

static void key_generation_publishes_nothing_but_seed_and_bodies(void **state)
{
	(void)state;
	secret_keys keys;
	public_set pub;
	eval_keys eval;

	assert_ok(keys_generate(&keys, &pub, &PARAMS_TEST, &CT_SECRET_RNG, NULL, NULL));
	/* The public half is defined memory: expanding and hashing it may branch. */
	unsigned odd = 0;
	for (size_t i = 0; i < pub.bytes; i++) odd += pub.memory[i] & 1 ? 1 : 0;
	assert_true(odd > 0);
	assert_ok(eval_keys_new(&eval, &pub.set, PART_BIT(PART_BSK), EXACT, NULL, NULL));
	eval_keys_free(&eval);
	public_set_free(&pub);
	secret_keys_free(&keys);
}

CT_COVERS(keygen_rows);

static void single_rows_publish_nothing_but_bodies(void **state)
{
	static const uint8_t seed[PUBLIC_SEED_BYTES] = { 5 };
	static uint8_t bodies[16 * 512];
	secret_keys keys;

	(void)state;
	assert_ok(secret_keys_generate(&keys, &PARAMS_TEST, &CT_SECRET_RNG));
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const part_shape s = part_shape_of(&PARAMS_TEST, part);
		const mask_seed masks = keygen_masks(&PARAMS_TEST, seed, part);
		unsigned odd = 0;
		assert_true(s.body * (s.bits / 8) <= sizeof bodies);
		assert_ok(keygen_rows(bodies, &keys, part, &masks, s.rows - 1, 1, &CT_SECRET_RNG));
		for (size_t i = 0; i < s.body * (s.bits / 8); i++) odd += bodies[i] & 1 ? 1 : 0;
		assert_true(odd > 0 || s.body == 1);
	}
	secret_keys_free(&keys);
}

CT_COVERS(keys_from_seed, compact_encrypt, decrypt_compact);

static void encryption_does_not_branch_on_values_or_randomness(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit((size_t)1 << 24);
	secret_keys keys;
	public_set pub;
	uint64_t pk[2 * 512];
	uint8_t seed[16], value[8], block[32], out[32];
	compact_list list;

	rng_fill(&CT_SECRET_RNG, seed, sizeof seed);
	assert_ok(keys_from_seed(&keys, &pub, &PARAMS_TEST, slice_of(seed, sizeof seed), NULL));
	compact_key_expand(pk, pk + 512, &pub.set.part[PART_PKE], 512);
	rng_fill(test_rng(), value, sizeof value);
	SECRET(value, sizeof value);
	compact_blocks(block, sizeof block, slice_of(value, sizeof value));
	assert_ok(compact_encrypt(&list, &a, &(compact_key){ 512, 0, pk, pk + 512 }, block, sizeof block, &CT_SECRET_RNG));

	SECRET(keys.bit[SECRET_PKE], secret_length(&PARAMS_TEST, SECRET_PKE));
	assert_ok(decrypt_compact(out, &keys, &list));
	DECLASSIFY_RESULT(out, sizeof out);
	DECLASSIFY_RESULT(block, sizeof block);
	assert_memory_equal(out, block, sizeof out);
	public_set_free(&pub);
	secret_keys_free(&keys);
}

CT_COVERS(decrypt_lwe64, decrypt_packed64, decrypt_lwe128, decrypt_packed128, lwe64_encrypt, lwe128_encrypt);
CT_REACHES(decrypt_lwe64, lwe64_phase);
CT_REACHES(decrypt_lwe128, lwe128_phase);

/* The four formats by hand: two blocks, and then with a padding bit set. */
static void decryption_does_not_branch_on_keys_values_or_noise(void **state)
{
	(void)state;
	secret_keys keys;
	static uint64_t small[2 * (DIM + 1)], packed[2 * DIM];
	static u128 big[DIM + 1], wide[2 * DIM];

	assert_ok(secret_keys_generate(&keys, &PARAMS_TEST, test_rng()));
	for (secret_id id = 0; id < SECRETS; id++) SECRET(keys.bit[id], secret_length(&PARAMS_TEST, id));
	for (unsigned bad = 0; bad < 2; bad++) {
		uint8_t value[4][1];
		const lwe64_run run = { 2, DIM, small };
		const lwe128_run run128 = { 1, DIM, big };
		const err expected = bad ? ERR_REQUEST : OK;

		for (unsigned i = 0; i < 2; i++)
			lwe64_encrypt(lwe64_at(run, i), (uint64_t)(i + 1 + 16 * bad) << DELTA_LOG_64, keys.bit[SECRET_BIG], DIM, 45,
			              test_rng());
		lwe128_encrypt(big, (u128)(9 + 16 * bad) << DELTA_LOG_128, keys.bit[SECRET_SNS], DIM, 45, test_rng());
		packed[DIM] = (uint64_t)(1 + 4 * bad) << 61, packed[DIM + 1] = (uint64_t)2 << 61;
		wide[DIM] = (u128)(9 + 16 * bad) << DELTA_LOG_128;
		DECLASSIFY(small, sizeof small, "ciphertexts are public");
		DECLASSIFY(big, sizeof big, "ciphertexts are public");

		assert_int_equal(decrypt_lwe64(value[0], &keys, run, 2, false), expected);
		assert_int_equal(decrypt_packed64(value[1], &keys, (packed64){ 1, DIM, 2, packed }, 2, false), expected);
		assert_int_equal(decrypt_lwe128(value[2], &keys, run128, 2, false), expected);
		assert_int_equal(decrypt_packed128(value[3], &keys, (packed128){ 1, DIM, 1, wide }, 2, false), expected);
		DECLASSIFY_RESULT(value, sizeof value);
		for (unsigned f = 0; f < 4; f++) assert_int_equal(value[f][0], bad ? 0 : 9);
		assert_int_equal(decrypt_lwe64(value[0], &keys, (lwe64_run){ 1, DIM, small }, 1, true), expected);
		err_clear();
	}
	secret_keys_free(&keys);
}

CT_COVERS(glwe64_phase, glwe128_phase);
CT_REACHES(glwe64_phase, poly64_mul_binary_add);
CT_REACHES(glwe128_phase, poly128_mul_binary_add);

static void phases_of_polynomials_do_not_branch_on_keys(void **state)
{
	static uint64_t mask64[2 * DIM], phase64[DIM], ext64[2 * DIM];
	static u128 mask128[2 * DIM], phase128[DIM], ext128[2 * DIM];
	uint8_t S[DIM];

	(void)state;
	rng_fill(test_rng(), mask64, sizeof mask64);
	for (unsigned i = 0; i < 2 * DIM; i++) mask128[i] = mask64[i];
	sample_bits(S, DIM, &CT_SECRET_RNG);
	glwe64_phase(phase64, ext64, mask64, S, 1, DIM);
	glwe128_phase(phase128, ext128, mask128, S, 1, DIM);
	DECLASSIFY_RESULT(phase64, sizeof phase64);
	DECLASSIFY_RESULT(phase128, sizeof phase128);
	for (unsigned i = 0; i < DIM; i++) assert_true((uint64_t)phase128[i] == phase64[i]);
}

TESTS(TEST(key_generation_publishes_nothing_but_seed_and_bodies), TEST(single_rows_publish_nothing_but_bodies),
      TEST(encryption_does_not_branch_on_values_or_randomness),
      TEST(decryption_does_not_branch_on_keys_values_or_noise), TEST(phases_of_polynomials_do_not_branch_on_keys))
