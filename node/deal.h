/* SPDX-License-Identifier: MIT */
/*
 * node/deal.h -- the protocol of insecure key generation: party 1, which makes a whole key set, deals it out.
 *
 *   waiting     while the dealer computes, it says so in every round
 *   header      dealer to each: sizes and digests of the published files, and that party's share
 *   pieces      a round each, dealer to all: the public key's file, then the key set's in pieces.  Who has a piece
 *               answers, and who does not answer gets no more
 *   (uncompressed: each makes the ServerKey from what it has: new_key.h)
 *   agreement   all broadcast the digest of what they have; n - t equal ones make the key
 *
 * Neither side ever has more of the key set in memory than a piece for each party: it goes from the dealer's draft to that
 * of each receiver.  The answers are the back-pressure.
 *
 * Time: a dealer that only says that it computes is left after DEAL_MOST_WAIT_MS, one that is silent after a round; a
 * receiver that does not answer costs the others a round, DEAL_PIECE_MS longer than others, once.
 *
 * A party that was not served has failed, and is silent in the agreement.
 */
#ifndef ARCA_NODE_DEAL_H
#define ARCA_NODE_DEAL_H

#include "node/new_key.h"

enum {
	DEALER = 1,
	DEAL_PIECE = 8 << 20,
	DEAL_PIECE_MS = 10 * 1000,                       /* added to the round of a piece */
	DEAL_MOST_WAIT_MS = 20 * 60 * 1000,
};

typedef struct deal {
	share_holder holder;                             /* this party's */
	const lat_params *params;
	new_key      mine;
	size_t       piece;                              /* DEAL_PIECE; the same everywhere */
	const progress *told;                            /* bytes of the key set dealt or received; may be NULL */
	void        *ctx;
	pool        *cores;
	draft       *plain;                              /* CompressedNone: for the ServerKey; else NULL */

	/* The dealer's: waits a little, and says whether everything is made: then it is in `mine` and `share`. */
	err        (*made)(void *ctx, bool *yes);
	key_share    share[MAX_PARTIES + 1];             /* [1 .. n]; deal_run takes the dealer's own */

	/* A receiver's: where a key set of `params` goes. */
	err        (*room)(void *ctx, draft **out);
} deal;

/* A program of mpc/session.h; arg: a deal. */
err  deal_run(session *s, void *arg);

/* Wipes the shares, drops what was not kept. */
void deal_clear(deal *d);

#endif
