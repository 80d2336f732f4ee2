/* SPDX-License-Identifier: MIT */
/* evm/abi_coder.c -- offsets are the only difficulty: written when the content is, checked before anything is read. */
#include "evm/abi_coder.h"

/* ---- writing ----------------------------------------------------------------------------------------------- */

static void put_zeros(buf *out, size_t n)
{
	if (n) memset(buf_grow(out, n), 0, n);
}

abi_frame abi_tuple(buf *out, size_t words)
{
	const size_t start = out->n;
	put_zeros(out, words * ABI_WORD);
	return (abi_frame){ .out = out, .start = start, .at = start, .end = out->n };
}

abi_frame abi_call(buf *out, uint32_t selector, size_t words)
{
	for (int shift = 24; shift >= 0; shift -= 8) buf_put_u8(out, (uint8_t)(selector >> shift));
	return abi_tuple(out, words);
}

void abi_put(abi_frame *f, const abi_word *w)
{
	ASSERT(f->at + ABI_WORD <= f->end);
	memcpy(f->out->p + f->at, w->b, ABI_WORD);
	f->at += ABI_WORD;
}

void abi_put_u64(abi_frame *f, uint64_t x)
{
	const abi_word w = abi_u64(x);
	abi_put(f, &w);
}

void abi_put_address(abi_frame *f, const eth_address *a)
{
	const abi_word w = abi_address(a);
	abi_put(f, &w);
}

/* What follows at the end of everything is this member's content. */
static void point_to_end(abi_frame *f)
{
	abi_put_u64(f, f->out->n - f->start);
}

static void put_length(buf *out, size_t n)
{
	const abi_word w = abi_u64(n);
	buf_put_slice(out, abi_slice(&w));
}

void abi_put_bytes(abi_frame *f, slice content)
{
	point_to_end(f);
	put_length(f->out, content.n);
	buf_put_slice(f->out, content);
	put_zeros(f->out, (ABI_WORD - content.n % ABI_WORD) % ABI_WORD);
}

abi_frame abi_put_tuple(abi_frame *f, size_t words)
{
	point_to_end(f);
	return abi_tuple(f->out, words);
}

abi_frame abi_put_list(abi_frame *f, size_t n, size_t words_each)
{
	point_to_end(f);
	put_length(f->out, n);
	return abi_tuple(f->out, n * words_each);
}

/* ---- reading ----------------------------------------------------------------------------------------------- */

void abi_refuse(abi_reader *r, const char *why)
{
	if (!r->why) r->why = why;
}

/* n bytes at `at`, counted against what may be read in all; NULL if refused. */
static const uint8_t *take(abi_reader *r, size_t at, size_t n)
{
	if (r->why) return NULL;
	if (at > r->all.n || n > r->all.n - at) {
		abi_refuse(r, "it ends before what it says it holds");
		return NULL;
	}
	if (n > r->left) {
		abi_refuse(r, "parts of it are used more than once");
		return NULL;
	}
	r->left -= n;
	return r->all.p + at;
}

static abi_word word_at(abi_reader *r, size_t at)
{
	abi_word w = { 0 };
	const uint8_t *p = take(r, at, sizeof w.b);
	if (p) memcpy(w.b, p, sizeof w.b);
	return w;
}

bool abi_fits_u64(uint64_t *out, const abi_word *w)
{
	uint64_t x = 0, high = 0;

	for (unsigned i = 0; i < 24; i++) high |= w->b[i];
	for (unsigned i = 24; i < 32; i++) x = x << 8 | w->b[i];
	*out = x;
	return high == 0;
}

bool abi_is_zero_var(const abi_word *w)
{
	uint8_t any = 0;
	for (unsigned i = 0; i < sizeof w->b; i++) any |= w->b[i];
	return any == 0;
}

abi_word abi_next(abi_part *p)
{
	const abi_word w = word_at(p->r, p->at);
	p->at += ABI_WORD;
	return w;
}

uint64_t abi_next_u64(abi_part *p, uint64_t most)
{
	const abi_word w = abi_next(p);
	uint64_t x;

	if (abi_fits_u64(&x, &w) && x <= most) return x;
	abi_refuse(p->r, "a number in it is too large");
	return 0;
}

int32_t abi_next_i32(abi_part *p)
{
	const abi_word w = abi_next(p);
	const uint32_t x = (uint32_t)w.b[28] << 24 | (uint32_t)w.b[29] << 16 | (uint32_t)w.b[30] << 8 | w.b[31];
	const uint8_t sign = x >> 31 ? 0xff : 0;

	for (unsigned i = 0; i < 28; i++)
		if (w.b[i] != sign) {
			abi_refuse(p->r, "a signed number in it is too large");
			return 0;
		}
	return (int32_t)x;
}

bool abi_next_bool(abi_part *p)
{
	return abi_next_u64(p, 1) == 1;
}

id32 abi_next_id(abi_part *p)
{
	const abi_word w = abi_next(p);
	return abi_id(&w);
}

eth_address abi_next_address(abi_part *p)
{
	const abi_word w = abi_next(p);
	eth_address a = { 0 };

	for (unsigned i = 0; i < 12; i++)
		if (w.b[i]) {
			abi_refuse(p->r, "an address in it has more than 20 bytes");
			return a;
		}
	memcpy(a.b, w.b + 12, sizeof a.b);
	return a;
}

/* Where the next member's content begins. */
static size_t follow(abi_part *p)
{
	const abi_word w = abi_next(p);
	uint64_t offset;

	if (abi_ok(p->r) && abi_fits_u64(&offset, &w) && p->start <= p->r->all.n && offset <= p->r->all.n - p->start)
		return p->start + (size_t)offset;
	abi_refuse(p->r, "an offset in it points outside");
	return 0;
}

static size_t length_at(abi_reader *r, size_t at, size_t most)
{
	const abi_word w = word_at(r, at);
	uint64_t n;

	if (abi_ok(r) && abi_fits_u64(&n, &w) && n <= most) return (size_t)n;
	abi_refuse(r, "a length in it is too large");
	return 0;
}

slice abi_next_bytes(abi_part *p, size_t most)
{
	const size_t at = follow(p), n = length_at(p->r, at, most);
	const uint8_t *content = take(p->r, at + ABI_WORD, n);
	return content ? slice_of(content, n) : (slice){ 0 };
}

abi_part abi_next_tuple(abi_part *p)
{
	const size_t at = follow(p);
	return (abi_part){ .r = p->r, .start = at, .at = at };
}

abi_part abi_next_list(abi_part *p, size_t *n, size_t words_each, size_t most)
{
	const size_t at = follow(p), start = at + ABI_WORD;

	*n = length_at(p->r, at, most);
	if (abi_ok(p->r) && *n > (p->r->all.n - start) / (words_each * ABI_WORD)) {
		abi_refuse(p->r, "a list in it is longer than the rest");
		*n = 0;
	}
	return (abi_part){ .r = p->r, .start = start, .at = start };
}
