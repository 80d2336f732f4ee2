/* SPDX-License-Identifier: MIT */
/*
 * node/requests.h -- what became of every request: the table that start, poll and restart agree on.
 *
 *   start       a fresh id becomes pending.  A known one: pending or done -> ERR_EXISTS; failed and asked with the same
 *               body -> starts again; another body -> ERR_EXISTS
 *   finish      pending becomes done (with the response's bytes, served verbatim ever after) or failed (with a sentence)
 *   wait        done or failed answers at once; pending answers when it finishes or when the waiter's patience ends
 *   consume     a finished preprocessing is used up by one key generation
 *
 * Every kind has its own ids, and two limits, a number of entries and a number of bytes.  When either is exceeded the
 * kind forgets its oldest finished entries.  For the sake of the number it keeps a minimum of them; for the sake of the
 * bytes it keeps none, since large answers would else fill the memory long before the number is reached.  When nothing
 * more may be forgotten, starting is ERR_EXHAUSTED.  The table is memory only: what must survive a stop is in the
 * journal (journal.h), from which it is restored.
 *
 * Any thread may call anything.
 */
#ifndef ARCA_NODE_REQUESTS_H
#define ARCA_NODE_REQUESTS_H

#include "base/id.h"
#include "sym/keccak.h"

/* The numbers are those of the journal. */
typedef enum request_kind {
	REQUEST_PREPROC, REQUEST_KEYGEN, REQUEST_PUBLIC_DECRYPT, REQUEST_USER_DECRYPT, REQUEST_NEW_EPOCH, REQUEST_KINDS
} request_kind;

typedef enum request_state { REQUEST_PENDING, REQUEST_DONE, REQUEST_FAILED, REQUEST_CONSUMED, REQUEST_STATES } request_state;

const char *request_kind_name(request_kind k);      /* "public_decrypt" */

static inline bool request_is_decryption(unsigned kind)
{
	return kind == REQUEST_PUBLIC_DECRYPT || kind == REQUEST_USER_DECRYPT;
}

typedef struct requests requests;

typedef struct requests_limit {
	size_t capacity, keep;             /* entries; capacity 0: no bound                                      */
	size_t bytes;                      /* of entries with their facts, responses and reasons; 0: no bound    */
} requests_limit;

err  requests_new(requests **out, const requests_limit limit[static REQUEST_KINDS], const rng *random);

/* Answers every waiter with the state its request is in. */
void requests_free(requests **t);

/* ---- the life of a request ---------------------------------------------------------------------------------- */

/* body: digest of the decoded fields.  facts: what later requests need to know of this one, at most MAX_FACTS bytes. */
enum { MAX_FACTS = 256 };
err  requests_start(requests *t, request_kind kind, const id32 *id, const hash32 *body, slice facts);

/* ERR_EXISTS if requests_start would say so now; changes nothing. */
err  requests_check_fresh(requests *t, request_kind kind, const id32 *id, const hash32 *body);

/* Takes back a start that did not come to anything: the request is as it was before, unknown or failed.  Requires: pending. */
void requests_withdraw(requests *t, request_kind kind, const id32 *id);

/* ERR_EXHAUSTED if a response of n bytes is more than the kind may keep at all. */
err  requests_fit(const requests *t, request_kind kind, size_t n);

/* Requires: pending; a response that fits, which is taken.  cause: what the failure is reported as, never OK. */
void requests_finish_done(requests *t, request_kind kind, const id32 *id, buf *response);
void requests_finish_failed(requests *t, request_kind kind, const id32 *id, err cause, const char *why);

/* ---- waiting ------------------------------------------------------------------------------------------------ */

/* Valid during the call it is passed to. */
typedef struct request_answer {
	request_state state;
	slice         response;            /* REQUEST_DONE                                                 */
	err           cause;               /* REQUEST_FAILED: as given; ERR_STATE if it failed before a stop */
	const char   *why;                 /* REQUEST_FAILED, REQUEST_CONSUMED: a sentence                 */
} request_answer;

typedef struct request_waiter {
	struct request_waiter *next;
	int64_t until_ms;                  /* 0: answers at once whatever the state */
	/* Called exactly once, under the table's lock: it must not call the table.  Owns w from then on. */
	void (*answer)(struct request_waiter *w, const request_answer *a);
	bool (*gave_up)(struct request_waiter *w);          /* may be NULL */
} request_waiter;

/*
 * ERR_NOT_FOUND, or ERR_EXISTS if body is not NULL and not the request's; then w stays the caller's.  Otherwise w is
 * answered, now or later.
 */
err  requests_wait(requests *t, request_kind kind, const id32 *id, const hash32 *body, request_waiter *w);

/* Answers the waiters whose time is over or who gave up.  With now_ms INT64_MAX: all. */
void requests_expire(requests *t, int64_t now_ms);

/* ---- preprocessing ------------------------------------------------------------------------------------------ */

/* Appends the facts of a finished request.  ERR_NOT_FOUND; ERR_BUSY while pending; ERR_STATE if it failed; ERR_EXISTS if
 * it is used up. */
err  requests_facts(requests *t, buf *facts, request_kind kind, const id32 *id);

/* The same errors; otherwise it is used up by `by`. */
err  requests_consume(requests *t, request_kind kind, const id32 *id, const id32 *by);

/* Takes back a consumption that could not be recorded.  Requires: it was consumed. */
void requests_release(requests *t, request_kind kind, const id32 *id);

/* ---- restoring and looking ---------------------------------------------------------------------------------- */

/* One request as it is.  Slices are borrowed during the call. */
typedef struct request_view {
	request_kind  kind;
	id32          id, consumed_by;     /* consumed_by: REQUEST_CONSUMED only */
	hash32        body;                /* all zero: not known, then any is taken for the same */
	request_state state;
	slice         facts, response;
	const char   *why;                 /* "" unless failed */
} request_view;

/*
 * Puts a request in as it was, over one that is there; forgets it at once if it does not fit, unless it is pending: such
 * ones may be more than the limits.
 */
void requests_restore(requests *t, const request_view *v);

/* As if it had never been; nothing if it is not known.  Requires: not pending. */
void requests_forget(requests *t, request_kind kind, const id32 *id);

/* Copies nothing out but the state; false if there is no such request. */
bool requests_state(requests *t, request_state *state, request_kind kind, const id32 *id);

/* Calls each(ctx, view) for the requests of a kind in the order of their first start, until it returns false.  Under the
 * table's lock. */
void requests_each(requests *t, request_kind kind, bool (*each)(void *ctx, const request_view *v), void *ctx);

/* The same for one request; false if there is none. */
bool requests_look(requests *t, request_kind kind, const id32 *id, void (*look)(void *ctx, const request_view *v), void *ctx);

typedef struct requests_count { size_t all, pending, capacity, bytes; } requests_count;
requests_count requests_count_of(requests *t, request_kind kind);

#endif
