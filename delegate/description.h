/* SPDX-License-Identifier: MIT */
/*
 * delegate/description.h -- what a KMS publishes about its key, so that a reader can check parts of answers and combine them.
 *
 *   GET /v1/public-key[?chain_id=N]
 *   { "keyId": "0x<64>", "epoch": N, "needed": T + 1, "publicKey": "0x<66>", "verificationShares": ["0x<66>", ...],
 *     "index": the node's own number, "proof": "0x<130>" }
 *
 * The proof is a signature by the node's wallet of KeyDescriptionV1(bytes32 keyId,uint64 epoch,uint64 needed,bytes publicKey,
 * bytes verificationShares), the shares one after the other (zeros: that node has none), in the domain of typed_v1.h.  A key that one node has alone is one of
 * which one share of one is needed.  Up to T nodes may lie: what T + 1 of them sign is true.
 */
#ifndef ARCA_DELEGATE_DESCRIPTION_H
#define ARCA_DELEGATE_DESCRIPTION_H

#include "delegate/group.h"
#include "seal/sign.h"

enum { MAX_DESCRIPTION = 8 << 10 };

hash32 description_digest(const group_key *k);
/* index 0: the node has no share of it. */
void   description_write(buf *out, const group_key *k, party index, const signer *by);

/* *by = who signed it, which the caller compares.  roster is zero.  ERR_REQUEST: malformed, of more parties than there may be, with
 * a share that is no point, or signed by nobody. */
err    description_read(group_key *out, party *index, eth_address *by, uint32_t chain_id, slice json);

/* Do both say the same? */
bool   description_eq_var(const group_key *a, const group_key *b);

#endif
