/* SPDX-License-Identifier: MIT */
/*
 * share/open.h -- many elements of GR(2^128, d) opened at once, each checked against every share that came.
 *
 * The same rule and the same results as code_decode_var (share/code.h), laid out for speed: weights of interpolation between
 * points are small integers over one small odd denominator, so a value costs multiplications by 32-bit constants.
 *
 * Time: variable; the shares are opened.
 */
#ifndef ARCA_SHARE_OPEN_H
#define ARCA_SHARE_OPEN_H

#include "share/code.h"

typedef struct opener opener;        /* n, t, d and tables by set of parties; any thread */

err  opener_new(opener **out, unsigned n, unsigned t, unsigned d);       /* ERR_NOMEM */
void opener_free(opener **o);                                            /* NULL-safe */

/*
 * y[i], i in present: count elements of party i as they travel, count * d little-endian words of 128 bits, any alignment.
 * True: out[0 .. count * d) are the secrets of sharings of degree t, every one accepted by the rule with `liars` possible
 * liars, and *wrong the parties that were wrong somewhere.  False: ask for more shares; out is then meaningless.
 */
[[nodiscard]] bool open_var(opener *o, u128 *out, party_set *wrong, const uint8_t *const *y, party_set present,
                            unsigned liars, size_t count);

#endif
