/* SPDX-License-Identifier: MIT */
/*
 * evm/abi.h -- the 32-byte words of which contracts are spoken to: big-endian, short values padded on the left.
 */
#ifndef ARCA_EVM_ABI_H
#define ARCA_EVM_ABI_H

#include "seal/sign.h"

typedef struct abi_word { uint8_t b[32]; } abi_word;

static inline slice abi_slice(const abi_word *w) { return slice_of(w->b, sizeof w->b); }

abi_word abi_u64(uint64_t x);
abi_word abi_address(const eth_address *a);
abi_word abi_hash(const hash32 *h);

/* Up to 32 bytes, most significant first: an unsigned integer, or an opaque handle.
 * ERR_REQUEST with a sentence that begins with `what`, if there are more. */
err      abi_read(abi_word *out, const char *what, slice big_endian);

/* An integer, least significant byte first.  Requires: at most 32 bytes. */
abi_word abi_little_endian(slice bytes);

#endif
