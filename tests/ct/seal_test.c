/* SPDX-License-Identifier: MIT */
/* Constant time: ML-KEM, and what curve/ and seal/ do around libsecp256k1.  Meaningful under valgrind (suite ct). */
#include "tests/test.h"
#include "seal/mlkem.h"
#include "seal/sign.h"

static const mlkem *const SETS[] = { &MLKEM_512, &MLKEM_768, &MLKEM_1024 };

static void ml_kem_runs_without_a_branch_on_its_secrets(void **state)
{
	uint8_t ek[MLKEM_MAX_EK], dk[MLKEM_MAX_DK], ct[MLKEM_MAX_CT], d[32], z[32], m[32], sent[32], got[32];

	(void)state;
	for (size_t i = 0; i < COUNT(SETS); i++) {
		const mlkem *p = SETS[i];
		rng_fill(test_rng(), d, 32), rng_fill(test_rng(), z, 32), rng_fill(test_rng(), m, 32);
		SECRET(d, sizeof d);
		SECRET(z, sizeof z);
		SECRET(m, sizeof m);
		mlkem_keygen(p, ek, dk, d, z);
		assert_true(mlkem_ek_valid_var(p, ek));
		mlkem_encaps(p, ct, sent, ek, m);

		SECRET(dk, mlkem_dk_bytes(p));
		mlkem_decaps(p, got, dk, ct);
		DECLASSIFY(sent, sizeof sent, "a test compares its result");
		DECLASSIFY(got, sizeof got, "a test compares its result");
		assert_memory_equal(sent, got, sizeof got);

		ct[9] ^= 1;                                          /* rejection takes the same road */
		SECRET(dk, mlkem_dk_bytes(p));
		mlkem_decaps(p, got, dk, ct);
		DECLASSIFY(got, sizeof got, "a test compares its result");
		assert_memory_not_equal(sent, got, sizeof got);
	}
}

static void signing_runs_without_a_branch_on_key_and_message(void **state)
{
	uint8_t bytes[32], message[50];
	secp_sk sk;

	(void)state;
	rng_fill(test_rng(), bytes, sizeof bytes);
	rng_fill(test_rng(), message, sizeof message);
	SECRET(bytes, sizeof bytes);
	SECRET(message, sizeof message);
	assert_ok(secp_sk_read(&sk, bytes));
	AUTO(signer) *s = NULL;
	assert_ok(signer_new(&s, &sk, test_rng()));
	const secp_sig sig = sign_internal(s, "USER_DEC", slice_of(message, sizeof message));
	const hash32 digest = { { 1 } };
	const secp_rsig ext = sign_external(s, &digest);

	DECLASSIFY(message, sizeof message, "the test's verifier knows the message");
	assert_true(sign_internal_ok_var(signer_pk(s), &sig, "USER_DEC", slice_of(message, sizeof message)));
	eth_address by;
	assert_true(sign_external_by_var(&by, &ext, &digest));
	assert_true(eth_address_eq_var(by, *signer_address(s)));
}

TESTS(TEST(ml_kem_runs_without_a_branch_on_its_secrets), TEST(signing_runs_without_a_branch_on_key_and_message))
