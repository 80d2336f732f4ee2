/* SPDX-License-Identifier: MIT */
/* lattice/bootstrap.c -- bootstrap.inc for both word sizes. */
#include "lattice/bootstrap.h"
#include "lattice/poly.h"

size_t cmux_scratch(part_shape s)
{
	return s.N * (size_t)(s.bits / 8) + (s.k + 1) * s.decomp.level * 2 * (size_t)s.N * sizeof(int64_t);
}

#define WORD uint64_t
#define BITS 64
#define LUT lut64
#define CMUX cmux64_var
#define POLY(name) poly64_##name
#include "lattice/bootstrap.inc"

#define WORD u128
#define BITS 128
#define LUT lut128
#define CMUX cmux128_var
#define POLY(name) poly128_##name
#include "lattice/bootstrap.inc"
