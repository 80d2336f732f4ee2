/* SPDX-License-Identifier: MIT */
/*
 * User decryption at the user: which answers count, and that no t of them decide anything.
 *
 * Shares are dealt here directly: no key and no mask is needed to lie to a user.
 */
#include "tests/test.h"
#include "lattice/ciphertext.h"
#include "share/shamir.h"
#include "tkms/reconstruct.h"

enum { SLOTS = 3, MOST = 16, VECTOR = 8 + 16 * 128 };

/* One user decryption of a uint64, a bool and a uint8. */
typedef struct scene {
	user_request request;
	const fhe_type *type[SLOTS];
	plaintext   value[SLOTS];
	uint8_t     vector[MOST + 1][SLOTS][VECTOR];
	user_share  slot[MOST + 1][SLOTS];
	user_answer answer[MOST + 1];        /* [i - 1]: party i's */
} scene;

static void deal_value(scene *s, unsigned at, unsigned d)
{
	const ring *R = ring_of(128, d);
	const plaintext *p = &s->value[at];
	const uint32_t blocks = (uint32_t)squashed_count(p->type->blocks), elements = elements_of(blocks, d);
	share y[MAX_PARTIES + 1];

	for (uint32_t e = 0; e < elements; e++) {
		gr secret = GR_ZERO;
		for (uint32_t j = 0; j < d && e * d + j < blocks; j++) {
			const uint32_t i = e * d + j;
			secret.c[j] = ((u128)(p->bytes[i / 2] >> 4 * (i % 2) & 15) << DELTA_LOG_128) + (test_below(1u << 20) << 40);
		}
		shamir_deal(y, R, s->request.n, s->request.t, secret, test_rng());
		for (party i = 1; i <= s->request.n; i++) {
			store64(s->vector[i][at], elements);
			gr_write(R, s->vector[i][at] + 8 + e * R->bytes, y[i].v);
		}
	}
	for (party i = 1; i <= s->request.n; i++)
		s->slot[i][at] = (user_share){ p->type->number, packing_factor_of(p->type),
		                               slice_of(s->vector[i][at], 8 + elements * R->bytes) };
}

static void set_scene(scene *s, unsigned n, unsigned t)
{
	static const int number[SLOTS] = { FHE_UINT64, FHE_BOOL, FHE_UINT8 };

	memset(s, 0, sizeof *s);
	s->request = (user_request){ .n = n, .t = t, .slots = SLOTS, .type = s->type };
	rng_fill(test_rng(), s->request.link.b, 32);
	for (unsigned k = 0; k < SLOTS; k++) {
		s->type[k] = fhe_type_by_number_var(number[k]);
		s->value[k] = (plaintext){ .type = s->type[k] };
		rng_fill(test_rng(), s->value[k].bytes, s->type[k]->bytes);
		if (number[k] == FHE_BOOL) s->value[k].bytes[0] &= 1;
		deal_value(s, k, ring_degree(n));
	}
	for (party i = 1; i <= n; i++)
		s->answer[i - 1] = (user_answer){ .from = i, .degree = t, .link = s->request.link, .slots = SLOTS, .slot = s->slot[i] };
}

static void assert_values(const scene *s, const user_answer *answer, size_t answers, party_set liars)
{
	plaintext out[SLOTS];
	party_set wrong;

	assert_ok(reconstruct(out, &wrong, &s->request, answer, answers));
	assert_true(wrong == liars);
	for (unsigned k = 0; k < SLOTS; k++) {
		assert_ptr_equal(out[k].type, s->type[k]);
		assert_memory_equal(out[k].bytes, s->value[k].bytes, FHE_MAX_BYTES);
	}
}

static void assert_nothing(const scene *s, const user_answer *answer, size_t answers)
{
	plaintext out[SLOTS];
	memset(out, 0xee, sizeof out);
	assert_err(ERR_REQUEST, reconstruct(out, NULL, &s->request, answer, answers));
	for (unsigned k = 0; k < SLOTS; k++) assert_true(out[k].type == NULL && out[k].bytes[0] == 0);
}

static void shuffle(user_answer *a, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		const size_t j = (size_t)test_below(i);
		const user_answer x = a[i - 1];
		a[i - 1] = a[j], a[j] = x;
	}
}

static const struct { unsigned n, t; } SIZES[] = { { 4, 1 }, { 5, 1 }, { 7, 2 }, { 10, 3 }, { 13, 4 }, { 16, 4 } };

/* ---- enough good answers ---------------------------------------------------------------------------------------- */

static void any_2t_plus_1_answers_give_the_values_and_2t_do_not(void **state)
{
	(void)state;
	static scene s;
	for (unsigned k = 0; k < COUNT(SIZES); k++)
		for (unsigned again = 0; again < 6; again++) {
			set_scene(&s, SIZES[k].n, SIZES[k].t);
			shuffle(s.answer, s.request.n);
			for (size_t answers = 0; answers <= s.request.n; answers++) {
				if (answers > 2 * s.request.t) assert_values(&s, s.answer, answers, 0);
				else                           assert_nothing(&s, s.answer, answers);
			}
		}
}

static void repeated_answers_count_once(void **state)
{
	(void)state;
	static scene s;
	user_answer twice[8];
	set_scene(&s, 4, 1);
	for (unsigned k = 0; k < 8; k++) twice[k] = s.answer[k % 2];
	assert_nothing(&s, twice, 8);                            /* eight answers of two parties */
	for (unsigned k = 0; k < 8; k++) twice[k] = s.answer[k % 3];
	assert_values(&s, twice, 8, 0);
}

/* ---- liars ------------------------------------------------------------------------------------------------------ */

static party_set some_parties(unsigned n, unsigned count)
{
	party_set who = 0;
	while (size_of_set(who) < count) add_to(&who, (party)(1 + test_below(n)));
	return who;
}

/* All liars on one other polynomial, the strongest thing that t shares can do; or each with any change. */
static void t_wrong_share_vectors_change_nothing_and_are_named(void **state)
{
	(void)state;
	static scene s;
	for (unsigned k = 0; k < COUNT(SIZES); k++)
		for (unsigned together = 0; together < 2; together++) {
			const unsigned n = SIZES[k].n, t = SIZES[k].t;
			const ring *R = ring_of(128, ring_degree(n));
			gr delta[MAX_PARTIES];
			set_scene(&s, n, t);
			const party_set liars = some_parties(n, t);
			for (unsigned j = 0; j <= t; j++) delta[j] = gr_random(R, test_rng());
			FOR_EACH_IN(i, liars) {
				uint8_t *at = s.vector[i][test_below(SLOTS)] + 8;
				if (together) gr_write(R, at, gr_add(R, gr_read(R, at), gr_eval_at(R, delta, t, i)));
				else          at[test_below(R->bytes)] ^= (uint8_t)(1 + test_below(255));
			}
			assert_values(&s, s.answer, n, liars);
		}
}

static void one_silent_and_one_liar_among_four_give_nothing(void **state)
{
	(void)state;
	static scene s;
	set_scene(&s, 4, 1);
	s.vector[3][0][20] ^= 1;
	assert_nothing(&s, s.answer + 1, 3);
	assert_values(&s, s.answer, 4, (party_set)1 << 3);
}

typedef enum misfit { DEGREE, LINK, TYPE, PACKING, SLOT_COUNT, LONGER, SHORTER, COUNT_ALONE, TRAILING, EMPTY, MISFITS } misfit;

static void make_misfit(scene *s, party i, misfit what)
{
	user_answer *a = &s->answer[i - 1];
	user_share *first = &s->slot[i][0];

	switch (what) {
	case DEGREE:      a->degree++; break;
	case LINK:        a->link.b[31] ^= 1; break;
	case TYPE:        s->slot[i][2].fhe_type = FHE_UINT16; break;
	case PACKING:     s->slot[i][1].packing_factor = 2; break;
	case SLOT_COUNT:  a->slots--; break;
	case LONGER:      store64(s->vector[i][0], load64(s->vector[i][0]) + 1); first->vector.n += 64; break;
	case SHORTER:     store64(s->vector[i][0], load64(s->vector[i][0]) - 1); first->vector.n -= 64; break;
	case COUNT_ALONE: store64(s->vector[i][0], UINT64_MAX); break;
	case TRAILING:    first->vector.n++; break;
	case EMPTY:       first->vector.n = 0; break;
	case MISFITS:     break;
	}
}

/* Whatever t answers say of themselves, the user goes by what it knows; and where they are t + 1 of n = 3t + 1, it has
 * nothing, rather than what they say. */
static void answers_that_do_not_fit_the_request_do_not_count(void **state)
{
	(void)state;
	static scene s;
	for (unsigned k = 0; k + 1 < COUNT(SIZES); k++)
		for (misfit what = 0; what < MISFITS; what++) {
			const unsigned n = SIZES[k].n, t = SIZES[k].t;
			set_scene(&s, n, t);
			const party_set liars = some_parties(n, t);
			FOR_EACH_IN(i, liars) make_misfit(&s, i, what);
			assert_values(&s, s.answer, n, liars);
			const party_set others = parties_all(n) & ~liars;
			unsigned made = 0;
			FOR_EACH_IN(i, others)
				if (made++ < n - 3 * t) make_misfit(&s, i, what);
			assert_nothing(&s, s.answer, n);
		}
}

/* A relay adds a party's old answer to its new one: the party is not hurt.  Two that fit and differ are its own doing. */
static void an_added_answer_hurts_only_who_made_two_for_one_request(void **state)
{
	(void)state;
	static scene s;
	user_answer five[5];
	user_share other[SLOTS];
	uint8_t changed[VECTOR];

	set_scene(&s, 4, 1);
	memcpy(five + 1, s.answer, 4 * sizeof *five);
	five[0] = five[2];
	five[0].link.b[0] ^= 1;
	assert_values(&s, five, 4, 0);                           /* with party 4 silent: 2 is needed */
	assert_values(&s, five, 5, 0);

	memcpy(other, s.slot[2], sizeof other);
	memcpy(changed, s.vector[2][0], sizeof changed);
	changed[9] ^= 1;
	other[0].vector.p = changed;
	five[0] = five[2];
	five[0].slot = other;
	assert_nothing(&s, five, 4);
	assert_values(&s, five, 5, (party_set)1 << 2);
}

/* ---- what is refused -------------------------------------------------------------------------------------------- */

static void a_refused_ciphertext_is_named_by_its_place(void **state)
{
	(void)state;
	static scene s;
	plaintext out[SLOTS];
	set_scene(&s, 4, 1);
	const ring *R = ring_of(128, 4);
	const gr padding = gr_scalar(R, (u128)1 << 127);
	for (party i = 1; i <= 4; i++) gr_write(R, s.vector[i][2] + 8, gr_add(R, gr_read(R, s.vector[i][2] + 8), padding));
	assert_int_equal(reconstruct(out, NULL, &s.request, s.answer, 4), ERR_REQUEST);
	assert_non_null(strstr(err_text(), "ciphertexts[2]: "));
	assert_non_null(strstr(err_text(), "padding"));
	err_clear();
	assert_nothing(&s, s.answer, 4);
}

static void share_vectors_are_counted_elements(void **state)
{
	(void)state;
	uint8_t bytes[128];
	for (unsigned i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)i;
	const masked m = { .blocks = 7, .elements = 2, .bytes = bytes };
	AUTO(buf) out = { 0 };
	share_vector_write(&out, &m, 4);
	assert_int_equal(out.n, 8 + 128);
	assert_memory_equal(out.p, "\2\0\0\0\0\0\0\0", 8);
	assert_memory_equal(out.p + 8, bytes, 128);
	assert_int_equal(packing_factor_of(fhe_type_by_number_var(FHE_BOOL)), 1);
	assert_int_equal(packing_factor_of(fhe_type_by_number_var(FHE_ADDRESS)), 2);
}

TESTS(TEST(any_2t_plus_1_answers_give_the_values_and_2t_do_not),
      TEST(repeated_answers_count_once),
      TEST(t_wrong_share_vectors_change_nothing_and_are_named),
      TEST(one_silent_and_one_liar_among_four_give_nothing),
      TEST(answers_that_do_not_fit_the_request_do_not_count),
      TEST(an_added_answer_hurts_only_who_made_two_for_one_request),
      TEST(a_refused_ciphertext_is_named_by_its_place),
      TEST(share_vectors_are_counted_elements))
