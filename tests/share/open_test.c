/* SPDX-License-Identifier: MIT */
/* tests/share/open_test.c -- many values opened at once are the values opened one by one, whatever some parties send. */
#include "tests/share/words.h"
#include "tests/base/scarce.h"
#include "tests/ring/elements.h"
#include "base/cpu.h"
#include "share/open_table.h"
#include <pthread.h>
#include <stdlib.h>

enum { MOST_VALUES = 101 };

#define FOR_EACH_KERNEL(k) \
	for (const open_kernel *const *at_##k = OPEN_ALL, *k; (k = *at_##k) != NULL; at_##k++) if (cpu_can(k->needs))

static _Atomic unsigned decoded;

bool __real_code_decode_var(gr *, gr *, party_set *, code *, const gr *, party_set, unsigned);
bool __wrap_code_decode_var(gr *, gr *, party_set *, code *, const gr *, party_set, unsigned);
bool __wrap_code_decode_var(gr *secret, gr *f, party_set *wrong, code *c, const gr *y, party_set present, unsigned liars)
{
	decoded++;
	return __real_code_decode_var(secret, f, wrong, c, y, present, liars);
}

/* Shares of `count` values as they travel, at an odd address. */
typedef struct batch {
	const ring *R;
	unsigned    n, t;
	size_t      count;
	gr          secret[MOST_VALUES];
	gr          share[MOST_VALUES][MOST_PARTIES + 1];
	uint8_t     bytes[MOST_PARTIES + 1][MOST_VALUES * GR_MAX_BYTES + 1];
	const uint8_t *y[MAX_PARTIES + 1];
} batch;

static void put(batch *b, size_t v, party i) { gr_write(b->R, b->bytes[i] + 1 + v * b->R->bytes, b->share[v][i]); }

static void deal(batch *b, unsigned n, unsigned t, unsigned d, size_t count)
{
	gr f[MOST_PARTIES];

	memset(b->y, 0, sizeof b->y);
	b->R = ring_of(128, d), b->n = n, b->t = t, b->count = count;
	for (unsigned i = 1; i <= n; i++) b->y[i] = b->bytes[i] + 1;
	for (size_t v = 0; v < count; v++) {
		for (unsigned a = 0; a <= t; a++) f[a] = edgy_element(b->R);
		b->secret[v] = f[0];
		for (unsigned i = 1; i <= n; i++) b->share[v][i] = gr_eval_at(b->R, f, t, i), put(b, v, (party)i);
	}
}

static void assert_secrets(const batch *b, const u128 *out)
{
	for (size_t v = 0; v < b->count; v++)
		for (unsigned c = 0; c < b->R->d; c++) assert_true(out[v * b->R->d + c] == b->secret[v].c[c]);
}

/* ---- honest parties ---------------------------------------------------------------------------------------------------- */

static void consistent_shares_give_the_secrets(void **state)
{
	static batch b;
	static u128 out[MOST_VALUES * GR_MAX_DEGREE];
	party_set wrong;

	(void)state;
	for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++) FOR_EACH_KERNEL(k) {
		AUTO(opener) *o = NULL;
		const unsigned d = ring_degree(x->n);

		assert_ok(opener_new(&o, x->n, x->t, d));
		for (unsigned round = 0; round < 40; round++) {
			const size_t count = round < 9 ? round : test_below(MOST_VALUES + 1);
			const unsigned answered = x->t + 1 + (unsigned)test_below(x->n - x->t);
			const party_set present = round % 4 ? random_subset(parties_all(x->n), answered) : parties_all(x->n);

			deal(&b, x->n, x->t, d, count);
			wrong = 1;
			assert_true(open_var_by(k, o, out, &wrong, b.y, present, size_of_set(present) - x->t - 1, count));
			assert_int_equal(wrong, 0);
			assert_secrets(&b, out);
		}
	}
}

static void every_degree_of_the_ring_is_served(void **state)
{
	static batch b;
	static u128 out[MOST_VALUES * GR_MAX_DEGREE];
	party_set wrong;

	(void)state;
	for (unsigned d = GR_MIN_DEGREE; d <= GR_MAX_DEGREE; d++) FOR_EACH_KERNEL(k) {
		AUTO(opener) *o = NULL;

		assert_ok(opener_new(&o, 7, 2, d));
		deal(&b, 7, 2, d, 11);
		decoded = 0;
		assert_true(open_var_by(k, o, out, &wrong, b.y, parties_all(7), 2, b.count));
		assert_secrets(&b, out);
		assert_int_equal(decoded, 0);
	}
}

static void too_few_shares_are_refused(void **state)
{
	static batch b;
	static u128 out[MOST_VALUES * GR_MAX_DEGREE];
	AUTO(opener) *o = NULL;
	party_set wrong;

	(void)state;
	assert_ok(opener_new(&o, 7, 2, 4));
	deal(&b, 7, 2, 4, 3);
	for (unsigned liars = 0; liars <= 4; liars++)
		for (unsigned answered = 0; answered <= 7; answered++) {
			const party_set present = random_subset(parties_all(7), answered);
			assert_int_equal(open_var(o, out, &wrong, b.y, present, liars, 3), answered >= 3 + liars);
		}
}

/* ---- tables -------------------------------------------------------------------------------------------------------------- */

static void there_are_small_tables_where_they_are_needed(void **state)
{
	(void)state;
	for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++)
		for (unsigned round = 0; round < 20; round++) {
			const unsigned answered = round ? x->n - (unsigned)test_below(x->t + 1) : x->n;
			const party_set who = random_subset(parties_all(x->n), answered);
			open_table *T = open_table_new(x->t, ring_degree(x->n), who);
			assert_non_null(T);
			assert_true(T->fit);
			assert_true(T->D_inverse & 1);
			open_table_free(T);
		}
}

/* One bit of one word of one share, wherever it is: every variant stops there, and has opened what came before. */
static void T_DETECT_every_variant_stops_at_the_first_wrong_value(void **state)
{
	static batch b;
	static u128 out[MOST_VALUES * GR_MAX_DEGREE];

	(void)state;
	for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++) {
		const unsigned d = ring_degree(x->n);
		open_table *T = open_table_new(x->t, d, parties_all(x->n));

		assert_non_null(T);
		deal(&b, x->n, x->t, d, 19);
		FOR_EACH_KERNEL(k)
			for (unsigned bit = 0; bit < 128 * d; bit++) {
				const size_t v = test_below(b.count), from = test_below(v + 1);
				const party i = (party)(1 + test_below(x->n));
				uint8_t *byte = &b.bytes[i][1 + v * b.R->bytes + bit / 8];

				*byte ^= (uint8_t)(1 << bit % 8);
				memset(out, 0, sizeof out);
				assert_int_equal(k->run(T, out, b.y, from, b.count), v);
				for (size_t u = from; u < v; u++)
					for (unsigned c = 0; c < d; c++) assert_true(out[u * d + c] == b.secret[u].c[c]);
				*byte ^= (uint8_t)(1 << bit % 8);
			}
		open_table_free(T);
	}
}

/* Shares that are no polynomial at all: words 0, all ones and the like, and those that make the sums of a row largest. */
static void every_variant_agrees_on_words_at_their_ends(void **state)
{
	static batch b;
	static u128 expected[GR_MAX_DEGREE], out[GR_MAX_DEGREE];
	unsigned tables = 0;

	(void)state;
	for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++) for (unsigned round = 0; round < 300; round++) {
		const unsigned d = ring_degree(x->n), row = (unsigned)test_below(d), sign = (unsigned)test_below(2);
		open_table *T = open_table_new(x->t, d, random_subset(parties_all(x->n), x->t + 1));

		assert_non_null(T);
		if (!T->fit) { open_table_free(T); continue; }
		tables++;
		deal(&b, x->n, x->t, d, 1);
		for (unsigned i = 0; i < T->base_size; i++) {
			for (unsigned c = 0; c < d; c++) {
				const bool negative = open_row_of(T, 0, row)->w[i * T->wide + c / 2][c % 2] < 0;
				b.share[0][T->base[i]].c[c] = round % 2 ? edgy_word(128) : negative == sign ? ~(u128)0 : 0;
			}
			put(&b, 0, T->base[i]);
		}
		assert_int_equal(OPEN_PORTABLE.run(T, expected, b.y, 0, 1), 1);
		FOR_EACH_KERNEL(k) {
			assert_int_equal(k->run(T, out, b.y, 0, 1), 1);
			assert_memory_equal(out, expected, d * sizeof *out);
		}
		open_table_free(T);
	}
	assert_true(tables > 500);
}

/* Each party's bytes end where a page ends. */
static void nothing_beyond_the_shares_is_read(void **state)
{
	static batch b;
	static u128 out[MOST_VALUES * GR_MAX_DEGREE];
	AUTO(opener) *o = NULL;
	party_set wrong;

	(void)state;
	assert_ok(opener_new(&o, 7, 2, 4));
	for (size_t count = 1; count <= 9; count++) {
		deal(&b, 7, 2, 4, count);
		for (unsigned i = 1; i <= 7; i++) {
			void *at_end;
			assert_ok(secret_alloc(&at_end, count * b.R->bytes));
			memcpy(at_end, b.y[i], count * b.R->bytes);
			b.y[i] = at_end;
		}
		FOR_EACH_KERNEL(k) {
			assert_true(open_var_by(k, o, out, &wrong, b.y, parties_all(7), 2, count));
			assert_secrets(&b, out);
		}
		for (unsigned i = 1; i <= 7; i++) secret_release((void *)(uintptr_t)b.y[i]);
	}
}

/* ---- liars --------------------------------------------------------------------------------------------------------------- */

static void lie(batch *b, size_t v, party_set liars)
{
	word w = { .R = b->R, .n = b->n, .D = b->t };

	switch (test_below(5)) {
	case 0:                                                  /* anything */
		FOR_EACH_IN(i, liars) b->share[v][i] = gr_random(b->R, test_rng());
		break;
	case 1:                                                  /* only the highest bits */
		FOR_EACH_IN(i, liars) b->share[v][i] = gr_add(b->R, b->share[v][i], error_at_plane(b->R, 127));
		break;
	case 2:                                                  /* each from a binary digit of its own on */
		FOR_EACH_IN(i, liars) b->share[v][i] = gr_add(b->R, b->share[v][i], error_at_plane(b->R, (unsigned)test_below(128)));
		break;
	case 3:                                                  /* one bit */
		FOR_EACH_IN(i, liars) b->share[v][i].c[test_below(b->R->d)] ^= (u128)1 << test_below(128);
		break;
	default:                                                 /* all on another polynomial */
		memcpy(w.y, b->share[v], sizeof w.y);
		lie_by_a_codeword(&w, liars, random_subset(parties_all(b->n) & ~liars, (unsigned)test_below(b->t + 1)));
		memcpy(b->share[v], w.y, sizeof w.y);
	}
	FOR_EACH_IN(i, liars) put(b, v, i);
}

/* What the decoder says to each value by itself. */
static bool one_by_one(u128 *out, party_set *wrong, code *c, const batch *b, party_set present, unsigned liars)
{
	party_set here;
	gr secret;

	*wrong = 0;
	for (size_t v = 0; v < b->count; v++) {
		if (!code_decode_var(&secret, NULL, &here, c, b->share[v], present, liars)) return false;
		*wrong |= here;
		memcpy(out + v * b->R->d, secret.c, b->R->d * sizeof *out);
	}
	return true;
}

static void T_ERRBUDGET_what_is_opened_is_what_the_decoder_opens(void **state)
{
	static batch b;
	static u128 expected[MOST_VALUES * GR_MAX_DEGREE], out[MOST_VALUES * GR_MAX_DEGREE];
	unsigned accepted = 0, refused = 0;

	(void)state;
	for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++) {
		const unsigned d = ring_degree(x->n);
		AUTO(opener) *o = NULL;
		AUTO(code) *c = NULL;

		assert_ok(opener_new(&o, x->n, x->t, d));
		assert_ok(code_new(&c, ring_of(128, d), x->n, x->t));
		for (unsigned round = 0; round < 150; round++) {
			const party_set present = random_subset(parties_all(x->n), x->n - (unsigned)test_below(x->t + 1));
			const party_set corrupt = random_subset(parties_all(x->n), (unsigned)test_below(x->t + 2));
			const unsigned liars = (unsigned)test_below(x->t + 1);
			const bool always = test_below(2), together = test_below(2);
			party_set wrong, expected_wrong;

			deal(&b, x->n, x->t, d, 1 + test_below(12));
			for (size_t v = 0; v < b.count; v++)
				if (always || test_below(2))
					lie(&b, v, together ? corrupt : random_subset(corrupt, (unsigned)test_below(size_of_set(corrupt) + 1)));
			const bool ok = one_by_one(expected, &expected_wrong, c, &b, present, liars);
			accepted += ok, refused += !ok;
			FOR_EACH_KERNEL(k) {
				assert_int_equal(open_var_by(k, o, out, &wrong, b.y, present, liars, b.count), ok);
				if (!ok) continue;
				assert_int_equal(wrong, expected_wrong);
				assert_memory_equal(out, expected, b.count * d * sizeof *out);
			}
		}
	}
	assert_true(accepted > 200 && refused > 200);
}

/* One party lies in a value, another in the next, both in a third: with one share more than the rule asks for, one liar in a
 * value can be located and two cannot, also where both are known. */
static void known_liars_do_not_weaken_the_rule(void **state)
{
	static batch b;
	static u128 out[MOST_VALUES * GR_MAX_DEGREE];
	party_set wrong;

	(void)state;
	for (const cluster *x = CLUSTERS + 2; x < CLUSTERS + COUNT(CLUSTERS); x++) FOR_EACH_KERNEL(k) {
		const unsigned d = ring_degree(x->n);
		const party_set present = random_subset(parties_all(x->n), x->t + 1 + x->t + 1), both = random_subset(present, 2);
		const party_set first = (party_set)1 << first_of(both);
		AUTO(opener) *o = NULL;

		assert_ok(opener_new(&o, x->n, x->t, d));
		deal(&b, x->n, x->t, d, 4);
		lie(&b, 0, first), lie(&b, 1, both & ~first);
		assert_true(open_var_by(k, o, out, &wrong, b.y, present, x->t, b.count));
		assert_int_equal(wrong, both);
		assert_secrets(&b, out);
		FOR_EACH_IN(i, both) b.share[2][i] = gr_add(b.R, b.share[2][i], error_at_plane(b.R, 0)), put(&b, 2, i);
		assert_false(open_var_by(k, o, out, &wrong, b.y, present, x->t, b.count));
	}
}

static void a_liar_who_always_lies_costs_one_decoding(void **state)
{
	static batch b;
	static u128 out[MOST_VALUES * GR_MAX_DEGREE];

	(void)state;
	for (const cluster *x = CLUSTERS; x < CLUSTERS + COUNT(CLUSTERS); x++) FOR_EACH_KERNEL(k) {
		const party_set corrupt = random_subset(parties_all(x->n), x->t);
		const unsigned d = ring_degree(x->n);
		AUTO(opener) *o = NULL;
		party_set wrong;

		assert_ok(opener_new(&o, x->n, x->t, d));
		deal(&b, x->n, x->t, d, MOST_VALUES);
		for (size_t v = 0; v < b.count; v++)
			FOR_EACH_IN(i, corrupt) b.share[v][i] = gr_add(b.R, b.share[v][i], error_at_plane(b.R, 0)), put(&b, v, i);
		decoded = 0;
		assert_true(open_var_by(k, o, out, &wrong, b.y, parties_all(x->n), x->t, b.count));
		assert_int_equal(decoded, 1);
		assert_int_equal(wrong, corrupt);
		assert_secrets(&b, out);
	}
}

/* A cluster so large that no weights are small. */
static void without_a_table_the_decoder_serves(void **state)
{
	enum { N = 40, T = 13, VALUES = 3 };
	const ring *R = ring_of(128, 6);
	static uint8_t bytes[N + 1][VALUES * GR_MAX_BYTES];
	static const uint8_t *y[MAX_PARTIES + 1];
	static u128 out[VALUES * GR_MAX_DEGREE];
	gr f[VALUES][T + 1];
	AUTO(opener) *o = NULL;
	party_set wrong;

	(void)state;
	open_table *none = open_table_new(T, 6, parties_all(N));
	assert_non_null(none);
	assert_false(none->fit);
	open_table_free(none);

	for (unsigned v = 0; v < VALUES; v++) for (unsigned a = 0; a <= T; a++) f[v][a] = gr_random(R, test_rng());
	for (unsigned i = 1; i <= N; i++) {
		y[i] = bytes[i];
		for (unsigned v = 0; v < VALUES; v++) gr_write(R, bytes[i] + v * R->bytes, gr_eval_at(R, f[v], T, i));
	}
	bytes[7][R->bytes + 3] ^= 1;
	assert_ok(opener_new(&o, N, T, 6));
	decoded = 0;
	assert_true(open_var(o, out, &wrong, y, parties_all(N), T, VALUES));
	assert_int_equal(decoded, VALUES);
	assert_int_equal(wrong, 1 << 7);
	for (unsigned v = 0; v < VALUES; v++)
		for (unsigned c = 0; c < 6; c++) assert_true(out[v * 6 + c] == f[v][0].c[c]);
}

/* ---- memory and threads -------------------------------------------------------------------------------------------------- */

static void without_memory_for_a_table_the_decoder_serves(void **state)
{
	static batch b;
	static u128 out[MOST_VALUES * GR_MAX_DEGREE];
	party_set wrong;
	opener *o = NULL;

	(void)state;
	for (int n = 0;; n++) {
		allocations_left = n;
		const err e = opener_new(&o, 7, 2, 4);
		allocations_left = -1;
		if (e == OK) break;
		assert_int_equal(e, ERR_NOMEM);
		assert_null(o);
		err_clear();
	}
	deal(&b, 7, 2, 4, 5);
	for (int n = 0; n < 2; n++) {
		allocations_left = n;
		decoded = 0;
		const bool ok = open_var(o, out, &wrong, b.y, parties_all(7), 2, b.count);
		allocations_left = -1;
		assert_true(ok);
		assert_int_equal(decoded, 5);
		assert_secrets(&b, out);
	}
	decoded = 0;                                             /* and the next time there is one */
	assert_true(open_var(o, out, &wrong, b.y, parties_all(7), 2, b.count));
	assert_int_equal(decoded, 0);
	opener_free(&o), opener_free(&o);
}

/* After more sets of parties than there is room for, each with a liar, a table still finds room and is found again. */
static void tables_are_given_back(void **state)
{
	static batch b;
	static u128 out[MOST_VALUES * GR_MAX_DEGREE];
	AUTO(opener) *o = NULL;
	party_set wrong;

	(void)state;
	assert_ok(opener_new(&o, 10, 3, 4));
	deal(&b, 10, 3, 4, 2);
	lie(&b, 1, 1 << 1);
	for (party_set absent = 0; absent < 2048; absent += 2)
		if (size_of_set(absent) <= 3 && !has(absent, 1))
			assert_true(open_var(o, out, &wrong, b.y, parties_all(10) & ~absent, 2, b.count));
	decoded = 0;
	for (unsigned again = 0; again < 2; again++) {
		allocations_left = again ? 0 : -1;
		const bool ok = open_var(o, out, &wrong, b.y, parties_all(10) & ~(party_set)2, 3, b.count);
		allocations_left = -1;
		assert_true(ok);
		assert_int_equal(decoded, 0);
	}
}

static batch shared;
static opener *shared_opener;

/* More sets of parties than are cached; the sets differ from thread to thread, and meet. */
static void *open_again_and_again(void *arg)
{
	static _Thread_local u128 out[MOST_VALUES * GR_MAX_DEGREE];
	uint64_t x = (uintptr_t)arg;
	party_set wrong;

	for (unsigned round = 0; round < 400; round++) {
		party_set absent = 0;
		x = x * 6364136223846793005 + 1442695040888963407;
		for (unsigned i = 0; i < 3; i++) add_to(&absent, (party)(1 + (x >> (33 + 8 * i)) % 10));
		const bool ok = open_var(shared_opener, out, &wrong, shared.y, parties_all(10) & ~absent, 3, shared.count);
		if (!ok || wrong) return arg;
		for (size_t i = 0; i < shared.count * shared.R->d; i++)
			if (out[i] != shared.secret[i / shared.R->d].c[i % shared.R->d]) return arg;
	}
	return NULL;
}

static void threads_share_the_tables(void **state)
{
	pthread_t thread[4];
	void *failed;

	(void)state;
	deal(&shared, 10, 3, 4, 6);
	assert_ok(opener_new(&shared_opener, 10, 3, 4));
	for (uintptr_t i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, open_again_and_again, (void *)(i / 2 + 1)), 0);
	for (size_t i = 0; i < COUNT(thread); i++) {
		assert_int_equal(pthread_join(thread[i], &failed), 0);
		assert_null(failed);
	}
	opener_free(&shared_opener);
}

TESTS(TEST(consistent_shares_give_the_secrets), TEST(every_degree_of_the_ring_is_served), TEST(too_few_shares_are_refused),
      TEST(there_are_small_tables_where_they_are_needed), TEST(T_DETECT_every_variant_stops_at_the_first_wrong_value),
      TEST(every_variant_agrees_on_words_at_their_ends), TEST(nothing_beyond_the_shares_is_read),
      TEST(T_ERRBUDGET_what_is_opened_is_what_the_decoder_opens), TEST(known_liars_do_not_weaken_the_rule),
      TEST(a_liar_who_always_lies_costs_one_decoding), TEST(without_a_table_the_decoder_serves),
      TEST(without_memory_for_a_table_the_decoder_serves), TEST(tables_are_given_back), TEST(threads_share_the_tables))
