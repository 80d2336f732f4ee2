/* SPDX-License-Identifier: MIT */
/* tfhers/words.c -- between arrays of integers and the bytes of a file. */
#include "tfhers/words.h"

void words64_load(uint64_t *out, slice bytes)
{
	for (size_t i = 0; i < bytes.n / 8; i++) out[i] = load64(bytes.p + 8 * i);
}

void words128_load(u128 *out, slice bytes)
{
	for (size_t i = 0; i < bytes.n / 16; i++) out[i] = load128(bytes.p + 16 * i);
}

static uint8_t *room_for(arena *a, size_t n)
{
	uint8_t *p = arena_try(a, n);
	ASSERT(p);
	return p;
}

slice words64_bytes(arena *a, const uint64_t *w, size_t n)
{
	uint8_t *p = room_for(a, 8 * n);
	for (size_t i = 0; i < n; i++) store64(p + 8 * i, w[i]);
	return slice_of(p, 8 * n);
}

slice words128_bytes(arena *a, const u128 *w, size_t n)
{
	uint8_t *p = room_for(a, 16 * n);
	for (size_t i = 0; i < n; i++) store128(p + 16 * i, w[i]);
	return slice_of(p, 16 * n);
}

void bits_unpack(uint64_t *out, size_t n, unsigned bits, slice bytes)
{
	for (size_t t = 0; t < n; t++) {
		size_t at = t * bits, word = at / 64;
		unsigned shift = at % 64;
		uint64_t v = load64(bytes.p + 8 * word) >> shift;
		if (shift + bits > 64) v |= load64(bytes.p + 8 * (word + 1)) << (64 - shift);
		out[t] = v << (64 - bits);
	}
}

slice bits_pack(arena *a, const uint64_t *w, size_t n, unsigned bits)
{
	size_t words = packed_words(n, bits);
	uint8_t *p = room_for(a, 8 * words);

	for (size_t t = 0; t < n; t++) {
		size_t at = t * bits, word = at / 64;
		unsigned shift = at % 64;
		uint64_t v = w[t] >> (64 - bits);
		store64(p + 8 * word, load64(p + 8 * word) | v << shift);
		if (shift + bits > 64) store64(p + 8 * (word + 1), v >> (64 - shift));
	}
	return slice_of(p, 8 * words);
}
