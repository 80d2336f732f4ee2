/* SPDX-License-Identifier: MIT */
/*
 * mpc/inbox.c -- messages in boxes, boxes in a table, one lock over all of it.
 *
 * A box is early (somebody wrote to a session that is not open here), then open, then gone; the id of a session that is
 * over stays in `over`, a table of fixed size in which a new id displaces the oldest of its row.  That is enough against
 * stragglers and replays; that no id serves a PRF twice is not left to it (session_use_prss).
 *
 * Messages of the present round stay until the round is over even if they were taken: a second, different one then still
 * finds the first.
 */
#include "mpc/inbox.h"
#include <stdlib.h>
#include "base/wait.h"
#include "sym/sha2.h"

enum { TABLE = 1024, OVER_ROWS = 1024, OVER_IN_ROW = 8, HEED_MS = 200 };

const inbox_limits INBOX_LIMITS = { 256, 256, (size_t)32 << 20, (size_t)256 << 20, 15 * 60 * 1000 };

typedef struct note {
	struct note *next;               /* of the same sender */
	uint64_t round, order;
	msg_type type;
	bool     taken;
	size_t   n;
	uint8_t  bytes[];
} note;

struct box {
	inbox     *home;
	session_id sid;
	bool       open, cancelled;
	const stop_flag *heeded;         /* looked at every HEED_MS by whoever waits; may be NULL */
	uint64_t   round;
	note      *from[MAX_PARTIES + 1];
	pthread_cond_t woken;

	uint64_t   latest[MAX_PARTIES + 1];                  /* round of each sender */
	unsigned   quorum;               /* so many senders ahead are a reason to hurry; 0: never */
	int64_t    hurry_ms;
	uint64_t   hurried_round;        /* in which they were ahead, first at hurried_ms */
	int64_t    hurried_ms;
	party_set  given_up;

	party_set  awaited;              /* whose message of this round and type the session waits for; 0: it does not wait */
	uint64_t   awaited_round;
	msg_type   awaited_type;

	struct box *chain;               /* in the table              */
	struct box *younger;             /* among the early ones, by eldest_ms */
	int64_t    since_ms[MAX_PARTIES + 1], eldest_ms;     /* while early: the first message of each sender; of all */
	contradiction *found;
	unsigned   found_count;
};

typedef struct peer {
	size_t   bytes, early_bytes;
	unsigned early_sessions;
	uint64_t counts[INBOX_VERDICTS];
} peer;

struct inbox {
	party        me;
	unsigned     n;
	inbox_limits limits;
	wait_source  time;

	pthread_mutex_t lock;            /* over everything below, and everything in boxes */
	bool     cancelled;
	unsigned open;
	uint64_t order;
	box     *table[TABLE];
	box     *eldest;                 /* early */
	peer     peers[MAX_PARTIES + 1];
	session_id (*over)[OVER_IN_ROW];
	uint8_t  over_next[OVER_ROWS];
};

/* ---- sessions that are over ------------------------------------------------------------------------------------ */

static unsigned row_of(const session_id *sid, unsigned rows) { return load32(sid->b) % rows; }

static bool is_over(const inbox *b, const session_id *sid)
{
	const session_id *row = b->over[row_of(sid, OVER_ROWS)];

	for (unsigned i = 0; i < OVER_IN_ROW; i++)
		if (sid_eq_var(&row[i], sid)) return true;
	return false;
}

static void remember_over(inbox *b, const session_id *sid)
{
	const unsigned r = row_of(sid, OVER_ROWS);

	b->over[r][b->over_next[r]] = *sid;
	b->over_next[r] = (uint8_t)((b->over_next[r] + 1) % OVER_IN_ROW);
}

/* ---- boxes and what lies in them: under the lock ---------------------------------------------------------------- */

static size_t cost(size_t n) { return sizeof(note) + n; }

static void note_free(box *x, party from, note *m)
{
	peer *p = &x->home->peers[from];

	p->bytes -= cost(m->n);
	if (!x->open) p->early_bytes -= cost(m->n);
	wipe(m->bytes, m->n);
	free(m);
}

static box **place_of(inbox *b, const session_id *sid)
{
	box **x = &b->table[row_of(sid, TABLE)];

	while (*x && !sid_eq_var(&(*x)->sid, sid)) x = &(*x)->chain;
	return x;
}

static box *box_new(inbox *b, box **place, const session_id *sid)
{
	box *x = calloc(1, sizeof *x);

	if (!x) return NULL;
	x->home = b;
	x->sid = *sid;
	x->eldest_ms = b->time.now_ms(b->time.ctx);
	wait_init(&x->woken);
	return *place = x;
}

static void forget_sender(box *x, party i)
{
	if (!x->open && x->from[i]) x->home->peers[i].early_sessions--;
	for (note *m = x->from[i], *next; m; m = next) {
		next = m->next;
		note_free(x, i, m);
	}
	x->from[i] = NULL;
}

static void box_delete(box *x)
{
	*place_of(x->home, &x->sid) = x->chain;
	for (party i = 1; i <= x->home->n; i++) forget_sender(x, i);
	pthread_cond_destroy(&x->woken);
	free(x->found);
	free(x);
}

static void leave_early_list(box *x)
{
	box **e = &x->home->eldest;

	while (*e != x) e = &(*e)->younger;
	*e = x->younger;
}

static void join_early_list(box *x)
{
	box **e = &x->home->eldest;

	while (*e && (*e)->eldest_ms <= x->eldest_ms) e = &(*e)->younger;
	x->younger = *e;
	*e = x;
}

/* Each sender's messages by their own age: who wrote first must not be able to cost others theirs.  True: none are left. */
static bool forget_expired(box *x, int64_t now)
{
	bool none = true;

	x->eldest_ms = now;
	for (party i = 1; i <= x->home->n; i++) {
		if (!x->from[i]) continue;
		if (now - x->since_ms[i] >= x->home->limits.early_ms) {
			forget_sender(x, i);
			continue;
		}
		none = false;
		if (x->since_ms[i] < x->eldest_ms) x->eldest_ms = x->since_ms[i];
	}
	return none;
}

static void drop_expired(inbox *b)
{
	const int64_t now = b->time.now_ms(b->time.ctx);

	while (b->eldest && now - b->eldest->eldest_ms >= b->limits.early_ms) {
		box *x = b->eldest;
		leave_early_list(x);
		if (forget_expired(x, now)) box_delete(x);
		else join_early_list(x);
	}
}

/* ---- the inbox --------------------------------------------------------------------------------------------------- */

err inbox_new(inbox **out, party me, unsigned n, const inbox_limits *limits, wait_source time)
{
	inbox *b = calloc(1, sizeof *b);

	ASSERT(me >= 1 && me <= n && n <= MAX_PARTIES);
	if (b) b->over = calloc(OVER_ROWS, sizeof *b->over);
	if (!b || !b->over) {
		free(b);
		return err_fail(ERR_NOMEM, "an inbox does not fit into memory");
	}
	b->me = me;
	b->n = n;
	b->limits = limits ? *limits : INBOX_LIMITS;
	b->time = time;
	pthread_mutex_init(&b->lock, NULL);
	*out = b;
	return OK;
}

void inbox_free(inbox **b)
{
	if (!*b) return;
	ASSERT((*b)->open == 0);
	while ((*b)->eldest) {
		box *x = (*b)->eldest;
		leave_early_list(x);
		box_delete(x);
	}
	pthread_mutex_destroy(&(*b)->lock);
	free((*b)->over);
	free(*b);
	*b = NULL;
}

static note **note_at(box *x, party from, uint64_t round, msg_type type)
{
	note **m = &x->from[from];

	while (*m && ((*m)->round != round || (*m)->type != type)) m = &(*m)->next;
	return m;
}

static inbox_verdict compare(box *x, party from, const note *first, slice second)
{
	if (slice_eq_var(slice_of(first->bytes, first->n), second)) return INBOX_REPEATED;
	if (!x->found) x->found = calloc(MAX_CONTRADICTIONS, sizeof *x->found);
	if (x->found && x->found_count < MAX_CONTRADICTIONS)
		x->found[x->found_count++] = (contradiction){
			first->round, from, first->type, sha256(slice_of(first->bytes, first->n)), sha256(second),
		};
	return INBOX_CONTRADICTS;
}

/* Bytes of a sender for rounds that have not begun. */
static size_t bytes_ahead(const box *x, party from)
{
	size_t n = 0;

	for (const note *m = x->from[from]; m; m = m->next) if (m->round > x->round) n += m->n;
	return n;
}

/* A place for the envelope, or the reason why there is none. */
static inbox_verdict find_place(note ***out, box **found, inbox *b, party from, const envelope *e)
{
	peer *p = &b->peers[from];
	const size_t more = cost(e->body.n);
	box **place = place_of(b, &e->sid), *x = *place;

	if (!x && is_over(b, &e->sid)) return INBOX_LATE;
	if (x && e->round < x->round) return INBOX_LATE;
	if (e->round > (x ? x->round : 0) + INBOX_AHEAD) return INBOX_FAR;
	if (x && *(*out = note_at(x, from, e->round, (msg_type)e->type)))
		return compare(x, from, **out, e->body);

	if (more > b->limits.peer_bytes - p->bytes) return INBOX_FULL;
	if (x && e->round > x->round && e->body.n > INBOX_AHEAD_BYTES - bytes_ahead(x, from)) return INBOX_FULL;
	if (!x || !x->open) {
		if (more > b->limits.early_bytes - p->early_bytes) return INBOX_FULL;
		if ((!x || !x->from[from]) && p->early_sessions == b->limits.early_sessions) return INBOX_FULL;
		if (!x) {
			if (!(x = box_new(b, place, &e->sid))) return INBOX_FULL;
			join_early_list(x);
			*out = &x->from[from];
		}
	}
	*found = x;
	return INBOX_KEPT;
}

static inbox_verdict put(inbox *b, party from, const envelope *e)
{
	note **place, *m;
	box *x;

	if (e->from != from || e->to != b->me || e->type < MSG_ROUND || e->type > MSG_OPENING || e->body.n > MAX_BODY)
		return INBOX_FORGED;
	drop_expired(b);
	inbox_verdict v = find_place(&place, &x, b, from, e);
	if (v != INBOX_KEPT) return v;
	if (!(m = malloc(sizeof *m + e->body.n))) return INBOX_FULL;
	*m = (note){ .round = e->round, .order = ++b->order, .type = (msg_type)e->type, .n = e->body.n };
	if (e->body.n) memcpy(m->bytes, e->body.p, e->body.n);

	b->peers[from].bytes += cost(m->n);
	if (!x->open) {
		b->peers[from].early_bytes += cost(m->n);
		if (!x->from[from]) b->peers[from].early_sessions++, x->since_ms[from] = b->time.now_ms(b->time.ctx);
	}
	*place = m;
	if (m->round > x->latest[from]) x->latest[from] = m->round;
	if (x->awaited && ((has(x->awaited, from) && x->awaited_round == m->round && x->awaited_type == m->type) ||
	                   (m->round > x->awaited_round && x->hurried_round != x->awaited_round)))
		b->time.wake(b->time.ctx, &x->woken);
	return INBOX_KEPT;
}

inbox_verdict inbox_put(inbox *b, party from, const envelope *e)
{
	ASSERT(from >= 1 && from <= b->n);
	pthread_mutex_lock(&b->lock);
	inbox_verdict v = put(b, from, e);
	b->peers[from].counts[v]++;
	pthread_mutex_unlock(&b->lock);
	return v;
}

uint64_t inbox_count(inbox *b, party from, inbox_verdict v)
{
	ASSERT(from >= 1 && from <= b->n);
	pthread_mutex_lock(&b->lock);
	const uint64_t count = b->peers[from].counts[v];
	pthread_mutex_unlock(&b->lock);
	return count;
}

inbox_sessions inbox_sessions_of(inbox *b)
{
	pthread_mutex_lock(&b->lock);
	inbox_sessions s = { .open = b->open };
	for (party i = 1; i <= b->n; i++) s.early += b->peers[i].early_sessions;
	pthread_mutex_unlock(&b->lock);
	return s;
}

static void cancel(box *x)
{
	x->cancelled = true;
	x->home->time.wake(x->home->time.ctx, &x->woken);
}

bool inbox_cancel(inbox *b, const session_id *sid)
{
	pthread_mutex_lock(&b->lock);
	box *x = *place_of(b, sid);
	const bool open = x && x->open;
	if (open) cancel(x);
	pthread_mutex_unlock(&b->lock);
	return open;
}

void inbox_cancel_all(inbox *b)
{
	pthread_mutex_lock(&b->lock);
	b->cancelled = true;
	for (unsigned i = 0; i < TABLE; i++)
		for (box *x = b->table[i]; x; x = x->chain)
			if (x->open) cancel(x);
	pthread_mutex_unlock(&b->lock);
}

/* ---- a session's side -------------------------------------------------------------------------------------------- */

static void become_open(box *x)
{
	leave_early_list(x);
	for (party i = 1; i <= x->home->n; i++) {
		if (x->from[i]) x->home->peers[i].early_sessions--;
		for (note *m = x->from[i]; m; m = m->next) x->home->peers[i].early_bytes -= cost(m->n);
	}
}

static err open_box(box **out, inbox *b, const session_id *sid)
{
	drop_expired(b);
	box **place = place_of(b, sid), *x = *place;

	if (is_over(b, sid) || (x && x->open)) return err_fail(ERR_EXISTS, "a session of this id was already opened here");
	if (b->open == b->limits.sessions) return err_fail(ERR_EXHAUSTED, "%u sessions are open already", b->open);
	if (x) become_open(x);
	else if (!(x = box_new(b, place, sid))) return err_fail(ERR_NOMEM, "a session does not fit into memory");
	x->open = true;
	b->open++;
	*out = x;
	return OK;
}

err box_open(box **out, inbox *b, const session_id *sid)
{
	pthread_mutex_lock(&b->lock);
	err e = open_box(out, b, sid);
	pthread_mutex_unlock(&b->lock);
	return e;
}

void box_hurry(box *x, unsigned quorum, int64_t hurry_ms)
{
	pthread_mutex_lock(&x->home->lock);
	x->quorum = quorum;
	x->hurry_ms = hurry_ms;
	pthread_mutex_unlock(&x->home->lock);
}

void box_heed(box *x, const stop_flag *s)
{
	pthread_mutex_lock(&x->home->lock);
	x->heeded = s;
	pthread_mutex_unlock(&x->home->lock);
}

void box_close(box **x)
{
	if (!*x) return;
	inbox *b = (*x)->home;
	pthread_mutex_lock(&b->lock);
	remember_over(b, &(*x)->sid);
	box_delete(*x);
	b->open--;
	pthread_mutex_unlock(&b->lock);
	*x = NULL;
}

void box_begin_round(box *x, uint64_t round)
{
	pthread_mutex_lock(&x->home->lock);
	x->round = round;
	for (party i = 1; i <= x->home->n; i++)
		for (note **m = &x->from[i]; *m;) {
			note *old = *m;
			if (old->round >= round) {
				m = &old->next;
				continue;
			}
			*m = old->next;
			note_free(x, i, old);
		}
	pthread_mutex_unlock(&x->home->lock);
}

/* The first that arrived of those that may be taken. */
static note *first_to_take(box *x, party *who, uint64_t round, msg_type type, party_set from)
{
	note *first = NULL;

	FOR_EACH_IN(i, from) {
		note *m = *note_at(x, i, round, type);
		if (m && !m->taken && (!first || m->order < first->order)) first = m, *who = i;
	}
	return first;
}

int64_t box_now_ms(const box *x) { return x->home->time.now_ms(x->home->time.ctx); }

/* Are enough others in later rounds?  Since when is kept. */
static bool must_hurry(box *x, uint64_t round, int64_t now)
{
	unsigned ahead = 0;

	if (!x->quorum || x->hurried_round == round) return x->quorum;
	for (party i = 1; i <= x->home->n; i++) ahead += x->latest[i] > round;
	if (ahead < x->quorum) return false;
	x->hurried_round = round;
	x->hurried_ms = now;
	return true;
}

/* Is there nothing left to wait for? */
static bool patience_is_over(box *x, int64_t *end, uint64_t round, party_set from, int64_t until_ms)
{
	const int64_t now = box_now_ms(x);

	*end = until_ms;
	if (must_hurry(x, round, now)) {
		const int64_t soon = from & ~x->given_up ? x->hurried_ms + x->hurry_ms : now;
		if (soon < until_ms) *end = soon;
		if (now >= soon) x->given_up |= from;
	}
	return now >= *end;
}

/* Nobody wakes whoever waits to tell it of a stop. */
static int64_t next_look(const box *x, int64_t end)
{
	const int64_t soon = x->heeded ? box_now_ms(x) + HEED_MS : end;
	return soon < end ? soon : end;
}

static err wait_for(box *x, note **out, party *who, uint64_t round, msg_type type, party_set from, int64_t until_ms)
{
	const wait_source *time = &x->home->time;
	int64_t end;

	for (*out = NULL;;) {
		if (x->cancelled || x->home->cancelled) return err_fail(ERR_CANCELLED, "the session was cancelled");
		TRY(stop_look(x->heeded));
		if ((*out = first_to_take(x, who, round, type, from))) break;
		if (patience_is_over(x, &end, round, from, until_ms)) break;
		x->awaited = from;
		x->awaited_round = round;
		x->awaited_type = type;
		time->wait(time->ctx, &x->woken, &x->home->lock, next_look(x, end));
		x->awaited = 0;
	}
	if (*out) (*out)->taken = true;
	return OK;
}

err box_take(box *x, party *who, slice *body, arena *a, size_t most, uint64_t round, msg_type type, party_set from,
             int64_t until_ms)
{
	note *m;
	uint8_t *bytes;

	ASSERT(!(from & ~parties_all(x->home->n)));
	*who = 0;
	*body = (slice){ 0 };
	pthread_mutex_lock(&x->home->lock);
	err e = wait_for(x, &m, who, round, type, from, until_ms);
	pthread_mutex_unlock(&x->home->lock);
	if (e != OK || !m || m->n > most) return e;
	/* Only this thread ends the round or closes the box, so the message stays while it is copied. */
	e = arena_new(a, &bytes, m->n);
	if (e != OK) *who = 0;
	else *body = slice_of(m->n ? memcpy(bytes, m->bytes, m->n) : bytes, m->n);
	return e;
}

unsigned box_contradictions(box *x, contradiction *out, unsigned most)
{
	pthread_mutex_lock(&x->home->lock);
	const unsigned count = x->found_count;
	for (unsigned i = 0; i < count && i < most; i++) out[i] = x->found[i];
	pthread_mutex_unlock(&x->home->lock);
	return count;
}
