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

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static uint64_t number_of(slice s)
{
	uint64_t x = 0;
	for (size_t i = 0; i < s.n; i++) x = x << 8 | s.p[i];
	return x;
}

/* A length has no zeros in front, and is not long where it could be short. */
static bool take(slice *out, slice *rest, uint8_t kind, uint8_t last)
{
	if (rest->n == 0 || rest->p[0] < kind || rest->p[0] > last) return false;
	size_t skip = 1, n = (size_t)(rest->p[0] - kind);
	if (n > SHORT) {
		const size_t digits = n - SHORT;
		if (rest->n - 1 < digits || rest->p[1] == 0) return false;
		n = number_of(slice_of(rest->p + 1, digits));
		skip += digits;
		if (n <= SHORT) return false;
	}
	if (n > rest->n - skip) return false;
	*out = slice_of(rest->p + skip, n);
	*rest = slice_of(rest->p + skip + n, rest->n - skip - n);
	return true;
}

bool rlp_take_bytes(slice *out, slice *rest)
{
	slice after = *rest;

	if (rest->n && rest->p[0] < STRING) {
		*out = slice_of(rest->p, 1);
		*rest = slice_of(rest->p + 1, rest->n - 1);
		return true;
	}
	if (!take(out, &after, STRING, LIST - 1) || (out->n == 1 && out->p[0] < STRING)) return false;
	*rest = after;
	return true;
}

bool rlp_take_u64(uint64_t *out, slice *rest)
{
	slice after = *rest, s;

	if (!rlp_take_bytes(&s, &after) || s.n > sizeof *out || (s.n && s.p[0] == 0)) return false;
	*out = number_of(s);
	*rest = after;
	return true;
}

bool rlp_take_list(slice *content, slice *rest)
{
	return take(content, rest, LIST, UINT8_MAX);
}
