/* SPDX-License-Identifier: MIT */
/*
 * evm/rlp.h -- recursive length prefixes: how transactions are written.  Strings of bytes, and lists of such.
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

#endif
