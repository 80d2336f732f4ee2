/* SPDX-License-Identifier: MIT */
/* tests/share/prss_keys.h -- the keys of a whole cluster. */
#ifndef ARCA_TESTS_SHARE_PRSS_KEYS_H
#define ARCA_TESTS_SHARE_PRSS_KEYS_H

#include "tests/share/words.h"
#include "share/prss.h"

typedef struct prss_group {
	unsigned  n, t, d, sets;
	party_set A[MAX_PRSS_SETS];
	uint8_t   r[MAX_PRSS_SETS][PRSS_KEY];
	prss     *p[MAX_PARTIES + 1];                    /* by party */
} prss_group;

/* What party i holds of r[]. */
static inline err group_join(prss **out, const prss_group *g, party i, const id32 *epoch)
{
	static uint8_t mine[MAX_PRSS_SETS][PRSS_KEY];
	unsigned held = 0;

	for (unsigned s = 0; s < g->sets; s++)
		if (has(g->A[s], i)) memcpy(mine[held++], g->r[s], PRSS_KEY);
	return prss_new(out, g->n, g->t, g->d, i, epoch, mine);
}

/* Random keys; the parties of `who` only. */
static inline void group_new(prss_group *g, unsigned n, unsigned t, party_set who)
{
	*g = (prss_group){ .n = n, .t = t, .d = ring_degree(n), .sets = binomial(n, t) };
	prss_sets(g->A, n, t);
	rng_fill(test_rng(), g->r, sizeof g->r[0] * g->sets);
	FOR_EACH_IN(i, who) assert_ok(group_join(&g->p[i], g, i, &ID_DEFAULT_EPOCH));
}

static inline void group_free(prss_group *g)
{
	for (unsigned i = 1; i <= g->n; i++) prss_free(&g->p[i]);
}

static inline hash32 random_hash(void)
{
	hash32 h;
	rng_fill(test_rng(), h.b, sizeof h.b);
	return h;
}

#endif
