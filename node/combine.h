/* SPDX-License-Identifier: MIT */
/*
 * node/combine.h -- the delegation KMS among nodes: who asks for a part of an answer is answered, and this node asks others
 * (delegate/combiner.h), over the links to them.
 *
 * The parties are those of the default context, or of the only one.  Asks are answered for the parties that
 * delegation.combiners names, for a combiner sees the secrets that it hands on.  A party that sent a wrong part under its own
 * signature is counted, named in the log, and its frame kept in delegation.evidence of the private vault's folder, one JSON object
 * a line, up to MAX_EVIDENCE_FILE bytes.
 */
#ifndef ARCA_NODE_COMBINE_H
#define ARCA_NODE_COMBINE_H

#include "delegate/combiner.h"
#include "node/peers.h"

enum { MAX_EVIDENCE_FILE = 1 << 20, MAX_ASKS_WAITING = 4096 };

typedef struct combining combining;

/* Threads begin.  Vault, configuration, KMS and peers outlive it; own: this node's wallet. */
typedef struct combining_parts {
	const node_config *config;
	const char   *private_folder;
	delegate_kms *kms;
	peers        *peers;
	const mpc_context *context;
} combining_parts;
err  combining_new(combining **out, const combining_parts *parts);

/* Whom the parties' wallets are, from the key's record. */
void combining_know(combining *c, const eth_address wallet[MAX_PARTIES + 1], unsigned n);

combiner *combining_combiner(combining *c);

/* On the links' thread: a frame of a party.  False: it is none.  NULL-safe. */
bool combining_take(combining *c, committee *with, party from, slice frame);

/* Everything that waits is answered 503, and nothing is sent any more.  Before the links end.  NULL-safe. */
void combining_stop(combining *c);
void combining_free(combining **c);            /* stopped; when HTTP and links are gone.  NULL-safe */

#endif
