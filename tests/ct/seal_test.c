/* SPDX-License-Identifier: MIT */
/* Constant time: ML-KEM, ML-DSA, and what curve/ and seal/ do around libsecp256k1 and libcrypto.  Meaningful under valgrind
 * (suite ct). */
#include "tests/ct/ct.h"
#include "seal/ed25519.h"
#include "seal/mldsa_poly.h"
#include "seal/mlkem_poly.h"
#include "seal/mldsa.h"
#include "seal/signcrypt.h"
#include "seal/typed.h"

static const mlkem *const SETS[] = { &MLKEM_512, &MLKEM_768, &MLKEM_1024 };

CT_COVERS(mlkem_keygen, mlkem_encaps, mlkem_decaps);
CT_REACHES(mlkem_keygen, poly_noise);
CT_REACHES(mlkem_decaps, poly_add, poly_sub, poly_ntt, poly_ntt_inverse, poly_mul_add, poly_encode, poly_decode, poly_compress,
           poly_decompress);

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
		DECLASSIFY_RESULT(sent, sizeof sent);
		DECLASSIFY_RESULT(got, sizeof got);
		assert_memory_equal(sent, got, sizeof got);

		ct[9] ^= 1;                                          /* rejection takes the same road */
		SECRET(dk, mlkem_dk_bytes(p));
		mlkem_decaps(p, got, dk, ct);
		DECLASSIFY_RESULT(got, sizeof got);
		assert_memory_not_equal(sent, got, sizeof got);
	}
}

CT_COVERS(mldsa_public_key, mldsa_sign);
CT_REACHES(mldsa_sign, dsa_add, dsa_sub, dsa_ntt, dsa_ntt_inverse, dsa_mul_add, dsa_sample_short, dsa_sample_mask, dsa_power2_round, dsa_high,
           dsa_low, dsa_reaches, dsa_pack, dsa_unpack, dsa_pack_centred, dsa_unpack_centred);

static void ml_dsa_signs_without_a_branch_on_its_secrets(void **state)
{
	static const mldsa *const DSA[] = { &MLDSA_44, &MLDSA_65, &MLDSA_87 };
	uint8_t pk[MLDSA_MAX_PK], sig[MLDSA_MAX_SIG], seed[32], message[40];

	(void)state;
	for (size_t i = 0; i < COUNT(DSA); i++) {
		const mldsa *p = DSA[i];
		rng_fill(&CT_SECRET_RNG, seed, sizeof seed);
		rng_fill(&CT_SECRET_RNG, message, sizeof message);
		mldsa_public_key(p, pk, seed);
		mldsa_sign(p, sig, seed, slice_str("USER_DEC"), slice_of(message, sizeof message));
		DECLASSIFY(message, sizeof message, "the test's verifier knows the message");
		assert_true(mldsa_verify_var(p, slice_of(pk, mldsa_pk_bytes(p)), slice_str("USER_DEC"), slice_of(message, sizeof message),
		                             slice_of(sig, mldsa_sig_bytes(p))));
	}
}

CT_COVERS(typed_key, typed_sign);
CT_REACHES(typed_key, signer_seed, ed25519_public_key);
CT_REACHES(typed_sign, ed25519_sign);

static void derived_keys_sign_without_a_branch_on_the_one_secret(void **state)
{
	uint8_t key[MAX_TYPED_KEY], sig[MAX_TYPED_SIG];
	AUTO(signer) *s = NULL;
	secp_sk sk;

	(void)state;
	secp_sk_random(&sk, &CT_SECRET_RNG);
	assert_ok(signer_new(&s, &sk, &CT_SECRET_RNG));
	for (uint32_t scheme = SCHEME_ED25519; scheme <= SCHEME_MLDSA44; scheme++) {
		typed_key(key, s, scheme);
		typed_sign(sig, s, scheme, "PUBL_DEC", slice_str("m"));
		assert_true(typed_ok_var(scheme, slice_of(key, scheme_key_bytes(scheme)), "PUBL_DEC", slice_str("m"),
		                         slice_of(sig, scheme_sig_bytes(scheme))));
	}
}

CT_COVERS(secp_sk_read, signer_new, sign_internal, sign_external);
CT_REACHES(signer_new, secp_new, secp_pk_of);
CT_REACHES(sign_internal, secp_sign);
CT_REACHES(sign_external, secp_sign_recoverable);

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

CT_COVERS(secp_sk_random, enc_key_generate, signcrypt, unsigncrypt);
CT_REACHES(unsigncrypt, enc_key_of);

static void signcryption_does_not_branch_on_keys_seeds_or_plaintext(void **state)
{
	uint8_t text[40];
	const eth_address user = { { 1 } };
	const hash32 link = { { 2 } };
	AUTO(buf) wire = { 0 }, plain = { 0 };
	AUTO(signer) *s = NULL;
	int32_t type;
	enc_key ek;
	dec_key dk;
	secp_sk sk;

	(void)state;
	secp_sk_random(&sk, &CT_SECRET_RNG);
	assert_ok(signer_new(&s, &sk, &CT_SECRET_RNG));
	enc_key_generate(&ek, &dk, &CT_SECRET_RNG);

	rng_fill(&CT_SECRET_RNG, text, sizeof text);
	signcrypt(s, &wire, &ek, &user, &link, 2, slice_of(text, sizeof text), &CT_SECRET_RNG);
	DECLASSIFY(wire.p, wire.n, "the answer is sent");
	assert_ok(unsigncrypt(&plain, &type, &dk, signer_pk(s), &user, &link, buf_slice(&wire)));
	assert_int_equal(type, 2);
	DECLASSIFY_RESULT(plain.p, plain.n);
	DECLASSIFY_RESULT(text, sizeof text);
	assert_true(slice_eq_var(buf_slice(&plain), slice_of(text, sizeof text)));

	wire.p[20] ^= 1;                                             /* another shared secret; then a tag that does not fit */
	assert_err(ERR_REQUEST, unsigncrypt(&plain, &type, &dk, signer_pk(s), &user, &link, buf_slice(&wire)));
	wire.p[20] ^= 1;
	wire.p[wire.n - 1] ^= 1;
	assert_err(ERR_REQUEST, unsigncrypt(&plain, &type, &dk, signer_pk(s), &user, &link, buf_slice(&wire)));
	wire.p[wire.n - 1] ^= 1;
	const hash32 other = { { 3 } };
	assert_err(ERR_REQUEST, unsigncrypt(&plain, &type, &dk, signer_pk(s), &user, &other, buf_slice(&wire)));
	const eth_address nobody = { { 4 } };
	assert_err(ERR_REQUEST, unsigncrypt(&plain, &type, &dk, signer_pk(s), &nobody, &link, buf_slice(&wire)));
}

TESTS(TEST(ml_kem_runs_without_a_branch_on_its_secrets), TEST(ml_dsa_signs_without_a_branch_on_its_secrets),
      TEST(derived_keys_sign_without_a_branch_on_the_one_secret), TEST(signing_runs_without_a_branch_on_key_and_message),
      TEST(signcryption_does_not_branch_on_keys_seeds_or_plaintext))
