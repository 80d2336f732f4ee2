/* SPDX-License-Identifier: MIT */
/*
 * node/combine.h -- the delegation KMS among nodes: who asks for a part of an answer is answered, and this node asks others
 * (delegate/combiner.h), over the links to them.
 *
 * The parties are those of the context where the chain's key is (node/group_keeper.h), which may be another one for each chain; frames of
 * others are none.  Asks are answered for the parties that delegation.combiners names (combiners.h), for a combiner sees the secrets that it
 * hands on; the log says who they are, whenever that may have changed.  A party that sent a wrong part under its own signature is counted,
 * named in the log, and kept in delegation.evidence of the private vault's folder, one JSON object a line, up to MAX_EVIDENCE_FILE bytes:
 * chain_id, party, name, request (a digest), and what it follows from: ask (the frame that it was asked with, delegate/ask.h), partial and
 * signature.  With the key of that epoch anybody can see that its proof is wrong, and under whose name.
 *
 * That file is not sealed with the vault: it is for others' eyes.  Its lines stand on the parties' signatures, so that nobody can add one
 * that convicts; whoever can write the folder can remove them, sealed or not.  What they tell of secrets are parts of at most T parties,
 * those that lie, which these could tell anybody themselves; T parts make no secret.
 */
#ifndef ARCA_NODE_COMBINE_H
#define ARCA_NODE_COMBINE_H

#include "delegate/combiner.h"
#include "node/peers.h"

/* Asks waiting: of each party, so that none crowds out the others'. */
enum { MAX_EVIDENCE_FILE = 1 << 20, MAX_ASKS_WAITING = 512 };

typedef struct combining combining;

/* All of it outlives it. */
typedef struct combining_parts {
	const node_config *config;
	const char   *private_folder;
	delegate_kms *kms;
	peers        *peers;
	const mpc_context *numbered;           /* whose numbers delegation.combiners means; NULL: see combiners.h */
} combining_parts;
/* Threads begin.  ERR_NOMEM. */
err  combining_new(combining **out, const combining_parts *parts);

/* From now on the parties who share the key of this chain are those of this context (NULL: nobody), and have these wallets, from the key's
 * record.  One thread. */
void combining_move(combining *c, uint32_t chain_id, const mpc_context *in, const eth_address wallet[MAX_PARTIES + 1], unsigned n);

combiner *combining_combiner(combining *c);

/* On the links' thread: a frame of a party.  False: it is none.  NULL-safe. */
bool combining_take(combining *c, committee *with, party from, slice frame);

/* Everything that waits is answered 503, and nothing is sent any more.  Before the links end.  NULL-safe. */
void combining_stop(combining *c);
void combining_free(combining **c);            /* stopped; when HTTP and links are gone.  NULL-safe */

#endif
