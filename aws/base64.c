/* SPDX-License-Identifier: MIT */
/* aws/base64.c -- six bits to a sign and back, by arithmetic: a table would be read at secret places. */
#include "aws/base64.h"

/* All ones if from <= x <= to, for small numbers. */
static uint32_t within(uint32_t x, uint32_t from, uint32_t to)
{
	return (((x - from) | (to - x)) >> 31) - 1;
}

static uint8_t sign_of(uint32_t v)
{
	return (uint8_t)((within(v, 0, 25) & (v + 'A')) | (within(v, 26, 51) & (v - 26 + 'a')) | (within(v, 52, 61) & (v - 52 + '0')) |
	                 (within(v, 62, 62) & '+') | (within(v, 63, 63) & '/'));
}

/* Bit 8 is set if it is none. */
static uint32_t value_of(uint32_t c)
{
	const uint32_t upper = within(c, 'A', 'Z'), lower = within(c, 'a', 'z'), digit = within(c, '0', '9'),
	               plus = within(c, '+', '+'), slash = within(c, '/', '/');

	return (upper & (c - 'A')) | (lower & (c - 'a' + 26)) | (digit & (c - '0' + 52)) | (plus & 62) | (slash & 63) |
	       (~(upper | lower | digit | plus | slash) & 0x100);
}

void base64_write(buf *out, slice bytes)
{
	for (size_t i = 0; i < bytes.n; i += 3) {
		const size_t n = size_min(3, bytes.n - i);
		const uint32_t x = (uint32_t)bytes.p[i] << 16 | (n > 1 ? (uint32_t)bytes.p[i + 1] << 8 : 0) | (n > 2 ? bytes.p[i + 2] : 0);
		buf_put_u8(out, sign_of(x >> 18));
		buf_put_u8(out, sign_of(x >> 12 & 63));
		buf_put_u8(out, n > 1 ? sign_of(x >> 6 & 63) : '=');
		buf_put_u8(out, n > 2 ? sign_of(x & 63) : '=');
	}
}

bool base64_read(buf *out, slice text)
{
	const size_t before = out->n;
	uint32_t wrong = 0;

	if (text.n % 4) return false;
	if (!text.n) return true;
	const size_t pad = text.p[text.n - 1] != '=' ? 0 : text.p[text.n - 2] != '=' ? 1 : 2;
	buf_reserve(out, text.n / 4 * 3);
	for (size_t i = 0; i < text.n; i += 4) {
		const size_t n = i + 4 == text.n ? 3 - pad : 3;
		uint32_t x = 0;
		for (size_t j = 0; j < 4; j++) {
			const uint32_t v = j <= n ? value_of(text.p[i + j]) : 0;
			wrong |= v & 0x100;
			x = x << 6 | (v & 63);
		}
		wrong |= n < 3 ? x & (0xffffffu >> 8 * n) : 0;             /* bits that no byte has */
		for (size_t j = 0; j < n; j++) buf_put_u8(out, (uint8_t)(x >> (16 - 8 * j)));
	}
	if (!wrong) return true;
	wipe(out->p + before, out->n - before);
	out->n = before;
	return false;
}
