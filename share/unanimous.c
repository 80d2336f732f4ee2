/* SPDX-License-Identifier: MIT */
/*
 * share/unanimous.c -- through the shares of D + 1 parties, the base, goes one polynomial; the others must lie on it.
 *
 * Where the tables of share/open_table.h serve, their kernels do; elsewhere weights are words.
 */
#include "share/unanimous.h"
#include "share/open_table.h"
#include "share/shamir.h"
#include <stdlib.h>

struct unanimous {
	const ring *R;
	unsigned    base_size, others;
	party       base[MAX_PARTIES], other[MAX_PARTIES];
	open_table *table;                   /* k = 128, if there is one that fits; or NULL */
	void       *weights;                 /* words: of each target, 0 and then the others, one element for each of the base */
};

#define WORD uint64_t
#define W(name) narrow_##name
#define LOAD load64
#include "share/unanimous_words.inc"
#undef WORD
#undef W
#undef LOAD
#define WORD u128
#define W(name) wide_##name
#define LOAD load128
#include "share/unanimous_words.inc"

static void set_target(unanimous *x, unsigned target, party_set base, gr at)
{
	const ring *R = x->R;
	gr weight[MAX_PARTIES + 1];

	lagrange_weights(weight, R, base, at);
	for (unsigned i = 0; i < x->base_size; i++)
		for (unsigned c = 0; c < R->d; c++) {
			const size_t word = ((size_t)target * x->base_size + i) * R->d + c;
			if (R->k == 64) ((uint64_t *)x->weights)[word] = (uint64_t)weight[x->base[i]].c[c];
			else ((u128 *)x->weights)[word] = weight[x->base[i]].c[c];
		}
}

err unanimous_new(unanimous **out, const ring *R, unsigned D, party_set who)
{
	AUTO(unanimous) *x = calloc(1, sizeof *x);
	party_set base = 0;

	ASSERT(size_of_set(who) > D);
	if (!x) return err_fail(ERR_NOMEM, "no memory to open shares of %u parties", size_of_set(who));
	x->R = R;
	FOR_EACH_IN(i, who)
		if (x->base_size <= D) x->base[x->base_size++] = i, add_to(&base, i);
		else x->other[x->others++] = i;
	x->weights = aligned_alloc(64, ((1 + x->others) * x->base_size * R->bytes + 63) / 64 * 64);
	if (!x->weights) return err_fail(ERR_NOMEM, "no memory to open shares of %u parties", size_of_set(who));
	set_target(x, 0, base, GR_ZERO);
	for (unsigned r = 0; r < x->others; r++) set_target(x, 1 + r, base, gr_point(x->other[r]));
	if (R->k == 128) x->table = open_table_new(D, R->d, who);
	*out = x, x = NULL;
	return OK;
}

void unanimous_free(unanimous **x)
{
	if (!*x) return;
	open_table_free((*x)->table);
	free((*x)->weights);
	free(*x);
	*x = NULL;
}

bool unanimous_open_var(const unanimous *x, void *out, const uint8_t *const *y, size_t count)
{
	if (x->table && x->table->fit) return open_chosen()->run(x->table, out, y, 0, count) == count;
	if (x->R->k == 64) return x->R->d == 4 ? narrow_open(x, out, y, count, 4) : narrow_open(x, out, y, count, x->R->d);
	return x->R->d == 4 ? wide_open(x, out, y, count, 4) : wide_open(x, out, y, count, x->R->d);
}
