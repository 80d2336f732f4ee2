/* SPDX-License-Identifier: MIT */
/*
 * sym/sha2_pair.h -- SHA-256 of two messages of one length, side by side.
 *
 * Every round of SHA-256 waits for the one before.  A processor with instructions for it could begin twice as many as one
 * message gives it; two messages fill the gaps.  Elsewhere, and by definition, it is libcrypto's twice (sym/sha2.h).
 *
 * Time: depends on the lengths only.
 */
#ifndef ARCA_SYM_SHA2_PAIR_H
#define ARCA_SYM_SHA2_PAIR_H

#include "sym/sha2.h"

enum { SHA256_BLOCK = 64, SHA256_MAX_HEAD = 128 };

/* The message is head || body: what is large need not be moved. */
typedef struct sha256_message { slice head, body; } sha256_message;

/* Requires: both heads have one length, at most SHA256_MAX_HEAD, and both bodies. */
void sha256_pair(hash32 out[static 2], const sha256_message m[static 2]);

/* ---- variants (base/cpu.h) ----------------------------------------------------------------------------------------- */

/* state[i] becomes the chaining value of message i after `blocks` further blocks at[i][0 ..].  NULL: libcrypto. */
typedef struct sha256_pair_kernel {
	const char *name;
	unsigned needs;
	void (*compress)(uint32_t state[static 2][8], const uint8_t *const at[static 2], size_t blocks);
} sha256_pair_kernel;

extern const sha256_pair_kernel SHA256_PAIR_PORTABLE, SHA256_PAIR_SHANI;
extern const sha256_pair_kernel *const SHA256_PAIR_ALL[];     /* best first; NULL at the end */
const sha256_pair_kernel *sha256_pair_chosen(void);

void sha256_pair_by(const sha256_pair_kernel *k, hash32 out[static 2], const sha256_message m[static 2]);

#endif
