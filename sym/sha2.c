/* SPDX-License-Identifier: MIT */
/* sym/sha2.c -- SHA-256 fetched once: the look-up by name costs as much as hashing a short message. */
#include "sym/sha2.h"
#include "sym/openssl.h"
#include <pthread.h>

static EVP_MD *fetched;

static void fetch(void)
{
	fetched = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	ASSERT(fetched);
}

static const EVP_MD *sha2_256(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, fetch);
	return fetched;
}

sha256_stream sha256_begin(void)
{
	sha256_stream s = { EVP_MD_CTX_new() };
	ASSERT(s.evp && EVP_DigestInit_ex2(s.evp, sha2_256(), NULL) == 1);
	return s;
}

void sha256_add(sha256_stream *s, slice bytes)
{
	ASSERT(EVP_DigestUpdate(s->evp, bytes.p, bytes.n) == 1);
}

hash32 sha256_end(sha256_stream *s)
{
	hash32 h;
	ASSERT(EVP_DigestFinal_ex(s->evp, h.b, NULL) == 1);
	ASSERT(EVP_DigestInit_ex2(s->evp, NULL, NULL) == 1);
	return h;
}

void sha256_stream_free(sha256_stream *s)
{
	EVP_MD_CTX_free(s->evp);
	s->evp = NULL;
}

hash32 sha256(slice bytes)
{
	hash32 h;
	ASSERT(EVP_Digest(bytes.p, bytes.n, h.b, NULL, sha2_256(), NULL) == 1);
	return h;
}
