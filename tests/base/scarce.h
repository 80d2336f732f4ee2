/* SPDX-License-Identifier: MIT */
/* tests/base/scarce.h -- memory that runs out: programs that link scarce.c are linked with --wrap for the calls that take some. */
#ifndef ARCA_TESTS_BASE_SCARCE_H
#define ARCA_TESTS_BASE_SCARCE_H

/* So many more calls of malloc, calloc and aligned_alloc succeed, and none after them; below 0, as a program begins: all do.
 * For one thread at a time. */
extern int allocations_left;

#endif
