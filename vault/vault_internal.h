/* SPDX-License-Identifier: MIT */
/*
 * vault/vault_internal.h -- a vault, and what vault.c and at_rest.c share: names of files, and how a private one ends.
 *
 * at_rest.c has what happens to the bytes of private objects between memory and disk.  In a vault with a key all are sealed,
 * but for those without bytes: they are marks, of which only the names count.  <private folder>/Sealed/<zeros> says so, and with
 * which key, in a sealed byte.  A vault that gets its key when it has objects already is sealed at the opening, object by object;
 * until the last is, the byte says "begun", and the next opening goes on.  From then on nothing plain is read, so that nobody can
 * put his own in the place of a sealed one.
 *
 * rekey.c gives them another key, or none.  While it is at it the mark is sealed with the new key and names the one before; or it is
 * sealed with the only key, and says that objects are being opened.
 */
#ifndef ARCA_VAULT_VAULT_INTERNAL_H
#define ARCA_VAULT_VAULT_INTERNAL_H

#include <limits.h>
#include <pthread.h>
#include "vault/lease.h"
#include "vault/vault.h"

enum { PRIVATE_FOLDER_MODE = 0700, PRIVATE_FILE_MODE = 0600, PUBLIC_FOLDER_MODE = 0755, PUBLIC_FILE_MODE = 0644 };

#define SEALED_FOLDER "Sealed"

struct vault {
	char *public_folder, *private_folder;
	int   lock;
	vault_key *key;                                /* NULL: objects are stored as they are */
	vault_key *former;                             /* until the vault is open: the one before, or NULL */
	rng   random;                                  /* of salts                             */
	bool  has_mark, whole;                         /* what the mark said at the opening    */
	bool  changing;                                /* objects are to get another key, or none (rekey.c) */

	const far_store *far[2];                       /* by vault_side; NULL: none            */
	lease *lease;
	pthread_mutex_t putting[2];                    /* one at a time, there and here        */
};

typedef enum vault_side { SIDE_PUBLIC, SIDE_PRIVATE } vault_side;

err  vault_path(char out[static PATH_MAX], const char *folder, const char *type, const id32 *epoch, const id32 *id);
err  vault_private_path(char out[static PATH_MAX], const vault *v, priv_type t, const id32 *epoch, const id32 *id);
err  vault_make_parent(const char *path, mode_t mode);
err  vault_sync_parent(const char *path);
/* No error if there is none.  OK means that it stays removed. */
err  vault_remove_file(const char *path);
/* Overwritten, then removed: removed even if it cannot be overwritten, and then the error says so. */
err  vault_erase_file(const char *path);

/* The ids among the names in a folder, ascending; a missing folder has none.  kind: DT_REG, DT_DIR. */
err  vault_list_ids(id32 **out, size_t *count, const char *path, unsigned char kind);
/* Is there nothing private but the vault's own? */
err  vault_is_empty(bool *out, const vault *v);

#define ERASING ".erasing"                             /* ends the name of what is being removed */

/* ---- rekey.c: requires v->changing ------------------------------------------------------------------------------- */

err  rekey(vault *v, uint64_t *changed);

/* ---- far.c: the other side ---------------------------------------------------------------------------------------- */

/* The mark of sealing, before the key is checked: fetched if it is missing here, and told from that of another vault. */
err  far_mark(vault *v);
/* There, in the place of what is there: an object, or the mark. */
err  far_replace(vault *v, const char *path, slice bytes);
/* What one side lacks. */
err  far_sync(vault *v, vault_opened *what);

/*
 * Around writing a file of the vault.  far_begin: *there: the file is there already, perhaps just fetched, and then *existed says
 * whether it is another's; otherwise the bytes are there, and the caller writes the file.  far_end follows in any case.
 */
err  far_begin(bool *there, bool *existed, vault *v, vault_side side, const char *path, slice bytes);
void far_end(vault *v, vault_side side);
/* May it be removed?  And: it is, there.  path may end in ERASING.  Nothing if it is kept here only. */
err  far_may_remove(vault *v, vault_side side, const char *path);
err  far_remove(vault *v, vault_side side, const char *path);

/* ---- at_rest.c -------------------------------------------------------------------------------------------------- */

/* Does the key fit what is there?  Before anything is changed.  ERR_STATE: it is missing, or another one. */
err  at_rest_check(vault *v);
/* Seals what is plain.  *sealed: how many objects that were. */
err  at_rest_begin(vault *v, uint64_t *sealed);

/* What a mark says, sealed.  The bytes are stored; MARK_CHANGING is followed by the id of the key before. */
enum { MARK_BEGUN = 1, MARK_WHOLE = 2, MARK_CHANGING = 3, MARK_OPENING = 4, MAX_MARK = 1 + SEALED_KEY_ID };

err  at_rest_write_mark(vault *v, const vault_key *k, slice says);
err  at_rest_remove_mark(vault *v);

/* One file: is it sealed (then *key_id), how long is it?  And its plaintext, which is not empty. */
typedef struct at_rest_file { bool sealed; char key_id[KEY_ID_TEXT]; uint64_t bytes; } at_rest_file;
err  at_rest_look(at_rest_file *out, const char *path);
err  at_rest_open_file(buf *out, const vault_key *k, const char *path, const sealed_place *place);

/* Calls f for every private object that there is a file of. */
typedef err (*at_rest_act)(vault *v, uint64_t *count, const char *path, const sealed_place *place);
err  at_rest_each(vault *v, uint64_t *count, at_rest_act f);
/* Does a mark from elsewhere open with the key? */
err  at_rest_check_mark(const vault *v, slice mark);

err  at_rest_write(vault *v, const char *path, const sealed_place *place, slice bytes, bool *existed);
err  at_rest_read(buf *out, const vault *v, const char *path, const sealed_place *place, size_t max);

#endif
