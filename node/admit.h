/* SPDX-License-Identifier: MIT */
/*
 * node/admit.h -- does what a request refers to exist here, and do its ciphertexts fit the key?  The checks at the door
 * that need the node's keys, of which they see the public facts only.
 */
#ifndef ARCA_NODE_ADMIT_H
#define ARCA_NODE_ADMIT_H

#include "node/keys.h"
#include "node/request.h"

typedef struct cluster cluster;

/* c: NULL for a node that is alone.  ERR_NOT_FOUND for contexts, epochs and keys, ERR_STATE for keys that may not be used and
 * contexts that this node is not in, ERR_REQUEST for ciphertexts. */
err admit(keys *k, cluster *c, const request *r);

#endif
