/* SPDX-License-Identifier: MIT */
/*
 * curve/secp.h -- ECDSA on secp256k1, by libsecp256k1.  Keys and signatures as bytes, digests made by the caller
 * (seal/sign.h says over what).
 *
 * Signatures are deterministic (RFC 6979 with SHA-256) and have the low s; a high s is refused everywhere, so that
 * a signature cannot be changed into a second one.
 *
 * Beside that, the multiplication of a point by a secret key (delegate/).
 *
 * Time: constant in the secret key.  Verifying and recovering work on public data.
 */
#ifndef ARCA_CURVE_SECP_H
#define ARCA_CURVE_SECP_H

#include "base/base.h"

enum { SECP_SK = 32, SECP_PK = 33, SECP_PK_PLAIN = 64, SECP_SIG = 64, SECP_RSIG = 65, SECP_DIGEST = 32 };

typedef struct secp_sk { uint8_t b[SECP_SK]; } secp_sk;          /* secret, in [1, order); wiped by its owner   */
typedef struct secp_pk { uint8_t b[SECP_PK]; } secp_pk;          /* a point of the curve, SEC1 compressed       */
typedef struct secp_sig { uint8_t b[SECP_SIG]; } secp_sig;       /* r || s, both big-endian                     */
typedef struct secp_rsig { uint8_t b[SECP_RSIG]; } secp_rsig;    /* r || s || v, v = 27 or 28: tells the key    */

/* What signing needs besides the key: tables, and a random blinding against side channels.  May be shared by threads. */
typedef struct secp secp;
err  secp_new(secp **out, const rng *r);
void secp_free(secp **s);

void secp_sk_random(secp_sk *out, const rng *r);
/* ERR_REQUEST if the number is 0 or not below the order. */
err  secp_sk_read(secp_sk *out, const uint8_t bytes[static SECP_SK]);

secp_pk secp_pk_of(const secp *s, const secp_sk *sk);
/* 33 bytes compressed or 65 uncompressed.  ERR_REQUEST if they are not a point. */
err  secp_pk_read(secp_pk *out, slice sec1);
/* As other programs write one: SubjectPublicKeyInfo in DER, uncompressed [RFC 5480].  ERR_REQUEST if it is another kind of key. */
err  secp_pk_read_der(secp_pk *out, slice spki);
/* x || y.  Requires: pk came from this file. */
void secp_pk_plain(uint8_t out[static SECP_PK_PLAIN], const secp_pk *pk);

/* A point as x || y, from secp_point_read only: to be multiplied, which would else take a square root again.  Reading: SEC1,
 * compressed; ERR_REQUEST if it is no point, and out is then untouched. */
typedef struct secp_point { uint8_t xy[SECP_PK_PLAIN]; } secp_point;
err  secp_point_read(secp_point *out, slice pk);

/* The point sk * P as x || y: what two ends of an exchange share, and secret. */
void secp_point_mul(uint8_t out[static SECP_PK_PLAIN], const secp_sk *sk, const secp_point *P);

secp_sig  secp_sign(const secp *s, const secp_sk *sk, const uint8_t digest[static SECP_DIGEST]);
secp_rsig secp_sign_recoverable(const secp *s, const secp_sk *sk, const uint8_t digest[static SECP_DIGEST]);

/* False also for a public key that is not a point. */
bool secp_verify_var(const secp_pk *pk, const secp_sig *sig, const uint8_t digest[static SECP_DIGEST]);

/* A signature in DER as other programs make it: its s becomes the low one.  ERR_REQUEST if it is none. */
err  secp_sig_read_der(secp_sig *out, slice der);

/* With the v by which pk is recovered.  False, and out untouched, if pk did not sign the digest. */
bool secp_sig_complete_var(secp_rsig *out, const secp_sig *sig, const secp_pk *pk, const uint8_t digest[static SECP_DIGEST]);

/* *out = the key that signed.  False, and out untouched, if there is none, v is not 27 or 28, or s is high. */
bool secp_recover_var(secp_pk *out, const secp_rsig *sig, const uint8_t digest[static SECP_DIGEST]);
/* The same key as x || y. */
bool secp_recover_plain_var(uint8_t out[static SECP_PK_PLAIN], const secp_rsig *sig, const uint8_t digest[static SECP_DIGEST]);

#endif
