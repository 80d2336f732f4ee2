/* SPDX-License-Identifier: MIT */
/*
 * sim/sim.c -- one baton, handed from party to party.
 *
 * A party that must wait for a message hands the baton on (sim_wait, behind the inbox's seam).  It goes, in this order, to
 *   an honest party that can go on, chosen by the seed;
 *   a corrupt one;
 *   nobody, but the corrupt parties' messages are let go;
 *   nobody, but time moves to the next deadline or delayed message.
 * Whoever holds the baton has the whole simulation for itself; the lock is only for handing it over.
 */
#include "sim/sim.h"
#include <sched.h>
#include <stdlib.h>
#include "sym/drbg.h"
#include "sym/sha2.h"

typedef struct actor {
	sim   *x;
	party  id;
	enum { READY, RUNNING, WAITING, HOLDING, FINISHED } state;   /* HOLDING: until its earlier messages are let go */
	int64_t until_ms;
	bool    has_baton;               /* under the lock */
	pthread_cond_t turn;
	pthread_t thread;
	inbox *in;
	drbg   random;
	rng    rng;
	sim_party *p;
} actor;

typedef struct event { int64_t at_ms; party connection; envelope e; } event;

typedef struct list { event *v; size_t n, room; } list;

struct sim {
	sim_setup set;
	pthread_mutex_t lock;
	actor    actors[MAX_PARTIES + 1];
	uint64_t schedule;               /* state of a small generator */
	int64_t  now_ms;
	session_id sid;
	session_id *used;                /* ids under which PRFs were evaluated, by any party */
	party   *used_by;
	size_t   used_count;

	list     held, delayed, kept;
	sim_tap  tap;
	void    *tap_ctx;
	sim_rush rush;
	void    *rush_ctx;
	drbg     random;
	rng      rng;
	arena    bytes;
	sha256_stream digest;
};

/* ---- lists of envelopes ------------------------------------------------------------------------------------------ */

uint8_t *sim_bytes(sim *x, size_t n)
{
	uint8_t *p = arena_try(&x->bytes, n);

	ASSERT(p);
	return p;
}

static void list_put(sim *x, list *l, int64_t at_ms, party connection, const envelope *e)
{
	if (l->n == l->room) {
		l->room = 2 * l->room + 64;
		l->v = realloc(l->v, l->room * sizeof *l->v);
		ASSERT(l->v);
	}
	event *v = &l->v[l->n++];
	*v = (event){ at_ms, connection, *e };
	if (e->body.n) v->e.body.p = memcpy(sim_bytes(x, e->body.n), e->body.p, e->body.n);
}

/* ---- the wire ---------------------------------------------------------------------------------------------------- */

inbox_verdict sim_pass_as(sim *x, party connection, const envelope *e)
{
	uint8_t head[16 + ENVELOPE_HEADER];

	ASSERT(e->to >= 1 && e->to <= x->set.n);
	store64(head, (uint64_t)x->now_ms);
	store64(head + 8, connection);
	envelope_write_header(head + 16, &(envelope){ e->sid, e->round, e->from, e->to, e->type, { 0 } });
	sha256_add(&x->digest, slice_of(head, sizeof head));
	sha256_add(&x->digest, e->body);
	if (x->set.transcript || has(x->set.corrupt, e->to)) list_put(x, &x->kept, x->now_ms, connection, e);
	return inbox_put(x->actors[e->to].in, connection, e);
}

void sim_pass(sim *x, const envelope *e) { sim_pass_as(x, e->from, e); }

void sim_pass_later(sim *x, const envelope *e, int64_t ms) { list_put(x, &x->delayed, x->now_ms + ms, e->from, e); }

static void transmit(sim *x, const envelope *e)
{
	if (x->tap) x->tap(x->tap_ctx, x, e);
	else sim_pass(x, e);
}

/* ---- the baton --------------------------------------------------------------------------------------------------- */

static uint64_t draw(sim *x, uint64_t below)
{
	x->schedule = x->schedule * 6364136223846793005u + 1442695040888963407u;
	return (x->schedule >> 33) % below;
}

static party pick(sim *x, party_set among)
{
	party_set ready = 0;

	FOR_EACH_IN(i, among) if (x->actors[i].state == READY) add_to(&ready, i);
	if (!ready) return 0;
	for (uint64_t skip = draw(x, size_of_set(ready)); skip; skip--) take_from(&ready, first_of(ready));
	return first_of(ready);
}

static void let_held_go(sim *x)
{
	const list held = x->held;
	envelope *e = calloc(held.n, sizeof *e);

	ASSERT(e);
	x->held = (list){ 0 };
	for (size_t i = 0; i < held.n; i++) e[i] = held.v[i].e;
	if (x->rush) x->rush(x->rush_ctx, x, e, held.n);
	for (size_t i = 0; i < held.n; i++) if (e[i].to) transmit(x, &e[i]);
	FOR_EACH_IN(i, x->set.corrupt) if (x->actors[i].state == HOLDING) x->actors[i].state = READY;
	free(e);
	free(held.v);
}

/* Delayed messages whose time has come, in the order in which it came. */
static void deliver_delayed(sim *x)
{
	for (size_t i = 0; i < x->delayed.n;) {
		const event v = x->delayed.v[i];
		if (v.at_ms > x->now_ms) {
			i++;
			continue;
		}
		memmove(&x->delayed.v[i], &x->delayed.v[i + 1], (--x->delayed.n - i) * sizeof v);
		sim_pass_as(x, v.connection, &v.e);
	}
}

/* False: everybody has finished. */
static bool let_time_pass(sim *x)
{
	int64_t next = INT64_MAX;
	bool waiting = false;

	FOR_EACH_IN(i, parties_all(x->set.n)) if (x->actors[i].state == WAITING) {
		waiting = true;
		if (x->actors[i].until_ms < next) next = x->actors[i].until_ms;
	}
	if (!waiting) return false;
	for (size_t i = 0; i < x->delayed.n; i++) if (x->delayed.v[i].at_ms < next) next = x->delayed.v[i].at_ms;
	if (next == INT64_MAX) {         /* without end: nothing can happen any more */
		FOR_EACH_IN(i, parties_all(x->set.n)) inbox_cancel_all(x->actors[i].in);
		return true;
	}
	if (next > x->now_ms) x->now_ms = next;
	deliver_delayed(x);
	FOR_EACH_IN(i, parties_all(x->set.n)) {
		actor *a = &x->actors[i];
		if (a->state == WAITING && a->until_ms <= x->now_ms) a->state = READY;
	}
	return true;
}

/* Called by whoever holds the baton, with the lock. */
static void hand_on(sim *x)
{
	const party_set corrupt = x->set.corrupt, honest = parties_all(x->set.n) & ~corrupt;
	party next;

	for (;;) {
		if ((next = pick(x, honest)) || (next = pick(x, corrupt))) break;
		if (x->held.n) let_held_go(x);
		else if (!let_time_pass(x)) break;
	}
	if (!next) return;
	x->actors[next].state = RUNNING;
	x->actors[next].has_baton = true;
	pthread_cond_signal(&x->actors[next].turn);
}

static void await_turn(actor *a)
{
	while (!a->has_baton) pthread_cond_wait(&a->turn, &a->x->lock);
	a->has_baton = false;
}

static void yield(actor *a)
{
	pthread_mutex_lock(&a->x->lock);
	hand_on(a->x);
	await_turn(a);
	pthread_mutex_unlock(&a->x->lock);
}

/* ---- the seams of mpc/ ------------------------------------------------------------------------------------------- */

static int64_t actor_now(void *ctx) { return ((actor *)ctx)->x->now_ms; }

static void actor_wait(void *ctx, pthread_cond_t *woken, pthread_mutex_t *held, int64_t until_ms)
{
	actor *a = ctx;

	(void)woken;
	a->state = WAITING;
	a->until_ms = until_ms;
	pthread_mutex_unlock(held);
	yield(a);
	pthread_mutex_lock(held);
}

static void actor_wake(void *ctx, pthread_cond_t *woken)
{
	actor *a = ctx;

	(void)woken;
	if (a->state == WAITING) a->state = READY;
}

/* A corrupt party does not run ahead of its own messages: the adversary decides on one round of one session at a time. */
static err actor_send(void *ctx, party to, const envelope *e)
{
	actor *a = ctx;
	sim *x = a->x;

	(void)to;
	if (!has(x->set.corrupt, a->id)) {
		transmit(x, e);
		return OK;
	}
	for (size_t i = 0; i < x->held.n; i++) {
		const envelope *h = &x->held.v[i].e;
		if (h->from != a->id || (h->round >= e->round && sid_eq_var(&h->sid, &e->sid))) continue;
		a->state = HOLDING;
		yield(a);
		break;
	}
	list_put(x, &x->held, x->now_ms, a->id, e);
	return OK;
}

static err record_use(void *ctx, const session_id *sid)
{
	actor *a = ctx;
	sim *x = a->x;

	for (size_t i = 0; i < x->used_count; i++)
		if (x->used_by[i] == a->id && sid_eq_var(&x->used[i], sid)) return err_fail(ERR_EXISTS, "this session id was used");
	x->used = realloc(x->used, (x->used_count + 1) * sizeof *x->used);
	x->used_by = realloc(x->used_by, (x->used_count + 1) * sizeof *x->used_by);
	ASSERT(x->used && x->used_by);
	x->used[x->used_count] = *sid;
	x->used_by[x->used_count++] = a->id;
	return OK;
}

/* ---- parties ----------------------------------------------------------------------------------------------------- */

static void keep_outcome(sim_party *p, const session *s)
{
	p->corrupt = s->corrupt;
	p->suspects = s->suspects;
	p->rounds = s->round;
	p->messages = s->sent_messages;
	p->bytes = s->sent_bytes;
	p->transcript = s->transcript;
	p->evidence_count = s->evidence_count;
	memcpy(p->evidence, s->evidence, sizeof p->evidence);
}

static err run_party(actor *a, session *s)
{
	sim *x = a->x;
	const session_plan plan = {
		.sid = x->sid, .me = a->id, .n = x->set.n, .t = x->set.t, .k = x->set.k, .round_ms = x->set.round_ms,
		.random = &a->rng, .in = a->in, .out = { a, actor_send }, .p = a->p->p,
	};
	const sid_record record = { a, record_use };

	TRY(session_open(s, &plan));
	if (a->p->prss) TRY(session_use_prss(s, a->p->prss, &record));
	return a->p->run ? a->p->run(s, a->p->arg) : OK;
}

static void *actor_main(void *arg)
{
	actor *a = arg;
	session s;

	pthread_mutex_lock(&a->x->lock);
	await_turn(a);
	pthread_mutex_unlock(&a->x->lock);

	a->p->result = run_party(a, &s);
	if (a->p->result != OK) strncpy(a->p->text, err_text(), sizeof a->p->text - 1);
	err_clear();
	if (s.in) session_settle(&s);
	keep_outcome(a->p, &s);
	session_close(&s);
	a->p->ended_ms = a->x->now_ms;

	pthread_mutex_lock(&a->x->lock);
	a->state = FINISHED;
	hand_on(a->x);
	pthread_mutex_unlock(&a->x->lock);
	return NULL;
}

/* Threads of which one runs at a time hand over several times faster on one core: those made after this stay where their
 * maker is.  Whether it works is of no consequence. */
static cpu_set_t stay_here(void)
{
	cpu_set_t before, here;

	CPU_ZERO(&before);
	CPU_ZERO(&here);
	const int core = sched_getcpu();
	if (sched_getaffinity(0, sizeof before, &before) || core < 0) return before;
	CPU_SET((size_t)core, &here);
	sched_setaffinity(0, sizeof here, &here);
	return before;
}

void sim_run(sim *x, sim_party *p, const session_id *sid)
{
	const cpu_set_t before = stay_here();

	x->sid = *sid;
	FOR_EACH_IN(i, parties_all(x->set.n)) {
		p[i].text[0] = '\0';
		x->actors[i].p = &p[i];
		x->actors[i].state = READY;
		ASSERT(pthread_create(&x->actors[i].thread, NULL, actor_main, &x->actors[i]) == 0);
	}
	pthread_mutex_lock(&x->lock);
	hand_on(x);
	pthread_mutex_unlock(&x->lock);
	FOR_EACH_IN(i, parties_all(x->set.n)) pthread_join(x->actors[i].thread, NULL);
	sched_setaffinity(0, sizeof before, &before);
}

/* ---- from beginning to end --------------------------------------------------------------------------------------- */

static void seeded(drbg *d, rng *r, uint64_t seed, party who)
{
	uint8_t b[9];

	store64(b, seed);
	b[8] = who;
	*d = drbg_from_seed(slice_of(b, sizeof b));
	*r = drbg_rng(d);
}

err sim_new(sim **out, const sim_setup *setup)
{
	sim *x = calloc(1, sizeof *x);

	ASSERT(x && !(setup->corrupt & ~parties_all(setup->n)));
	x->set = *setup;
	if (!x->set.k) x->set.k = 64;
	if (!x->set.round_ms) x->set.round_ms = SIM_ROUND_MS;
	x->schedule = setup->seed ^ 0x9e3779b97f4a7c15u;
	x->bytes = arena_with_limit((size_t)1 << 34);
	x->digest = sha256_begin();
	pthread_mutex_init(&x->lock, NULL);
	seeded(&x->random, &x->rng, setup->seed, 0);
	FOR_EACH_IN(i, parties_all(setup->n)) {
		actor *a = &x->actors[i];
		a->x = x;
		a->id = i;
		pthread_cond_init(&a->turn, NULL);
		seeded(&a->random, &a->rng, setup->seed, i);
		TRY(inbox_new(&a->in, i, setup->n, setup->limits, (wait_source){ a, actor_now, actor_wait, actor_wake }));
	}
	*out = x;
	return OK;
}

void sim_free(sim **x)
{
	if (!*x) return;
	FOR_EACH_IN(i, parties_all((*x)->set.n)) {
		inbox_free(&(*x)->actors[i].in);
		drbg_free(&(*x)->actors[i].random);
		pthread_cond_destroy(&(*x)->actors[i].turn);
	}
	drbg_free(&(*x)->random);
	sha256_stream_free(&(*x)->digest);
	arena_free(&(*x)->bytes);
	free((*x)->held.v);
	free((*x)->delayed.v);
	free((*x)->kept.v);
	free((*x)->used);
	free((*x)->used_by);
	pthread_mutex_destroy(&(*x)->lock);
	free(*x);
	*x = NULL;
}

void sim_set_tap(sim *x, sim_tap tap, void *ctx) { x->tap = tap, x->tap_ctx = ctx; }
void sim_set_rush(sim *x, sim_rush rush, void *ctx) { x->rush = rush, x->rush_ctx = ctx; }

session_id sim_sid(uint64_t number) { return sid_sub(&(session_id){ { 0 } }, number); }
const rng *sim_rng(sim *x) { return &x->rng; }
int64_t sim_now_ms(const sim *x) { return x->now_ms; }
inbox *sim_inbox(sim *x, party i) { return x->actors[i].in; }

/* ---- what happened ----------------------------------------------------------------------------------------------- */

size_t sim_transcript_length(const sim *x) { return x->kept.n; }
const envelope *sim_transcript(const sim *x, size_t i) { return &x->kept.v[i].e; }

hash32 sim_transcript_digest(sim *x)
{
	const hash32 h = sha256_end(&x->digest);

	sha256_add(&x->digest, hash32_slice(&h));
	return h;
}

const envelope *sim_seen(const sim *x, party from, party to, uint64_t round, msg_type type)
{
	ASSERT(has(x->set.corrupt, to));
	for (size_t i = x->kept.n; i--;) {
		const envelope *e = &x->kept.v[i].e;
		if (e->from == from && e->to == to && e->round == round && e->type == type && sid_eq_var(&e->sid, &x->sid)) return e;
	}
	return NULL;
}
