/* SPDX-License-Identifier: MIT */
/*
 * evm/jrpc.h -- questions to a node of a chain in JSON-RPC 2.0, one at a time or many in one message.
 *
 * A jrpc is a conversation with one provider and belongs to one thread.  A provider is not trusted: its answers have
 * bounds (bytes, depth, number of values), must carry the ids of what was asked, and what went wrong is given a name that says
 * whether another provider, a smaller question or a later time may help.
 *
 * After a refusal for asking too much a provider is left in peace, as long as it wants or ever longer: until then questions
 * fail at once.
 */
#ifndef ARCA_EVM_JRPC_H
#define ARCA_EVM_JRPC_H

#include "base/base.h"
#include "base/clock.h"

enum {
	MAX_JRPC_ANSWER = 32 << 20, MAX_JRPC_DEPTH = 64, MAX_JRPC_VALUES = 1 << 20,
	MAX_JRPC_MESSAGE = 256, MAX_JRPC_DATA = 1024, MAX_JRPC_BATCH = 1000,
	JRPC_PATIENCE_MS = 500, JRPC_PATIENCE_MOST_MS = 30000,      /* first and longest pause after a refusal */
};

typedef enum jrpc_kind {
	JRPC_OK,
	JRPC_UNREACHABLE,         /* nothing came, or not all of it                                       */
	JRPC_GARBAGE,             /* what came is no answer to what was asked                             */
	JRPC_DENIED,              /* HTTP 4xx: the URL or its key is wrong                                */
	JRPC_LIMITED,             /* asked too often: later                                               */
	JRPC_TOO_MUCH,            /* asked for too much at once: less                                     */
	JRPC_UNSUPPORTED,         /* this provider does not know the method                               */
	JRPC_BEHIND,              /* it does not know this block yet                                      */
	JRPC_PRUNED,              /* it does not keep this block, or its logs, any more                   */
	JRPC_REVERTED,            /* a contract refused: data say why, if anything does                   */
	JRPC_NONCE_USED,          /* of transactions: nonce too low                                       */
	JRPC_KNOWN,               /* this very transaction is there already                               */
	JRPC_UNDERPRICED,         /* a fee too low, absolutely or to replace another                      */
	JRPC_CROWDED,             /* no more transactions of this wallet before the others are mined      */
	JRPC_NO_FUNDS,            /* the wallet is too poor                                               */
	JRPC_ACCEPTED,            /* taken, but not mined in time (EIP-7966); data are its hash           */
	JRPC_REFUSED,             /* everything else                                                      */
	JRPC_KINDS
} jrpc_kind;

typedef struct jrpc_error {
	jrpc_kind kind;
	int64_t   code;
	char      message[MAX_JRPC_MESSAGE];           /* the provider's, printable */
	size_t    n;
	uint8_t   data[MAX_JRPC_DATA];                 /* of JRPC_REVERTED, cut */
} jrpc_error;

typedef struct jrpc_call {
	const char    *method;
	buf            params;                         /* a JSON array */
	struct json_t *result;                         /* NULL if it failed */
	jrpc_error     error;
} jrpc_call;

void jrpc_calls_free(jrpc_call *calls, size_t n);

/* How a message reaches the provider: ERR_IO nothing came back, ERR_CANCELLED; otherwise an answer of HTTP. */
typedef struct post_answer post_answer;
typedef struct jrpc_transport {
	void *ctx;
	err (*post)(void *ctx, post_answer *out, slice message);
} jrpc_transport;

typedef struct jrpc_config {
	const char  *name;                             /* for sentences: must not hold a key; copied */
	jrpc_transport transport;
	const clock_source *clock;
	unsigned     batch;                            /* questions in one message at first; one that refuses them is asked fewer      */
} jrpc_config;

typedef struct jrpc jrpc;
err  jrpc_new(jrpc **out, const jrpc_config *config);
void jrpc_free(jrpc **r);

/* A jrpc over HTTP, which owns its connection.  The name is the server's. */
typedef struct jrpc_http_config {
	const char *url;
	int64_t     timeout_ms;                        /* of one message */
	const clock_source *clock;
	unsigned    batch;
	const _Atomic(bool) *stop;                     /* rpc/post.h */
} jrpc_http_config;
err  jrpc_http_new(jrpc **out, const jrpc_http_config *config);

const char *jrpc_name(const jrpc *r);

/* OK: each call has its result or its error.  Otherwise the exchange itself failed, and every call's error says so. */
err  jrpc_ask(jrpc *r, jrpc_call *calls, size_t n);

/* One question, and its result or an err with a sentence: ERR_IO, ERR_EXHAUSTED (limited, too much), ERR_UNSUPPORTED, ERR_BUSY
 * (behind, pruned), ERR_CANCELLED, ERR_REQUEST (all others).  params: printf of a JSON array. */
err  jrpc_one(jrpc *r, struct json_t **result, const char *method, const char *params, ...) __attribute__((format(printf, 4, 5)));

/* What failed last, of any question since it was forgotten; JRPC_OK: nothing. */
const jrpc_error *jrpc_last(const jrpc *r);
void jrpc_forget(jrpc *r);

/* The err and sentence of an error that a call was left with; it becomes the last one. */
err  jrpc_fail(jrpc *r, const char *method, const jrpc_error *error);

/* An answer that is well-formed but cannot be true. */
err  jrpc_doubt(jrpc *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* When it will take questions again, by the monotonic clock; 0: now. */
int64_t jrpc_quiet_until_ms(const jrpc *r);

/* ---- the parts that only look at bytes ---------------------------------------------------------------------------- */

/* Appends the message; ids count up from first_id.  One call: an object, several: an array. */
void jrpc_write(buf *out, const jrpc_call *calls, size_t n, uint64_t first_id);

/* Gives each call its result or error.  False: the bytes are no answer to this message at all, *why says why, and where they are
 * one error for all *whole is it. */
bool jrpc_read(jrpc_call *calls, size_t n, uint64_t first_id, slice answer, const char **why, jrpc_error *whole);

#endif
