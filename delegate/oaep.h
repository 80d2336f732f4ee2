/* SPDX-License-Identifier: MIT */
/*
 * delegate/oaep.h -- what RSA raises to a power: EME-OAEP [RFC 8017, 7.1.1] with SHA-256 throughout and no label.
 *
 *   db          SHA-256 of nothing || zeros || 1 || secret
 *   block       0 || seed + MGF(masked db) || masked db,     masked db = db + MGF(seed),     seed: 32 random bytes
 *
 * Whoever has the block has the secret; a part of it says nothing.  Time: depends on the lengths only.
 */
#ifndef ARCA_DELEGATE_OAEP_H
#define ARCA_DELEGATE_OAEP_H

#include "sym/sha2.h"

enum { OAEP_SEED = 32, OAEP_OVERHEAD = 1 + OAEP_SEED + 32 + 1 };

/* block[0 .. n - 1] as one number below any of n bytes, most significant first; wiped by its owner.
 * Requires: secret.n + OAEP_OVERHEAD <= n. */
void oaep_pad(uint8_t *block, size_t n, slice secret, const rng *r);

#endif
