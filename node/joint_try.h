/* SPDX-License-Identifier: MIT */
/*
 * node/joint_try.h -- a new key set is tried by all parties together before any of them publishes it: 64 encryptions pass
 * through it (tkms/joint_trial.h), and what they decrypt to is opened and compared with what was encrypted.
 *
 * Of a decompression key, one way leads through it, and `share` is of the set that it leads to.  Of shares that came by
 * resharing, a few encryptions under a key set that has been in use say that they still decrypt.
 *
 * All honest parties open the same values, whatever t parties do, and so come to the same verdict; but a party whose own share
 * does not fit those of the others fails alone.
 *
 * What is opened is what everybody could compute beforehand: value and randomness come from the ceremony's id.  Masks are those
 * of these ciphertexts alone (share/prss.h), which nobody else encrypts; another attempt has other ones.
 */
#ifndef ARCA_NODE_JOINT_TRY_H
#define ARCA_NODE_JOINT_TRY_H

#include "mpc/mpc.h"
#include "tkms/decompression.h"
#include "tkms/key_share.h"

typedef struct joint_try {
	const key_share *share;
	const prss *masks;                               /* of the epoch */
	slice       public_key, keyset;                  /* the files of a key set; or, */
	const decompression_files *between;              /* if not NULL, those of a decompression key and the sets that it connects */
	pool       *cores;
	bool        reshared;                            /* the shares are new, and the key set is not */
	uint32_t    number;                              /* among those in this session */
} joint_try;

/* In a ceremony, of which it is a part under a number that no other has.  ERR_INTERNAL: the key set is wrong. */
err  joint_try_run(session *s, const joint_try *t);

#endif
