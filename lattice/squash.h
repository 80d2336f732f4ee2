/* SPDX-License-Identifier: MIT */
/*
 * lattice/squash.h -- from 64-bit blocks to 128-bit blocks whose noise is so small that a mask can drown it.
 *
 * This function is part of the protocol: parties squash the same public ciphertext each on their own and must get the
 * same bits.  doc/notes/squash.md states it in full, with a known answer.
 *
 *   decompress (SMALL_COMPRESSED only), pair block[2t] + 4 * block[2t+1], keyswitch BIG -> SMALL, modulus switch,
 *   blind rotation with the 128-bit key, extract
 */
#ifndef ARCA_LATTICE_SQUASH_H
#define ARCA_LATTICE_SQUASH_H

#include "lattice/keys.h"
#include "lattice/ciphertext.h"
#include "base/pool.h"

#define SQUASH_PARTS (PART_BIT(PART_KSK) | PART_BIT(PART_SNS_BSK))

/* Squashed blocks that come from so many 2-bit blocks. */
static inline size_t squashed_count(size_t blocks) { return (blocks + 1) / 2; }

/* out: squashed_count(in.count) LWE ciphertexts under SNS in memory of the caller (out.dim = sns.k * sns.N).  ERR_NOMEM. */
err squash_var(lwe128_run out, const eval_keys *keys, lwe64_run in, pool *p);

/* The same for several values, whose results follow each other in `out`: they pass the keys together. */
err squash_values_var(lwe128_run out, const eval_keys *keys, const lwe64_run *in, size_t values, pool *p);

/* The same without pairing, for the only blocks of several values: out.count = in.count. */
err squash_single_var(lwe128_run out, const eval_keys *keys, lwe64_run in, pool *p);

/* The same as squash_var from a compressed list; needs DECOMPRESS64_PARTS too.  blocks <= ct.bodies. */
err squash_packed_var(lwe128_run out, const eval_keys *keys, packed64 ct, size_t blocks, pool *p);

#endif
