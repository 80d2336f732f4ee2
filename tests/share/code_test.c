/* SPDX-License-Identifier: MIT */
/* tests/share/code_test.c -- what is accepted, what is refused, and that both are as the slow decoders say. */
#include "tests/share/words.h"
#include "share/code.h"
#include "share/oracle.h"
#include <pthread.h>
#include <stdlib.h>

enum { PLENTY = 1000 };
static unsigned allocations_left = PLENTY;
static int live;                         /* blocks taken and not given back while allocations are counted */

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	if (allocations_left == PLENTY) return __real_calloc(n, size);
	if (!allocations_left) return NULL;
	allocations_left--, live++;
	return __real_calloc(n, size);
}

void __real_free(void *p);
void __wrap_free(void *p);
void __wrap_free(void *p)
{
	if (p && allocations_left < PLENTY) live--;
	__real_free(p);
}

static void assert_decodes(code *c, const word *w, party_set present, unsigned liars, party_set expected_wrong)
{
	gr secret, f[MOST_PARTIES];
	party_set wrong;

	assert_true(code_decode_var(&secret, f, &wrong, c, w->y, present, liars));
	assert_true(gr_eq_var(secret, w->f[0]));
	for (unsigned a = 0; a <= w->D; a++) assert_true(gr_eq_var(f[a], w->f[a]));
	assert_int_equal(wrong, expected_wrong);
}

static void assert_refused(code *c, const word *w, party_set present, unsigned liars)
{
	gr secret;

	assert_false(code_decode_var(&secret, NULL, NULL, c, w->y, present, liars));
}

static void shares_that_agree_give_the_secret_whoever_sent_them(void **state)
{
	(void)state;
	FOR_EACH_CODE(x, k, D) {
		AUTO(code) *c = NULL;
		const word w = random_word(ring_of(k, ring_degree(x->n)), x->n, D);

		assert_ok(code_new(&c, w.R, x->n, D));
		for (unsigned answered = D + 1; answered <= x->n; answered++) {
			const party_set present = random_subset(parties_all(x->n), answered);

			for (unsigned liars = 0; liars <= x->t; liars++) {
				if (answered >= D + 1 + liars) assert_decodes(c, &w, present, liars, 0);
				else assert_refused(c, &w, present, liars);
			}
		}
	}
}

static void the_polynomial_and_the_culprits_need_not_be_asked_for(void **state)
{
	AUTO(code) *c = NULL;
	word w = random_word(ring_of(128, 4), 7, 2);
	gr secret;

	(void)state;
	assert_ok(code_new(&c, w.R, 7, 2));
	w.y[3].c[0] ^= 1;
	assert_true(code_decode_var(&secret, NULL, NULL, c, w.y, parties_all(7), 2));
	assert_true(gr_eq_var(secret, w.f[0]));
}

static void T_DETECT_one_bit_of_one_share_changes_nothing(void **state)
{
	(void)state;
	for (unsigned k = 64; k <= 128; k += 64) for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++) {
		AUTO(code) *c = NULL;
		word w = random_word(ring_of(k, ring_degree(x->n)), x->n, x->t);

		assert_ok(code_new(&c, w.R, x->n, x->t));
		for (party i = 1; i <= x->n; i++) for (unsigned bit = 0; bit < k; bit++) {
			const gr right = w.y[i];

			w.y[i].c[bit % w.R->d] ^= (u128)1 << bit;
			assert_decodes(c, &w, parties_all(x->n), x->t, (party_set)1 << i);
			w.y[i] = right;
		}
	}
}

static void T_DETECT_t_liars_change_nothing_and_are_named(void **state)
{
	(void)state;
	for (unsigned k = 64; k <= 128; k += 64) for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++) {
		const ring *R = ring_of(k, ring_degree(x->n));
		AUTO(code) *c = NULL;

		assert_ok(code_new(&c, R, x->n, x->t));
		for (unsigned round = 0; round < 30; round++) {
			const party_set liars = random_subset(parties_all(x->n), x->t);
			word w = random_word(R, x->n, x->t);

			FOR_EACH_IN(i, liars) w.y[i] = gr_add(R, w.y[i], error_at_plane(R, (unsigned)test_below(k)));
			assert_decodes(c, &w, parties_all(x->n), x->t, liars);

			w = random_word(R, x->n, x->t);
			lie_by_a_codeword(&w, liars, 0);
			assert_decodes(c, &w, parties_all(x->n), x->t, liars);
		}
	}
}

/*
 * A polynomial of degree 2t can vanish at 2t of the 2t + 1 honest parties.  Liars who add such a polynomial leave a
 * word that is one place from a wrong codeword, and t places from the right one: the nearest codeword is theirs.
 */
static void T_MISCORRECT_liars_cannot_move_a_word_of_degree_2t_to_their_codeword(void **state)
{
	(void)state;
	for (unsigned k = 64; k <= 128; k += 64) for (size_t number = 2; number < 5; number++) {
		const unsigned n = CLUSTERS[number].n, t = CLUSTERS[number].t;
		const ring *R = ring_of(k, 4);
		AUTO(code) *c = NULL;

		assert_int_equal(n, 3 * t + 1);
		assert_ok(code_new(&c, R, n, 2 * t));
		for (unsigned round = 0; round < 100; round++) {
			const party_set all = parties_all(n), liars = random_subset(all, t), deceived = random_subset(all & ~liars, 1);
			word w = random_word(R, n, 2 * t);
			gr secret;
			party_set wrong;

			lie_by_a_codeword(&w, liars, all & ~liars & ~deceived);
			assert_refused(c, &w, all, t);

			/* The lie is real: who counts on one liar only believes it. */
			assert_true(code_decode_var(&secret, NULL, &wrong, c, w.y, all, 1));
			assert_false(gr_eq_var(secret, w.f[0]));
			assert_int_equal(wrong, deceived);
		}
	}
}

static void T_MISCORRECT_with_parties_known_and_left_out_the_rest_cannot_either(void **state)
{
	(void)state;
	for (size_t number = 2; number < 5; number++) {
		const unsigned n = CLUSTERS[number].n, t = CLUSTERS[number].t;
		const ring *R = ring_of(128, 4);
		AUTO(code) *c = NULL;

		assert_ok(code_new(&c, R, n, 2 * t));
		for (unsigned known = 0; known < t; known++) for (unsigned round = 0; round < 30; round++) {
			const party_set all = parties_all(n), out = random_subset(all, known);
			const party_set liars = random_subset(all & ~out, t - known), honest = all & ~out & ~liars;
			word w = random_word(R, n, 2 * t);

			lie_by_a_codeword(&w, liars, random_subset(honest, 2 * t));
			assert_refused(c, &w, all & ~out, t - known);
		}
	}
}

static void T_ERRBUDGET_of_four_one_silent_and_one_lying_is_refused_until_the_fourth_speaks(void **state)
{
	(void)state;
	for (unsigned k = 64; k <= 128; k += 64) for (unsigned D = 1; D <= 2; D++) {
		const ring *R = ring_of(k, 4);
		AUTO(code) *c = NULL;

		assert_ok(code_new(&c, R, 4, D));
		for (party silent = 1; silent <= 4; silent++) for (party liar = 1; liar <= 4; liar++) {
			const party_set present = parties_all(4) & ~((party_set)1 << silent);
			word w = random_word(R, 4, D);

			if (liar == silent) continue;
			w.y[liar] = gr_add(R, w.y[liar], error_at_plane(R, (unsigned)test_below(k)));
			assert_refused(c, &w, present, 1);
			if (D == 1) assert_decodes(c, &w, parties_all(4), 1, (party_set)1 << liar);
			else assert_refused(c, &w, parties_all(4), 1);
		}
	}
}

static void T_ERRBUDGET_silence_is_paid_for_with_corrections(void **state)
{
	(void)state;
	for (unsigned k = 64; k <= 128; k += 64) for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++) {
		const unsigned n = x->n, t = x->t;
		const ring *R = ring_of(k, ring_degree(n));
		AUTO(code) *c = NULL;

		assert_ok(code_new(&c, R, n, t));
		for (unsigned silent = 0; silent <= n - 2 * t - 1; silent++) for (unsigned lying = 0; lying <= t; lying++) {
			const party_set present = random_subset(parties_all(n), n - silent), liars = random_subset(present, lying);
			word w = random_word(R, n, t);

			FOR_EACH_IN(i, liars) w.y[i] = gr_add(R, w.y[i], error_at_plane(R, (unsigned)test_below(k)));
			if (n - silent - lying >= 2 * t + 1) assert_decodes(c, &w, present, t, liars);
			else assert_refused(c, &w, present, t);
		}
	}
}

/* Errors of every kind; sometimes more than anybody can mend. */
static word spoilt_word(const ring *R, const cluster *x, unsigned D, party_set present)
{
	word w = random_word(R, x->n, D);
	const unsigned most = (unsigned)size_min(x->t + 2, size_of_set(present));
	const party_set liars = random_subset(present, (unsigned)test_below(most + 1)), honest = present & ~liars;
	const unsigned plane = (unsigned)test_below(R->k);

	switch (test_below(4)) {
	case 0:                                       /* each at a plane of his own */
		FOR_EACH_IN(i, liars) w.y[i] = gr_add(R, w.y[i], error_at_plane(R, (unsigned)test_below(R->k)));
		break;
	case 1:                                       /* all at one plane, often one that only the last digits see */
		FOR_EACH_IN(i, liars) w.y[i] = gr_add(R, w.y[i], error_at_plane(R, test_below(2) ? plane : R->k - 1));
		break;
	case 2:
		lie_by_a_codeword(&w, liars, 0);
		break;
	default:                                      /* the polynomial vanishes at as many honest parties as it can */
		lie_by_a_codeword(&w, liars, random_subset(honest, (unsigned)size_min(size_of_set(honest), D)));
	}
	return w;
}

static void T_MISCORRECT_the_answer_is_that_of_every_slow_decoder(void **state)
{
	(void)state;
	FOR_EACH_CODE(x, k, D) {
		const ring *R = ring_of(k, ring_degree(x->n));
		const unsigned rounds = x->n <= 7 ? 100 : 25;
		AUTO(code) *c = NULL;

		assert_ok(code_new(&c, R, x->n, D));
		for (unsigned round = 0; round < rounds; round++) {
			const party_set present = random_subset(parties_all(x->n), x->n - (unsigned)test_below(x->n - D));
			const unsigned liars = test_below(4) ? x->t : (unsigned)test_below(x->t + 1);
			const word w = spoilt_word(R, x, D, present);
			gr secret, f[MOST_PARTIES], slow[MOST_PARTIES];
			party_set wrong, off;
			const bool accepted = code_decode_var(&secret, f, &wrong, c, w.y, present, liars);

			for (unsigned decoder = 0; decoder < 3; decoder++) {
				if (decoder == 2 && binomial(x->n, D + 1) > 2000 && round >= 2) continue;
				assert_int_equal(accepted, decoder == 2 ? oracle_subsets_var(slow, &off, R, D, w.y, present, liars) :
					oracle_lift_var(slow, &off, R, D, w.y, present, liars, decoder ? oracle_gao_var : oracle_welch_var));
				if (!accepted) continue;
				assert_int_equal(wrong, off);
				assert_true(gr_eq_var(secret, slow[0]));
				for (unsigned a = 0; a <= D; a++) assert_true(gr_eq_var(f[a], slow[a]));
			}
		}
	}
}

static void more_sets_of_parties_than_are_kept_change_nothing(void **state)
{
	AUTO(code) *c = NULL;
	const word w = random_word(ring_of(64, 4), 10, 3);

	(void)state;
	assert_ok(code_new(&c, w.R, 10, 3));
	for (unsigned pass = 0; pass < 2; pass++)
		for (party_set present = 0; present <= parties_all(10); present += 2)
			if (size_of_set(present) == 7) assert_decodes(c, &w, present, 3, 0);
}

typedef struct listener { code *c; unsigned seed; bool failed; } listener;

static void *read_words(void *arg)
{
	listener *r = arg;
	const ring *R = ring_of(128, 4);

	for (unsigned round = 0; round < 400; round++) {
		const party silent = (party)(1 + (r->seed + 3 * round) % 10), liar = (party)(1 + (r->seed + 7 * round + 1) % 10);
		gr f[4], y[11], secret;
		party_set wrong, present = parties_all(10) & ~((party_set)1 << silent);

		for (unsigned a = 0; a < 4; a++) f[a] = gr_scalar(R, r->seed + 17 * round + a);
		for (party i = 1; i <= 10; i++) y[i] = gr_eval(R, f, 3, gr_point(i));
		y[liar].c[2]++;
		if (!code_decode_var(&secret, NULL, &wrong, r->c, y, present, 3) || !gr_eq_var(secret, f[0])) r->failed = true;
		if (wrong != (present & (party_set)1 << liar)) r->failed = true;
	}
	return NULL;
}

static void threads_share_a_code(void **state)
{
	AUTO(code) *c = NULL;
	pthread_t thread[6];
	listener r[6];

	(void)state;
	assert_ok(code_new(&c, ring_of(128, 4), 10, 3));
	for (unsigned i = 0; i < COUNT(thread); i++) {
		r[i] = (listener){ c, i, false };
		assert_int_equal(pthread_create(&thread[i], NULL, read_words, &r[i]), 0);
	}
	for (unsigned i = 0; i < COUNT(thread); i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		assert_false(r[i].failed);
	}
}

static void without_memory_there_is_no_code_and_nothing_is_lost(void **state)
{
	(void)state;
	for (unsigned allowed = 0; allowed < 2; allowed++) {
		code *c = NULL;

		allocations_left = allowed, live = 0;
		const err e = code_new(&c, ring_of(64, 4), 4, 1);
		allocations_left = PLENTY;
		assert_err(ERR_NOMEM, e);
		assert_null(c);
		assert_int_equal(live, 0);
	}
}

TESTS(TEST(shares_that_agree_give_the_secret_whoever_sent_them), TEST(the_polynomial_and_the_culprits_need_not_be_asked_for),
	TEST(T_DETECT_one_bit_of_one_share_changes_nothing), TEST(T_DETECT_t_liars_change_nothing_and_are_named),
	TEST(T_MISCORRECT_liars_cannot_move_a_word_of_degree_2t_to_their_codeword),
	TEST(T_MISCORRECT_with_parties_known_and_left_out_the_rest_cannot_either),
	TEST(T_ERRBUDGET_of_four_one_silent_and_one_lying_is_refused_until_the_fourth_speaks),
	TEST(T_ERRBUDGET_silence_is_paid_for_with_corrections),
	TEST(T_MISCORRECT_the_answer_is_that_of_every_slow_decoder), TEST(more_sets_of_parties_than_are_kept_change_nothing),
	TEST(threads_share_a_code), TEST(without_memory_there_is_no_code_and_nothing_is_lost))
