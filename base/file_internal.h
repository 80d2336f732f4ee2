/* SPDX-License-Identifier: MIT */
/* base/file_internal.h -- what file.c and draft.c share. */
#ifndef ARCA_BASE_FILE_INTERNAL_H
#define ARCA_BASE_FILE_INTERNAL_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>
#include "base/err.h"

/* ERR_IO with errno as a sentence: "cannot <doing> <path>: ...". */
err  file_failed(const char *doing, const char *path);

/* A fresh temporary file beside `path`, 0600; its name goes to `temporary`. */
err  file_beside(int *fd, char temporary[static PATH_MAX], const char *path);

/* A temporary file that does not get its name, after any failure: it is erased if nobody but its owner could have read the target, of
 * this mode.  False: errno says why, and its name is gone unless that is why. */
bool file_drop(const char *temporary, mode_t mode);

/* Gives a synced temporary file, of this mode, the name `path` unless that is taken.  The temporary name is gone in any case. */
err  file_link_once(const char *temporary, const char *path, mode_t mode, bool *existed);

#endif
