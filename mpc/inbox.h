/* SPDX-License-Identifier: MIT */
/*
 * mpc/inbox.h -- (session, round, type, sender) -> bytes, and the only place where a protocol ever blocks.
 *
 * One inbox serves one party of one cluster (context): connections put, sessions take.
 *
 *   who       the sender is whoever the transport says it is; an envelope that claims another name is refused
 *   first     the first message of a sender for a (session, round, type) counts; a different second one is evidence
 *   early     messages of sessions that are not open here yet are kept, so many and so long a peer; each peer's are as old as
 *             its own first one for the session
 *   far       rounds more than INBOX_AHEAD in front of the session's own are refused; older ones are dropped
 *   late      a session that was closed does not open again, and what arrives for it is dropped
 *   full      each peer may have so many bytes lying here, and INBOX_AHEAD_BYTES of a session's future rounds; the transport
 *             tries again later, or gives up
 *
 * Threads: every function may be called from any thread; a box is used by its session's thread.
 */
#ifndef ARCA_MPC_INBOX_H
#define ARCA_MPC_INBOX_H

#include <pthread.h>
#include "base/stop.h"
#include "mpc/wire.h"
#include "sym/keccak.h"

enum { INBOX_AHEAD = 32, INBOX_AHEAD_BYTES = 2 * MAX_BODY };

typedef struct inbox_limits {
	unsigned sessions;               /* open at a time                                             */
	unsigned early_sessions;         /* not open yet, a peer                                       */
	size_t   early_bytes;            /* of these, a peer                                           */
	size_t   peer_bytes;             /* of all its messages not yet used                           */
	int64_t  early_ms;               /* after this, early messages are dropped                     */
} inbox_limits;

extern const inbox_limits INBOX_LIMITS;              /* 256, 256, 32 MiB, 256 MiB, 15 minutes      */

/*
 * How waiting is done: a seam, so that the simulator's time passes only while every party waits.  wait() is called with
 * `held` locked, unlocks it while it waits, and returns, with it locked, after wake() or at `until_ms`; it may return early.
 */
typedef struct wait_source {
	void *ctx;
	int64_t (*now_ms)(void *ctx);
	void (*wait)(void *ctx, pthread_cond_t *woken, pthread_mutex_t *held, int64_t until_ms);
	void (*wake)(void *ctx, pthread_cond_t *woken);
} wait_source;

wait_source wait_system(void);                       /* the monotonic clock, which every `woken` here is made for */

typedef struct inbox inbox;
typedef struct box box;                              /* one open session's */

/* limits may be NULL: INBOX_LIMITS.  ERR_NOMEM. */
err  inbox_new(inbox **out, party me, unsigned n, const inbox_limits *limits, wait_source time);
/* Requires: every box is closed.  Wipes; NULL-safe. */
void inbox_free(inbox **b);

/* ---- the transport's side ------------------------------------------------------------------------------------- */

typedef enum inbox_verdict {
	INBOX_KEPT,
	INBOX_REPEATED,                  /* the same again: dropped                                    */
	INBOX_CONTRADICTS,               /* another one for the same place: dropped, and kept as evidence */
	INBOX_LATE,                      /* its round or its session is over: dropped                  */
	INBOX_FAR,                       /* too many rounds ahead: refused                             */
	INBOX_FULL,                      /* no room for this peer now: refused                         */
	INBOX_FORGED,                    /* not from this peer, or not to us, or of no known type: refused */
	INBOX_VERDICTS
} inbox_verdict;

/* An envelope came over the connection of `peer`; its body is copied. */
inbox_verdict inbox_put(inbox *b, party peer, const envelope *e);

/* How many envelopes of a peer met this verdict. */
uint64_t inbox_count(inbox *b, party peer, inbox_verdict v);

/* Now: sessions that are open, and those of which peers wrote before they are (one of several peers counts for each). */
typedef struct inbox_sessions { unsigned open, early; } inbox_sessions;
inbox_sessions inbox_sessions_of(inbox *b);

/* ---- a session's side ----------------------------------------------------------------------------------------- */

/* ERR_EXISTS: open already, or closed before.  ERR_EXHAUSTED: too many sessions. */
err  box_open(box **out, inbox *b, const session_id *sid);
void box_close(box **x);             /* from here on the session is over; NULL-safe */

/*
 * From now on nobody is waited for longer than hurry_ms after `quorum` senders have written for later rounds than the one waited
 * for.  If one of them at least is honest, it has what it waited for, or has waited long enough; so whatever an honest sender
 * has for that round was sent, and is on its way.  Who did not come in that time is given up: the next time that the others
 * are ahead, nobody waits for it at all.  So each liar can hold a session up in this way once.  Before this call: until_ms
 * alone counts.
 */
void box_hurry(box *x, unsigned quorum, int64_t hurry_ms);

/* From now on the session's waits end with ERR_CANCELLED, soon after that is asked. */
void box_heed(box *x, const stop_flag *s);

/* Rounds before this one are over: what came for them is dropped. */
void box_begin_round(box *x, uint64_t round);

/*
 * Waits until somebody in `from` has sent a message of this round and type that was not taken yet.  *who: the sender, in
 * order of arrival, and *body its bytes in `a` (p is not NULL even if there are none).  *who = 0 and *body = {NULL, 0}:
 * until_ms passed.  A message longer than `most` is taken, but not copied: *body = {NULL, 0}, and *who its sender.
 * ERR_CANCELLED; ERR_NOMEM: the arena is full.
 */
err  box_take(box *x, party *who, slice *body, arena *a, size_t most, uint64_t round, msg_type type, party_set from,
              int64_t until_ms);

int64_t box_now_ms(const box *x);

/* The session's waits return ERR_CANCELLED from now on.  False: no such session is open. */
bool inbox_cancel(inbox *b, const session_id *sid);
void inbox_cancel_all(inbox *b);     /* and of sessions opened later */

/* Two different messages of one sender for one place, as hashes. */
typedef struct contradiction { uint64_t round; party from; msg_type type; hash32 first, second; } contradiction;

/* Copies the first `most` that were seen; returns how many there are (at most MAX_CONTRADICTIONS are kept). */
enum { MAX_CONTRADICTIONS = 16 };
unsigned box_contradictions(box *x, contradiction *out, unsigned most);

#endif
