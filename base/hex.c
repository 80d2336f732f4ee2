/* SPDX-License-Identifier: MIT */
/* base/hex.c -- the sixteen digits. */
#include "base/hex.h"
#include "base/ct.h"

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9') return c - '0';
	if (c >= 'a' && c <= 'f') return c - 'a' + 10;
	if (c >= 'A' && c <= 'F') return c - 'A' + 10;
	return -1;
}

static slice without_prefix(slice text)
{
	bool has = text.n >= 2 && text.p[0] == '0' && (text.p[1] == 'x' || text.p[1] == 'X');
	return has ? slice_of(text.p + 2, text.n - 2) : text;
}

static bool all_digits(slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (digit(text.p[i]) < 0) return false;
	return true;
}

/* Not from a table: the address would depend on the digit. */
static char letter(uint64_t nibble)
{
	return (char)(nibble + ct_select(ct_lt(nibble, 10), '0', 'a' - 10));
}

void hex_write(char *out, slice bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		*out++ = letter(bytes.p[i] >> 4);
		*out++ = letter(bytes.p[i] & 15);
	}
	*out = '\0';
}

void buf_put_hex(buf *b, slice bytes)
{
	buf_reserve(b, 2 * bytes.n + 1);
	hex_write((char *)b->p + b->n, bytes);
	b->n += 2 * bytes.n;
}

bool hex_read(uint8_t *out, size_t n, slice text)
{
	text = without_prefix(text);
	if (text.n / 2 != n || text.n % 2 || !all_digits(text)) return false;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(digit(text.p[2 * i]) << 4 | digit(text.p[2 * i + 1]));
	return true;
}

bool hex_read_all(buf *b, slice text)
{
	text = without_prefix(text);
	if (text.n % 2 || !all_digits(text)) return false;
	return text.n == 0 || hex_read(buf_grow(b, text.n / 2), text.n / 2, text);
}
