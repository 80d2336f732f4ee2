/* SPDX-License-Identifier: MIT */
/* lattice/packing.c -- by slots, for both word sizes; by products, for 128 bits; and which of them when. */
#include "lattice/packing.h"
#include <pthread.h>
#include "lattice/keyswitch.h"
#include "lattice/poly.h"
#include "lattice/scratch.h"
#include "ring/ntt.h"

enum { RANGES = 16 };                             /* of the rows, for threads */

/* ---- by slots ---------------------------------------------------------------------------------------------------- */

/* w d modulo 2^128, two multiplications. */
static inline u128 times(u128 w, int64_t d)
{
	const uint64_t low = (uint64_t)w, high = (uint64_t)(w >> 64), negative = (uint64_t)(d >> 63);
	const u128 p = (u128)low * (uint64_t)d;
	return p + ((u128)(high * (uint64_t)d - (low & negative)) << 64);
}

enum { WIDE_INPUTS = 4 };

static void wide_block(u128 *acc, size_t count, const u128 *word, size_t stride, unsigned inputs, const u128 *row,
                       size_t width, decomp dc)
{
	int64_t d[WIDE_INPUTS * MAX_LEVELS];
	const unsigned rows = inputs * dc.level;

	for (size_t i = 0; i < count; i++, acc += width, word += stride) {
		for (unsigned t = 0; t < inputs; t++) digits128(d + t * dc.level, word[t], dc);
		for (size_t c = 0; c < width; c++) {
			u128 sum = 0;
			for (unsigned r = 0; r < rows; r++) sum += times(row[r * width + c], d[r]);
			acc[c] -= sum;
		}
	}
}

#define WORD uint64_t
#define RUN lwe64_run
#define AT lwe64_at
#define NAME packing64_var
#define OWN(name) name##64
#define ROWS part_rows64
#define ROTATE poly64_rotate_var
#define INPUTS KEYSWITCH_INPUTS
#define BLOCK keyswitch_block_var
#include "lattice/packing.inc"

#define WORD u128
#define RUN lwe128_run
#define AT lwe128_at
#define NAME packing128_by_slots_var
#define OWN(name) name##128
#define ROWS(out, shape, part, first, count) part_rows128(out, shape, part, 0, first, count)
#define ROTATE poly128_rotate_var
#define INPUTS WIDE_INPUTS
#define BLOCK wide_block
#include "lattice/packing.inc"

/* ---- by products ------------------------------------------------------------------------------------------------- */

/* Rows of a key, k at a time, as the factor of ring/ntt.h with its d columns; the slots' digits are what it multiplies. */
typedef struct product {
	ntt_shape shape;
	void *factor, *scratch;
	u128 *row;                                /* one row, with its mask  */
	u128 *words;                              /* k rows as `load` wants them           */
	u128 *digits;                             /* k polynomials                         */
	u128 *out, *sum;                          /* of one group of rows; of all          */
} product;

static ntt_shape shape_for(part_shape s, size_t rows)
{
	return ntt_shape_for((unsigned)rows, s.N, s.k + 1, s.decomp.base_log - 1, NTT_ANY);
}

static err product_new(product *m, arena *a, part_shape s)
{
	const ntt_kernel *kernel = ntt_chosen();
	uint8_t *factor, *scratch;

	m->shape = shape_for(s, NTT_MAX_K);
	TRY(arena_new(a, &factor, kernel->factor_bytes(m->shape)));
	TRY(arena_new(a, &scratch, kernel->scratch_bytes(m->shape) + 1));
	m->factor = factor, m->scratch = scratch;
	TRY(arena_new(a, &m->row, s.mask + s.body));
	TRY(arena_new(a, &m->words, NTT_MAX_K * (s.mask + s.body)));
	TRY(arena_new(a, &m->digits, NTT_MAX_K * (size_t)s.N));
	TRY(arena_new(a, &m->out, s.mask + s.body));
	return arena_new(a, &m->sum, s.mask + s.body);
}

/* Row j of a group: coefficient i of column c from row[c N + i]. */
static void place_row(product *m, part_shape s, unsigned j)
{
	u128 *to = m->words + (size_t)j * s.N * (s.k + 1);

	for (unsigned i = 0; i < s.N; i++)
		for (unsigned c = 0; c <= s.k; c++) *to++ = m->row[(size_t)c * s.N + i];
}

/* The digit of level `lev` of mask word `input` of all slots, as a polynomial. */
static void place_digits(product *m, part_shape s, lwe128_run in, unsigned j, size_t input, unsigned lev)
{
	u128 *to = m->digits + (size_t)j * s.N;
	int64_t d[MAX_LEVELS];

	memset(to, 0, s.N * sizeof *to);
	for (size_t i = 0; i < in.count; i++) {
		digits128(d, lwe128_at(in, i)[input], s.decomp);
		to[i] = mod128(d[lev]);
	}
}

static void product_subtract(product *m, part_shape s, unsigned rows)
{
	const ntt_kernel *kernel = ntt_chosen();
	const ntt_shape shape = shape_for(s, rows);

	kernel->load(shape, m->factor, m->scratch, m->words);
	kernel->product(shape, m->out, m->scratch, m->factor, m->digits, 0, s.N);
	for (unsigned c = 0; c <= s.k; c++)
		for (unsigned i = 0; i < s.N; i++) m->sum[(size_t)c * s.N + i] -= m->out[(size_t)i * (s.k + 1) + c];
}

static err multiply_range(void *ctx, size_t range)
{
	packing128 *w = ctx;
	const part_shape s = w->key.shape;
	const size_t first = range * s.rows / RANGES, end = (range + 1) * s.rows / RANGES;
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	product m;

	TRY(product_new(&m, &a, s));
	for (size_t r = first; r < end; r += NTT_MAX_K) {
		const unsigned rows = (unsigned)size_min(NTT_MAX_K, end - r);
		for (unsigned j = 0; j < rows; j++) {
			part_rows128(m.row, s, w->key.part, 0, r + j, 1);
			place_row(&m, s, j);
			place_digits(&m, s, w->in, j, (r + j) / s.decomp.level, (unsigned)((r + j) % s.decomp.level));
		}
		product_subtract(&m, s, rows);
	}
	pthread_mutex_lock(&w->lock);
	for (size_t c = 0; c < s.mask + s.body; c++) w->out[c] += m.sum[c];
	pthread_mutex_unlock(&w->lock);
	return OK;
}

err packing128_by_products_var(u128 *out, packing_key key, lwe128_run in, pool *p)
{
	return pack128(out, key, in, p, multiply_range);
}

/* ---- which ------------------------------------------------------------------------------------------------------- */

/* From so many slots on products are cheaper, where they are fast at all. */
enum { MANY_SLOTS = 12 };

err packing128_var(u128 *out, packing_key key, lwe128_run in, pool *p)
{
	const bool fast = ntt_chosen() != &NTT_PORTABLE && ntt_shape_ok(shape_for(key.shape, 1));
	return fast && in.count >= MANY_SLOTS ? packing128_by_products_var(out, key, in, p)
	                                      : packing128_by_slots_var(out, key, in, p);
}
