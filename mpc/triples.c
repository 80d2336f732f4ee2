/* SPDX-License-Identifier: MIT */
/*
 * mpc/triples.c -- triples of random values, their products reduced to degree t by an opening.                t < n/3
 *
 * Notation     D = 2t
 *   <x>, <y>, <v>     random elements of R, from PRSS;  <z> a zero sharing of degree 2t
 *   <c>               <x><y> + <v> + <z>, of degree 2t: opened.  Then <xy> = c - <v>
 *
 * Counters of a batch of m: x has psi + i, y psi + m + i, v psi + 2m + i, z chi + i, i < m.  The next batch goes on behind them,
 * whatever became of these.
 */
#include "mpc/triples.h"
#include "mpc/open_words.h"

typedef struct batch { size_t m; prss_counters at; } batch;

static prss_use value_of(const void *ctx, size_t word, unsigned j)
{
	const batch *b = ctx;

	return j < 3 ? (prss_use){ PRSS_PSI, b->at.psi + j * b->m + word } : (prss_use){ PRSS_CHI, b->at.chi + word };
}

/* c of x, y, v, z: in that order. */
static gr word_of(const ring *R, const gr *value)
{
	return gr_add(R, gr_mul(R, value[0], value[1]), gr_add(R, value[2], value[3]));
}

/* <x>, <y>, and for the time being <v> in the place of <xy>. */
static void draw(triple *out, uint8_t *word, const session *s, const batch *b)
{
	gr value[4];

	for (size_t i = 0; i < b->m; i++) {
		for (unsigned j = 0; j < 3; j++) value[j] = prss_next(s->prss, s->R, s->sid.b, value_of(b, i, j).ctr).v;
		value[3] = przs_next(s->prss, s->R, s->sid.b, value_of(b, i, 3).ctr).v;
		out[i] = (triple){ { value[0] }, { value[1] }, { value[2] } };
		gr_write(s->R, word + i * s->R->bytes, word_of(s->R, value));
	}
	wipe(value, sizeof value);
}

/* out[0 .. *made). */
static err make_batch(session *s, word_opener *words, triple *out, size_t *made, const batch *b)
{
	IN_SCOPE(s);
	const size_t e = s->R->bytes;
	uint8_t *word, *c;
	bool *lost;

	TRY(arena_new(&s->arena, &word, b->m * e));
	TRY(arena_new(&s->arena, &c, b->m * e));
	TRY(arena_new(&s->arena, &lost, b->m));
	draw(out, word, s, b);
	DECLASSIFY(word, b->m * e, "products of random values, hidden by another one and by a zero sharing");
	TRY(words_broadcast(words, c, lost, slice_of(word, b->m * e), NULL, &(word_recipe){ b, 4, value_of, word_of }));
	*made = 0;
	for (size_t i = 0; i < b->m; i++) {
		if (lost[i]) continue;
		const share v = out[i].xy;
		out[*made] = (triple){ out[i].x, out[i].y, { gr_sub(s->R, gr_read(s->R, c + i * e), v.v) } };
		++*made;
	}
	return OK;
}

err triples(session *s, triple *out, size_t m, prss_counters *next)
{
	AUTO(word_opener) words = { .s = s, .D = 2 * s->t, .agreed = true, .wrong = "broadcast a wrong share of a triple" };
	const size_t most = size_min(TRIPLES_BATCH, bcast_limit(s->t) / s->R->bytes);

	ASSERT(s->prss);
	for (size_t made = 0; m; m -= made, out += made) {
		const batch b = { size_min(m, most), *next };
		next->psi += 3 * b.m, next->chi += b.m;              /* lost ones or not */
		TRY(make_batch(s, &words, out, &made, &b));
	}
	return OK;
}
