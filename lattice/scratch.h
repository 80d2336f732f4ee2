/* SPDX-License-Identifier: MIT */
/* lattice/scratch.h -- the bytes that one job may take for itself: several times what the largest one of any parameter
 * set needs, so that reaching it is a bug and not a shortage. */
#ifndef ARCA_LATTICE_SCRATCH_H
#define ARCA_LATTICE_SCRATCH_H

enum { SCRATCH_MAX = 1 << 26 };

#endif
