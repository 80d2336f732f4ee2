/* SPDX-License-Identifier: MIT */
/*
 * share/open_table.h -- what it takes to open with the shares of one set of parties, as small integers; and the kernels.
 *
 * Of the parties `who`, t + 1 are the base.  Whoever else is among them must lie on the polynomial through the base:
 *
 *     sum over the base of w_i y_i = D y_r            with small integers w_i and D, in each coefficient of the ring,
 *
 * and likewise for the secret, where D divides the sum.  A coefficient of 128 bits is 8 limbs of 16 bits, moved by 2^15 into
 * the range of signed factors; one instruction multiplies two limbs by two weights and adds.  So the columns of the matrix, the
 * d coefficients of each share of the base, stand in pairs (a last odd one beside a zero), and the sum of |weights| of a row,
 * D included, is at most 2^15 - 1, so that sums of limbs stay below 2^31.  Where no base gives such small weights, there is no
 * table.
 *
 * A row holds `pairs` pairs of weights for the base, and one for the share that is checked, which is -D and 0, or 0 and -D.
 */
#ifndef ARCA_SHARE_OPEN_TABLE_H
#define ARCA_SHARE_OPEN_TABLE_H

#include "share/open.h"

enum { OPEN_BASE = MAX_PARTIES / 3 + 1, OPEN_PAIRS = OPEN_BASE * (GR_MAX_DEGREE + 1) / 2 };

typedef struct open_row {
	int32_t start;                       /* 2^15 times the sum of the weights: undoes the move */
	int16_t w[][2];                      /* pairs + 1 */
} open_row;

typedef struct open_table {
	party_set who;
	unsigned  users;
	uint64_t  last_use;                  /* both of the cache that holds the table */
	bool      fit;                       /* otherwise only `who` means anything */
	unsigned  d, base_size, others;
	unsigned  wide, pairs;               /* pairs of a share, (d + 1) / 2; of the base */
	size_t    row_bytes;
	party     base[OPEN_BASE], other[MAX_PARTIES];
	u128      D_inverse;
	uint8_t  *rows;                      /* d rows of the secret, then d rows of each of `other` */
} open_table;

static inline const open_row *open_row_of(const open_table *T, unsigned target, unsigned c)
{
	return (const open_row *)(T->rows + (target * T->d + c) * T->row_bytes);
}

/* NULL: no memory. */
open_table *open_table_new(unsigned t, unsigned d, party_set who);
void        open_table_free(open_table *T);

typedef struct open_kernel {
	const char *name;
	unsigned needs;
	/* Opens values from, from + 1, ... until one is inconsistent, which is returned, or count.  y: by party. */
	size_t (*run)(const open_table *T, u128 *out, const uint8_t *const *y, size_t from, size_t count);
} open_kernel;

extern const open_kernel OPEN_PORTABLE, OPEN_AVX2, OPEN_AVX512;
extern const open_kernel *const OPEN_ALL[];              /* best first; NULL at the end */
const open_kernel *open_chosen(void);

/* open_var() by this kernel. */
[[nodiscard]] bool open_var_by(const open_kernel *k, opener *o, u128 *out, party_set *wrong, const uint8_t *const *y,
                               party_set present, unsigned liars, size_t count);

#endif
