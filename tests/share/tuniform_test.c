/* SPDX-License-Identifier: MIT */
/* tests/share/tuniform_test.c -- noise from bits: the right number of each pattern, in every width. */
#include "tests/test.h"
#include "share/shamir.h"
#include "share/tuniform.h"

/* Every pattern of bits once: inner numbers come twice, the two ends once. */
static void all_patterns_make_the_distribution(void **state)
{
	(void)state;
	for (unsigned k = 64; k <= 128; k += 64) for (unsigned d = 4; d <= 5; d++) for (unsigned b = 0; b < 9; b++) {
		const ring *R = ring_of(k, d);
		unsigned seen[(1 << 9) + 1] = { 0 };
		const int64_t end = (int64_t)1 << b;
		for (unsigned pattern = 0; pattern < 1u << tuniform_bits(b); pattern++) {
			uint64_t narrow[11 * 5] = { 0 };
			u128 wide[11 * 5] = { 0 };
			for (unsigned j = 0; j < tuniform_bits(b); j++) wide[j * d] = narrow[j * d] = pattern >> j & 1;
			if (k == 64) tuniform_from_bits(R, narrow, narrow, b, 1);
			else tuniform_from_bits(R, wide, wide, b, 1);
			const int64_t e = k == 64 ? (int64_t)narrow[0] : (int64_t)wide[0];
			if (k == 128) assert_true((i128)wide[0] == e);
			for (unsigned c = 1; c < d; c++) assert_true(k == 64 ? narrow[c] == 0 : wide[c] == 0);
			assert_true(e >= -end && e <= end);
			seen[e + end]++;
		}
		for (int64_t e = -end; e <= end; e++) assert_int_equal(seen[e + end], e == -end || e == end ? 1 : 2);
	}
}

/* Shares of bits become shares of the noise. */
static void it_is_linear_in_shares(void **state)
{
	enum { N = 4, T = 1, SAMPLES = 7 };

	(void)state;
	for (unsigned k = 64; k <= 128; k += 64) for (unsigned round = 0; round < 20; round++) {
		const ring *R = ring_of(k, 4);
		const unsigned b = (unsigned)test_below(k - 1), each = tuniform_bits(b);
		static u128 bit[N + 1][SAMPLES * 129 * 4], e[N + 1][SAMPLES * 4];
		u128 right[SAMPLES] = { 0 };
		for (unsigned i = 0; i < SAMPLES; i++) for (unsigned j = 0; j < each; j++) {
			const unsigned one = (unsigned)test_below(2);
			share x[N + 1];
			shamir_deal(x, R, N, T, gr_scalar(R, one), test_rng());
			for (party p = 1; p <= N; p++) gr_write(R, (uint8_t *)bit[p] + (i * each + j) * R->bytes, x[p].v);
			right[i] += (u128)one << (j > b ? 0 : j);
		}
		for (party p = 1; p <= N; p++) tuniform_from_bits(R, e[p], bit[p], b, SAMPLES);
		for (unsigned i = 0; i < SAMPLES; i++) {
			gr y[N + 1];
			for (party p = 1; p <= N; p++) y[p] = gr_read(R, (uint8_t *)e[p] + i * R->bytes);
			const gr sum = interpolate_unchecked(R, y, parties_all(N));
			assert_true(gr_eq_var(sum, gr_scalar(R, right[i] - ((u128)1 << b))));
		}
	}
}

TESTS(TEST(all_patterns_make_the_distribution), TEST(it_is_linear_in_shares))
