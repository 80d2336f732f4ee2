/* SPDX-License-Identifier: MIT */
/*
 * base/secret.h -- where secrets live and how they leave.
 *
 * Long-lived secrets (keys, shares) sit in secret_alloc() memory: own pages with a guard page on either side,
 * locked against swapping, left out of core dumps and of forked children, wiped when freed.  Short-lived ones
 * sit on the stack or in an arena and are wiped on every exit.
 */
#ifndef ARCA_BASE_SECRET_H
#define ARCA_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

/* Overwrites n bytes; the compiler may not remove it. */
void wipe(void *p, size_t n);

/*
 * *out = n zeroed bytes.  When the limit on locked memory (RLIMIT_MEMLOCK) is too small the pages are still
 * guarded and undumpable but not locked, and secret_unlocked() becomes true: the caller's boundary says so once.
 */
err  secret_alloc(void **out, size_t n);
void secret_release(void *p);                 /* NULL-safe; wipes */
bool secret_unlocked(void);

/*
 * Marks for the constant-time tests; nothing in ordinary builds.  SECRET(p, n): from here on no branch and no
 * address may depend on these bytes.  DECLASSIFY(p, n, why): they are public now, for the reason given; the
 * list of reasons is the leakage argument of the system.
 */
#ifdef ARCA_CT
#include <valgrind/memcheck.h>
#define SECRET(p, n) ((void)VALGRIND_MAKE_MEM_UNDEFINED((p), (n)))
#define DECLASSIFY(p, n, why) ((void)VALGRIND_MAKE_MEM_DEFINED((p), (n)), (void)sizeof("" why))
#else
#define SECRET(p, n) ((void)(p), (void)(n))
#define DECLASSIFY(p, n, why) ((void)(p), (void)(n), (void)sizeof("" why))
#endif

#endif
