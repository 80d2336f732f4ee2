/* SPDX-License-Identifier: MIT */
/* evm/abi.c -- padding on the left. */
#include "evm/abi.h"

static abi_word right_aligned(slice s)
{
	abi_word w = { 0 };
	ASSERT(s.n <= sizeof w.b);
	if (s.n) memcpy(w.b + sizeof w.b - s.n, s.p, s.n);
	return w;
}

abi_word abi_u64(uint64_t x)
{
	abi_word w = { 0 };
	for (unsigned i = 0; i < 8; i++) w.b[31 - i] = (uint8_t)(x >> (8 * i));
	return w;
}

abi_word abi_address(const eth_address *a)
{
	return right_aligned(slice_of(a->b, sizeof a->b));
}

abi_word abi_hash(const hash32 *h)
{
	return right_aligned(hash32_slice(h));
}

err abi_read(abi_word *out, const char *what, slice big_endian)
{
	if (big_endian.n > sizeof out->b)
		return err_fail(ERR_REQUEST, "%s has %zu bytes; at most 32 are possible", what, big_endian.n);
	*out = right_aligned(big_endian);
	return OK;
}

abi_word abi_little_endian(slice bytes)
{
	abi_word w = { 0 };
	ASSERT(bytes.n <= sizeof w.b);
	for (size_t i = 0; i < bytes.n; i++) w.b[sizeof w.b - 1 - i] = bytes.p[i];
	return w;
}
