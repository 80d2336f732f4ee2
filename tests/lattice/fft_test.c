/* SPDX-License-Identifier: MIT */
/* tests/lattice/fft_test.c -- transforms against their definition, sums in long double. */
#include "tests/test.h"
#include "lattice/fft.h"
#include "base/cpu.h"
#include <math.h>

enum { TURNS = 2 * FFT_N };                                  /* all points are at odd multiples of 1 / 4096 */

static _Alignas(64) double poly[FFT_DOUBLES], other[FFT_DOUBLES], spectrum[2 * FFT_POINTS], second[2 * FFT_POINTS];
static double c[FFT_N];
static long double cosine[TURNS], sine[TURNS];

static unsigned lanes;                                        /* of the kernel that is tried */

static double *at(double *p, unsigned i) { return p + fft_place(lanes, i); }

/* The multiple of 1 / 4096 at which number n of a spectrum is taken, and where that number stands. */
static unsigned angle_of(unsigned n, unsigned *re, unsigned *im)
{
	const unsigned g = n / (lanes * lanes), i = n / lanes % lanes, j = n % lanes;
	*re = (g * lanes + j) * 2 * lanes + i;
	*im = *re + lanes;
	return (unsigned)(fft_turn(FFT_POINTS + n) * TURNS);
}

static void the_points_are_all_roots_of_x_to_the_1024_minus_i(void **state)
{
	(void)state;
	bool seen[FFT_POINTS] = { false };
	for (unsigned n = 0; n < FFT_POINTS; n++) {
		const double turn = fft_turn(FFT_POINTS + n) * TURNS;
		const unsigned k = (unsigned)turn;
		assert_true(turn >= k && turn <= k && k < TURNS && k % 4 == 1);
		assert_false(seen[k / 4]);
		seen[k / 4] = true;
	}
}

static void every_kernel_gives_the_values_at_all_points(void **state)
{
	(void)state;
	for (unsigned k = 0; k < TURNS; k++) {
		const long double angle = 2 * 3.14159265358979323846264338327950288L * k / TURNS;
		cosine[k] = cosl(angle);
		sine[k] = sinl(angle);
	}
	for (const fft_kernel *const *k = FFT_ALL; *k; k++) {
		if (!cpu_can((*k)->needs)) continue;
		lanes = (*k)->lanes;
		for (unsigned i = 0; i < FFT_N; i++) c[i] = *at(poly, i) = (double)test_below(1 << 24) - (1 << 23);
		(*k)->forward(spectrum, poly);
		for (unsigned n = 0; n < FFT_POINTS; n++) {
			unsigned re, im, angle = angle_of(n, &re, &im), e = 0;
			long double x = 0, y = 0;
			for (unsigned i = 0; i < FFT_N; i++, e = (e + angle) % TURNS) x += c[i] * cosine[e], y += c[i] * sine[e];
			/* Values of 2^28, 53 bits: some units in the last place. */
			assert_true(fabsl(x - spectrum[re]) < 0x1p-21L && fabsl(y - spectrum[im]) < 0x1p-21L);
		}
	}
}

static void back_and_forth_multiplies_by_1024(void **state)
{
	(void)state;
	for (const fft_kernel *const *k = FFT_ALL; *k; k++) {
		if (!cpu_can((*k)->needs)) continue;
		lanes = (*k)->lanes;
		for (unsigned i = 0; i < FFT_N; i++) c[i] = *at(poly, i) = (double)test_below(1 << 24) - (1 << 23);
		(*k)->forward(spectrum, poly);
		(*k)->backward(poly, spectrum);
		for (unsigned i = 0; i < FFT_N; i++) assert_true(fabs(*at(poly, i) / FFT_POINTS - c[i]) < 0x1p-24);
	}
}

static void products_of_spectra_are_products_modulo_x_to_the_2048_plus_1(void **state)
{
	(void)state;
	for (const fft_kernel *const *k = FFT_ALL; *k; k++) {
		if (!cpu_can((*k)->needs)) continue;
		lanes = (*k)->lanes;
		const unsigned L = lanes, shift = (unsigned)test_below(FFT_N);
			for (unsigned i = 0; i < FFT_N; i++) {
			c[i] = *at(poly, i) = (double)test_below(1 << 24) - (1 << 23);
			*at(other, i) = i == shift ? -3 : 0;
		}
		(*k)->forward(spectrum, poly);
		(*k)->forward(second, other);
		for (unsigned n = 0; n < 2 * FFT_POINTS; n += n % L == L - 1 ? L + 1 : 1) {
			const double x = spectrum[n], y = spectrum[n + L], u = second[n], v = second[n + L];
			spectrum[n] = x * u - y * v;
			spectrum[n + L] = x * v + y * u;
		}
		(*k)->backward(poly, spectrum);
		for (unsigned i = 0; i < FFT_N; i++) {
			const double expected = i < shift ? 3 * c[i + FFT_N - shift] : -3 * c[i - shift];
			assert_true(fabs(*at(poly, i) / FFT_POINTS - expected) < 0x1p-20);
		}
	}
}

TESTS(
	TEST(the_points_are_all_roots_of_x_to_the_1024_minus_i),
	TEST(every_kernel_gives_the_values_at_all_points),
	TEST(back_and_forth_multiplies_by_1024),
	TEST(products_of_spectra_are_products_modulo_x_to_the_2048_plus_1),
)
