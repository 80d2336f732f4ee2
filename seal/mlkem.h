/* SPDX-License-Identifier: MIT */
/*
 * seal/mlkem.h -- ML-KEM: a key for two, sent by one, safe against quantum computers.                  FIPS 203
 *
 *   keygen   ek (public), dk (secret) from the seeds d, z
 *   encaps   ct and the shared secret ss from ek and 32 random bytes m
 *   decaps   ss from dk and ct.  A ct that encaps did not make yields a pseudo-random ss ("implicit rejection"):
 *            there is no error to observe
 *
 * Time: constant in d, z, m, dk and ss.  ek, ct are public; dk holds a copy of ek.
 */
#ifndef ARCA_SEAL_MLKEM_H
#define ARCA_SEAL_MLKEM_H

#include "base/base.h"

/* A parameter set: rank, noise of the key and of the rest, bits kept of u and v. */
typedef struct mlkem { uint8_t k, eta1, eta2, du, dv; } mlkem;

extern const mlkem MLKEM_512, MLKEM_768, MLKEM_1024;

enum {
	MLKEM_SEED = 32, MLKEM_SS = 32,
	MLKEM_512_EK = 800, MLKEM_512_DK = 1632, MLKEM_512_CT = 768,
	MLKEM_MAX_K = 4, MLKEM_MAX_EK = 1568, MLKEM_MAX_DK = 3168, MLKEM_MAX_CT = 1568,
};

static inline size_t mlkem_ek_bytes(const mlkem *p) { return 384u * p->k + 32; }
static inline size_t mlkem_dk_bytes(const mlkem *p) { return 768u * p->k + 96; }
static inline size_t mlkem_ct_bytes(const mlkem *p) { return 32u * (p->du * (unsigned)p->k + p->dv); }

/* The check of FIPS 203 section 7.2 on a key from outside, after its length: coefficients below q. */
bool mlkem_ek_valid_var(const mlkem *p, const uint8_t *ek);

/* The ek inside a dk, borrowed. */
static inline const uint8_t *mlkem_dk_ek(const mlkem *p, const uint8_t *dk) { return dk + 384u * p->k; }

void mlkem_keygen(const mlkem *p, uint8_t *ek, uint8_t *dk, const uint8_t d[static MLKEM_SEED],
                  const uint8_t z[static MLKEM_SEED]);
/* Requires: mlkem_ek_valid_var(p, ek). */
void mlkem_encaps(const mlkem *p, uint8_t *ct, uint8_t ss[static MLKEM_SS], const uint8_t *ek,
                  const uint8_t m[static MLKEM_SEED]);
void mlkem_decaps(const mlkem *p, uint8_t ss[static MLKEM_SS], const uint8_t *dk, const uint8_t *ct);

#endif
