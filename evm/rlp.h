/* SPDX-License-Identifier: MIT */
/*
 * evm/rlp.h -- recursive length prefixes: how transactions are written, and read.  Strings of bytes, and lists of such.
 *
 * A list's content is written to a buffer of its own first, because its length stands before it.  Numbers are strings
 * without leading zeros, zero is the empty string.
 */
#ifndef ARCA_EVM_RLP_H
#define ARCA_EVM_RLP_H

#include "base/base.h"

void rlp_put_bytes(buf *out, slice s);
void rlp_put_u64(buf *out, uint64_t x);
void rlp_put_number(buf *out, slice big_endian);         /* leading zeros are dropped */
void rlp_put_list(buf *out, slice content);

/* What stands at the front of *rest, borrowed, in the only form that it may have; false, and *rest is as it was: it is something else, or not
 * whole. */
bool rlp_take_bytes(slice *out, slice *rest);
bool rlp_take_u64(uint64_t *out, slice *rest);
bool rlp_take_list(slice *content, slice *rest);

#endif
