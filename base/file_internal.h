/* SPDX-License-Identifier: MIT */
/* base/file_internal.h -- what file.c and draft.c share. */
#ifndef ARCA_BASE_FILE_INTERNAL_H
#define ARCA_BASE_FILE_INTERNAL_H

#include <limits.h>
#include <stdbool.h>
#include "base/err.h"

/* ERR_IO with errno as a sentence: "cannot <doing> <path>: ...". */
err  file_failed(const char *doing, const char *path);

/* A fresh temporary file beside `path`, 0600; its name goes to `temporary`. */
err  file_beside(int *fd, char temporary[static PATH_MAX], const char *path);

/* Gives a synced temporary file the name `path` unless that is taken.  The temporary name is gone in any case. */
err  file_link_once(const char *temporary, const char *path, bool *existed);

#endif
