/* SPDX-License-Identifier: MIT */
/* evm/rlp.c -- the prefix: short lengths in its low bits, long ones in the bytes behind. */
#include "evm/rlp.h"

enum { STRING = 0x80, LIST = 0xc0, SHORT = 55 };

static slice without_zeros(slice n)
{
	while (n.n && n.p[0] == 0) n.p++, n.n--;
	return n;
}

static slice as_number(uint8_t bytes[static 8], uint64_t x)
{
	for (unsigned i = 0; i < 8; i++) bytes[i] = (uint8_t)(x >> (56 - 8 * i));
	return without_zeros(slice_of(bytes, 8));
}

static void put_prefix(buf *out, uint8_t kind, size_t n)
{
	uint8_t bytes[8];

	if (n <= SHORT) {
		buf_put_u8(out, (uint8_t)(kind + n));
		return;
	}
	const slice length = as_number(bytes, n);
	buf_put_u8(out, (uint8_t)(kind + SHORT + length.n));
	buf_put_slice(out, length);
}

void rlp_put_bytes(buf *out, slice s)
{
	if (s.n != 1 || s.p[0] >= STRING) put_prefix(out, STRING, s.n);
	buf_put_slice(out, s);
}

void rlp_put_u64(buf *out, uint64_t x)
{
	uint8_t bytes[8];
	rlp_put_bytes(out, as_number(bytes, x));
}

void rlp_put_number(buf *out, slice big_endian)
{
	rlp_put_bytes(out, without_zeros(big_endian));
}

void rlp_put_list(buf *out, slice content)
{
	put_prefix(out, LIST, content.n);
	buf_put_slice(out, content);
}
