/* SPDX-License-Identifier: MIT */
/*
 * rpc/link_inflow.h -- one lane from a peer: pieces become frames, frames go to their taker or are held for him.
 *
 * Of a frame that is not complete the bytes that came are kept, over all connections.  A frame that the taker does not
 * want yet is held, and so are those behind it; meanwhile the place that the peer may not pass stands still, so that no
 * more than the window and one frame are ever held.
 */
#ifndef ARCA_RPC_LINK_INFLOW_H
#define ARCA_RPC_LINK_INFLOW_H

#include "rpc/link_wire.h"

typedef struct link_held {
	struct link_held *next;
	size_t  n, cost;                     /* of its bytes; of its records */
	uint8_t bytes[];
} link_held;

typedef struct link_taker {
	bool (*take)(void *ctx, links_lane lane, slice frame);         /* false: hold it */
	void *ctx;
} link_taker;

typedef struct link_inflow {
	links_lane lane;
	uint64_t   at;                       /* the place up to which we have the stream */
	uint64_t   until;                    /* the place that we told the peer not to pass */
	size_t     window;
	bool       midway;                   /* nothing but the rest of a frame that we do not know has come yet */
	link_held *open;                     /* the frame that is not complete: `got` of its n bytes have come */
	size_t     got;
	link_held *first, **end;             /* held frames */
	size_t     held;                     /* the cost of them */
} link_inflow;

void link_inflow_init(link_inflow *i, links_lane lane, size_t window);
void link_inflow_free(link_inflow *i);               /* wipes */

/* Another stream begins, at `place`: what was not complete is dropped, held frames stay. */
void link_inflow_begin(link_inflow *i, uint64_t place);

/* Takes a PIECE of this lane.  NULL, or what is wrong with it. */
const char *link_inflow_piece(link_inflow *i, const link_record *r, const link_taker *taker);

/* Offers held frames again.  True if one was taken. */
bool link_inflow_offer(link_inflow *i, const link_taker *taker);

/* The place that the peer may be told now; never less than what it was told. */
uint64_t link_inflow_until(const link_inflow *i);

#endif
