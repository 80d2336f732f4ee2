/* SPDX-License-Identifier: MIT */
/*
 * mpc/session.h -- one run of protocols among n parties, as seen by one of them: a straight line of rounds.
 *
 *   err coin(session *s, ...)                       a protocol, on a thread of its own
 *   {
 *           next_round(s);                          each round: send, then receive
 *           FOR_EACH_PARTY(j, s) TRY(mpc_send(s, j, ...));
 *           FOR_EACH_PARTY(j, s) TRY(mpc_recv(s, j, &m, most));
 *   }
 *
 * What peers do is data: a message that does not come, comes too late, or is longer than `most` bytes, is {NULL, 0}.  An err
 * is our own world's: no memory, cancelled, or more than t parties proven corrupt, in which case nothing can be promised.
 *
 *   corrupt    agreed: every honest party has the same set at the same place, because accuse() is called only for
 *              reasons that are in broadcast values.  Nobody listens to its members any more.
 *   suspects   what this party alone saw: silence, malformed messages, wrong shares.  It goes to the log; no protocol
 *              looks at it.
 *
 * Clock.  Round r ends at T0 + the sum of the patience of rounds 1 .. r, T0 being the first receive: time that fast rounds
 * leave is there for slow ones, and parties that started apart do not drift further.  Who starts a protocol says in
 * round_ms how long a round may take, from what it measured; session_allow() adds the time of long work.  Sessions that
 * follow one another (session_follow) have one clock: a liar may make one party end the first of them late, and by a clock
 * of their own the others would take it for silent in the second.
 *
 * So a long session collects patience, all of which somebody silent may take at once.  Two things bound that: when t + 1 parties
 * are in later rounds already, each other one is waited for a round's time once, and not at all after that (mpc/inbox.h); and
 * meet() lets all parties forget, together, what patience is left.
 */
#ifndef ARCA_MPC_SESSION_H
#define ARCA_MPC_SESSION_H

#include "mpc/inbox.h"
#include "mpc/sid.h"
#include "share/code.h"
#include "share/prss.h"

typedef struct session session;

/* The sub-protocols that others call, in a table so that a test can let a party lie in one of them. */
typedef struct protocols {
	err (*bcast)(session *s, slice mine, size_t most, slice *all);
	err (*vss)(session *s, share *out, party_set dealers, size_t c, const gr *secret);
	err (*open)(session *s, gr *value, bool *opened, const share *x, const party_set *to, size_t m, unsigned D);
} protocols;

extern const protocols HONEST;                       /* mpc/mpc.c */

/* What an accusation or a suspicion rests on; for logs. */
typedef struct evidence {
	party       who;
	bool        agreed;              /* from broadcast values; otherwise only this party saw it */
	uint64_t    round;
	const char *why;                 /* static text                                             */
	hash32      digest;              /* agreed: of all broadcasts so far; otherwise of the message at fault */
} evidence;
enum { MAX_EVIDENCE = 64 };

/* Patience. */
typedef struct round_clock {
	bool    started;
	int64_t start_ms, allowed_ms;    /* T0, and what the rounds so far were given               */
	int64_t step_ms;                 /* what each is given since parties met; 0: round_ms       */
} round_clock;

struct session {
	/* Read by protocols. */
	party        me;
	unsigned     n, t;
	const ring  *R;
	session_id   sid;
	party_set    corrupt, suspects;
	arena        arena;
	const rng   *random;
	const protocols *p;
	const prss  *prss;               /* NULL before session_use_prss                            */

	/* Set by whoever starts protocols. */
	int64_t      round_ms;

	/* The session's own. */
	uint64_t     round;
	uint32_t     broadcasts;         /* so many were begun: numbers them                        */
	hash32       transcript;         /* of all that was broadcast: the same at all honest parties */
	wire         out;
	inbox       *inbox;
	box         *in;
	stop_flag   *stop;               /* may be NULL */
	round_clock  clock;
	code        *codes[2];           /* of degree t and 2t, made when first needed              */
	uint64_t     sent_messages, sent_bytes;
	evidence     evidence[MAX_EVIDENCE];
	unsigned     evidence_count;
};

typedef struct session_plan {
	session_id   sid;
	party        me;
	unsigned     n, t;
	unsigned     k;                  /* of the ring GR(2^k, ring_degree(n)): 64 or 128          */
	party_set    corrupt;            /* agreed before                                           */
	int64_t      round_ms;
	size_t       memory;             /* of the arena; 0: SESSION_MEMORY                         */
	const rng   *random;
	inbox       *in;
	wire         out;
	const protocols *p;              /* NULL: HONEST                                            */
	stop_flag   *stop;               /* what ends it before its time: then, ERR_CANCELLED; may be NULL */
} session_plan;

enum { SESSION_MEMORY = 1 << 28 };

/* ERR_REQUEST: no such cluster.  ERR_STATE as within_model.  ERR_EXISTS, ERR_EXHAUSTED as box_open. */
err  session_open(session *s, const session_plan *plan);
void session_close(session *s);                      /* wipes; idempotent */

/* The same parties' next session, or a part of theirs, under another id, on the same thread: who is known to be corrupt is
 * known there from the start, and s's clock goes on. */
err  session_follow(session *next, const session *s, const session_id *sid);
/* After a part, before s goes on: who was found to be corrupt there, and the time it had. */
void session_resume(session *s, const session *part);

/* ---- PRSS ------------------------------------------------------------------------------------------------------ */

/* Where used session ids are recorded.  Returns after the record is on disk; ERR_EXISTS: used before. */
typedef struct sid_record {
	void *ctx;
	err (*use)(void *ctx, const session_id *sid);
} sid_record;

/* s->prss = p, after the id is recorded as used: no PRF of the session is evaluated before. */
err  session_use_prss(session *s, const prss *p, const sid_record *record);

/* ---- rounds ---------------------------------------------------------------------------------------------------- */

/* for (party i = 1 .. n) */
#define FOR_EACH_PARTY(i, s) for (party i = 1; i <= (s)->n; i++)

static inline party_set live(const session *s) { return parties_all(s->n) & ~s->corrupt; }

void next_round(session *s);
void session_allow(session *s, int64_t ms);

/* When this round ends, by the clock of the inbox; T0 is now if nothing was received yet.  For messages that come by other
 * ways than mpc_recv. */
int64_t session_round_ends_ms(session *s);

/* What rounds so far have left of their patience is forgotten: it counts from now. */
void session_restart_clock(session *s);

/* To oneself too: that costs nothing and arrives.  Nothing is sent to the corrupt. */
err  mpc_send(session *s, party to, slice m);
err  mpc_send_type(session *s, party to, msg_type type, slice m);

/* most: the bytes of the longest message that the protocol allows here; liars must not fill the arena.  {NULL, 0}: nothing
 * came in time (from the corrupt: never), or something longer.  Whatever came lives as long as the arena. */
err  mpc_recv(session *s, party from, slice *m, size_t most);

/* The next one of `from` in this round, in order of arrival; *who = 0 when `more_ms` after the round's end nobody had. */
err  mpc_recv_any(session *s, party *who, slice *m, size_t most, msg_type type, party_set from, int64_t more_ms);

/* ---- messages of ring elements --------------------------------------------------------------------------------- */

typedef struct msg { const ring *R; uint8_t *p; size_t n, room; } msg;

err   msg_new(session *s, msg *m, size_t elements);  /* empty, with room for so many */
void  put(msg *m, gr v);
void  put_n(msg *m, const gr *v, size_t count);
static inline slice msg_slice(const msg *m) { return (slice){ m->p, m->n }; }

/* Whether m is exactly `count` elements.  nth: the k-th of them, or 0 if m is anything else: a default, not an error. */
bool  is_elements(const session *s, slice m, size_t count);
gr    nth(const session *s, slice m, size_t count, size_t k);

/* ---- scopes ---------------------------------------------------------------------------------------------------- */

/* IN_SCOPE(s);  What is allocated in s->arena from here on is wiped when the block is left. */
#define IN_SCOPE(s) __attribute__((unused)) AUTO(scope) scope_here = scope_enter(s)
typedef struct scope { session *s; arena outer; } scope;
scope scope_enter(session *s);
void  scope_free(scope *x);

/* ---- blame ----------------------------------------------------------------------------------------------------- */

/* Requires: `why` is seen in broadcast values, so that every honest party accuses at the same place. */
void  accuse(session *s, party who, const char *why);
void  suspect(session *s, party who, const char *why, slice what);
static inline bool is_corrupt(const session *s, party i) { return has(s->corrupt, i); }

/* The evidence of a part of the session; its rounds stay those of the part. */
void  session_take_evidence(session *s, const evidence *e, unsigned count);

/* False: more than t parties are accused, or this one, which is honest and so must have been cut off from the others.
 * Nothing that the session says about others is true then.  within_model: ERR_STATE in that case, with a sentence. */
static inline bool is_sound(const session *s) { return size_of_set(s->corrupt) <= s->t && !is_corrupt(s, s->me); }
err   within_model(const session *s);

/* Takes over as evidence what the inbox saw; before somebody reads s->evidence at the end. */
void  session_settle(session *s);

#endif
