/* SPDX-License-Identifier: MIT */
/* lattice/keyswitch_portable.c -- the kernel of lattice/keyswitch.h as it is defined. */
#include "lattice/keyswitch.h"

static void subtract(uint64_t *acc, unsigned batch, const int16_t *digit, const uint64_t *row, unsigned rows, size_t width)
{
	for (unsigned b = 0; b < batch; b++, acc += width, digit += KEYSWITCH_ROWS)
		for (unsigned r = 0; r < rows; r++) {
			const uint64_t d = (uint64_t)digit[r], *w = row + r * width;
			for (size_t c = 0; c < width; c++) acc[c] -= d * w[c];
		}
}

const keyswitch_kernel KEYSWITCH_PORTABLE = { "portable", 0, subtract };
