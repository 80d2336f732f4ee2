/* SPDX-License-Identifier: MIT */
/* lattice/limbs.c -- the choice among the kernels, the memory they work in, and what is not worth being fast. */
#include "lattice/limbs_internal.h"
#include "lattice/poly.h"
#include "base/cpu.h"
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

const limb_shape LIMBS_SQUASH = SHAPE_SQUASH, LIMBS_EXACT64 = SHAPE_EXACT64, LIMBS_FLOAT64 = SHAPE_FLOAT64;

const limb_kernel *const LIMBS_ALL[] = {
#if CPU_X86
	&LIMBS_AVX512, &LIMBS_AVX2,
#endif
	&LIMBS_PORTABLE, NULL
};

const limb_kernel *limbs_chosen(void)
{
	const limb_kernel *const *k = LIMBS_ALL;
	while (!cpu_allows((*k)->needs)) k++;
	return *k;
}

static bool same_shape(limb_shape a, limb_shape b)
{
	return a.bits == b.bits && a.k == b.k && a.decomp.base_log == b.decomp.base_log && a.decomp.level == b.decomp.level &&
		a.dropped == b.dropped && a.limbs == b.limbs && a.limb_base == b.limb_base;
}

/* ---- memory ------------------------------------------------------------------------------------------------------- */

static size_t acc_words(limb_shape s)     { return (size_t)(s.k + 1) * (s.bits / 64) * PART_WORDS; }
static size_t digit_doubles(limb_shape s) { return (size_t)limb_rows(s) * 2 * FFT_POINTS; }
static size_t sum_doubles(limb_shape s)   { return (size_t)s.limbs * LIMBS_BATCH * POLY_DOUBLES; }    /* of all */

err limbs_work_new(limb_work **out, const limb_kernel *kernel, limb_shape s, unsigned batch)
{
	enum { HUGE_PAGE = 2 << 20 };
	const size_t each = acc_words(s) * 8 + digit_doubles(s) * sizeof(double);
	const size_t bytes = (batch * each + sum_doubles(s) * sizeof(double) + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	limb_work *w;

	ASSERT(batch > 0 && batch <= LIMBS_BATCH);
	ASSERT(same_shape(s, LIMBS_SQUASH) || same_shape(s, LIMBS_EXACT64) || same_shape(s, LIMBS_FLOAT64));
	w = aligned_alloc(LIMBS_ALIGN, sizeof *w);
	if (w) *w = (limb_work){ .kernel = kernel, .shape = s, .batch = batch, .digits = aligned_alloc(HUGE_PAGE, bytes) };
	if (!w || !w->digits) {
		free(w);
		return err_fail(ERR_NOMEM, "no memory for the %zu bytes in which %u ciphertexts are rotated", bytes, batch);
	}
	madvise(w->digits, bytes, MADV_HUGEPAGE);                  /* faster where it is granted, right where not */
	memset(w->digits, 0, bytes);
	w->sums = w->digits + batch * digit_doubles(s);
	w->acc = (uint64_t *)(w->sums + sum_doubles(s));
	limbs_use(w, batch);
	*out = w;
	return OK;
}

void limbs_work_free(limb_work **w)
{
	if (!*w) return;
	free((*w)->digits);
	free(*w);
	*w = NULL;
}

void limbs_use(limb_work *w, unsigned n)
{
	ASSERT(n > 0 && n <= w->batch);
	w->n = n;
	w->columns = n * (w->shape.k + 1) <= LIMBS_BATCH ? w->shape.k + 1 : 1;
}

unsigned limbs_columns(const limb_work *w)
{
	return w->columns;
}

/* ---- accumulators ------------------------------------------------------------------------------------------------- */

void limbs_put64(limb_work *w, unsigned b, unsigned c, const uint64_t *poly)
{
	uint64_t *acc = limb_acc(w, b, c);
	ASSERT(w->shape.bits == 64 && b < w->batch && c <= w->shape.k);
	memcpy(acc, poly, LIMBS_N * sizeof *poly);
	limb_wrap(acc, 64);
}

void limbs_put128(limb_work *w, unsigned b, unsigned c, const u128 *poly)
{
	uint64_t *acc = limb_acc(w, b, c);
	ASSERT(w->shape.bits == 128 && b < w->batch && c <= w->shape.k);
	for (unsigned i = 0; i < LIMBS_N; i++) limb_set128(acc, i, poly[i]);
	limb_wrap(acc, 128);
}

void limbs_get64(uint64_t *poly, const limb_work *w, unsigned b, unsigned c)
{
	ASSERT(w->shape.bits == 64 && b < w->batch && c <= w->shape.k);
	memcpy(poly, limb_acc(w, b, c), LIMBS_N * sizeof *poly);
}

void limbs_get128(u128 *poly, const limb_work *w, unsigned b, unsigned c)
{
	const uint64_t *acc = limb_acc(w, b, c);
	ASSERT(w->shape.bits == 128 && b < w->batch && c <= w->shape.k);
	for (unsigned i = 0; i < LIMBS_N; i++) poly[i] = limb_word128(acc, i);
}

/* Coefficient i of X^e p, e < 2N, is that of p at i - e; with the other sign if this is past a whole turn of N. */
void limbs_start64(limb_work *w, unsigned b, const uint64_t *lut, unsigned e)
{
	uint64_t *body = limb_acc(w, b, w->shape.k);

	ASSERT(w->shape.bits == 64 && b < w->batch && e < 2 * LIMBS_N);
	memset(limb_acc(w, b, 0) - PART_FRONT, 0, acc_words(w->shape) * 8);
	for (unsigned i = 0; i < LIMBS_N; i++) {
		const unsigned from = (i + 2 * LIMBS_N - e) % (2 * LIMBS_N);
		body[i] = from < LIMBS_N ? lut[from] : 0 - lut[from - LIMBS_N];
	}
	limb_wrap(body, 64);
	limbs_guard_reset(w, b);
}

void limbs_start128(limb_work *w, unsigned b, const u128 *lut, unsigned e)
{
	ASSERT(w->shape.bits == 128 && b < w->batch && e < 2 * LIMBS_N);
	for (unsigned c = 0; c <= w->shape.k; c++) {
		uint64_t *acc = limb_acc(w, b, c);
		for (unsigned i = 0; i < LIMBS_N; i++) {
			const unsigned from = (i + 2 * LIMBS_N - e) % (2 * LIMBS_N);
			const u128 x = from < LIMBS_N ? lut[from] : 0 - lut[from - LIMBS_N];
			limb_set128(acc, i, c == w->shape.k ? x : 0);
		}
		limb_wrap(acc, 128);
	}
	limbs_guard_reset(w, b);
}

/* ---- the guard ---------------------------------------------------------------------------------------------------- */

double limbs_guard(const limb_work *w, unsigned b)
{
	double worst = 0;
	ASSERT(b < w->batch);
	for (unsigned i = 0; i < (w->shape.k + 1) * LIMBS_HALVES; i++)
		if (!(w->guard[b][i].worst <= worst)) worst = w->guard[b][i].worst;
	return sqrt(worst);
}

void limbs_guard_reset(limb_work *w, unsigned b)
{
	ASSERT(b < w->batch);
	for (unsigned i = 0; i < (w->shape.k + 1) * LIMBS_HALVES; i++) w->guard[b][i].worst = 0;
}

/* ---- the key ------------------------------------------------------------------------------------------------------ */

void limbs_fetch(limb_ahead what)
{
	while (what.at < what.end) limb_fetch(&what);
}

/* ---- limbs -------------------------------------------------------------------------------------------------------- */

static void cut64(int64_t *limb, int64_t word, limb_shape s)
{
	const int64_t base = s.limb_base, half = base / 2;

	for (unsigned l = 0; l + 1 < s.limbs; l++) {
		int64_t rest = word % base;
		rest += rest < -half ? base : rest >= half ? -base : 0;
		limb[l] = rest;
		word = word / base + (word % base - rest) / base;
	}
	limb[s.limbs - 1] = word;
}

void limb_cut(int64_t *limb, u128 word, limb_shape s)
{
	const uint64_t base = s.limb_base;
	uint64_t carry = 0;

	if (s.bits == 64) {
		cut64(limb, (int64_t)word, s);
		return;
	}
	word >>= s.dropped;
	for (unsigned l = 0; l < s.limbs; l++, word /= base) {               /* a power of two */
		const uint64_t x = ((uint64_t)word & (base - 1)) + carry;
		carry = x >= base / 2;
		limb[l] = (int64_t)(x - (carry ? base : 0));
	}
}

/* ---- slow transforms ---------------------------------------------------------------------------------------------- */

typedef struct long_complex { long double re, im; } long_complex;

static long_complex slow_w[FFT_POINTS];                      /* of each node but the leaves */

static void make_slow_w(void)
{
	for (unsigned t = 1; t < FFT_POINTS; t++) {
		const long double angle = 2 * 3.14159265358979323846264338327950288L * (long double)fft_turn(2 * t);
		slow_w[t] = (long_complex){ cosl(angle), sinl(angle) };
	}
}

/* One level of the tree after the other, two points at a time. */
void limb_slow_spectrum(double re[FFT_POINTS], double im[FFT_POINTS], void *room, const double *poly, unsigned lanes)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	long_complex *x = room;

	pthread_once(&once, make_slow_w);
	for (unsigned j = 0; j < FFT_POINTS; j++) {
		const double *at = poly + fft_place(lanes, j);
		x[j] = (long_complex){ at[0], at[lanes] };
	}
	for (unsigned blocks = 1, m = FFT_POINTS / 2; m; blocks *= 2, m /= 2)
		for (unsigned b = 0; b < blocks; b++) {
			const long_complex w = slow_w[blocks + b];
			for (unsigned j = 2 * m * b; j < 2 * m * b + m; j++) {
				const long_complex a = x[j], y = x[j + m];
				const long_complex z = { y.re * w.re - y.im * w.im, y.re * w.im + y.im * w.re };
				x[j] = (long_complex){ a.re + z.re, a.im + z.im };
				x[j + m] = (long_complex){ a.re - z.re, a.im - z.im };
			}
		}
	for (unsigned j = 0; j < FFT_POINTS; j++) re[j] = (double)x[j].re, im[j] = (double)x[j].im;
}
