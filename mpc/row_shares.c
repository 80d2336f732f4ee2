/* SPDX-License-Identifier: MIT */
/*
 * mpc/row_shares.c -- masks times shares by ring/ntt.h, then packing.
 *
 * All of it is computed in words of 128 bits.  A part of 64 bits takes the lower halves at the end: coefficient by coefficient
 * that is a homomorphism of the rings, and what is opened of such a part must not be wider than what is published.
 *
 * Notation     s, P, V as in the header;   unit: rows that begin a word together, one of more coefficients or d of a single one
 *              words: of a unit.   Coefficient u of word c of a unit is coefficient c d + u of its rows, one after another.
 */
#include "mpc/row_shares.h"
#include "lattice/key_product.h"
#include "lattice/scratch.h"
#include "ring/ntt.h"
#include <stdlib.h>

#define WORD u128
#define W(name) word_##name
#include "share/words.inc"

struct row_shares {
	part_shape        shape;
	const ring       *R;
	const mask_seed  *masks;
	const u128       *from, *to;                    /* the two keys */
	size_t            unit, words;
	const ntt_kernel *kernel;                       /* NULL for rows of a single coefficient */
	ntt_shape         ntt;
	void             *factor;                       /* the key `to` as the kernel wants it   */
	u128             *P;                            /* of a bootstrap key: k times `words` elements */
	arena             memory;
};

struct row_shares_work {
	u128 *mask;                                     /* of a row                                     */
	u128 *sum;                                      /* an element for each coefficient of a unit    */
	void *scratch;
	arena memory;
};

/* ---- words of either size ----------------------------------------------------------------------------------------- */

static void words_add(u128 *x, const void *words, size_t n, unsigned bits)
{
	if (bits == 64)
		for (size_t i = 0; i < n; i++) x[i] += ((const uint64_t *)words)[i];
	else
		for (size_t i = 0; i < n; i++) x[i] += ((const u128 *)words)[i];
}

static void words_put(void *words, const u128 *x, size_t n, unsigned bits)
{
	if (bits == 64)
		for (size_t i = 0; i < n; i++) ((uint64_t *)words)[i] = (uint64_t)x[i];
	else
		memcpy(words, x, n * sizeof *x);
}

/* The signed number nearest to 0 that a word of the part stands for. */
static u128 as_signed(u128 w, unsigned bits) { return bits == 64 ? (u128)(i128)(int64_t)w : w; }

static gr as_element(const ring *R, const u128 *x)
{
	gr a = GR_ZERO;
	memcpy(a.c, x, R->d * sizeof *x);
	return R->k == 64 ? gr_narrow(a) : a;
}

static inline __attribute__((always_inline)) void pack_by(u128 *x, size_t words, unsigned d)
{
	u128 wide[WIDE];

	for (size_t c = 0; c < words; c++) {
		const u128 *a = x + c * d * d;
		memset(wide, 0, sizeof wide);
		for (unsigned u = 0; u < d; u++)
			for (unsigned i = 0; i < d; i++) wide[u + i] += a[u * d + i];
		word_reduce(wide, 2 * d - 1, d);
		memcpy(x + c * d, wide, d * sizeof *x);
	}
	wipe(wide, sizeof wide);
}

/* Element c becomes the sum of X^u times element c d + u. */
static void pack(u128 *x, size_t words, unsigned d)
{
	if (d == 4) pack_by(x, words, 4);
	else pack_by(x, words, d);
}

/* ---- what a row is ------------------------------------------------------------------------------------------------ */

/* Its polynomial of the output key; k for the last row of a level, and where rows have none. */
static unsigned polynomial_of(const part_shape *s, size_t row)
{
	return s->kind == KIND_BSK ? (unsigned)(row % (s->k + 1)) : s->k;
}

static bool has_product(const part_shape *s, size_t row) { return polynomial_of(s, row) < s->k; }

/* The message of a row is 2^shift s, s a bit of the input key; with a product, times -S_r (row_message of lattice/keygen.h). */
typedef struct message { const u128 *s; unsigned shift; } message;

static message message_of(const row_shares *x, size_t row)
{
	const part_shape *s = &x->shape;
	const size_t cell = row / (s->kind == KIND_BSK ? s->k + 1 : 1);
	const unsigned level = s->decomp.level - (unsigned)(cell % s->decomp.level);

	return (message){ x->from + cell / s->decomp.level * x->R->d, s->bits - s->decomp.base_log * level };
}

/* ---- keys --------------------------------------------------------------------------------------------------------- */

static err load_key(row_shares *x)
{
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	const part_shape *s = &x->shape;
	const unsigned d = x->R->d, log = s->bits == 64 ? 63 : NTT_ANY;
	u128 *words;
	void *scratch;

	x->kernel = ntt_chosen();
	x->ntt = ntt_shape_for(s->k, s->N, d, log, log);
	TRY(arena_new(&a, &words, s->mask * d));
	TRY(arena_new_bytes(&a, &scratch, x->kernel->scratch_bytes(x->ntt), 1));
	TRY(arena_new_bytes(&x->memory, &x->factor, x->kernel->factor_bytes(x->ntt), 1));
	for (size_t i = 0; i < s->mask; i++) {
		/* Public keys multiply with the reversed key (lattice/key_product.c). */
		const u128 *from = x->to + (s->kind == KIND_COMPACT ? s->mask - 1 - i : i) * d;
		for (unsigned c = 0; c < d; c++) words[i * d + c] = as_signed(from[c], s->bits);
	}
	x->kernel->load(x->ntt, x->factor, scratch, words);
	return OK;
}

static err pack_key(row_shares *x)
{
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	const unsigned d = x->R->d;
	const size_t N = x->shape.N, words = x->words;
	u128 *S;

	TRY(arena_new(&a, &S, words * d * d));
	TRY(arena_new(&x->memory, &x->P, x->shape.k * words * d));
	for (unsigned r = 0; r < x->shape.k; r++) {
		memcpy(S, x->to + r * N * d, N * d * sizeof *S);     /* behind it all stays zero */
		pack(S, words, d);
		memcpy(x->P + r * words * d, S, words * d * sizeof *S);
	}
	return OK;
}

err row_shares_new(row_shares **out, const lat_params *p, key_part part, unsigned d, u128 *const word[static SECRETS],
                   const mask_seed *masks)
{
	const part_shape s = part_shape_of(p, part);
	AUTO(row_shares) *x = calloc(1, sizeof *x);

	ASSERT(s.rows && word[s.from] && word[s.to]);
	if (!x) return err_fail(ERR_NOMEM, "no memory for shares of the %s", s.name);
	*x = (row_shares){ .shape = s, .R = ring_of(s.bits, d), .masks = masks, .from = word[s.from], .to = word[s.to],
	                   .unit = s.body == 1 ? d : 1, .words = (s.body + d - 1) / d, .memory = arena_with_limit(SCRATCH_MAX) };
	if (s.N > 1) TRY(load_key(x));
	if (s.kind == KIND_BSK) TRY(pack_key(x));
	*out = x;
	x = NULL;
	return OK;
}

void row_shares_free(row_shares **x)
{
	if (*x) arena_free(&(*x)->memory);
	free(*x);
	*x = NULL;
}

err row_shares_work_new(row_shares_work **out, const row_shares *x)
{
	const unsigned d = x->R->d;
	AUTO(row_shares_work) *w = calloc(1, sizeof *w);

	if (!w) return err_fail(ERR_NOMEM, "no memory for shares of the %s", x->shape.name);
	w->memory = arena_with_limit(SCRATCH_MAX);
	TRY(arena_new(&w->memory, &w->mask, x->shape.mask));
	TRY(arena_new(&w->memory, &w->sum, x->words * d * d));
	if (x->kernel) TRY(arena_new_bytes(&w->memory, &w->scratch, x->kernel->scratch_bytes(x->ntt), 1));
	*out = w;
	w = NULL;
	return OK;
}

void row_shares_work_free(row_shares_work **w)
{
	if (*w) arena_free(&(*w)->memory);
	free(*w);
	*w = NULL;
}

/* ---- slabs -------------------------------------------------------------------------------------------------------- */

static void check(const row_shares *x, row_slab slab)
{
	ASSERT(slab.first <= x->shape.rows && slab.count <= x->shape.rows - slab.first);
}

size_t row_slab_words(const row_shares *x, row_slab slab)
{
	check(x, slab);
	return (slab.count + x->unit - 1) / x->unit * x->words;
}

/* The first row of the unit of word i. */
static size_t row_of(const row_shares *x, row_slab slab, size_t i)
{
	const size_t row = i / x->words * x->unit;
	ASSERT(row < slab.count);
	return slab.first + row;
}

bool row_slab_product(const row_shares *x, row_slab slab, size_t i)
{
	check(x, slab);
	return has_product(&x->shape, row_of(x, slab, i));
}

void row_slab_unpack_var(const row_shares *x, uint8_t *bodies, const void *V, row_slab slab)
{
	const size_t d = x->R->d, body = x->shape.body, bytes = x->shape.bits / 8;
	const uint8_t *unit = V;

	check(x, slab);
	for (size_t row = 0; row < slab.count; row += x->unit, unit += x->words * d * bytes) {
		const size_t n = size_min(x->unit, slab.count - row) * body;
		for (size_t i = 0; i < n; i++, bodies += bytes) {
			if (bytes == 8) store64(bodies, ((const uint64_t *)unit)[i]);
			else store128(bodies, ((const u128 *)unit)[i]);
		}
	}
}

/* ---- the linear part ---------------------------------------------------------------------------------------------- */

/* sum[0 .. d body): a row without its noise and its product. */
static void add_up(const row_shares *x, row_shares_work *w, u128 *sum, size_t row, mask_stream *masks)
{
	const part_shape *s = &x->shape;
	const unsigned d = x->R->d;

	key_product_masks(w->mask, s->mask, s->bits, masks);
	if (x->kernel) {
		x->kernel->product(x->ntt, sum, w->scratch, x->factor, w->mask, 0, s->N);
	} else {
		memset(sum, 0, d * sizeof *sum);
		for (size_t i = 0; i < s->mask; i++)
			for (unsigned c = 0; c < d; c++) sum[c] += w->mask[i] * x->to[i * d + c];
	}
	if (s->kind == KIND_COMPACT || s->kind == KIND_ZEROS || has_product(s, row)) return;
	const message m = message_of(x, row);
	for (unsigned c = 0; c < d; c++) sum[c] += m.s[c] << m.shift;
}

void row_shares_linear(const row_shares *x, row_shares_work *w, void *V, const void *noise, row_slab slab)
{
	const part_shape *s = &x->shape;
	const size_t d = x->R->d, row_words = s->body * d, end = slab.first + slab.count;
	const uint8_t *e = noise;
	uint8_t *v = V;

	check(x, slab);
	AUTO(mask_stream) masks = mask_open(x->masks);
	mask_skip(&masks, (uint64_t)slab.first * s->mask * (s->bits / 8));
	for (size_t row = slab.first, now; row < end; row += now) {
		now = size_min(x->unit, end - row);
		for (size_t i = 0; i < now; i++) add_up(x, w, w->sum + i * row_words, row + i, &masks);
		words_add(w->sum, e, now * row_words, s->bits);
		memset(w->sum + now * row_words, 0, (x->words * d * d - now * row_words) * sizeof *w->sum);
		pack(w->sum, x->words, (unsigned)d);
		words_put(v, w->sum, x->words * d, s->bits);
		e += now * s->body * x->R->bytes;
		v += x->words * x->R->bytes;
	}
}

/* ---- products ----------------------------------------------------------------------------------------------------- */

/* All P of the row. */
static const u128 *P_of(const row_shares *x, size_t row)
{
	return x->P + polynomial_of(&x->shape, row) * x->words * x->R->d;
}

row_factors row_shares_factors(const row_shares *x, row_slab slab, size_t i)
{
	ASSERT(row_slab_product(x, slab, i));
	const size_t row = row_of(x, slab, i);
	const message m = message_of(x, row);

	return (row_factors){ .s.v = as_element(x->R, m.s), .P.v = as_element(x->R, P_of(x, row) + i % x->words * x->R->d),
	                      .shift = m.shift };
}

static inline __attribute__((always_inline)) void multiply_by(const row_shares *x, uint8_t *V, const u128 *factor, const u128 *P,
                                                              unsigned d)
{
	u128 y[GR_MAX_DEGREE];

	for (size_t c = 0; c < x->words; c++, P += d, V += x->R->bytes) {
		word_product(y, factor, P, d);
		words_add(y, V, d, x->shape.bits);
		words_put(V, y, d, x->shape.bits);
	}
	wipe(y, sizeof y);
}

void row_shares_multiply(const row_shares *x, void *V, row_slab slab)
{
	const unsigned d = x->R->d;
	uint8_t *v = V;
	u128 factor[GR_MAX_DEGREE];

	check(x, slab);
	for (size_t row = slab.first; row < slab.first + slab.count; row += x->unit, v += x->words * x->R->bytes) {
		if (!has_product(&x->shape, row)) continue;
		const message m = message_of(x, row);
		for (unsigned c = 0; c < d; c++) factor[c] = 0 - (m.s[c] << m.shift);
		if (d == 4) multiply_by(x, v, factor, P_of(x, row), 4);
		else multiply_by(x, v, factor, P_of(x, row), d);
	}
	wipe(factor, sizeof factor);
}
