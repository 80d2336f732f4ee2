/* SPDX-License-Identifier: MIT */
/*
 * lattice/engine.h -- bootstrap keys in the form in which an engine wants them, and blind rotation with them.
 *
 *   schoolbook  rows as they are; the definition (lattice/bootstrap.h).  Any parameters
 *   limbs       lattice/limbs.h: guarded, sampled, with ntt to fall back on.  N = 2048
 *   ntt         exact transforms modulo primes (ring/ntt.h); GGSWs are expanded and transformed when they are needed
 *   f64         limbs with one limb: not exact; only where nobody has to agree
 *
 * All engines but f64 return the same bits.  engine_for says which one serves which part; tests name another.
 *
 * A boot_key holds the key in memory that somebody else gives and keeps: anonymous memory (eval_keys_new) or a file
 * that processes share (lattice/derived.h).  It also borrows the stored part that it was made from, bodies and seed of
 * the masks, which is what a step is redone from when the guard speaks or a sample is wrong.
 *
 * For many threads at a time.  Everything here is public data.
 */
#ifndef ARCA_LATTICE_ENGINE_H
#define ARCA_LATTICE_ENGINE_H

#include "lattice/ciphertext.h"
#include "lattice/keys.h"
#include "lattice/limbs.h"

typedef enum boot_engine { ENGINE_SCHOOLBOOK, ENGINE_LIMBS, ENGINE_F64, ENGINE_NTT, BOOT_ENGINES } boot_engine;

/* ---- the form of a key ------------------------------------------------------------------------------------------- */

typedef struct boot_form {
	boot_engine engine;
	part_shape  shape;
	unsigned    dropped;            /* low bits of every word that are rounded away            */
	limb_shape  limb;               /* LIMBS and F64                                           */
	const limb_kernel *kernel;      /* likewise                                                */
	size_t      steps;              /* GGSWs                                                   */
	size_t      step_bytes;         /* of one, a multiple of 64; 0 for ntt                     */
	size_t      check_bytes;        /* of the check values that go with it; 0: none            */
} boot_form;

boot_engine engine_for(const lat_params *p, key_part part, exactness how);

/* Requires: the part is of KIND_BSK, and the engine can serve it (engine_can).  kernel NULL: the chosen one. */
boot_form boot_form_of(const lat_params *p, key_part part, boot_engine engine, const limb_kernel *kernel);
bool      engine_can(const lat_params *p, key_part part, boot_engine engine);

/* Makes steps first .. first + count - 1; key and checks are where step `first` goes.  ERR_NOMEM. */
err boot_make(uint8_t *key, uint8_t *checks, const boot_form *form, const seeded_part *from, size_t first, size_t count);

/* ---- a key ------------------------------------------------------------------------------------------------------- */

/* key: steps x step_bytes, aligned to 64; checks: steps x check_bytes.  Both and from's bodies outlive the boot_key.
 * ERR_NOMEM. */
err  boot_key_new(boot_key **out, const boot_form *form, const void *key, const void *checks, const seeded_part *from);
void boot_key_free(boot_key **k);

const boot_form *boot_key_form(const boot_key *k);

/* What happened so far in this process, over all keys. */
typedef struct boot_counts {
	uint64_t samples;               /* steps that were checked                              */
	uint64_t guarded;               /* steps that were redone because the guard spoke       */
	uint64_t wrong;                 /* steps that were redone because a sample was wrong    */
} boot_counts;
boot_counts boot_counters(void);

/* ---- blind rotation ---------------------------------------------------------------------------------------------- */

/*
 * out[b] = sample extraction of the blind rotation of lut by switched[b * (steps + 1) ..], for all b < out.count, any
 * number: mask then body, in [0, 2N).  Batches of up to LIMBS_BATCH pass the key together; few ciphertexts are shared by
 * all threads of p, whoever has nothing to do helps the others, and the caller works too.  ERR_NOMEM.
 */
err boot_rotate64(lwe64_run out, boot_key *key, const uint32_t *switched, const uint64_t *lut, pool *p);
err boot_rotate128(lwe128_run out, boot_key *key, const uint32_t *switched, const u128 *lut, pool *p);

#endif
