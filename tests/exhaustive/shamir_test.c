/* SPDX-License-Identifier: MIT */
/*
 * tests/exhaustive/shamir_test.c -- sharing and decoding, shown by every polynomial, set of parties and error.
 *
 * With at most t liars the answer is determined: the word is accepted if and only if D + 1 + t shares are right, and
 * then it is the polynomial that was shared.
 */
#include "tests/exhaustive/tiny.h"
#include "share/code.h"
#include "share/oracle.h"
#include "share/shamir.h"

enum { MOST = 7 };                   /* parties: GF(8) has no more points */

/* Says one element after the other. */
typedef struct enumeration { const ring *R; unsigned number; } enumeration;

static void say(void *ctx, uint8_t *out, size_t n)
{
	const enumeration *e = ctx;

	assert_int_equal(n, e->R->bytes);
	gr_write(e->R, out, element(e->R, e->number));
}

static void T_ZSHARE_every_share_is_equally_likely_whatever_the_secret(void **state)
{
	const ring *const rings[] = { GF8, GR4_3 };

	(void)state;
	for (size_t r = 0; r < COUNT(rings); r++) for (unsigned secret = 0; secret < elements(rings[r]); secret++) {
		const ring *R = rings[r];
		unsigned seen[8][64] = { { 0 } };

		for (unsigned c = 0; c < elements(R); c++) {
			const rng chosen = { &(enumeration){ R, c }, say };
			share out[5];

			shamir_deal(out, R, 4, 1, element(R, secret), &chosen);
			for (unsigned i = 1; i <= 4; i++) seen[i][number_of(R, out[i].v)]++;
		}
		for (unsigned i = 1; i <= 4; i++)
			for (unsigned v = 0; v < elements(R); v++) assert_int_equal(seen[i][v], 1);
	}
}

typedef struct trial {
	const ring *R;
	unsigned    t, D;
	code       *c;
	party_set   present;
	const gr   *f;
	gr          y[MOST + 1];
} trial;

static void decode_and_judge(const trial *x, party_set liars)
{
	gr secret, f[MOST];
	party_set wrong;
	const bool accepted = code_decode_var(&secret, f, &wrong, x->c, x->y, x->present, x->t);

	if (accepted != (size_of_set(x->present & ~liars) >= x->D + 1 + x->t)) fail();
	if (!accepted) return;
	if (wrong != liars || !gr_eq_var(secret, x->f[0])) fail();
	for (unsigned a = 0; a <= x->D; a++)
		if (!gr_eq_var(f[a], x->f[a])) fail();
}

/* Every error of at most `more` of `those`, besides the liars. */
static void lie(trial *x, party_set those, unsigned more, party_set liars)
{
	decode_and_judge(x, liars);
	if (more) FOR_EACH_IN(i, those) {
		const gr right = x->y[i];

		take_from(&those, i);
		for (unsigned e = 1; e < elements(x->R); e++) {
			x->y[i] = gr_add(x->R, right, element(x->R, e));
			lie(x, those, more - 1, liars | (party_set)1 << i);
		}
		x->y[i] = right;
	}
}

static void try_everything(const ring *R, unsigned n, unsigned t, unsigned D, unsigned least_present, unsigned polynomials)
{
	AUTO(code) *c = NULL;
	gr f[MOST];

	assert_ok(code_new(&c, R, n, D));
	for (unsigned p = 0; p < polynomials; p++) {
		trial x = { .R = R, .t = t, .D = D, .c = c, .f = f };
		unsigned rest = p;

		for (unsigned a = 0; a <= D; a++, rest /= elements(R)) f[a] = element(R, rest % elements(R));
		for (party i = 1; i <= n; i++) x.y[i] = gr_eval(R, f, D, gr_point(i));
		for (x.present = 0; x.present <= parties_all(n); x.present += 2)
			if (size_of_set(x.present) >= least_present) lie(&x, x.present, t, 0);
	}
}

static void T_DETECT_over_GF8_every_polynomial_every_subset_every_error(void **state)
{
	(void)state;
	try_everything(GF8, 4, 1, 1, 0, 8 * 8);
	try_everything(GF8, 5, 1, 1, 0, 8 * 8);
	try_everything(GF8, 7, 2, 2, 6, 8 * 8 * 8);
}

static void T_MISCORRECT_over_GF8_no_pair_of_liars_moves_a_word_of_degree_2t(void **state)
{
	(void)state;
	try_everything(GF8, 4, 1, 2, 0, 8 * 8 * 8);
	try_everything(GF8, 5, 1, 2, 0, 8 * 8 * 8);
	try_everything(GF8, 7, 2, 4, 0, 8 * 8);
}

static void T_DETECT_over_GR4_every_polynomial_every_error(void **state)
{
	(void)state;
	try_everything(GR4_3, 4, 1, 1, 3, 64 * 64);
	try_everything(GR4_3, 4, 1, 2, 4, 64 * 64);
}

/* Not only words near a codeword: all of them. */
static void every_word_over_GF8_gets_the_answer_that_the_rule_gives(void **state)
{
	const party_set present = parties_all(4);
	AUTO(code) *c = NULL;
	unsigned accepted = 0;

	(void)state;
	assert_ok(code_new(&c, GF8, 4, 1));
	for (unsigned word = 0; word < 8 * 8 * 8 * 8; word++) {
		gr y[5] = { GR_ZERO }, secret, f[2], expected[2], lifted[2];
		party_set wrong, off, out;
		bool ok;

		for (unsigned i = 0; i < 4; i++) y[i + 1] = element(GF8, word >> 3 * i & 7);
		ok = oracle_subsets_var(expected, &off, GF8, 1, y, present, 1);
		assert_int_equal(code_decode_var(&secret, f, &wrong, c, y, present, 1), ok);
		assert_int_equal(oracle_lift_var(lifted, &out, GF8, 1, y, present, 1, oracle_welch_var), ok);
		if (!ok) continue;
		accepted++;
		assert_int_equal(wrong, off);
		assert_int_equal(out, off);
		assert_memory_equal(f, expected, sizeof f);
		assert_memory_equal(lifted, expected, sizeof f);
		assert_true(gr_eq_var(secret, expected[0]));
	}
	assert_int_equal(accepted, 64 * (1 + 4 * 7));
}

TESTS(TEST(T_ZSHARE_every_share_is_equally_likely_whatever_the_secret),
	TEST(T_DETECT_over_GF8_every_polynomial_every_subset_every_error),
	TEST(T_MISCORRECT_over_GF8_no_pair_of_liars_moves_a_word_of_degree_2t),
	TEST(T_DETECT_over_GR4_every_polynomial_every_error),
	TEST(every_word_over_GF8_gets_the_answer_that_the_rule_gives))
