/* SPDX-License-Identifier: MIT */
/*
 * vault/vault_internal.h -- a vault, and what vault.c and at_rest.c share: names of files, and how a private one ends.
 *
 * at_rest.c has what happens to the bytes of private objects between memory and disk.  In a vault with a key all are sealed,
 * but for those without bytes: they are marks, of which only the names count.  <private folder>/Sealed/<zeros> says so, and with
 * which key, in a sealed byte.  A vault that gets its key when it has objects already is sealed at the opening, object by object;
 * until the last is, the byte says "begun", and the next opening goes on.  From then on nothing plain is read, so that nobody can
 * put his own in the place of a sealed one.
 */
#ifndef ARCA_VAULT_VAULT_INTERNAL_H
#define ARCA_VAULT_VAULT_INTERNAL_H

#include <limits.h>
#include "vault/vault.h"

enum { PRIVATE_FOLDER_MODE = 0700, PRIVATE_FILE_MODE = 0600 };

#define SEALED_FOLDER "Sealed"

struct vault {
	char *public_folder, *private_folder;
	int   lock;
	vault_key *key;                                /* NULL: objects are stored as they are */
	rng   random;                                  /* of salts                             */
	bool  has_mark, whole;                         /* what the mark said at the opening    */
};

err  vault_path(char out[static PATH_MAX], const char *folder, const char *type, const id32 *epoch, const id32 *id);
err  vault_private_path(char out[static PATH_MAX], const vault *v, priv_type t, const id32 *epoch, const id32 *id);
err  vault_make_parent(const char *path, mode_t mode);
/* Overwritten, then removed: removed even if it cannot be overwritten, and then the error says so. */
err  vault_erase_file(const char *path);

/* ---- at_rest.c -------------------------------------------------------------------------------------------------- */

/* Does the key fit what is there?  Before anything is changed.  ERR_STATE: it is missing, or another one. */
err  at_rest_check(vault *v);
/* Seals what is plain.  *sealed: how many objects that were. */
err  at_rest_begin(vault *v, uint64_t *sealed);

err  at_rest_write(const vault *v, const char *path, const sealed_place *place, slice bytes, bool *existed);
err  at_rest_read(buf *out, const vault *v, const char *path, const sealed_place *place, size_t max);

#endif
