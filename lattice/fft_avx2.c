/* SPDX-License-Identifier: MIT */
/* lattice/fft_avx2.c -- the transform of lattice/fft.h as a whole, lanes of lattice/vec_avx2.h. */
#include "lattice/vec_avx2.h"
#include "lattice/fft_impl.inc"
#include "lattice/fft_whole.inc"
