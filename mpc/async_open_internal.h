/* SPDX-License-Identifier: MIT */
/* mpc/async_open_internal.h -- what async_open.c (records, beginnings, time) and async_open_decode.c (values) share. */
#ifndef ARCA_MPC_ASYNC_OPEN_INTERNAL_H
#define ARCA_MPC_ASYNC_OPEN_INTERNAL_H

#include "mpc/async_open.h"
#include "mpc/async_open_record.h"
#include "mpc/async_open_table.h"

/* Elements decoded in one call; at least MAX_OPEN_ELEMENTS. */
enum { GROUP_ELEMENTS = 256 };

typedef struct peer {
	size_t early, early_bytes;                   /* held now                        */
	size_t answers;                              /* given in this window of pull_ms */
} peer;

struct async_open {
	unsigned   n, t;
	party      me;
	size_t     element_bytes;
	open_limits limits;
	open_hooks hooks;
	opener    *opener;
	opening_table table;
	int64_t    now, window;
	opening  **ready;                            /* to be decoded: OPEN and LATE ones          */
	size_t     readies;
	size_t     kept_bytes;
	uint8_t   *slab[MAX_PARTIES + 1];            /* GROUP_ELEMENTS of each party, side by side */
	u128      *opened;
	open_counts counts;
	bool       inside;                           /* a hook is running                          */
	peer       peer[MAX_PARTIES + 1];
};

static inline party_set only(party i) { return (party_set)1 << i; }

/* Those of whom we may still hear something, ourselves never among them once begun. */
static inline party_set opening_missing(const async_open *o, const opening *x)
{
	return parties_all(o->n) & ~(x->present | x->wrong);
}

static inline slice opening_own(const async_open *o, const opening *x)
{
	return slice_of(x->record, OPEN_SHARES_HEAD + x->elements * o->element_bytes);
}

/* What a kept opening costs. */
static inline size_t opening_kept_cost(const async_open *o, const opening *x)
{
	return sizeof *x + (o->n + 1) * sizeof(piece) + opening_own(o, x).n;
}

/* How many are ready at most: in one turn, all that are open may become late before those over the limit are ended. */
static inline size_t most_ready(const open_limits *l) { return 2 * l->openings + l->late; }

/* ---- async_open_decode.c ---------------------------------------------------------------------------------------- */

void open_suspect(async_open *o, party who, open_suspicion why, const hash32 *h);

/* Marks it if there are enough shares to try, or, of what is done, all that will ever come; and takes the mark back. */
void opening_consider(async_open *o, opening *x);
void opening_unmark(async_open *o, opening *x);

/* All that are marked.  One: late ones then end. */
void openings_decode(async_open *o);
void opening_decode(async_open *o, opening *x);

/* To KEPT: nothing of the others is needed any more. */
void opening_settle(async_open *o, opening *x);

#endif
