/* SPDX-License-Identifier: MIT */
/*
 * node/small_keys.h -- what a party needs of the published key set before it can squash small formats.
 *
 * The prepared keys of production have 2.7 GB.  They are a file that all nodes of a machine share (lattice/derived.h), in
 * core.derived_folder, and are mapped when the first small format is asked for; if the file is not there yet it is made
 * then, in seconds.  The requests that need it wait meanwhile, each Get says that the answer is not there yet, and the log
 * says how far it is.  Others are decrypted as ever, if the node has more than one thread for kernels.
 */
#ifndef ARCA_NODE_SMALL_KEYS_H
#define ARCA_NODE_SMALL_KEYS_H

#include "node/engine.h"

/* Valid as long as the part is held.  ERR_NOMEM, ERR_IO with the numbers if memory or disk do not suffice; the next request
 * tries again. */
err small_keys(const eval_keys **out, const engine *e, own_part *p);

/* Removes from the folder what was prepared for keys that this node has no more, unless another node works with it: at the
 * start, and when an epoch is destroyed. */
void small_keys_tidy(const char *derived_folder, keys *k);

#endif
