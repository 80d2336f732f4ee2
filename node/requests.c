/* SPDX-License-Identifier: MIT */
/* node/requests.c -- entries in hash chains, and two lists a kind: all by age, the finished ones by when they finished. */
#include "node/requests.h"
#include <pthread.h>
#include <stdlib.h>
#include "base/list.h"

enum { BUCKETS = 1 << 14 };

typedef struct entry {
	struct entry *chain;
	list     of_kind, finished;        /* finished: linked to itself while pending             */
	list     waited_for;               /* linked to itself while nobody waits                  */
	request_kind  kind;
	request_state state;
	id32     id, consumed_by;
	hash32   body;
	buf      facts, response;
	err      cause;
	char    *why;                      /* of the failure; kept while a failed request is tried again */
	size_t   weight;                   /* what it counts in its shelf's bytes                        */
	request_waiter *waiters;
} entry;

typedef struct shelf {
	requests_limit limit;
	list   all, finished;              /* oldest first */
	size_t entries, pending, bytes;
} shelf;

struct requests {
	pthread_mutex_t lock;
	uint64_t salt;
	shelf    shelf[REQUEST_KINDS];
	list     waited_for;
	entry   *bucket[BUCKETS];
};

const char *request_kind_name(request_kind k)
{
	static const char *const NAMES[REQUEST_KINDS] = {
		[REQUEST_PREPROC] = "keygen_preproc", [REQUEST_KEYGEN] = "keygen",
		[REQUEST_PUBLIC_DECRYPT] = "public_decrypt", [REQUEST_USER_DECRYPT] = "user_decrypt",
		[REQUEST_NEW_EPOCH] = "new_mpc_epoch",
	};
	return (unsigned)k < REQUEST_KINDS ? NAMES[k] : "unknown";
}

/* What a sentence calls a request of this kind. */
static const char *noun(request_kind k)
{
	static const char *const NOUNS[REQUEST_KINDS] = {
		[REQUEST_PREPROC] = "preprocessing", [REQUEST_KEYGEN] = "key generation",
		[REQUEST_PUBLIC_DECRYPT] = "public decryption", [REQUEST_USER_DECRYPT] = "user decryption",
		[REQUEST_NEW_EPOCH] = "new epoch",
	};
	return NOUNS[k];
}

err requests_new(requests **out, const requests_limit limit[static REQUEST_KINDS], const rng *random)
{
	requests *t = calloc(1, sizeof *t);
	if (!t) return err_fail(ERR_NOMEM, "no memory for the table of requests");
	pthread_mutex_init(&t->lock, NULL);
	t->salt = rng_u64(random) | 1;
	for (unsigned k = 0; k < REQUEST_KINDS; k++) {
		t->shelf[k].limit = limit[k];
		list_init(&t->shelf[k].all);
		list_init(&t->shelf[k].finished);
	}
	list_init(&t->waited_for);
	*out = t;
	return OK;
}

/* ---- entries: everything below here up to the next rule is called under the lock ---------------------------- */

/* Whoever chooses ids does not know the salt, so chains stay short. */
static entry **place(requests *t, request_kind kind, const id32 *id)
{
	uint64_t h = kind;
	for (size_t i = 0; i < sizeof id->b; i += 8) {
		h = (h ^ load64(id->b + i)) * t->salt;
		h ^= h >> 32;
	}
	entry **p = &t->bucket[h % BUCKETS];
	while (*p && ((*p)->kind != kind || !id_eq_var(&(*p)->id, id))) p = &(*p)->chain;
	return p;
}

static void answer_all(entry *e)
{
	const request_answer a = { e->state, buf_slice(&e->response), e->cause, e->why };
	for (request_waiter *w = e->waiters, *next; w; w = next) {
		next = w->next;
		w->answer(w, &a);
	}
	e->waiters = NULL;
	list_leave(&e->waited_for);
}

static void entry_release(requests *t, entry *e)
{
	shelf *s = &t->shelf[e->kind];

	ASSERT(!e->waiters);
	*place(t, e->kind, &e->id) = e->chain;
	list_leave(&e->of_kind);
	list_leave(&e->finished);
	s->entries--;
	s->bytes -= e->weight;
	if (e->state == REQUEST_PENDING) s->pending--;
	buf_free(&e->facts);
	buf_free(&e->response);
	free(e->why);
	free(e);
}

/* To be called whenever what an entry holds has changed. */
static void weigh(requests *t, entry *e)
{
	shelf *s = &t->shelf[e->kind];

	s->bytes -= e->weight;
	e->weight = sizeof *e + e->facts.n + e->response.n + (e->why ? strlen(e->why) + 1 : 0);
	s->bytes += e->weight;
}

static entry *entry_add(requests *t, request_kind kind, const id32 *id)
{
	entry *e = calloc(1, sizeof *e);
	ASSERT(e);
	e->kind = kind;
	e->id = *id;
	list_init(&e->finished);
	list_init(&e->waited_for);
	*place(t, kind, id) = e;
	list_append(&t->shelf[kind].all, &e->of_kind);
	t->shelf[kind].entries++;
	t->shelf[kind].pending++;
	weigh(t, e);
	return e;
}

static void set_state(requests *t, entry *e, request_state state)
{
	shelf *s = &t->shelf[e->kind];

	if (e->state == REQUEST_PENDING) s->pending--;
	if (state == REQUEST_PENDING) s->pending++;
	e->state = state;
	list_leave(&e->finished);
	if (state != REQUEST_PENDING) list_append(&s->finished, &e->finished);
}

static void set_why(entry *e, err cause, const char *why)
{
	free(e->why);
	e->cause = cause;
	e->why = why ? strdup(why) : NULL;
	ASSERT(e->why || !why);
}

static entry *oldest_finished(const shelf *s)
{
	return list_empty(&s->finished) ? NULL : MEMBER_OF(s->finished.after, entry, finished);
}

static bool too_heavy(const shelf *s, size_t more)
{
	return s->limit.bytes && (more > s->limit.bytes || s->bytes > s->limit.bytes - more);
}

/* Forgets the oldest finished ones, but not `spared`, until the shelf can bear so many bytes more.  False if it cannot. */
static bool lighten(requests *t, shelf *s, size_t more, const entry *spared)
{
	for (entry *e; too_heavy(s, more) && (e = oldest_finished(s)) && e != spared;) entry_release(t, e);
	return !too_heavy(s, more);
}

/* Makes room for one more, as long as enough finished ones are left.  False if it cannot. */
static bool thin_out(requests *t, shelf *s)
{
	if (!s->limit.capacity) return true;
	while (s->entries >= s->limit.capacity && s->entries - s->pending > s->limit.keep) entry_release(t, oldest_finished(s));
	return s->entries < s->limit.capacity;
}

static err make_room(requests *t, request_kind kind)
{
	shelf *s = &t->shelf[kind];

	if (!thin_out(t, s))
		return err_fail(ERR_EXHAUSTED, "%zu requests for %s are known and %zu of them still running: ask again later",
		                s->entries, noun(kind), s->pending);
	if (!lighten(t, s, sizeof(entry) + MAX_FACTS, NULL))
		return err_fail(ERR_EXHAUSTED, "the %zu requests for %s that are running fill the memory set aside for them: "
		                "ask again later", s->pending, noun(kind));
	return OK;
}

static bool same_body(const entry *e, const hash32 *body)
{
	return hash32_eq_var(e->body, (hash32){ 0 }) || hash32_eq_var(e->body, *body);
}

static err known(const entry *e, const hash32 *body)
{
	char id[ID_TEXT];

	id_text(id, &e->id);
	if (!same_body(e, body))
		return err_fail(ERR_EXISTS, "request %s was used for another %s: choose a fresh id", id, noun(e->kind));
	switch (e->state) {
	case REQUEST_PENDING:  return err_fail(ERR_EXISTS, "%s %s is running already", noun(e->kind), id);
	case REQUEST_DONE:     return err_fail(ERR_EXISTS, "%s %s is done already: fetch its result", noun(e->kind), id);
	case REQUEST_CONSUMED: return err_fail(ERR_EXISTS, "%s %s was done and is used up", noun(e->kind), id);
	case REQUEST_FAILED:
	case REQUEST_STATES:   break;
	}
	return OK;
}

static err start(requests *t, request_kind kind, const id32 *id, const hash32 *body, slice facts)
{
	entry *e = *place(t, kind, id);

	if (e) {
		TRY(known(e, body));
		set_state(t, e, REQUEST_PENDING);
	} else {
		TRY(make_room(t, kind));
		e = entry_add(t, kind, id);
		e->body = *body;
	}
	buf_clear(&e->facts);
	buf_put_slice(&e->facts, facts);
	weigh(t, e);
	return OK;
}

static entry *pending(requests *t, request_kind kind, const id32 *id)
{
	entry *e = *place(t, kind, id);
	ASSERT(e && e->state == REQUEST_PENDING);
	return e;
}

static err not_found(request_kind kind, const id32 *id)
{
	char text[ID_TEXT];

	id_text(text, id);
	return err_fail(ERR_NOT_FOUND, "there is no %s %s", noun(kind), text);
}

static err usable(const entry *e)
{
	char id[ID_TEXT], by[ID_TEXT];

	id_text(id, &e->id);
	id_text(by, &e->consumed_by);
	switch (e->state) {
	case REQUEST_PENDING:  return err_fail(ERR_BUSY, "%s %s is still running", noun(e->kind), id);
	case REQUEST_FAILED:   return err_fail(ERR_STATE, "%s %s failed: %s", noun(e->kind), id, e->why);
	case REQUEST_CONSUMED: return err_fail(ERR_EXISTS, "%s %s was used up by %s", noun(e->kind), id, by);
	case REQUEST_DONE:
	case REQUEST_STATES:   break;
	}
	return OK;
}

static request_view view_of(const entry *e)
{
	return (request_view){ e->kind, e->id, e->consumed_by, e->body, e->state, buf_slice(&e->facts), buf_slice(&e->response),
	                       e->state == REQUEST_FAILED ? e->why : "" };
}

/* ---- what others call: takes the lock, does one of the above ------------------------------------------------ */

void requests_free(requests **tp)
{
	requests *t = *tp;
	if (!t) return;
	requests_expire(t, INT64_MAX);
	for (unsigned k = 0; k < REQUEST_KINDS; k++)
		while (!list_empty(&t->shelf[k].all)) entry_release(t, MEMBER_OF(t->shelf[k].all.after, entry, of_kind));
	pthread_mutex_destroy(&t->lock);
	free(t);
	*tp = NULL;
}

err requests_start(requests *t, request_kind kind, const id32 *id, const hash32 *body, slice facts)
{
	ASSERT((unsigned)kind < REQUEST_KINDS && facts.n <= MAX_FACTS);
	pthread_mutex_lock(&t->lock);
	err e = start(t, kind, id, body, facts);
	pthread_mutex_unlock(&t->lock);
	return e;
}

err requests_check_fresh(requests *t, request_kind kind, const id32 *id, const hash32 *body)
{
	pthread_mutex_lock(&t->lock);
	const entry *known_one = *place(t, kind, id);
	err e = known_one ? known(known_one, body) : OK;
	pthread_mutex_unlock(&t->lock);
	return e;
}

void requests_withdraw(requests *t, request_kind kind, const id32 *id)
{
	pthread_mutex_lock(&t->lock);
	entry *e = pending(t, kind, id);
	if (e->why) set_state(t, e, REQUEST_FAILED);
	answer_all(e);
	if (e->state == REQUEST_PENDING) entry_release(t, e);
	pthread_mutex_unlock(&t->lock);
}

err requests_fit(const requests *t, request_kind kind, size_t n)
{
	const size_t bytes = t->shelf[kind].limit.bytes;

	if (bytes == 0 || (n <= bytes && bytes - n >= sizeof(entry) + MAX_FACTS)) return OK;
	return err_fail(ERR_EXHAUSTED, "the answer has %zu bytes; answers to requests for %s may have %zu bytes together: "
	                "ask for fewer values at once", n, noun(kind), bytes);
}

void requests_finish_done(requests *t, request_kind kind, const id32 *id, buf *response)
{
	pthread_mutex_lock(&t->lock);
	entry *e = pending(t, kind, id);
	buf_free(&e->response);
	buf_put_slice(&e->response, buf_slice(response));        /* without the room that it grew */
	buf_free(response);
	set_why(e, OK, NULL);
	set_state(t, e, REQUEST_DONE);
	answer_all(e);
	weigh(t, e);
	(void)lighten(t, &t->shelf[kind], 0, e);
	pthread_mutex_unlock(&t->lock);
}

void requests_finish_failed(requests *t, request_kind kind, const id32 *id, err cause, const char *why)
{
	ASSERT(cause != OK);
	pthread_mutex_lock(&t->lock);
	entry *e = pending(t, kind, id);
	set_why(e, cause, why);
	set_state(t, e, REQUEST_FAILED);
	answer_all(e);
	weigh(t, e);
	(void)lighten(t, &t->shelf[kind], 0, e);
	pthread_mutex_unlock(&t->lock);
}

static err wait_or_answer(requests *t, request_kind kind, const id32 *id, const hash32 *body, request_waiter *w)
{
	char used_up[ID_TEXT + 64], by[ID_TEXT];
	entry *e = *place(t, kind, id);

	if (!e) return not_found(kind, id);
	if (body && !same_body(e, body)) return known(e, body);
	if (e->state == REQUEST_PENDING && w->until_ms) {
		w->next = e->waiters;
		e->waiters = w;
		list_leave(&e->waited_for);
		list_append(&t->waited_for, &e->waited_for);
		return OK;
	}
	id_text(by, &e->consumed_by);
	snprintf(used_up, sizeof used_up, "the %s was used up by %s", noun(kind), by);
	const request_answer a = { e->state, buf_slice(&e->response), e->cause, e->state == REQUEST_CONSUMED ? used_up : e->why };
	w->answer(w, &a);
	return OK;
}

err requests_wait(requests *t, request_kind kind, const id32 *id, const hash32 *body, request_waiter *w)
{
	pthread_mutex_lock(&t->lock);
	err e = wait_or_answer(t, kind, id, body, w);
	pthread_mutex_unlock(&t->lock);
	return e;
}

static void expire(entry *e, int64_t now_ms)
{
	const request_answer a = { .state = e->state };

	for (request_waiter **p = &e->waiters; *p;) {
		request_waiter *w = *p;
		if (w->until_ms > now_ms && !(w->gave_up && w->gave_up(w))) {
			p = &w->next;
			continue;
		}
		*p = w->next;
		w->answer(w, &a);
	}
	if (!e->waiters) list_leave(&e->waited_for);
}

void requests_expire(requests *t, int64_t now_ms)
{
	pthread_mutex_lock(&t->lock);
	FOR_EACH_LINK(l, &t->waited_for) expire(MEMBER_OF(l, entry, waited_for), now_ms);
	pthread_mutex_unlock(&t->lock);
}

err requests_facts(requests *t, buf *facts, request_kind kind, const id32 *id)
{
	pthread_mutex_lock(&t->lock);
	entry *found = *place(t, kind, id);
	err e = found ? usable(found) : not_found(kind, id);
	if (e == OK) buf_put_slice(facts, buf_slice(&found->facts));
	pthread_mutex_unlock(&t->lock);
	return e;
}

err requests_consume(requests *t, request_kind kind, const id32 *id, const id32 *by)
{
	pthread_mutex_lock(&t->lock);
	entry *found = *place(t, kind, id);
	err e = found ? usable(found) : not_found(kind, id);
	if (e == OK) {
		found->consumed_by = *by;
		set_state(t, found, REQUEST_CONSUMED);
	}
	pthread_mutex_unlock(&t->lock);
	return e;
}

void requests_release(requests *t, request_kind kind, const id32 *id)
{
	pthread_mutex_lock(&t->lock);
	entry *e = *place(t, kind, id);
	ASSERT(e && e->state == REQUEST_CONSUMED);
	set_state(t, e, REQUEST_DONE);
	pthread_mutex_unlock(&t->lock);
}

void requests_restore(requests *t, const request_view *v)
{
	ASSERT((unsigned)v->kind < REQUEST_KINDS);
	pthread_mutex_lock(&t->lock);
	entry *e = *place(t, v->kind, &v->id);
	if (!e) {
		(void)thin_out(t, &t->shelf[v->kind]);         /* what was taken in is not lost because the limits were changed */
		e = entry_add(t, v->kind, &v->id);
	}
	e->consumed_by = v->consumed_by;
	e->body = v->body;
	buf_clear(&e->facts);
	buf_put_slice(&e->facts, v->facts);
	buf_clear(&e->response);
	buf_put_slice(&e->response, v->response);
	set_why(e, ERR_STATE, v->state == REQUEST_FAILED ? v->why : NULL);
	set_state(t, e, v->state);
	answer_all(e);
	weigh(t, e);
	if (!lighten(t, &t->shelf[v->kind], 0, e) && v->state != REQUEST_PENDING) entry_release(t, e);
	pthread_mutex_unlock(&t->lock);
}

void requests_forget(requests *t, request_kind kind, const id32 *id)
{
	pthread_mutex_lock(&t->lock);
	entry *e = *place(t, kind, id);
	if (e) {
		ASSERT(e->state != REQUEST_PENDING);
		entry_release(t, e);
	}
	pthread_mutex_unlock(&t->lock);
}

bool requests_state(requests *t, request_state *state, request_kind kind, const id32 *id)
{
	pthread_mutex_lock(&t->lock);
	entry *e = *place(t, kind, id);
	if (e) *state = e->state;
	pthread_mutex_unlock(&t->lock);
	return e;
}

void requests_each(requests *t, request_kind kind, bool (*each)(void *, const request_view *), void *ctx)
{
	pthread_mutex_lock(&t->lock);
	FOR_EACH_LINK(l, &t->shelf[kind].all) {
		request_view v = view_of(MEMBER_OF(l, entry, of_kind));
		if (!each(ctx, &v)) break;
	}
	pthread_mutex_unlock(&t->lock);
}

bool requests_look(requests *t, request_kind kind, const id32 *id, void (*look)(void *, const request_view *), void *ctx)
{
	pthread_mutex_lock(&t->lock);
	entry *e = *place(t, kind, id);
	if (e) {
		request_view v = view_of(e);
		look(ctx, &v);
	}
	pthread_mutex_unlock(&t->lock);
	return e;
}

requests_count requests_count_of(requests *t, request_kind kind)
{
	pthread_mutex_lock(&t->lock);
	const shelf *s = &t->shelf[kind];
	const requests_count c = { s->entries, s->pending, s->limit.capacity, s->bytes };
	pthread_mutex_unlock(&t->lock);
	return c;
}
