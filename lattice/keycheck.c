/* SPDX-License-Identifier: MIT */
/* lattice/keycheck.c -- noise of a row = its phase under the output key, less the message it should carry. */
#include "lattice/keycheck.h"
#include "lattice/keygen.h"
#include "lattice/lwe.h"
#include "lattice/scratch.h"

static void add(noise_report *report, i128 e)
{
	const i128 bound = (i128)1 << report->bound;
	const u128 size = e < 0 ? 0 - (u128)e : (u128)e;
	const double x = (double)e / (double)bound;

	report->samples++;
	report->sum += x;
	report->sum_squares += x * x;
	if (size > report->max_abs) report->max_abs = size > UINT64_MAX ? UINT64_MAX : (uint64_t)size;
	if (e < -bound || e > bound) report->outside++;
	else if (e == -bound) report->low_end++;
	else if (e == bound) report->high_end++;
	else report->bin[(e + bound) * NOISE_BINS / (2 * bound)]++;
}

/* The key of the rows' phase: for a public key the reversed one, for LWE rows one "polynomial" per mask word. */
typedef struct opener {
	part_shape shape;
	const uint8_t *key;
	uint64_t *row64, *phase64, *ext64, *message64;
	u128     *row128, *phase128, *ext128, *message128;
} opener;

static err opener_new(opener *o, arena *a, const secret_keys *keys, part_shape s)
{
	*o = (opener){ .shape = s, .key = keys->bit[s.to] };
	if (s.kind == KIND_COMPACT) {
		uint8_t *reversed;
		TRY(arena_new(a, &reversed, s.N));
		for (size_t i = 0; i < s.N; i++) reversed[i] = keys->bit[s.to][s.N - 1 - i];
		o->key = reversed;
	}
	if (s.bits == 64) {
		TRY(arena_new(a, &o->row64, s.mask + s.body));
		TRY(arena_new(a, &o->phase64, s.body));
		TRY(arena_new(a, &o->ext64, 2 * s.N));
		return arena_new(a, &o->message64, s.body);
	}
	TRY(arena_new(a, &o->row128, s.mask + s.body));
	TRY(arena_new(a, &o->phase128, s.body));
	TRY(arena_new(a, &o->ext128, 2 * s.N));
	return arena_new(a, &o->message128, s.body);
}

static void open64(opener *o, noise_report *report, mask_stream *masks, const uint8_t *body, const secret_keys *keys,
                   size_t row)
{
	const part_shape *s = &o->shape;

	mask_u64s(masks, o->row64, s->mask);
	for (size_t c = 0; c < s->body; c++) o->row64[s->mask + c] = load64(body + 8 * c);
	if (s->N == 1) o->phase64[0] = lwe64_phase(o->row64, o->key, s->k);
	else glwe64_phase(o->phase64, o->ext64, o->row64, o->key, s->k, s->N);
	row_message64(o->message64, keys, s, row);
	for (size_t c = 0; c < s->body; c++) add(report, (int64_t)(o->phase64[c] - o->message64[c]));
}

static void open128(opener *o, noise_report *report, mask_stream *masks, const uint8_t *body, const secret_keys *keys,
                    size_t row)
{
	const part_shape *s = &o->shape;

	mask_u128s(masks, o->row128, s->mask);
	for (size_t c = 0; c < s->body; c++) o->row128[s->mask + c] = load128(body + 16 * c);
	glwe128_phase(o->phase128, o->ext128, o->row128, o->key, s->k, s->N);
	row_message128(o->message128, keys, s, row);
	for (size_t c = 0; c < s->body; c++) add(report, (i128)(o->phase128[c] - o->message128[c]));
}

err keycheck_rows(noise_report *report, const secret_keys *keys, key_part part, const mask_seed *masks,
                  const uint8_t *bodies, size_t first, size_t count)
{
	const part_shape s = part_shape_of(keys->params, part);
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	opener o;

	ASSERT(first <= s.rows && count <= s.rows - first && keys->bit[s.from] && keys->bit[s.to]);
	TRY(opener_new(&o, &a, keys, s));
	report->bound = s.noise;

	AUTO(mask_stream) stream = mask_open(masks);
	mask_skip(&stream, (uint64_t)first * s.mask * (s.bits / 8));
	for (size_t row = first; row < first + count; row++, bodies += s.body * (s.bits / 8)) {
		if (s.bits == 64) open64(&o, report, &stream, bodies, keys, row);
		else open128(&o, report, &stream, bodies, keys, row);
	}
	return OK;
}

err keycheck_part(noise_report *report, const secret_keys *keys, const seeded_keyset *set, key_part id)
{
	const part_shape s = part_shape_of(keys->params, id);
	const seeded_part *part = &set->part[id];

	if (part->bodies.n != part_body_bytes(s))
		return err_fail(ERR_REQUEST, "the %s has %zu bytes instead of %zu", s.name, part->bodies.n,
		                part_body_bytes(s));
	TRY(keycheck_rows(report, keys, id, &part->seed, part->bodies.p, 0, s.rows));
	if (report->outside)
		return err_fail(ERR_REQUEST, "%zu of %zu coefficients of the %s are not its messages under these secret keys",
		                report->outside, report->samples, s.name);
	return OK;
}
