/* SPDX-License-Identifier: MIT */
/* sym/keccak.c -- the permutation of FIPS 202 section 3.2, the sponge of section 4. */
#include "sym/keccak_internal.h"

enum { STATE = 200 };

const uint64_t KECCAK_CONSTANT[KECCAK_ROUNDS] = {
	0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
	0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
	0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
	0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
	0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
	0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

static inline uint64_t rotl(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

/* One row of chi: each lane takes the complement of its neighbour and the neighbour after that. */
static inline void chi(uint64_t *row, uint64_t b0, uint64_t b1, uint64_t b2, uint64_t b3, uint64_t b4)
{
	row[0] = b0 ^ (~b1 & b2);
	row[1] = b1 ^ (~b2 & b3);
	row[2] = b2 ^ (~b3 & b4);
	row[3] = b3 ^ (~b4 & b0);
	row[4] = b4 ^ (~b0 & b1);
}

static void permute(uint64_t a[static 25])
{
	for (unsigned round = 0; round < KECCAK_ROUNDS; round++) {
		/* theta: d_x = parity of column x-1, plus parity of column x+1 turned by one */
		uint64_t c0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20];
		uint64_t c1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21];
		uint64_t c2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22];
		uint64_t c3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23];
		uint64_t c4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24];
		uint64_t d0 = c4 ^ rotl(c1, 1), d1 = c0 ^ rotl(c2, 1), d2 = c1 ^ rotl(c3, 1);
		uint64_t d3 = c2 ^ rotl(c4, 1), d4 = c3 ^ rotl(c0, 1);

		/* rho and pi: b[y + 5 (2x + 3y)] = a[x + 5y] turned; listed by rows of b */
		uint64_t b0 = a[0] ^ d0,              b1 = rotl(a[6] ^ d1, 44),   b2 = rotl(a[12] ^ d2, 43);
		uint64_t b3 = rotl(a[18] ^ d3, 21),   b4 = rotl(a[24] ^ d4, 14);
		uint64_t b5 = rotl(a[3] ^ d3, 28),    b6 = rotl(a[9] ^ d4, 20),   b7 = rotl(a[10] ^ d0, 3);
		uint64_t b8 = rotl(a[16] ^ d1, 45),   b9 = rotl(a[22] ^ d2, 61);
		uint64_t b10 = rotl(a[1] ^ d1, 1),    b11 = rotl(a[7] ^ d2, 6),   b12 = rotl(a[13] ^ d3, 25);
		uint64_t b13 = rotl(a[19] ^ d4, 8),   b14 = rotl(a[20] ^ d0, 18);
		uint64_t b15 = rotl(a[4] ^ d4, 27),   b16 = rotl(a[5] ^ d0, 36),  b17 = rotl(a[11] ^ d1, 10);
		uint64_t b18 = rotl(a[17] ^ d2, 15),  b19 = rotl(a[23] ^ d3, 56);
		uint64_t b20 = rotl(a[2] ^ d2, 62),   b21 = rotl(a[8] ^ d3, 55),  b22 = rotl(a[14] ^ d4, 39);
		uint64_t b23 = rotl(a[15] ^ d0, 41),  b24 = rotl(a[21] ^ d1, 2);

		chi(a, b0, b1, b2, b3, b4);
		chi(a + 5, b5, b6, b7, b8, b9);
		chi(a + 10, b10, b11, b12, b13, b14);
		chi(a + 15, b15, b16, b17, b18, b19);
		chi(a + 20, b20, b21, b22, b23, b24);

		a[0] ^= KECCAK_CONSTANT[round];                                         /* iota */
	}
}

const keccak_kernel KECCAK_PORTABLE = { "portable", CPU_PORTABLE, permute };

const keccak_kernel *const KECCAK_ALL[] = {
#if CPU_X86
	&KECCAK_AVX512,
#endif
	&KECCAK_PORTABLE, NULL
};

void keccak_f1600(uint64_t lane[static 25])
{
	const keccak_kernel *const *k = KECCAK_ALL;

	while (!cpu_allows((*k)->needs)) k++;
	(*k)->permute(lane);
}

/* rate = 200 bytes less twice the strength; suffix = the domain bits, then the 1 that opens the padding. */
static xof sponge(unsigned rate, unsigned suffix)
{
	return (xof){ .rate = (uint8_t)rate, .suffix = (uint8_t)suffix };
}

xof xof_shake128(void)  { return sponge(STATE - 2 * 16, 0x1f); }
xof xof_shake256(void)  { return sponge(STATE - 2 * 32, 0x1f); }
xof xof_sha3_256(void)  { return sponge(STATE - 2 * 32, 0x06); }
xof xof_sha3_512(void)  { return sponge(STATE - 2 * 64, 0x06); }
xof xof_keccak256(void) { return sponge(STATE - 2 * 32, 0x01); }

static void xor_byte(xof *x, unsigned at, uint8_t byte)
{
	x->lane[at / 8] ^= (uint64_t)byte << (8 * (at % 8));
}

void xof_absorb(xof *x, slice bytes)
{
	const uint8_t *p = bytes.p;
	size_t n = bytes.n;

	ASSERT(!x->squeezing);
	while (n) {
		if (x->at % 8 == 0 && n >= 8) {
			x->lane[x->at / 8] ^= load64(p);
			x->at = (uint8_t)(x->at + 8);
			p += 8, n -= 8;
		} else {
			xor_byte(x, x->at++, *p);
			p++, n--;
		}
		if (x->at == x->rate) {
			keccak_f1600(x->lane);
			x->at = 0;
		}
	}
}

void xof_absorb_u64(xof *x, uint64_t le)
{
	uint8_t b[8];
	store64(b, le);
	xof_absorb(x, slice_of(b, sizeof b));
}

void xof_squeeze(xof *x, uint8_t *out, size_t n)
{
	if (!x->squeezing) {
		xor_byte(x, x->at, x->suffix);
		xor_byte(x, x->rate - 1u, 0x80);
		x->squeezing = true;
		x->at = x->rate;
	}
	while (n) {
		if (x->at == x->rate) {
			keccak_f1600(x->lane);
			x->at = 0;
		}
		if (x->at % 8 == 0 && n >= 8) {
			store64(out, x->lane[x->at / 8]);
			x->at = (uint8_t)(x->at + 8);
			out += 8, n -= 8;
		} else {
			*out++ = (uint8_t)(x->lane[x->at / 8] >> (8 * (x->at % 8)));
			x->at++, n--;
		}
	}
}

hash32 xof_squeeze32(xof *x)
{
	hash32 h;
	xof_squeeze(x, h.b, sizeof h.b);
	return h;
}

static void whole(xof x, uint8_t *out, size_t n, slice bytes)
{
	xof_absorb(&x, bytes);
	xof_squeeze(&x, out, n);
	wipe(&x, sizeof x);
}

void shake128(uint8_t *out, size_t n, slice bytes)      { whole(xof_shake128(), out, n, bytes); }
void shake256(uint8_t *out, size_t n, slice bytes)      { whole(xof_shake256(), out, n, bytes); }
void sha3_512(uint8_t out[static 64], slice bytes)      { whole(xof_sha3_512(), out, 64, bytes); }

hash32 sha3_256(slice bytes)
{
	hash32 h;
	whole(xof_sha3_256(), h.b, sizeof h.b, bytes);
	return h;
}

hash32 keccak256(slice bytes)
{
	hash32 h;
	whole(xof_keccak256(), h.b, sizeof h.b, bytes);
	return h;
}
