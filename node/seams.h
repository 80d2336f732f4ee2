/* SPDX-License-Identifier: MIT */
/*
 * node/seams.h -- where a test takes hold of a node to make a liar of it.  An ordinary node has none.
 */
#ifndef ARCA_NODE_SEAMS_H
#define ARCA_NODE_SEAMS_H

#include "share/party.h"
#include "tkms/partial.h"

typedef struct node_seams {
	void *ctx;
	/* This party's masked shares of a ciphertext, before they are used or sent; may be NULL. */
	void (*partial)(void *ctx, masked *m, decrypt_operation operation, unsigned d);
	/* A frame that is about to be sent, kind first; false: it is not.  May be NULL. */
	bool (*frame)(void *ctx, party to, buf *frame);
} node_seams;

#endif
