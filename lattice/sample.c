/* SPDX-License-Identifier: MIT */
/* lattice/sample.c -- in batches, so that a slow generator is asked seldom. */
#include "lattice/sample.h"

enum { BATCH = 512, NOISE_BATCH = 4096 };       /* bytes */

/* Of r the low b + 2 bits count. */
static int64_t value(uint64_t r, unsigned b)
{
	r &= ((uint64_t)1 << (b + 2)) - 1;
	return (int64_t)((r >> 1) + (r & 1)) - ((int64_t)1 << b);
}

int64_t tuniform_read(const uint8_t *bytes, unsigned b)
{
	ASSERT(b <= TUNIFORM_MAX);
	uint64_t r = 0;
	for (size_t i = 0; i < tuniform_bytes(b); i++) r |= (uint64_t)bytes[i] << (8 * i);
	return value(r, b);
}

void sample_tuniform(int64_t *out, size_t n, unsigned b, const rng *r)
{
	const size_t width = tuniform_bytes(b);
	uint8_t bytes[NOISE_BATCH + sizeof(uint64_t)] = { 0 };   /* whatever the width, eight bytes can be loaded */

	ASSERT(b <= TUNIFORM_MAX);
	for (size_t done = 0; done < n; ) {
		size_t now = size_min(n - done, NOISE_BATCH / width);
		rng_fill(r, bytes, now * width);
		for (size_t i = 0; i < now; i++) out[done + i] = value(load64(bytes + i * width), b);
		done += now;
	}
	wipe(bytes, sizeof bytes);
}

void sample_bits(uint8_t *out, size_t n, const rng *r)
{
	rng_fill(r, out, n);
	for (size_t i = 0; i < n; i++) out[i] &= 1;
}

void sample_packed_bits(uint8_t *out, size_t n, const rng *r)
{
	uint8_t bytes[BATCH];

	for (size_t done = 0; done < n; ) {
		size_t now = size_min(n - done, 8 * BATCH);
		rng_fill(r, bytes, (now + 7) / 8);
		for (size_t i = 0; i < now; i++) out[done + i] = bytes[i / 8] >> (i % 8) & 1;
		done += now;
	}
	wipe(bytes, sizeof bytes);
}
