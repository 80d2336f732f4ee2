/* SPDX-License-Identifier: MIT */
/*
 * mpc/triples.h -- random multiplication triples in R, for products of shared values where haste has failed.     t < n/3
 *
 * Whatever t parties do: all honest parties put out shares (degree t) of the same x, y and xy; x and y are uniform in R, and t
 * parties know nothing about them.  A liar can spoil one triple, once, before everybody knows it.
 *
 * Cost of a batch: a broadcast of an element a triple.
 */
#ifndef ARCA_MPC_TRIPLES_H
#define ARCA_MPC_TRIPLES_H

#include "mpc/mpc.h"

typedef struct triple { share x, y, xy; } triple;

/* The next counters of a session whose values of PRSS serve several purposes. */
typedef struct prss_counters { uint64_t psi, chi; } prss_counters;

enum { TRIPLES_BATCH = 1 << 14 };

/* out[0 .. m), in batches of at most TRIPLES_BATCH; *next goes on by 3 psi and 1 chi for each triple tried.  ERR_STATE as
 * within_model.  Secret: the caller wipes. */
err triples(session *s, triple *out, size_t m, prss_counters *next);

#endif
