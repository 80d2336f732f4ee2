/* SPDX-License-Identifier: MIT */
/* lattice/keycheck.c -- noise of a row = its phase under the output key, less the message it should carry. */
#include "lattice/keycheck.h"
#include "lattice/keygen.h"
#include "lattice/key_product.h"
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

/* The noise of one row, product and message given: what is left, as a signed number of the word size. */
static void open_row(noise_report *report, const part_shape *s, const uint8_t *body, const u128 *product, const u128 *message)
{
	for (size_t c = 0; c < s->body; c++) {
		const u128 covered = product[c] + message[c];
		add(report, s->bits == 64 ? (int64_t)(load64(body + 8 * c) - (uint64_t)covered) : (i128)(load128(body + 16 * c) - covered));
	}
}

err keycheck_rows(noise_report *report, const secret_keys *keys, key_part part, const mask_seed *masks,
                  const uint8_t *bodies, size_t first, size_t count)
{
	const part_shape s = part_shape_of(keys->params, part);
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	key_product p;
	row_work w;
	u128 *message;

	report->bound = s.noise;
	ASSERT(first <= s.rows && count <= s.rows - first);
	if (count == 0) return OK;
	ASSERT(keys->bit[s.from]);
	TRY(key_product_new(&p, &a, keys, s));
	TRY(row_work_new(&w, &a, &p));
	TRY(arena_new(&a, &message, s.body));

	AUTO(mask_stream) stream = mask_open(masks);
	mask_skip(&stream, (uint64_t)first * s.mask * (s.bits / 8));
	for (size_t row = first; row < first + count; row++, bodies += s.body * (s.bits / 8)) {
		key_product_next(&p, &w, &stream);
		row_message(message, keys, &s, row);
		open_row(report, &s, bodies, w.sum, message);
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
