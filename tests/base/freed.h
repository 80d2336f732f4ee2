/* SPDX-License-Identifier: MIT */
/*
 * tests/base/freed.h -- what goes back to the allocator: does it still hold a secret?
 *
 * Programs that link freed.c are linked with --wrap=free: every block that base or the test frees is searched first.
 */
#ifndef ARCA_TESTS_BASE_FREED_H
#define ARCA_TESTS_BASE_FREED_H

#include "base/base.h"

/* Forgets what was counted; from here on blocks are searched for any eight of these bytes in a row.  The caller keeps them. */
void   freed_watch(slice secret);

size_t freed_blocks(void);       /* freed since */
size_t freed_dirty(void);        /* those of them that held a piece of it */

#endif
