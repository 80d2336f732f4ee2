/* SPDX-License-Identifier: MIT */
/*
 * lattice/derived.h -- keys in the form in which engines want them, as a file that processes share.
 *
 * The keys with which a node squashes take gigabytes in this form.  They are derived from the published key set, so they
 * are no secret, cost seconds to make, and are the same for all nodes of a machine: one file, mapped by everyone.
 *
 *   <folder>/<digest of the key set>-<parts>-<layout>.keys
 *
 * It is made once: whoever comes first holds a lock, writes a temporary file of the final size and renames it when it is
 * whole; the others wait.  A crash leaves nothing that could be taken for a key.  The file names what it was derived from
 * and by what, and carries SHA-256 digests of all its pieces; everything is verified before use, and a file that is cut
 * off, changed, or of another version is noticed, said, and replaced.
 *
 *   header, padded to DERIVED_HEADER    magic, version, digest of the key set, parameters, parts, layout, size,
 *                                       digests of the pieces, digest of the header
 *   keys                                lattice/layout.h
 */
#ifndef ARCA_LATTICE_DERIVED_H
#define ARCA_LATTICE_DERIVED_H

#include "lattice/keys.h"
#include "sym/sha2.h"

typedef struct derived derived;

enum { DERIVED_HEADER = 2 << 20, DERIVED_VERSION = 2 };

/* What happened, for a log line: sentences without a newline.  Called by the thread that opens. */
typedef struct derived_news { void *ctx; void (*say)(void *ctx, const char *sentence); } derived_news;

/*
 * Opens the file, or makes it.  `digest` names the published key set; set's bodies outlive *out.  news and told may be NULL;
 * told counts bytes, first of making or verifying.  ERR_NOMEM, ERR_IO (a full disk too) with sentences that have the numbers;
 * ERR_REQUEST if the key set lacks a part.
 */
err  derived_open(derived **out, const char *folder, const hash32 *digest, const seeded_keyset *set, unsigned which,
                  exactness how, pool *p, const progress *told, const derived_news *news);
void derived_close(derived **d);

const eval_keys *derived_keys(const derived *d);

/*
 * Removes the files of all key sets but these n, whatever program and processor they were made for.  One that a process has
 * open stays, and so does everything while keys are being made in the folder: what is left over is for another time.
 */
void derived_tidy(const char *folder, const hash32 *keep, size_t n, const derived_news *news);

/* Bytes that the file of these parts has: for sentences, and for whoever plans memory. */
size_t derived_bytes(const lat_params *params, unsigned which, exactness how);

#endif
