/* SPDX-License-Identifier: MIT */
/* delegate/ecies.c -- HKDF by libcrypto; the rest is put together. */
#include "delegate/ecies.h"
#include "sym/openssl.h"
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <pthread.h>

static EVP_KDF *hkdf;

static void fetch(void)
{
	hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	ASSERT(hkdf);
}

void ecies_key(uint8_t key[static AES256_KEY], const shared_x *x)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static char info[] = "ECIES:AES_GCM:v1", hash[] = "SHA2-256";
	uint8_t salt[32] = { 0 };

	pthread_once(&once, fetch);
	EVP_KDF_CTX *c = EVP_KDF_CTX_new(hkdf);
	const OSSL_PARAM p[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)x->b, sizeof x->b),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt, sizeof salt),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, sizeof info - 1),
		OSSL_PARAM_construct_end(),
	};
	ASSERT(c && EVP_KDF_derive(c, key, AES256_KEY, p) == 1);
	EVP_KDF_CTX_free(c);
}

err ecies_shared(shared_x *out, const secp_sk *d, slice K)
{
	secp_point at;

	TRY(secp_point_read(&at, K));
	*out = ecies_shared_at(d, &at);
	return OK;
}

shared_x ecies_shared_at(const secp_sk *d, const secp_point *K)
{
	uint8_t xy[SECP_PK_PLAIN];
	shared_x x;

	secp_point_mul(xy, d, K);
	memcpy(x.b, xy, sizeof x.b);
	wipe(xy, sizeof xy);
	return x;
}

void ecies_seal(buf *out, ecies_header *header, const secp_pk *P, slice plain, const secp *curve, const rng *r)
{
	uint8_t key[AES256_KEY];
	secp_sk k;
	shared_x x;

	secp_sk_random(&k, r);
	header->K = secp_pk_of(curve, &k);
	ASSERT(ecies_shared(&x, &k, slice_of(P->b, sizeof P->b)) == OK);
	ecies_key(key, &x);
	rng_fill(r, header->nonce, sizeof header->nonce);
	DECLASSIFY(header->nonce, sizeof header->nonce, "a nonce is sent with its ciphertext");
	aes256_gcm_seal(buf_grow(out, plain.n + GCM_TAG), key, header->nonce, (slice){ 0 }, plain);
	wipe(&k, sizeof k);
	wipe(&x, sizeof x);
	wipe(key, sizeof key);
}

err ecies_open(buf *out, const shared_x *x, const uint8_t nonce[static GCM_NONCE], slice ciphertext)
{
	uint8_t key[AES256_KEY];

	if (ciphertext.n < GCM_TAG)
		return err_fail(ERR_REQUEST, "the ciphertext has %zu bytes, fewer than its tag of %d", ciphertext.n, GCM_TAG);
	const size_t before = out->n, n = ciphertext.n - GCM_TAG;
	buf_reserve(out, n + 1);
	ecies_key(key, x);
	const bool genuine = aes256_gcm_open(out->p + before, key, nonce, (slice){ 0 }, ciphertext);
	wipe(key, sizeof key);
	if (!genuine)
		return err_fail(ERR_REQUEST, "the ciphertext does not belong to this shared secret and nonce, or was changed");
	out->n += n;
	return OK;
}
