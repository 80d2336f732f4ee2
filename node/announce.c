/* SPDX-License-Identifier: MIT */
/* node/announce.c -- a small table of who announced what and when, and a loop around it. */
#include "node/announce.h"
#include <pthread.h>
#include <stdlib.h>
#include "base/wait.h"

enum {
	KEPT = 32,
	REPEAT_MS = 500,
	FRESH_MS = 5 * REPEAT_MS,                        /* who was not heard for so long is not there                */
	WINDOW = 64,                                     /* t parties lift the attempt by no more than this           */
};

typedef struct heard { announcement words; int64_t at_ms; } heard;

/* What one party of one committee announced last: a ring, so that nobody fills our memory. */
typedef struct voice {
	struct voice *next;
	const committee *c;
	party    from;
	unsigned at;
	heard    said[KEPT];
} voice;

struct announcements {
	wait_source time;
	pthread_mutex_t lock;
	pthread_cond_t  changed;
	voice   *first;
	uint64_t words;                                  /* so many came */
	bool     cancelled;
};

err announcements_new(announcements **out, wait_source time)
{
	announcements *a = calloc(1, sizeof *a);

	if (!a) return err_fail(ERR_NOMEM, "no memory for announcements");
	pthread_mutex_init(&a->lock, NULL);
	wait_init(&a->changed);
	a->time = time;
	*out = a;
	return OK;
}

void announcements_free(announcements **ap)
{
	announcements *a = *ap;
	if (!a) return;
	for (voice *v = a->first, *next; v; v = next) {
		next = v->next;
		free(v);
	}
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
	free(a);
	*ap = NULL;
}

static int64_t now_ms(const announcements *a) { return a->time.now_ms(a->time.ctx); }

void announcements_cancel(announcements *a)
{
	pthread_mutex_lock(&a->lock);
	a->cancelled = true;
	a->time.wake(a->time.ctx, &a->changed);
	pthread_mutex_unlock(&a->lock);
}

/* ---- what is heard ------------------------------------------------------------------------------------------------ */

static voice *voice_of(announcements *a, const committee *c, party from)
{
	voice *v = a->first;

	while (v && (v->c != c || v->from != from)) v = v->next;
	if (!v && (v = calloc(1, sizeof *v))) {
		*v = (voice){ .next = a->first, .c = c, .from = from };
		a->first = v;
	}
	return v;
}

static heard *find(voice *v, attempted what, const id32 *request)
{
	for (unsigned i = 0; i < KEPT; i++)
		if (v->said[i].words.what == what && id_eq_var(&v->said[i].words.request, request)) return &v->said[i];
	return NULL;
}

/* A link keeps the order, so later words replace earlier ones. */
static void keep(voice *v, const announcement *h, int64_t now)
{
	heard *known = find(v, h->what, &h->request);

	if (!known) known = &v->said[v->at++ % KEPT];
	*known = (heard){ *h, now };
}

void announce_heard(announcements *a, committee *c, party from, slice payload)
{
	announcement h;

	if (!announcement_read(&h, payload)) {
		peers_blame(c, from, "an announcement that is none");
		return;
	}
	pthread_mutex_lock(&a->lock);
	voice *v = voice_of(a, c, from);
	if (v) keep(v, &h, now_ms(a));
	a->words++;
	a->time.wake(a->time.ctx, &a->changed);
	pthread_mutex_unlock(&a->lock);
}

/* ---- what is said --------------------------------------------------------------------------------------------------- */

static void say(committee *c, party to, const announcement *a)
{
	uint8_t bytes[ANNOUNCEMENT_BYTES];

	announcement_write(bytes, a);
	peers_send(c, to, FRAME_ANNOUNCE, slice_of(bytes, sizeof bytes), (slice){ 0 }, 0);
}

void announce_there(committee *c, party to, const announcement *asked)
{
	announcement a = *asked;

	a.phase = PHASE_THERE;
	say(c, to, &a);
}

static void announce(const gathering_plan *g, uint32_t attempt, announced_phase p)
{
	const announcement a = { g->what, g->request, attempt, p };
	const mpc_context *k = g->c->context;

	for (party i = 1; i <= k->n; i++)
		if (i != k->me) say(g->c, i, &a);
}

/* ---- coming together ------------------------------------------------------------------------------------------------ */

/*
 * A party's floor is the least attempt that it can still take part in: one more than its journal has.  It says that it waits
 * at its floor, and that it begins at an attempt; of each other one the first word since we were asked counts as its floor,
 * so that nobody can drive us on by raising its own.
 */
typedef struct waiting {
	uint32_t floor[MAX_PARTIES + 1];                 /* ours too; 0: not heard */
	uint32_t attempt;
	announced_phase phase;
	int64_t  from_ms, quorum_ms;                     /* n - t have been here since; 0: they are not */
	int64_t  said_ms, beginning_ms;
	bool     reachable;                              /* one of those that are not here */
	bool     highest;                                /* the highest floor of all decides, instead of the n-t-th */
} waiting;

/* Who was heard lately: at all, within the window, and that it is done.  begins[i]: the attempt that i is beginning, or 0. */
typedef struct meeting {
	party_set present, there;
	party_set all;                                   /* who was heard, of both sets */
	uint32_t  begins[MAX_PARTIES + 1];
} meeting;

static int descending(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? 1 : x > y ? -1 : 0;
}

static party_set members(const gathering_plan *g) { return parties_all(g->n); }
static party_set everybody(const gathering_plan *g) { return members(g) | g->old; }

/* The rank-th floor of these from above, from 0; 0 if they are fewer. */
static uint32_t floor_of_rank(const waiting *w, party_set of, unsigned rank)
{
	uint32_t floor[MAX_PARTIES];
	unsigned n = 0;

	FOR_EACH_IN(i, of) floor[n++] = w->floor[i];
	qsort(floor, n, sizeof *floor, descending);
	return rank < n ? floor[rank] : 0;
}

/* Floors far above that of an honest party - ours, or what t + 1 others have reached - are not believed. */
static void drop_beyond_window(meeting *m, const waiting *w, const gathering_plan *g)
{
	const party me = g->c->context->me;
	party_set others = m->present;

	take_from(&others, me);
	const uint32_t mine = w->floor[me], theirs = floor_of_rank(w, others, g->t);
	const uint64_t most = (uint64_t)(mine > theirs ? mine : theirs) + WINDOW;
	FOR_EACH_IN(i, others)
		if (w->floor[i] > most) take_from(&m->present, i);
}

/* Under the lock. */
static meeting look_around(announcements *a, const gathering_plan *g, waiting *w, int64_t now)
{
	meeting m = { 0 };

	add_to(&m.all, g->c->context->me);
	for (voice *v = a->first; v; v = v->next) {
		const heard *h = v->c == g->c ? find(v, g->what, &g->request) : NULL;
		if (!h || h->at_ms < w->from_ms || now - h->at_ms > FRESH_MS) continue;
		if (h->words.phase == PHASE_THERE) {
			if (has(members(g), v->from)) add_to(&m.there, v->from);
			continue;
		}
		add_to(&m.all, v->from);
		if (!has(members(g), v->from)) continue;
		if (w->floor[v->from] == 0) w->floor[v->from] = h->words.attempt;
		if (h->words.phase == PHASE_BEGINNING) m.begins[v->from] = h->words.attempt;
	}
	m.present = m.all & members(g);
	drop_beyond_window(&m, w, g);
	return m;
}

/* How many others begin this attempt. */
static unsigned beginning(const meeting *m, uint32_t attempt)
{
	unsigned n = 0;
	for (unsigned i = 1; i <= MAX_PARTIES; i++) n += m->begins[i] == attempt;
	return n;
}

/* Those who can take part in it, of those who are here. */
static unsigned ready(const waiting *w, const meeting *m, uint32_t attempt)
{
	unsigned n = 0;
	FOR_EACH_IN(i, m->present) n += w->floor[i] <= attempt;
	return n;
}

static bool has_quorum(const gathering_plan *g, const meeting *m)
{
	return size_of_set(m->present) >= g->n - g->t && size_of_set(g->old & ~m->all) <= g->old_t;
}

/* What t + 1 others begin, so an honest one at least; else the least attempt in which n - t of those here can take part:
 * whatever t of them say, no higher than the highest floor of the others once all these are here. */
static uint32_t choose(const waiting *w, const gathering_plan *g, const meeting *m)
{
	const uint32_t mine = w->floor[g->c->context->me];
	uint32_t best = 0;

	for (party i = 1; i <= g->n; i++)
		if (m->begins[i] >= mine && m->begins[i] > best && beginning(m, m->begins[i]) > g->t) best = m->begins[i];
	if (best) return best;
	if (has_quorum(g, m)) best = floor_of_rank(w, m->present, w->highest ? 0 : size_of_set(m->present) - (g->n - g->t));
	return best > mine ? best : mine;
}

/* Of those that have not come: can one of them be reached? */
static bool worth_waiting(const gathering_plan *g, party_set present)
{
	FOR_EACH_IN(i, everybody(g) & ~present)
		if (peers_is_up(g->c, i)) return true;
	return false;
}

/* One that lies may have some of us believe that n - t can meet low and others that they cannot.  Then, and at times that
 * it cannot foresee, the highest floor decides. */
static void try_otherwise(waiting *w, const gathering_plan *g, int64_t now)
{
	uint8_t coin;

	if (w->phase != PHASE_BEGINNING || now - w->beginning_ms < g->quorum_ms + FRESH_MS) return;
	rng_fill(rng_os(), &coin, sizeof coin);
	w->highest = !w->highest || (coin & 1);
	w->beginning_ms = now;
}

static void go_to(waiting *w, uint32_t attempt)
{
	if (attempt == w->attempt) return;
	w->attempt = attempt;
	w->phase = PHASE_WAITING;
}

/* The patience with those that are not here runs from when n - t were. */
static bool is_time(waiting *w, const gathering_plan *g, const meeting *m, int64_t now)
{
	const unsigned able = ready(w, m, w->attempt);

	if (!has_quorum(g, m)) w->quorum_ms = 0;
	else if (w->quorum_ms == 0) w->quorum_ms = now;
	if (beginning(m, w->attempt) > g->t || (able == g->n && !(g->old & ~m->all))) return true;
	return w->quorum_ms && able >= g->n - g->t && now - w->quorum_ms >= (w->reachable ? g->quorum_ms : g->away_ms);
}

static void speak(waiting *w, const gathering_plan *g, const meeting *m, int64_t now)
{
	if (w->phase == PHASE_WAITING && is_time(w, g, m, now)) {
		w->phase = PHASE_BEGINNING;
		w->beginning_ms = now;
		w->said_ms = 0;
	}
	if (now - w->said_ms < REPEAT_MS) return;
	announce(g, w->phase == PHASE_BEGINNING ? w->attempt : w->floor[g->c->context->me], w->phase);
	w->said_ms = now;
	w->reachable = worth_waiting(g, m->present | (m->all & ~members(g)));
}

static void list_parties(char *out, size_t room, party_set w)
{
	size_t n = 0;

	out[0] = '\0';
	FOR_EACH_IN(i, w) n += (size_t)snprintf(out + n, n < room ? room - n : 0, "%s%u", n ? ", " : "", i);
}

/* Those that are in the old set only have no number that anybody knows. */
static void name_parties(char *out, size_t room, const gathering_plan *g, party_set w)
{
	size_t n;

	list_parties(out, room, w & members(g));
	n = strlen(out);
	FOR_EACH_IN(i, w & ~members(g))
		n += (size_t)snprintf(out + n, n < room ? room - n : 0, "%s%s", n ? ", " : "", g->c->context->member[i].identity);
}

static err too_few(const gathering_plan *g, party_set present)
{
	const unsigned n = size_of_set(everybody(g));
	const party_set missing = everybody(g) & ~present;
	const intmax_t seconds = (intmax_t)(g->all_ms / 1000);
	char who[256], others[256];

	if (!missing)
		return err_fail(ERR_STATE, "all %u parties were heard, but did not begin together within %jd s; ask all again", n, seconds);
	name_parties(who, sizeof who, g, present);
	name_parties(others, sizeof others, g, missing);
	return err_fail(ERR_STATE, "of the %u parties only %s began within %jd s, %s were not heard; ask these too, then ask again",
	                n, who, seconds, others);
}

static err too_late(attempted what, party_set there)
{
	static const char *const MADE[ATTEMPTS] = {
		[ATTEMPT_EPOCH] = "the epoch", [ATTEMPT_DEAL] = "the key", [ATTEMPT_PREPROC] = "the preprocessing", [ATTEMPT_KEYGEN] = "the key",
	};
	const bool is_epoch = what == ATTEMPT_EPOCH;
	char who[256];

	list_parties(who, sizeof who, there);
	if (what == ATTEMPT_DELEGATION)
		return err_fail(ERR_EXISTS, "the delegation key exists at parties %s; this one gets a share of it at the next refresh", who);
	return err_fail(ERR_STATE, "%s exists at parties %s and is not %s again for one that missed it; make a new %s", MADE[what], who,
	                is_epoch ? "set up" : "made", is_epoch ? "epoch" : "one");
}

static bool has_ended(const waiting *w, const gathering_plan *g, int64_t now)
{
	return now - w->from_ms >= g->all_ms + (w->quorum_ms ? g->quorum_ms : 0);
}

static void wait_for_words(announcements *a, uint64_t known, int64_t now)
{
	pthread_mutex_lock(&a->lock);
	if (!a->cancelled && a->words == known) a->time.wait(a->time.ctx, &a->changed, &a->lock, now + REPEAT_MS / 5);
	pthread_mutex_unlock(&a->lock);
}

static err gather(announcements *a, waiting *w, const gathering_plan *g)
{
	for (;;) {
		const int64_t now = now_ms(a);
		pthread_mutex_lock(&a->lock);
		const bool cancelled = a->cancelled;
		const uint64_t words = a->words;
		const meeting m = look_around(a, g, w, now);
		pthread_mutex_unlock(&a->lock);

		if (cancelled) return err_fail(ERR_CANCELLED, "the node is stopping");
		TRY(stop_look(g->stop));
		if (size_of_set(m.there) > g->t) return too_late(g->what, m.there);
		try_otherwise(w, g, now);
		go_to(w, choose(w, g, &m));
		speak(w, g, &m, now);
		if (w->phase == PHASE_BEGINNING && beginning(&m, w->attempt) >= 2 * g->t) return OK;
		if (has_ended(w, g, now)) return too_few(g, m.all);
		wait_for_words(a, words, now);
	}
}

static gathering_plan with_set(const gathering_plan *plan)
{
	gathering_plan g = *plan;

	if (!g.n) g.n = g.c->context->n, g.t = g.c->context->t;
	return g;
}

err announce_gather(announcements *a, uint32_t *attempt, const gathering_plan *plan)
{
	const gathering_plan whole = with_set(plan), *g = &whole;
	waiting w = { .phase = PHASE_WAITING, .from_ms = now_ms(a) };
	uint32_t last;

	TRY(attempt_last(&last, g->vault, g->what, &g->request));
	if (last == UINT32_MAX) return err_fail(ERR_EXHAUSTED, "this ceremony has been tried too often; choose a fresh id");
	w.attempt = w.floor[g->c->context->me] = last + 1;
	TRY(gather(a, &w, g));
	*attempt = w.attempt;
	/* Only now: whoever is killed while it waits may still join the attempt that the others wait for. */
	TRY(attempt_record(g->vault, g->what, &g->request, *attempt));
	announce(g, *attempt, PHASE_BEGINNING);
	return OK;
}

/* ---- attending ------------------------------------------------------------------------------------------------------ */

/* What t + 1 of the new set begin; 0 if that is nothing. */
static uint32_t begun(const gathering_plan *g, const meeting *m)
{
	uint32_t best = 0;

	for (party i = 1; i <= g->n; i++)
		if (m->begins[i] > best && beginning(m, m->begins[i]) > g->t) best = m->begins[i];
	return best;
}

static err nobody_came(const gathering_plan *g, const meeting *m, bool until_there)
{
	char who[256];

	if (until_there)
		return err_fail(ERR_STATE, "this party has given what it had, but only %u of the %u parties of the new set say that they are "
		                "done; ask for this epoch's result there", size_of_set(m->there), g->n);
	name_parties(who, sizeof who, g, m->all);
	return err_fail(ERR_STATE, "of the %u parties of both sets only %s were heard, and too few of the new set began; ask all, then "
	                "ask again", size_of_set(everybody(g)), who);
}

err announce_attend(announcements *a, uint32_t *attempt, const gathering_plan *plan, bool until_there)
{
	const gathering_plan whole = with_set(plan), *g = &whole;
	waiting w = { .from_ms = now_ms(a), .said_ms = INT64_MIN / 2 };
	const int64_t until_ms = w.from_ms + g->quorum_ms + g->all_ms;

	ASSERT(g->c->context->me > g->n);
	for (;;) {
		const int64_t now = now_ms(a);
		pthread_mutex_lock(&a->lock);
		const bool cancelled = a->cancelled;
		const uint64_t words = a->words;
		const meeting m = look_around(a, g, &w, now);
		pthread_mutex_unlock(&a->lock);

		if (cancelled) return err_fail(ERR_CANCELLED, "the node is stopping");
		TRY(stop_look(g->stop));
		*attempt = 0;
		if (size_of_set(m.there) > g->t) return OK;
		if (!until_there && (*attempt = begun(g, &m))) return OK;
		if (now >= until_ms) return nobody_came(g, &m, until_there);
		if (now - w.said_ms >= REPEAT_MS) {
			announce(g, 1, PHASE_WAITING);
			w.said_ms = now;
		}
		wait_for_words(a, words, now);
	}
}
