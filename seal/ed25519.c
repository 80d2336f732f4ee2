/* SPDX-License-Identifier: MIT */
/* seal/ed25519.c -- libcrypto's one-shot calls, behind a look at the points. */
#include "seal/ed25519.h"
#include "sym/openssl.h"

/* The y of the points whose order divides 8: 0 (order 4), 1 (the neutral one), -1 (order 2), and of order 8. */
static const uint8_t SMALL_ORDER[][32] = {
	{ 0 }, { 1 },
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
	  0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
	{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
	  0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
};

/* y from p = 2^255 - 19 on: only the lowest byte tells it from p + 18 = 2^255 - 1 */
static bool point_proper_var(const uint8_t *encoded)
{
	uint8_t y[32];
	bool reduced;

	memcpy(y, encoded, sizeof y);
	y[31] &= 0x7f;                             /* the highest bit is the sign of x */
	reduced = y[31] != 0x7f || y[0] < 0xed;
	for (unsigned i = 1; i < 31 && !reduced; i++) reduced = y[i] != 0xff;
	for (size_t i = 0; i < COUNT(SMALL_ORDER); i++)
		if (memcmp(y, SMALL_ORDER[i], sizeof y) == 0) return false;
	return reduced;
}

static EVP_PKEY *key_of(const uint8_t seed[static ED25519_SEED])
{
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_SEED);
	ASSERT(k);
	return k;
}

void ed25519_public_key(uint8_t pk[static ED25519_PK], const uint8_t seed[static ED25519_SEED])
{
	size_t n = ED25519_PK;
	EVP_PKEY *k = key_of(seed);

	ASSERT(EVP_PKEY_get_raw_public_key(k, pk, &n) == 1 && n == ED25519_PK);
	EVP_PKEY_free(k);
	DECLASSIFY(pk, ED25519_PK, "the Ed25519 public key");
}

static buf joined(slice dsep, slice message)
{
	buf b = { 0 };

	buf_put_slice(&b, dsep);
	buf_put_slice(&b, message);
	return b;
}

void ed25519_sign(uint8_t sig[static ED25519_SIG], const uint8_t seed[static ED25519_SEED], slice dsep, slice message)
{
	size_t n = ED25519_SIG;
	AUTO(buf) both = joined(dsep, message);
	EVP_PKEY *k = key_of(seed);
	EVP_MD_CTX *signing = EVP_MD_CTX_new();

	ASSERT(signing && EVP_DigestSignInit(signing, NULL, NULL, NULL, k) == 1);
	ASSERT(EVP_DigestSign(signing, sig, &n, both.p, both.n) == 1 && n == ED25519_SIG);
	EVP_MD_CTX_free(signing);
	EVP_PKEY_free(k);
	DECLASSIFY(sig, ED25519_SIG, "the signature is given out");
}

bool ed25519_verify_var(slice pk, slice dsep, slice message, slice sig)
{
	if (pk.n != ED25519_PK || sig.n != ED25519_SIG || !point_proper_var(pk.p) || !point_proper_var(sig.p)) return false;
	AUTO(buf) both = joined(dsep, message);
	EVP_PKEY *k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pk.p, pk.n);
	EVP_MD_CTX *verifying = EVP_MD_CTX_new();

	ASSERT(k && verifying && EVP_DigestVerifyInit(verifying, NULL, NULL, NULL, k) == 1);
	const bool fits = EVP_DigestVerify(verifying, sig.p, sig.n, both.p, both.n) == 1;
	EVP_MD_CTX_free(verifying);
	EVP_PKEY_free(k);
	return fits;
}
