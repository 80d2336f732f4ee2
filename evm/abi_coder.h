/* SPDX-License-Identifier: MIT */
/*
 * evm/abi_coder.h -- tuples as contracts read and write them (Solidity's ABI): a frame of words, one a member; a member
 * of variable size has an offset there, counted from the frame's start, and its content behind.
 *
 * Writing: a frame is opened with its number of words, then each member is put in order.
 *
 *   abi_frame f = abi_call(&out, selector, 2);
 *   abi_put(&f, &id);
 *   abi_put_bytes(&f, signature);
 *
 * Reading: a reader over all bytes, a frame on top, then each member in order.  Nothing is copied.  A reader that met
 * something wrong stays refused and gives zeros, so that a decoder may read a whole record and ask abi_ok() once.
 * Offsets may point anywhere within the bytes, so one content could be pointed to many times; what contracts write is
 * read once, and a reader refuses as soon as more was read than there is.
 */
#ifndef ARCA_EVM_ABI_CODER_H
#define ARCA_EVM_ABI_CODER_H

#include "base/id.h"
#include "evm/abi.h"

enum { ABI_WORD = 32, ABI_SELECTOR = 4 };

/* ---- writing ----------------------------------------------------------------------------------------------- */

typedef struct abi_frame { buf *out; size_t start, at, end; } abi_frame;

abi_frame abi_tuple(buf *out, size_t words);                           /* what stands at out's end from here on */
abi_frame abi_call(buf *out, uint32_t selector, size_t words);         /* the same behind a function's selector */

void abi_put(abi_frame *f, const abi_word *w);
void abi_put_u64(abi_frame *f, uint64_t x);
void abi_put_address(abi_frame *f, const eth_address *a);
void abi_put_bytes(abi_frame *f, slice content);

/* A member of variable size, to be filled before the next member of f: a tuple of so many words, or a list of n elements
 * of so many words each (1 where the element is itself of variable size). */
abi_frame abi_put_tuple(abi_frame *f, size_t words);
abi_frame abi_put_list(abi_frame *f, size_t n, size_t words_each);

/* ---- reading ----------------------------------------------------------------------------------------------- */

typedef struct abi_reader { slice all; size_t left; const char *why; } abi_reader;     /* why: NULL while all is well */
typedef struct abi_part { abi_reader *r; size_t start, at; } abi_part;

static inline abi_reader abi_reader_of(slice all) { return (abi_reader){ .all = all, .left = all.n }; }
static inline bool abi_ok(const abi_reader *r) { return r->why == NULL; }
static inline abi_part abi_top(abi_reader *r) { return (abi_part){ .r = r }; }
void abi_refuse(abi_reader *r, const char *why);                       /* static text; the first one stays */

abi_word    abi_next(abi_part *p);
id32        abi_next_id(abi_part *p);
uint64_t    abi_next_u64(abi_part *p, uint64_t most);                  /* refused if larger */
int32_t     abi_next_i32(abi_part *p);
bool        abi_next_bool(abi_part *p);
eth_address abi_next_address(abi_part *p);
slice       abi_next_bytes(abi_part *p, size_t most);

abi_part    abi_next_tuple(abi_part *p);
/* *n elements, at most `most` of them. */
abi_part    abi_next_list(abi_part *p, size_t *n, size_t words_each, size_t most);

static inline id32 abi_id(const abi_word *w) { id32 id; memcpy(id.b, w->b, sizeof id.b); return id; }
/* The value as an integer; false if it needs more than 64 bits. */
bool abi_fits_u64(uint64_t *out, const abi_word *w);
bool abi_is_zero_var(const abi_word *w);
static inline bool abi_eq_var(const abi_word *a, const abi_word *b) { return memcmp(a->b, b->b, sizeof a->b) == 0; }

#endif
