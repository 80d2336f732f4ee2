/* SPDX-License-Identifier: MIT */
/*
 * mpc/async_open.h -- opening masked shares to all parties without rounds or clocks: thousands at a time.
 *
 * Each opening has the identity h of what is opened (32 bytes, a hash: tkms/identity.h) and the same number of elements of
 * GR(2^128, d) at every party.  A party sends its elements to all and accepts as soon as 2t + 1 shares lie on one polynomial
 * of degree t (mpc-protocols 2.2): with no liar after the first 2t + 1, else with more as they come; n - t honest ones always
 * suffice.  Whatever t parties do, no honest party accepts anything but the right value.
 *
 *   - Shares carry h.  Whoever was given another ciphertext opens another h: its shares do not enter, it is not accused, and
 *     it hears from the others that they do not know its h.
 *   - Shares that come before this party begins are kept, within a quota a peer and for a time.
 *   - Who misses shares asks for them (after pull_ms, or at once if it says so at the beginning, as after a restart).  Own
 *     elements are kept within limits to answer that; what is no longer there is answered by "gone".
 *   - Every share that comes within late_ms is checked, also when the value is out: liars are named (suspect).  That is
 *     this party's own observation, not agreed among parties.
 *
 * No sockets, threads or clocks: the caller passes what arrives and the time, and sends what `send` is given.  One caller at
 * a time; hooks must not call back.  async_open_turn decodes all openings that became ready, together.
 *
 * Records (little-endian; a message is one or more, back to back):   u8 kind | h (32)        kind 2 pull, 3 gone
 *                                                                    u8 1 | h (32) | u32 count | count elements
 */
#ifndef ARCA_MPC_ASYNC_OPEN_H
#define ARCA_MPC_ASYNC_OPEN_H

#include "share/open.h"
#include "sym/keccak.h"

enum { MAX_OPEN_ELEMENTS = 64 };                     /* of one opening; the largest value has 16 */

typedef enum open_suspicion {
	OPEN_WRONG_SHARE,                            /* off the accepted polynomial                                   */
	OPEN_TWO_SHARES,                             /* a second share of the same opening that differs from the first */
	OPEN_WRONG_LENGTH,                           /* another number of elements, though h fixes it                 */
	OPEN_MALFORMED,                              /* bytes that are no record: the rest of the message is dropped  */
} open_suspicion;

const char *open_suspicion_text(open_suspicion s);   /* "a share off the polynomial": for sentences */

typedef struct open_hooks {
	void *ctx;
	/* record is valid during the call and the same for all of `to`. */
	void (*send)(void *ctx, party_set to, slice record);
	/* secret: elements * d words.  wrong: the parties known so far to have sent a wrong share. */
	void (*done)(void *ctx, const hash32 *h, const u128 *secret, uint32_t elements, party_set wrong);
	/* Also for liars that `done` names.  h: NULL if malformed. */
	void (*suspect)(void *ctx, party who, open_suspicion why, const hash32 *h);
	/* So many parties say that they have no share of h that it cannot end now: they were given another ciphertext, have
	 * not begun, or have forgotten.  Told once; it goes on, and ends if shares come after all. */
	void (*stuck)(void *ctx, const hash32 *h, party_set without);
} open_hooks;

typedef struct open_limits {
	size_t  openings;                            /* begun, not done                                   */
	size_t  early, early_bytes;                  /* a peer: shares of what was not begun here         */
	size_t  late;                                /* done, still waiting for late shares to check them */
	size_t  kept, kept_bytes;                    /* own elements of what is done                      */
	size_t  answers;                             /* a peer and pull_ms                                */
	int64_t early_ms, pull_ms, late_ms;
} open_limits;

extern const open_limits OPEN_LIMITS;                /* for a node: some 100 MiB if all is used at n = 13 */

typedef struct async_open async_open;

/* random: a secret that keeps peers from choosing identities that collide in our tables.  ERR_NOMEM. */
err  async_open_new(async_open **out, unsigned n, unsigned t, unsigned d, party me, const open_limits *limits,
                    const open_hooks *hooks, const rng *random, int64_t now_ms);
void async_open_free(async_open **o);                /* NULL-safe */

typedef enum open_begun {
	OPEN_BEGUN,
	OPEN_JOINED,                                 /* it is open already: the one `done` serves both */
	OPEN_FULL,                                   /* limits.openings or memory: later               */
} open_begun;

/*
 * mine: this party's elements as they travel; copied.  ask: ask the others for theirs at once, because some may have been
 * sent before and lost (a restart, a repeated request).  What was opened before opens again.
 */
open_begun async_open_begin(async_open *o, const hash32 *h, slice mine, bool ask);

/* No longer wanted: `done` will not be called.  Others may still ask for this party's share. */
void async_open_drop(async_open *o, const hash32 *h);

void async_open_message(async_open *o, party from, slice message);

/* Decodes what became ready, asks again, forgets.  Call after each batch of messages and beginnings, and a few times in pull_ms. */
void async_open_turn(async_open *o, int64_t now_ms);

typedef struct open_counts {
	size_t   open, early, late, kept;            /* now                                                */
	uint64_t done, dropped_early, pulls, gone;   /* since the start: early shares over quota or time;  */
} open_counts;                                       /* records of these kinds that were sent              */

open_counts async_open_counts(const async_open *o);

#endif
