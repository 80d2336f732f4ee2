/* SPDX-License-Identifier: MIT */
/* sym/drbg.c -- a mask stream behind the interface of base/rng.h. */
#include "sym/drbg.h"
#include "sym/dsep.h"

drbg drbg_from_seed(slice seed)
{
	uint8_t key[AES128_KEY];

	shake256_dsep(key, sizeof key, "arca_rng", seed);
	mask_seed s = mask_seed_ctr(load128(key));
	drbg d = { mask_open(&s) };
	wipe(key, sizeof key);
	wipe(&s, sizeof s);
	return d;
}

void drbg_free(drbg *d)
{
	mask_stream_free(&d->stream);
}

static void fill(void *ctx, uint8_t *out, size_t n)
{
	drbg *d = ctx;
	mask_fill_bytes(&d->stream, out, n);
}

rng drbg_rng(drbg *d)
{
	return (rng){ d, fill };
}
