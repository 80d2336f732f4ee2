/* SPDX-License-Identifier: MIT */
#include "tests/lattice/streams.h"
#include "base/hex.h"
#include "sym/sha2.h"

void stream_part(seeded_keyset *set, arena *a, key_part part, unsigned x)
{
	const size_t n = part_body_bytes(part_shape_of(set->params, part));
	const mask_seed from = mask_seed_ctr(x);
	AUTO(mask_stream) stream = mask_open(&from);
	uint8_t *bodies;

	assert_ok(arena_new(a, &bodies, n));
	mask_fill_bytes(&stream, bodies, n);
	set->part[part] = (seeded_part){ .bodies = slice_of(bodies, n), .seed = mask_seed_ctr(x + 1) };
}

uint64_t *stream_u64s(arena *a, unsigned x, size_t n)
{
	const mask_seed from = mask_seed_ctr(x);
	AUTO(mask_stream) stream = mask_open(&from);
	uint64_t *w;

	assert_ok(arena_new(a, &w, n));
	mask_u64s(&stream, w, n);
	return w;
}

u128 *stream_u128s(arena *a, unsigned x, size_t n)
{
	const mask_seed from = mask_seed_ctr(x);
	AUTO(mask_stream) stream = mask_open(&from);
	u128 *w;

	assert_ok(arena_new(a, &w, n));
	mask_u128s(&stream, w, n);
	return w;
}

static void assert_digest(const char *expected, buf *bytes)
{
	AUTO(buf) known = { 0 };
	const hash32 h = sha256(buf_slice(bytes));
	assert_true(hex_read_all(&known, slice_str(expected)));
	assert_memory_equal(h.b, known.p, sizeof h.b);
}

void assert_digest64(const char *expected, const uint64_t *w, size_t n)
{
	AUTO(buf) bytes = { 0 };
	for (size_t i = 0; i < n; i++) buf_put_u64(&bytes, w[i]);
	assert_digest(expected, &bytes);
}

void assert_digest128(const char *expected, const u128 *w, size_t n)
{
	AUTO(buf) bytes = { 0 };
	for (size_t i = 0; i < n; i++) buf_put_u128(&bytes, w[i]);
	assert_digest(expected, &bytes);
}
