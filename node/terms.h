/* SPDX-License-Identifier: MIT */
/*
 * node/terms.h -- do all parties of a ceremony want the same?
 *
 * Every party is asked on its own, so one may have been asked for something else.  Each broadcasts what it was asked for, with
 * parameters in the clear, for sentences, and a digest of everything.  If n - t parties want the same, they go on; whoever
 * wants anything else is out, and knows why.  If not, all fail and say who wanted what.
 *
 *   terms   u32 FheParameter | digest (32), little-endian
 */
#ifndef ARCA_NODE_TERMS_H
#define ARCA_NODE_TERMS_H

#include "mpc/mpc.h"
#include "node/request.h"

typedef struct terms { uint32_t fhe_parameter; hash32 all; } terms;

enum { TERMS_BYTES = 4 + 32 };

/* Of a preprocessing, or of a key generation whose parameters are known.  how: numbers of this version that all parties must
 * have in common, such as sizes of messages. */
terms terms_of(const request *r, slice how);

/* The first thing in a ceremony.  ERR_STATE: this party is out, or there is no majority. */
err  terms_agree(session *s, const terms *mine);

#endif
