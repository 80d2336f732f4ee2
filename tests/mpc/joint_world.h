/* SPDX-License-Identifier: MIT */
/*
 * tests/mpc/joint_world.h -- a cluster that makes a key in the simulator, seen by somebody who sees all of it.
 *
 *   world_new       keys of PRSS, stores for samples, places for what is made
 *   world_prepare   key_preproc by all into the stores;   world_deal: a dealer fills them instead, which is faster
 *   world_generate  joint_keygen by all from them
 *
 * Stores keep what was taken from them: a ledger says how often each sample was put and taken, and the oracle
 * (tests/mpc/key_oracle.h) compares the noise in the key with the samples that were meant for it.
 */
#ifndef ARCA_TESTS_MPC_JOINT_WORLD_H
#define ARCA_TESTS_MPC_JOINT_WORLD_H

#include "mpc/joint_keygen.h"
#include "mpc/key_preproc.h"
#include "sim/sim.h"
#include "tests/share/prss_keys.h"

typedef struct world world;

typedef struct member {
	world    *w;
	party     me;
	uint8_t  *sample[KEYGEN_NEEDS], *put[KEYGEN_NEEDS], *taken[KEYGEN_NEEDS];       /* elements; how often, by sample */
	u128     *word[SECRETS];
	uint8_t  *where[KEY_PARTS];
	seeded_keyset set;
	uint64_t  by_triples;                /* slabs */
	session_id *used;                    /* recorded, each once */
	size_t    used_count;
} member;

/* Sizes of work; the same at all parties.  Zero: those of the test set. */
typedef struct work_sizes { unsigned lanes; size_t chunk, batch, slab; } work_sizes;

struct world {
	const lat_params *params;
	unsigned     n, t, d;
	keygen_plan  plan;
	work_sizes   size;
	prss_group  *group;
	prss_batch **tables;                 /* by party */
	member      *m;
};

/* Noise of production in parts of a few rows, so that every kind of row and both rings are there. */
extern const lat_params SMALL;

void world_new(world *w, const lat_params *params, unsigned n, unsigned t);
/* The same parties, with other keys of PRSS and the secrets that they share there: they make new public parts for these. */
void world_new_public(world *w, const world *of);
/* The same parties; of the secrets they have one of each: `from`'s COMP and `to`'s BIG, and no others. */
void world_new_between(world *w, const world *from, const world *to);
void world_free(world *w);

/* One run.  rush gets this play. */
typedef struct play {
	world    *w;
	uint64_t  session;                   /* which id: another one each time in a world */
	party_set corrupt;
	sim_rush  rush;
	const protocols *table;              /* of the corrupt                        */
	program   liar;                      /* what they run; NULL: what all run     */
	bool      silent;                    /* they run nothing                      */
	bool      transcript;                /* keep all messages, until play_end     */
	unsigned  variant;
	const char *name;

	sim      *sim;
	sim_party *p;                        /* by party, until play_end              */
	uint64_t  bytes[MAX_PARTIES + 1];    /* that parties sent to others, with headers */
	uint64_t  rounds;                    /* of all sub-sessions together          */
	struct { session_id sid; uint64_t last; } *part;
	size_t    parts;
} play;

static inline party_set honest_of(const play *x) { return parties_all(x->w->n) & ~x->corrupt; }

/* Fails the test if anything is not as sim_complaint wants it. */
void world_prepare(world *w, play *x);
void world_generate(world *w, play *x);
void play_end(play *x);

preproc_job      world_preproc_job(world *w, party i);
joint_keygen_job world_keygen_job(world *w, party i);

void world_deal(world *w);
/* Everything as after world_new but the keys of PRSS; or the samples stay, and that they were put. */
void world_forget(world *w);
void world_forget_generation(world *w);
/* The members of the set have this key from now on. */
void world_rekey(world *w, unsigned set, const uint8_t r[static PRSS_KEY]);

/* The number of the sub-session of the ceremony x to which an envelope belongs; NO_PART: to none below `most`. */
enum { NO_PART = 1000 };
unsigned play_part_of(const play *x, const envelope *e, unsigned most);

#endif
