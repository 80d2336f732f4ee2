/* SPDX-License-Identifier: MIT */
/*
 * tests/mpc/row_shares_test.c -- bodies from shares against those of lattice/keygen.h for the same keys, masks and noise: every
 * part, from the shares of all parties.
 *
 * Linked with --wrap=free, and with --wrap=calloc and --wrap=aligned_alloc, so that memory can run out.
 */
#include <stdlib.h>
#include "tests/sym/leftover.h"
#include "lattice/sample.h"
#include "mpc/row_shares.h"
#include "share/shamir.h"
#include "sym/drbg.h"

enum { MAX_N = 16 };

/* Allocations that still succeed; negative: all. */
static int left = -1;

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t align, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);

static bool refused(void) { return left >= 0 && left-- == 0; }

void *__wrap_calloc(size_t n, size_t size) { return refused() ? NULL : __real_calloc(n, size); }
void *__wrap_aligned_alloc(size_t align, size_t n) { return refused() ? NULL : __real_aligned_alloc(align, n); }

static const uint8_t SEED[PUBLIC_SEED_BYTES] = { 3, 1, 4, 1, 5 };

/* Keys and everybody's shares of them. */
typedef struct cluster {
	const lat_params *params;
	unsigned    n, t, d;
	secret_keys keys;
	u128       *word[MAX_N + 1][SECRETS];
} cluster;

static void *room(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);
	assert_non_null(p);
	return p;
}

static void cluster_new(cluster *c, const lat_params *params, unsigned n, unsigned t, unsigned d)
{
	const ring *R = ring_of(128, d);
	share x[MAX_N + 1];

	*c = (cluster){ .params = params, .n = n, .t = t, .d = d };
	assert_ok(secret_keys_generate(&c->keys, params, test_rng()));
	for (secret_id id = 0; id < SECRETS; id++) {
		const size_t bits = secret_length(params, id);
		for (party i = 1; i <= n; i++) c->word[i][id] = room(bits * d, sizeof(u128));
		for (size_t b = 0; b < bits; b++) {
			shamir_deal(x, R, n, t, gr_scalar(R, c->keys.bit[id][b]), test_rng());
			for (party i = 1; i <= n; i++) memcpy(c->word[i][id] + b * d, x[i].v.c, d * sizeof(u128));
		}
	}
}

static void cluster_free(cluster *c)
{
	for (party i = 1; i <= c->n; i++)
		for (secret_id id = 0; id < SECRETS; id++) free(c->word[i][id]);
	secret_keys_free(&c->keys);
}

/* A slab and what is known of it. */
typedef struct slab_case {
	const cluster *c;
	key_part   part;
	part_shape shape;
	const ring *R;
	mask_seed  masks;
	row_slab   slab;
	size_t     words, bytes;                     /* of V; of the bodies */
	uint8_t   *bodies;                           /* as they must be     */
	void      *noise[MAX_N + 1], *V[MAX_N + 1];  /* of each party       */
	row_shares *x[MAX_N + 1];
} slab_case;

static gr element(const ring *R, const void *words, size_t i)
{
	gr a = GR_ZERO;
	for (unsigned c = 0; c < R->d; c++)
		a.c[c] = R->k == 64 ? ((const uint64_t *)words)[i * R->d + c] : ((const u128 *)words)[i * R->d + c];
	return a;
}

static void put_element(const ring *R, void *words, size_t i, gr a)
{
	for (unsigned c = 0; c < R->d; c++) {
		if (R->k == 64) ((uint64_t *)words)[i * R->d + c] = (uint64_t)a.c[c];
		else ((u128 *)words)[i * R->d + c] = a.c[c];
	}
}

/* The noise of both ways is that of one seed. */
static void deal_noise(slab_case *s)
{
	const size_t n = s->slab.count * s->shape.body;
	const slice seed = slice_str("noise");
	int64_t *e = room(n, sizeof *e);
	share x[MAX_N + 1];

	AUTO(drbg) one = drbg_from_seed(seed), other = drbg_from_seed(seed);
	const rng r = drbg_rng(&one), q = drbg_rng(&other);
	assert_ok(keygen_rows(s->bodies, &s->c->keys, s->part, &s->masks, s->slab.first, s->slab.count, &r));
	for (size_t at = 0; at < n; at += s->shape.body) sample_tuniform(e + at, s->shape.body, s->shape.noise, &q);
	for (size_t j = 0; j < n; j++) {
		shamir_deal(x, s->R, s->c->n, s->c->t, gr_scalar(s->R, (u128)(i128)e[j]), test_rng());
		for (party i = 1; i <= s->c->n; i++) put_element(s->R, s->noise[i], j, x[i].v);
	}
	free(e);
}

static void case_new(slab_case *s, const cluster *c, key_part part, row_slab slab)
{
	*s = (slab_case){ .c = c, .part = part, .shape = part_shape_of(c->params, part), .slab = slab };
	s->R = ring_of(s->shape.bits, c->d);
	s->masks = keygen_masks(c->params, SEED, part);
	s->bytes = slab.count * s->shape.body * s->shape.bits / 8;
	s->bodies = room(s->bytes, 1);
	for (party i = 1; i <= c->n; i++) {
		assert_ok(row_shares_new(&s->x[i], c->params, part, c->d, c->word[i], &s->masks));
		s->words = row_slab_words(s->x[i], slab);
		s->noise[i] = room(slab.count * s->shape.body, s->R->bytes);
		s->V[i] = room(s->words, s->R->bytes);
	}
	deal_noise(s);
}

static void case_free(slab_case *s)
{
	for (party i = 1; i <= s->c->n; i++) free(s->noise[i]), free(s->V[i]), row_shares_free(&s->x[i]);
	free(s->bodies);
}

static void linear(slab_case *s)
{
	for (party i = 1; i <= s->c->n; i++) {
		row_shares_work *w = NULL;
		assert_ok(row_shares_work_new(&w, s->x[i]));
		memset(s->V[i], 0xee, s->words * s->R->bytes);
		row_shares_linear(s->x[i], w, s->V[i], s->noise[i], s->slab);
		row_shares_work_free(&w);
		assert_null(w);
	}
}

/* ---- what shares of all parties say ------------------------------------------------------------------------------- */

/* Weights of the first and of the last degree + 1 parties: they agree on what lies on a polynomial of that degree. */
typedef struct interpolation { unsigned first, last, count; gr low[MAX_N + 1], high[MAX_N + 1]; } interpolation;

static void weights_of(gr *out, const ring *R, party_set who)
{
	static gr weight[MAX_PARTIES + 1];
	lagrange_weights(weight, R, who, GR_ZERO);
	memcpy(out, weight, (MAX_N + 1) * sizeof *out);
}

static interpolation interpolation_of(const cluster *c, const ring *R, unsigned degree)
{
	interpolation w = { .first = 1, .last = c->n - degree, .count = degree + 1 };
	assert_true(degree + 1 < c->n);
	weights_of(w.low, R, parties_all(degree + 1));
	weights_of(w.high, R, parties_all(c->n) & ~parties_all(c->n - degree - 1));
	return w;
}

/* y by party number.  False if they lie on no polynomial of the degree. */
static bool value_at_0(const interpolation *w, const ring *R, gr *out, const gr *y)
{
	*out = gr_dot(R, w->low + w->first, y + w->first, w->count);
	return gr_eq_var(*out, gr_dot(R, w->high + w->last, y + w->last, w->count));
}

static bool word_at_0(const slab_case *s, const interpolation *w, gr *out, size_t i)
{
	gr y[MAX_N + 1];
	for (party p = 1; p <= s->c->n; p++) y[p] = element(s->R, s->V[p], i);
	return value_at_0(w, s->R, out, y);
}

/* Words that rows do not fill are filled up with zeros: what is opened holds nothing but bodies. */
static void check_filler(const slab_case *s, gr v, size_t i)
{
	const bool share_words = s->shape.body == 1;
	const size_t coefficients = share_words ? s->slab.count : s->shape.body;
	const size_t c = share_words ? i : i % (s->words / s->slab.count);

	for (unsigned u = 0; u < s->c->d; u++)
		if (c * s->c->d + u >= coefficients) assert_true(v.c[u] == 0);
}

static void check_bodies(const slab_case *s, const void *opened, const char *which)
{
	uint8_t *got = room(s->bytes, 1);

	memset(got, 0xcc, s->bytes + 1);
	row_slab_unpack_var(s->x[1], got, opened, s->slab);
	if (memcmp(got, s->bodies, s->bytes)) {
		size_t at = 0;
		while (got[at] == s->bodies[at]) at++;
		fail_msg("%s of the %s (%s), n %u, rows %zu + %zu: byte %zu of %zu", which, s->shape.name, s->c->params->name, s->c->n,
		         s->slab.first, s->slab.count, at, s->bytes);
	}
	assert_int_equal(got[s->bytes], 0xcc);
	free(got);
}

/* s P from the factors that each party has, of degree t both. */
static gr product_at_0(const slab_case *s, const interpolation *w, size_t i)
{
	gr bit[MAX_N + 1], packed[MAX_N + 1], a, b;
	unsigned shift = 0;

	for (party p = 1; p <= s->c->n; p++) {
		const row_factors f = row_shares_factors(s->x[p], s->slab, i);
		bit[p] = f.s.v, packed[p] = f.P.v, shift = f.shift;
	}
	assert_true(value_at_0(w, s->R, &a, bit));
	assert_true(value_at_0(w, s->R, &b, packed));
	assert_true(gr_is_scalar_var(s->R, a) && a.c[0] <= 1);
	return gr_scale(s->R, (u128)1 << shift, gr_mul(s->R, a, b));
}

/* Words of degree t, and the missing product by itself. */
static void check_linear(slab_case *s)
{
	const interpolation w = interpolation_of(s->c, s->R, s->c->t);
	void *opened = room(s->words, s->R->bytes);
	gr v;

	linear(s);
	for (size_t i = 0; i < s->words; i++) {
		assert_true(word_at_0(s, &w, &v, i));
		if (row_slab_product(s->x[1], s->slab, i)) v = gr_sub(s->R, v, product_at_0(s, &w, i));
		check_filler(s, v, i);
		put_element(s->R, opened, i, v);
	}
	check_bodies(s, opened, "linear part and products");
	free(opened);
}

/* Words of degree 2t where there is a product. */
static void check_multiplied(slab_case *s)
{
	const interpolation lower = interpolation_of(s->c, s->R, s->c->t), higher = interpolation_of(s->c, s->R, 2 * s->c->t);
	void *opened = room(s->words, s->R->bytes);
	gr v;

	for (party i = 1; i <= s->c->n; i++) row_shares_multiply(s->x[i], s->V[i], s->slab);
	for (size_t i = 0; i < s->words; i++) {
		const bool product = row_slab_product(s->x[1], s->slab, i);
		assert_true(word_at_0(s, &lower, &v, i) == !product);
		assert_true(word_at_0(s, &higher, &v, i));
		check_filler(s, v, i);
		put_element(s->R, opened, i, v);
	}
	check_bodies(s, opened, "rows");
	free(opened);
}

static void check_slab(const cluster *c, key_part part, size_t first, size_t count)
{
	slab_case s;

	case_new(&s, c, part, (row_slab){ first, count });
	check_linear(&s);
	check_multiplied(&s);
	case_free(&s);
}

/* The beginning, the end, and somewhere between; more of rows that are short, one of long rows for many parties. */
static void check_parts(const cluster *c)
{
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const part_shape s = part_shape_of(c->params, part);
		const size_t some = size_min(s.rows, s.body == 1 ? 2 * c->d + 1 : s.body <= 256 ? 3 : 2);

		if (s.rows == 0) continue;
		check_slab(c, part, test_below(s.rows), 1);
		check_slab(c, part, s.rows / 2, 0);
		if (s.body > 512 && c->n > 4) continue;
		check_slab(c, part, 0, some);
		check_slab(c, part, s.rows - some, some);
	}
}

/* ---- rows --------------------------------------------------------------------------------------------------------- */

static void check_clusters(const lat_params *params, unsigned from, unsigned to)
{
	static const struct { unsigned n, t, d; } CLUSTER[] = { { 4, 1, 4 }, { 13, 4, 4 }, { 16, 5, 5 }, { 7, 2, 4 }, { 5, 1, 6 },
	                                                        { 4, 1, 7 }, { 6, 1, 8 } };
	for (unsigned i = from; i < size_min(to, COUNT(CLUSTER)); i++) {
		cluster c;
		cluster_new(&c, params, CLUSTER[i].n, CLUSTER[i].t, CLUSTER[i].d);
		check_parts(&c);
		cluster_free(&c);
	}
}

static void rows_of_the_test_set_are_those_of_one_who_has_the_keys(void **state)
{
	(void)state;
	check_clusters(&PARAMS_TEST, 0, 7);
}

#ifdef ARCA_TEST_PARAMS
static void rows_of_the_small_set_are_those_of_one_who_has_the_keys(void **state)
{
	(void)state;
	check_clusters(&PARAMS_MINI, 0, test_is_short() ? 1 : 3);
}
#else
static void rows_of_the_small_set_are_those_of_one_who_has_the_keys(void **state) { (void)state, skip(); }
#endif

/* Keys of several polynomials, and the lengths that only production has. */
static void rows_of_production_are_those_of_one_who_has_the_keys(void **state)
{
	(void)state;
	if (test_is_short()) skip();
	check_clusters(&PARAMS_DEFAULT, 0, 1);
}

/* ---- slabs -------------------------------------------------------------------------------------------------------- */

static void a_slab_is_its_rows_one_after_another(void **state)
{
	enum { FIRST = 3, ROWS = 5 };
	cluster c;

	(void)state;
	cluster_new(&c, &PARAMS_TEST, 4, 1, 5);
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const part_shape shape = part_shape_of(c.params, part);
		row_shares_work *w = NULL;
		slab_case s;

		if (shape.N == 1 || shape.rows < FIRST + ROWS) continue;
		case_new(&s, &c, part, (row_slab){ FIRST, ROWS });
		linear(&s);
		row_shares_multiply(s.x[2], s.V[2], s.slab);
		assert_ok(row_shares_work_new(&w, s.x[2]));
		assert_int_equal(s.words, ROWS * ((shape.body + 4) / 5));
		uint8_t *V = room(s.words, s.R->bytes);
		for (size_t row = 0; row < ROWS; row++) {
			const row_slab one = { FIRST + row, 1 };
			const size_t words = s.words / ROWS, at = row * words * s.R->bytes;
			assert_int_equal(row_slab_words(s.x[2], one), words);
			row_shares_linear(s.x[2], w, V + at, (uint8_t *)s.noise[2] + row * shape.body * s.R->bytes, one);
			row_shares_multiply(s.x[2], V + at, one);
			for (size_t i = 0; i < words; i++)
				assert_true(row_slab_product(s.x[2], one, i) == row_slab_product(s.x[2], s.slab, row * words + i));
		}
		assert_memory_equal(V, s.V[2], s.words * s.R->bytes);
		free(V);
		row_shares_work_free(&w);
		case_free(&s);
	}
	cluster_free(&c);
}

static void only_rows_of_bootstrap_keys_but_the_last_of_each_level_have_a_product(void **state)
{
	cluster c;

	(void)state;
	cluster_new(&c, &PARAMS_DEFAULT, 4, 1, 4);
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const part_shape s = part_shape_of(c.params, part);
		row_shares *x = NULL;

		if (s.rows == 0) continue;
		const mask_seed masks = keygen_masks(c.params, SEED, part);
		assert_ok(row_shares_new(&x, c.params, part, c.d, c.word[1], &masks));
		for (size_t row = 0; row < s.rows; row += 1 + row / 10) {
			const row_slab slab = { row, 1 };
			const bool product = s.kind == KIND_BSK && row % (s.k + 1) != s.k;
			const size_t last = row_slab_words(x, slab) - 1;
			assert_true(row_slab_product(x, slab, 0) == product && row_slab_product(x, slab, last) == product);
		}
		row_shares_free(&x);
		assert_null(x);
	}
	cluster_free(&c);
}

/* ---- secrecy ------------------------------------------------------------------------------------------------------ */

/* What is opened modulo 2^64 may hold nothing of what stands above: neither words nor factors. */
static void of_a_part_of_64_bits_the_upper_halves_of_shares_do_not_count(void **state)
{
	cluster c;

	(void)state;
	cluster_new(&c, &PARAMS_TEST, 4, 1, 4);
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const part_shape shape = part_shape_of(c.params, part);
		const row_slab slab = { 0, size_min(shape.rows, 2) };
		slab_case s;
		row_shares *y = NULL;
		row_shares_work *w = NULL;
		u128 *other[SECRETS];

		case_new(&s, &c, part, slab);
		linear(&s);
		for (secret_id id = 0; id < SECRETS; id++) {
			const size_t n = secret_length(c.params, id) * c.d;
			other[id] = room(n, sizeof(u128));
			for (size_t i = 0; i < n; i++) other[id][i] = c.word[1][id][i] ^ (u128)rng_u64(test_rng()) << 64;
		}
		assert_ok(row_shares_new(&y, c.params, part, c.d, other, &s.masks));
		assert_ok(row_shares_work_new(&w, y));
		row_shares_linear(y, w, s.V[2], s.noise[1], slab);
		assert_true((shape.bits == 64) == !memcmp(s.V[1], s.V[2], s.words * s.R->bytes));
		for (size_t i = 0; i < s.words && row_slab_product(y, slab, i); i++) {
			const row_factors a = row_shares_factors(s.x[1], slab, i), b = row_shares_factors(y, slab, i);
			assert_true((shape.bits == 64) == gr_eq_var(a.P.v, b.P.v) && (shape.bits == 64) == gr_eq_var(a.s.v, b.s.v));
			assert_true(shape.bits == 128 || gr_eq_var(a.P.v, gr_narrow(a.P.v)));
		}
		row_shares_multiply(s.x[1], s.V[1], slab);
		row_shares_multiply(y, s.V[2], slab);
		assert_true((shape.bits == 64) == !memcmp(s.V[1], s.V[2], s.words * s.R->bytes));
		for (secret_id id = 0; id < SECRETS; id++) free(other[id]);
		row_shares_work_free(&w);
		row_shares_free(&y);
		case_free(&s);
	}
	cluster_free(&c);
}

static slab_case watched;

static void make_rows(void)
{
	row_shares *x = NULL;
	row_shares_work *w = NULL;

	if (row_shares_new(&x, watched.c->params, watched.part, watched.c->d, watched.c->word[1], &watched.masks) == OK &&
	    row_shares_work_new(&w, x) == OK) {
		row_shares_linear(x, w, watched.V[1], watched.noise[1], watched.slab);
		row_shares_multiply(x, watched.V[1], watched.slab);
	}
	row_shares_work_free(&w);
	row_shares_free(&x);
}

static void rows_leave_no_share_of_a_key(void **state)
{
	static cluster c;

	(void)state;
	leftover_forget();
	for (unsigned d = 4; d <= 5; d++) {
		cluster_new(&c, &PARAMS_TEST, 4, 1, d);
		for (key_part part = PART_BSK; part <= PART_SNS_BSK; part += PART_SNS_BSK - PART_BSK) {
			case_new(&watched, &c, part, (row_slab){ 0, part_shape_of(c.params, part).rows });
			const gr P = row_shares_factors(watched.x[1], watched.slab, 0).P.v;
			const size_t last = secret_length(c.params, watched.shape.to) * d - 1;
			leftover_forget();
			leftover_watch("bit of the input key", c.word[1][watched.shape.from], 16);
			leftover_watch("first of the output key", c.word[1][watched.shape.to], 16);
			leftover_watch("last of the output key", c.word[1][watched.shape.to] + last, 16);
			leftover_watch("P", &P.c[d - 1], watched.shape.bits / 8);
			const char *found = leftover_after(make_rows);
			if (found) fail_msg("%s, d = %u, %s", found, d, watched.shape.name);
			case_free(&watched);
		}
		cluster_free(&c);
	}
}

/* ---- memory ------------------------------------------------------------------------------------------------------- */

static void shares_that_find_no_memory_leave_nothing_behind(void **state)
{
	cluster c;
	row_shares *x = NULL;
	row_shares_work *w = NULL;
	int tries = 0;

	(void)state;
	cluster_new(&c, &PARAMS_TEST, 4, 1, 4);
	const mask_seed masks = keygen_masks(c.params, SEED, PART_SNS_BSK);
	for (err e = ERR_NOMEM; e != OK; tries++) {
		left = tries;
		e = row_shares_new(&x, c.params, PART_SNS_BSK, c.d, c.word[1], &masks);
		if (e == OK) e = row_shares_work_new(&w, x);
		left = -1;
		if (e == OK) break;
		assert_err(ERR_NOMEM, e);
		assert_null(w);
		row_shares_free(&x);
	}
	assert_true(tries >= 6);
	row_shares_work_free(&w), row_shares_work_free(&w);
	row_shares_free(&x), row_shares_free(&x);
	cluster_free(&c);
}

TESTS(TEST(rows_of_the_test_set_are_those_of_one_who_has_the_keys),
      TEST(rows_of_the_small_set_are_those_of_one_who_has_the_keys),
      TEST(rows_of_production_are_those_of_one_who_has_the_keys), TEST(a_slab_is_its_rows_one_after_another),
      TEST(only_rows_of_bootstrap_keys_but_the_last_of_each_level_have_a_product),
      TEST(of_a_part_of_64_bits_the_upper_halves_of_shares_do_not_count), TEST(what_is_left_behind_is_found),
      TEST(rows_leave_no_share_of_a_key), TEST(shares_that_find_no_memory_leave_nothing_behind))
