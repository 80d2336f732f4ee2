/* SPDX-License-Identifier: MIT */
/* share/open_table.c -- a base whose weights are small, and the rows. */
#include "share/open_table.h"
#include "base/cpu.h"
#include "share/shamir.h"
#include "share/small.h"
#include <stdlib.h>

enum { TRIES = 32, MOST_WEIGHT = (1 << 15) - 1 };

const open_kernel *const OPEN_ALL[] = {
#if CPU_X86
	&OPEN_AVX512, &OPEN_AVX2,
#endif
	&OPEN_PORTABLE, NULL
};

const open_kernel *open_chosen(void)
{
	const open_kernel *const *k = OPEN_ALL;
	while (!cpu_allows((*k)->needs)) k++;
	return *k;
}

/* Row c of a target: coefficient c of the sum of weight[i] times the share of i over the base, less D times the target's. */
static bool set_row(const open_table *T, open_row *row, unsigned c, const gr *weight, int32_t D)
{
	const ring *R = ring_of(128, T->d);
	int64_t total = 0, size = 0;

	memset(row, 0, T->row_bytes);
	for (unsigned i = 0; i < T->base_size; i++) {
		gr column = weight[T->base[i]];                  /* times X^l: what coefficient l of the share is multiplied by */
		for (unsigned l = 0; l < T->d; l++, column = gr_times_x(R, column)) {
			const i128 w = (i128)column.c[c];
			if (w > MOST_WEIGHT || w < -MOST_WEIGHT) return false;
			row->w[i * T->wide + l / 2][l % 2] = (int16_t)w;
			total += (int64_t)w, size += w < 0 ? -(int64_t)w : (int64_t)w;
		}
	}
	row->w[T->pairs][c % 2] = (int16_t)-D;
	row->start = (int32_t)((total - D) * ((int64_t)1 << 15));
	return size + D <= MOST_WEIGHT;
}

/* All rows of one target: 0, or a party that is not of the base. */
static bool set_target(open_table *T, unsigned target, party_set base, party at)
{
	const ring *R = ring_of(128, T->d);
	int32_t small[OPEN_BASE * GR_MAX_DEGREE];
	u128 words[OPEN_BASE * GR_MAX_DEGREE];
	gr weight[MAX_PARTIES + 1];
	uint64_t D;

	lagrange_weights(weight, R, base, gr_point(at));
	for (unsigned i = 0; i < T->base_size; i++)
		for (unsigned c = 0; c < T->d; c++) words[i * T->d + c] = weight[T->base[i]].c[c];
	if (!small_fractions_var(small, &D, words, (size_t)T->base_size * T->d, MOST_WEIGHT) || D > MOST_WEIGHT) return false;
	FOR_EACH_IN(i, base) weight[i] = gr_scale(R, D, weight[i]);
	if (!at) T->D_inverse = inverse_of_odd(D);
	for (unsigned c = 0; c < T->d; c++)
		if (!set_row(T, (open_row *)open_row_of(T, target, c), c, weight, at ? (int32_t)D : 0)) return false;
	return true;
}

static bool set_base(open_table *T, party_set base)
{
	unsigned b = 0, o = 0;

	FOR_EACH_IN(i, base) T->base[b++] = i;
	FOR_EACH_IN(i, T->who & ~base) T->other[o++] = i;
	if (!set_target(T, 0, base, 0)) return false;
	for (unsigned r = 0; r < o; r++)
		if (!set_target(T, 1 + r, base, T->other[r])) return false;
	return true;
}

/* The try-th choice of a base: members `step` apart, round about, from the first-th on; 0 if that meets one of them twice. */
static party_set choose(const open_table *T, unsigned attempt)
{
	party members[MAX_PARTIES];
	unsigned m = 0;
	party_set base = 0;

	FOR_EACH_IN(i, T->who) members[m++] = i;
	for (unsigned i = 0; i < T->base_size; i++) add_to(&base, members[(attempt % m + i * (1 + attempt / m)) % m]);
	return size_of_set(base) == T->base_size ? base : 0;
}

open_table *open_table_new(unsigned t, unsigned d, party_set who)
{
	const unsigned size = size_of_set(who), wide = (d + 1) / 2, pairs = (t + 1) * wide;
	open_table *T = calloc(1, sizeof *T);

	ASSERT(size > t);
	if (!T) return NULL;
	T->who = who, T->d = d, T->base_size = t + 1, T->others = size - t - 1, T->wide = wide, T->pairs = pairs;
	if (T->base_size > OPEN_BASE) return T;
	T->row_bytes = sizeof(open_row) + (pairs + 1) * sizeof((open_row){ 0 }.w[0]);
	T->rows = malloc((1 + T->others) * d * T->row_bytes);
	if (!T->rows) {
		free(T);
		return NULL;
	}
	for (unsigned attempt = 0; attempt < TRIES && !T->fit; attempt++) {
		const party_set base = choose(T, attempt);
		T->fit = base && set_base(T, base);
	}
	return T;
}

void open_table_free(open_table *T)
{
	if (!T) return;
	free(T->rows);
	free(T);
}
