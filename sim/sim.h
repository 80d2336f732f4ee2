/* SPDX-License-Identifier: MIT */
/*
 * sim/sim.h -- n parties in one process, time that passes only while all of them wait, and liars among them.
 *
 * The parties are threads that run the code of mpc/ over real inboxes; only one runs at a time, and whose turn it is depends
 * on the seed alone.  So the same seed gives the same run, byte for byte, and another one another order of events.
 *
 * Honest parties run first: a corrupt party's messages are held back until every honest party waits, and only then is the
 * adversary asked what becomes of them.  It has seen what honest parties sent to corrupt ones in the round, and knows all
 * that corrupt parties know: it rushes.
 *
 * Four ways to lie, from outside in:
 *   a tap        on the wire, knows nothing of protocols: sim_tap
 *   an adversary rewrites what corrupt parties send in a round, after the honest have spoken: sim_rush
 *   a table      of sub-protocols of its own, for a corrupt party: sim_party.p
 *   a program    of its own: sim_party.run
 */
#ifndef ARCA_SIM_SIM_H
#define ARCA_SIM_SIM_H

#include "mpc/mpc.h"
#include "mpc/runner.h"

typedef struct sim sim;

/* What one party does, and what became of it. */
typedef struct sim_party {
	program  run;                    /* NULL: silent                                              */
	void    *arg;
	const protocols *p;              /* NULL: HONEST                                              */
	const prss *prss;                /* NULL: none                                                */

	err       result;
	char      text[160];             /* of the error                                              */
	party_set corrupt, suspects;     /* at its end                                                */
	uint64_t  rounds, messages, bytes;   /* sent to others; bytes with headers                    */
	int64_t   ended_ms;              /* virtual                                                   */
	hash32    transcript;            /* of what was broadcast                                     */
	evidence  evidence[MAX_EVIDENCE];
	unsigned  evidence_count;
} sim_party;

enum { SIM_ROUND_MS = 1000 };        /* of virtual time */

typedef struct sim_setup {
	unsigned  n, t, k;               /* k = 0: 64                                                 */
	party_set corrupt;               /* whose messages are held; who they are is not told to others */
	uint64_t  seed;
	int64_t   round_ms;              /* 0: SIM_ROUND_MS                                           */
	bool      transcript;            /* keep all messages; otherwise only those to corrupt parties */
	const inbox_limits *limits;      /* NULL: INBOX_LIMITS                                        */
} sim_setup;

err  sim_new(sim **out, const sim_setup *setup);
void sim_free(sim **x);

/* Runs p[1 .. n] to their ends, in sessions of this id.  May be called again with another id: inboxes stay, and so do
 * delayed messages. */
void sim_run(sim *x, sim_party *p, const session_id *sid);
session_id sim_sid(uint64_t number);                 /* ids to choose from */

/* ---- on the wire ----------------------------------------------------------------------------------------------- */

/* Gets every envelope in place of the wire: what it does not pass on is lost. */
typedef void (*sim_tap)(void *ctx, sim *x, const envelope *e);
void sim_set_tap(sim *x, sim_tap tap, void *ctx);

/* For taps and adversaries.  The connection is that of e->from unless it is said to be another's. */
void sim_pass(sim *x, const envelope *e);
void sim_pass_later(sim *x, const envelope *e, int64_t ms);
inbox_verdict sim_pass_as(sim *x, party connection, const envelope *e);

/* ---- the adversary --------------------------------------------------------------------------------------------- */

/* Gets what corrupt parties want to send in a round (to each other too) when no honest party has anything left to do without
 * it.  It may change type, round, sid and body (with memory of sim_bytes), and lose those whose `to` it sets to 0. */
typedef void (*sim_rush)(void *ctx, sim *x, envelope *held, size_t count);
void sim_set_rush(sim *x, sim_rush rush, void *ctx);

uint8_t *sim_bytes(sim *x, size_t n);                /* live as long as the simulation */
const rng *sim_rng(sim *x);                          /* of the adversary               */

/* ---- what happened --------------------------------------------------------------------------------------------- */

/* The envelopes that were passed and kept, in order, as they were passed. */
size_t          sim_transcript_length(const sim *x);
const envelope *sim_transcript(const sim *x, size_t i);
hash32          sim_transcript_digest(sim *x);       /* of all that were passed: when, over whose connection, what */

/* The last one from `from` to the corrupt party `to` in the round; NULL.  Requires: `to` is corrupt. */
const envelope *sim_seen(const sim *x, party from, party to, uint64_t round, msg_type type);

int64_t sim_now_ms(const sim *x);
inbox  *sim_inbox(sim *x, party i);

/* The oracle of the tests: f(0) of the shares y (by party number) of the honest, and whether they all lie on one polynomial
 * of degree <= D. */
bool sim_reconstruct(gr *secret, const ring *R, const share *y, party_set honest, unsigned D);

/* What is usual among the honest (their result, corrupt sets inside the true one and equal, rounds equal); NULL if all is
 * well, otherwise what is not. */
const char *sim_complaint(unsigned n, party_set corrupt, const sim_party *p);

#endif
