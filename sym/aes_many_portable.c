/* SPDX-License-Identifier: MIT */
/*
 * sym/aes_many_portable.c -- the definition: libcrypto encrypts, key by key; the expansion of FIPS 197 is written out.
 *
 * An EVP context serves one thread at a time, so none is kept: each call makes one a key, out of the first round key, which
 * is the key.  The substitution box is computed, four bytes in a word, because a table would be read at secret places.
 */
#include "sym/aes_many.h"

enum { PIECE = 16 };

static const uint32_t LOW_BITS = 0x01010101, HIGH_BITS = 0x80808080;

/* Products in GF(2^8), in each byte. */
static uint32_t times(uint32_t a, uint32_t b)
{
	uint32_t r = 0;

	for (unsigned i = 0; i < 8; i++) {
		r ^= a & (b >> i & LOW_BITS) * 0xff;
		const uint32_t carry = a & HIGH_BITS;
		a = (a ^ carry) << 1 ^ (carry >> 7) * 0x1b;
	}
	return r;
}

static uint32_t rotated(uint32_t a, unsigned by)
{
	const uint32_t kept = LOW_BITS * (0xffu >> by);
	return (a & kept) << by | (a >> (8 - by) & ~(kept << by));
}

static uint32_t substituted(uint32_t x)
{
	uint32_t y = x;

	for (unsigned i = 0; i < 6; i++) y = times(times(y, y), x);      /* x^(2^7 - 1) */
	y = times(y, y);                                                 /* x^254 = 1 / x, and 0 for 0 */
	return y ^ rotated(y, 1) ^ rotated(y, 2) ^ rotated(y, 3) ^ rotated(y, 4) ^ LOW_BITS * 0x63;
}

static void set(aes_quad *q, unsigned place, const uint8_t key[static AES128_KEY])
{
	uint32_t w[4], constant = 1;

	for (unsigned i = 0; i < 4; i++) w[i] = load32(key + 4 * i);
	for (unsigned r = 0; r < AES_ROUND_KEYS; r++) {
		for (unsigned i = 0; i < 4; i++) store32(&q->round[r][place][4 * i], w[i]);
		w[0] ^= substituted(w[3] >> 8 | w[3] << 24) ^ constant;
		for (unsigned i = 1; i < 4; i++) w[i] ^= w[i - 1];
		constant = times(constant, 2) & 0xff;
	}
	wipe(w, sizeof w);
}

static void many(const aes_quad *key, size_t quads, uint8_t *out, const uint8_t *state, const uint8_t *block, size_t count)
{
	const size_t keys = AES_QUAD * quads;
	uint8_t piece[PIECE][AES_BLOCK];

	for (size_t k = 0; k < keys; k++) {
		AUTO(aes128) e = aes128_new(key[k / AES_QUAD].round[0][k % AES_QUAD]);
		for (size_t first = 0; first < count; first += PIECE) {
			const size_t n = size_min(PIECE, count - first);
			for (size_t b = 0; b < n; b++)
				for (unsigned i = 0; i < AES_BLOCK; i++)
					piece[b][i] = block[(first + b) * AES_BLOCK + i] ^ (state ? state[k * AES_BLOCK + i] : 0);
			aes128_blocks(&e, piece[0], piece[0], n);
			for (size_t b = 0; b < n; b++) memcpy(out + ((first + b) * keys + k) * AES_BLOCK, piece[b], AES_BLOCK);
		}
	}
	wipe(piece, sizeof piece);
}

const aes_many_kernel AES_MANY_PORTABLE = { "portable", 0, set, many };
