/* SPDX-License-Identifier: MIT */
/*
 * mpc/keygen_plan.h -- what a joint key generation of a parameter set consumes, in the order in which it does: bits of the
 * secret keys, then noise of the public parts in the order of their masks.  It follows from the shapes of the parts alone.
 *
 * Every need is made in the ring of what it serves: noise of a part modulo 2^64 from bits of GR(2^64, d), because what is
 * opened of it must not be wider than what is published; keys in GR(2^128, d), since parts of both kinds need them.
 */
#ifndef ARCA_MPC_KEYGEN_PLAN_H
#define ARCA_MPC_KEYGEN_PLAN_H

#include "lattice/keys.h"

enum { KEYGEN_NEEDS = SECRETS + KEY_PARTS };

typedef struct keygen_need {
	const char *name;
	bool      is_key;                    /* bits of a secret key; otherwise noise of a part            */
	secret_id secret;                    /* which key                                                  */
	key_part  part;                      /* which part                                                 */
	unsigned  k;                         /* of the ring                                                */
	unsigned  noise;                     /* samples are TUniform(noise); of a key, single bits         */
	uint64_t  samples, bits;             /* bits of all samples                                        */
	uint64_t  products;                  /* of shared values: bits of a key times coefficients of another */
} keygen_need;

typedef struct keygen_plan {
	const lat_params *params;
	unsigned    parts;                   /* that are made: PART_BIT of each */
	unsigned    needs;
	keygen_need need[KEYGEN_NEEDS];
} keygen_plan;

keygen_plan keygen_plan_of(const lat_params *p);
/* Without the secret keys: the public parts anew, for secrets that are shared already. */
keygen_plan keygen_plan_of_public(const lat_params *p);
/* One part alone, the decompression key: bits of one set's COMP under another's BIG, both shared already. */
keygen_plan keygen_plan_of_decompression(const lat_params *p);

/* Of all needs in the ring of k bits; k = 0: in both. */
uint64_t keygen_plan_bits(const keygen_plan *plan, unsigned k);
uint64_t keygen_plan_samples(const keygen_plan *plan, unsigned k);       /* of noise */
uint64_t keygen_plan_products(const keygen_plan *plan);
uint64_t keygen_plan_bodies(const keygen_plan *plan);                    /* bytes that are published */

/* What is kept of the preprocessing: bytes of noise and keys as shares in rings of degree d. */
uint64_t keygen_plan_bytes(const keygen_plan *plan, unsigned d);

#endif
