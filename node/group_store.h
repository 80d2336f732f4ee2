/* SPDX-License-Identifier: MIT */
/*
 * node/group_store.h -- shares of delegation keys in the vault, sealed like everything private there.
 *
 *   DelegationShare/<key id>/<number>    a share as it came out of a ceremony (delegate/group_record.h), not certified
 *   DelegationKey/<key id>/<number>      the certificate: that key counts
 *
 * number: 1 in the first byte, the epoch in the last four, most significant first.  Shares are written before their parties sign
 * (delegate/group_ceremony.h), certificates after; only then go the shares of earlier epochs and their certificates.  So a crash
 * leaves at most a share too many; the next ceremony says whether it counts.
 *
 * One ceremony of a chain at a time; otherwise any thread.
 */
#ifndef ARCA_NODE_GROUP_STORE_H
#define ARCA_NODE_GROUP_STORE_H

#include "delegate/group_ceremony.h"
#include "vault/vault.h"

typedef struct group_store { vault *vault; const secp *curve; uint32_t chain_id; } group_store;

/* What there is of the chain's key, its wallet left as it is.  ERR_STATE: something cannot be read, or a share is not that of its key. */
err  group_store_look(group_holding *out, const group_store *g);

/* For group_ceremony; ctx: a group_store. */
err  group_store_load(void *ctx, group_share *out, group_record *r, const hash32 *digest);
err  group_store_prepare(void *ctx, const group_record *made, const group_share *held);
err  group_store_finish(void *ctx, const group_record *certified);

#endif
