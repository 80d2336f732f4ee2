/* SPDX-License-Identifier: MIT */
/*
 * share/code.h -- decoding: the polynomial behind shares of which some are wrong.
 *
 * The universal acceptance rule, for every opening of whatever degree D: with t - s possible liars among the parties
 * that answered (s of the t corrupt ones are known and left out), a polynomial is accepted if and only if at least
 *
 *     D + 1 + (t - s)
 *
 * of the shares lie on it.  Then D + 1 of these are honest, and it is the right one.  For D = 2t and n = 3t + 1 this means
 * that no inconsistency at all is tolerated, although the code could "correct" one -- wrongly.
 *
 * Check, then locate: a word that is consistent (all of |present| shares on one polynomial) costs one pass with public
 * constants, cached by the set of parties.  Only otherwise are errors located: their syndromes, divided by the largest power
 * of two in them, are decoded over the residue field; the positions found become erasures; repeat, at most liars + 1 times.
 *
 * Time: variable; what is decoded has been opened.
 */
#ifndef ARCA_SHARE_CODE_H
#define ARCA_SHARE_CODE_H

#include "share/share.h"

typedef struct code code;            /* the code of n parties and degree D over R, and its cached constants; any thread */

/* Requires: D < n < R->points.  ERR_NOMEM. */
err  code_new(code **out, const ring *R, unsigned n, unsigned D);
void code_free(code **c);            /* NULL-safe */

/*
 * y[i] is the share of party i, for i in present.  True: *secret is f(0), and *wrong (may be NULL) the parties whose shares
 * are not on f.  False: no polynomial is acceptable (too few shares, or too many wrong): ask for more shares.
 * `liars` is t - s, or, while waiting for more shares, any number that is sure to bound the liars among `present`.
 * f (may be NULL): D + 1 coefficients.
 */
[[nodiscard]] bool code_decode_var(gr *secret, gr *f, party_set *wrong, code *c, const gr *y, party_set present, unsigned liars);

#endif
