/* SPDX-License-Identifier: MIT */
/*
 * connector/fetch.h -- the ciphertexts of one request: found as the profile says, then fetched.
 *
 *   by the event        each material has its digest, and its holders' buckets are asked
 *   by attestations     the coprocessors say which digest a handle has (connector/attested.h), and those who say so are asked
 *
 * All are under one key, or the request is refused.
 */
#ifndef ARCA_CONNECTOR_FETCH_H
#define ARCA_CONNECTOR_FETCH_H

#include "connector/attested.h"

/* Where to look: with attesting coprocessors by what they say, otherwise in these buckets. */
typedef struct fetch_from {
	coprocessors *attesting;
	const char   *url[MAX_BUCKET_URLS];
	size_t        urls;
} fetch_from;

/* In the order of the request's handles. */
typedef struct fetched {
	id32           key_id;
	size_t         n, room;
	buf           *bytes;                      /* room for all that the request names */
	ask_ciphertext *ct;                        /* .bytes borrowed from bytes[]        */
	size_t         kept;                       /* how many were there from before */
	bool           unattested;                 /* coprocessors do not agree on the next one */
} fetched;

/* *out is to be given back also after an error: then so many were fetched as n says.  ERR_REQUEST: it will never be fetched;
 * ERR_IO: perhaps later. */
err  fetch_all(fetched **out, buckets *b, const queue_item *item, const fetch_from *from);
void fetched_free(fetched **f);

#endif
