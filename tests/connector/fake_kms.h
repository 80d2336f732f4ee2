/* SPDX-License-Identifier: MIT */
/*
 * tests/connector/fake_kms.h -- what a worker talks to: chains and buckets behind one small HTTP server, and a node.
 *
 *   POST /rpc/CHAIN          JSON-RPC: reads of contracts say what `says` says, one transaction is known
 *   GET or HEAD /BUCKET/ct128/HANDLE/1       an object and what is attested of it
 *   GET /BUCKET/DIGEST       an object; the bucket's name is its mood: missing, other, half, long; cpu, gpu, odd for the header;
 *                            slow never answers, late hangs up without a word after FAKE_LATE_MS, and forbidden says 403; any other
 *                            name is good
 */
#ifndef ARCA_TESTS_CONNECTOR_FAKE_KMS_H
#define ARCA_TESTS_CONNECTOR_FAKE_KMS_H

#include <pthread.h>
#include <stdatomic.h>
#include "base/trace.h"
#include "connector/ask.h"
#include "evm/attestation.h"
#include "evm/kms_calls.h"
#include "rpc/rpc.h"

enum { FAKE_OBJECTS = 40, FAKE_COPROCESSORS = 8, FAKE_SCRIPT = 8, FAKE_HELD = 64, FAKE_LATE_MS = 200 };

typedef struct fake_web {
	int         fd;
	unsigned    port;
	pthread_t   thread;
	char        url[64];                         /* http://127.0.0.1:PORT */
	atomic_uint gets, heads, posts;
	int         slow[FAKE_HELD];                 /* connections that get no answer */
	atomic_uint slows;
	pthread_t   late[FAKE_HELD];                 /* who hang up */
	unsigned    lates;
	/* buckets; set before they are asked */
	struct { hash32 digest; abi_word handle; buf bytes, attestation; } object[FAKE_OBJECTS];
	size_t      objects;
	/* chains */
	atomic_bool says[N_CALL_READS], away, garbage, reverts, tx_known;
	atomic_bool not_final;                       /* contexts and epochs that there are, are not in the finalized block */
	eth_address tx_to, signer;
	atomic_uint signers;                         /* 0 or 1 */
	buf         tx_input;
	buf         domain;                          /* what every contract says of its domain; empty: a word */
	atomic_bool no_contracts;
	char        bucket[96];                      /* of every coprocessor, unless they are listed */
	unsigned    coprocessors;
	struct { eth_address who; char url[96]; } coprocessor[FAKE_COPROCESSORS];
	atomic_uint majority;
	atomic_ullong invalidated_before;
	eth_address denied[2];                       /* what is allowed to others is not to them */
	unsigned    denials;
	slice       answer[N_CALL_READS];            /* verbatim, where it is not empty */
	buf         generated[4];                    /* keys and CRSs */
	buf         anchor, logs;                    /* of a context that was announced; an array in JSON */
	slice       erc1271;                         /* what the user's contract says of a signature; nothing: there is none */
} fake_web;

void fake_web_start(fake_web *w);
void fake_web_stop(fake_web *w);
/* It as the one provider of a chain; freed by the caller. */
providers *fake_web_chain(const fake_web *w, int64_t chain_id, const clock_source *clock, const atomic_bool *stop);
hash32 fake_web_put(fake_web *w, slice bytes);
/* The object of a handle, with what this one says of it; by NULL: without an attestation.  Gives the claim the digest of the bytes
 * unless it has one. */
void   fake_web_attest(fake_web *w, const abi_word *handle, slice bytes, attested_claim *claim, const signer *by);

/* A new context of two members, as the event brings it, and the one before, of the same. */
typedef struct fake_context { kms_context is, before; queue_item item; buf part[3]; } fake_context;
void   fake_context_fill(fake_context *f);
void   fake_context_free(fake_context *f);

/* ProtocolConfig keeps the hash of this for every context, and the block has the event of c->id. */
void   fake_web_announce(fake_web *w, const eth_address *contract, const kms_context *c);

/* What KMSGeneration has: so many keys and CRSs, all the same but for their ids. */
extern const id32 FAKE_KEY, FAKE_PREP, FAKE_CRS;
extern const uint8_t FAKE_DIGEST[3][32];         /* of a key's first and second file, and of the CRS */
void   fake_web_generated(fake_web *w, size_t keys, size_t crss);

/* Waits until who asked closed the i-th connection that got no answer. */
void fake_web_cut_off(const fake_web *w, unsigned i);

/* A node: how it ends a call of either sort, one after the other; the last stays. */
typedef struct fake_node {
	reactor    *loop;
	rpc_server *server;
	char        url[64];
	pthread_mutex_t lock;                        /* of what follows */
	grpc_status send[FAKE_SCRIPT], poll[FAKE_SCRIPT];
	unsigned    sends, polls;                    /* how many stand there */
	unsigned    sent, polled;                    /* calls that came */
	pthread_t   holding[FAKE_HELD];
	unsigned    held;
	bool        holds;                           /* results are not given until it is false, or nobody waits */
	buf         request, answer;                 /* the last that came; what is given */
	grpc_status standing;                        /* how it says which keys it has; then what, and how often it was asked */
	buf         keys;
	unsigned    looked;
	char        path[128], traceparent[TRACE_TEXT];
} fake_node;

void fake_node_start(fake_node *n);
void fake_node_stop(fake_node *n);
/* Its answer for an epoch of v0.15 that took over one key, with one thing wrong. */
typedef enum fake_fault { FAKE_RIGHT, FAKE_OTHER_EPOCH, FAKE_OTHER_DIGEST, FAKE_STRANGER, FAKE_NOTHING, FAKE_NO_ID, FAKE_FAULTS } fake_fault;
void fake_epoch_answer(buf *out, const queue_item *epoch, uint64_t chain_id, const signer *by, fake_fault f);

void fake_node_script(fake_node *n, const grpc_status *send, unsigned sends, const grpc_status *poll, unsigned polls);

#endif
