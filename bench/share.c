/* SPDX-License-Identifier: MIT */
/*
 * bench/share.c -- the three costs of a threshold decryption at one party, apart: its part of the phase, the mask that hides
 * it, and the opening with its check.  d = 4, production dimensions.
 */
#include "bench/bench.h"
#include <stdlib.h>
#include "bench/parties.h"
#include "share/open.h"
#include "share/shamir.h"

enum { DEGREE = 4, LISTS = 4, LIST_K = 6, LIST_N = 1024, LWES = 8 };

static u128 *random_words(size_t n)
{
	u128 *w = malloc(n * sizeof *w);

	ASSERT(w);
	rng_fill(rng_os(), w, n * sizeof *w);
	return w;
}

/* ---- one LWE at a time --------------------------------------------------------------------------------------------- */

typedef struct dot { lwe_key_share *key; u128 *lwe, out[LWES * DEGREE]; } dot;

static err dot_all(void *ctx)
{
	dot *x = ctx;

	partial_lwe(x->key, x->out, x->lwe, LWES);
	bench_keep(x->out);
	return OK;
}

/* b - <a', s>, as it is written. */
static err check_dot(const dot *x, const u128 *key, size_t dim)
{
	u128 sum[DEGREE] = { x->lwe[dim] };

	partial_lwe(x->key, (u128 *)x->out, x->lwe, LWES);
	for (size_t i = 0; i < dim; i++)
		for (unsigned c = 0; c < DEGREE; c++) sum[c] -= partial_rounded(x->lwe[i]) * key[i * DEGREE + c];
	return memcmp(sum, x->out, sizeof sum) == 0 ? OK : err_fail(ERR_INTERNAL, "the part of the phase is wrong");
}

static err dot_row(bench *b)
{
	const size_t dim = b->row->arg[0];
	u128 *key = random_words(dim * DEGREE);
	dot x = { .lwe = random_words(LWES * (dim + 1)) };

	err e = lwe_key_share_new(&x.key, DEGREE, dim, key);
	if (e == OK) e = check_dot(&x, key, dim);
	bench_variant(b, "%s", bench_cpu());
	if (e == OK) e = bench_measure(b, BENCH_THREAD, LWES, dot_all, &x);
	lwe_key_share_free(&x.key);
	free(x.lwe);
	free(key);
	return e;
}

/* ---- a list at once ------------------------------------------------------------------------------------------------ */

enum { MASK_WORDS = LIST_K * LIST_N, MOST_BLOCKS = 128, LIST_WORDS = MASK_WORDS + MOST_BLOCKS };

typedef struct packed { glwe_key_share *key; size_t blocks; unsigned turn; u128 *list, out[MOST_BLOCKS * DEGREE]; } packed;

static err packed_one(void *ctx)
{
	packed *x = ctx;
	const u128 *list = x->list + x->turn++ % LISTS * LIST_WORDS;

	partial_packed(x->key, x->out, list, list + MASK_WORDS, 0, x->blocks);
	bench_keep(x->out);
	return OK;
}

/* Block i of B - sum A'_p S_p modulo X^N + 1, as it is written. */
static void packed_block(u128 out[static DEGREE], const u128 *list, const u128 *key, size_t i)
{
	memset(out, 0, DEGREE * sizeof *out);
	out[0] = list[MASK_WORDS + i];
	for (size_t p = 0; p < LIST_K; p++)
		for (size_t k = 0; k < LIST_N; k++) {
			const size_t at = (i + LIST_N - k) % LIST_N;
			const u128 rounded = partial_rounded(list[p * LIST_N + at]), a = k <= i ? rounded : -rounded;
			for (unsigned c = 0; c < DEGREE; c++) out[c] -= a * key[(p * LIST_N + k) * DEGREE + c];
		}
}

static err check_packed(packed *x, const u128 *key)
{
	u128 block[DEGREE];

	x->turn = 0;
	TRY(packed_one(x));
	for (size_t i = 0; i < x->blocks; i += 7) {
		packed_block(block, x->list, key, i);
		if (memcmp(block, x->out + i * DEGREE, sizeof block) != 0)
			return err_fail(ERR_INTERNAL, "block %zu of the list is wrong", i);
	}
	return OK;
}

static err ddec_packed(bench *b)
{
	u128 *key = random_words(MASK_WORDS * DEGREE);
	packed *x = calloc(1, sizeof *x);

	ASSERT(x);
	x->list = random_words(LISTS * LIST_WORDS);
	x->blocks = b->row->arg[0];
	err e = glwe_key_share_new(&x->key, DEGREE, LIST_K, LIST_N, key);
	if (e == OK) e = check_packed(x, key);
	bench_variant(b, "%s", bench_cpu());
	if (e == OK) e = bench_measure(b, BENCH_THREAD, x->blocks, packed_one, x);
	glwe_key_share_free(&x->key);
	free(x->list);
	free(x);
	free(key);
	return e;
}

/* ---- masks --------------------------------------------------------------------------------------------------------- */

enum { MASKS = 256 };

typedef struct masks { prss *p; hash32 h; u128 out[MASKS * DEGREE]; } masks;

static err mask_all(void *ctx)
{
	masks *x = ctx;

	x->h.b[0]++;
	if (x->h.b[0] == 0) x->h.b[1]++;                  /* no two calls for one ciphertext */
	prss_mask_add(x->p, x->out, &x->h, 0, MASKS);
	bench_keep(x->out);
	return OK;
}

/* The parties' masks of one block are shares of a number of at most 2 C 2^110. */
static err check_masks(prss *const p[static MAX_PARTIES + 1], unsigned n, unsigned t)
{
	const ring *R = ring_of(128, DEGREE);
	const hash32 h = { { 77 } };
	gr y[MAX_PARTIES + 1];

	for (unsigned i = 1; i <= n; i++) {
		y[i] = GR_ZERO;
		prss_mask_add(p[i], y[i].c, &h, 5, 1);
	}
	const gr E = interpolate_unchecked(R, y, parties_all(n));
	const u128 bound = (u128)2 * binomial(n, t) << PRSS_MASK_LOG;
	if (gr_is_scalar_var(R, E) && (E.c[0] <= bound || -E.c[0] <= bound)) return OK;
	return err_fail(ERR_INTERNAL, "the parties' masks are no shares of a small number");
}

static err prss_mask(bench *b)
{
	const unsigned n = b->row->arg[0], t = b->row->arg[1];
	const id32 epoch = ID_DEFAULT_EPOCH;
	prss *p[MAX_PARTIES + 1] = { 0 };
	masks *x = calloc(1, sizeof *x);

	ASSERT(x);
	rng_fill(rng_os(), x->h.b, sizeof x->h.b);
	err e = bench_prss(p, n, t, DEGREE, &epoch);
	if (e == OK) e = check_masks(p, n, t);
	x->p = p[1];
	bench_variant(b, "%s", bench_cpu());
	if (e == OK) e = bench_measure(b, BENCH_THREAD, MASKS, mask_all, x);
	for (unsigned i = 1; i <= n; i++) prss_free(&p[i]);
	free(x);
	return e;
}

/* ---- opening ------------------------------------------------------------------------------------------------------- */

enum { OPENED = 256 };

typedef struct opening {
	opener  *o;
	unsigned n, t;
	uint8_t *y[MAX_PARTIES + 1];
	u128     secret[OPENED * DEGREE], out[OPENED * DEGREE];
} opening;

static err open_all(void *ctx)
{
	opening *x = ctx;
	party_set wrong;

	if (open_var(x->o, x->out, &wrong, (const uint8_t *const *)x->y, parties_all(x->n), x->t, OPENED) && wrong == 0) return OK;
	return err_fail(ERR_INTERNAL, "honest shares were not accepted");
}

static void deal_all(opening *x)
{
	const ring *R = ring_of(128, DEGREE);
	share s[MAX_PARTIES + 1];

	for (unsigned k = 0; k < OPENED; k++) {
		const gr secret = gr_random(R, rng_os());
		memcpy(x->secret + k * DEGREE, secret.c, DEGREE * sizeof *x->secret);
		shamir_deal(s, R, x->n, x->t, secret, rng_os());
		for (unsigned i = 1; i <= x->n; i++) gr_write(R, x->y[i] + k * R->bytes, s[i].v);
	}
}

static err open_row(bench *b)
{
	opening *x = calloc(1, sizeof *x);

	ASSERT(x);
	x->n = b->row->arg[0];
	x->t = b->row->arg[1];
	for (unsigned i = 1; i <= x->n; i++) x->y[i] = malloc(OPENED * DEGREE * sizeof(u128));
	deal_all(x);
	bench_variant(b, "%s", bench_cpu());
	err e = opener_new(&x->o, x->n, x->t, DEGREE);
	if (e == OK) e = bench_measure(b, BENCH_THREAD, OPENED, open_all, x);
	if (e == OK && memcmp(x->out, x->secret, sizeof x->out) != 0) e = err_fail(ERR_INTERNAL, "other secrets were opened");
	opener_free(&x->o);
	for (unsigned i = 1; i <= x->n; i++) free(x->y[i]);
	free(x);
	return e;
}

static const bench_row ROWS[] = {
	{ "gr-dot/4096", "us", "a party's part of decrypting one LWE ciphertext of dimension 4096", dot_row, { 4096 } },
	{ "gr-dot/6144", "us", "the same of dimension 6144", dot_row, { 6144 } },
	{ "ddec-packed/128", "us", "the same for each of 128 blocks in one list", ddec_packed, { 128 } },
	{ "ddec-packed/32", "us", "the same for each of 32", ddec_packed, { 32 } },
	{ "ddec-packed/16", "us", "the same for each of 16: a euint64", ddec_packed, { 16 } },
	{ "prss-mask/13-4", "ns", "the mask of a block at one of 13 parties, 4 corrupt", prss_mask, { 13, 4 } },
	{ "prss-mask/4-1", "ns", "the mask of a block at one of 4 parties, 1 corrupt", prss_mask, { 4, 1 } },
	{ "open/13-4", "ns", "an element opened from 13 shares, every one checked", open_row, { 13, 4 } },
	{ "open/4-1", "ns", "an element opened from 4 shares, every one checked", open_row, { 4, 1 } },
};
const bench_group BENCH_SHARE = { ROWS, COUNT(ROWS), NULL, NULL };
