/* SPDX-License-Identifier: MIT */
/*
 * sym/aes_many.h -- AES-128 under many keys at once, a few blocks each.
 *
 * The keys are expanded once and lie in quads, the same round of four keys side by side, so that one wide register holds a
 * round of two or four of them.  The one operation is a link of CBC chains that share their blocks:
 *
 *     out_b,k = E_k(state_k xor block_b)                k over all keys, b over the blocks given
 *
 * Two links make a pseudo-random function of two blocks under every key; the last link gives many values at once.
 *
 * Time: constant in keys, states and blocks.
 */
#ifndef ARCA_SYM_AES_MANY_H
#define ARCA_SYM_AES_MANY_H

#include "sym/aes.h"

enum { AES_ROUND_KEYS = 11, AES_QUAD = 4 };

/* Four expanded keys.  704 bytes, so an array of them in memory of secret_alloc() is aligned. */
typedef struct aes_quad {
	_Alignas(64) uint8_t round[AES_ROUND_KEYS][AES_QUAD][AES_BLOCK];
} aes_quad;

/* Expands a key into its place in a quad, 0 .. 3.  Places that hold no key are to be zeroed. */
void aes_quad_set(aes_quad *q, unsigned place, const uint8_t key[static AES128_KEY]);

/*
 * out[(b * 4 quads + k) * 16 ..] for b < count, k < 4 quads.  state: one block a key; NULL: zeros.  out may be state if
 * count is 1.
 */
void aes_many(const aes_quad *key, size_t quads, uint8_t *out, const uint8_t *state, const uint8_t *block, size_t count);

/* ---- variants (base/cpu.h) ----------------------------------------------------------------------------------------- */

typedef struct aes_many_kernel {
	const char *name;
	unsigned needs;
	void (*set)(aes_quad *q, unsigned place, const uint8_t key[static AES128_KEY]);
	void (*many)(const aes_quad *key, size_t quads, uint8_t *out, const uint8_t *state, const uint8_t *block, size_t count);
} aes_many_kernel;

extern const aes_many_kernel AES_MANY_PORTABLE, AES_MANY_AESNI, AES_MANY_VAES, AES_MANY_AVX512;
extern const aes_many_kernel *const AES_MANY_ALL[];      /* best first; NULL at the end */
const aes_many_kernel *aes_many_chosen(void);

#endif
