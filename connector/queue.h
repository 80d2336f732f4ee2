/* SPDX-License-Identifier: MIT */
/*
 * connector/queue.h -- everything that the connector remembers, and that it loses nothing of.
 *
 *   listener     queue_apply: ADD each event, CURSOR and BLOCK, in one commit
 *   worker       queue_pick a kind; work; queue_submit FINISH with the response, or FAIL, or RETRY
 *   sender       queue_pick responses; queue_apply TX with the signed transaction, before it is sent; once it is mined
 *                TX_STATE and COMPLETE the response, in one commit
 *   each         waits on its bell (queue_bell), and looks from time to time without one
 *
 *   status:   pending -- pick --> under_process -- FINISH, COMPLETE --> completed
 *                ^                      |-- FAIL --> failed,  ABORT --> aborted
 *                '-- RETRY, RELEASE, or the lease ran out --'        failed, aborted -- REVIVE --> pending
 *
 * Who picks a row holds a lease: it must RENEW it in time, or others take the row.  What the former holder then says of it is not
 * heeded (change.done is false), except for FINISH: an answer is an answer.
 *
 * Rows go first in, first out.  A row that cannot be read is failed alone and with a reason, never the batch it came in.
 *
 * Failures are those of store/store.h.  Whatever is repeated after ERR_IO does no harm.
 */
#ifndef ARCA_CONNECTOR_QUEUE_H
#define ARCA_CONNECTOR_QUEUE_H

#include "connector/item.h"
#include "store/bell.h"
#include "store/committer.h"

enum { MAX_QUEUE_OWNER = 96, MAX_LAST_REASON = 255, QUEUE_PICK_MAX = 1024, QUEUE_BLOCKS_KEPT = 256 };

typedef struct queue queue;

typedef struct queue_config {
	store_config store;
	const char  *owner;                      /* of leases: unique among all processes that ever ran; NULL: made up   */
} queue_config;

/* Opens the database and brings its tables up to date; with store.as_is it is taken as it is: ERR_NOT_FOUND if no connector has used it yet,
 * ERR_STATE if one of another version has. */
err  queue_open(queue **out, const queue_config *config);
/* Commits what was submitted first.  NULL-safe. */
void queue_close(queue **q);

/* All that is kept is about one deployment.  The first who says what `name`, a key of the configuration, is for a chain says it for good;
 * ERR_REQUEST: it was said otherwise. */
err  queue_bind(queue *q, queue_chain chain, const char *name, const char *value);

/* Is the database there now, and may be written? */
err  queue_reached(queue *q);

/* ---- changes ---------------------------------------------------------------------------------------------------- */

typedef enum queue_verb {
	/* the listener's */
	QUEUE_ADD,            /* item: stored as pending, unless its id is known                                           */
	QUEUE_CURSOR,         /* chain, block, kinds: everything up to this block was read.  Never moves back              */
	QUEUE_BLOCK,          /* chain, block, hash: what it was called when it was first read; the last QUEUE_BLOCKS_KEPT are remembered */
	QUEUE_SET_ASIDE,      /* log: could not be decoded                                                                  */
	QUEUE_REORG,          /* chain, block, kinds: it and those above are no longer what they were.  Requests that stood there and are not
	                         completed are erased, and logs that were set aside; the cursor goes back to the block before */
	/* the holder's of a lease: kind, seq */
	QUEUE_RENEW,          /* delay_ms: the lease counts so long from now                                                */
	QUEUE_RELEASE,        /* pending again, as if it had not been picked                                                */
	QUEUE_MARK_SENT,      /* already_sent                                                                               */
	QUEUE_RETRY,          /* pending again, not before delay_ms passed; counts as an error unless blameless; already_sent as given; reason */
	QUEUE_FINISH,         /* response: stored as pending unless there is one, and the request is completed either way     */
	QUEUE_COMPLETE,       /* without a response, or a response itself                                                   */
	QUEUE_FAIL,           /* reason                                                                                     */
	QUEUE_ABORT,          /* reason: the node says that it was aborted                                                  */
	/* the operator's: kind, seq, whoever holds the row */
	QUEUE_REVIVE,         /* failed or aborted: pending again, with no errors counted                                   */
	QUEUE_KILL,           /* pending or under process: failed; reason                                                   */
	/* the sender's */
	QUEUE_TX,             /* tx: is about to be sent, perhaps the same bytes once more after they were dropped            */
	QUEUE_TX_STATE,       /* tx->hash, tx->state, reason                                                                */
	QUEUE_STILL_HELD,     /* name: it is ours (queue_hold), or nothing of the whole is done and queue_apply says ERR_EXISTS.  Nobody takes the
	                         name while this is committed, so who takes it later finds all of it.  Not for queue_submit */
} queue_verb;

/* A transaction of ours. */
typedef enum queue_tx_state { QUEUE_TX_SIGNED, QUEUE_TX_SENT, QUEUE_TX_MINED, QUEUE_TX_DROPPED, QUEUE_TX_STATES } queue_tx_state;
enum { MAX_TX_RAW = 1 << 20, MAX_TX_RESPONSES = 256 };

typedef struct queue_ref { queue_kind kind; int64_t seq; } queue_ref;

typedef struct queue_tx {
	uint64_t         chain_id;
	eth_address      wallet;
	uint64_t         nonce;
	hash32           hash;
	slice            raw;
	queue_tx_state   state;                  /* a transaction that replaces another has its nonce and another hash */
	const queue_ref *response;               /* what it carries */
	size_t           responses;
	int64_t          created_ms;             /* set by what reads */
} queue_tx;

/* A log that could not be decoded, as the node gave it. */
typedef struct queue_log {
	queue_place place;
	eth_address address;
	store_list  topics;
	slice       data;
	const char *reason;
} queue_log;

typedef struct queue_change {
	queue_verb        verb;
	queue_kind        kind;
	int64_t           seq;
	const queue_item *item;                  /* ADD; FINISH: the response                                   */
	const queue_log  *log;
	const queue_tx   *tx;
	queue_chain       chain;
	uint64_t          block;
	hash32            hash;
	uint32_t          kinds;                 /* CURSOR, REORG: a bit for each seed kind read from that chain */
	const char       *name;
	int64_t           delay_ms;
	bool              already_sent, blameless;   /* of RETRY; blameless: it does not count as an error       */
	const char       *reason;                /* cut at MAX_ITEM_REASON                                      */
	bool              done;                  /* out: it changed something; ADD: it was not known             */
} queue_change;

/* All of them in one commit, in this order; rings the bells of what became pending.  ERR_REQUEST: none was made, and *bad (unless NULL)
 * is the one to blame.  ERR_EXISTS: as STILL_HELD says. */
err  queue_apply(queue *q, queue_change *c, size_t n, size_t *bad);

/* The same, sharing commits with others (store/committer.h): copies what it needs and returns; done may be NULL.  The n changes are
 * all or nothing; changed[i] says whether the i-th changed something.  ERR_EXHAUSTED: too many wait. */
typedef void queue_done_fn(void *ctx, err e, const bool *changed, size_t n);
err  queue_submit(queue *q, const queue_change *c, size_t n, queue_done_fn *done, void *ctx);

/* ---- picking ---------------------------------------------------------------------------------------------------- */

typedef struct queue_batch {
	size_t      n;
	queue_item *item;                        /* borrowed from the batch                                     */
	size_t      broken;                      /* rows that could not be read and were failed                 */
	store_rows  rows;
	arena       memory;
} queue_batch;
void queue_batch_free(queue_batch *b);

/* Up to n rows, the oldest first: pending ones whose time has come, and those whose lease ran out (an error is counted for them).
 * They are under_process, leased to us for lease_ms from now.  Fewer than n + broken: there are no more at present.
 * ERR_IO while what was submitted waits for a database that was away: it says what became of rows whose lease has run out meanwhile. */
err  queue_pick(queue_batch *out, queue *q, queue_kind kind, size_t n, int64_t lease_ms);

/* ---- bells ------------------------------------------------------------------------------------------------------ */

/* Rings for the kinds in the mask (bit 1 << kind); wait with queue_bell_wait, which answers in kinds. */
typedef struct queue_bell queue_bell;
err      queue_bell_new(queue_bell **out, const queue_config *config, uint32_t kinds);
void     queue_bell_free(queue_bell **b);
uint32_t queue_bell_wait(queue_bell *b, int64_t wait_ms);
void     queue_bell_ring(queue_bell *b, uint32_t kinds);         /* from any thread, to wake the one that waits */

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* *known is false before anything was read of this chain. */
err  queue_cursor(bool *known, uint64_t *block, queue *q, queue_chain chain);

/* The remembered blocks of a chain, highest first: to find where it forked.  *n: in room, out how many. */
typedef struct queue_block { uint64_t number; hash32 hash; } queue_block;
err  queue_blocks(queue_block *out, size_t *n, queue *q, queue_chain chain);

/* Transactions of a wallet that are signed or sent, by nonce: what a sender must know when it starts. */
typedef struct queue_txs { size_t n; queue_tx *tx; store_rows rows; arena memory; } queue_txs;
err  queue_outbox(queue_txs *out, queue *q, uint64_t chain_id, const eth_address *wallet);
void queue_txs_free(queue_txs *t);

/* One holder at a time for a name ("sender"): *held says whether it is us, for lease_ms from now. */
err  queue_hold(bool *held, queue *q, const char *name, int64_t lease_ms);
err  queue_let_go(queue *q, const char *name);

/* How a queue stands; ages are -1 if there is none. */
typedef struct queue_count {
	uint64_t rows[QUEUE_STATUSES];
	int64_t  oldest_pending_ms, oldest_under_process_ms;         /* ages */
	char     last_reason[MAX_LAST_REASON + 1];                  /* of the row that failed last, cut; "" if none */
	id32     last_failed;                                       /* its id; zero if none                         */
} queue_count;
err  queue_counts(queue_count out[static QUEUE_KINDS], queue *q);

/* What waits, or is in work again, after an error: by kind and error, as the last attempt left it; per kind the QUEUE_TROUBLES most
 * frequent ones.  *n: how many. */
enum { QUEUE_TROUBLES = 3 };
typedef struct queue_trouble {
	queue_kind kind;
	uint64_t   rows;
	id32       oldest;                       /* of these                                        */
	int64_t    age_ms;                       /* its age                                         */
	unsigned   errors;                       /* attempts that counted, of the one that has most */
	int64_t    next_ms;                      /* from now until one of them is tried again, 0: it may be at any time; -1: all are in work */
	char       reason[MAX_LAST_REASON + 1];
} queue_trouble;
err  queue_troubles(queue_trouble out[static QUEUE_KINDS * QUEUE_TROUBLES], size_t *n, queue *q);
err  queue_set_aside_count(uint64_t *out, queue *q);

/* Transactions of any wallet that are under way. */
typedef struct queue_tx_count { uint64_t made, sent; int64_t oldest_ms; } queue_tx_count;        /* signed, not sent yet; sent; age or -1 */
err  queue_tx_counts(queue_tx_count *out, queue *q);

/* Rows with this id, in any queue: what the operator's verbs act on. */
typedef struct queue_found { queue_ref ref; queue_status status; unsigned errors; int64_t age_ms; char reason[MAX_LAST_REASON + 1]; } queue_found;
err  queue_find(queue_found out[static QUEUE_KINDS], size_t *n, queue *q, const id32 *id);

/* Which resharings of the item's key came before it and were not done here, the last first: their ids.  *n: in room, out how many. */
err  queue_reshares_left(id32 *out, size_t *n, queue *q, const queue_item *item);

/* ---- cleaning up ------------------------------------------------------------------------------------------------ */

/* Deletes decryptions and responses to them that ended keep_ms ago, and transactions that did; *deleted rows. */
err  queue_collect(uint64_t *deleted, queue *q, int64_t keep_ms);
/* Fails decryptions that have been waiting for longer than patience_ms (v0.15). */
err  queue_expire(uint64_t *expired, queue *q, int64_t patience_ms);

#endif
