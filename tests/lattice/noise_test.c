/* SPDX-License-Identifier: MIT */
/*
 * tests/lattice/noise_test.c -- the noise of blocks after each step of their way, against the formulas of doc/notes/noise.md.
 *
 * Of every step: the largest error is within the bound of the note, the mean square is what the formula says, and nothing
 * comes near to where a block would be read wrongly.  NOISE_PARAMS and NOISE_BLOCKS say of what and how many.
 */
#include "tests/test.h"
#include <math.h>
#include "lattice/compact.h"
#include "lattice/compress.h"
#include "lattice/keygen.h"
#include "lattice/keyswitch.h"
#include "lattice/lwe.h"
#include "lattice/poly.h"
#include "lattice/squash.h"

#define PARAMS (&NOISE_PARAMS)

enum { CHUNK = 256, SIGMAS = 7 };               /* blocks at a time; doc/notes/noise.md, "Bounds" */

typedef enum step { FRESH, SWITCHED, EXPANDED, PACKED, DECOMPRESSED, PAIRED, SQUASHED, SQUASH_PACKED, STEPS } step;

/* limit_log: from where on a block is read wrongly, or refused; 0: what the next step makes of it decides. */
static const struct { const char *name; unsigned limit_log; } STEP[STEPS] = {
	[FRESH] = { "fresh", 58 },                  [SWITCHED] = { "switched", 58 },
	[EXPANDED] = { "expanded", 58 },            [PACKED] = { "compressed", 60 },
	[DECOMPRESSED] = { "decompressed", 58 },    [PAIRED] = { "paired, switched", 58 },
	[SQUASHED] = { "squashed", 70 },            [SQUASH_PACKED] = { "squashed, compressed", 70 },
};

/* ---- the formulas ------------------------------------------------------------------------------------------------------ */

static double tuniform(unsigned b) { return pow(4, b) / 3 + 1. / 6; }
static double digit(decomp d) { return (pow(4, d.base_log) + 2) / 12; }
static double rounding(unsigned kept, unsigned bits) { return pow(4, bits - kept) / 12; }
static unsigned bits_of(decomp d) { return d.base_log * d.level; }

static double weight(const secret_keys *keys, secret_id id)
{
	size_t sum = 0;
	for (size_t i = 0; i < secret_length(keys->params, id); i++) sum += keys->bit[id][i];
	return (double)sum;
}

/* A keyswitch; a packing one brings the noise of the key for each of its slots. */
static double keyswitch_noise(const secret_keys *keys, key_part part, unsigned slots)
{
	const part_shape s = part_shape_of(keys->params, part);
	return weight(keys, s.from) * rounding(bits_of(s.decomp), s.bits) +
	       slots * (double)s.rows * digit(s.decomp) * tuniform(s.noise);
}

/* The centred mean leaves of each mask word's rounding a half, with either sign. */
static double modulus_noise(const lat_params *p) { return (p->n / 4. + 1) * rounding((unsigned)log2(2 * p->N), 64); }

static double rotation_noise(const secret_keys *keys, key_part part, unsigned key_rounded_to)
{
	const part_shape s = part_shape_of(keys->params, part);
	const double by_mask = 1 + weight(keys, s.to), rows = (double)(s.decomp.level * (s.k + 1)) * s.N;
	const double key = tuniform(s.noise) + (key_rounded_to ? by_mask * rounding(key_rounded_to, s.bits) : 0);
	return (double)secret_length(keys->params, s.from) * rows * digit(s.decomp) * key +
	       weight(keys, s.from) * by_mask * rounding(bits_of(s.decomp), s.bits);
}

/* What the approximate engine adds: rounding to 53 bits of products of digits and words. */
static double approximate_noise(const secret_keys *keys, key_part part)
{
	const part_shape s = part_shape_of(keys->params, part);
	const double rows = (double)(s.decomp.level * (s.k + 1)) * s.N, word = pow(4, 64) / 12;
	return (double)secret_length(keys->params, s.from) * (1 + weight(keys, s.to)) * 13 * pow(4, -53) * rows * digit(s.decomp) * word;
}

/* e r: the key's noise e is what it is, r is new in every list and has ones for half of its bits. */
static double fresh_noise(const secret_keys *keys, const int64_t *e, size_t slots)
{
	const lat_params *p = keys->params;
	double sum = 0, squares = 0, halves = 0;

	for (unsigned j = 0; j < p->pke.n; j++) {
		sum += (double)e[j];
		squares += (double)e[j] * (double)e[j];
	}
	for (size_t i = 0; i < slots; i++) {
		halves += sum * sum / 4;
		sum -= 2 * (double)e[p->pke.n - 1 - i];              /* it comes round with the other sign */
	}
	return squares / 4 + halves / (double)slots + (weight(keys, SECRET_PKE) + 1) * tuniform(p->pke.noise);
}

static void formulas(double v[STEPS], const secret_keys *keys, const int64_t *key_noise)
{
	const lat_params *p = keys->params;

	v[FRESH] = fresh_noise(keys, key_noise, CHUNK / 2);
	v[SWITCHED] = v[FRESH] + keyswitch_noise(keys, PART_CAST_KSK, 1) + modulus_noise(p);
	v[EXPANDED] = rotation_noise(keys, PART_BSK, 0) + approximate_noise(keys, PART_BSK);
	v[PACKED] = 16 * v[EXPANDED] + keyswitch_noise(keys, PART_COMP_PKSK, CHUNK) +
	            (1 + weight(keys, SECRET_COMP)) * rounding(p->comp.storage_bits, 64);
	v[DECOMPRESSED] = rotation_noise(keys, PART_DECOMP_BSK, 0);
	v[PAIRED] = 17 * v[DECOMPRESSED] + keyswitch_noise(keys, PART_KSK, 1) + modulus_noise(p);
	v[SQUASHED] = rotation_noise(keys, PART_SNS_BSK, 128 - 20);
	v[SQUASH_PACKED] = v[SQUASHED] + keyswitch_noise(keys, PART_SNSCOMP_PKSK, CHUNK / 2);
}

/* ---- what is measured -------------------------------------------------------------------------------------------------- */

typedef struct seen { size_t n; double sum, squares, most; } seen;

static void add(seen *s, double e)
{
	s->n++;
	s->sum += e;
	s->squares += e * e;
	s->most = fmax(s->most, fabs(e));
}

static seen measured[STEPS];
static secret_keys keys;
static public_set pub;
static eval_keys coprocessor, eval;              /* approximate; exact, as parties compute */
static uint64_t *public_key;
static pool *cores;

static void see64(step s, const uint64_t *lwe, secret_id under, unsigned block, unsigned delta_log)
{
	const uint64_t phase = lwe64_phase(lwe, keys.bit[under], (unsigned)secret_length(PARAMS, under));
	add(&measured[s], (double)(int64_t)(phase - ((uint64_t)block << delta_log)));
}

static void see128(step s, const u128 *lwe, secret_id under, unsigned block)
{
	const u128 phase = lwe128_phase(lwe, keys.bit[under], (unsigned)secret_length(PARAMS, under));
	add(&measured[s], (double)(i128)(phase - ((u128)block << DELTA_LOG_128)));
}

/* What a rotation is asked to turn by.  The body was rounded down, which the table expects: its boxes lie half a unit lower. */
static void see_switched(step s, const uint32_t *switched, unsigned block)
{
	const uint8_t *bit = keys.bit[SECRET_SMALL];
	uint64_t phase = switched[PARAMS->n];

	for (unsigned i = 0; i < PARAMS->n; i++) phase -= bit[i] * (uint64_t)switched[i];
	add(&measured[s], (double)(int64_t)((phase << 52) + ((uint64_t)1 << 51) - ((uint64_t)block << DELTA_LOG_64)));
}

static void see_list(arena *a, const compact_list *list, const uint8_t *block)
{
	const lwe64_run small = { list->count, PARAMS->n, NULL };
	lwe64_run lwe = { list->count, list->n, NULL }, to = small;
	uint32_t *switched;

	assert_ok(arena_new(a, &lwe.w, lwe.count * (lwe.dim + 1)));
	assert_ok(arena_new(a, &to.w, to.count * (to.dim + 1)));
	assert_ok(arena_new(a, &switched, to.count * (to.dim + 1)));
	for (size_t i = 0; i < list->count; i++) compact_lwe(lwe64_at(lwe, i), list, i);
	assert_ok(keyswitch_all_var(to, lwe, &coprocessor.rows[PART_CAST_KSK], cores));
	modulus_switch_all_var(switched, to, PARAMS->N, PARAMS->ms.kind);
	for (size_t i = 0; i < list->count; i++) {
		const unsigned message = block[2 * i] + 4u * block[2 * i + 1];
		see64(FRESH, lwe64_at(lwe, i), SECRET_PKE, message, DELTA_LOG_64);
		see_switched(SWITCHED, switched + i * (to.dim + 1), message);
	}
}

static lwe64_run see_blocks(arena *a, const compact_list *list, const uint8_t *block)
{
	lwe64_run run = { CHUNK, PARAMS->k * PARAMS->N, NULL }, back = run;
	uint64_t *slot;
	packed64 packed;

	assert_ok(arena_new(a, &run.w, CHUNK * (run.dim + 1)));
	assert_ok(arena_new(a, &back.w, CHUNK * (run.dim + 1)));
	assert_ok(arena_new(a, &slot, PARAMS->comp.k * PARAMS->comp.N + 1));
	assert_ok(compact_expand(run, &coprocessor, list, 0, false, cores));
	assert_ok(compress64_var(&packed, a, &eval, run, cores));
	assert_ok(decompress64_var(back, &eval, packed, cores));
	for (unsigned i = 0; i < CHUNK; i++) {
		see64(EXPANDED, lwe64_at(run, i), SECRET_BIG, block[i], DELTA_LOG_64);
		packed64_extract(slot, packed, i);
		see64(PACKED, slot, SECRET_COMP, block[i], DELTA_LOG_PACKED);
		see64(DECOMPRESSED, lwe64_at(back, i), SECRET_BIG, block[i], DELTA_LOG_64);
	}
	return back;
}

static void see_squash(arena *a, lwe64_run in, const uint8_t *block)
{
	lwe64_run pair = { CHUNK / 2, in.dim, NULL }, small = { CHUNK / 2, PARAMS->n, NULL };
	lwe128_run out = { CHUNK / 2, PARAMS->sns.k * PARAMS->sns.N, NULL };
	uint32_t *switched;
	packed128 packed;
	u128 *slot;

	assert_ok(arena_new(a, &pair.w, pair.count * (pair.dim + 1)));
	assert_ok(arena_new(a, &small.w, small.count * (small.dim + 1)));
	assert_ok(arena_new(a, &switched, small.count * (small.dim + 1)));
	assert_ok(arena_new(a, &out.w, out.count * (out.dim + 1)));
	assert_ok(arena_new(a, &slot, PARAMS->snscomp.k * PARAMS->snscomp.N + 1));
	for (size_t t = 0; t < pair.count; t++)
		for (unsigned c = 0; c <= in.dim; c++)
			lwe64_at(pair, t)[c] = lwe64_at(in, 2 * t)[c] + 4 * lwe64_at(in, 2 * t + 1)[c];
	assert_ok(keyswitch_all_var(small, pair, &eval.rows[PART_KSK], cores));
	modulus_switch_all_var(switched, small, PARAMS->sns.N, PARAMS->sns.ms.kind);
	assert_ok(squash_var(out, &eval, in, cores));
	assert_ok(compress128_var(&packed, a, &eval, out, cores));
	for (unsigned t = 0; t < pair.count; t++) {
		const unsigned v = block[2 * t] + 4u * block[2 * t + 1];
		see_switched(PAIRED, switched + t * (small.dim + 1), v);
		see128(SQUASHED, lwe128_at(out, t), SECRET_SNS, v);
		packed128_extract(slot, packed, t);
		see128(SQUASH_PACKED, slot, SECRET_SNSCOMP, v);
	}
}

static void one_chunk(void)
{
	const compact_key key = { PARAMS->pke.n, PARAMS->pke.noise, public_key, public_key + PARAMS->pke.n };
	AUTO(arena) a = arena_with_limit((size_t)1 << 27);
	uint8_t block[CHUNK];
	compact_list list;

	for (unsigned i = 0; i < CHUNK; i++) block[i] = (uint8_t)test_below(4);
	assert_ok(compact_encrypt(&list, &a, &key, block, CHUNK, test_rng()));
	see_list(&a, &list, block);
	see_squash(&a, see_blocks(&a, &list, block), block);
}

/* b - a rev(s): lattice/compact.h. */
static void noise_of_public_key(int64_t *e)
{
	const unsigned n = PARAMS->pke.n;
	static uint64_t extended[2 * 4096], product[4096];
	static uint8_t reversed[4096];

	assert_true(n <= COUNT(product));
	for (unsigned i = 0; i < n; i++) reversed[i] = keys.bit[SECRET_PKE][n - 1 - i];
	poly64_extend(extended, public_key, n);
	poly64_mul_binary_add(product, extended, reversed, n);
	for (unsigned i = 0; i < n; i++) e[i] = (int64_t)(public_key[n + i] - product[i]);
}

static void noise_after_every_step_is_what_the_note_derives(void **state)
{
	(void)state;
	static int64_t key_noise[4096];
	double v[STEPS];
	bool right = true;

	noise_of_public_key(key_noise);
	formulas(v, &keys, key_noise);
	for (size_t blocks = 0; blocks < NOISE_BLOCKS; blocks += CHUNK) one_chunk();
	for (step s = 0; s < STEPS; s++) {
		const seen *m = &measured[s];
		const double sigma = sqrt(v[s]), n = (double)m->n, ratio = m->squares / n / v[s];
		/* The formula is a mean over keys, and n samples of a Gaussian have a mean square within 1 +- sqrt(2 / n). */
		const bool fits = fabs(ratio - 1) <= 0.06 + 5 * sqrt(2 / n), bounded = m->most <= SIGMAS * sigma;
		const bool harmless = SIGMAS * sigma < ldexp(1, (int)STEP[s].limit_log);
		print_message("%-22s %6zu: sigma 2^%.2f measured, 2^%.2f expected; mean %+.2f sigma; most 2^%.2f, bound 2^%.2f, limit 2^%u%s\n",
		              STEP[s].name, m->n, log2(m->squares / n) / 2, log2(v[s]) / 2, m->sum / n / sigma, log2(m->most),
		              log2(SIGMAS * sigma), STEP[s].limit_log, fits && bounded && harmless ? "" : "  <-- not as derived");
		right = right && fits && bounded && harmless;
	}
	assert_true(right);
}

static int make_keys(void **state)
{
	(void)state;
	const unsigned all = SQUASH_PARTS | COMPRESS64_PARTS | DECOMPRESS64_PARTS | COMPRESS128_PARTS;

	assert_ok(pool_new(&cores, 0));
	assert_ok(keys_from_seed(&keys, &pub, PARAMS, slice_str("noise"), cores));
	assert_ok(eval_keys_new(&coprocessor, &pub.set, COMPACT_EXPAND_PARTS, APPROXIMATE, cores, NULL));
	assert_ok(eval_keys_new(&eval, &pub.set, all, EXACT, cores, NULL));
	public_key = test_malloc(2 * PARAMS->pke.n * sizeof *public_key);
	compact_key_expand(public_key, public_key + PARAMS->pke.n, &pub.set.part[PART_PKE], PARAMS->pke.n);
	return 0;
}

static int drop_keys(void **state)
{
	(void)state;
	test_free(public_key);
	eval_keys_free(&coprocessor);
	eval_keys_free(&eval);
	public_set_free(&pub);
	secret_keys_free(&keys);
	pool_free(&cores);
	return 0;
}

static const struct CMUnitTest tests[] = { TEST(noise_after_every_step_is_what_the_note_derives) };

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), make_keys, drop_keys);
}
