/* SPDX-License-Identifier: MIT */
/* lattice/poly.c -- poly.inc for both word sizes. */
#include "lattice/poly.h"

#define W 64
#define WORD uint64_t
#define P(name) poly64_##name
#define DIGITS digits64
#define MOD mod64
#include "lattice/poly.inc"

#define W 128
#define WORD u128
#define P(name) poly128_##name
#define DIGITS digits128
#define MOD mod128
#include "lattice/poly.inc"
