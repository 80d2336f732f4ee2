/* SPDX-License-Identifier: MIT */
/*
 * node/group_store.h -- shares of delegation keys in the vault, sealed like everything private there.
 *
 *   DelegationShare/<key id>/<number>    a share as it came out of a ceremony (delegate/group_record.h), not certified
 *   DelegationKey/<key id>/<number>      the certificate: that key counts
 *
 * number: 1 in the first byte, the epoch in the last four, most significant first; 2 in the first byte: this node has left the parties
 * that share the key, after that epoch.  Shares are written before their parties sign (delegate/group_ceremony.h), certificates after;
 * only then go the certificates of earlier epochs and their shares.  So a crash leaves at most shares too many: of a newer one the
 * next ceremony says whether it counts, older ones go at the next start.
 *
 *   object   2 | u8 state (vault/key_state.h) | context (32) | came by (32) | share file or record; or these alone, as they were once
 *            written: active, of a context that is not named.  state: of a share pre-activation, of a certificate active, of a key
 *            that this node has left destroyed.  came by: the ceremony, if it was one that changed the parties
 *
 * One ceremony of a chain at a time; otherwise any thread.
 */
#ifndef ARCA_NODE_GROUP_STORE_H
#define ARCA_NODE_GROUP_STORE_H

#include "delegate/group_ceremony.h"
#include "vault/key_state.h"
#include "vault/vault.h"

/* Where a key is, and how it came there; zeros: not known. */
typedef struct group_home { key_state state; id32 context, by; } group_home;

typedef struct group_store {
	vault *vault;
	const secp *curve;
	uint32_t chain_id;
	group_home home;                 /* of what a ceremony makes; its state is not looked at */
	id32 taken;                      /* the context of what others show */
} group_store;

/* What there is of the chain's key, its wallet left as it is.  ERR_STATE: something cannot be read, or a share is not that of its key. */
err  group_store_look(group_holding *out, const group_store *g);
/* The same, and where the newest certified key is, and the newest share that is not certified (state 0: there is none). */
err  group_store_look_at(group_holding *out, group_home *home, group_home *begun, const group_store *g);

/* For group_ceremony; ctx: a group_store.  ERR_STATE of what is prepared and taken: it is of another key than the one that the chain has. */
err  group_store_load(void *ctx, group_share *out, group_record *r, const hash32 *digest);
err  group_store_prepare(void *ctx, const group_record *made, const group_share *held);
err  group_store_finish(void *ctx, const group_record *certified);
/* What others show; one that is no newer changes nothing. */
err  group_store_take(void *ctx, const group_record *certified);

/* What this certificate superseded goes, if a crash has kept it. */
err  group_store_tidy(const group_store *g, const group_record *certified);
/* What a crash has left of it, and of a key that this node has left.  have, home: as group_store_look_at found them. */
err  group_store_settle(group_holding *have, const group_store *g, const group_home *home);

/* Other parties have this key for good: erases every share of the chain, and keeps of the key that this node has left it.  Can be
 * repeated. */
err  group_store_leave(const group_store *g, const group_record *last);
/*
 * The same when this node has missed that: it may have part in what came later.  Erases the shares of epochs before `epoch`, and those
 * that the parties of `from` (NULL: of any context) made among themselves, which came to nothing; what came in a ceremony that
 * changed the parties stays.  last NULL: no key is certified here, so none is left.
 */
err  group_store_fall_behind(const group_store *g, const group_record *last, const id32 *from, uint32_t epoch);

#endif
