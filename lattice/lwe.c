/* SPDX-License-Identifier: MIT */
/* lattice/lwe.c -- lwe.inc for both word sizes. */
#include "lattice/lwe.h"
#include "lattice/poly.h"
#include "lattice/sample.h"

#define WORD uint64_t
#define LWE(name) lwe64_##name
#define GLWE(name) glwe64_##name
#define PACKED(name) packed64_##name
#define PACKED_TYPE packed64
#define POLY(name) poly64_##name
#define MOD mod64
#define LOAD load64
#include "lattice/lwe.inc"

#define WORD u128
#define LWE(name) lwe128_##name
#define GLWE(name) glwe128_##name
#define PACKED(name) packed128_##name
#define PACKED_TYPE packed128
#define POLY(name) poly128_##name
#define MOD mod128
#define LOAD load128
#include "lattice/lwe.inc"
