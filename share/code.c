/* SPDX-License-Identifier: MIT */
/*
 * share/code.c -- check, then locate; and the constants that this takes, cached by the set of parties.
 *
 * Let G be the parties whose shares are used, I the D + 1 first of them.  There is one polynomial of degree <= D
 * through the shares of I; its coefficients are a square matrix times these shares, and the first row of it gives the
 * value at 0.  Another matrix gives the shares that the rest, G - I, should have.  The difference from what they sent
 * is the residual: a word that is 0 on I, and 0 everywhere if all shares agree.
 *
 * Otherwise let 2^w be the largest power that divides all residuals.  It divides every error too: errors and residuals
 * differ by a codeword, so modulo 2^w the errors are a codeword; and a codeword that is 0 at D + 1 places is 0.  Hence
 * residuals / 2^w mod 2 are a word over GF(2^d) whose wrong places (share/locate.h) are wrong in R; they leave G.
 */
#include "share/code.h"
#include "share/locate.h"
#include <pthread.h>
#include <stdlib.h>

enum { CACHED = 32 };

/* The constants for one set G: read-only while users > 0. */
typedef struct constants {
	party_set G;                     /* empty: not in use */
	unsigned  users;
	uint64_t  last_use;
	gr       *coefficients;          /* (D + 1)^2: coefficient a of f from the shares of I in row a           */
	gr       *expected;              /* (|G| - D - 1) (D + 1): the share of each of G - I                    */
} constants;

struct code {
	const ring     *R;
	unsigned        n, D;
	pthread_mutex_t lock;            /* over everything below */
	pthread_cond_t  unused;          /* some constants lost their last user */
	uint64_t        clock;
	constants       cache[CACHED];
	gr             *memory;          /* of the constants, and then                 */
	gr             *scratch;         /* D + 1: a polynomial while constants are made */
};

/* I, the D + 1 first of G. */
static party_set basis_of(const code *c, party_set G)
{
	party_set I = 0;

	while (size_of_set(I) <= c->D) add_to(&I, first_of(G & ~I));
	return I;
}

/* Column i of the matrix of coefficients: the polynomial of degree D that is 1 at i and 0 at the rest of I. */
static void make_coefficients(const code *c, constants *k, party_set I)
{
	const ring *R = c->R;
	const unsigned v = c->D + 1;
	unsigned column = 0;

	FOR_EACH_IN(i, I) {
		gr *f = c->scratch, at_i = GR_ONE;
		unsigned degree = 0;

		f[0] = GR_ONE;
		FOR_EACH_IN(j, I) if (j != i) {          /* f <- f (x - a_j) */
			f[++degree] = GR_ZERO;
			for (unsigned a = degree; a; a--) f[a] = gr_sub(R, f[a - 1], gr_times_point(R, j, f[a]));
			f[0] = gr_neg(R, gr_times_point(R, j, f[0]));
			at_i = gr_mul(R, at_i, gr_sub(R, gr_point(i), gr_point(j)));
		}
		at_i = gr_inv(R, at_i);
		for (unsigned a = 0; a < v; a++) k->coefficients[a * v + column] = gr_mul(R, at_i, f[a]);
		column++;
	}
}

static void make_expected(const code *c, constants *k, party_set I)
{
	const ring *R = c->R;
	const unsigned v = c->D + 1;
	gr *row = k->expected;

	FOR_EACH_IN(r, k->G & ~I) {
		for (unsigned column = 0; column < v; column++) {
			gr y = GR_ZERO;

			for (unsigned a = v; a--;) y = gr_add(R, gr_times_point(R, r, y), k->coefficients[a * v + column]);
			row[column] = y;
		}
		row += v;
	}
}

/* Never fails: there is memory for CACHED sets, and a thread holds at most one. */
static const constants *borrow_constants(code *c, party_set G)
{
	constants *k, *oldest;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		oldest = NULL;
		for (k = c->cache; k < c->cache + CACHED && k->G != G; k++)
			if (!k->users && (!oldest || k->last_use < oldest->last_use)) oldest = k;
		if (k < c->cache + CACHED || oldest) break;
		pthread_cond_wait(&c->unused, &c->lock);
	}
	if (k == c->cache + CACHED) {
		const party_set I = basis_of(c, G);

		k = oldest, k->G = G;
		make_coefficients(c, k, I);
		make_expected(c, k, I);
	}
	k->users++, k->last_use = ++c->clock;
	pthread_mutex_unlock(&c->lock);
	return k;
}

static void return_constants(code *c, const constants *borrowed)
{
	constants *k = &c->cache[borrowed - c->cache];

	pthread_mutex_lock(&c->lock);
	if (!--k->users) pthread_cond_signal(&c->unused);
	pthread_mutex_unlock(&c->lock);
}

/* word[]: the shares of I, then the residuals of G - I.  True if there is an error. */
static bool make_residuals(gr *word, const code *c, const constants *k, const gr *y)
{
	const unsigned v = c->D + 1;
	const gr *expected = k->expected;
	unsigned m = 0;
	bool any = false;

	FOR_EACH_IN(i, k->G) {
		word[m] = y[i];
		if (m >= v) {
			word[m] = gr_sub(c->R, y[i], gr_dot(c->R, expected, word, v));
			any |= !gr_eq_var(word[m], GR_ZERO);
			expected += v;
		}
		m++;
	}
	return any;
}

/* Some of the wrong parties of G; none if more than at_most are wrong.  word: as make_residuals left it. */
static party_set locate(const code *c, const constants *k, const gr *word, unsigned at_most)
{
	const unsigned v = c->D + 1, m = size_of_set(k->G);
	gf z[MAX_PARTIES + 1] = { 0 };
	unsigned w = c->R->k, place = 0;

	for (unsigned r = v; r < m; r++) w = (unsigned)size_min(w, gr_valuation_var(c->R, word[r]));
	FOR_EACH_IN(i, k->G) {
		if (place >= v) z[i] = (gf)gr_residue_var(c->R, word[place], w);
		place++;
	}
	return locate_errors_var(gf_of(c->R->d), c->D, z, k->G, at_most);
}

bool code_decode_var(gr *secret, gr *f, party_set *wrong, code *c, const gr *y, party_set present, unsigned liars)
{
	const unsigned answered = size_of_set(present), v = c->D + 1;
	gr word[MAX_PARTIES];
	party_set G = present;
	unsigned left;                   /* errors that the rule still lets us take out */

	ASSERT(!(present & ~parties_all(c->n)));
	if (answered < v + liars) return false;
	left = (unsigned)size_min(liars, answered - (v + liars));
	for (;;) {
		const constants *k = borrow_constants(c, G);
		const bool consistent = !make_residuals(word, c, k, y);
		const party_set located = consistent || !left ? 0 : locate(c, k, word, left);

		if (consistent) {
			for (unsigned a = 0; f && a < v; a++) f[a] = gr_dot(c->R, &k->coefficients[a * v], word, v);
			*secret = gr_dot(c->R, k->coefficients, word, v);
			if (wrong) *wrong = present & ~G;
		}
		return_constants(c, k);
		if (consistent || !located) return consistent;
		G &= ~located, left -= size_of_set(located);
	}
}

err code_new(code **out, const ring *R, unsigned n, unsigned D)
{
	const size_t v = D + 1, rest = n - v, each = v * v + rest * v;
	code *c;

	ASSERT(D < n && n <= MAX_PARTIES && n < R->points);
	c = calloc(1, sizeof *c);
	if (c) c->memory = calloc(CACHED * each + v, sizeof(gr));
	if (!c || !c->memory) {
		free(c);
		return err_fail(ERR_NOMEM, "the constants of a code of %u parties do not fit into memory", n);
	}
	c->R = R, c->n = n, c->D = D;
	c->scratch = &c->memory[CACHED * each];
	for (size_t i = 0; i < CACHED; i++) {
		constants *k = &c->cache[i];

		k->coefficients = &c->memory[i * each];
		k->expected = k->coefficients + v * v;
	}
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->unused, NULL);
	*out = c;
	return OK;
}

void code_free(code **c)
{
	if (!*c) return;
	pthread_cond_destroy(&(*c)->unused);
	pthread_mutex_destroy(&(*c)->lock);
	free((*c)->memory), free(*c);
	*c = NULL;
}
