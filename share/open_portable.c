/* SPDX-License-Identifier: MIT */
/* share/open_portable.c -- the definition: the rows of the table by arithmetic modulo 2^128. */
#include "share/open_table.h"

/* Row c of the target, at the shares of value v; z: the share of the target, or NULL for the secret. */
static u128 row_times(const open_table *T, unsigned target, unsigned c, const uint8_t *const *y, const uint8_t *z, size_t v)
{
	const open_row *row = open_row_of(T, target, c);
	const size_t at = v * T->d * 16;
	u128 sum = 0;

	for (unsigned i = 0; i < T->base_size; i++)
		for (unsigned l = 0; l < T->d; l++)
			sum += (u128)(i128)row->w[i * T->wide + l / 2][l % 2] * load128(y[T->base[i]] + at + 16 * l);
	if (z) sum += (u128)(i128)row->w[T->pairs][c % 2] * load128(z + at + 16 * c);
	return sum;
}

static bool consistent(const open_table *T, const uint8_t *const *y, size_t v)
{
	u128 any = 0;

	for (unsigned r = 0; r < T->others; r++)
		for (unsigned c = 0; c < T->d; c++) any |= row_times(T, 1 + r, c, y, y[T->other[r]], v);
	return any == 0;
}

static size_t run(const open_table *T, u128 *out, const uint8_t *const *y, size_t from, size_t count)
{
	for (size_t v = from; v < count; v++) {
		if (!consistent(T, y, v)) return v;
		for (unsigned c = 0; c < T->d; c++) out[v * T->d + c] = row_times(T, 0, c, y, NULL, v) * T->D_inverse;
	}
	return count;
}

const open_kernel OPEN_PORTABLE = { "portable", 0, run };
