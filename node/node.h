/* SPDX-License-Identifier: MIT */
/*
 * node/node.h -- arca-node, one party of the threshold key management system.
 *
 * Read in this order:
 *   request.h    the typed requests: the only form in which the outside reaches keys
 *   engine.h     the closed table of what is done with them
 *   desk.h       taken in, sent to work, recorded
 *   requests.h   the table of what became of every request      journal.h   and its memory on disk
 *   keys.h       the keys and their lives                        parse.h     messages to typed requests
 *   api.h        gRPC                                            http.h      health, metrics, public material
 *   small_keys.h the prepared keys for small formats
 *   config.h     what an operator may choose                     process.c   how all this starts and stops
 *   cluster.h    what a party of a cluster has beyond that       delegate.h  the delegation KMS
 *   epoch_grace.h  the end of old shares
 *
 * and the small ones through which everything passes: admit.h, policy.h, limiter.h, backlog.h, audit.h, metrics.h,
 * key_progress.h.
 *
 * Threads: one reactor for gRPC, one for HTTP, some at the door (parsing) and some clerks (recording), a few for ceremonies,
 * the cores, and one that writes the journal anew.  In a cluster one more for the links, one that opens decryptions, and one
 * that looks after old epochs.
 */
#ifndef ARCA_NODE_NODE_H
#define ARCA_NODE_NODE_H

#include <limits.h>
#include "evm/address.h"
#include "node/api.h"
#include "node/cluster.h"
#include "node/delegate.h"
#include "node/epoch_grace.h"
#include "node/http.h"
#include "rpc/tracing.h"
#include "node/vault_home.h"
#include "vault/signing_key.h"

/* Everything the process owns. */
typedef struct node {
	node_config cfg;
	vault_home *home;                    /* where the vault is, besides its folders                  */
	vault     *vault;                    /* folders for what is public and what is private           */
	signer    *signer;                   /* who this node is                                         */
	char       address[ADDRESS_TEXT];
	node_delegate delegate;              /* the delegation KMS, if there is one                      */
	cluster   *cluster;                  /* the other parties; NULL: this node is alone              */
	const char *commit;                  /* that it was built from                                   */
	const node_seams *seams;             /* of a test; NULL                                          */
	keys      *keys;                     /* FHE keys in memory                                       */
	requests  *table;                    /* what became of every request                             */
	journal   *journal;                  /* and on disk                                              */
	pool      *cores, *ceremonies;       /* who computes                                             */
	pool      *clerks;                   /* who waits for the journal                                */
	limiter    limiter;
	backlog    backlog;
	metrics    metrics;
	key_progress making;                 /* of keys                                                  */
	engine     engine;
	desk      *desk;
	epoch_grace *epoch_grace;            /* destroys old epochs; NULL: nobody does                   */
	tracing   *tracing;                  /* who is told of requests; NULL: nobody */
	node_http *http;
	api       *api;
	char       storage[512];
	char       derived[PATH_MAX];        /* folder of prepared keys */
} node;

typedef struct service {
	const char *name;
	err  (*start)(node *n);
	void (*stop)(node *n);               /* safe when it never started */
} service;

extern const service NODE_SERVICES[];
extern const size_t  N_NODE_SERVICES;

/* Refuses new requests and waits for running ones, within the grace of the configuration; false if some still run. */
bool node_finish(node *n);

/* The program: the exit code.  commit: what it was built from.  seams: NULL, but in tests. */
int  node_process(int argc, char **argv, const char *commit, const node_seams *seams);

/* The exit code for a service that did not start: 64 configuration, 69 unavailable, 74 input or output, 1 anything else. */
int  node_exit_code(const service *failed, err e);

#endif
