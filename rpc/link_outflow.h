/* SPDX-License-Identifier: MIT */
/*
 * rpc/link_outflow.h -- one lane towards a peer: frames, already in the form of records, that wait to be sent or to be
 * acknowledged.
 *
 *       acked                sent                  end
 *   ------|====================|=====================|         places in the stream
 *         sent, may be lost    not sent yet
 *
 * Records lie in chunks and are written to the connection from there; they stay where they are until they are
 * acknowledged, so a slice from link_outflow_next stays valid while the frames behind it come in.  Chunks are wiped.
 */
#ifndef ARCA_RPC_LINK_OUTFLOW_H
#define ARCA_RPC_LINK_OUTFLOW_H

#include "rpc/link_wire.h"

typedef struct link_chunk {
	struct link_chunk *next;
	uint64_t start;                      /* the place of its first byte */
	size_t   n, room;
	uint8_t  bytes[];
} link_chunk;

typedef struct link_outflow {
	links_lane  lane;
	link_chunk *first, *last;
	link_chunk *at;                      /* holds the byte at `sent`, or ends there */
	uint64_t    acked, sent, end;
	uint64_t    until;                   /* `sent` may not pass it */
} link_outflow;

void link_outflow_init(link_outflow *o, links_lane lane);
void link_outflow_clear(link_outflow *o);            /* drops everything; places go on from `end` */

/* The bytes of records that a frame of n bytes takes. */
size_t link_outflow_cost(size_t n);

static inline size_t link_outflow_kept(const link_outflow *o) { return (size_t)(o->end - o->acked); }

/* Appends a frame; nothing happens when memory runs out. */
err  link_outflow_add(link_outflow *o, slice head, slice body);

/* Moves all frames of `more` to the end of o.  Requires: nothing of `more` was sent, its lane is the same. */
void link_outflow_join(link_outflow *o, link_outflow *more);

/* Whole records to be sent now: of `most` bytes and not beyond `until`, but at least one if it is permitted at all.
 * Empty if there are none. */
slice link_outflow_next(const link_outflow *o, size_t most);
void  link_outflow_sent(link_outflow *o, size_t n);  /* n bytes of that slice have been written */

/* The peer has everything before `place`.  False if that cannot be: nothing changes then. */
bool link_outflow_ack(link_outflow *o, uint64_t place);

/* A new connection: the peer has everything before `place`, the rest is sent again. */
bool link_outflow_resume(link_outflow *o, uint64_t place);

#endif
