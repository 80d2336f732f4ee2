/* SPDX-License-Identifier: MIT */
/* delegate/oaep.c */
#include "delegate/oaep.h"

enum { HASH = 32 };

/* out += MGF1(seed): the hashes of the seed and a counter of 32 bits, one after the other. */
static void mask(uint8_t *out, size_t n, const uint8_t *seed, size_t seed_n)
{
	AUTO(sha256_stream) h = sha256_begin();

	ASSERT(n <= HASH << 8);
	for (size_t at = 0; at < n; at += HASH) {
		const uint8_t counter[4] = { 0, 0, 0, (uint8_t)(at / HASH) };
		sha256_add(&h, slice_of(seed, seed_n));
		sha256_add(&h, slice_of(counter, sizeof counter));
		hash32 m = sha256_end(&h);
		for (size_t i = 0; i < size_min(HASH, n - at); i++) out[at + i] ^= m.b[i];
		wipe(&m, sizeof m);
	}
}

void oaep_pad(uint8_t *block, size_t n, slice secret, const rng *r)
{
	uint8_t *const seed = block + 1, *const db = seed + OAEP_SEED;
	const size_t db_n = n - 1 - OAEP_SEED;
	const hash32 label = sha256((slice){ 0 });

	ASSERT(n >= OAEP_OVERHEAD && secret.n <= n - OAEP_OVERHEAD);
	memset(block, 0, n);
	rng_fill(r, seed, OAEP_SEED);
	memcpy(db, label.b, HASH);
	db[db_n - secret.n - 1] = 1;
	if (secret.n) memcpy(db + db_n - secret.n, secret.p, secret.n);
	mask(db, db_n, seed, OAEP_SEED);
	mask(seed, OAEP_SEED, db, db_n);
}
