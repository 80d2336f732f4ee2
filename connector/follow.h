/* SPDX-License-Identifier: MIT */
/*
 * connector/follow.h -- which blocks of a chain are read next.  No input and no output: numbers only.
 *
 * Blocks are read in ranges of at most `most`.  A range that was too much is halved, and after some that went well the next
 * may be twice as long again.
 */
#ifndef ARCA_CONNECTOR_FOLLOW_H
#define ARCA_CONNECTOR_FOLLOW_H

#include "connector/queue.h"
#include "evm/eth.h"

enum { FOLLOW_PATIENCE = 8 };

typedef struct follow {
	uint64_t next;                   /* the first block that was not read */
	uint64_t span, most;             /* blocks of the next range, at the most; and ever */
	unsigned good;                   /* ranges that went well since the last change of span */
} follow;

typedef struct follow_range { uint64_t from, to; } follow_range;

/* Where to begin: as configured, or behind what was read (known), or at the head: what was before the first start is not read. */
uint64_t follow_start(const uint64_t *configured, bool known, uint64_t cursor, uint64_t head);

/* False: there is nothing to read up to this head. */
bool follow_plan(follow_range *out, const follow *f, uint64_t head);
void follow_done(follow *f, follow_range r);
/* False: it was one block, less is not possible. */
bool follow_halve(follow *f, follow_range r);
void follow_back(follow *f, uint64_t to);          /* the next block is this one */

/* The highest of the remembered blocks (highest first) that is still called so: *from is the one above it.  False: none is; *from is
 * the lowest of them. */
bool follow_fork(uint64_t *from, const queue_block *kept, const eth_block *now, const bool *found, size_t n);

#endif
