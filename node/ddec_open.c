/* SPDX-License-Identifier: MIT */
/*
 * node/ddec_open.c -- the one thread that opens: takes in what the links brought and what the cores made, decodes, asks
 * again, and sends what is to be sent as few frames.
 *
 * A desk is the openings of one committee.  What it sends to everybody gathers in one buffer, what it sends to single
 * parties in one for each; both leave at the end of a turn.
 */
#include <stdlib.h>
#include "base/log.h"
#include "base/wait.h"
#include "node/ddec_internal.h"
#include "tkms/finish.h"

enum {
	MOST_MAIL = 4 << 20,                             /* bytes of one party that wait for this thread */
	TURN_MS = 50,                                    /* at least so often something is looked at     */
	JUST_STARTED_MS = 120 * 1000,                    /* shares of before may be lost                 */
	BUCKETS = 1 << 12,
};

struct opening_desk {
	opening_desk *next;
	ddec       *of;
	committee  *with;
	async_open *openings;
	party_set   others;
	buf         to_all, to[MAX_PARTIES + 1];
	ddec_item  *bucket[BUCKETS];                     /* items that wait for an opening, by h */
	ddec_item  *waiting, **waiting_end;              /* items for which there was no room    */
};

/* ---- items by h ---------------------------------------------------------------------------------------------------- */

static ddec_item **bucket_of(opening_desk *o, const hash32 *h)
{
	return &o->bucket[load32(h->b) % BUCKETS];
}

static void wait_for(opening_desk *o, ddec_item *item)
{
	ddec_item **b = bucket_of(o, &item->h);

	item->next = *b;
	*b = item;
	atomic_fetch_add(&o->of->opening, 1);
}

/* Takes out the next item with this h; NULL: no more. */
static ddec_item *take_waiting(opening_desk *o, const hash32 *h)
{
	for (ddec_item **at = bucket_of(o, h); *at; at = &(*at)->next) {
		ddec_item *item = *at;
		if (!hash32_eq_var(item->h, *h)) continue;
		*at = item->next;
		atomic_fetch_sub(&o->of->opening, 1);
		return item;
	}
	return NULL;
}

static bool still_waited_for(opening_desk *o, const hash32 *h)
{
	for (const ddec_item *item = *bucket_of(o, h); item; item = item->next)
		if (hash32_eq_var(item->h, *h)) return true;
	return false;
}

/* ---- what the openings want: hooks ------------------------------------------------------------------------------------ */

static void flush(opening_desk *o, buf *b, party_set to)
{
	if (b->n == 0) return;
	FOR_EACH_IN(i, to) peers_send(o->with, i, FRAME_OPENING, (slice){ 0 }, buf_slice(b), 0);
	buf_clear(b);
}

/* Questions of one party and answers to them.  They are lost where much waits already, so that shares, rounds and
 * announcements find room: whoever still needs an answer asks again. */
static void flush_one(opening_desk *o, party to)
{
	if (o->to[to].n && peers_is_crowded(o->with, to)) buf_clear(&o->to[to]);
	flush(o, &o->to[to], (party_set)1 << to);
}

static void on_send(void *ctx, party_set to, slice record)
{
	opening_desk *o = ctx;

	if (to == o->others) {
		if (o->to_all.n + record.n > MAX_FRAME_PAYLOAD) flush(o, &o->to_all, to);
		buf_put_slice(&o->to_all, record);
		return;
	}
	FOR_EACH_IN(i, to & o->others) {
		if (o->to[i].n + record.n > MAX_FRAME_PAYLOAD) flush_one(o, i);
		buf_put_slice(&o->to[i], record);
	}
}

static void on_done(void *ctx, const hash32 *h, const u128 *secret, uint32_t elements, party_set wrong)
{
	opening_desk *o = ctx;
	const mpc_context *k = o->with->context;
	ddec_item *item;

	(void)wrong;                                     /* on_suspect hears of them one by one */
	while ((item = take_waiting(o, h))) {
		ddec_request *q = item->of;
		const fhe_type *type = q->request->decrypt.item[item->index].type;
		atomic_fetch_add(&o->of->opened, 1);
		err e = finish_value(&q->value[item->index], type, k->n, k->t, q->epoch->d, secret, elements);
		ddec_item_ended(item, e);
	}
}

static void on_suspect(void *ctx, party who, open_suspicion why, const hash32 *h)
{
	opening_desk *o = ctx;

	(void)h;
	peers_blame(o->with, who, open_suspicion_text(why));
}

static void on_stuck(void *ctx, const hash32 *h, party_set without)
{
	opening_desk *o = ctx;

	for (ddec_item *item = *bucket_of(o, h); item; item = item->next)
		if (hash32_eq_var(item->h, *h)) item->without = without;
}

/* ---- desks ------------------------------------------------------------------------------------------------------------- */

static err desk_new(opening_desk **out, ddec *d, committee *c)
{
	const mpc_context *k = c->context;
	opening_desk *o = calloc(1, sizeof *o);

	if (!o) return err_fail(ERR_NOMEM, "no memory for openings");
	*o = (opening_desk){ .of = d, .with = c, .others = parties_all(k->n) };
	take_from(&o->others, k->me);
	o->waiting_end = &o->waiting;
	const open_hooks hooks = { o, on_send, on_done, on_suspect, on_stuck };
	err e = async_open_new(&o->openings, k->n, k->t, ring_degree(k->n), k->me, &OPEN_LIMITS, &hooks, d->p.engine->random,
	                       clock_now_ms(clock_system()));
	if (e != OK) {
		free(o);
		return e;
	}
	o->next = d->desks;
	d->desks = o;
	*out = o;
	return OK;
}

static err desk_of(opening_desk **out, ddec *d, committee *c)
{
	for (opening_desk *o = d->desks; o; o = o->next) {
		if (o->with != c) continue;
		*out = o;
		return OK;
	}
	return desk_new(out, d, c);
}

void ddec_desks_free(ddec *d)
{
	for (opening_desk *o = d->desks, *next; o; o = next) {
		next = o->next;
		async_open_free(&o->openings);
		buf_free(&o->to_all);
		for (unsigned i = 0; i <= MAX_PARTIES; i++) buf_free(&o->to[i]);
		free(o);
	}
	d->desks = NULL;
}

/* ---- a turn ------------------------------------------------------------------------------------------------------------- */

static void list_parties(char *out, size_t room, party_set w)
{
	size_t n = 0;

	FOR_EACH_IN(i, w) n += (size_t)snprintf(out + n, n < room ? room - n : 0, "%s%u", n ? ", " : "", i);
}

/* Whether the others were not asked, asked for something else, or lie, cannot be told apart from here. */
static err gave_up(const opening_desk *o, const ddec_item *item)
{
	const mpc_context *k = o->with->context;
	char who[256] = "";

	list_parties(who, sizeof who, item->without);
	return err_fail(ERR_STATE, "not opened within %g s: fewer than %u of the %u parties sent shares of it that agree%s%s%s; were all of them "
	                "asked for the same ciphertext?", (double)o->of->p.timeout_ms / 1000, 2 * k->t + 1, k->n,
	                *who ? " (parties " : "", who, *who ? " had none when they were asked)" : "");
}

static void begin_one(opening_desk *o, ddec_item *item, int64_t now)
{
	ddec *d = o->of;
	const size_t n = (size_t)item->elements * item->of->epoch->d * sizeof(u128);
	const bool ask = now - d->started_ms < JUST_STARTED_MS;

	if (item->until_ms == 0) item->until_ms = now + d->p.timeout_ms;
	/* First, for what is known may open at once. */
	const hash32 h = item->h;
	if (async_open_begin(o->openings, &h, slice_of(item->share, n), ask) != OPEN_FULL) {
		wait_for(o, item);
		return;
	}
	item->next = NULL;
	*o->waiting_end = item;
	o->waiting_end = &item->next;
}

static void begin_waiting(opening_desk *o, int64_t now)
{
	ddec_item *item = o->waiting;

	o->waiting = NULL;
	o->waiting_end = &o->waiting;
	for (ddec_item *next; item; item = next) {
		next = item->next;
		if (now < item->until_ms) begin_one(o, item, now);
		else ddec_item_ended(item, err_fail(ERR_EXHAUSTED, "too many decryptions are being opened; ask again later"));
	}
}

static bool is_over(const ddec_item *item, int64_t now)
{
	return now >= item->until_ms || atomic_load(&item->of->hopeless);
}

static void give_up_late_ones(opening_desk *o, int64_t now)
{
	for (unsigned b = 0; b < BUCKETS; b++)
		for (ddec_item **at = &o->bucket[b]; *at;) {
			ddec_item *item = *at;
			if (!is_over(item, now)) {
				at = &item->next;
				continue;
			}
			*at = item->next;
			atomic_fetch_sub(&o->of->opening, 1);
			const hash32 h = item->h;
			ddec_item_ended(item, gave_up(o, item));
			if (!still_waited_for(o, &h)) async_open_drop(o->openings, &h);
		}
}

static void desk_turn(opening_desk *o, int64_t now, bool look_at_clocks)
{
	begin_waiting(o, now);
	async_open_turn(o->openings, now);
	if (look_at_clocks) give_up_late_ones(o, now);
	flush(o, &o->to_all, o->others);
	FOR_EACH_IN(i, o->others) flush_one(o, i);
}

static void take_ready(ddec *d, ddec_item *item, int64_t now)
{
	for (ddec_item *next; item; item = next) {
		opening_desk *o = NULL;
		next = item->next;
		err e = desk_of(&o, d, item->of->with);
		if (e == OK) begin_one(o, item, now);
		else ddec_item_ended(item, e);
	}
}

static void take_mail(ddec *d, ddec_mail *m)
{
	for (ddec_mail *next; m; m = next) {
		opening_desk *o = NULL;
		next = m->next;
		if (desk_of(&o, d, m->from_committee) == OK) async_open_message(o->openings, m->from, slice_of(m->bytes, m->n));
		else log_err(LOG_ERROR, "shares of other parties are lost", ERR_NOMEM);
		free(m);
	}
}

/* ---- the thread ----------------------------------------------------------------------------------------------------------- */

typedef struct work { ddec_item *ready; ddec_mail *mail; bool stop; } work;

static int64_t nearest(int64_t a, int64_t b) { return a < b ? a : b; }

/* Sends batches off, waits until there is something to do, and takes it. */
static work wait_for_work(ddec *d, int64_t until)
{
	pthread_mutex_lock(&d->lock);
	for (;;) {
		const int64_t now = clock_now_ms(clock_system()), again = nearest(ddec_dispatch(d, now), until);
		if (d->ready || d->mail || d->stopping || now >= until) break;
		(void)wait_until(&d->wake, &d->lock, again);
	}
	const work w = { d->ready, d->mail, d->stopping };
	d->ready = NULL, d->ready_end = &d->ready;
	d->mail = NULL, d->mail_end = &d->mail;
	memset(d->mail_bytes, 0, sizeof d->mail_bytes);
	pthread_mutex_unlock(&d->lock);
	return w;
}

void *ddec_thread(void *arg)
{
	ddec *d = arg;
	int64_t clocks_at = 0;

	for (;;) {
		const work w = wait_for_work(d, clock_now_ms(clock_system()) + TURN_MS);
		const int64_t now = clock_now_ms(clock_system());
		const bool look_at_clocks = now >= clocks_at;
		take_mail(d, w.mail);
		take_ready(d, w.ready, now);
		if (look_at_clocks) clocks_at = now + TURN_MS;
		for (opening_desk *o = d->desks; o; o = o->next) desk_turn(o, now, look_at_clocks);
		if (w.stop) return NULL;
	}
}

bool ddec_message(ddec *d, committee *c, party from, slice records)
{
	const size_t cost = sizeof(ddec_mail) + records.n;              /* an empty one is not free */
	ddec_mail *m = malloc(cost);

	if (!m) return false;
	*m = (ddec_mail){ .from_committee = c, .from = from, .n = records.n };
	memcpy(m->bytes, records.p, records.n);
	pthread_mutex_lock(&d->lock);
	const bool room = d->mail_bytes[from] == 0 || d->mail_bytes[from] + cost <= MOST_MAIL;
	if (room) {
		d->mail_bytes[from] += cost;
		*d->mail_end = m;
		d->mail_end = &m->next;
		pthread_cond_signal(&d->wake);
	}
	pthread_mutex_unlock(&d->lock);
	if (!room) free(m);
	return room;
}
