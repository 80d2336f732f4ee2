/* SPDX-License-Identifier: MIT */
/*
 * tests/mpc/joint_leak_test.c -- what one curious party learns from a key generation: everything that travels is opened again as
 * P_1 could, and compared with what is published; and what it would have learnt without this or that defence.
 */
#include <math.h>
#include <stdlib.h>
#include "share/shamir.h"
#include "tests/mpc/key_oracle.h"

enum { N = 4, T = 1, D = 4 };

/* ---- the switch: zero sharings that are none -------------------------------------------------------------------------- */

static bool bare;                    /* the PRF of zero sharings puts out zeros */

void __real_przs_many(const prss_batch *b, const ring *R, void *out, const uint8_t *sid, uint64_t first, size_t count);
void __wrap_przs_many(const prss_batch *b, const ring *R, void *out, const uint8_t *sid, uint64_t first, size_t count);
void __wrap_przs_many(const prss_batch *b, const ring *R, void *out, const uint8_t *sid, uint64_t first, size_t count)
{
	__real_przs_many(b, R, out, sid, first, count);
	if (bare) memset(out, 0, count * R->bytes);
}

/* ---- what P_1 sees ------------------------------------------------------------------------------------------------- */

/* A word of which all four sent consistent shares. */
typedef struct shown {
	unsigned k;
	bool     product;                    /* of degree 2t and not t                     */
	gr       secret, top;                /* the polynomial at 0, its coefficient of X^2 */
} shown;

typedef struct view { session_id sid; uint64_t round; slice share[N + 1]; } view;

typedef struct seen { shown *w; size_t count, room; } seen;

static void see(seen *x, shown w)
{
	if (x->count == x->room) {
		x->room = 2 * x->room + 1024;
		x->w = realloc(x->w, x->room * sizeof *x->w);
		assert_non_null(x->w);
	}
	x->w[x->count++] = w;
}

/* Newton's differences through the points of P_1, P_2, P_3: f = c0 + c1 (Z - a1) + c2 (Z - a1)(Z - a2). */
static bool consistent(shown *w, const ring *R, const gr *y)
{
	gr inv[N + 1][N + 1], d1[N + 1], d2[N + 1];

	for (unsigned i = 1; i <= N; i++) for (unsigned j = 1; j < i; j++) inv[i][j] = gr_inv(R, gr_sub(R, gr_point(i), gr_point(j)));
	for (unsigned i = 2; i <= N; i++) d1[i] = gr_mul(R, gr_sub(R, y[i], y[1]), inv[i][1]);
	for (unsigned i = 3; i <= N; i++) d2[i] = gr_mul(R, gr_sub(R, d1[i], d1[2]), inv[i][2]);
	if (!gr_eq_var(d2[3], d2[4])) return false;
	const gr at_1 = gr_mul(R, gr_sub(R, d1[2], gr_mul(R, d2[3], gr_point(2))), gr_point(1));
	*w = (shown){ .k = R->k, .product = !gr_eq_var(d2[3], GR_ZERO), .top = d2[3], .secret = gr_sub(R, y[1], at_1) };
	return true;
}

/* As elements of that ring: all of the view's words are consistent, and are noted; otherwise none. */
static bool open_as(seen *x, const view *v, unsigned k)
{
	const ring *R = ring_of(k, D);
	const size_t before = x->count;

	if (v->share[1].n % R->bytes) return false;
	for (size_t at = 0; at < v->share[1].n; at += R->bytes) {
		gr y[N + 1];
		shown w;
		for (party i = 1; i <= N; i++) y[i] = gr_read(R, v->share[i].p + at);
		if (!consistent(&w, R, y)) {
			x->count = before;
			return false;
		}
		see(x, w);
	}
	return true;
}

static view *views_of(const play *p, size_t *count)
{
	const size_t n = sim_transcript_length(p->sim);
	view *v = calloc(n + 1, sizeof *v);

	assert_non_null(v);
	*count = 0;
	for (size_t m = 0; m < n; m++) {
		const envelope *e = sim_transcript(p->sim, m);
		size_t i = *count;
		if (e->type != MSG_ROUND || (e->to != 1 && (e->from != 1 || e->to != 2))) continue;
		while (i && !(v[i - 1].round == e->round && sid_eq_var(&v[i - 1].sid, &e->sid))) i--;
		if (!i) v[i = (*count)++] = (view){ .sid = e->sid, .round = e->round };
		else i--;
		v[i].share[e->from] = e->body;
	}
	return v;
}

/* In all rounds, or only in that one of each sub-session.  *bytes: of the messages of others to P_1 that are openings. */
static seen what_P1_sees_in(const play *p, uint64_t round, uint64_t *bytes)
{
	seen x = { 0 };
	size_t count;
	view *v = views_of(p, &count);

	*bytes = 0;
	for (size_t i = 0; i < count; i++) {
		bool equal = v[i].share[1].n > 0 && (!round || v[i].round == round);
		for (party j = 2; j <= N; j++) equal &= v[i].share[j].n == v[i].share[1].n;
		if (equal && (open_as(&x, &v[i], 64) || open_as(&x, &v[i], 128))) *bytes += (N - 1) * v[i].share[1].n;
	}
	free(v);
	return x;
}

static seen what_P1_sees(const play *p, uint64_t *bytes) { return what_P1_sees_in(p, 0, bytes); }

/* ---- T-HW: nothing is opened but what is published ------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	const u128 x = *(const u128 *)a, y = *(const u128 *)b;
	return x < y ? -1 : x > y;
}

/* All coefficients that were opened in the ring of k bits, sorted; so many of them in *n. */
static u128 *coefficients(const seen *x, unsigned k, size_t *n)
{
	u128 *c = calloc(x->count * D + 1, sizeof *c);

	assert_non_null(c);
	*n = 0;
	for (size_t i = 0; i < x->count; i++) for (unsigned u = 0; x->w[i].k == k && u < D; u++) c[(*n)++] = x->w[i].secret.c[u];
	qsort(c, *n, sizeof *c, by_value);
	return c;
}

/* All published words of parts of k bits, and for k = 128 the element whose first bytes are the seed, sorted; before them zeros
 * that fill up n places. */
static u128 *published(const seeded_keyset *set, const gr *seed, unsigned k, size_t n, size_t *zeros)
{
	u128 *c = calloc(n + 1, sizeof *c);
	size_t at = n;

	assert_non_null(c);
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const part_shape s = part_shape_of(set->params, part);
		for (size_t i = 0; s.bits == k && i < s.rows * s.body; i++) {
			assert_true(at > 0);
			c[--at] = k == 64 ? load64(set->part[part].bodies.p + 8 * i) : load128(set->part[part].bodies.p + 16 * i);
		}
	}
	assert_true(k == 64 || at >= D);
	for (unsigned u = 0; k == 128 && u < D; u++) c[--at] = seed->c[u];
	*zeros = at;
	qsort(c, n, sizeof *c, by_value);
	return c;
}

/* The element of 128 bits that begins with the seed. */
static gr seed_element(const seen *x, const seeded_keyset *set)
{
	const u128 seed = load128(set->part[PART_PKE].seed.xof);

	for (size_t i = 0; i < x->count; i++) if (x->w[i].k == 128 && x->w[i].secret.c[0] == seed) return x->w[i].secret;
	fail();
	return GR_ZERO;
}

static void T_HW_what_is_opened_is_what_is_published_and_the_seed(void **state)
{
	world w;
	play p = { .session = 5, .transcript = true };
	uint64_t bytes;
	size_t products = 0, meant = 0;

	(void)state;
	world_new(&w, &SMALL, N, T);
	w.size.slab = 400;
	world_deal(&w);
	world_generate(&w, &p);
	const joint_keygen_job job = world_keygen_job(&w, 1);
	const joint_keygen_cost cost = joint_keygen_costs(&job, N, D);
	seen x = what_P1_sees(&p, &bytes);
	const gr seed = seed_element(&x, &w.m[1].set);
	for (unsigned k = 64; k <= 128; k += 64) {
		size_t n, zeros;
		u128 *opened = coefficients(&x, k, &n), *right = published(&w.m[1].set, &seed, k, n, &zeros);
		assert_int_equal(n, cost.opened[k / 64 - 1] * D);
		assert_true(zeros < 3 * D * KEY_PARTS);              /* at the ends of slabs of rows of one coefficient */
		assert_memory_equal(opened, right, n * sizeof *opened);
		free(opened), free(right);
	}
	/* Words of degree 2t: those of the rows with a product, d coefficients in each, and no others. */
	for (size_t i = 0; i < x.count; i++) products += x.w[i].product;
	for (unsigned need = 0; need < w.plan.needs; need++) {
		const keygen_need *of = &w.plan.need[need];
		if (of->products) meant += of->products * part_shape_of(&SMALL, of->part).decomp.level / D;
	}
	assert_int_equal(products, meant);
	assert_int_equal(products, cost.zeros[0] + cost.zeros[1]);
	free(x.w);
	play_end(&p);
	world_free(&w);
}

/* ---- T-LEAK: least squares ----------------------------------------------------------------------------------------- */

/* A keyswitch key of 1024 rows under a small key of 200 bits, and little else. */
enum { BITS = 200, ROWS = 1024 };
static const lat_params NARROW = {
	.name = "narrow", .n = BITS, .k = 1, .N = 256, .lwe_noise = 12, .glwe_noise = 1, .ks = { .base_log = 4, .level = 4 },
	.ms = { .kind = MS_CENTERED_MEAN }, .pke = { .n = 256, .noise = 1 }, .comp = { .k = 1, .N = 1 },
	.sns = { .k = 1, .N = 1, .ms = { .kind = MS_CENTERED_MEAN } }, .snscomp = { .k = 1, .N = 1 },
};

/* What is known of one part: masks, and of each row the number that was opened. */
typedef struct samples { double x[ROWS][BITS + 1], y[ROWS]; } samples;

/*
 * The s that makes the sum over rows of (y - <x, s>)^2 least, from the normal equations by elimination; its last place is a
 * constant.  So many of `bit` are right if what is above `threshold` is taken for 1.
 */
static unsigned least_squares(const samples *v, const uint8_t *bit, bool above_mean)
{
	static double m[BITS + 1][BITS + 2];
	double mean = 0;
	unsigned right = 0;

	for (unsigned i = 0; i <= BITS; i++) {
		for (unsigned j = 0; j <= BITS; j++) {
			m[i][j] = 0;
			for (unsigned r = 0; r < ROWS; r++) m[i][j] += v->x[r][i] * v->x[r][j];
		}
		m[i][BITS + 1] = 0;
		for (unsigned r = 0; r < ROWS; r++) m[i][BITS + 1] += v->x[r][i] * v->y[r];
	}
	for (unsigned i = 0; i <= BITS; i++) for (unsigned j = 0; j <= BITS; j++) {      /* positive definite: no pivoting */
		if (i == j) continue;
		const double f = m[j][i] / m[i][i];
		for (unsigned c = i; c <= BITS + 1; c++) m[j][c] -= f * m[i][c];
	}
	for (unsigned i = 0; i < BITS; i++) mean += m[i][BITS + 1] / m[i][i] / BITS;
	for (unsigned i = 0; i < BITS; i++) right += (m[i][BITS + 1] / m[i][i] > (above_mean ? mean : 0.5)) == bit[i];
	return right;
}

/* opened[r]: as wide as it was seen. */
static unsigned bits_found(const seeded_part *part, const part_shape *s, const u128 *opened, const uint8_t *bit)
{
	samples *v = calloc(1, sizeof *v);
	u128 row[BITS + 1];

	assert_non_null(v);
	for (unsigned r = 0; r < ROWS; r++) {
		oracle_row(row, s, part, r);
		for (unsigned j = 0; j < BITS; j++) v->x[r][j] = ldexp((double)row[j], -64) - 0.5;
		v->x[r][BITS] = 1;
		v->y[r] = ldexp((double)opened[r], -64);
	}
	const unsigned one = least_squares(v, bit, false), other = least_squares(v, bit, true);
	free(v);
	return one > other ? one : other;
}

/* What P_1 saw of each row of a part of one coefficient a row: the widest opened number that is its body modulo 2^64. */
static void opened_rows(u128 *opened, const seen *x, const seeded_part *part)
{
	for (unsigned r = 0; r < ROWS; r++) {
		const uint64_t body = load64(part->bodies.p + 8 * r);
		unsigned found = 0;
		for (size_t i = 0; i < x->count; i++) for (unsigned u = 0; u < D; u++) {
			if ((uint64_t)x->w[i].secret.c[u] != body || x->w[i].k < found) continue;
			opened[r] = x->w[i].secret.c[u], found = x->w[i].k;
		}
		assert_true(found);
	}
}

/* The rule disabled: each party's shares of the same rows, of the same secrets and noise, in the ring of 128 bits; opened, and
 * not truncated before. */
static void opened_wide(u128 *opened, const world *w, const secret_keys *keys, const part_shape *s, const seeded_part *part)
{
	const ring *R = ring_of(128, D);
	i128 *e = oracle_noise(keys, &w->m[1].set, PART_KSK);
	u128 row[BITS + 1];

	for (unsigned r = 0; r < ROWS; r++) {
		const unsigned level = s->decomp.level - r % s->decomp.level;
		share y[N + 1], noise[N + 1];
		gr value;
		oracle_row(row, s, part, r);
		shamir_deal(noise, R, N, T, gr_scalar(R, (u128)e[r]), test_rng());
		for (party i = 1; i <= N; i++) {
			gr sum = noise[i].v, bit = GR_ZERO;
			memcpy(bit.c, w->m[i].word[s->from] + r / s->decomp.level * D, D * sizeof(u128));
			sum = gr_add(R, sum, gr_scale(R, (u128)1 << (64 - s->decomp.base_log * level), bit));
			for (unsigned j = 0; j < BITS; j++) {
				memcpy(bit.c, w->m[i].word[s->to] + j * D, D * sizeof(u128));
				sum = gr_add(R, sum, gr_scale(R, row[j], bit));
			}
			y[i].v = sum;
		}
		assert_true(sim_reconstruct(&value, R, y, parties_all(N), T));
		assert_int_equal((uint64_t)value.c[0], load64(part->bodies.p + 8 * r));      /* what would be published is the same */
		opened[r] = value.c[0];
	}
	free(e);
}

static void T_LEAK_least_squares_finds_the_key_in_wide_openings_and_not_in_these(void **state)
{
	static u128 opened[ROWS];
	const part_shape s = part_shape_of(&NARROW, PART_KSK);
	world w;
	secret_keys keys;
	play one = { .session = 6 }, two = { .session = 7, .transcript = true };
	uint64_t bytes;

	(void)state;
	assert_true(s.rows == ROWS && s.mask == BITS && s.body == 1 && s.bits == 64);
	world_new(&w, &NARROW, N, T);
	world_prepare(&w, &one);
	world_generate(&w, &two);
	oracle_whole_key(&keys, &two);
	const seeded_part *part = &w.m[1].set.part[PART_KSK];
	seen x = what_P1_sees(&two, &bytes);

	opened_rows(opened, &x, part);
	const unsigned narrow = bits_found(part, &s, opened, keys.bit[SECRET_SMALL]);
	assert_in_range(narrow, BITS / 2 - 35, BITS / 2 + 35);               /* guessing: five deviations */
	opened_wide(opened, &w, &keys, &s, part);
	assert_int_equal(bits_found(part, &s, opened, keys.bit[SECRET_SMALL]), BITS);
	free(x.w);
	secret_keys_free(&keys);
	play_end(&one), play_end(&two);
	world_free(&w);
}

/* Every word of a 64-bit part was carried in 8 d bytes: this set has no other parts, so one word of 128 bits is there. */
static void T_LEAK_words_of_64_bit_parts_travel_in_elements_of_8_d_bytes(void **state)
{
	world w;
	play p = { .session = 8, .transcript = true };
	uint64_t bytes, wide = 0;

	(void)state;
	world_new(&w, &NARROW, N, T);
	world_deal(&w);
	world_generate(&w, &p);
	const joint_keygen_job job = world_keygen_job(&w, 1);
	const joint_keygen_cost cost = joint_keygen_costs(&job, N, D);
	seen x = what_P1_sees(&p, &bytes);
	for (size_t i = 0; i < x.count; i++) wide += x.w[i].k == 128;
	assert_int_equal(wide, 1);                                   /* the seed */
	assert_int_equal(x.count - wide, (ROWS + 256 + 256) / D);
	assert_int_equal(cost.opened[0], (ROWS + 256 + 256) / D);
	assert_int_equal(bytes, (N - 1) * (8 * D * (x.count - wide) + 16 * D));
	free(x.w);
	play_end(&p);
	world_free(&w);
}

/* ---- T-PRZS: what products of shares show ---------------------------------------------------------------------------- */

/* f's coefficient of Z for the polynomial of degree 1 through the shares of P_1 and P_2. */
static gr slope(const ring *R, const gr *y)
{
	return gr_mul(R, gr_sub(R, y[2], y[1]), gr_inv(R, gr_sub(R, gr_point(2), gr_point(1))));
}

static gr key_share(const world *w, const ring *R, party i, secret_id id, size_t b)
{
	gr a = GR_ZERO;

	memcpy(a.c, w->m[i].word[id] + b * D, D * sizeof(u128));
	return R->k == 64 ? gr_narrow(a) : a;
}

/* The coefficient of Z^2 in -2^x s P, of word c of a row r < k: a product of two slopes, which tells of shares. */
static gr raw_top(const world *w, const part_shape *s, size_t row, size_t c)
{
	const ring *R = ring_of(s->bits, D);
	const size_t cell = row / (s->k + 1), r = row % (s->k + 1);
	const unsigned level = s->decomp.level - (unsigned)(cell % s->decomp.level);
	gr bit[N + 1], P[N + 1];

	for (party i = 1; i <= 2; i++) {
		bit[i] = key_share(w, R, i, s->from, cell / s->decomp.level);
		P[i] = GR_ZERO;
		for (unsigned u = D; u-- > 0;) P[i] = gr_add(R, gr_times_x(R, P[i]), key_share(w, R, i, s->to, r * s->N + c * D + u));
	}
	const gr product = gr_mul(R, slope(R, bit), slope(R, P));
	return gr_neg(R, gr_scale(R, (u128)1 << (s->bits - s->decomp.base_log * level), product));
}

static gr body_word(const world *w, key_part part, const part_shape *s, size_t row, size_t c)
{
	const uint8_t *p = w->m[1].set.part[part].bodies.p;
	gr V = GR_ZERO;

	for (unsigned u = 0; u < D; u++) {
		const size_t at = row * s->body + c * D + u;
		V.c[u] = s->bits == 64 ? load64(p + 8 * at) : load128(p + 16 * at);
	}
	return V;
}

/* Over all words with a product of all parts: how many were found, and how many have the top coefficient of the raw product. */
static void tops(const world *w, const seen *x, size_t *found, size_t *raw, unsigned *ones, size_t *tested)
{
	*found = *raw = *tested = 0, *ones = 0;
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const part_shape s = part_shape_of(w->params, part);
		for (size_t row = 0; s.kind == KIND_BSK && row < s.rows; row++) for (size_t c = 0; c < s.body / D; c++) {
			if (row % (s.k + 1) == s.k) continue;
			const gr V = body_word(w, part, &s, row, c);
			for (size_t i = 0; i < x->count; i++) {
				if (x->w[i].k != s.bits || !gr_eq_var(x->w[i].secret, V)) continue;
				(*found)++;
				*raw += gr_eq_var(x->w[i].top, raw_top(w, &s, row, c));
				*tested += D * 64;
				for (unsigned u = 0; u < D; u++) *ones += (unsigned)__builtin_popcountll((uint64_t)x->w[i].top.c[u]);
				break;
			}
		}
	}
}

/* One bit of the key of each bootstrap: few products. */
static void T_PRZS_products_are_hidden_by_zeros_of_degree_2t(void **state)
{
	enum { RUNS = 3 };
	lat_params few = SMALL;
	world w;
	gr first[RUNS];

	(void)state;
	few.n = 1, few.comp.k = 2;
	world_new(&w, &few, N, T);
	world_deal(&w);
	for (unsigned run = 0; run < RUNS; run++) {
		play p = { .session = 20 + run, .transcript = true };
		uint64_t bytes;
		size_t found, raw, tested;
		unsigned ones;
		bare = run == 0;
		world_forget_generation(&w);
		world_generate(&w, &p);
		bare = false;
		seen x = what_P1_sees(&p, &bytes);
		tops(&w, &x, &found, &raw, &ones, &tested);
		assert_int_equal(found, 8 * 256 / D);                /* 2 + 2 + 1 + 1 + 2 rows r < k: see SMALL */
		if (run == 0) {
			assert_int_equal(raw, found);
		} else {
			assert_int_equal(raw, 0);
			assert_true(fabs(ones - (double)tested / 2) < 2.5 * sqrt((double)tested));
		}
		for (size_t i = 0; i < x.count; i++) if (x.w[i].product) {
			first[run] = x.w[i].top;
			break;
		}
		for (unsigned r = 0; r < run; r++) assert_false(gr_eq_var(first[r], first[run]));
		if (run) for (size_t i = 0; i < x.count; i++) for (size_t j = 0; j < i; j++)
			if (x.w[i].product && x.w[j].product) assert_false(gr_eq_var(x.w[i].top, x.w[j].top));
		free(x.w);
		play_end(&p);
	}
	world_free(&w);
}

/* ---- T-NOISE0: triples ------------------------------------------------------------------------------------------------ */

static err says_bad(session *s, slice mine, size_t most, slice *all)
{
	static const uint8_t BAD = 0;

	if (mine.n == 1) mine.p = &BAD;
	return bcast(s, mine, most, all);
}

static int by_element(const void *a, const void *b) { return memcmp(a, b, sizeof(gr)); }

/* One party always says that something was wrong, and so all products go by triples.  The bit of a row is a factor of all its
 * words, so what is opened of two of them in the same disguise would be the same. */
static void T_NOISE0_every_product_has_a_triple_of_its_own(void **state)
{
	static const protocols BAD = { .bcast = says_bad, .vss = vss, .open = open_sync };
	const uint64_t factors = 1 + 2 * bcast_rounds(T) + 1;        /* haste, votes, triples, and then these */
	lat_params few = SMALL;
	world w;
	play p = { .session = 11, .transcript = true, .corrupt = (party_set)1 << 4, .table = &BAD };
	uint64_t bytes;
	unsigned ones = 0;
	secret_keys keys;

	(void)state;
	few.n = 1, few.comp.k = 2;
	world_new(&w, &few, N, T);
	w.size.lanes = 1;
	world_deal(&w);
	world_generate(&w, &p);
	oracle_whole_key(&keys, &p);
	seen x = what_P1_sees_in(&p, factors, &bytes);
	gr *opened = calloc(x.count + 1, sizeof *opened);
	assert_non_null(opened);
	assert_int_equal(x.count, 2 * 8 * 256 / D);                  /* of each word of a row r < k two; one slab a part */
	for (size_t i = 0; i < x.count; i++) {
		opened[i] = x.w[i].secret;
		for (unsigned u = 0; u < D; u++) ones += (unsigned)__builtin_popcountll((uint64_t)opened[i].c[u]);
	}
	qsort(opened, x.count, sizeof *opened, by_element);
	for (size_t i = 1; i < x.count; i++) assert_false(gr_eq_var(opened[i], opened[i - 1]));
	const double bits = (double)x.count * D * 64;
	assert_true(fabs(ones - bits / 2) < 2.5 * sqrt(bits));
	free(opened);
	free(x.w);
	secret_keys_free(&keys);
	play_end(&p);
	world_free(&w);
}

/* ---- T-SEED -------------------------------------------------------------------------------------------------------- */

static const lat_params FEW = {
	.name = "few", .n = 1, .k = 1, .N = 256, .ks = { .base_log = 4, .level = 1 }, .ms = { .kind = MS_CENTERED_MEAN },
	.pke = { .n = 256 }, .comp = { .k = 1, .N = 1 }, .sns = { .k = 1, .N = 1 }, .snscomp = { .k = 1, .N = 1 },
};

typedef struct seed { uint8_t b[PUBLIC_SEED_BYTES]; } seed;

/* In place of its share of the seed the liar sends what would make it zero if the first honest shares were believed; what an
 * honest party has just said; or nothing. */
static void rush_choose(void *ctx, sim *s, envelope *held, size_t count)
{
	const play *x = ctx;
	const ring *R = ring_of(128, D);

	for (size_t k = 0; k < count; k++) {
		envelope *e = &held[k];
		if (play_part_of(x, e, 1) != 0) continue;
		gr weight[MAX_PARTIES + 1];
		const party other = first_of(honest_of(x) & ~((party_set)1 << e->to));
		const envelope *said = NULL;
		for (size_t i = 0; i < sim_transcript_length(s); i++) {
			const envelope *m = sim_transcript(s, i);
			if (m->from == other && m->to == e->from && sid_eq_var(&m->sid, &e->sid)) said = m;
		}
		assert_non_null(said);
		uint8_t *p = sim_bytes(s, R->bytes);
		lagrange_weights(weight, R, (party_set)1 << other | (party_set)1 << e->from, GR_ZERO);
		gr_write(R, p, gr_neg(R, gr_mul(R, gr_mul(R, weight[other], gr_read(R, said->body.p)), gr_inv(R, weight[e->from]))));
		e->body.p = x->variant ? said->body.p : p;
		if (x->variant == 2) e->to = 0;
	}
}

/* One generation from the same samples, under the same session id. */
static seed seed_of(world *w, party_set corrupt, unsigned variant)
{
	play p = { .session = 9, .corrupt = corrupt, .rush = corrupt ? rush_choose : NULL, .variant = variant };
	seed out;

	world_forget_generation(w);
	world_generate(w, &p);
	FOR_EACH_IN(i, honest_of(&p)) {
		memcpy(out.b, w->m[i].set.part[PART_PKE].seed.xof, sizeof out.b);
		assert_memory_equal(out.b, w->m[first_of(honest_of(&p))].set.part[PART_PKE].seed.xof, sizeof out.b);
	}
	play_end(&p);
	return out;
}

static void T_SEED_nobody_chooses_the_seed(void **state)
{
	world w;

	(void)state;
	world_new(&w, &FEW, N, T);
	world_deal(&w);
	const seed right = seed_of(&w, 0, 0);
	for (party liar = 1; liar <= N; liar++) for (unsigned variant = 0; variant < 3; variant++) {
		const seed s = seed_of(&w, (party_set)1 << liar, variant);
		assert_memory_equal(s.b, right.b, sizeof s.b);
	}
	world_free(&w);
}

/* All that a party holds and could compute stays as it was; one key among the other three changes, and with it the seed. */
static void T_SEED_what_one_party_holds_does_not_tell_it(void **state)
{
	const ring *R = ring_of(128, D);
	uint8_t r[PRSS_KEY];
	world w;

	(void)state;
	world_new(&w, &FEW, N, T);
	world_deal(&w);
	seed before = seed_of(&w, 0, 0);
	for (party one = 1; one <= N; one++) for (unsigned set = 0; set < w.group->sets; set++) {
		if (has(w.group->A[set], one)) continue;
		const share mine = prss_next(w.group->p[one], R, (const uint8_t *)"sixteen bytes..!", 2 * one);
		rng_fill(test_rng(), r, sizeof r);
		world_rekey(&w, set, r);
		const share again = prss_next(w.group->p[one], R, (const uint8_t *)"sixteen bytes..!", 2 * one);
		assert_true(gr_eq_var(mine.v, again.v));
		const seed after = seed_of(&w, 0, 0);
		assert_memory_not_equal(after.b, before.b, sizeof after.b);
		before = after;
	}
	world_free(&w);
}

/* It differs from ceremony to ceremony, and its bits are even. */
static void T_SEED_every_generation_has_another(void **state)
{
	enum { RUNS = 24 };
	seed s[RUNS];
	unsigned ones = 0;
	world w;

	(void)state;
	world_new(&w, &FEW, N, T);
	world_deal(&w);
	for (unsigned i = 0; i < RUNS; i++) {
		play p = { .session = 40 + i };
		world_forget_generation(&w);
		world_generate(&w, &p);
		memcpy(s[i].b, w.m[1].set.part[PART_PKE].seed.xof, sizeof s[i].b);
		for (unsigned b = 0; b < sizeof s[i].b; b++) ones += (unsigned)__builtin_popcount(s[i].b[b]);
		for (unsigned j = 0; j < i; j++) assert_memory_not_equal(s[i].b, s[j].b, sizeof s[i].b);
		play_end(&p);
	}
	assert_in_range(ones, RUNS * 64 - 139, RUNS * 64 + 139);     /* five deviations */
	world_free(&w);
}

TESTS(TEST(T_HW_what_is_opened_is_what_is_published_and_the_seed),
      TEST(T_LEAK_words_of_64_bit_parts_travel_in_elements_of_8_d_bytes),
      TEST(T_LEAK_least_squares_finds_the_key_in_wide_openings_and_not_in_these),
      TEST(T_PRZS_products_are_hidden_by_zeros_of_degree_2t),
      TEST(T_NOISE0_every_product_has_a_triple_of_its_own), TEST(T_SEED_nobody_chooses_the_seed),
      TEST(T_SEED_what_one_party_holds_does_not_tell_it), TEST(T_SEED_every_generation_has_another))
