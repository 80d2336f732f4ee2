/* SPDX-License-Identifier: MIT */
/* tkms/server_key.c -- units of rows over all threads: make the rows, put them where the layout says. */
#include "tkms/server_key.h"
#include <pthread.h>
#include <stdlib.h>
#include "lattice/spectrum.h"

enum { UNIT_BYTES = 1 << 20 };

/* A part and its units. */
typedef struct part_units { key_part part; part_shape s; size_t rows, first, count; } part_units;

typedef struct filling {
	draft *room;
	const seeded_keyset *set;
	server_key_layout layout;
	part_units part[KEY_PARTS];
	size_t parts, units;
	const progress *told;
	pthread_mutex_t lock;
	uint64_t done;
} filling;

static server_key_layout layout_of(const lat_params *params)
{
	return tfhers_server_key_layout(params, sizeof(id32));
}

size_t tkms_server_key_bytes(const lat_params *params)
{
	return layout_of(params).bytes;
}

static size_t row_words(part_shape s) { return s.mask + s.body; }

static void plan(filling *f)
{
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const part_shape s = part_shape_of(f->set->params, part);
		if (f->layout.part[part].at[0] == 0) continue;
		const size_t rows = size_max(1, UNIT_BYTES / (row_words(s) * (s.bits / 8))), count = (s.rows + rows - 1) / rows;
		f->part[f->parts++] = (part_units){ part, s, rows, f->units, count };
		f->units += count;
	}
}

/* ---- one unit --------------------------------------------------------------------------------------------------------- */

/* Done with these bytes of the file. */
static void finished(filling *f, size_t at, size_t n)
{
	draft_release(f->room, at, n);
	pthread_mutex_lock(&f->lock);
	f->done += n;
	progress_tell(f->told, f->done, f->layout.bytes);
	pthread_mutex_unlock(&f->lock);
}

static void put_whole(filling *f, const part_units *u, const void *rows, size_t first, size_t count)
{
	const size_t word = u->s.bits / 8, words = count * row_words(u->s);
	const size_t at = f->layout.part[u->part].at[0] + first * row_words(u->s) * word;
	uint8_t *out = draft_bytes(f->room) + at;

	for (size_t i = 0; i < words; i++)
		if (word == 8) store64(out + 8 * i, ((const uint64_t *)rows)[i]);
		else store128(out + 16 * i, ((const u128 *)rows)[i]);
	finished(f, at, words * word);
}

static void put_spectra64(filling *f, const part_units *u, const uint64_t *rows, size_t first, size_t count)
{
	const unsigned N = u->s.N, columns = u->s.k + 1;
	const size_t one = SPECTRUM_HEAD + spectrum64_bytes(N), at = f->layout.part[u->part].at[0] + first * columns * one;
	uint8_t *out = draft_bytes(f->room) + at;

	for (size_t q = 0; q < count * columns; q++, out += one) {
		store64(out, N / 2);
		spectrum64_write(out + SPECTRUM_HEAD, rows + q * N, N);
	}
	finished(f, at, count * columns * one);
}

static void put_spectra128(filling *f, const part_units *u, const u128 *rows, size_t first, size_t count)
{
	const unsigned N = u->s.N, columns = u->s.k + 1;
	const size_t one = spectrum128_bytes(N), begin = first * columns * one;
	const size_t *at = f->layout.part[u->part].at;
	uint8_t *file = draft_bytes(f->room);

	for (size_t q = 0; q < count * columns; q++) {
		const size_t here = begin + q * one;
		uint8_t *const out[SPECTRUM_ARRAYS] = { file + at[0] + here, file + at[1] + here, file + at[2] + here, file + at[3] + here };
		spectrum128_write(out, rows + q * N, N);
	}
	for (int i = 0; i < SPECTRUM_ARRAYS; i++) finished(f, at[i] + begin, count * columns * one);
}

static err fill_unit(void *ctx, size_t unit)
{
	filling *f = ctx;
	const part_units *u = f->part;

	while (u + 1 < f->part + f->parts && u[1].first <= unit) u++;
	const size_t first = (unit - u->first) * u->rows, count = size_min(u->rows, u->s.rows - first);
	const size_t bytes = count * row_words(u->s) * (u->s.bits / 8);
	const seeded_part *from = &f->set->part[u->part];
	void *rows = malloc(bytes);

	if (!rows) return err_fail(ERR_NOMEM, "no memory for the %zu bytes of a piece of the %s", bytes, u->s.name);
	if (u->s.bits == 64) part_rows64(rows, u->s, from, first, count);
	else part_rows128(rows, u->s, from, 0, first, count);
	if (f->layout.part[u->part].form != PART_SPECTRA) put_whole(f, u, rows, first, count);
	else if (u->s.bits == 64) put_spectra64(f, u, rows, first, count);
	else put_spectra128(f, u, rows, first, count);
	free(rows);
	return OK;
}

/* ---- all of them ------------------------------------------------------------------------------------------------------ */

err tkms_server_key_fill(draft *room, const seeded_keyset *set, const id32 *tag, pool *cores, const progress *told)
{
	filling f = { .room = room, .set = set, .layout = layout_of(set->params), .told = told };

	ASSERT(draft_slice(room).n == f.layout.bytes);
	plan(&f);
	for (size_t i = 0; i < f.parts; i++) ASSERT(part_present(set, f.part[i].part) == OK);
	tfhers_frame_server_key(draft_bytes(room), set->params, id_slice(tag));
	pthread_mutex_init(&f.lock, NULL);
	err e = pool_try(cores, f.units, fill_unit, &f);
	pthread_mutex_destroy(&f.lock);
	return e;
}
