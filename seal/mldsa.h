/* SPDX-License-Identifier: MIT */
/*
 * seal/mldsa.h -- ML-DSA: signatures that a quantum computer cannot forge.  Pure mode, empty context.      FIPS 204
 *
 *   seed   32 bytes: all there is of the secret key.  What else the standard keeps with it is derived again for each
 *          signature, which costs a quarter of one and leaves no long-lived copy
 *   pk     rho || t1
 *   sig    c~ || z || h.  The deterministic variant: the same seed and message give the same bytes
 *
 * Time: of signing, constant in the seed and the message but for the number of attempts and their challenges, which tell
 * nothing about either.  pk and sig are public.
 *
 * Own code because no package of Debian 12 has the final standard.
 */
#ifndef ARCA_SEAL_MLDSA_H
#define ARCA_SEAL_MLDSA_H

#include "base/base.h"

/* A parameter set: the matrix is k x l; the letters are those of table 1 of the standard. */
typedef struct mldsa {
	uint8_t  k, l, eta, tau, omega;
	uint8_t  challenge;                        /* bytes of c~                     */
	uint8_t  z_bits;                           /* gamma1 = 2^(z_bits - 1)         */
	uint8_t  w1_bits;                          /* of a coefficient's high part    */
	uint32_t gamma2;
} mldsa;

extern const mldsa MLDSA_44, MLDSA_65, MLDSA_87;

enum {
	MLDSA_SEED = 32, MLDSA_MAX_K = 8, MLDSA_MAX_L = 7, MLDSA_MAX_CHALLENGE = 64, MLDSA_MAX_PK = 2592, MLDSA_MAX_SIG = 4627,
};

static inline size_t mldsa_pk_bytes(const mldsa *p) { return 32 + 320u * p->k; }
static inline size_t mldsa_sig_bytes(const mldsa *p)
{
	return p->challenge + 32u * p->z_bits * p->l + p->omega + p->k;
}

void mldsa_public_key(const mldsa *p, uint8_t *pk, const uint8_t seed[static MLDSA_SEED]);

/* Signs dsep || message: the two are given apart so that nobody must put them together. */
void mldsa_sign(const mldsa *p, uint8_t *sig, const uint8_t seed[static MLDSA_SEED], slice dsep, slice message);

/* Every byte string of the right length is a public key.  False also for lengths that do not fit. */
bool mldsa_verify_var(const mldsa *p, slice pk, slice dsep, slice message, slice sig);

#endif
