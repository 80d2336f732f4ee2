/* SPDX-License-Identifier: MIT */
/*
 * tests/mpc/theorem.h -- a protocol's theorem, and the many ways to try to break it.
 *
 * A theorem says what a party puts in and runs, and what must hold among the honest afterwards, whatever the others did.  A
 * trial is one run of it: how many parties, who is corrupt, and how these lie.  What holds for every protocol (sim_complaint,
 * the bound on rounds) is checked besides.  A trial that breaks a theorem is printed: it can be run again from that line.
 */
#ifndef ARCA_TESTS_MPC_THEOREM_H
#define ARCA_TESTS_MPC_THEOREM_H

#include "tests/test.h"
#include "sim/faults.h"

typedef struct sizes { unsigned n, t; } sizes;
extern const sizes SIZES[5];                    /* (4,1) (5,1) (7,2) (10,3) (13,4) */

typedef struct theorem theorem;

typedef struct trial {
	const theorem *of;
	const char *name;                /* of the lie; NULL: only faults             */
	unsigned   n, t, k;              /* k = 0: 64                                 */
	party_set  corrupt;
	uint64_t   seed;
	const fault *faults;
	size_t     fault_count;
	sim_rush   rush;                 /* of the corrupt, with ctx = this trial     */
	const protocols *table;          /* of the corrupt                            */
	program    liar;                 /* what the corrupt run; NULL: what all run  */
	bool       silent;               /* the corrupt run nothing                   */
	unsigned   variant;              /* for lies that have some                   */
	void      *io[MAX_PARTIES + 1];  /* by party                                  */
	sim       *sim;                  /* while it runs                             */
	sim_party *p;                    /* by party; afterwards what became of them  */
	hash32     digest;               /* of all messages                           */
} trial;

struct theorem {
	const char *name;
	size_t     io;                   /* bytes of what a party puts in and gets out */
	void     (*input)(trial *x, party i, void *io);
	program    run;                  /* arg: the party's io                        */
	unsigned (*most_rounds)(unsigned n, unsigned t);
	const char *(*violated)(const trial *x);     /* NULL: it holds                 */
	prss     *const *prss;           /* by party; NULL: none                       */
	session_id (*sid)(const trial *x);           /* under which it runs; NULL: any */
};

/* Runs it; NULL if the theorem holds, otherwise what does not. */
const char *trial_run(trial *x);
void trial_end(trial *x);                            /* frees io and p             */

/* trial_run, and the test fails unless the theorem holds; io is freed. */
void trial_must_hold(trial *x);
void trial_must_hold_keep(trial *x);                 /* io and p stay, until trial_end */

static inline party_set honest(const trial *x) { return parties_all(x->n) & ~x->corrupt; }

/* The last so many parties of a cluster, or so many chosen at random. */
party_set last_parties(unsigned n, unsigned count);
party_set random_parties(unsigned n, unsigned count);

/* Long sweeps (test_is_long) try twenty times as much; short ones a tenth, and of clusters of 5 and more one run a lie. */

/* An honest run; every fault of one message or of one party's messages of a round or of the whole run (at most `most` runs, if
 * there are more then chosen at random); and `pairs` random pairs of faults. */
void sweep(const theorem *of, sizes c, unsigned most, unsigned pairs);

/* Every lie with every cluster of at most most_n parties: with one liar, with the first t, the last t, and t random ones.  Of
 * clusters of 10 and more, unless it is to be long, one such run a lie. */
typedef struct lie { const char *name; sim_rush rush; const protocols *table; program liar; bool silent; unsigned variants; } lie;
extern const lie GENERIC_LIES[6];                    /* of liars who rush but do not know the protocol */
void try_lies(const theorem *of, const lie *lies, size_t count, unsigned most_n);

/* What P_i sends, with headers, in one honest broadcast of m bytes by each of n parties. */
size_t bcast_bytes(unsigned n, unsigned t, party i, size_t m);

gr random_element(unsigned n, unsigned k);

#endif
