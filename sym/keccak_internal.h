/* SPDX-License-Identifier: MIT */
/* sym/keccak_internal.h -- the variants of the permutation (base/cpu.h). */
#ifndef ARCA_SYM_KECCAK_INTERNAL_H
#define ARCA_SYM_KECCAK_INTERNAL_H

#include "base/cpu.h"
#include "sym/keccak.h"

enum { KECCAK_ROUNDS = 24 };
extern const uint64_t KECCAK_CONSTANT[KECCAK_ROUNDS];

typedef struct keccak_kernel {
	const char *name;
	unsigned needs;
	void (*permute)(uint64_t lane[static 25]);
} keccak_kernel;

extern const keccak_kernel KECCAK_PORTABLE, KECCAK_AVX512;
extern const keccak_kernel *const KECCAK_ALL[];              /* best first; NULL at the end */

#endif
