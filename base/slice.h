/* SPDX-License-Identifier: MIT */
/*
 * base/slice.h -- bytes: borrowed, read, gathered.
 *
 *   slice    borrows: pointer and length of somebody else's bytes
 *   reader   walks a slice and refuses to run over its end; once refused, it stays refused and yields zeros,
 *            so that a decoder may read a whole record and ask read_ok() once
 *   buf      owns: grows as it is written, wiped when freed
 *
 * Integers are little-endian unless the name says be.
 */
#ifndef ARCA_BASE_SLICE_H
#define ARCA_BASE_SLICE_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

typedef struct slice { const uint8_t *p; size_t n; } slice;

static inline slice slice_of(const void *p, size_t n) { return (slice){ p, n }; }
static inline slice slice_str(const char *s) { return (slice){ (const uint8_t *)s, strlen(s) }; }
static inline bool  slice_eq_var(slice a, slice b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }

/* ---- loads and stores on unaligned memory ------------------------------------------------------------------ */

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t x;
	memcpy(&x, p, sizeof x);
	return le32toh(x);
}
static inline uint64_t load64(const uint8_t *p)
{
	uint64_t x;
	memcpy(&x, p, sizeof x);
	return le64toh(x);
}
static inline unsigned __int128 load128(const uint8_t *p) { return load64(p) | (unsigned __int128)load64(p + 8) << 64; }

static inline void store32(uint8_t *p, uint32_t x)
{
	x = htole32(x);
	memcpy(p, &x, sizeof x);
}
static inline void store64(uint8_t *p, uint64_t x)
{
	x = htole64(x);
	memcpy(p, &x, sizeof x);
}
static inline void store128(uint8_t *p, unsigned __int128 x) { store64(p, (uint64_t)x), store64(p + 8, (uint64_t)(x >> 64)); }

/* ---- reader ------------------------------------------------------------------------------------------------ */

typedef struct reader { slice all; size_t at; bool refused; } reader;

static inline reader reader_of(slice s) { return (reader){ s, 0, false }; }
static inline bool   read_ok(const reader *r) { return !r->refused; }
static inline size_t read_left(const reader *r) { return r->all.n - r->at; }
static inline bool   read_done(const reader *r) { return !r->refused && r->at == r->all.n; }

/* The next n bytes, borrowed; {NULL, 0} if n is 0, and refused besides if there are fewer than n. */
slice    read_bytes(reader *r, size_t n);
uint8_t  read_u8(reader *r);
uint32_t read_u32(reader *r);
uint64_t read_u64(reader *r);
unsigned __int128 read_u128(reader *r);

/* ---- buf --------------------------------------------------------------------------------------------------- */

/* Zero-initialised is empty: buf b = {0}.  Growth aborts only when memory for our own data runs out. */
typedef struct buf { uint8_t *p; size_t n, room; } buf;

void  buf_free(buf *b);                                  /* wipes                                          */
void  buf_clear(buf *b);                                 /* keeps the room                                 */
void  buf_reserve(buf *b, size_t more);                  /* room for `more` further bytes without moving   */
uint8_t *buf_grow(buf *b, size_t n);                     /* n fresh bytes to be filled by the caller       */
void  buf_put(buf *b, const void *p, size_t n);
void  buf_put_slice(buf *b, slice s);
void  buf_put_str(buf *b, const char *s);                /* without the final zero                         */
void  buf_printf(buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void  buf_put_u8(buf *b, uint8_t x);
void  buf_put_u32(buf *b, uint32_t x);
void  buf_put_u64(buf *b, uint64_t x);
void  buf_put_u128(buf *b, unsigned __int128 x);
const char *buf_str(buf *b);                             /* zero-terminated view, valid until the next put */

static inline slice buf_slice(const buf *b) { return (slice){ b->p, b->n }; }

#endif
