/* SPDX-License-Identifier: MIT */
/*
 * evm/address.h -- an address as text: 0x and 40 hexadecimal digits, whose letters are capital where the Keccak hash
 * of the small ones has a digit of 8 or more (EIP-55).  Nearly every mistyped address fails this.
 */
#ifndef ARCA_EVM_ADDRESS_H
#define ARCA_EVM_ADDRESS_H

#include "seal/sign.h"

enum { ADDRESS_TEXT = 43 };                        /* with the final zero */

void address_text(char out[static ADDRESS_TEXT], const eth_address *a);

/* The checksum must be right: an address all in small or all in capital letters is refused as well, unless this is
 * its checksum.  ERR_REQUEST with a sentence that begins with `what` ("verifying_contract"). */
err  address_parse(eth_address *out, const char *what, slice text);

#endif
