/* SPDX-License-Identifier: MIT */
/* lattice/work.h -- jobs that can fail, on a pool, and the scratch that one of them may take. */
#ifndef ARCA_LATTICE_WORK_H
#define ARCA_LATTICE_WORK_H

#include "base/pool.h"

/* Bytes; several times what the largest job of any parameter set needs. */
enum { SCRATCH_MAX = 1 << 26 };

/* Runs body(ctx, i) for i = 0 .. count - 1, all of them in any case.  Returns the first failure with its sentence, which
 * otherwise would stay with the thread of the pool on which it happened. */
err each_try(pool *p, size_t count, err (*body)(void *ctx, size_t i), void *ctx);

#endif
