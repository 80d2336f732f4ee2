/* SPDX-License-Identifier: MIT */
/*
 * share/unanimous.h -- many elements opened at once, if all shares agree; otherwise nothing.
 *
 * A word of shares, one of each party of a set, is consistent if all of them lie on one polynomial of degree D.  If D + 1
 * parties of the set are honest, only the right polynomial can do that.  Nothing is corrected here: whoever needs that, and
 * the rule by which a corrected word may be believed, finds it in share/code.h.
 *
 * Elements are d words of k bits, k = 64 or 128, any d.  Time: variable; the shares are opened.
 */
#ifndef ARCA_SHARE_UNANIMOUS_H
#define ARCA_SHARE_UNANIMOUS_H

#include "share/share.h"

typedef struct unanimous unanimous;          /* weights for one set of parties; any thread */

/* Requires: |who| > D.  ERR_NOMEM. */
err  unanimous_new(unanimous **out, const ring *R, unsigned D, party_set who);
void unanimous_free(unanimous **x);          /* NULL-safe */

/* y[i], i in who: count elements of party i as they travel, any alignment.  True: out[0 .. count d) are the words of the
 * secrets, and all words were consistent. */
[[nodiscard]] bool unanimous_open_var(const unanimous *x, void *out, const uint8_t *const *y, size_t count);

#endif
