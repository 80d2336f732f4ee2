/* SPDX-License-Identifier: MIT */
/* base/slice.c -- readers that stay refused, buffers that double. */
#include "base/base.h"
#include <stdarg.h>
#include <stdlib.h>

slice read_bytes(reader *r, size_t n)
{
	if (r->refused || n > read_left(r)) {
		r->refused = true;
		return (slice){ 0 };
	}
	if (n == 0) return (slice){ 0 };
	slice s = { r->all.p + r->at, n };
	r->at += n;
	return s;
}

uint8_t read_u8(reader *r)
{
	slice s = read_bytes(r, 1);
	return s.n ? s.p[0] : 0;
}

uint32_t read_u32(reader *r)
{
	slice s = read_bytes(r, 4);
	return s.n ? load32(s.p) : 0;
}

uint64_t read_u64(reader *r)
{
	slice s = read_bytes(r, 8);
	return s.n ? load64(s.p) : 0;
}

u128 read_u128(reader *r)
{
	slice s = read_bytes(r, 16);
	return s.n ? load128(s.p) : 0;
}

void buf_free(buf *b)
{
	if (b->p) wipe(b->p, b->room);
	free(b->p);
	*b = (buf){ 0 };
}

void buf_clear(buf *b)
{
	b->n = 0;
}

void buf_reserve(buf *b, size_t more)
{
	ASSERT(more <= SIZE_MAX / 2 - b->n);
	if (b->room - b->n >= more) return;

	/* Not realloc: the old bytes are wiped before they are given back. */
	size_t room = size_max(b->n + more, size_max(64, b->room * 2));
	uint8_t *p = malloc(room);
	ASSERT(p);
	if (b->p) {
		memcpy(p, b->p, b->n);
		wipe(b->p, b->room);
		free(b->p);
	}
	b->p = p;
	b->room = room;
}

uint8_t *buf_grow(buf *b, size_t n)
{
	buf_reserve(b, size_max(n, 1));            /* so that there is an address to give out even for nothing */
	uint8_t *fresh = b->p + b->n;
	b->n += n;
	return fresh;
}

void buf_put(buf *b, const void *p, size_t n)
{
	if (n) memcpy(buf_grow(b, n), p, n);
}

void buf_put_slice(buf *b, slice s)
{
	buf_put(b, s.p, s.n);
}

void buf_put_str(buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_printf(buf *b, const char *format, ...)
{
	va_list args;

	ASSERT(format);
	va_start(args, format);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	ASSERT(n >= 0);
	buf_reserve(b, (size_t)n + 1);
	va_start(args, format);
	vsnprintf((char *)b->p + b->n, (size_t)n + 1, format, args);
	va_end(args);
	b->n += (size_t)n;
}

void buf_put_u8(buf *b, uint8_t x)
{
	*buf_grow(b, 1) = x;
}

void buf_put_u32(buf *b, uint32_t x)
{
	store32(buf_grow(b, 4), x);
}

void buf_put_u64(buf *b, uint64_t x)
{
	store64(buf_grow(b, 8), x);
}

void buf_put_u128(buf *b, u128 x)
{
	store128(buf_grow(b, 16), x);
}

const char *buf_str(buf *b)
{
	buf_reserve(b, 1);
	b->p[b->n] = '\0';
	return (const char *)b->p;
}
