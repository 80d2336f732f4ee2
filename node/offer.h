/* SPDX-License-Identifier: MIT */
/*
 * node/offer.h -- what a party of an old set has to give to a new one: the keys of an epoch, by id, and what is public about them.
 * Parties that have the same keys write the same bytes.
 *
 *   offer   u8 version; 0: nothing, and all that follows is 0
 *           u8 keys | each, ascending by id, in MAX_RESHARED_KEYS places; those without a key are 0
 *   key     key id (32) | preprocessing id (32) | u32 FheParameter | u8 marks | u8 files | MAX_OFFER_FILES files
 *   file    u8 type | u64 bytes | digest (32); ascending by type; little-endian
 */
#ifndef ARCA_NODE_OFFER_H
#define ARCA_NODE_OFFER_H

#include "node/request.h"

enum {
	MAX_OFFER_FILES = 4,
	OFFER_FILE_BYTES = 1 + 8 + 32,
	OFFER_KEY_BYTES = 32 + 32 + 4 + 1 + 1 + MAX_OFFER_FILES * OFFER_FILE_BYTES,
	OFFER_BYTES = 2 + MAX_RESHARED_KEYS * OFFER_KEY_BYTES,
};

typedef struct offered_file { pub_type type; uint64_t bytes; hash32 digest; } offered_file;

typedef struct offered_key {
	id32     key_id, prep_id;
	const lat_params *params;
	uint8_t  marks;                          /* without those of an epoch */
	unsigned files;
	offered_file file[MAX_OFFER_FILES];
} offered_key;

typedef struct offer {
	unsigned    keys;
	offered_key key[MAX_RESHARED_KEYS];
} offer;

void offer_write(uint8_t out[static OFFER_BYTES], const offer *x);        /* NULL: nothing */

/* As key_set_type (node/keys.h) of the key's record. */
pub_type offer_key_set_type(const offered_key *k);

/* False: it is nothing, or malformed, or has parameters that this build does not offer. */
[[nodiscard]] bool offer_read(offer *out, slice bytes);

/* ERR_REQUEST or ERR_NOT_FOUND with a sentence if these are not the keys that the request names, if it names any. */
err  offer_is_wanted(const offer *x, const request *r);

#endif
