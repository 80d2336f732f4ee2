/* SPDX-License-Identifier: MIT */
/*
 * base/secret_file.h -- a short secret, as an operator hands it to a program.
 *
 *   file         the owner's alone: whoever else could read it could use it
 *   descriptor   opened by whoever starts the program: a pipe from one that asks a person or a device
 *   credential   a file that systemd puts into $CREDENTIALS_DIRECTORY (LoadCredentialEncrypted=), for this service only
 *
 * Never an argument, and a variable only where it is wiped at once (aws/credentials.h): those are seen by others.  What was read
 * is appended, at most max bytes of it; a buf is wiped when it is freed.  what: "the key of the vault", for sentences.
 * ERR_REQUEST with a sentence if it is too long or open to others; ERR_NOT_FOUND; ERR_IO.
 */
#ifndef ARCA_BASE_SECRET_FILE_H
#define ARCA_BASE_SECRET_FILE_H

#include "base/base.h"

/* The path may also be of a file in $CREDENTIALS_DIRECTORY. */
err  secret_from_file(buf *out, const char *path, const char *what, size_t max);
err  secret_from_descriptor(buf *out, int fd, const char *what, size_t max);              /* to its end; closed */
/* folder: what $CREDENTIALS_DIRECTORY says, or NULL.  path: PATH_MAX bytes, where it was, for sentences. */
err  secret_from_credential(buf *out, char *path, const char *folder, const char *name, const char *what, size_t max);

/* The bits of a file's mode that say that others may read it, who may not: 077, or 07 of one in $CREDENTIALS_DIRECTORY. */
unsigned secret_mode_refused(const char *path);

#endif
