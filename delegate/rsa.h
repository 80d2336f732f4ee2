/* SPDX-License-Identifier: MIT */
/*
 * delegate/rsa.h -- the reader's RSA key: OAEP with SHA-256 (also for its mask), no label.
 *
 * A key from outside is SubjectPublicKeyInfo in DER, read strictly: every length in its shortest form, nothing behind the end,
 * algorithm rsaEncryption; n odd, of 2048 to 8192 bits as a number; e odd, from 65537 up to 2^33.
 *
 * Time: sealing is constant in the secret; what is sealed is uniformly masked (oaep.h) before libcrypto's arithmetic begins.
 */
#ifndef ARCA_DELEGATE_RSA_H
#define ARCA_DELEGATE_RSA_H

#include "base/base.h"

enum {
	RSA_BITS_LEAST = 2048, RSA_BITS_MOST = 8192,
	RSA_MODULUS_MOST = RSA_BITS_MOST / 8,
	MAX_SPKI = RSA_MODULUS_MOST + 64,
	MAX_RSA_PEM = 16 << 10,
};

/* Both numbers most significant byte first, without zeros in front; borrowed from the DER. */
typedef struct rsa_pk { slice n, e; } rsa_pk;

err  rsa_pk_read(rsa_pk *out, slice spki);

/* What can be sealed to the shortest key. */
enum { RSA_SECRET_MOST = RSA_BITS_LEAST / 8 - 2 * 32 - 2 };
/* Appends as many bytes as the modulus has.  Requires: a key that was read, and at most RSA_SECRET_MOST bytes. */
void rsa_seal(buf *out, const rsa_pk *to, slice secret, const rng *r);

/* ---- the reader's side ------------------------------------------------------------------------------------------ */

typedef struct rsa_sk rsa_sk;

err  rsa_sk_new(rsa_sk **out, unsigned bits);
/* PKCS#8 in PEM, not encrypted.  ERR_REQUEST. */
err  rsa_sk_read(rsa_sk **out, slice pem);
void rsa_sk_write(buf *pem, const rsa_sk *sk);
void rsa_sk_free(rsa_sk **sk);
/* Appends the public half as SubjectPublicKeyInfo in DER; that in PEM and back.  ERR_REQUEST: it is something else. */
void rsa_sk_spki(buf *der, const rsa_sk *sk);
void spki_write_pem(buf *pem, slice der);
err  spki_read_pem(buf *der, slice pem);
/* Exactly n bytes.  ERR_REQUEST if something else, or nothing, was sealed to this key. */
err  rsa_open(uint8_t *out, size_t n, const rsa_sk *sk, slice sealed);

#endif
