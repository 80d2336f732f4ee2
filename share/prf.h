/* SPDX-License-Identifier: MIT */
/*
 * share/prf.h -- the pseudo-random functions of share/prss.h, of a few sets at a time.
 *
 *   prf_values v;
 *   prf_draw(&v, keys, quads, R, count, domain, sid, ctr);      count values under each of 4 quads keys
 *   gr x = prf_value(&v, k, j);                                   the j-th under key k
 *   wipe(&v, sizeof v);
 */
#ifndef ARCA_SHARE_PRF_H
#define ARCA_SHARE_PRF_H

#include "share/prss.h"
#include "sym/aes_many.h"

enum {
	PRF_QUADS = 4, PRF_KEYS = AES_QUAD * PRF_QUADS,
	PRF_VALUES = 4,                                  /* chi_1 .. chi_t: t is at most 4 where parties_allowed() */
	PRF_BLOCKS = PRF_VALUES * GR_MAX_DEGREE
};

/* The key K_A or, with the label of masks, K_A^M. */
extern const char PRF_LABEL[8], PRF_LABEL_MASK[8];
void prf_key(uint8_t key[static AES128_KEY], const char label[static 8], const id32 *epoch, party_set A,
             const uint8_t r[static PRSS_KEY]);

/* The last block of the chain. */
static inline void prf_input(uint8_t block[static AES_BLOCK], prss_domain domain, unsigned lane, unsigned j, unsigned width,
                             uint64_t ctr)
{
	const unsigned head = (unsigned)domain | lane << 8 | j << 16 | width << 24;

	store64(block, head | ctr << 32);
	store64(block + 8, ctr >> 32);
}

typedef struct prf_values {
	const ring *R;
	prss_domain domain;
	uint64_t    ctr;
	size_t      keys;                                /* 4 quads */
	unsigned    lanes;                               /* blocks of a value */
	uint8_t     block[PRF_BLOCKS * PRF_KEYS][AES_BLOCK];
} prf_values;

/* Requires: quads <= PRF_QUADS, count <= PRF_VALUES, and count is 1 unless domain is PRSS_CHI. */
void prf_draw(prf_values *out, const aes_quad *key, size_t quads, const ring *R, unsigned count, prss_domain domain,
              const uint8_t sid[static PRSS_SID], uint64_t ctr);
gr   prf_value(const prf_values *v, size_t key, unsigned j);

#endif
