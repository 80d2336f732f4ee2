/* SPDX-License-Identifier: MIT */
/* base/utf8.c -- the table of well-formed byte sequences, as comparisons. */
#include "base/utf8.h"

size_t utf8_step(slice text)
{
	const uint8_t *p = text.p;
	uint8_t low = 0x80, high = 0xbf;
	size_t n;

	if (text.n == 0) return 0;
	if (p[0] < 0x80) return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0) low = 0xa0;                /* overlong                 */
	if (p[0] == 0xed) high = 0x9f;               /* surrogates               */
	if (p[0] == 0xf0) low = 0x90;                /* overlong                 */
	if (p[0] == 0xf4) high = 0x8f;               /* beyond U+10FFFF          */
	if (text.n < n || p[1] < low || p[1] > high) return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80) return 0;
	return n;
}

bool utf8_ok(slice text)
{
	while (text.n) {
		size_t n = utf8_step(text);
		if (n == 0) return false;
		text.p += n, text.n -= n;
	}
	return true;
}
