/* SPDX-License-Identifier: MIT */
/* evm/address.c -- EIP-55: writing is the definition, reading compares with it. */
#include "evm/address.h"
#include "base/hex.h"

enum { DIGITS = 40 };

void address_text(char out[static ADDRESS_TEXT], const eth_address *a)
{
	char *digit = out + 2;

	memcpy(out, "0x", 2);
	hex_write(digit, slice_of(a->b, sizeof a->b));
	const hash32 h = keccak256(slice_of(digit, DIGITS));
	for (unsigned i = 0; i < DIGITS; i++) {
		const unsigned nibble = i % 2 ? h.b[i / 2] & 15 : h.b[i / 2] >> 4;
		if (digit[i] >= 'a' && nibble >= 8) digit[i] = (char)(digit[i] - 'a' + 'A');
	}
}

err address_parse(eth_address *out, const char *what, slice text)
{
	char expected[ADDRESS_TEXT];
	eth_address a;

	if (text.n != ADDRESS_TEXT - 1 || memcmp(text.p, "0x", 2) != 0 || !hex_read(a.b, sizeof a.b, text))
		return err_fail(ERR_REQUEST, "%s is not an address: it must be 0x and 40 hexadecimal digits", what);
	address_text(expected, &a);
	if (memcmp(text.p, expected, text.n) != 0)
		return err_fail(ERR_REQUEST, "%s has a wrong checksum (EIP-55): for these digits it would be %s", what, expected);
	*out = a;
	return OK;
}
