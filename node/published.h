/* SPDX-License-Identifier: MIT */
/*
 * node/published.h -- what others have published of a key, for a node that joins them.
 *
 * A key set is half a gigabyte for production, or two uncompressed: it goes straight into its place (base/draft.h), and gets its
 * name when its digest is the one that was agreed on.  Who serves another file is passed over; what cannot be had from anybody
 * is an error.
 */
#ifndef ARCA_NODE_PUBLISHED_H
#define ARCA_NODE_PUBLISHED_H

#include "node/contexts.h"
#include "node/offer.h"

/* Bytes of a file that is there.  ERR_NOT_FOUND; ERR_IO. */
err  published_size(uint64_t *out, vault *v, pub_type t, const id32 *key);

/* Is a file of this key missing?  ERR_IO. */
err  published_is_missing(bool *out, vault *v, const offered_key *k);

/* Fetches those that are missing from any party's storage: all of them within timeout_ms.  ERR_IO with what the last one said;
 * what was fetched stays. */
err  published_fetch(vault *v, const offered_key *k, const mpc_context *from, int64_t timeout_ms);

#endif
