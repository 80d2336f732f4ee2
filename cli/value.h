/* SPDX-License-Identifier: MIT */
/*
 * cli/value.h -- values as people type and read them: those of tkms/encrypt.h, and addresses with their checksum
 * (EIP-55), which catches nearly every mistyped one.
 */
#ifndef ARCA_CLI_VALUE_H
#define ARCA_CLI_VALUE_H

#include "tkms/encrypt.h"

/* As plaintext_parse, but an address is 0x and 40 digits.  Letters of both cases in it are a checksum and must be the right one; of
 * one case, none. */
err  value_parse(plaintext *out, const fhe_type *type, slice text);

/* As plaintext_print, addresses with their checksum. */
void value_print(buf *out, const plaintext *p);

#endif
