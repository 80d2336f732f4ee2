/* SPDX-License-Identifier: MIT */
/* tests/base/scarce.c -- between the tested code and malloc(3). */
#include "tests/base/scarce.h"
#include <stdbool.h>
#include <stdlib.h>

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t n);
void *__wrap_aligned_alloc(size_t alignment, size_t n);

int allocations_left = -1;

static bool refused(void)
{
	if (allocations_left > 0) allocations_left--;
	else if (allocations_left == 0) return true;
	return false;
}

void *__wrap_malloc(size_t n) { return refused() ? NULL : __real_malloc(n); }
void *__wrap_calloc(size_t n, size_t size) { return refused() ? NULL : __real_calloc(n, size); }
void *__wrap_aligned_alloc(size_t alignment, size_t n) { return refused() ? NULL : __real_aligned_alloc(alignment, n); }
