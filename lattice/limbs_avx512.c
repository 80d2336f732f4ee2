/* SPDX-License-Identifier: MIT */
/* lattice/limbs_avx512.c -- the kernel of lattice/limbs_impl.inc, lanes of lattice/vec_avx512.h. */
#include "lattice/vec_avx512.h"
#include "lattice/fft_impl.inc"
#include "lattice/limbs_impl.inc"
