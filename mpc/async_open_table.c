/* SPDX-License-Identifier: MIT */
/* mpc/async_open_table.c -- chains and lists. */
#include "mpc/async_open_table.h"
#include <stdlib.h>

/* ---- buckets ---------------------------------------------------------------------------------------------------- */

/* Multilinear in the eight 32-bit words of h: two identities meet with probability 1 / buckets, whoever chose them. */
static opening **bucket_of(const opening_table *t, const hash32 *h)
{
	uint64_t sum = t->key[8];
	for (unsigned i = 0; i < 8; i++) sum += t->key[i] * load32(h->b + 4 * i);
	return &t->bucket[sum >> (64 - t->log_buckets)];
}

err opening_table_new(opening_table *out, unsigned n, size_t expected, const rng *random)
{
	opening_table t = { .n = n, .log_buckets = 8 };

	while ((size_t)1 << t.log_buckets < expected) t.log_buckets++;
	t.bucket = calloc((size_t)1 << t.log_buckets, sizeof(opening *));
	if (!t.bucket) return err_fail(ERR_NOMEM, "no memory for a table of %zu openings", expected);
	rng_fill(random, t.key, sizeof t.key);
	*out = t;
	return OK;
}

opening *opening_find(const opening_table *t, const hash32 *h)
{
	opening *o = *bucket_of(t, h);
	while (o && !hash32_eq_var(o->h, *h)) o = o->chain;
	return o;
}

/* ---- lists ------------------------------------------------------------------------------------------------------ */

static void append(opening_list *l, opening *o)
{
	o->before = l->last;
	o->after = NULL;
	*(l->last ? &l->last->after : &l->first) = o;
	l->last = o;
	l->count++;
}

static void take_out(opening_list *l, opening *o)
{
	*(o->before ? &o->before->after : &l->first) = o->after;
	*(o->after ? &o->after->before : &l->last) = o->before;
	l->count--;
}

void opening_move(opening_table *t, opening *o, open_stage stage, int64_t now_ms)
{
	take_out(&t->list[o->stage], o);
	o->stage = stage;
	o->since = now_ms;
	append(&t->list[stage], o);
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

opening *opening_add(opening_table *t, const hash32 *h, open_stage stage, int64_t now_ms)
{
	opening **bucket = bucket_of(t, h);
	opening *o = calloc(1, sizeof *o + (t->n + 1) * sizeof(piece));

	if (!o) return NULL;
	o->h = *h;
	o->stage = stage;
	o->since = now_ms;
	o->chain = *bucket;
	*bucket = o;
	append(&t->list[stage], o);
	return o;
}

void piece_drop(opening *o, party i)
{
	free(o->piece[i].bytes);
	o->piece[i] = (piece){ 0 };
	take_from(&o->present, i);
}

static void release(opening_table *t, opening *o)
{
	for (party i = 1; i <= t->n; i++) free(o->piece[i].bytes);
	free(o->record);
	free(o);
}

void opening_remove(opening_table *t, opening *o)
{
	opening **at = bucket_of(t, &o->h);

	while (*at != o) at = &(*at)->chain;
	*at = o->chain;
	take_out(&t->list[o->stage], o);
	release(t, o);
}

void opening_table_free(opening_table *t)
{
	for (open_stage s = 0; s < STAGES; s++)
		for (opening *o = t->list[s].first, *after; o; o = after) {
			after = o->after;
			release(t, o);
		}
	free(t->bucket);
	*t = (opening_table){ 0 };
}
