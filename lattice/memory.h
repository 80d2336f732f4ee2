/* SPDX-License-Identifier: MIT */
/*
 * lattice/memory.h -- memory for keys of gigabytes.
 *
 * Such keys are read from end to end for each batch, so they want huge pages; and a machine that is too small is told so
 * with the number before anything starts, and not by a process that is killed later.
 */
#ifndef ARCA_LATTICE_MEMORY_H
#define ARCA_LATTICE_MEMORY_H

#include "base/base.h"

enum { HUGE_PAGE = 2 << 20 };

static inline size_t round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

/* ERR_NOMEM, with both numbers and what limits, if `bytes` more are visibly not to be had: the limit on the address space,
 * that of the control group, or what the machine has left.  what: "the squash key". */
err  memory_ask(size_t bytes, const char *what);

/* Zeroed, aligned to HUGE_PAGE, in huge pages where the system gives them.  Asks first.  ERR_NOMEM. */
err  memory_take(void **out, size_t bytes, const char *what);
void memory_give_back(void *p, size_t bytes);            /* NULL-safe */

/* Whether pages of the mapping at p that are present are huge ones. */
bool memory_is_huge(const void *p);

#endif
