/* SPDX-License-Identifier: MIT */
/*
 * mpc/async_open_decode.c -- from shares to values, and who was wrong.
 *
 * Openings that are ready are decoded in groups with the same set of senders, so that the tables for that set are looked up
 * once and stay in the caches.  A group in which somebody lies is decoded one by one.
 */
#include "mpc/async_open_internal.h"
#include <stdlib.h>

void open_suspect(async_open *o, party who, open_suspicion why, const hash32 *h)
{
	o->inside = true;
	o->hooks.suspect(o->hooks.ctx, who, why, h);
	o->inside = false;
}

/* ---- what is ready ---------------------------------------------------------------------------------------------- */

static bool to_decode(const async_open *o, const opening *x)
{
	if (x->stage == STAGE_OPEN) return size_of_set(x->present) >= 2 * o->t + 1;
	return x->stage == STAGE_LATE && !opening_missing(o, x);
}

void opening_consider(async_open *o, opening *x)
{
	if (x->ready || !to_decode(o, x)) return;
	ASSERT(o->readies < most_ready(&o->limits));
	o->ready[o->readies++] = x;
	x->ready = o->readies;
}

void opening_unmark(async_open *o, opening *x)
{
	if (!x->ready) return;
	opening *last = o->ready[--o->readies];
	o->ready[x->ready - 1] = last;
	last->ready = x->ready;
	x->ready = 0;
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

void opening_settle(async_open *o, opening *x)
{
	FOR_EACH_IN(i, x->present & ~only(o->me)) piece_drop(x, i);
	opening_move(&o->table, x, STAGE_KEPT, o->now);
	o->kept_bytes += opening_kept_cost(o, x);
}

/* x was decoded, with all pieces that are present. */
static void decoded(async_open *o, opening *x, const u128 *secret, party_set wrong)
{
	const party_set new_ones = wrong & ~x->wrong;

	x->wrong |= wrong;
	x->checked = x->present;
	FOR_EACH_IN(i, new_ones) open_suspect(o, i, OPEN_WRONG_SHARE, &x->h);
	if (x->stage == STAGE_OPEN) {
		o->counts.done++;
		o->inside = true;
		o->hooks.done(o->hooks.ctx, &x->h, secret, x->elements, x->wrong);
		o->inside = false;
		if (opening_missing(o, x)) {
			opening_move(&o->table, x, STAGE_LATE, o->now);
			return;
		}
	}
	opening_settle(o, x);
}

/* ---- decoding --------------------------------------------------------------------------------------------------- */

static const uint8_t *piece_of(const async_open *o, const opening *x, party i)
{
	return i == o->me ? x->record + OPEN_SHARES_HEAD : x->piece[i].bytes;
}

void opening_decode(async_open *o, opening *x)
{
	const uint8_t *y[MAX_PARTIES + 1] = { 0 };
	party_set wrong = 0;

	FOR_EACH_IN(i, x->present) y[i] = piece_of(o, x, i);
	if (open_var(o->opener, o->opened, &wrong, y, x->present, o->t, x->elements)) decoded(o, x, o->opened, wrong);
	else if (x->stage == STAGE_LATE) opening_settle(o, x);
}

/* Side by side, if none of them holds a lie; otherwise one by one, to see whose it is. */
static void decode_group(async_open *o, opening *const *x, size_t count)
{
	const party_set present = x[0]->present;
	const uint8_t *y[MAX_PARTIES + 1] = { 0 };
	party_set wrong = 0;
	size_t elements = 0;

	for (size_t k = 0; k < count && count > 1; k++) {
		FOR_EACH_IN(i, present)
			memcpy(o->slab[i] + elements * o->element_bytes, piece_of(o, x[k], i), x[k]->elements * o->element_bytes);
		elements += x[k]->elements;
	}
	FOR_EACH_IN(i, present) y[i] = o->slab[i];
	if (count == 1 || !open_var(o->opener, o->opened, &wrong, y, present, o->t, elements) || wrong) {
		for (size_t k = 0; k < count; k++) opening_decode(o, x[k]);
		return;
	}
	const size_t d = o->element_bytes / sizeof(u128);
	elements = 0;
	for (size_t k = 0; k < count; k++) {
		const u128 *secret = o->opened + elements * d;
		elements += x[k]->elements;
		decoded(o, x[k], secret, 0);
	}
}

static int by_present(const void *a, const void *b)
{
	const party_set x = (*(opening *const *)a)->present, y = (*(opening *const *)b)->present;
	return (x > y) - (x < y);
}

void openings_decode(async_open *o)
{
	opening **x = o->ready;
	const size_t count = o->readies;
	size_t end, elements;

	o->readies = 0;
	for (size_t i = 0; i < count; i++) x[i]->ready = 0;
	qsort(x, count, sizeof *x, by_present);
	for (size_t begin = 0; begin < count; begin = end) {
		elements = x[begin]->elements;
		for (end = begin + 1; end < count && x[end]->present == x[begin]->present; end++) {
			if (elements + x[end]->elements > GROUP_ELEMENTS) break;
			elements += x[end]->elements;
		}
		decode_group(o, x + begin, end - begin);
	}
}
