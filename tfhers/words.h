/* SPDX-License-Identifier: MIT */
/*
 * tfhers/words.h -- integers in memory and in files: little-endian words at any alignment, and words packed to few bits.
 *
 * Packing: value t occupies bits t*bits .. (t+1)*bits of the file's words, least significant first.  In memory a
 * packed value is the multiple of 2^(64 - bits) that it stands for.
 */
#ifndef ARCA_TFHERS_WORDS_H
#define ARCA_TFHERS_WORDS_H

#include "base/base.h"

/* out[0 .. bytes.n / 8), or / 16. */
void words64_load(uint64_t *out, slice bytes);
void words128_load(u128 *out, slice bytes);

/* As bytes in the arena, which is ours and large enough. */
slice words64_bytes(arena *a, const uint64_t *w, size_t n);
slice words128_bytes(arena *a, const u128 *w, size_t n);

/* Words that hold n packed values. */
static inline size_t packed_words(size_t n, unsigned bits) { return (n * bits + 63) / 64; }

/* out[0 .. n) from packed_words(n, bits) words.  Requires: 1 <= bits <= 64. */
void  bits_unpack(uint64_t *out, size_t n, unsigned bits, slice bytes);
/* Of each value the high `bits` bits; the rest of the last word is zero. */
slice bits_pack(arena *a, const uint64_t *w, size_t n, unsigned bits);

#endif
