/* SPDX-License-Identifier: MIT */
/* lattice/bootstrap.c -- keyswitch and modulus switch; bootstrap.inc for both word sizes. */
#include "lattice/bootstrap.h"
#include "lattice/lwe.h"
#include "lattice/poly.h"
#include "lattice/scratch.h"

void keyswitch_var(uint64_t *out, const uint64_t *in, const key_rows *ksk)
{
	const part_shape s = ksk->shape;
	const size_t inputs = s.rows / s.decomp.level, width = s.mask + s.body;
	int64_t d[MAX_LEVELS];

	ASSERT(s.kind == KIND_KSK && ksk->w64);
	memset(out, 0, s.mask * sizeof *out);
	out[s.mask] = in[inputs];
	for (size_t i = 0; i < inputs; i++) {
		digits64(d, in[i], s.decomp);
		for (unsigned j = 0; j < s.decomp.level; j++) {
			const uint64_t *row = ksk->w64 + (i * s.decomp.level + j) * width;
			for (size_t c = 0; c < width; c++) out[c] -= (uint64_t)d[j] * row[c];
		}
	}
}

/* ---- modulus switch ---------------------------------------------------------------------------------------------- */

static unsigned log2_of(unsigned power)
{
	return (unsigned)__builtin_ctz(power);
}

static uint64_t rounded(uint64_t x, unsigned L)
{
	return (x + ((uint64_t)1 << (63 - L))) >> (64 - L);
}

/* What the mean of the rounding errors moves the body by. */
static uint64_t mean_correction(const uint64_t *a, unsigned dim, unsigned L)
{
	int64_t H = 0, D = 0;

	for (unsigned i = 0; i < dim; i++) {
		const int64_t e = (int64_t)((rounded(a[i], L) << (64 - L)) - a[i]);
		H += e / 2;
		D += 2 * (e / 2) - e;
	}
	return (uint64_t)(H - D / 2) - ((uint64_t)1 << (63 - L));
}

void modulus_switch_var(uint32_t *out, const uint64_t *ct, unsigned dim, unsigned N, ms_kind kind)
{
	const unsigned L = log2_of(2 * N);

	for (unsigned i = 0; i < dim; i++) out[i] = (uint32_t)rounded(ct[i], L);
	out[dim] = (uint32_t)rounded(ct[dim] + (kind == MS_CENTERED_MEAN ? mean_correction(ct, dim, L) : 0), L);
}

/* ---- blind rotation ---------------------------------------------------------------------------------------------- */

#define WORD uint64_t
#define BITS 64
#define ROWS w64
#define LUT lut64
#define BOOTSTRAP bootstrap64_var
#define OWN(name) name##64
#define POLY(name) poly64_##name
#define EXTRACT glwe64_extract
#include "lattice/bootstrap.inc"

#define WORD u128
#define BITS 128
#define ROWS w128
#define LUT lut128
#define BOOTSTRAP bootstrap128_var
#define OWN(name) name##128
#define POLY(name) poly128_##name
#define EXTRACT glwe128_extract
#include "lattice/bootstrap.inc"
