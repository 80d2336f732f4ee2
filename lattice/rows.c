/* SPDX-License-Identifier: MIT */
/* lattice/rows.c -- the rows of a stored part, however it is stored. */
#include "lattice/keys.h"
#include "lattice/spectrum.h"

size_t part_stored_bytes(part_shape s, part_form form)
{
	switch (form) {
	case PART_SEEDED:  return part_body_bytes(s);
	case PART_WHOLE:   return part_body_bytes(s) + part_mask_bytes(s);
	case PART_SPECTRA: break;
	}
	return s.rows * (s.k + 1) * (s.bits == 64 ? SPECTRUM_HEAD + spectrum64_bytes(s.N) : spectrum128_bytes(s.N));
}

static mask_stream masks_from(part_shape s, const seeded_part *part, size_t first)
{
	mask_stream m = mask_open(&part->seed);
	mask_skip(&m, (uint64_t)first * s.mask * (s.bits / 8));
	return m;
}

/* ---- 64 bits ---------------------------------------------------------------------------------------------------------- */

static void seeded64(uint64_t *out, part_shape s, const seeded_part *part, size_t first, size_t count)
{
	const uint8_t *body = part->bodies.p + first * s.body * sizeof *out;
	AUTO(mask_stream) masks = masks_from(s, part, first);

	for (size_t i = 0; i < count; i++, out += s.mask + s.body) {
		mask_u64s(&masks, out, s.mask);
		for (size_t c = 0; c < s.body; c++, body += sizeof *out) out[s.mask + c] = load64(body);
	}
}

void part_rows64(uint64_t *out, part_shape s, const seeded_part *part, size_t first, size_t count)
{
	const size_t width = s.mask + s.body, spectrum = SPECTRUM_HEAD + spectrum64_bytes(s.N);

	ASSERT(s.bits == 64 && first <= s.rows && count <= s.rows - first);
	switch (part->form) {
	case PART_SEEDED:
		seeded64(out, s, part, first, count);
		break;
	case PART_WHOLE:
		for (size_t c = 0; c < count * width; c++) out[c] = load64(part->bodies.p + (first * width + c) * sizeof *out);
		break;
	case PART_SPECTRA:
		for (size_t q = 0; q < count * (s.k + 1); q++)
			spectrum64_read(out + q * s.N, part->bodies.p + (first * (s.k + 1) + q) * spectrum + SPECTRUM_HEAD, s.N);
		break;
	}
}

/* ---- 128 bits --------------------------------------------------------------------------------------------------------- */

static void seeded128(u128 *out, part_shape s, const seeded_part *part, size_t first, size_t count)
{
	const uint8_t *body = part->bodies.p + first * s.body * sizeof *out;
	AUTO(mask_stream) masks = masks_from(s, part, first);

	for (size_t i = 0; i < count; i++, out += s.mask + s.body) {
		mask_u128s(&masks, out, s.mask);
		for (size_t c = 0; c < s.body; c++, body += sizeof *out) out[s.mask + c] = load128(body);
	}
}

static void spectra128(u128 *out, part_shape s, const seeded_part *part, size_t first, size_t count)
{
	for (size_t q = 0; q < count * (s.k + 1); q++) {
		const size_t at = (first * (s.k + 1) + q) * spectrum128_bytes(s.N);
		const uint8_t *const in[SPECTRUM_ARRAYS] = { part->bodies.p + at, part->array[0].p + at, part->array[1].p + at,
		                                             part->array[2].p + at };
		spectrum128_read(out + q * s.N, in, s.N);
	}
}

void part_rows128(u128 *out, part_shape s, const seeded_part *part, unsigned dropped, size_t first, size_t count)
{
	const size_t width = s.mask + s.body;
	const u128 unit = (u128)1 << dropped;

	ASSERT(s.bits == 128 && first <= s.rows && count <= s.rows - first);
	switch (part->form) {
	case PART_SEEDED:
		seeded128(out, s, part, first, count);
		break;
	case PART_WHOLE:
		for (size_t c = 0; c < count * width; c++) out[c] = load128(part->bodies.p + (first * width + c) * sizeof *out);
		break;
	case PART_SPECTRA:
		spectra128(out, s, part, first, count);
		break;
	}
	if (!dropped) return;
	for (size_t c = 0; c < count * width; c++) out[c] = (out[c] + unit / 2) & ~(unit - 1);
}
