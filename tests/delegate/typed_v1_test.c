/* SPDX-License-Identifier: MIT */
/* Digests as ethers 6 computes them (TypedDataEncoder.hash). */
#include "tests/delegate/known.h"

static hash32 all_of(uint8_t byte)
{
	hash32 h;
	memset(h.b, byte, sizeof h.b);
	return h;
}

static void check(hash32 found, const char *expected)
{
	hash32 h;
	assert_true(hex_read(h.b, sizeof h.b, slice_str(expected)));
	assert_true(hash32_eq_var(found, h));
}

static void authorization_and_response_are_hashed_as_wallets_hash_them(void **state)
{
	delegate_v1 d = { .chain_id = 31337, .handle = all_of(1), .target_hash = all_of(4), .key_id = all_of(5), .epoch = 6,
	                  .nonce = all_of(7), .not_before = 1767225600, .expires_at = 1767225900 };
	const hash32 request = all_of(9), ciphertext = all_of(10);

	(void)state;
	memset(d.ephemeral, 3, sizeof d.ephemeral);
	d.ephemeral[0] = 2;
	check(typed_v1_authorization(&d), "38456d148f631e28e3d4f797ee502421ef8788b7f89f047d46054a026aa7a653");
	check(typed_v1_response(&d, &request, &ciphertext), "91d336fba0ebafb24f114835023c7000c117c4b78f01eae7a66d2fca73d97764");
	d.has_contract = true;
	memset(d.contract.b, 8, sizeof d.contract.b);
	check(typed_v1_authorization(&d), "4e6de9958ad749c8810ecca62b842beb14fe19bdd766c3a1faba5cff0f014c9e");
	check(typed_v1_response(&d, &request, &ciphertext), "c1cee63b29f3a0d867c67ea2a49100718667e070648ef1f813c4a07e404fde67");
}

TESTS(TEST(authorization_and_response_are_hashed_as_wallets_hash_them))
