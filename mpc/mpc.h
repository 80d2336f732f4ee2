/* SPDX-License-Identifier: MIT */
/*
 * mpc/mpc.h -- protocols that n parties run over a network, t < n/3 of them corrupt.  The front door.
 *
 * Read in this order:
 *   wire.h     envelopes, and what a network must do
 *   sid.h      session ids
 *   inbox.h    where messages wait for protocols and protocols for messages
 *   session.h  a session: rounds, the set of proven liars, the clock
 *   runner.h   sessions on threads
 * and the protocols, one file each:
 *   bcast.c        synchronous reliable broadcast, all parties at once
 *   open.c         robust opening
 *   vss.c          verifiable secret sharing, all dealers at once
 *   coin_flip.c    a public random element that nobody could choose
 *   agree_random.c random keys for sets of parties
 *   prss_setup.c   the keys of share/prss.h
 *   prss_check.c   who lied in values that come from PRSS
 *   meet.c         patience forgotten together
 *   hello.c        the nonce with which every ceremony begins
 *   random_bits.c  shared random bits: random_bits.h; how many a key needs: keygen_plan.h
 *   triples.c      random products: triples.h
 *   slab.c         rows of public keys from shares of secret ones: slab.h; a whole key set: joint_keygen.h
 *   reshare.c      new shares of old secrets, for the same parties or others: reshare.h
 * open_words.h: many values opened together;  lanes.h: parts of a ceremony side by side;  and, without sessions or rounds,
 * async_open.h: the openings of decryptions.
 *
 * In all of them: what the honest parties put out agrees, whatever t parties do; an honest party is never accused.
 */
#ifndef ARCA_MPC_MPC_H
#define ARCA_MPC_MPC_H

#include "mpc/session.h"

/* ---- broadcast ------------------------------------------------------------------------------------------------- */

/* Every party sends `mine`; all[i] (n + 1 places): what P_i sent, the same at every honest party; {NULL, 0} if P_i is
 * corrupt, which is then known to all.  most: the bytes of the longest message that any party may send; who sends more has
 * sent nothing.  bcast_rounds(t - c) rounds, c = |corrupt|.  ERR_UNSUPPORTED: most is more than bcast_limit(t), or mine
 * more than `most`.  ERR_STATE as within_model. */
err bcast(session *s, slice mine, size_t most, slice *all);
static inline unsigned bcast_rounds(unsigned t) { return 3 * t + 1; }
static inline size_t   bcast_limit(unsigned t) { return MAX_BODY / (t ? t : 1) - 16; }

/* What travels in a broadcast's later rounds: BCAST_HEADER bytes, a digest for each sender, and, once, messages of at most
 * BCAST_SHORT bytes in full, each behind BCAST_LENGTH bytes. */
enum { BCAST_SHORT = 256, BCAST_HEADER = 24, BCAST_LENGTH = 2 };

/* ---- opening --------------------------------------------------------------------------------------------------- */

/*
 * Opens m sharings of degree D (t or 2t), in one round.  to[i]: who learns the i-th (NULL: all).  value[i], where this party
 * is in to[i].  opened[i]: whether enough shares agree; for D = t they always do.  opened may be NULL: then a value that
 * does not open is ERR_STATE, more than t parties being at fault.
 */
err open_sync(session *s, gr *value, bool *opened, const share *x, const party_set *to, size_t m, unsigned D);

/* ---- verifiable secret sharing --------------------------------------------------------------------------------- */

/* Each of the dealers shares c secrets; `secret` (c of them) is read if this party deals.  out[(D - 1) c + l]: this party's
 * share of the l-th secret of P_D; zero for parties that do not deal or were caught.  n c places. */
err vss(session *s, share *out, party_set dealers, size_t c, const gr *secret);

/* ---- coins and keys -------------------------------------------------------------------------------------------- */

/* *coin: uniform in R, unknown to anybody before the last round, the same at every honest party. */
err coin_flip(session *s, gr *coin);

/* x[i]: a sharing (degree t) of a random element.  The members of A[i], and nobody else, learn a key made of it; key[j]:
 * that of the j-th of the sets that contain this party. */
err agree_random(session *s, uint8_t (*key)[PRSS_KEY], const share *x, const party_set *A, size_t m);

/* r[0 .. C(n-1, t)): what prss_new (share/prss.h) takes. */
err prss_setup(session *s, uint8_t (*r)[PRSS_KEY]);

/* A value of share/prss.h under the session's id. */
typedef struct prss_use { prss_domain domain; uint64_t ctr; } prss_use;

/* value[i (n + 1) + j]: party j's share of the i-th value, recomputed from PRF outputs that all parties publish; whoever
 * publishes another output than its fellows is accused.  The values must not serve anything afterwards.  ERR_REQUEST for
 * masks. */
err prss_check(session *s, gr *value, const prss_use *use, size_t m);

/* ---- time -------------------------------------------------------------------------------------------------------- */

/* Patience of earlier rounds is forgotten.  One round, a byte to each party.  All honest parties are through it within
 * meet_spread(t) rounds' time of each other, and so each later round has one more than that. */
err meet(session *s);
static inline unsigned meet_spread(unsigned t) { return t + 1; }

/* Long sessions meet after so many steps, of a few rounds each. */
enum { MEET_EVERY = 2 };

/* ---- the start of a ceremony ----------------------------------------------------------------------------------- */

/* In a session under sid_hello(c): draws the nonce.  *sid = sid_of_ceremony(c, nonce). */
err hello(session *s, session_id *sid, uint8_t nonce[static SID_NONCE], const ceremony *c);

#endif
