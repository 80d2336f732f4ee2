/* SPDX-License-Identifier: MIT */
/*
 * seal/typed.h -- the signatures of a node under other schemes, all with keys that follow from its one secret:
 *
 *   seed of a scheme = SHAKE256("SIGKDERV" || i32le(number) || 1 || secret)[0..32)
 *
 * the seed of RFC 8032, or of FIPS 204.  Nothing more must be stored or backed up, and who has the secret has them all.
 * Signed is dsep || message, as by sign_internal.  ECDSA itself, number 0, is in seal/sign.h: where a list of signatures names
 * it, the one for contracts is repeated.
 */
#ifndef ARCA_SEAL_TYPED_H
#define ARCA_SEAL_TYPED_H

#include "seal/sign.h"

/* The numbers are those of the protocol. */
enum { SCHEME_ECDSA256K1, SCHEME_ED25519, SCHEME_MLDSA44, SCHEME_MLDSA65, SCHEME_MLDSA87, MAX_SCHEMES };

enum { MAX_TYPED_KEY = 2592, MAX_TYPED_SIG = 4627 };

/* Of a scheme that exists; of ECDSA: SEC1 compressed, and r || s || v. */
const char *scheme_name(uint32_t scheme);
size_t scheme_key_bytes(uint32_t scheme);
size_t scheme_sig_bytes(uint32_t scheme);

/* The public key, scheme_key_bytes(scheme). */
void typed_key(uint8_t *out, const signer *s, uint32_t scheme);

/* Requires, here and below: a scheme that exists and is not ECDSA.  False also for a key or a signature of another length. */
void typed_sign(uint8_t *out, const signer *s, uint32_t scheme, const char *dsep, slice message);
bool typed_ok_var(uint32_t scheme, slice key, const char *dsep, slice message, slice sig);

/* By what contexts know a key: the key itself if it has 32 bytes, else a hash of scheme and key.  Those of ECDSA are known by
 * their address. */
hash32 typed_identity(uint32_t scheme, slice key);

#endif
