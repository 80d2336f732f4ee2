/* SPDX-License-Identifier: MIT */
/*
 * base/rng.h -- randomness is an argument, never a global call: deterministic in tests, greppable in production.
 *
 * An rng cannot fail: the operating system's generator aborts the process rather than return weak bytes.
 * A deterministic one, for tests and for keys from seeds, is in sym/drbg.h.
 */
#ifndef ARCA_BASE_RNG_H
#define ARCA_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

typedef struct rng {
	void *ctx;
	void (*fill)(void *ctx, uint8_t *out, size_t n);
} rng;

static inline void rng_fill(const rng *r, void *out, size_t n) { r->fill(r->ctx, out, n); }
uint64_t rng_u64(const rng *r);

/* The operating system's generator. */
const rng *rng_os(void);

#endif
