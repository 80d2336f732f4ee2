/* SPDX-License-Identifier: MIT */
/* lattice/limbs_portable.c -- the kernel of lattice/limbs_impl.inc, lanes of lattice/vec_portable.h. */
#include "lattice/vec_portable.h"
#include "lattice/fft_impl.inc"
#include "lattice/limbs_impl.inc"
