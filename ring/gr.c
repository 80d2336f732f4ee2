/* SPDX-License-Identifier: MIT */
/* ring/gr.c -- the table of rings, and what needs no knowledge of the degree at compile time. */
#include "ring/gr.h"

#define BITS 64
#define DEGREE 3
#include "ring/gr_impl.inc"
#define DEGREE 4
#include "ring/gr_impl.inc"
#define DEGREE 5
#include "ring/gr_impl.inc"
#define DEGREE 6
#include "ring/gr_impl.inc"
#define DEGREE 7
#include "ring/gr_impl.inc"
#define DEGREE 8
#include "ring/gr_impl.inc"
#undef BITS
#define BITS 128
#define DEGREE 3
#include "ring/gr_impl.inc"
#define DEGREE 4
#include "ring/gr_impl.inc"
#define DEGREE 5
#include "ring/gr_impl.inc"
#define DEGREE 6
#include "ring/gr_impl.inc"
#define DEGREE 7
#include "ring/gr_impl.inc"
#define DEGREE 8
#include "ring/gr_impl.inc"

const ring *ring_of(unsigned k, unsigned d)
{
	static const ring *const rings[2][GR_MAX_DEGREE - GR_MIN_DEGREE + 1] = {
		{ &gr_ring_64_3, &gr_ring_64_4, &gr_ring_64_5, &gr_ring_64_6, &gr_ring_64_7, &gr_ring_64_8 },
		{ &gr_ring_128_3, &gr_ring_128_4, &gr_ring_128_5, &gr_ring_128_6, &gr_ring_128_7, &gr_ring_128_8 },
	};

	ASSERT((k == 64 || k == 128) && d >= GR_MIN_DEGREE && d <= GR_MAX_DEGREE);
	return rings[k == 128][d - GR_MIN_DEGREE];
}

unsigned ring_degree(unsigned n)
{
	unsigned d = 4;

	ASSERT(n >= 1 && n < 256);
	while (1u << d <= n) d++;
	return d;
}

static u128 mask_of(const ring *R) { return ~(u128)0 >> (128 - R->k); }

gr gr_add(const ring *R, gr a, gr b)
{
	const u128 mask = mask_of(R);

	for (unsigned i = 0; i < R->d; i++) a.c[i] = (a.c[i] + b.c[i]) & mask;
	return a;
}

gr gr_sub(const ring *R, gr a, gr b)
{
	const u128 mask = mask_of(R);

	for (unsigned i = 0; i < R->d; i++) a.c[i] = (a.c[i] - b.c[i]) & mask;
	return a;
}

gr gr_neg(const ring *R, gr a) { return gr_sub(R, GR_ZERO, a); }

gr gr_mul(const ring *R, gr a, gr b) { return R->mul(&a, &b); }

gr gr_dot(const ring *R, const gr *a, const gr *b, size_t n) { return R->dot(a, b, n); }

gr gr_scale(const ring *R, u128 z, gr a)
{
	const u128 mask = mask_of(R);

	for (unsigned i = 0; i < R->d; i++) a.c[i] = z * a.c[i] & mask;
	return a;
}

gr gr_scalar(const ring *R, u128 z)
{
	return (gr){ { z & mask_of(R) } };
}

gr gr_times_x(const ring *R, gr a) { return R->times_point(2, &a); }

gr gr_times_point(const ring *R, unsigned i, gr a)
{
	ASSERT(i < R->points);
	return R->times_point(i, &a);
}

/*
 * R modulo 2 is a field of 2^d elements, where a^(2^d - 2) = a^-1; so the same power in R is right modulo 2.  If a y = 1 + u
 * with 2^w | u, then a y (2 - a y) = 1 - u^2: each step doubles the number of bits that are right.
 */
gr gr_inv(const ring *R, gr a)
{
	const gr two = gr_scalar(R, 2);
	bool unit = gr_is_unit_var(R, a);
	gr y = GR_ONE, square = a;

	DECLASSIFY(&unit, sizeof unit, "what is inverted is a unit, always: the caller says so");
	CHECK(unit);
	for (unsigned i = 1; i < R->d; i++) {        /* 2^d - 2 = 2 + 4 + ... + 2^(d-1) */
		square = gr_mul(R, square, square);
		y = gr_mul(R, y, square);
	}
	for (unsigned right = 1; right < R->k; right *= 2)
		y = gr_mul(R, y, gr_sub(R, two, gr_mul(R, a, y)));
	return y;
}

gr gr_point(unsigned i)
{
	gr r = GR_ZERO;

	ASSERT(i < 1u << GR_MAX_DEGREE);
	for (unsigned bit = 0; bit < GR_MAX_DEGREE; bit++) r.c[bit] = i >> bit & 1;
	return r;
}

bool gr_eq_var(gr a, gr b) { return memcmp(&a, &b, sizeof a) == 0; }

bool gr_is_unit_var(const ring *R, gr a)
{
	u128 any = 0;

	for (unsigned i = 0; i < R->d; i++) any |= a.c[i];
	return any & 1;
}

bool gr_is_scalar_var(const ring *R, gr a)
{
	u128 any = 0;

	for (unsigned i = 1; i < R->d; i++) any |= a.c[i];
	return any == 0;
}

gr gr_eval(const ring *R, const gr *f, unsigned deg, gr x)
{
	gr y = f[deg];

	while (deg--) y = gr_add(R, gr_mul(R, y, x), f[deg]);
	return y;
}

gr gr_eval_at(const ring *R, const gr *f, unsigned deg, unsigned i)
{
	gr y = f[deg];

	while (deg--) y = gr_add(R, gr_times_point(R, i, y), f[deg]);
	return y;
}

gr gr_narrow(gr a)
{
	for (unsigned i = 0; i < GR_MAX_DEGREE; i++) a.c[i] = (uint64_t)a.c[i];
	return a;
}

unsigned gr_residue_var(const ring *R, gr a, unsigned shift)
{
	unsigned r = 0;

	for (unsigned i = 0; i < R->d; i++) r |= (unsigned)(a.c[i] >> shift & 1) << i;
	return r;
}

unsigned gr_valuation_var(const ring *R, gr a)
{
	u128 any = 0;
	unsigned w = 0;

	for (unsigned i = 0; i < R->d; i++) any |= a.c[i];
	while (w < R->k && !(any >> w & 1)) w++;
	return w;
}

gr gr_random(const ring *R, const rng *random)
{
	const u128 mask = mask_of(R);
	uint8_t bytes[GR_MAX_BYTES];
	gr a;

	rng_fill(random, bytes, R->bytes);
	a = gr_read(R, bytes);
	for (unsigned i = 0; i < R->d; i++) a.c[i] &= mask;
	wipe(bytes, sizeof bytes);
	return a;
}

void gr_write(const ring *R, uint8_t *out, gr a)
{
	for (unsigned i = 0; i < R->d; i++)
		for (unsigned bit = 0; bit < R->k; bit += 8) *out++ = (uint8_t)(a.c[i] >> bit);
}

gr gr_read(const ring *R, const uint8_t *in)
{
	gr a = GR_ZERO;

	for (unsigned i = 0; i < R->d; i++)
		for (unsigned bit = 0; bit < R->k; bit += 8) a.c[i] |= (u128)*in++ << bit;
	return a;
}
