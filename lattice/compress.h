/* SPDX-License-Identifier: MIT */
/*
 * lattice/compress.h -- many LWE ciphertexts in one GLWE ciphertext, and back.
 *
 * The packing keyswitch (lattice/packing.h) puts ciphertext i into slot i.
 *
 *   64 bits    blocks with empty carries are first multiplied by 4, which puts their 2 bits right under the padding
 *              bit (delta 2^61); the packed words are then rounded to storage_bits
 *   128 bits   squashed blocks as they are; nothing is rounded
 *
 * Back to 64-bit blocks: extract the slot, Standard modulus switch, bootstrap with the identity on 4 inputs.
 */
#ifndef ARCA_LATTICE_COMPRESS_H
#define ARCA_LATTICE_COMPRESS_H

#include "lattice/keys.h"
#include "lattice/ciphertext.h"
#include "base/pool.h"

enum { DELTA_LOG_PACKED = 61 };

#define COMPRESS64_PARTS   PART_BIT(PART_COMP_PKSK)
#define DECOMPRESS64_PARTS PART_BIT(PART_DECOMP_BSK)
#define COMPRESS128_PARTS  PART_BIT(PART_SNSCOMP_PKSK)

/* BIG -> COMP; SNS -> SNSCOMP.  One GLWE from arena a.  ERR_REQUEST if there are none or more than lwe_per_glwe. */
err compress64_var(packed64 *out, arena *a, const eval_keys *keys, lwe64_run blocks, pool *p);
err compress128_var(packed128 *out, arena *a, const eval_keys *keys, lwe128_run blocks, pool *p);

/* COMP -> BIG: slots 0 .. out.count - 1 into memory of the caller (out.dim = k*N).  Requires: out.count <= ct.bodies and
 * ct has the dimensions of the parameter set. */
err decompress64_var(lwe64_run out, const eval_keys *keys, packed64 ct, pool *p);

#endif
