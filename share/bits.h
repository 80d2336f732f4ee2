/* SPDX-License-Identifier: MIT */
/*
 * share/bits.h -- the algebra of random bits: what is opened, and what that makes of shares.  Nothing here sends anything.
 *
 * With a random integer a modulo 2^k, shared by PRSS (zeta), v = a^2 + a is even and tells everything about a but its lowest
 * bit: a is one of the two roots of x^2 + x = v, r (even) or -1 - r.  So
 *
 *     b = (a - r) / (-1 - 2r)          is 0 if a = r and 1 if a = -1 - r: the lowest bit of a,
 *
 * and linear in a.  Shares of a make shares of v of degree 2t without a message; d of them are packed, V = sum of X^j v_j,
 * hidden by a zero sharing of degree 2t, and opened together.
 *
 *   bits_words       the words to send, from counters      unanimous.h    opens them
 *   bits_solve       shares of a become shares of b        tuniform.h     what bits are for
 *
 * With 1 + 4v = (1 + 2r)^2 and y = 1 / (1 + 2r), b = z - a y where z = (1 - y) / 2.  z is the even root of
 * (1 + 4v)(z^2 - z) + v = 0, found by Newton's method from v - 3v^2, which is right modulo 2^4.
 *
 * Shares of a bit are elements as in share/prss_batch.h: d words of k bits.  Time: constant in shares; V is public.
 */
#ifndef ARCA_SHARE_BITS_H
#define ARCA_SHARE_BITS_H

#include "share/prss_batch.h"

/*
 * a: bits elements, this party's shares of a of counters first .. first + bits - 1 (zeta).  word: bits / d elements, its
 * shares of V; zero sharings of counters first / d .. (chi).  Requires: d divides first and bits.
 */
void bits_words(const prss_batch *b, const ring *R, void *a, void *word, const uint8_t sid[static PRSS_SID], uint64_t first,
                size_t bits);

/* V: bits words.  False: a word is odd, and so is none of these. */
[[nodiscard]] bool bits_solve(const ring *R, void *a, const void *V, size_t bits);

/* The same of one word, by ring/gr.h: party i's share of V from those of the d numbers a and the zero. */
gr   bits_word_of(const ring *R, const gr *a, gr zero);

#endif
