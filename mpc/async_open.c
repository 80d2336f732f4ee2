/* SPDX-License-Identifier: MIT */
/*
 * mpc/async_open.c -- one opening's life: early, open, late, kept (mpc/async_open_table.h); and who may cost us what.
 *
 * Arriving records only store and mark; async_open_turn decodes what is marked (mpc/async_open_decode.c).
 */
#include "mpc/async_open_internal.h"
#include <stdlib.h>

const open_limits OPEN_LIMITS = {
	.openings = 4096, .early = 4096, .early_bytes = 4 << 20, .late = 4096, .kept = 32768, .kept_bytes = 16 << 20,
	.answers = 1024, .early_ms = 30000, .pull_ms = 500, .late_ms = 2000,
};

const char *open_suspicion_text(open_suspicion s)
{
	switch (s) {
	case OPEN_WRONG_SHARE:  return "a share off the polynomial";
	case OPEN_TWO_SHARES:   return "two different shares of one opening";
	case OPEN_WRONG_LENGTH: return "a share of the wrong length";
	case OPEN_MALFORMED:    return "a malformed message";
	}
	return "unknown";
}

/* ---- the engine itself ------------------------------------------------------------------------------------------ */

static err make_room(async_open *o, unsigned d)
{
	const size_t group = GROUP_ELEMENTS * o->element_bytes;

	o->ready = calloc(most_ready(&o->limits), sizeof *o->ready);
	o->opened = malloc(GROUP_ELEMENTS * d * sizeof(u128));
	uint8_t *slabs = malloc(o->n * group);
	for (party i = 1; slabs && i <= o->n; i++) o->slab[i] = slabs + (i - 1) * group;
	if (!o->ready || !o->opened || !slabs) return err_fail(ERR_NOMEM, "no memory to open shares");
	return OK;
}

err async_open_new(async_open **out, unsigned n, unsigned t, unsigned d, party me, const open_limits *limits,
                   const open_hooks *hooks, const rng *random, int64_t now_ms)
{
	async_open *o = calloc(1, sizeof *o);

	ASSERT(parties_allowed(n, t) && me >= 1 && me <= n && limits->openings > 0);
	if (!o) return err_fail(ERR_NOMEM, "no memory to open shares");
	*o = (async_open){ .n = n, .t = t, .me = me, .element_bytes = ring_of(128, d)->bytes, .limits = *limits, .hooks = *hooks,
	                   .now = now_ms, .window = now_ms };
	err e = make_room(o, d);
	if (e == OK) e = opener_new(&o->opener, n, t, d);
	if (e == OK) e = opening_table_new(&o->table, n, limits->openings + limits->late + limits->kept, random);
	if (e != OK) {
		async_open_free(&o);
		return e;
	}
	*out = o;
	return OK;
}

void async_open_free(async_open **out)
{
	async_open *o = *out;

	if (!o) return;
	opening_table_free(&o->table);
	opener_free(&o->opener);
	free(o->ready);
	free(o->opened);
	free(o->slab[1]);
	free(o);
	*out = NULL;
}

open_counts async_open_counts(const async_open *o)
{
	open_counts c = o->counts;
	const opening_list *l = o->table.list;
	c.open = l[STAGE_OPEN].count, c.early = l[STAGE_EARLY].count, c.late = l[STAGE_LATE].count, c.kept = l[STAGE_KEPT].count;
	return c;
}

/* ---- what is told ----------------------------------------------------------------------------------------------- */

static void send_record(async_open *o, party_set to, slice record)
{
	if (!to) return;
	o->inside = true;
	o->hooks.send(o->hooks.ctx, to, record);
	o->inside = false;
}

static void ask(async_open *o, const opening *x)
{
	uint8_t head[OPEN_HEAD];

	open_head_write(head, OPEN_PULL, &x->h);
	send_record(o, opening_missing(o, x), slice_of(head, sizeof head));
	o->counts.pulls++;
}

/* ---- shares that come ------------------------------------------------------------------------------------------- */

/* What an early share costs: its bytes and, at worst, the opening that was made for it. */
static size_t early_cost(const async_open *o, size_t bytes)
{
	return bytes + sizeof(opening) + (o->n + 1) * sizeof(piece);
}

static void early_given_back(async_open *o, party from, size_t bytes)
{
	o->peer[from].early--;
	o->peer[from].early_bytes -= early_cost(o, bytes);
}

static bool early_taken(async_open *o, party from, size_t bytes)
{
	peer *p = &o->peer[from];

	if (p->early >= o->limits.early || early_cost(o, bytes) > o->limits.early_bytes - p->early_bytes) return false;
	p->early++;
	p->early_bytes += early_cost(o, bytes);
	return true;
}

static bool store(opening *x, party from, const open_record *r)
{
	uint8_t *copy = malloc(r->share.n);

	if (!copy) return false;                     /* as if it had been lost: it can be asked for */
	memcpy(copy, r->share.p, r->share.n);
	x->piece[from] = (piece){ copy, r->elements };
	add_to(&x->present, from);
	return true;
}

static void early_share(async_open *o, opening *x, party from, const open_record *r)
{
	if (!early_taken(o, from, r->share.n)) {
		o->counts.dropped_early++;
		return;
	}
	if (!x) x = opening_add(&o->table, &r->h, STAGE_EARLY, o->now);
	if (!x || !store(x, from, r)) early_given_back(o, from, r->share.n);
	else opening_move(&o->table, x, STAGE_EARLY, o->now);        /* no older share shortens this one's time */
}

/* The number of elements is part of what h is the hash of, so another number is a lie. */
static bool has_length(async_open *o, opening *x, party from, uint32_t elements)
{
	if (elements == x->elements) return true;
	add_to(&x->wrong, from);
	open_suspect(o, from, OPEN_WRONG_LENGTH, &x->h);
	return false;
}

/* The first one counts; a different second one is told once. */
static void second_share(async_open *o, opening *x, party from, const open_record *r)
{
	const piece *first = &x->piece[from];

	if (has(x->two_faced, from)) return;
	if (first->elements == r->elements && memcmp(first->bytes, r->share.p, r->share.n) == 0) return;
	add_to(&x->two_faced, from);
	open_suspect(o, from, OPEN_TWO_SHARES, &x->h);
}

static void on_share(async_open *o, party from, const open_record *r)
{
	opening *x = opening_find(&o->table, &r->h);

	if (x && has(x->present, from)) {
		second_share(o, x, from, r);
		return;
	}
	if (!x || x->stage == STAGE_EARLY) {
		early_share(o, x, from, r);
		return;
	}
	if (x->stage == STAGE_KEPT || has(x->wrong, from)) return;
	if (has_length(o, x, from, r->elements) && store(x, from, r)) take_from(&x->gone, from);
	opening_consider(o, x);
}

static void on_pull(async_open *o, party from, const hash32 *h)
{
	const opening *x = opening_find(&o->table, h);
	uint8_t head[OPEN_HEAD];

	if (o->peer[from].answers >= o->limits.answers) return;
	o->peer[from].answers++;
	if (x && x->record) {
		send_record(o, only(from), opening_own(o, x));
		return;
	}
	open_head_write(head, OPEN_GONE, h);
	send_record(o, only(from), slice_of(head, sizeof head));
	o->counts.gone++;
}

static void on_gone(async_open *o, party from, const hash32 *h)
{
	opening *x = opening_find(&o->table, h);

	if (!x || x->stage != STAGE_OPEN || has(x->present, from)) return;
	add_to(&x->gone, from);
	if (x->told_stuck || size_of_set(parties_all(o->n) & ~(x->gone | x->wrong)) >= 2 * o->t + 1) return;
	x->told_stuck = true;
	o->inside = true;
	o->hooks.stuck(o->hooks.ctx, h, x->gone);
	o->inside = false;
}

void async_open_message(async_open *o, party from, slice message)
{
	reader r = reader_of(message);
	open_record x;

	ASSERT(!o->inside && from >= 1 && from <= o->n && from != o->me);
	while (read_left(&r)) {
		if (!open_record_read(&x, &r, o->element_bytes)) {
			open_suspect(o, from, OPEN_MALFORMED, NULL);
			return;
		}
		switch (x.kind) {
		case OPEN_SHARES: on_share(o, from, &x); break;
		case OPEN_PULL:   on_pull(o, from, &x.h); break;
		case OPEN_GONE:   on_gone(o, from, &x.h); break;
		}
	}
}

/* ---- beginning -------------------------------------------------------------------------------------------------- */

static bool give_own(async_open *o, opening *x, const hash32 *h, slice mine)
{
	const uint32_t elements = (uint32_t)(mine.n / o->element_bytes);

	x->record = malloc(OPEN_SHARES_HEAD + mine.n);
	if (!x->record) return false;
	x->elements = elements;
	open_shares_head_write(x->record, h, elements);
	memcpy(x->record + OPEN_SHARES_HEAD, mine.p, mine.n);
	add_to(&x->present, o->me);
	return true;
}

/* Pieces that came early, now that one knows how long they must be. */
static void take_early(async_open *o, opening *x)
{
	FOR_EACH_IN(i, x->present & ~only(o->me)) {
		const uint32_t elements = x->piece[i].elements;
		early_given_back(o, i, elements * o->element_bytes);
		if (!has_length(o, x, i, elements)) piece_drop(x, i);
	}
}

/* For the first time: everybody is sent the share. */
static opening *begin_new(async_open *o, opening *x, const hash32 *h, slice mine)
{
	const bool fresh = !x;

	if (fresh) x = opening_add(&o->table, h, STAGE_OPEN, o->now);
	if (!x) return NULL;
	if (!give_own(o, x, h, mine)) {
		if (fresh) opening_remove(&o->table, x);
		return NULL;
	}
	if (!fresh) take_early(o, x);
	send_record(o, parties_all(o->n) & ~only(o->me), opening_own(o, x));
	return x;
}

/* What was done or dropped: the others have the share or may ask for it. */
static void begin_again(async_open *o, opening *x, slice mine)
{
	const slice own = opening_own(o, x);

	ASSERT(slice_eq_var(slice_of(own.p + OPEN_SHARES_HEAD, own.n - OPEN_SHARES_HEAD), mine));   /* h fixes it */
	if (x->stage == STAGE_KEPT) {
		o->kept_bytes -= opening_kept_cost(o, x);
		x->wrong = 0;
	}
	x->gone = 0;
	x->told_stuck = false;
}

open_begun async_open_begin(async_open *o, const hash32 *h, slice mine, bool ask_now)
{
	opening *x = opening_find(&o->table, h);

	ASSERT(!o->inside && mine.n > 0 && mine.n % o->element_bytes == 0 && mine.n / o->element_bytes <= MAX_OPEN_ELEMENTS);
	DECLASSIFY(mine.p, mine.n, "a masked share is sent to every party");
	if (x && x->stage == STAGE_OPEN) return OPEN_JOINED;
	if (o->table.list[STAGE_OPEN].count >= o->limits.openings) return OPEN_FULL;
	if (x && x->record) begin_again(o, x, mine);
	else if (!(x = begin_new(o, x, h, mine))) return OPEN_FULL;
	opening_move(&o->table, x, STAGE_OPEN, o->now);
	if (ask_now) ask(o, x);
	opening_consider(o, x);
	return OPEN_BEGUN;
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

void async_open_drop(async_open *o, const hash32 *h)
{
	opening *x = opening_find(&o->table, h);

	ASSERT(!o->inside);
	if (!x || x->stage != STAGE_OPEN) return;
	opening_unmark(o, x);
	opening_settle(o, x);
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

static void forget_early(async_open *o, opening *x)
{
	FOR_EACH_IN(i, x->present) early_given_back(o, i, x->piece[i].elements * o->element_bytes);
	o->counts.dropped_early += size_of_set(x->present);
	opening_remove(&o->table, x);
}

static void ask_again(async_open *o)
{
	const opening_list *open = &o->table.list[STAGE_OPEN];

	for (opening *x; (x = open->first) && o->now - x->since >= o->limits.pull_ms;) {
		ask(o, x);
		opening_move(&o->table, x, STAGE_OPEN, o->now);
	}
}

/* Late shares are waited for no longer: those that came are checked. */
static void end_lateness(async_open *o)
{
	const opening_list *late = &o->table.list[STAGE_LATE];
	size_t over = late->count > o->limits.late ? late->count - o->limits.late : 0;

	for (opening *x = late->first, *after; x && (over || o->now - x->since >= o->limits.late_ms); x = after) {
		after = x->after;
		if (over) over--;
		if (x->present == x->checked) opening_settle(o, x);
		else opening_decode(o, x);
	}
}

static void forget_kept(async_open *o)
{
	const opening_list *kept = &o->table.list[STAGE_KEPT];

	for (opening *x; (x = kept->first) && (kept->count > o->limits.kept || o->kept_bytes > o->limits.kept_bytes);) {
		o->kept_bytes -= opening_kept_cost(o, x);
		opening_remove(&o->table, x);
	}
}

void async_open_turn(async_open *o, int64_t now_ms)
{
	const opening_list *early = &o->table.list[STAGE_EARLY];

	ASSERT(!o->inside);
	o->now = now_ms;
	if (o->now - o->window >= o->limits.pull_ms) {
		o->window = o->now;
		for (party i = 1; i <= o->n; i++) o->peer[i].answers = 0;
	}
	openings_decode(o);
	ask_again(o);
	end_lateness(o);
	for (opening *x; (x = early->first) && o->now - x->since >= o->limits.early_ms;) forget_early(o, x);
	forget_kept(o);
}
