/* SPDX-License-Identifier: MIT */
/*
 * vault/signing_key.h -- the node's identity: one secp256k1 key, made at the first start and loaded ever after.
 *
 * Everything the node says is signed with it; chains and contexts know the node by its address.
 */
#ifndef ARCA_VAULT_SIGNING_KEY_H
#define ARCA_VAULT_SIGNING_KEY_H

#include "seal/sign.h"
#include "vault/objects.h"

/* The place of a node's ECDSA key in its vaults: derived from the name SIGNING_KEY_ID. */
void signing_key_id(id32 *out);

/*
 * *fresh: the key was made by this call.  ERR_STATE if there is one that cannot be read, or if there is none but the
 * folders are not fresh: to make another would change who the node is.
 */
err  signing_key_open(signer **out, bool *fresh, vault *v, const rng *random);

/*
 * Publishes VerfKey, VerfAddress, TypedVerfKey and TypedVerfAddress; address is the checksummed text.  ERR_STATE when
 * something else is published already: then the public folder belongs to another key.
 */
err  signing_key_publish(const signer *s, vault *v, const char *address);

#endif
