/* SPDX-License-Identifier: MIT */
/*
 * share/prss_batch_weights.c -- a small m that clears the denominators of all weights, and the tables.
 *
 * m = product of all a_j, j != i, does.  From there, dividing by a point and multiplying by one are tried in turn, as long as
 * the weights stay integers and their sum gets smaller.  A fraction is known by its size: modulo 2^128 it is no small number.
 */
#include "share/prss_batch_state.h"
#include <stdlib.h>

typedef struct search {
	const ring *R;
	unsigned held;
	gr      *w, *next;                   /* of each set: m f_A, and with another m */
	gr       m;
	uint64_t size;                       /* sum of the coefficients of w, without their signs */
} search;

enum { MOST_WEIGHT = (1 << 15) - 1, MOST_SUM = (1 << 16) - 1 };

/* UINT64_MAX: not all are small integers. */
static uint64_t size_of(const ring *R, gr a)
{
	uint64_t size = 0;

	for (unsigned c = 0; c < R->d; c++) {
		const u128 v = (i128)a.c[c] < 0 ? -a.c[c] : a.c[c];
		if (v >> 40) return UINT64_MAX;
		size += (uint64_t)v;
	}
	return size;
}

/* Takes m times `by` if the weights are smaller then. */
static bool try_factor(search *x, gr by)
{
	uint64_t size = 0;

	for (unsigned s = 0; s < x->held; s++) {
		x->next[s] = gr_mul(x->R, x->w[s], by);
		const uint64_t one = size_of(x->R, x->next[s]);
		if (one == UINT64_MAX || (size += one) >= x->size) return false;
	}
	gr *const w = x->w;
	x->w = x->next, x->next = w;
	x->m = gr_mul(x->R, x->m, by);
	x->size = size;
	return true;
}

/* False: no weights are found that are small. */
static bool find_small(search *x, const prss *p)
{
	for (unsigned s = 0; s < p->held; s++) x->w[s] = p->weight[s];
	x->m = GR_ONE, x->size = UINT64_MAX;
	if (try_factor(x, GR_ONE)) return true;
	for (party j = 1; j <= p->n; j++) if (j != p->me) x->m = gr_times_point(x->R, j, x->m);
	for (unsigned s = 0; s < p->held; s++) x->w[s] = gr_mul(x->R, p->weight[s], x->m);
	if (!try_factor(x, GR_ONE)) return false;
	for (bool smaller = true; smaller;) {
		smaller = false;
		for (unsigned j = 2; j < x->R->points; j++) {
			const gr point = gr_point(j);
			smaller |= try_factor(x, gr_inv(x->R, point)) || try_factor(x, point);
		}
	}
	return true;
}

/* False: some are too large.  sum: of their sizes in the coefficient where that is largest. */
static bool set_weights(prss_batch *b, uint64_t *most, const search *x)
{
	const unsigned d = x->R->d;
	uint64_t sum[GR_MAX_DEGREE] = { 0 };

	*most = 0;
	for (unsigned s = 0; s < x->held; s++) {
		gr w = x->w[s];
		for (unsigned l = 0; l < d; l++, w = gr_times_x(x->R, w))
			for (unsigned c = 0; c < d; c++) {
				const i128 v = (i128)w.c[c];
				if (v > MOST_WEIGHT || v < -MOST_WEIGHT) return false;
				b->weight[(s * d + l) * d + c] = (int16_t)v;
				sum[c] += (uint64_t)(v < 0 ? -v : v);
				if (l == 0) b->start[0][c] += (u128)v;
				b->start[1][c] += (u128)v;
			}
	}
	for (unsigned c = 0; c < d; c++) *most = size_max(*most, sum[c]);
	return true;
}

static int32_t pair_of(const prss_batch *b, size_t key1, unsigned l1, size_t key2, unsigned l2, unsigned c)
{
	enum { d = BATCH_VECTOR_DEGREE };
	const uint16_t w1 = key1 < b->p->held ? (uint16_t)b->weight[(key1 * d + l1) * d + c] : 0;
	const uint16_t w2 = key2 < b->p->held ? (uint16_t)b->weight[(key2 * d + l2) * d + c] : 0;
	return (int32_t)(w1 | (uint32_t)w2 << 16);
}

static void set_vector_tables(prss_batch *b)
{
	for (size_t quad = 0; quad < b->p->quads; quad++)
		for (unsigned l = 0; l < 2; l++) for (unsigned c = 0; c < 4; c++) for (size_t i = 0; i < 16; i++) {
			const size_t key = AES_QUAD * quad + i / 4;
			b->chi[((quad * 2 + l) * 4 + c) * 16 + i] = pair_of(b, key, l, key, l + 2, c);
		}
	for (size_t quad = 0; quad < b->p->quads; quad += 2)
		for (unsigned c = 0; c < 4; c++) for (size_t i = 0; i < 16; i++) {
			const size_t key = AES_QUAD * quad + i / 4;
			b->zeta[(quad / 2 * 4 + c) * 16 + i] = pair_of(b, key, 0, key + AES_QUAD, 0, c);
		}
}

static err make_tables(prss_batch *b, const search *x)
{
	const size_t quads = b->p->quads, bytes = 4 * 64;
	uint64_t most;

	b->weight = calloc((size_t)x->held * x->R->d * x->R->d, sizeof *b->weight);
	if (!b->weight) return err_fail(ERR_NOMEM, "the weights of %u sets of parties do not fit into memory", x->held);
	b->fit = set_weights(b, &most, x);
	b->vector = b->fit && x->R->d == BATCH_VECTOR_DEGREE && most <= MOST_SUM;
	if (!b->vector) return OK;
	b->chi = aligned_alloc(64, quads * 2 * bytes);
	b->zeta = aligned_alloc(64, (quads + 1) / 2 * bytes);
	if (!b->chi || !b->zeta) return err_fail(ERR_NOMEM, "the weights of %u sets of parties do not fit into memory", x->held);
	set_vector_tables(b);
	return OK;
}

err prss_batch_new(prss_batch **out, const prss *p)
{
	AUTO(prss_batch) *b = calloc(1, sizeof *b);
	gr *w = calloc(2 * (size_t)p->held, sizeof *w);
	search x = { .R = ring_of(128, p->d), .held = p->held, .w = w, .next = w ? w + p->held : NULL };
	err e = OK;

	if (!b || !w) {
		free(w);
		return err_fail(ERR_NOMEM, "the weights of %u sets of parties do not fit into memory", p->held);
	}
	b->p = p;
	if (find_small(&x, p)) e = make_tables(b, &x);
	b->scaled = !gr_eq_var(x.m, GR_ONE);
	b->unscale = gr_inv(x.R, x.m);
	free(w);
	if (e != OK) return e;
	*out = b, b = NULL;
	return OK;
}

void prss_batch_free(prss_batch **b)
{
	if (!*b) return;
	free((*b)->weight), free((*b)->chi), free((*b)->zeta);
	free(*b);
	*b = NULL;
}

const prss *prss_batch_of(const prss_batch *b) { return b->p; }
