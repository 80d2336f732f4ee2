/* SPDX-License-Identifier: MIT */
/*
 * sym/mask.h -- the byte stream from which TFHE-rs draws every mask, byte for byte.
 *
 * The stream is an endless table: byte p = AES_K(LE128(offset + p / 16))[p mod 16], counters mod 2^128, with
 *   Ctr seed x      K = the 16 bytes of x, little-endian; offset = 0
 *   Xof seed d      d = 8-byte domain || seed bytes, in 16-byte blocks, the last one zero-padded, then one block
 *                   LE128(8 |d|); c_-1 = 0, c_i = AES_0(c_{i-1} xor block_i); K = the last c, offset = LE128 of
 *                   the last but one
 * Words are drawn from wherever the stream stands, little-endian, without alignment and without rejection, so an
 * object's masks are one consecutive range in the order in which they are stored.
 *
 *   AUTO(mask_stream) m = mask_open(&seed);
 *   mask_u64s(&m, words, n);
 *   mask_index next_object = mask_position(&m);
 *
 * The stream of a public seed is public; of a private one (key generation) secret.  Time: depends on lengths only.
 */
#ifndef ARCA_SYM_MASK_H
#define ARCA_SYM_MASK_H

#include "base/base.h"
#include "sym/aes.h"

enum { MASK_DOMAIN = 8, MASK_XOF_MAX = 32 };

typedef enum mask_kind { MASK_CTR, MASK_XOF } mask_kind;

/* Where in the table: byte number 16 block + byte.  `byte` is below AES_BLOCK. */
typedef struct mask_index { u128 block; uint8_t byte; } mask_index;

typedef struct mask_seed {
	mask_kind  kind;
	u128       ctr;                        /* MASK_CTR */
	uint8_t    domain[MASK_DOMAIN];        /* MASK_XOF */
	uint8_t    xof[MASK_XOF_MAX];
	uint8_t    xof_n;                      /* seed bytes in use, at most MASK_XOF_MAX */
	mask_index first;                      /* where an opened stream starts */
} mask_seed;

mask_seed mask_seed_ctr(u128 x);
/* Requires: domain is a string of MASK_DOMAIN characters, bytes.n <= MASK_XOF_MAX. */
mask_seed mask_seed_xof(const char *domain, slice bytes);

enum { MASK_BATCH = 2048 };                    /* bytes made at once */

/* For one thread at a time. */
typedef struct mask_stream {
	aes128   key;
	u128     offset;
	u128     next;                         /* table block that follows ready[] */
	uint32_t at;                           /* next byte of ready[], 0 .. MASK_BATCH */
	uint8_t  ready[MASK_BATCH];
} mask_stream;

/* Requires: seed->xof_n <= MASK_XOF_MAX and seed->first.byte < AES_BLOCK (decoders check both). */
mask_stream mask_open(const mask_seed *seed);
void mask_stream_free(mask_stream *m);         /* wipes */

void mask_fill_bytes(mask_stream *m, uint8_t *out, size_t n);
void mask_u64s(mask_stream *m, uint64_t *out, size_t n);
void mask_u128s(mask_stream *m, u128 *out, size_t n);
void mask_skip(mask_stream *m, uint64_t bytes);

mask_index mask_position(const mask_stream *m);

#endif
