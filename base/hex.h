/* SPDX-License-Identifier: MIT */
/* base/hex.h -- bytes as lower-case hexadecimal text.  Writing takes a time that depends on the length only. */
#ifndef ARCA_BASE_HEX_H
#define ARCA_BASE_HEX_H

#include "base/slice.h"

/* Writes 2n digits and a final zero.  Requires: room for 2n + 1. */
void hex_write(char *out, slice bytes);
void buf_put_hex(buf *b, slice bytes);

/* Reads exactly n bytes from text of exactly 2n digits (either case, optional 0x).  On failure out is untouched. */
bool hex_read(uint8_t *out, size_t n, slice text);

/* Appends the bytes of a text of any even length (optional 0x); false leaves b as it was. */
bool hex_read_all(buf *b, slice text);

#endif
