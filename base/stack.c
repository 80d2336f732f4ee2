/* SPDX-License-Identifier: MIT */
/*
 * base/stack.c -- pages further down are given back, which empties them without touching each; what is near is overwritten.
 */
#include "base/stack.h"
#include <errno.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/base.h"

/*
 * The first thread's stack grows as it is used.  How far it did, only /proc/self/maps says, which is where pthread_getattr_np()
 * looks.  But nothing else is within FIRST of its top: the kernel leaves 128 MiB or more there (mmap_base()), whatever the limit of
 * the stack is.
 */
enum { FIRST = 64 << 20, NEAR = 12 << 10 };

/* ASan would put the bytes on its heap. */
static __attribute__((noinline, no_sanitize_address)) void overwrite_below(void)
{
	uint8_t bytes[NEAR];

	wipe(bytes, sizeof bytes);
}

/* Is this address on the stack of the first thread?  The kernel puts these 16 random bytes above all its frames. */
static uintptr_t top_of_first(void) { return (uintptr_t)getauxval(AT_RANDOM); }
static bool is_on_first(uintptr_t here) { return here < top_of_first() && top_of_first() - here < FIRST; }

/* The lowest address of another thread's stack, which its creator knows. */
static __attribute__((noinline)) uintptr_t end_of_this(void)
{
	pthread_attr_t own;
	void *stack;
	size_t size;

	ASSERT(pthread_getattr_np(pthread_self(), &own) == 0 && pthread_attr_getstack(&own, &stack, &size) == 0);
	pthread_attr_destroy(&own);
	return (uintptr_t)stack;
}

/* Gaps, which are below the first thread's stack, are passed over and reported at the end: ENOMEM. */
static __attribute__((noinline)) void give_back(uintptr_t from, uintptr_t to)
{
	ASSERT(madvise((void *)from, to - from, MADV_DONTNEED) == 0 || errno == ENOMEM);
}

/* It has no variables in memory: in the gaps of its own frame something could stay. */
__attribute__((noinline)) void stack_forget(void)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), here = (uintptr_t)__builtin_frame_address(0);

	ASSERT(page <= NEAR / 2);
	const uintptr_t from = is_on_first(here) ? (top_of_first() - FIRST) / page * page : end_of_this();

	if (here - from > NEAR) give_back(from, (here - NEAR / 2) / page * page);
	overwrite_below();
}
