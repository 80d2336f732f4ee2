/* SPDX-License-Identifier: MIT */
/*
 * Threshold decryption with the rounded squash key: a 64-bit ciphertext under the mini set, squashed by every party on its
 * own and decrypted together.  Only the two parts of the public set that this takes are made.  Some fifteen seconds of a core.
 */
#include "tests/tkms/threshold.h"
#include "lattice/keygen.h"
#include "lattice/lwe.h"
#include "tkms/finish.h"

/* A seeded set of KSK and SNS_BSK. */
static void squash_set(seeded_keyset *set, arena *a, const secret_keys *keys, pool *cores)
{
	static const key_part parts[] = { PART_KSK, PART_SNS_BSK };
	const uint8_t seed[PUBLIC_SEED_BYTES] = { 1, 2, 3 };

	*set = (seeded_keyset){ .params = keys->params };
	for (unsigned i = 0; i < COUNT(parts); i++) {
		const size_t bytes = part_body_bytes(part_shape_of(keys->params, parts[i]));
		seeded_part *p = &set->part[parts[i]];
		uint8_t *bodies;
		assert_ok(arena_new(a, &bodies, bytes));
		p->seed = keygen_masks(keys->params, seed, parts[i]);
		assert_ok(keygen_part(bodies, keys, parts[i], &p->seed, test_rng(), cores, NULL));
		p->bodies = slice_of(bodies, bytes);
	}
}

static void a_small_ciphertext_is_squashed_by_each_and_decrypted_by_all(void **state)
{
	(void)state;
	const lat_params *params = &PARAMS_MINI;
	const fhe_type *boolean = fhe_type_by_number_var(FHE_BOOL);
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	AUTO(buf) file = { 0 };
	secret_keys keys;
	seeded_keyset set;
	eval_keys eval[2];
	pool *cores;
	static uint64_t lwe[2049];
	squashed ct[2];
	u128 y[MOST_WORDS];
	plaintext out;
	parties p;

	assert_ok(pool_new(&cores, 0));
	secrets_new(&keys, params);
	squash_set(&set, &a, &keys, cores);
	lwe64_encrypt(lwe, (uint64_t)1 << DELTA_LOG_64, keys.bit[SECRET_BIG], 2048, params->glwe_noise, test_rng());
	const ciphertext sent = { .params = params, .format = SMALL_EXPANDED, .boolean = true, .blocks = 1, .lwe64 = { 1, 2048, lwe } };
	tfhers_write_ciphertext(&file, &sent);
	for (unsigned i = 0; i < 2; i++) {                       /* two parties, each with its own copy of the keys */
		assert_ok(eval_keys_new(&eval[i], &set, SQUASH_PARTS, EXACT, NULL, NULL));
		assert_ok(squash_file(&ct[i], &a, params, boolean, SMALL_EXPANDED, buf_slice(&file), &eval[i], i ? cores : NULL));
		eval_keys_free(&eval[i]);
	}
	assert_int_equal(ct[0].lwe.dim, 4096);
	assert_memory_equal(ct[0].lwe.w, ct[1].lwe.w, 4097 * sizeof(u128));

	parties_new(&p, 13, 4, &keys);
	const size_t opened = parties_open(y, NULL, &p, DECRYPT_PUBLIC, &ct[0], (party_set)0xf << 3);
	assert_ok(finish_value(&out, boolean, 13, 4, p.d, y, opened / p.d));
	assert_int_equal(out.bytes[0], 1);
	parties_free(&p);
	secret_keys_free(&keys);
	pool_free(&cores);
}

TESTS(TEST(a_small_ciphertext_is_squashed_by_each_and_decrypted_by_all))
