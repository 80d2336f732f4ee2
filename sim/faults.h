/* SPDX-License-Identifier: MIT */
/*
 * sim/faults.h -- what can happen to a message on its way, as a tap: it knows nothing of protocols, so it suits all of them.
 *
 * A party on whose messages faults work counts as corrupt, whatever program it runs.
 */
#ifndef ARCA_SIM_FAULTS_H
#define ARCA_SIM_FAULTS_H

#include "sim/sim.h"

typedef enum fault_kind {
	FAULT_DROP,
	FAULT_JUST_IN_TIME,              /* arrives 1 ms before a round's patience is over, counted from its sending */
	FAULT_TOO_LATE,                  /* 1 ms after                                                               */
	FAULT_REPEAT,                    /* comes twice                                                              */
	FAULT_CONTRADICT,                /* a second, different one follows                                          */
	FAULT_FLIP,                      /* one bit                                                                  */
	FAULT_HIGH_BIT,                  /* the highest bit of every eighth byte: of every 64-bit word               */
	FAULT_ZERO,
	FAULT_GARBAGE,                   /* random bytes of the same length                                          */
	FAULT_TRUNCATE,
	FAULT_EMPTY,
	FAULT_EXTEND,                    /* one byte more                                                            */
	FAULT_OVERSIZE,                  /* a mebibyte more                                                          */
	FAULT_SWAP,                      /* the body of the message before it of this sender, in this round          */
	FAULT_OLD,                       /* the body of this sender's message of the round before                    */
	FAULT_OTHER_SESSION,
	FAULT_OTHER_ROUND,               /* a future one                                                             */
	FAULT_OTHER_TYPE,
	FAULT_OTHER_NAME,                /* claims to come from somebody else                                        */
	FAULT_FLOOD,                     /* comes, and with it 100 messages for sessions that nobody knows           */
	FAULT_KINDS
} fault_kind;

typedef struct fault {
	fault_kind kind;
	party      from, to;             /* 0: any                                      */
	uint64_t   first, last;          /* rounds; 0, 0: all                           */
	unsigned   where;                /* in eighths of the body, for FAULT_FLIP      */
} fault;

typedef struct faults {
	const fault *f;
	size_t       n;
	envelope     before[MAX_PARTIES + 1], older[MAX_PARTIES + 1][MAX_PARTIES + 1];   /* begins as zeros */
} faults;

/* sim_set_tap(x, faults_tap, &faults): the first fault that fits a message works on it. */
void faults_tap(void *ctx, sim *x, const envelope *e);

const char *fault_name(fault_kind k);

#endif
