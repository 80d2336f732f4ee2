/* SPDX-License-Identifier: MIT */
/* lattice/fft_portable.c -- the transform of lattice/fft.h as a whole, lanes of lattice/vec_portable.h. */
#include "lattice/vec_portable.h"
#include "lattice/fft_impl.inc"
#include "lattice/fft_whole.inc"
