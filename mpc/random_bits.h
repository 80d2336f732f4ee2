/* SPDX-License-Identifier: MIT */
/*
 * mpc/random_bits.h -- shared random bits, as many as one likes; what key generation is made of.
 *
 *   random_bits      one session, one batch after the other
 *   mpc_lanes        sessions side by side (mpc/lanes.h), so that one computes while another waits
 */
#ifndef ARCA_MPC_RANDOM_BITS_H
#define ARCA_MPC_RANDOM_BITS_H

#include "mpc/mpc.h"
#include "share/prss_batch.h"

typedef struct bits_sink {
	void *ctx;
	/* The next `count` shares of bits: elements of s->R side by side, as in share/bits.h; wiped afterwards. */
	err (*take)(void *ctx, const session *s, const void *bit, size_t count);
} bits_sink;

typedef struct bits_job {
	const prss_batch *tables;        /* of s->prss                                                    */
	uint64_t wanted;                 /* bits                                                          */
	size_t   batch;                  /* bits opened in a round, at most; a multiple of the degree d   */
	bits_sink to;
} bits_job;

/*
 * Puts out exactly `wanted` bits, the same ones in the same order at all honest parties.  All must agree on wanted and batch.
 * ERR_STATE as within_model; what the sink says.  Requires: the session has used its prss for nothing else.
 */
err random_bits(session *s, const bits_job *job);

/* The rounds of a session in which nobody lies; so many of them are meetings (mpc/meet.c), of a byte to each party. */
static inline uint64_t random_bits_meetings(uint64_t batches) { return batches ? (batches - 1) / MEET_EVERY : 0; }
uint64_t random_bits_rounds(unsigned t, uint64_t wanted, size_t each);
/* The bytes of a message of words. */
size_t   random_bits_message(const ring *R, size_t bits);

#endif
