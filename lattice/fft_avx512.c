/* SPDX-License-Identifier: MIT */
/* lattice/fft_avx512.c -- the transform of lattice/fft.h as a whole, lanes of lattice/vec_avx512.h. */
#include "lattice/vec_avx512.h"
#include "lattice/fft_impl.inc"
#include "lattice/fft_whole.inc"
