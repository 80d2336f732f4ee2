/* SPDX-License-Identifier: MIT */
/*
 * lattice/compact.h -- encryption under the compact public key, and what a coprocessor makes of such lists.
 *
 * R = Z_2^64[X]/(X^n + 1), rev(v)[i] = v[n - 1 - i].
 *
 *   key         b = a * rev(s) + e
 *   encrypt     r binary, e1, e2 noise:  u = a * rev(r) + e1,  c = b * rev(r),  body_i = c[n-1-i] + e2_i + m_i * 2^59
 *               for up to n messages; every n further ones get their own r and u
 *   LWE i       mask X^i * u, body_i: an ordinary LWE ciphertext under s
 *
 * A value is cut into blocks of 2 bits, least significant first; the blocks of all values stand in one row, and each
 * message carries two neighbours, m = low + 4 * high.  Pairs cross the borders of values; a last odd block is alone.
 *
 * Expansion of one message: cast keyswitch PKE -> SMALL, modulus switch, and for each half one bootstrap with a lookup
 * table that also cleans what a malicious client may have put there: x mod 4, (x / 4) mod 4, and for booleans whether
 * that is not 0.
 */
#ifndef ARCA_LATTICE_COMPACT_H
#define ARCA_LATTICE_COMPACT_H

#include "lattice/keys.h"
#include "lattice/ciphertext.h"
#include "base/pool.h"

typedef struct compact_key {
	unsigned n, noise;
	const uint64_t *a, *b;          /* n words each, borrowed */
} compact_key;

/* a[0 .. n), b[0 .. n) of a public key that is stored as seed and bodies. */
void compact_key_expand(uint64_t *a, uint64_t *b, const seeded_part *part, unsigned n);

/* block[0 .. count) = the 2-bit blocks of a little-endian value.  Requires: value.n >= value_bytes(count). */
void compact_blocks(uint8_t *block, size_t count, slice value);

/*
 * Encrypts `blocks` 2-bit blocks (a byte each, secret) in pairs.  The list is allocated from a.  The generator is asked
 * for the bits of all r, then all e1, then all e2, as TFHE-rs does.  ERR_REQUEST for no blocks.
 */
err compact_encrypt(compact_list *out, arena *a, const compact_key *key, const uint8_t *block, size_t blocks, const rng *r);

/* Byte for byte what build_packed_seeded of TFHE-rs makes: r is the stream of Xof "TFHE_Enc" || seed.  For tests and
 * proofs of encryption.  Requires: seed.n <= MASK_XOF_MAX. */
err compact_encrypt_seeded(compact_list *out, arena *a, const compact_key *key, const uint8_t *block, size_t blocks,
                           slice seed);

/* lwe[0 .. n] = message i of the list under PKE.  Requires: i < list->count. */
void compact_lwe(uint64_t *lwe, const compact_list *list, size_t i);

/* The parts that compact_expand uses. */
#define COMPACT_EXPAND_PARTS (PART_BIT(PART_CAST_KSK) | PART_BIT(PART_BSK))

/*
 * Blocks first .. first + out.count - 1 of a list, one LWE under BIG each, into memory of the caller (out.dim = k*N).
 * boolean: whether these blocks are booleans (then each is 0 or 1).  Requires: the blocks exist; list->n is the
 * PKE dimension.  The modulus switch is the centred mean, Standard for the test set.  ERR_NOMEM.
 */
err compact_expand(lwe64_run out, const eval_keys *keys, const compact_list *list, size_t first, bool boolean, pool *p);

/* 2-bit blocks that a list carries at most: the last one of an odd number is padded with 0. */
static inline size_t compact_blocks_most(const compact_list *l) { return l->paired ? 2 * l->count : l->count; }

#endif
