/* SPDX-License-Identifier: MIT */
/*
 * curve/scalar.h -- numbers modulo the order q of secp256k1, 0 among them: what secrets are shared in.
 *
 * libsecp256k1 does the arithmetic, but it only knows keys, which are never 0; what that leaves out is added here.
 *
 * Time: constant in the values.
 */
#ifndef ARCA_CURVE_SCALAR_H
#define ARCA_CURVE_SCALAR_H

#include "curve/secp.h"

/* In [0, q), big-endian; if secret, wiped by its owner. */
typedef struct secp_scalar { uint8_t b[SECP_SK]; } secp_scalar;

secp_scalar secp_scalar_of(uint64_t x);
secp_scalar secp_scalar_random(const rng *r);                          /* not 0 */
/* Any 32 bytes, modulo q: what becomes of a hash. */
secp_scalar secp_scalar_reduce(const uint8_t bytes[static SECP_SK]);
/* False, and out untouched, if the number is not below q. */
[[nodiscard]] bool secp_scalar_read(secp_scalar *out, const uint8_t bytes[static SECP_SK]);

secp_scalar secp_scalar_add(const secp_scalar *a, const secp_scalar *b);
secp_scalar secp_scalar_sub(const secp_scalar *a, const secp_scalar *b);
secp_scalar secp_scalar_mul(const secp_scalar *a, const secp_scalar *b);
secp_scalar secp_scalar_inv(const secp_scalar *a);                     /* of 0: 0 */

/* All ones if a is 0 (base/ct.h). */
uint64_t secp_scalar_is_zero(const secp_scalar *a);

/* A scalar as a key and back.  False if it is 0, which tells no more than that. */
[[nodiscard]] bool secp_sk_of_scalar(secp_sk *out, const secp_scalar *a);
secp_scalar secp_scalar_of_sk(const secp_sk *sk);

#endif
