/* SPDX-License-Identifier: MIT */
/*
 * sym/keccak_avx512.c -- the permutation with one lane a register: 32 registers hold the state and the parities, rotations are one
 * instruction, and so are sums of three lanes and chi (any function of three bits, by its truth table).
 */
#include "sym/keccak_internal.h"
#include <immintrin.h>

typedef __m128i lane;                    /* the lower half counts; the upper is zero */

enum { XOR3 = 0x96, CHI = 0xd2 };        /* a ^ b ^ c; a ^ (~b & c): the bit at place 4a + 2b + c */

#define ROTL(x, by) _mm_rol_epi64(x, by)
static inline lane xor3(lane a, lane b, lane c) { return _mm_ternarylogic_epi64(a, b, c, XOR3); }
static inline lane chi(lane a, lane b, lane c) { return _mm_ternarylogic_epi64(a, b, c, CHI); }
static inline lane parity(lane a, lane b, lane c, lane d, lane e) { return xor3(xor3(a, b, c), d, e); }

/* One row of the new state. */
#define ROW(y, b0, b1, b2, b3, b4) do { \
	const lane p = b0, q = b1, r = b2, s = b3, t = b4; \
	n[5 * (y)] = chi(p, q, r), n[5 * (y) + 1] = chi(q, r, s), n[5 * (y) + 2] = chi(r, s, t); \
	n[5 * (y) + 3] = chi(s, t, p), n[5 * (y) + 4] = chi(t, p, q); \
} while (0)

/* theta, rho, pi, chi and iota, as in keccak.c. */
static inline void one_round(lane n[static 25], const lane a[static 25], uint64_t constant)
{
	const lane c0 = parity(a[0], a[5], a[10], a[15], a[20]), c1 = parity(a[1], a[6], a[11], a[16], a[21]);
	const lane c2 = parity(a[2], a[7], a[12], a[17], a[22]), c3 = parity(a[3], a[8], a[13], a[18], a[23]);
	const lane c4 = parity(a[4], a[9], a[14], a[19], a[24]);
	const lane d0 = _mm_xor_si128(c4, ROTL(c1, 1)), d1 = _mm_xor_si128(c0, ROTL(c2, 1)), d2 = _mm_xor_si128(c1, ROTL(c3, 1));
	const lane d3 = _mm_xor_si128(c2, ROTL(c4, 1)), d4 = _mm_xor_si128(c3, ROTL(c0, 1));

#define T(x, d, by) ROTL(_mm_xor_si128(a[x], d), by)
	ROW(0, _mm_xor_si128(a[0], d0), T(6, d1, 44), T(12, d2, 43), T(18, d3, 21), T(24, d4, 14));
	ROW(1, T(3, d3, 28), T(9, d4, 20), T(10, d0, 3), T(16, d1, 45), T(22, d2, 61));
	ROW(2, T(1, d1, 1), T(7, d2, 6), T(13, d3, 25), T(19, d4, 8), T(20, d0, 18));
	ROW(3, T(4, d4, 27), T(5, d0, 36), T(11, d1, 10), T(17, d2, 15), T(23, d3, 56));
	ROW(4, T(2, d2, 62), T(8, d3, 55), T(14, d4, 39), T(15, d0, 41), T(21, d1, 2));
#undef T
	n[0] = _mm_xor_si128(n[0], _mm_cvtsi64_si128((long long)constant));
}

static void permute(uint64_t state[static 25])
{
	lane a[25], b[25];

#pragma GCC unroll 25
	for (unsigned i = 0; i < 25; i++) a[i] = _mm_cvtsi64_si128((long long)state[i]);
	for (unsigned round = 0; round < KECCAK_ROUNDS; round += 2) {
		one_round(b, a, KECCAK_CONSTANT[round]);
		one_round(a, b, KECCAK_CONSTANT[round + 1]);
	}
#pragma GCC unroll 25
	for (unsigned i = 0; i < 25; i++) state[i] = (uint64_t)_mm_cvtsi128_si64(a[i]);
}

const keccak_kernel KECCAK_AVX512 = { "avx512", CPU_AVX512, permute };
