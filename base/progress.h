/* SPDX-License-Identifier: MIT */
/*
 * base/progress.h -- long work tells how far it is; whoever started it decides what to do with that (a line on a
 * terminal, a field of a status answer, nothing).
 */
#ifndef ARCA_BASE_PROGRESS_H
#define ARCA_BASE_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

/* tell may be called from any thread, one call at a time, with `done` growing to `of`; the unit is the work's own. */
typedef struct progress {
	void *ctx;
	void (*tell)(void *ctx, uint64_t done, uint64_t of);
} progress;

/* p may be NULL. */
static inline void progress_tell(const progress *p, uint64_t done, uint64_t of)
{
	if (p) p->tell(p->ctx, done, of);
}

#endif
