/* SPDX-License-Identifier: MIT */
/* tests/node/shared_key.h -- what nodes say of a delegation key that they share, and what they have of it. */
#ifndef ARCA_TESTS_NODE_SHARED_KEY_H
#define ARCA_TESTS_NODE_SHARED_KEY_H

#include "delegate/group_record.h"
#include "tests/node/cluster.h"

enum { SHARED_KEY_CHAIN = 31337 };

/* key: 0x and 66 digits. */
typedef struct shared_key { bool there; long epoch; char key[70], said[200]; } shared_key;

/* What /v1/public-key says of this chain; said: the answer, as far as there is room. */
shared_key shared_key_of(test_cluster *c, party i, unsigned chain_id);
/* Of SHARED_KEY_CHAIN, like what follows. */
shared_key shared_key_at(test_cluster *c, party i);

/* Until these have the key, of an epoch from `least` on, or so many seconds for each of them are over: false.  key: what it must be; or
 * empty, and becomes it. */
bool shared_key_comes(char key[static 70], test_cluster *c, party_set who, unsigned chain_id, long least, unsigned seconds);

/* How many objects of this type its vault has. */
unsigned shared_key_files(const test_cluster *c, party i, const char *type);

/* Node i's share of the newest epoch that it can certify, from its disk; false: there is none at this moment. */
bool shared_key_share_of(group_share *held, group_record *r, const test_cluster *c, party i, unsigned chain_id);
bool shared_key_share(group_share *held, group_record *r, const test_cluster *c, party i);

#endif
