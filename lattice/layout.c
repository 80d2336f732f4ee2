/* SPDX-License-Identifier: MIT */
/* lattice/layout.c -- sections one after the other; units over all threads. */
#include "lattice/layout.h"
#include "lattice/memory.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { SECTION = 4096, UNIT_BYTES = 2 << 20 };

static void place(key_layout *l, part_layout *p)
{
	p->at = l->bytes;
	p->checks_at = p->at + round_up(p->items * p->item_bytes, SECTION);
	l->bytes = p->checks_at + round_up(p->items * p->check_bytes, SECTION);
	p->unit = size_max(1, UNIT_BYTES / size_max(1, p->item_bytes));
	p->first_unit = l->units;
	l->units += (p->items + p->unit - 1) / p->unit;
}

key_layout key_layout_of(const lat_params *params, unsigned which, exactness how)
{
	key_layout l = { .params = params, .which = which };

	for (key_part part = 0; part < KEY_PARTS; part++) {
		const part_shape s = part_shape_of(params, part);
		if (!(which & PART_BIT(part)) || s.rows == 0) continue;
		part_layout *p = &l.part[l.parts];
		*p = (part_layout){ .part = part, .shape = s };
		if (s.kind == KIND_KSK) {
			p->items = s.rows;
			p->item_bytes = (s.mask + s.body) * (s.bits / 8);
		} else if (s.kind == KIND_BSK) {
			p->form = boot_form_of(params, part, engine_for(params, part, how), NULL);
			p->items = p->form.steps;
			p->item_bytes = p->form.step_bytes;
			p->check_bytes = p->form.check_bytes;
		} else {
			continue;
		}
		l.parts++;
		place(&l, p);
	}
	l.bytes = round_up(l.bytes, HUGE_PAGE);
	return l;
}

err key_layout_present(const key_layout *l, const seeded_keyset *set)
{
	for (key_part part = 0; part < KEY_PARTS; part++)
		if (l->which & PART_BIT(part)) TRY(part_present(set, part));
	return OK;
}

static unit_view range_of(const key_layout *l, size_t unit)
{
	const part_layout *p = l->part;

	while (p + 1 < l->part + l->parts && p[1].first_unit <= unit) p++;
	const size_t first = (unit - p->first_unit) * p->unit;
	return (unit_view){ .part = p, .first = first, .count = size_min(p->unit, p->items - first) };
}

static void place_at(unit_view *u, const uint8_t *items, const uint8_t *checks)
{
	u->items = slice_of(items, u->count * u->part->item_bytes);
	u->checks = slice_of(checks, u->count * u->part->check_bytes);
}

unit_view key_layout_unit(const key_layout *l, const uint8_t *block, size_t unit)
{
	unit_view u = range_of(l, unit);
	const part_layout *p = u.part;

	place_at(&u, block + p->at + u.first * p->item_bytes, block + p->checks_at + u.first * p->check_bytes);
	return u;
}

hash32 unit_digest(const unit_view *u)
{
	AUTO(sha256_stream) s = sha256_begin();
	sha256_add(&s, u->items);
	sha256_add(&s, u->checks);
	return sha256_end(&s);
}

/* ---- filling ----------------------------------------------------------------------------------------------------- */

typedef struct making {
	uint8_t *block;                 /* or, if NULL, */
	int      fd;
	off_t    at;
	hash32  *digests;
	const key_layout *layout;
	const seeded_keyset *set;
	const progress *told;
	pthread_mutex_t lock;
	uint64_t done, of;
} making;

static err make_items(uint8_t *items, uint8_t *checks, const unit_view *u, const seeded_keyset *set)
{
	const part_layout *p = u->part;

	if (p->shape.kind == KIND_BSK) return boot_make(items, checks, &p->form, &set->part[p->part], u->first, u->count);
	part_rows64((uint64_t *)items, p->shape, &set->part[p->part], u->first, u->count);
	return OK;
}

/* In memory of its own, which the caller frees. */
static err make_apart(uint8_t **memory, unit_view *u, const seeded_keyset *set)
{
	const size_t items = round_up(u->count * u->part->item_bytes, SECTION);
	const size_t all = items + round_up(u->count * u->part->check_bytes + 1, SECTION);

	*memory = aligned_alloc(SECTION, all);
	if (!*memory) return err_fail(ERR_NOMEM, "no memory for the %zu bytes of a piece of a key", all);
	err e = make_items(*memory, *memory + items, u, set);
	place_at(u, *memory, *memory + items);
	if (e == OK) return OK;
	free(*memory);
	*memory = NULL;
	return e;
}

static err store(int fd, off_t at, slice bytes)
{
	while (bytes.n) {
		const ssize_t put = pwrite(fd, bytes.p, bytes.n, at);
		if (put < 0 && errno == EINTR) continue;
		if (put <= 0) return err_fail(ERR_IO, "cannot store prepared keys: %s", strerror(put < 0 ? errno : ENOSPC));
		bytes = slice_of(bytes.p + put, bytes.n - (size_t)put);
		at += put;
	}
	return OK;
}

static err store_unit(const making *m, size_t i, unit_view *u)
{
	const part_layout *p = u->part;
	uint8_t *memory;

	TRY(make_apart(&memory, u, m->set));
	m->digests[i] = unit_digest(u);
	err e = store(m->fd, m->at + (off_t)(p->at + u->first * p->item_bytes), u->items);
	if (e == OK) e = store(m->fd, m->at + (off_t)(p->checks_at + u->first * p->check_bytes), u->checks);
	free(memory);
	return e;
}

static err make_unit(void *ctx, size_t i)
{
	making *m = ctx;
	unit_view u = range_of(m->layout, i);
	const part_layout *p = u.part;

	if (m->block)
		TRY(make_items(m->block + p->at + u.first * p->item_bytes, m->block + p->checks_at + u.first * p->check_bytes, &u,
		               m->set));
	else TRY(store_unit(m, i, &u));
	pthread_mutex_lock(&m->lock);
	m->done += u.count * p->item_bytes;
	progress_tell(m->told, m->done, m->of);
	pthread_mutex_unlock(&m->lock);
	return OK;
}

static err make_all(making *m, pool *p)
{
	for (size_t i = 0; i < m->layout->parts; i++) m->of += m->layout->part[i].items * m->layout->part[i].item_bytes;
	pthread_mutex_init(&m->lock, NULL);
	err e = pool_try(p, m->layout->units, make_unit, m);
	pthread_mutex_destroy(&m->lock);
	return e;
}

err key_layout_make(uint8_t *block, const key_layout *l, const seeded_keyset *set, pool *p, const progress *told)
{
	return make_all(&(making){ .block = block, .layout = l, .set = set, .told = told }, p);
}

err key_layout_store(hash32 *digests, int fd, off_t at, const key_layout *l, const seeded_keyset *set, pool *p,
                     const progress *told)
{
	return make_all(&(making){ .fd = fd, .at = at, .digests = digests, .layout = l, .set = set, .told = told }, p);
}

err key_layout_remake(hash32 *out, const key_layout *l, size_t unit, const seeded_keyset *set)
{
	unit_view u = range_of(l, unit);
	uint8_t *memory;

	TRY(make_apart(&memory, &u, set));
	*out = unit_digest(&u);
	free(memory);
	return OK;
}

/* ---- using ------------------------------------------------------------------------------------------------------- */

err key_layout_open(eval_keys *out, const key_layout *l, const uint8_t *block, const seeded_keyset *set)
{
	eval_keys k = { .params = l->params };
	err e = OK;

	for (key_part part = 0; part < KEY_PARTS; part++)
		if (l->which & PART_BIT(part)) k.seeded[part] = set->part[part];
	for (size_t i = 0; e == OK && i < l->parts; i++) {
		const part_layout *p = &l->part[i];
		if (p->shape.kind == KIND_KSK) k.rows[p->part] = (key_rows){ p->shape, (const uint64_t *)(block + p->at) };
		else e = boot_key_new(&k.boot[p->part], &p->form, block + p->at, block + p->checks_at, &set->part[p->part]);
	}
	if (e != OK) eval_keys_free(&k);
	else *out = k;
	return e;
}
