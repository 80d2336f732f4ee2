/* SPDX-License-Identifier: MIT */
/* Constant time: key shares from the dealer to the masked parts of a decryption, and a key that is whole. */
#include "tests/ct/ct.h"
#include "tests/tfhers/vectors.h"
#include "tests/tkms/threshold.h"
#include "lattice/keygen.h"
#include "tkms/encrypt.h"
#include "tkms/finish.h"
#include "tkms/reconstruct.h"

enum { N = 4, T = 1, D = 4, BLOCKS = 16 };

static const id32 KEY_ID = { { 4 } }, EPOCH_ID = { { 8 } };
static secret_keys keys;
static online_key online[N + 1];
static prss *masks[N + 1];
static masked part[N + 1];

CT_COVERS(dealer_share_out, key_share_write, key_share_read, key_share_free, online_key_new);
CT_REACHES(dealer_share_out, key_share_new);

static void keys_are_dealt_stored_and_loaded_without_a_branch_on_shares(void **state)
{
	const share_holder holder = { .key_id = KEY_ID, .epoch_id = EPOCH_ID, .n = N, .t = T, .d = D };
	key_share dealt[N + 1], again;

	(void)state;
	assert_ok(secret_keys_generate(&keys, &PARAMS_TEST, &CT_SECRET_RNG));
	assert_ok(dealer_share_out(dealt, &keys, &holder, ALL_SECRETS, &CT_SECRET_RNG));
	for (party i = 1; i <= N; i++) {
		AUTO(buf) file = { 0 };
		key_share_write(&file, &dealt[i]);
		assert_ok(key_share_read(&again, buf_slice(&file)));
		assert_ok(online_key_new(&online[i], &again));
		key_share_free(&again);
		key_share_free(&dealt[i]);
	}
}

/* Every set of N - T parties has a key, which no branch may depend on. */
static void deal_masks(void)
{
	static party_set set[MAX_PRSS_SETS];
	static uint8_t r[MAX_PRSS_SETS][PRSS_KEY], held[MAX_PRSS_SETS][PRSS_KEY];

	prss_sets(set, N, T);
	rng_fill(&CT_SECRET_RNG, r, sizeof r);
	for (party i = 1; i <= N; i++) {
		unsigned mine = 0;
		for (unsigned A = 0; A < binomial(N, T); A++)
			if (has(set[A], i)) memcpy(held[mine++], r[A], PRSS_KEY);
		assert_ok(prss_new(&masks[i], N, T, D, i, &EPOCH_ID, (const uint8_t (*)[PRSS_KEY])held));
	}
}

/* The parts open to the message: v[i] = i in block i. */
static void opens(const squashed *ct, arena *a, opener *o)
{
	const uint8_t *shares[N + 1];
	u128 y[BLOCKS];
	party_set wrong;

	for (party i = 1; i <= N; i++) {
		AUTO(buf) vector = { 0 };
		assert_ok(partial_decrypt(&part[i], a, &online[i], masks[i], DECRYPT_USER, ct, 1));
		share_vector_write(&vector, &part[i], D);
		assert_int_equal(vector.n, 8 + BLOCKS * 16);
		DECLASSIFY(part[i].bytes, BLOCKS * 16, "the parts are opened");
		shares[i] = part[i].bytes;
	}
	assert_true(open_var(o, y, &wrong, shares, parties_all(N), T, part[1].elements));
	assert_int_equal(wrong, 0);
	for (unsigned i = 0; i < BLOCKS; i++) {
		unsigned v;
		u128 secret = y[i];
		SECRET(&secret, sizeof secret);
		block_verdict verdict = finish_block(&v, secret, noise_bound(binomial(N, T)));
		DECLASSIFY_RESULT(&v, sizeof v);
		DECLASSIFY_RESULT(&verdict, sizeof verdict);
		assert_int_equal(verdict, BLOCK_GOOD);
		assert_int_equal(v, i);
	}
}

CT_COVERS(partial_decrypt, share_vector_write);

static void parts_are_computed_without_a_branch_on_shares_or_masks(void **state)
{
	AUTO(arena) a = arena_with_limit((size_t)1 << 24);
	AUTO(opener) *o = NULL;
	uint8_t v[BLOCKS];
	i128 noise[BLOCKS];
	squashed expanded, list;

	(void)state;
	for (unsigned i = 0; i < BLOCKS; i++) v[i] = (uint8_t)i, noise[i] = (i128)i << 60;
	deal_masks();
	assert_ok(opener_new(&o, N, T, D));
	encrypt_expanded(&expanded, &a, &keys, v, noise, BLOCKS);
	DECLASSIFY(expanded.lwe.w, (expanded.lwe.dim + 1) * BLOCKS * sizeof(u128), "ciphertexts are public");
	opens(&expanded, &a, o);
	encrypt_list(&list, &a, &keys, v, noise, BLOCKS);
	DECLASSIFY(list.packed.w, (list.packed.k * list.packed.N + BLOCKS) * sizeof(u128), "ciphertexts are public");
	opens(&list, &a, o);

	for (party i = 1; i <= N; i++) {
		online_key_free(&online[i]);
		prss_free(&masks[i]);
	}
	secret_keys_free(&keys);
}

CT_COVERS(tkms_encrypt, tkms_decrypt);

/* With keys and ciphertexts of TFHE-rs. */
static void values_are_encrypted_and_decrypted_without_a_branch_on_them_or_on_keys(void **state)
{
	AUTO(buf) key_file = vector("test/client_key.bin"), ct = vector("test/sim/squashed_u8.bin");
	AUTO(buf) pk_file = vector("test/compact_public_key.bin"), list = { 0 };
	const fhe_type *type = fhe_type_by_name_var(slice_str("uint8"));
	secret_keys whole;
	plaintext out;
	slice tag;

	(void)state;
	assert_ok(tfhers_read_client_key(&whole, &tag, buf_slice(&key_file)));
	for (secret_id id = 0; id < SECRETS; id++) SECRET(whole.bit[id], secret_length(&PARAMS_TEST, id));
	assert_ok(tkms_decrypt(&out, &whole, type, BIG_EXPANDED, buf_slice(&ct)));
	DECLASSIFY_RESULT(out.bytes, sizeof out.bytes);
	assert_int_equal(out.bytes[0], 0xa7);

	SECRET(out.bytes, sizeof out.bytes);
	assert_ok(tkms_encrypt(&list, buf_slice(&pk_file), &out, 1, &CT_SECRET_RNG));
	assert_true(list.n > 1000);
	secret_keys_free(&whole);
}

TESTS(TEST(values_are_encrypted_and_decrypted_without_a_branch_on_them_or_on_keys),
      TEST(keys_are_dealt_stored_and_loaded_without_a_branch_on_shares),
      TEST(parts_are_computed_without_a_branch_on_shares_or_masks))
