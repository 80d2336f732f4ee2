/* SPDX-License-Identifier: MIT */
/*
 * sym/aes.c -- AES through EVP, its algorithms fetched once.
 *
 * With fixed algorithms and checked lengths EVP fails only when memory runs out or the installed library is
 * broken; neither depends on bytes from outside, so both are ASSERTs.
 */
#include "sym/aes.h"
#include "sym/openssl.h"
#include <pthread.h>

/* EVP counts in int. */
enum { PIECE = 1 << 30 };

static EVP_CIPHER *ecb, *gcm;

static void fetch(void)
{
	ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	ASSERT(ecb && gcm);
}

static void fetch_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, fetch);
}

aes128 aes128_new(const uint8_t key[static AES128_KEY])
{
	fetch_once();
	aes128 k = { EVP_CIPHER_CTX_new() };
	ASSERT(k.evp && EVP_EncryptInit_ex2(k.evp, ecb, key, NULL, NULL) == 1);
	EVP_CIPHER_CTX_set_padding(k.evp, 0);
	return k;
}

void aes128_free(aes128 *k)
{
	EVP_CIPHER_CTX_free(k->evp);
	k->evp = NULL;
}

void aes128_blocks(aes128 *k, uint8_t *out, const uint8_t *in, size_t blocks)
{
	ASSERT(blocks <= SIZE_MAX / AES_BLOCK);
	for (size_t left = blocks * AES_BLOCK; left; ) {
		int done, piece = (int)size_min(left, PIECE);
		ASSERT(EVP_EncryptUpdate(k->evp, out, &done, in, piece) == 1 && done == piece);
		out += piece, in += piece, left -= (size_t)piece;
	}
}

/* Feeds all of s; out == NULL: additional data. */
static void update(EVP_CIPHER_CTX *c, int (*feed)(EVP_CIPHER_CTX *, unsigned char *, int *, const unsigned char *, int),
                   uint8_t *out, slice s)
{
	while (s.n) {
		int done, piece = (int)size_min(s.n, PIECE);
		ASSERT(feed(c, out, &done, s.p, piece) == 1 && done == piece);
		s.p += piece, s.n -= (size_t)piece;
		if (out) out += piece;
	}
}

void aes256_gcm_seal(uint8_t *out, const uint8_t key[static AES256_KEY], const uint8_t nonce[static GCM_NONCE],
                     slice aad, slice plain)
{
	int none;

	fetch_once();
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	ASSERT(c && EVP_EncryptInit_ex2(c, gcm, key, nonce, NULL) == 1);
	update(c, EVP_EncryptUpdate, NULL, aad);
	update(c, EVP_EncryptUpdate, out, plain);
	ASSERT(EVP_EncryptFinal_ex(c, out + plain.n, &none) == 1 && none == 0);
	ASSERT(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, GCM_TAG, out + plain.n) == 1);
	EVP_CIPHER_CTX_free(c);
}

bool aes256_gcm_open(uint8_t *out, const uint8_t key[static AES256_KEY], const uint8_t nonce[static GCM_NONCE],
                     slice aad, slice sealed)
{
	uint8_t tag[GCM_TAG];
	int none;

	if (sealed.n < GCM_TAG) return false;
	slice body = { sealed.p, sealed.n - GCM_TAG };
	memcpy(tag, sealed.p + body.n, sizeof tag);          /* first: out may overlap sealed */

	fetch_once();
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	ASSERT(c && EVP_DecryptInit_ex2(c, gcm, key, nonce, NULL) == 1);
	update(c, EVP_DecryptUpdate, NULL, aad);
	update(c, EVP_DecryptUpdate, out, body);
	ASSERT(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, tag) == 1);
	bool genuine = EVP_DecryptFinal_ex(c, tag, &none) == 1;
	EVP_CIPHER_CTX_free(c);
	DECLASSIFY(&genuine, sizeof genuine, "whoever sends bytes learns whether they are taken");
	if (!genuine) wipe(out, body.n);
	return genuine;
}
