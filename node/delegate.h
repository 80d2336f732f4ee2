/* SPDX-License-Identifier: MIT */
/*
 * node/delegate.h -- the delegation KMS (delegate/) in a node: by [delegation] in its configuration it serves /v0/public-key,
 * /v0/delegate and /v1/delegate at its HTTP address, with a key a chain (delegate_keys.h).  Authorizations that serve once are remembered in the
 * file delegation.nonces of the private vault's folder, and how many answers each key has given in delegation.counts.
 * Where a contract is named, its gateway and key are compared with the ones here before anything is served; a key that the nodes
 * share, once the vault has it, that is from the start after the one at which it was made.
 */
#ifndef ARCA_NODE_DELEGATE_H
#define ARCA_NODE_DELEGATE_H

#include "delegate/http.h"
#include "node/cluster.h"
#include "node/config.h"
#include "node/key_import.h"
#include "node/group_keeper.h"
#include "vault/vault.h"

typedef struct node_delegate {
	signer          *wallet;               /* of its own; NULL: it signs as the node does */
	nonces          *used;
	key_counts           *counts;
	combining       *combining;            /* of keys that are shared; NULL: none, or not yet */
	const signer    *signs;                /* either of them */
	group_keeper    *keeper;               /* makes them, and new shares of them */
	key_import     import[MAX_DELEGATE_CHAINS];  /* keys of this node that it shares out */
	delegate_service service;
} node_delegate;

/* *out is zero, and stays so if the configuration has no such section.  own: the node's key, borrowed. */
err  node_delegate_open(node_delegate *out, const node_config *c, vault *v, const signer *own, const rng *random);
/* The other parties can be asked, and ask; nothing if no key is shared.  Then, before the links end, no longer. */
err  node_delegate_link(node_delegate *d, const node_config *c, const vault *v, cluster *in);
void node_delegate_unlink(node_delegate *d);
void node_delegate_close(node_delegate *d);

/* For the HTTP server; NULL: none. */
static inline delegate_service *node_delegate_service(node_delegate *d) { return d->service.kms ? &d->service : NULL; }

#endif
