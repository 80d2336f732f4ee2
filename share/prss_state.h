/* SPDX-License-Identifier: MIT */
/* share/prss_state.h -- what a party holds for pseudo-random sharing, and the notes of the ledger. */
#ifndef ARCA_SHARE_PRSS_STATE_H
#define ARCA_SHARE_PRSS_STATE_H

#include "share/prf.h"
#include "share/prss_mask.h"

struct prss {
	unsigned  n, t, d, held;
	party     me;
	size_t    quads;                     /* held keys fill so many, the last one perhaps not all */
	aes_quad *key, *mask_key;            /* K_A and K_A^M: quads each, guarded */
	gr       *weight;                    /* f_A(gr_point(me)) modulo 2^128, set by set: public */
	prss_mask_weights small;                  /* the same as small integers, if they are */
	uint64_t  ledger_id;
};

/* The set that follows A in the order of prss_sets(), which begins with parties_all(n - t); 0 after the last. */
party_set prss_set_after(party_set A, unsigned n);

/* ---- the ledger (prss.h): nothing where it is not built --------------------------------------------------------- */

typedef enum ledger_use { LEDGER_DRAWN, LEDGER_PUBLISHED, LEDGER_MASK } ledger_use;

#ifdef ARCA_CHECKS
/* The same for the same party and keys. */
uint64_t prss_ledger_id(party me, const id32 *epoch, const uint8_t (*r)[PRSS_KEY], unsigned held);
void     prss_ledger_note(const prss *p, slice sid, prss_domain domain, unsigned width, uint64_t ctr, ledger_use use);
#else
static inline uint64_t prss_ledger_id(party me, const id32 *epoch, const uint8_t (*r)[PRSS_KEY], unsigned held)
{
	return (void)me, (void)epoch, (void)r, (void)held, 0;
}
static inline void prss_ledger_note(const prss *p, slice sid, prss_domain domain, unsigned width, uint64_t ctr, ledger_use use)
{
	(void)p, (void)sid, (void)domain, (void)width, (void)ctr, (void)use;
}
#endif

#endif
