/* SPDX-License-Identifier: MIT */
/*
 * tests/mpc/reshare_world.h -- two sets of parties in one simulation, numbered as mpc/reshare.h wants it.
 *
 * Whatever t1 parties of the old set and t2 of the new one do: the honest of the new set end with shares of degree t2 of the
 * same secrets, agree on who of the old set failed and on who is corrupt, and accuse nobody honest; no input of a PRF serves
 * twice.
 */
#ifndef ARCA_TESTS_MPC_RESHARE_WORLD_H
#define ARCA_TESTS_MPC_RESHARE_WORLD_H

#include "mpc/reshare.h"
#include "tests/mpc/theorem.h"
#include "tests/share/prss_keys.h"

enum { WORLD_D = 4, WORLD_MOST = 17196 };

/* What becomes of a party. */
typedef struct reshare_io {
	bool      ended;
	party_set failed, corrupt, done;
	uint64_t  rounds, bytes;
	hash32    transcript;
} reshare_io;

/* Sets before a trial: what it reshares.  world_same: the same n parties. */
void world_sets(reshare_sets sets, size_t N);
void world_same(unsigned n, unsigned t, size_t N);
/* n1 old parties of which the first `both`, from P_1 on, are the last of the new ones, Q_(n2 - both + 1) .. */
void world_two(unsigned n1, unsigned t1, unsigned n2, unsigned t2, unsigned both, size_t N);

/* In trials of these sets, the members of the old set (by old numbers) that have no share, as all know. */
void world_lacking(party_set old);

/* Trials from now on begin with a hello and a set-up of PRSS in the new set, as a node does; or with keys that are there. */
void world_from_nothing(bool yes);

/* The next trial reshares what the last one put out.  Requires: the same n parties. */
void world_again(void);

const reshare_sets *world(void);
size_t    world_N(void);
unsigned  world_parties(void);               /* of both sets together */
party_set world_old(void), world_new(void);
party_set world_numbers_of(party_set old);   /* in the connections    */

gr        world_secret(size_t l);
share     world_old_share(party j, size_t l);
share     world_new_share(party i, size_t l);
session_id world_route(void), world_session(const trial *x);

extern const theorem RESHARING;
err world_run(session *s, void *io);

/* A trial of RESHARING among the parties of the world. */
trial world_trial(party_set corrupt);

#endif
