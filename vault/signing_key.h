/* SPDX-License-Identifier: MIT */
/*
 * vault/signing_key.h -- the node's identity: one secp256k1 key, made at the first start and loaded ever after.
 *
 * Everything the node says is signed with it, or with a key that follows from it (seal/typed.h); chains and contexts know
 * the node by its address.
 */
#ifndef ARCA_VAULT_SIGNING_KEY_H
#define ARCA_VAULT_SIGNING_KEY_H

#include "vault/objects.h"

/* The place of a node's ECDSA key in its vaults: derived from the name SIGNING_KEY_ID. */
void signing_key_id(id32 *out);
/* The place of what is published about its key of a scheme: of SIGNING_KEY_ID_Ed25519 and so on; of ECDSA, the same. */
void signing_key_id_of(id32 *out, uint32_t scheme);

/*
 * *fresh: the key was made by this call.  ERR_STATE if there is one that cannot be read, or if there is none but the
 * folders are not fresh: to make another would change who the node is.
 */
err  signing_key_open(signer **out, bool *fresh, vault *v, const rng *random);

/*
 * Publishes VerfKey and VerfAddress, and TypedVerfKey and TypedVerfAddress of each scheme; address is the checksummed text.
 * What is missing is added.  ERR_STATE when something else is published already: then the public folder belongs to another
 * key, and nothing is added.
 */
err  signing_key_publish(const signer *s, vault *v, const char *address);

#endif
