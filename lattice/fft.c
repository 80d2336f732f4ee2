/* SPDX-License-Identifier: MIT */
/* lattice/fft.c -- the choice among the kernels, and their constants. */
#include "lattice/fft.h"
#include "base/cpu.h"
#include <math.h>
#include <pthread.h>

const fft_kernel *const FFT_ALL[] = {
#if CPU_X86
	&FFT_AVX512, &FFT_AVX2,
#endif
	&FFT_PORTABLE, NULL
};

const fft_kernel *fft_chosen(void)
{
	const fft_kernel *const *k = FFT_ALL;
	while (!cpu_allows((*k)->needs)) k++;
	return *k;
}

double fft_turn(unsigned t)
{
	ASSERT(t > 0 && t < 2 * FFT_POINTS);
	return t == 1 ? 0.25 : fft_turn(t / 2) / 2 + (t & 1 ? 0.5 : 0);
}

/* e^(2 pi i turn), each part the nearest double: from the first eighth of the circle. */
static void unit(double out[2], double turn)
{
	const double eighths = floor(8 * turn);
	const unsigned octant = (unsigned)eighths & 7;
	const double rest = turn - eighths / 8, within = octant & 1 ? 0.125 - rest : rest;
	const long double angle = 2 * 3.14159265358979323846264338327950288L * (long double)within;
	const double c = (double)cosl(angle), s = (double)sinl(angle);
	const bool swapped = ((octant + 1) / 2) & 1;             /* octants 1, 2, 5, 6 are nearer to the other axis */
	const double x = swapped ? s : c, y = swapped ? c : s;

	out[0] = octant >= 2 && octant < 6 ? -x : x;
	out[1] = octant >= 4 ? -y : y;
}

/* Two numbers for the halves, a third for both at once. */
static void head(double out[6], unsigned t)
{
	const double turn = fft_turn(2 * t) / 2;
	unit(out, 2 * turn);
	unit(out + 2, turn);
	unit(out + 4, fmod(3 * turn, 1));
}

/* ... and of the level below, where lanes = 8. */
static void tile_head(double out[10], unsigned t, unsigned lanes)
{
	head(out, t);
	if (lanes != 8) return;
	unit(out + 6, fft_turn(2 * (4 * t)));
	unit(out + 8, fft_turn(2 * (4 * t + 2)));
}

static void tile(double *out, unsigned t, unsigned lanes)
{
	const unsigned count = lanes == 8 ? 10 : 6;
	double number[10];

	tile_head(out, t, lanes);
	for (unsigned i = 0; i < lanes; i++) {
		tile_head(number, lanes * t + i, lanes);
		for (unsigned j = 0; j < count; j++) out[(2 + j) * lanes + i] = number[j];
	}
}

static fft_tables tables[3];

static void make(void)
{
	for (unsigned t = 1; t < FFT_HEADS; t++) head(tables[0].head[t], t);
	memcpy(tables[1].head, tables[0].head, sizeof tables[0].head);
	memcpy(tables[2].head, tables[0].head, sizeof tables[0].head);
	for (unsigned g = 0; g < FFT_POINTS / 16; g++) tile(tables[1].tile + g * FFT_TILE_4, FFT_POINTS / 16 + g, 4);
	for (unsigned g = 0; g < FFT_POINTS / 64; g++) tile(tables[2].tile + g * FFT_TILE_8, FFT_POINTS / 64 + g, 8);
}

const fft_tables *fft_tables_for(unsigned lanes)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	ASSERT(lanes == 1 || lanes == 4 || lanes == 8);
	pthread_once(&once, make);
	return &tables[lanes / 4];
}
