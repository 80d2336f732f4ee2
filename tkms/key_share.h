/* SPDX-License-Identifier: MIT */
/*
 * tkms/key_share.h -- what one party holds of a key set.
 *
 *   key_share     its shares of the secret keys (lattice/keys.h), as they are dealt, stored and one day reshared: for every
 *                 secret bit an element of GR(2^128, d), party me's point of a polynomial of degree t
 *   online_key    the two secrets under which squashed ciphertexts are, prepared for decrypting (share/partial.h)
 *
 * Stored: u8 version | id32 key | id32 epoch | u32 FheParameter | u8 n | u8 t | u8 d | u8 me | u8 secrets present, bit id |
 * then for each of these, in the order of secret_id, secret_length() elements of d words of 128 bits; all little-endian.
 *
 * Time: constant in the shares.
 */
#ifndef ARCA_TKMS_KEY_SHARE_H
#define ARCA_TKMS_KEY_SHARE_H

#include "base/id.h"
#include "lattice/keys.h"
#include "share/partial.h"

enum { MAX_KEY_SHARE_FILE = 1 << 22 };               /* production at degree 8 takes half of it */

/* Whose share of which key. */
typedef struct share_holder {
	id32     key_id, epoch_id;
	unsigned n, t, d;
	party    me;
} share_holder;

typedef struct key_share {
	share_holder holder;
	const lat_params *params;
	u128 *word[SECRETS];             /* secret_length() elements of d words, in guarded memory; NULL: came without it */
	void *memory;
} key_share;

#define SECRET_BIT(id) (1u << (id))
#define ALL_SECRETS    (SECRET_BIT(SECRETS) - 1)
#define ONLINE_SECRETS (SECRET_BIT(SECRET_SNS) | SECRET_BIT(SECRET_SNSCOMP))

/* All zero, for the secrets in `which`.  Requires: parties_allowed(n, t), d = ring_degree(n), 1 <= me <= n.  ERR_NOMEM. */
err  key_share_new(key_share *out, const share_holder *holder, const lat_params *params, unsigned which);
void key_share_free(key_share *k);                   /* wipes; NULL-safe */

void key_share_write(buf *out, const key_share *k);
/* ERR_REQUEST if the file is malformed or names parameters that this build does not have; ERR_NOMEM. */
err  key_share_read(key_share *out, slice file);

/* ---- online ----------------------------------------------------------------------------------------------------- */

typedef struct online_key {
	share_holder holder;
	const lat_params *params;
	lwe_key_share  *sns;             /* big-expanded, and everything that this party squashes */
	glwe_key_share *snscomp;         /* big-compressed lists                                  */
} online_key;

/* A copy in other form: `from` may be freed afterwards.  ERR_STATE if it lacks one of ONLINE_SECRETS; ERR_NOMEM. */
err  online_key_new(online_key *out, const key_share *from);
void online_key_free(online_key *k);                 /* wipes; NULL-safe */

#endif
