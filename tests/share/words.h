/* SPDX-License-Identifier: MIT */
/* tests/share/words.h -- clusters, words and lies for the tests of decoders. */
#ifndef ARCA_TESTS_SHARE_WORDS_H
#define ARCA_TESTS_SHARE_WORDS_H

#include "tests/test.h"
#include "share/share.h"

typedef struct cluster { unsigned n, t; } cluster;

static const cluster CLUSTERS[] = { { 4, 1 }, { 5, 1 }, { 7, 2 }, { 10, 3 }, { 13, 4 }, { 16, 4 } };

/* Every cluster, at degree t and 2t, over both word lengths. */
#define FOR_EACH_CODE(x, k, D) \
	for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++) \
		for (unsigned k = 64; k <= 128; k += 64) \
			for (unsigned D = x->t; D <= 2 * x->t; D += x->t)

enum { MOST_PARTIES = 16 };

typedef struct word {
	const ring *R;
	unsigned    n, D;
	gr          f[MOST_PARTIES], y[MOST_PARTIES + 1];
} word;

static inline word random_word(const ring *R, unsigned n, unsigned D)
{
	word w = { .R = R, .n = n, .D = D };

	for (unsigned a = 0; a <= D; a++) w.f[a] = gr_random(R, test_rng());
	for (unsigned i = 1; i <= n; i++) w.y[i] = gr_eval(R, w.f, D, gr_point(i));
	return w;
}

static inline party_set random_subset(party_set of, unsigned size)
{
	party_set chosen = 0;

	assert_true(size <= size_of_set(of));
	while (size_of_set(chosen) < size) {
		const party i = (party)test_below(64);

		if (has(of, i)) add_to(&chosen, i);
	}
	return chosen;
}

/* A unit times 2^plane: nothing below that binary digit is wrong. */
static inline gr error_at_plane(const ring *R, unsigned plane)
{
	gr e = gr_random(R, test_rng());

	e.c[test_below(R->d)] |= 1;
	return gr_scale(R, (u128)1 << plane, e);
}

/* y_i += delta(a_i) for the liars: delta is a random polynomial of degree <= D that vanishes at `at_zero`, and whose value
 * at 0 is not 0. */
static inline void lie_by_a_codeword(word *w, party_set liars, party_set at_zero)
{
	const unsigned free_degree = w->D - size_of_set(at_zero);
	gr delta[MOST_PARTIES];

	assert_true(size_of_set(at_zero) <= w->D);
	for (unsigned a = 0; a <= free_degree; a++) delta[a] = gr_random(w->R, test_rng());
	delta[0].c[0] |= 1;
	FOR_EACH_IN(i, liars) {
		gr error = gr_eval(w->R, delta, free_degree, gr_point(i));

		FOR_EACH_IN(j, at_zero) error = gr_mul(w->R, error, gr_sub(w->R, gr_point(i), gr_point(j)));
		w->y[i] = gr_add(w->R, w->y[i], error);
	}
}

#endif
