/* SPDX-License-Identifier: MIT */
/* mpc/reshare_internal.h -- one resharing, as a member of the new set sees it (mpc/reshare.c). */
#ifndef ARCA_MPC_RESHARE_INTERNAL_H
#define ARCA_MPC_RESHARE_INTERNAL_H

#include "mpc/crossing.h"
#include "mpc/reshare.h"
#include "share/prss_batch.h"

typedef struct reshare_work {
	session   *s;
	const reshare_plan *plan;
	const reshare_sets *sets;
	const ring *R;
	size_t     bytes;                /* of N elements                                */
	crossing   between;
	prss_batch *tables;
	u128      *r[MAX_PARTIES + 1];   /* <r_j>: N elements                            */
	slice      v[MAX_PARTIES + 1];   /* v_j as it travels                            */
	party_set  G;
	party_set  failed;               /* of the old set                               */
	gr        *m;                    /* [row (t1 + 1) + column]: a row for each of G - I */
	code      *code;                 /* of the old set                               */
} reshare_work;

static inline gr reshare_element(const ring *R, const u128 *w)
{
	gr v = GR_ZERO;

	memcpy(v.c, w, R->d * sizeof *w);
	return v;
}

/* Whether P_j gives nothing: it lacks its shares, or is known to be corrupt under its number in the new set. */
bool reshare_is_out(const reshare_work *x, party j);

/* P_j has failed, as is seen in what all of the new set agree on.  ERR_STATE: more than t1 have. */
err  reshare_fail(reshare_work *x, party j, const char *why);

/* Round 3: x->G, and the v_j of its members (mpc/reshare_agree.c). */
err  reshare_agree(reshare_work *x);

/* Round 4: who of G is wrong; and the new shares (mpc/reshare_check.c). */
err  reshare_check(reshare_work *x);
void reshare_combine(u128 *fresh, const reshare_work *x);

#endif
