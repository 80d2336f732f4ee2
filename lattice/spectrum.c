/* SPDX-License-Identifier: MIT */
/*
 * lattice/spectrum.c -- numbers of two doubles, roots of unity made of them, and the transform.
 *
 * As in lattice/fft.h, block by block: X^2t - w^2 = (X^t - w)(X^t + w), from X^(N/2) - i down to degree 0.  Block i of
 * m = 2^s has w = e^(i pi turn), turn = 2^-(s+2) + sum of i_b 2^-(b+1) over the bits of i; that depends on no N, so one table
 * serves all.  Leaf j is then the value at e^(i pi (1 + 4 rev(j)) / N).
 *
 * Built without contraction (meson.build): a product and a sum stay two roundings.
 */
#include "lattice/spectrum.h"
#include <math.h>
#include <pthread.h>

enum { POINTS = SPECTRUM_MAX / 2 };

/* ---- numbers of two doubles: hi + lo, |lo| at most half a unit in the last place of hi ------------------------------- */

typedef struct two { double hi, lo; } two;

/* Requires: |a| >= |b|, or a = 0. */
static inline two sum_ordered(double a, double b)
{
	const double s = a + b;
	return (two){ s, b - (s - a) };
}

static inline two sum_of(double a, double b)
{
	const double s = a + b, v = s - a;
	return (two){ s, (a - (s - v)) + (b - v) };
}

/* The upper 26 bits of a double; the rest fits 26, too. */
static inline double upper_of(double a)
{
	const double t = 134217729.0 * a;                /* check: 134217729 == 2**27 + 1 */
	return t - (t - a);
}

static inline two product_of(double a, double b)
{
	const double p = a * b, ah = upper_of(a), al = a - ah, bh = upper_of(b), bl = b - bh;
	return (two){ p, ((ah * bh - p) + ah * bl + al * bh) + al * bl };
}

static inline two two_add(two a, two b)
{
	two s = sum_of(a.hi, b.hi);
	const two t = sum_of(a.lo, b.lo);

	s = sum_ordered(s.hi, s.lo + t.hi);
	return sum_ordered(s.hi, s.lo + t.lo);
}

static inline two two_neg(two a) { return (two){ -a.hi, -a.lo }; }
static inline two two_sub(two a, two b) { return two_add(a, two_neg(b)); }

static inline two two_mul(two a, two b)
{
	two p = product_of(a.hi, b.hi);
	return sum_ordered(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

/* By a power of two. */
static inline two two_scale(two a, double power) { return (two){ a.hi * power, a.lo * power }; }

/* Requires: 0 < d < 2^53.  One step of long division is one more double than we keep. */
static two two_divide(two a, double d)
{
	const double q = a.hi / d;
	const two rest = two_sub(a, product_of(q, d));
	return sum_ordered(q, rest.hi / d);
}

/* ---- roots of unity --------------------------------------------------------------------------------------------------- */

static const two PI = { 0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53 };

typedef struct root { two re, im; } root;

/* e^(i pi t), 0 <= t <= 1/4, by the series: its terms up to x^28 / 28! (0.8^29 / 29! is below 2^-110). */
static root root_small(double t)
{
	enum { TERMS = 28 };
	const two x = two_mul(PI, (two){ t, 0 });
	two part[2] = { { 1, 0 }, { 0, 0 } }, term = { 1, 0 };

	for (int n = 1; n <= TERMS; n++) {
		term = two_divide(two_mul(term, x), n);
		part[n & 1] = n & 2 ? two_sub(part[n & 1], term) : two_add(part[n & 1], term);
	}
	return (root){ part[0], part[1] };
}

/* e^(i pi t), 0 <= t < 1. */
static root root_of(double t)
{
	if (t > 0.5) {
		const root r = root_of(1 - t);
		return (root){ two_neg(r.re), r.im };
	}
	if (t > 0.25) {
		const root r = root_small(0.5 - t);
		return (root){ r.im, r.re };
	}
	return root_small(t);
}

/* Entry m + i: the w of block i of m. */
static root roots[POINTS];

static void make_roots(void)
{
	double first = 0.25;                             /* 2^-(s+2) */

	for (unsigned m = 1; m < POINTS; m *= 2, first /= 2)
		for (unsigned i = 0; i < m; i++) {
			double t = first, bit = 0.5;
			for (unsigned b = i; b; b >>= 1, bit /= 2) t += b & 1 ? bit : 0;
			roots[m + i] = root_of(t);
		}
}

/* ---- the transform ---------------------------------------------------------------------------------------------------- */

/* Four arrays, so that compilers see vectors. */
typedef struct work { double re[POINTS], re_lo[POINTS], im[POINTS], im_lo[POINTS]; } work;

static inline root load(const work *z, unsigned i)
{
	return (root){ { z->re[i], z->re_lo[i] }, { z->im[i], z->im_lo[i] } };
}

static inline void store(work *z, unsigned i, root a)
{
	z->re[i] = a.re.hi, z->re_lo[i] = a.re.lo, z->im[i] = a.im.hi, z->im_lo[i] = a.im.lo;
}

static inline root times(root a, root b)
{
	return (root){ two_sub(two_mul(a.re, b.re), two_mul(a.im, b.im)), two_add(two_mul(a.im, b.re), two_mul(a.re, b.im)) };
}

static inline root plus(root a, root b) { return (root){ two_add(a.re, b.re), two_add(a.im, b.im) }; }
static inline root minus(root a, root b) { return (root){ two_sub(a.re, b.re), two_sub(a.im, b.im) }; }

static void forward(work *z, unsigned n)
{
	for (unsigned m = 1, t = n / 2; m < n; m *= 2, t /= 2)
		for (unsigned i = 0; i < m; i++) {
			const root w = roots[m + i];
			for (unsigned j = 2 * i * t; j < 2 * i * t + t; j++) {
				const root a = load(z, j), b = times(load(z, j + t), w);
				store(z, j, plus(a, b));
				store(z, j + t, minus(a, b));
			}
		}
}

/* n times too large. */
static void backward(work *z, unsigned n)
{
	for (unsigned m = n / 2, t = 1; m; m /= 2, t *= 2)
		for (unsigned i = 0; i < m; i++) {
			const root w = { roots[m + i].re, two_neg(roots[m + i].im) };
			for (unsigned j = 2 * i * t; j < 2 * i * t + t; j++) {
				const root a = load(z, j), b = load(z, j + t);
				store(z, j, plus(a, b));
				store(z, j + t, times(minus(a, b), w));
			}
		}
}

/* A thread has one polynomial in hand at a time; 32 KB are too much for its stack. */
static work *work_begin(unsigned N)
{
	static _Thread_local _Alignas(64) work mine;
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	ASSERT(N >= 4 && N <= SPECTRUM_MAX && (N & (N - 1)) == 0);
	pthread_once(&once, make_roots);
	return &mine;
}

/* ---- words ------------------------------------------------------------------------------------------------------------- */

/* Signed, as a fraction of 2^64: exact. */
static two fraction64(uint64_t x)
{
	return two_scale(sum_of((double)((int64_t)x >> 11) * 2048.0, (double)(x & 2047)), 0x1p-64);
}

/* As a fraction of 2^128; three pieces that are doubles, the sum of which is rounded to two. */
static two fraction128(u128 x)
{
	const double top = (double)(int64_t)((i128)x >> 75), middle = (double)(uint64_t)(x >> 22 & (((u128)1 << 53) - 1)),
	             low = (double)(uint64_t)(x & ((1 << 22) - 1));
	return two_scale(two_add(sum_of(top * 0x1p75, middle * 0x1p22), (two){ low, 0 }), 0x1p-128);
}

/* An integer modulo 2^128.  Requires: x is one, and |x| < 2^128. */
static u128 integer_of(double x)
{
	return x < 0 ? -(u128)-x : (u128)x;
}

/* The nearest multiple of 2^-w to the fraction of a. */
static u128 word_of(two a, double unit)
{
	const double whole = rint(a.hi);
	const two f = two_scale(sum_of(a.hi - whole, a.lo), unit);
	const double near = rint(f.hi);

	return integer_of(near) + integer_of(rint((f.hi - near) + f.lo));
}

/* A number of a file. */
static double number_at(const uint8_t *p, unsigned N)
{
	const uint64_t bits = load64(p);
	double x;

	memcpy(&x, &bits, sizeof x);
	return x >= -(double)N && x <= (double)N ? x : 0;
}

static void number_to(uint8_t *p, double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof bits);
	store64(p, bits);
}

/* ---- files ------------------------------------------------------------------------------------------------------------- */

static unsigned reversed(unsigned j, unsigned n)
{
	unsigned r = 0;

	for (unsigned m = 1; m < n; m *= 2, j >>= 1) r = r << 1 | (j & 1);
	return r;
}

/* The leaf of number k: 1 + 4 rev(leaf) is 1 - 4 k modulo 2N. */
static unsigned leaf_of(unsigned k, unsigned n)
{
	return reversed((n - k) % n, n);
}

void spectrum64_write(uint8_t *out, const uint64_t *p, unsigned N)
{
	const unsigned n = N / 2;
	work *z = work_begin(N);

	for (unsigned j = 0; j < n; j++) store(z, j, (root){ fraction64(p[j]), fraction64(p[j + n]) });
	forward(z, n);
	for (unsigned k = 0; k < n; k++, out += 16) {
		const unsigned leaf = leaf_of(k, n);
		number_to(out, z->re[leaf]);
		number_to(out + 8, z->im[leaf]);
	}
}

void spectrum64_read(uint64_t *p, const uint8_t *in, unsigned N)
{
	const unsigned n = N / 2;
	const double part = 1.0 / n;
	work *z = work_begin(N);

	for (unsigned k = 0; k < n; k++, in += 16)
		store(z, leaf_of(k, n), (root){ { number_at(in, N), 0 }, { number_at(in + 8, N), 0 } });
	backward(z, n);
	for (unsigned j = 0; j < n; j++) {
		const root c = load(z, j);
		p[j] = (uint64_t)word_of(two_scale(c.re, part), 0x1p64);
		p[j + n] = (uint64_t)word_of(two_scale(c.im, part), 0x1p64);
	}
}

void spectrum128_write(uint8_t *const out[static SPECTRUM_ARRAYS], const u128 *p, unsigned N)
{
	const unsigned n = N / 2;
	work *z = work_begin(N);

	for (unsigned j = 0; j < n; j++) store(z, j, (root){ fraction128(p[j]), fraction128(p[j + n]) });
	forward(z, n);
	for (unsigned j = 0; j < n; j++) {
		number_to(out[SPECTRUM_RE0] + 8 * (size_t)j, z->re[j]);
		number_to(out[SPECTRUM_RE1] + 8 * (size_t)j, z->re_lo[j]);
		number_to(out[SPECTRUM_IM0] + 8 * (size_t)j, z->im[j]);
		number_to(out[SPECTRUM_IM1] + 8 * (size_t)j, z->im_lo[j]);
	}
}

/* High and low part of a file need not be in order. */
static two pair_at(const uint8_t *high, const uint8_t *low, unsigned N)
{
	return sum_of(number_at(high, N), number_at(low, N));
}

void spectrum128_read(u128 *p, const uint8_t *const in[static SPECTRUM_ARRAYS], unsigned N)
{
	const unsigned n = N / 2;
	const double part = 1.0 / n;
	work *z = work_begin(N);

	for (unsigned j = 0; j < n; j++) {
		const size_t at = 8 * (size_t)j;
		store(z, j, (root){ pair_at(in[SPECTRUM_RE0] + at, in[SPECTRUM_RE1] + at, N),
		                    pair_at(in[SPECTRUM_IM0] + at, in[SPECTRUM_IM1] + at, N) });
	}
	backward(z, n);
	for (unsigned j = 0; j < n; j++) {
		const root c = load(z, j);
		p[j] = word_of(two_scale(c.re, part), 0x1p128);
		p[j + n] = word_of(two_scale(c.im, part), 0x1p128);
	}
}
