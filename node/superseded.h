/* SPDX-License-Identifier: MIT */
/*
 * node/superseded.h -- which epochs are superseded, since when, and what keeps others.
 *
 * An epoch is superseded when it has keys, and each of them came by resharing to a later epoch that is there, or went to parties
 * of another context, of whom this node is none.  The moment is that at which the last of them had come.  It is read from the
 * epochs and keys themselves whenever somebody asks: a later epoch is on disk, with the time at which it was made, only after all
 * parties have told each other that they stored its shares (mpc/reshare.h), so there is no second record that could contradict
 * it, and it survives every stop.  Who only gave has no later epoch: it keeps the moment at which more of the new parties than
 * can be corrupt said that they have theirs (node/keys.h).
 *
 * A key that was made in the old epoch after a resharing, or was left out of it, keeps the epoch.  So does having no keys: such
 * an epoch has no shares, and whatever is prepared in it has no successor.
 */
#ifndef ARCA_NODE_SUPERSEDED_H
#define ARCA_NODE_SUPERSEDED_H

#include "node/epochs.h"
#include "node/keys.h"

typedef struct succession {
	size_t  keys, left;                  /* of the epoch; those of them that no later epoch has */
	id32    stays;                       /* one of these                                        */
	int64_t since_ms;                    /* since 1970; of those that a later epoch has         */
} succession;

succession succession_of(const id32 *old, keys *k, epochs *e);

static inline bool is_superseded(const succession *s) { return s->keys && s->left == 0; }

/* Can every share that takes the place of this epoch's be read from the disk?  Those that others have are not looked for.
 * ERR_IO, which says why not.  Requires: superseded. */
err  successors_readable(const id32 *old, keys *k, epochs *e);

#endif
