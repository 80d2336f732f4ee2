/* SPDX-License-Identifier: MIT */
/*
 * node/key_urls.h -- where clients find what they encrypt with, as a relayer of fhevm tells it (/keyurl): the newest key
 * first, and a reference string for each number of bits.
 *
 *   version 1   { "response": { "fhe_key_info": [ { "fhe_public_key": { "data_id", "urls" } } ], "crs": { "2048": { "data_id", "urls" } } } }
 *   version 2   the same with fheKeyInfo, fhePublicKey, dataId
 *
 * A key that one party had as a whole when it was made says "insecure": true beside.  Reference strings are those in the public
 * vault; of several for one number of bits one is told.
 */
#ifndef ARCA_NODE_KEY_URLS_H
#define ARCA_NODE_KEY_URLS_H

#include "node/keys.h"

typedef struct key_urls key_urls;

/* Vault and keys outlive it.  ERR_NOMEM. */
err  key_urls_new(key_urls **out, vault *v);
void key_urls_free(key_urls **u);                        /* NULL-safe */

/* base: what stands before /PUB/; plain characters of a URL only.  Any thread. */
void key_urls_print(buf *out, key_urls *u, keys *k, const char *base, unsigned version);

/* May this stand before a path in a text of JSON: letters, digits and what else a URL has? */
bool key_urls_base_ok(const char *base);

#endif
