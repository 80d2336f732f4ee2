/* SPDX-License-Identifier: MIT */
/* share/party.h -- parties are numbered 1 .. n as in the papers; 0 is nobody. */
#ifndef ARCA_SHARE_PARTY_H
#define ARCA_SHARE_PARTY_H

#include "base/base.h"

enum { MAX_PARTIES = 63, MAX_PRSS_SETS = 2047 };

typedef uint8_t  party;
typedef uint64_t party_set;          /* bit i: party i; bit 0 is never set */

static inline bool      has(party_set w, party i) { return w >> i & 1; }
static inline void      add_to(party_set *w, party i) { *w |= (party_set)1 << i; }
static inline void      take_from(party_set *w, party i) { *w &= ~((party_set)1 << i); }
static inline unsigned  size_of_set(party_set w) { return (unsigned)__builtin_popcountll(w); }
static inline party_set parties_all(unsigned n) { return (((party_set)1 << n) - 1) << 1; }
static inline party     first_of(party_set w) { return w ? (party)__builtin_ctzll(w) : 0; }

/* for (party i = ...) over the members, ascending. */
#define FOR_EACH_IN(i, set) \
	for (party_set rest_##i = (set); rest_##i; rest_##i = 0) \
		for (party i; (i = first_of(rest_##i)) != 0; rest_##i &= rest_##i - 1)

/* 3 t < n, t >= 1, and few enough sets of n - t parties for the noise of a decryption (C(n,t) <= MAX_PRSS_SETS). */
bool     parties_allowed(unsigned n, unsigned t);
unsigned binomial(unsigned n, unsigned t);           /* saturates at UINT_MAX */

#endif
