/* SPDX-License-Identifier: MIT */
/*
 * base/draft.h -- a large file in the making: written in place through memory, then kept whole or dropped.
 *
 * All of its room on the disk is taken at the beginning, so a full disk is an error there and then, and never a signal
 * while the bytes are written.  Until it is kept, a draft is a temporary file beside its place, with a name as those of
 * base/file.h: what a crash leaves is known for what it is.
 *
 * One that is made in memory has the same bytes and no file, for trials and tests.
 *
 * Pages that were written count as memory of this process until draft_release gives them to the system, which writes
 * them to the disk in its own time; the bytes stay and are read again when they are looked at.
 */
#ifndef ARCA_BASE_DRAFT_H
#define ARCA_BASE_DRAFT_H

#include <sys/types.h>
#include "base/slice.h"

typedef struct draft draft;

/*
 * n bytes of zeros that shall become the file at `path`, whose folder is there.  Requires: n > 0.  ERR_IO, with both
 * numbers if the disk has less room than that; ERR_NOMEM.
 */
err  draft_new(draft **out, const char *path, size_t n, mode_t mode);
err  draft_in_memory(draft **out, size_t n);

uint8_t *draft_bytes(const draft *d);
slice    draft_slice(const draft *d);
bool     draft_has_file(const draft *d);

/* Bytes at .. at + n - 1 are not needed soon.  Of what shares a page with others, nothing happens.  In memory: no-op. */
void draft_release(const draft *d, size_t at, size_t n);

/*
 * Gives it its place, synced, if there is nothing yet; else says so in *existed and drops it.  Its bytes may be read, but
 * not written, until it is freed.  Requires: draft_has_file, and the first call.
 */
err  draft_keep(draft *d, bool *existed);

void draft_free(draft **d);                              /* NULL-safe; dropped unless kept */

#endif
