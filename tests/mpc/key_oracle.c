/* SPDX-License-Identifier: MIT */
/* tests/mpc/key_oracle.c -- a key looked at with all its shares, by definitions alone. */
#include <math.h>
#include <stdlib.h>
#include "share/shamir.h"
#include "tests/mpc/key_oracle.h"

/* ---- shares -------------------------------------------------------------------------------------------------------- */

/* f(0) and whether all lie on one f of degree t: by weights that are made once. */
typedef struct opener {
	const ring *R;
	party_set who, base;                 /* base: t + 1 of them */
	gr        weight[MAX_PARTIES + 1][MAX_PARTIES + 1];      /* [j]: f(a_j); [0]: f(0) */
} opener;

static const opener *opener_of(const world *w, unsigned k, party_set who)
{
	static opener o;

	o.R = ring_of(k, w->d), o.who = who, o.base = 0;
	FOR_EACH_IN(i, who) if (size_of_set(o.base) <= w->t) add_to(&o.base, i);
	lagrange_weights(o.weight[0], o.R, o.base, GR_ZERO);
	FOR_EACH_IN(j, who & ~o.base) lagrange_weights(o.weight[j], o.R, o.base, gr_point(j));
	return &o;
}

static gr weighted(const opener *o, const gr *weight, const gr *y)
{
	gr sum = GR_ZERO;

	FOR_EACH_IN(i, o->base) sum = gr_add(o->R, sum, gr_mul(o->R, weight[i], y[i]));
	return sum;
}

/* The secret as an integer; the test fails unless it is one. */
static u128 opened(const opener *o, const gr *y)
{
	const gr secret = weighted(o, o->weight[0], y);

	FOR_EACH_IN(j, o->who & ~o->base) assert_true(gr_eq_var(weighted(o, o->weight[j], y), y[j]));
	assert_true(gr_is_scalar_var(o->R, secret));
	return secret.c[0];
}

void oracle_secrets(secret_keys *out, const world *w, party_set who)
{
	const opener *o = opener_of(w, 128, who);

	assert_ok(secret_keys_new(out, w->params));
	for (secret_id id = 0; id < SECRETS; id++) for (size_t b = 0; w->m[1].word[id] && b < secret_length(w->params, id); b++) {
		gr y[MAX_PARTIES + 1] = { 0 };
		FOR_EACH_IN(i, who) for (unsigned c = 0; c < w->d; c++) y[i].c[c] = w->m[i].word[id][b * w->d + c];
		const u128 bit = opened(o, y);
		assert_true(bit <= 1);
		out->bit[id][b] = (uint8_t)bit;
	}
}

i128 *oracle_samples(const world *w, unsigned need, party_set who)
{
	const keygen_need *what = &w->plan.need[need];
	const opener *o = opener_of(w, what->k, who);
	i128 *e = calloc(what->samples + 1, sizeof *e);

	assert_non_null(e);
	for (uint64_t s = 0; s < what->samples; s++) {
		gr y[MAX_PARTIES + 1];
		FOR_EACH_IN(i, who) y[i] = gr_read(o->R, w->m[i].sample[need] + s * o->R->bytes);
		const u128 v = opened(o, y);
		e[s] = what->k == 64 ? (int64_t)v : (i128)v;
	}
	return e;
}

/* ---- rows ---------------------------------------------------------------------------------------------------------- */

/* (A_0 S_0 + .. + A_(k-1) S_(k-1)) modulo X^N + 1; a client multiplies by a public key's secret from its last bit to its first. */
void oracle_product(u128 *sum, const u128 *masks, const uint8_t *bits, const part_shape *s)
{
	memset(sum, 0, s->body * sizeof *sum);
	for (unsigned j = 0; j < s->k; j++, masks += s->N) for (unsigned i = 0; i < s->N; i++) {
		if (!bits[j * s->N + (s->kind == KIND_COMPACT ? s->N - 1 - i : i)]) continue;
		for (unsigned c = 0; c < s->N - i; c++) sum[c + i] += masks[c];
		for (unsigned c = s->N - i; c < s->N; c++) sum[c + i - s->N] -= masks[c];
	}
}

/*
 * For every bit s_i of the input key, for levels l = L .. 1: s_i 2^(K - b l), in the constant coefficient; in a bootstrap key,
 * before that, for each polynomial r of the output key: -s_i S_r 2^(K - b l).
 */
void oracle_message(u128 *m, const secret_keys *keys, const part_shape *s, size_t row)
{
	const unsigned L = s->decomp.level, b = s->decomp.base_log;
	size_t at = 0;

	memset(m, 0, s->body * sizeof *m);
	if (s->kind == KIND_COMPACT || s->kind == KIND_ZEROS) return;
	for (size_t i = 0; i < secret_length(keys->params, s->from); i++) for (unsigned l = L; l > 0; l--) {
		const u128 unit = keys->bit[s->from][i] ? (u128)1 << (s->bits - b * l) : 0;
		for (unsigned r = 0; s->kind == KIND_BSK && r < s->k; r++) {
			if (at++ != row) continue;
			for (unsigned c = 0; c < s->N; c++) m[c] = keys->bit[s->to][r * s->N + c] ? -unit : 0;
			return;
		}
		if (at++ != row) continue;
		m[0] = unit;
		return;
	}
	fail();
}

void oracle_row(u128 *out, const part_shape *s, const seeded_part *part, size_t row)
{
	if (s->bits == 128) {
		part_rows128(out, *s, part, 0, row, 1);
		return;
	}
	uint64_t *narrow = malloc((s->mask + s->body) * sizeof *narrow);
	assert_non_null(narrow);
	part_rows64(narrow, *s, part, row, 1);
	for (size_t i = 0; i < s->mask + s->body; i++) out[i] = narrow[i];
	free(narrow);
}

i128 *oracle_noise(const secret_keys *keys, const seeded_keyset *set, key_part part)
{
	const part_shape s = part_shape_of(keys->params, part);
	i128 *e = calloc(s.rows * s.body + 1, sizeof *e);
	u128 *row = calloc(s.mask + s.body, sizeof *row), *sum = calloc(2 * s.body, sizeof *sum), *m = sum + s.body;

	assert_true(e && row && sum);
	for (size_t r = 0; r < s.rows; r++) {
		oracle_row(row, &s, &set->part[part], r);
		oracle_product(sum, row, keys->bit[s.to], &s);
		oracle_message(m, keys, &s, r);
		for (size_t c = 0; c < s.body; c++) {
			const u128 left = row[s.mask + c] - sum[c] - m[c];
			e[r * s.body + c] = s.bits == 64 ? (int64_t)left : (i128)left;
		}
	}
	free(row);
	free(sum);
	return e;
}

/* ---- noise --------------------------------------------------------------------------------------------------------- */

/* What a chi-square of so many degrees of freedom exceeds once in 10^7, by the cube root that is nearly normal. */
static double chi_limit(unsigned df)
{
	const double h = 2 / (9.0 * df);
	return df * pow(1 - h + 5.2 * sqrt(h), 3);
}

enum { MOST_CELLS = 17, FEWEST = 8, ENOUGH = 64 };

void oracle_is_tuniform(const char *name, const i128 *e, size_t count, unsigned b)
{
	const i128 end = (i128)1 << b;
	const double n = (double)count, step = 1 / (double)end;
	/* Each value a cell while that is at most MOST_CELLS; otherwise 16 cells of as many values, the two ends in the outer ones. */
	const unsigned cells = 2 * end + 1 <= MOST_CELLS ? (unsigned)(2 * end + 1) : MOST_CELLS - 1;
	double sum = 0, squares = 0, in[MOST_CELLS] = { 0 }, chi = 0;

	for (size_t i = 0; i < count; i++) {
		if (e[i] < -end || e[i] > end) print_error("%s: coefficient %zu is not within its noise\n", name, i);
		assert_true(e[i] >= -end && e[i] <= end);
		const double x = (double)e[i] / (double)end;
		sum += x, squares += x * x;
		in[cells & 1 ? (size_t)(e[i] + end) : size_min(cells - 1, (size_t)((u128)(e[i] + end) * cells / (u128)(2 * end)))]++;
	}
	if (count < ENOUGH) return;
	/* In units of M = 2^b: sums of the first M squares and fourth powers, twice, the ends counting half. */
	const double variance = (2 + step * step) / 6;
	const double fourth = ((1 + step) * (2 + step) * (3 + 3 * step - step * step) / 30 / step - 0.5) * step;
	const double mean_off = fabs(sum / n) / sqrt(variance / n);
	const double square_off = fabs(squares / n - variance) / sqrt((fourth - variance * variance) / n);
	if (mean_off > 5.3 || square_off > 5.3)
		print_error("%s: mean and mean square are %.1f and %.1f deviations away\n", name, mean_off, square_off);
	assert_true(mean_off < 5.3 && square_off < 5.3);

	const double value = step / 2;               /* the probability of an inner value; half of it at either end */
	for (unsigned i = 0; i < cells; i++) {
		const double end_less = (i == 0 || (i == cells - 1 && cells & 1) ? -value / 2 : i == cells - 1 ? value / 2 : 0);
		const double expected = n * ((cells & 1 ? value : 1.0 / cells) + end_less);
		if (expected < FEWEST) return;
		chi += (in[i] - expected) * (in[i] - expected) / expected;
	}
	if (chi >= chi_limit(cells - 1)) print_error("%s: chi-square of the noise is %f\n", name, chi);
	assert_true(chi < chi_limit(cells - 1));
}

static int by_size(const void *a, const void *b)
{
	const i128 x = *(const i128 *)a, y = *(const i128 *)b;
	return x < y ? -1 : x > y;
}

/* Neighbours do not hang together; and where that is next to impossible, no two samples are the same. */
static void are_independent(const char *name, const i128 *e, size_t count, unsigned b)
{
	const double end = (double)((i128)1 << b), n = (double)count, variance = (2 + 1 / (end * end)) / 6;
	double together = 0;

	if (count < ENOUGH) return;
	for (size_t i = 1; i < count; i++) together += (double)e[i] / end * ((double)e[i - 1] / end);
	if (fabs(together) >= 5.3 * variance * sqrt(n)) print_error("%s: the noise of neighbours hangs together\n", name);
	assert_true(fabs(together) < 5.3 * variance * sqrt(n));
	if (n * n * 1e6 > end) return;
	i128 *sorted = malloc(count * sizeof *sorted);
	assert_non_null(sorted);
	memcpy(sorted, e, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, by_size);
	for (size_t i = 1; i < count; i++) assert_true(sorted[i] != sorted[i - 1]);
	free(sorted);
}

/* ---- all of it ----------------------------------------------------------------------------------------------------- */

static void each_sample_once(const play *x)
{
	FOR_EACH_IN(i, honest_of(x)) for (unsigned need = 0; need < x->w->plan.needs; need++)
		for (uint64_t s = 0; s < x->w->plan.need[need].samples; s++) {
			assert_int_equal(x->w->m[i].put[need][s], 1);
			assert_int_equal(x->w->m[i].taken[need][s], 1);
		}
}

static void same_bodies(const play *x)
{
	const member *one = &x->w->m[first_of(honest_of(x))];

	FOR_EACH_IN(i, honest_of(x)) {
		const member *m = &x->w->m[i];
		assert_ptr_equal(m->set.params, x->w->params);
		for (key_part part = 0; part < KEY_PARTS; part++) {
			const bool planned = x->w->plan.parts & PART_BIT(part);
			const size_t bytes = planned ? part_body_bytes(part_shape_of(x->w->params, part)) : 0;
			assert_int_equal(m->set.part[part].bodies.n, bytes);
			if (!bytes) continue;
			assert_ptr_equal(m->set.part[part].bodies.p, m->where[part]);
			assert_true(slice_eq_var(m->set.part[part].bodies, one->set.part[part].bodies));
			assert_memory_equal(m->set.part[part].seed.xof, one->set.part[part].seed.xof, PUBLIC_SEED_BYTES);
		}
	}
}

void oracle_whole_key(secret_keys *keys, const play *x)
{
	const world *w = x->w;
	const seeded_keyset *set = &w->m[first_of(honest_of(x))].set;

	each_sample_once(x);
	same_bodies(x);
	oracle_secrets(keys, w, honest_of(x));
	for (unsigned need = 0; need < w->plan.needs; need++) {
		const keygen_need *what = &w->plan.need[need];
		i128 *meant = oracle_samples(w, need, honest_of(x));
		if (what->is_key) {
			for (uint64_t s = 0; s < what->samples; s++) assert_true(meant[s] == keys->bit[what->secret][s]);
		} else {
			i128 *found = oracle_noise(keys, set, what->part);
			assert_memory_equal(found, meant, what->samples * sizeof *found);
			oracle_is_tuniform(what->name, found, what->samples, what->noise);
			are_independent(what->name, found, what->samples, what->noise);
			free(found);
		}
		free(meant);
	}
}
