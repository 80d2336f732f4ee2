/* SPDX-License-Identifier: MIT */
/*
 * sym/drbg.h -- a deterministic rng: the same seed gives the same bytes, for ever.
 *
 * For keys made from a seed, for tests, and for drawing millions of noise words from 32 bytes of the operating
 * system's.  K = SHAKE256("arca_rng" || seed)[0..16); the bytes are the mask stream of the Ctr seed K (sym/mask.h),
 * that is AES-128 in counter mode.
 *
 *   AUTO(drbg) d = drbg_from_seed(seed);
 *   rng r = drbg_rng(&d);                      d must outlive r, and stay where it is
 */
#ifndef ARCA_SYM_DRBG_H
#define ARCA_SYM_DRBG_H

#include "sym/mask.h"

typedef struct drbg { mask_stream stream; } drbg;        /* for one thread at a time */

drbg drbg_from_seed(slice seed);
void drbg_free(drbg *d);                                 /* wipes */

rng  drbg_rng(drbg *d);

#endif
