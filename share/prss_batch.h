/* SPDX-License-Identifier: MIT */
/*
 * share/prss_batch.h -- values of share/prss.h for whole ranges of counters: the same values, many times sooner.
 *
 * An element is d words of k bits, u128 or uint64_t, coefficient 0 first, and elements lie side by side.
 *
 *   prss_z_many   element i is prss_z_next(.., first + i)          przs_many   ... przs_next(.., first + i)
 *
 * The weight f_A(a_i) of a set at party i is a product of (a_j - a_i) / a_j over the parties j outside of it.  Some small
 * element m of Z[X]/F, the same for all sets, clears all the denominators, and the products m f_A(a_i) have coefficients of one
 * or two digits.  So sums over sets are sums of limbs of 16 bits times such numbers, all of which fit into 32 bits; m is
 * divided out once a value, and powers of a_i in zero sharings are multiplied once a value too.
 *
 * Threads: any, at the same time.  Time: constant in keys and values.
 */
#ifndef ARCA_SHARE_PRSS_BATCH_H
#define ARCA_SHARE_PRSS_BATCH_H

#include "share/prss.h"

typedef struct prss_batch prss_batch;                /* tables for one prss, which must outlive it */

err  prss_batch_new(prss_batch **out, const prss *p);        /* ERR_NOMEM */
void prss_batch_free(prss_batch **b);                        /* NULL-safe */
const prss *prss_batch_of(const prss_batch *b);

/* out: count d words.  Each (sid, domain, width, counter) once, as there. */
void prss_z_many(const prss_batch *b, const ring *R, void *out, const uint8_t sid[static PRSS_SID], uint64_t first,
                 size_t count);
void przs_many(const prss_batch *b, const ring *R, void *out, const uint8_t sid[static PRSS_SID], uint64_t first, size_t count);

#endif
