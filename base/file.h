/* SPDX-License-Identifier: MIT */
/*
 * base/file.h -- files that are whole or absent.
 *
 * file_write_atomic writes a temporary file beside the target, syncs it, renames it and syncs the directory:
 * after a crash or on a full disk the target holds the old bytes or the new ones, never a part.  OK means that they
 * outlive a loss of power.
 */
#ifndef ARCA_BASE_FILE_H
#define ARCA_BASE_FILE_H

#include <sys/types.h>
#include "base/slice.h"

/* Appends the file's bytes to *out.  ERR_NOT_FOUND; ERR_REQUEST if it is longer than max; ERR_IO. */
err  file_read(buf *out, const char *path, size_t max);

/* The file has this mode, whatever the umask, when it gets its name; until then, as the temporary file, it is 0600.  A temporary file
 * that does not get a name is erased if only its owner could have read the target.
 * ERR_IO; ERR_REQUEST if the target is there and is no regular file (a device is not replaced). */
err  file_write_atomic(const char *path, slice bytes, mode_t mode);

/* As file_write_atomic, but leaves an existing file as it is and says so in *existed (write-once objects). */
err  file_write_once(const char *path, slice bytes, mode_t mode, bool *existed);

/* As file_write_atomic, to a file that is there: the old one is not gone but has the name `old`, of a temporary file, which the
 * caller ends.  On failure there may be such a file too. */
err  file_write_exchange(char *old, size_t room, const char *path, slice bytes, mode_t mode);

/* Zeros over all of its bytes, synced; then its name goes, even if that failed.  OK if there is no such file; ERR_IO.  Its folder is
 * not synced. */
err  file_erase(const char *path);

/* All room for n bytes of an open file, at once; path: for sentences.  ERR_IO, with both numbers if the disk has less. */
err  file_take_room(int fd, const char *path, uint64_t n);

/* Creates the directory and those of its parents that are missing, each synced into its own parent.  ERR_REQUEST for an
 * empty path; ERR_IO, also if something else has the name. */
err  dir_make(const char *path, mode_t mode);

bool file_exists(const char *path);

/* A whole file mapped read-only: *view is valid until file_unmap.  For objects too large to copy. */
err  file_map(slice *view, const char *path, size_t max);
void file_unmap(slice *view);

/* A part of such a view is not needed soon: the whole pages in it are no memory of this process until they are read again. */
void file_view_release(slice part);

#endif
