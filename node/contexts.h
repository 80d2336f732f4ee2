/* SPDX-License-Identifier: MIT */
/*
 * node/contexts.h -- who the parties are: every context that this node knows, and which party of it the node is.
 *
 * The default context is made of the configuration's peers at every start and is not stored; others come by NewMpcContext
 * and are in the vault.  A context never changes.  One that is destroyed leaves the table, but what was given out stays
 * valid as long as the table does: a context is public.
 *
 * Any thread.
 */
#ifndef ARCA_NODE_CONTEXTS_H
#define ARCA_NODE_CONTEXTS_H

#include "node/config.h"
#include "vault/context_info.h"

enum { MAX_HOST = 255 };

typedef struct member {
	party       id;
	const char *identity;                /* its name in certificates              */
	const char *host;                    /* where its links come in               */
	unsigned    port;
	slice       ca_pem;                  /* who signs its certificates; may be {} */
	const char *storage;                 /* URL of what it publishes; "": not known. /<type>/<id> follows */
	bool        has_signer;
	eth_address signer;
} member;

typedef struct mpc_context {
	id32     id;
	id32     makes;                      /* of which context its ceremonies make epochs: its own, but see crossed.h */
	unsigned n, t;
	party    me;                         /* 0: this node is not in it             */
	bool     configured;                 /* of the configuration: nobody destroys it */
	const member *member;                /* [1 .. n]                              */
} mpc_context;

typedef struct contexts contexts;

/* Who this node is: its signer, and the name in its certificate. */
typedef struct own_identity { eth_address signer; const char *name; } own_identity;

/*
 * Loads what is stored and makes the default context unless there are no peers.  ERR_REQUEST when the configuration
 * contradicts itself or the certificate; ERR_STATE for stored contexts that cannot be read, or a stored default one
 * beside peers.
 */
err  contexts_open(contexts **out, vault *v, const node_config *c, const own_identity *own);
void contexts_free(contexts **k);

/* ERR_NOT_FOUND with a sentence. */
err  contexts_find(const mpc_context **out, contexts *k, const id32 *id);

/* Calls each for every context until it returns false. */
void contexts_each(contexts *k, bool (*each)(void *ctx, const mpc_context *c), void *ctx);
size_t contexts_count(contexts *k);

/* Stores it.  ERR_EXISTS; ERR_REQUEST if it is not one that there can be (context_check), or calls this node by another
 * name than its certificate does. */
err  contexts_add(const mpc_context **out, contexts *k, const context_info *info);

/* ERR_NOT_FOUND; ERR_STATE for the only one and for the configuration's.  Epochs are the caller's care. */
err  contexts_may_remove(contexts *k, const id32 *id);
err  contexts_remove(contexts *k, const id32 *id);

/* What a context must be for parties to work together: numbers, names, addresses, certificates, threshold.  ERR_REQUEST with a
 * sentence that names the node; ERR_NOMEM. */
err  context_check(const context_info *info);

/* scheme://host:port[/...], the host of an IPv6 address in brackets.  False if it is not. */
bool endpoint_parse(char host[static MAX_HOST + 1], unsigned *port, slice url);

#endif
