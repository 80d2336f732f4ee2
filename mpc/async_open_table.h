/* SPDX-License-Identifier: MIT */
/*
 * mpc/async_open_table.h -- the openings that a party knows of: found by identity, and in a list for each stage of life.
 *
 *   EARLY    shares came, this party has not begun     LATE    done; late shares are still checked
 *   OPEN     begun, not done                           KEPT    only the own record is left, for who asks
 *
 * Identities are chosen by peers, so buckets are chosen by a keyed universal hash.  Lists are oldest first.
 */
#ifndef ARCA_MPC_ASYNC_OPEN_TABLE_H
#define ARCA_MPC_ASYNC_OPEN_TABLE_H

#include "share/party.h"
#include "sym/keccak.h"

typedef enum open_stage { STAGE_EARLY, STAGE_OPEN, STAGE_LATE, STAGE_KEPT, STAGES } open_stage;

/* What another party sent, malloc'ed. */
typedef struct piece { uint8_t *bytes; uint32_t elements; } piece;

typedef struct opening {
	struct opening *chain;                       /* in the bucket             */
	struct opening *before, *after;              /* in the list of its stage  */
	hash32     h;
	open_stage stage;
	int64_t    since;                            /* in this stage, or since it last asked        */
	size_t     ready;                            /* its place, from 1, among those to be decoded */
	bool       told_stuck;
	party_set  present, checked;                 /* whose piece is here; whose was when it ended */
	party_set  wrong, gone, two_faced;
	uint32_t   elements;                         /* once begun                                   */
	uint8_t   *record;                           /* own shares as sent                           */
	piece      piece[];                          /* by party, 0 .. n; the own one is in `record` */
} opening;

typedef struct opening_list { opening *first, *last; size_t count; } opening_list;

typedef struct opening_table {
	unsigned  n;
	unsigned  log_buckets;
	uint64_t  key[9];
	opening **bucket;
	opening_list list[STAGES];
} opening_table;

/* expected: so many openings are found fast.  ERR_NOMEM. */
err  opening_table_new(opening_table *out, unsigned n, size_t expected, const rng *random);
void opening_table_free(opening_table *t);           /* frees the openings, too */

opening *opening_find(const opening_table *t, const hash32 *h);
/* A fresh one, last in the list of its stage; NULL without memory.  Requires: h is not in the table. */
opening *opening_add(opening_table *t, const hash32 *h, open_stage stage, int64_t now_ms);
/* To the end of a stage's list, since now. */
void     opening_move(opening_table *t, opening *o, open_stage stage, int64_t now_ms);
void     opening_remove(opening_table *t, opening *o);

/* Frees what party i sent. */
void     piece_drop(opening *o, party i);

#endif
