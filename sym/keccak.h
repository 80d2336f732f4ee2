/* SPDX-License-Identifier: MIT */
/*
 * sym/keccak.h -- Keccak-f[1600] and what stands on it: SHA3, SHAKE (FIPS 202) and Ethereum's Keccak-256.
 *
 * One type, `xof`, takes bytes in pieces and gives bytes in pieces; a hash of fixed length is an xof from which
 * one squeezes that length.  Own code because libcrypto 3.0 can neither squeeze twice nor do Keccak-256.
 *
 *   xof x = xof_shake256();
 *   xof_absorb(&x, a); xof_absorb(&x, b);
 *   xof_squeeze(&x, out, n); xof_squeeze(&x, more, m);
 *
 * Time: depends on lengths only.  An xof that absorbed secrets is wiped by its owner: wipe(&x, sizeof x).
 */
#ifndef ARCA_SYM_KECCAK_H
#define ARCA_SYM_KECCAK_H

#include "base/base.h"

typedef struct hash32 { uint8_t b[32]; } hash32;

static inline slice hash32_slice(const hash32 *h) { return (slice){ h->b, sizeof h->b }; }
static inline bool  hash32_eq_var(hash32 a, hash32 b) { return memcmp(a.b, b.b, sizeof a.b) == 0; }

/* 24 rounds in place; lane[x + 5 y]. */
void keccak_f1600(uint64_t lane[static 25]);

typedef struct xof {
	uint64_t lane[25];
	uint8_t  rate;                /* bytes a permutation takes or gives              */
	uint8_t  at;                  /* next byte of the rate, 0 .. rate                */
	uint8_t  suffix;              /* domain bits and the first bit of the padding    */
	bool     squeezing;
} xof;

xof  xof_shake128(void);
xof  xof_shake256(void);
xof  xof_sha3_256(void);
xof  xof_sha3_512(void);
xof  xof_keccak256(void);             /* Ethereum's: the padding from before FIPS 202 */

/* Requires: nothing was squeezed yet. */
void xof_absorb(xof *x, slice bytes);
void xof_absorb_u64(xof *x, uint64_t le);
void xof_squeeze(xof *x, uint8_t *out, size_t n);
hash32 xof_squeeze32(xof *x);

void   shake128(uint8_t *out, size_t n, slice bytes);
void   shake256(uint8_t *out, size_t n, slice bytes);
hash32 sha3_256(slice bytes);
void   sha3_512(uint8_t out[static 64], slice bytes);
hash32 keccak256(slice bytes);

#endif
