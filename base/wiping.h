/* SPDX-License-Identifier: MIT */
/* base/wiping.h -- an allocator for libraries that are given secrets and do not wipe what they free. */
#ifndef ARCA_BASE_WIPING_H
#define ARCA_BASE_WIPING_H

#include <stddef.h>

/* As free and realloc, of memory that malloc gave. */
void  wiping_free(void *p);
void *wiping_realloc(void *p, size_t n);

#endif
