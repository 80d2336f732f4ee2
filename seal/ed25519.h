/* SPDX-License-Identifier: MIT */
/*
 * seal/ed25519.h -- Ed25519 (RFC 8032, pure), by libcrypto; the strictness is ours.
 *
 * libcrypto refuses a scalar that is not reduced, but takes points of small order and encodings with a coordinate from p
 * on.  Under such a key one signature fits many messages, so that it proves nothing.  Here both points, key and R, must be
 * encoded in the one way and be of large order.
 *
 * Time: constant in the seed.
 */
#ifndef ARCA_SEAL_ED25519_H
#define ARCA_SEAL_ED25519_H

#include "base/base.h"

enum { ED25519_SEED = 32, ED25519_PK = 32, ED25519_SIG = 64 };

void ed25519_public_key(uint8_t pk[static ED25519_PK], const uint8_t seed[static ED25519_SEED]);

/* Over dsep || message. */
void ed25519_sign(uint8_t sig[static ED25519_SIG], const uint8_t seed[static ED25519_SEED], slice dsep, slice message);
bool ed25519_verify_var(slice pk, slice dsep, slice message, slice sig);

#endif
