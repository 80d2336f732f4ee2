/* SPDX-License-Identifier: MIT */
/*
 * vault/vault.h -- what a node keeps: public material that the world downloads, private material that nobody sees.
 *
 *   <public folder>/<PubDataType>/<id>
 *   <private folder>/<PrivDataType>/<id>          or   <private folder>/<PrivDataType>/<epoch>/<id>
 *
 * The folders usually end in PUB and PRIV.  Objects are written once: a second write to the same place is skipped and
 * reported, not an error.  A file is whole or absent (base/file.h).  Private folders are 0700, private files 0600, and
 * wider permissions are refused at opening.  One process at a time holds a vault: opening locks the private folder.
 * Every private object passes vault_put_private and vault_get_private: with a key they are sealed there (sealed.h), without
 * one stored as they are.
 *
 *   sealed.h       a sealed object's bytes
 *   vault_key.h    the key, as an operator hands it over
 *   objects.h      the stored objects' bytes: key metadata, signing key, verification key
 *   key_state.h    where a key is in its life, and what it may do there
 *   signing_key.h  the node's identity: made once, loaded ever after
 *   spool.h        what a key generation consumes: sealed, and used up once
 *   far.h          where objects are kept besides: the seam to S3;  lease.h  one node at a time writes there
 *   wrapped_key.h  the key, as a key management service gives it back
 */
#ifndef ARCA_VAULT_VAULT_H
#define ARCA_VAULT_VAULT_H

#include "base/clock.h"
#include "base/draft.h"
#include "base/id.h"
#include "vault/far.h"
#include "vault/sealed.h"

/* The numbers are those of stored and signed objects. */
typedef enum pub_type {
	PUB_SERVER_KEY, PUB_PUBLIC_KEY, PUB_PUBLIC_KEY_METADATA, PUB_CRS, PUB_VERF_KEY, PUB_VERF_ADDRESS,
	PUB_DECOMPRESSION_KEY, PUB_CA_CERT, PUB_RECOVERY_MATERIAL, PUB_COMPRESSED_XOF_KEY_SET,
	PUB_TYPED_VERF_KEY, PUB_TYPED_VERF_ADDRESS, PUB_TYPES
} pub_type;

typedef enum priv_type {
	PRIV_SIGNING_KEY, PRIV_FHE_KEY_INFO, PRIV_CRS_INFO, PRIV_FHE_PRIVATE_KEY, PRIV_PRSS_SETUP,
	PRIV_PRSS_SETUP_COMBINED, PRIV_CONTEXT, PRIV_EPOCH_DATA,
	PRIV_UNFINISHED_KEY,                       /* empty: the pieces of this key may be removed (node/keys.h) */
	PRIV_USED_SESSION, PRIV_ATTEMPT,           /* empty: there was one (node/used_sids.h)                    */
	PRIV_PREPROCESSING,                        /* its key; the samples are a file beside it (vault/spool.h)  */
	PRIV_UNFINISHED_EPOCH,                     /* empty: the key parts of this epoch may be removed (node/keys.h) */
	PRIV_GIVEN_KEY,                            /* when others got what this node has of a key (node/keys.h) */
	PRIV_DECOMPRESSION_KEY_INFO,               /* the record of a decompression key, of which nothing is secret */
	PRIV_ADDED_KEY_SET,                        /* the record of a key set that a key got later (node/keys.h)    */
	PRIV_UNFINISHED_ADDITION,                  /* empty: without that record its file may be removed            */
	PRIV_DELEGATION_SHARE, PRIV_DELEGATION_KEY, /* of keys that nodes share (node/group_store.h)                */
	PRIV_DELEGATION_PRIVATE_KEY,               /* of keys that a node has alone (node/delegate_keys.h)          */
	PRIV_TYPES
} priv_type;

const char *pub_type_name(pub_type t);        /* "CompressedXofKeySet": folder and key_type of answers */
bool        pub_type_by_name_var(pub_type *out, slice name);
const char *priv_type_name(priv_type t);      /* "FheKeyInfo": folder */

typedef struct vault vault;

/*
 * Makes the folders if need be and removes what an interrupted write left.  ERR_IO; ERR_STATE with a sentence when
 * private files are open to others or another process holds the vault.
 */
err  vault_open(vault **out, const char *public_folder, const char *private_folder);

/*
 * The same; private objects are sealed with the key, which is copied into locked memory (NULL: none, and random is not used).
 * What was plain is sealed here, one object after the other, each sealed file in its place before the plain one is overwritten
 * as vault_remove_private does; *sealed: how many.  After a crash in between the next opening goes on.  Once all are sealed
 * nothing plain is read any more.  ERR_STATE, and nothing changed: the vault is sealed and has another key, or none was given.
 */
err  vault_open_sealed(vault **out, uint64_t *sealed, const char *public_folder, const char *private_folder, const vault_key *key,
                       const rng *random);
void vault_free(vault **v);

/*
 * A vault that keeps its objects elsewhere, too, in S3 (far.h); the folders are then its working copy, from which everything is
 * read.  What is put is there and here before OK is returned.  Opening takes a lease (lease.h), and brings both sides to the same:
 * what one lacks comes from the other, so that empty folders are filled, and a bucket is by a vault that was only here; ERR_BUSY
 * if another node holds the lease, ERR_STATE if an object has another length there.  What was being removed is removed on both sides.
 *
 * Local only: preprocessings, which are used up once and must not come back, and what is no object (the journal).  Private
 * objects go elsewhere sealed or not at all: without a key ERR_REQUEST.
 */
typedef struct vault_far {
	const far_store *public_store, *private_store;     /* NULL: in its folder only.  They stay until vault_free */
	const char *host;                                  /* ours, for the sentence that another node gets      */
	const clock_source *clock;
	void (*changed)(void *ctx, err e);                 /* as in lease_turn; NULL: nobody is told            */
	void  *ctx;
} vault_far;

typedef struct vault_opened { uint64_t sealed, changed, fetched, sent; } vault_opened;      /* how many objects */

/*
 * What a vault is opened with.  One that has been sealed with `former` so far is sealed with the key instead, or, without one, not at
 * all any more.  Object after object takes the place of its old form at once, elsewhere before here; the mark says from the beginning
 * what is under way, so that after a crash the next opening with the same keys goes on, and one with fewer is refused and changes
 * nothing.  Once it is done `former` is not needed, and *what says that nothing was changed.  ERR_STATE also if a sealing or a change
 * to another key had not come to its end: with those keys first.
 */
typedef struct vault_opening {
	const char *public_folder, *private_folder;
	const vault_key *key, *former;                     /* NULL: none                                      */
	const rng *random;                                 /* not used without a key                           */
	const vault_far *far;                              /* NULL: the folders alone                         */
} vault_opening;

err  vault_open_with(vault **out, vault_opened *what, const vault_opening *how);
/* A thread of its own renews the lease from now on, until vault_free; nothing if there is none. */
err  vault_keep(vault *v);

const char *vault_public_folder(const vault *v);
const char *vault_private_folder(const vault *v);
bool        vault_is_sealed(const vault *v);  /* whether what is put there is sealed */

/* Has nothing private ever been stored here?  Any file counts, whoever wrote it, but for the lock and the mark of sealing. */
err  vault_is_fresh(bool *out, vault *v);

/* ---- public ------------------------------------------------------------------------------------------------- */

/* Of each kind: ERR_IO.  *existed: something was there already, which stays.  Read: appended to out; ERR_NOT_FOUND; ERR_REQUEST
 * if it has more than max bytes. */
err  vault_put_public(vault *v, pub_type t, const id32 *id, slice bytes, bool *existed);
err  vault_get_public(buf *out, vault *v, pub_type t, const id32 *id, size_t max);
err  vault_has_public(bool *out, vault *v, pub_type t, const id32 *id);

/* The file as a read-only view, for objects too large to copy; file_unmap when done. */
err  vault_map_public(slice *view, vault *v, pub_type t, const id32 *id, size_t max);

/*
 * For an object that is too large to be had twice: n bytes to be written in place, and put there when they are.  One that
 * was made in memory is copied.  ERR_IO, at the beginning, if the disk has no room for it.
 */
err  vault_draft_public(draft **out, vault *v, pub_type t, const id32 *id, size_t n);
err  vault_keep_public(vault *v, pub_type t, const id32 *id, draft *d, bool *existed);

/* Where the object is; false if there is none. */
bool vault_public_path(char *out, size_t room, vault *v, pub_type t, const id32 *id);

/* No error if there is none.  OK means that it stays removed after a loss of power. */
err  vault_remove_public(vault *v, pub_type t, const id32 *id);

/* ---- private: epoch is NULL for types that have none -------------------------------------------------------- */

/* As those of public objects, of which they have the errors; sealed if the vault has a key. */
err  vault_put_private(vault *v, priv_type t, const id32 *epoch, const id32 *id, slice bytes, bool *existed);

/* The bytes given out belong in memory that will be wiped; a buf is.  ERR_STATE: what is sealed was changed, or is another's. */
err  vault_get_private(buf *out, vault *v, priv_type t, const id32 *epoch, const id32 *id, size_t max);
err  vault_has_private(bool *out, vault *v, priv_type t, const id32 *epoch, const id32 *id);

/*
 * Erases it: first the name, then the bytes, which are overwritten in place, and then the file; all synced.  No error if there
 * is none.  After any other the object is not found again, but some of its bytes may be on the disk.  A crash in between
 * leaves what the next opening erases.
 *
 * Overwriting does what it says on file systems that write in place (ext4 and xfs as they are usually mounted) on disks that
 * do, too.  It does not reach copies elsewhere: blocks that a copying file system (btrfs, zfs), a snapshot, a journal of data or
 * a flash disk kept, and backups.  There only an encrypted disk whose key goes helps.
 */
err  vault_remove_private(vault *v, priv_type t, const id32 *epoch, const id32 *id);

/* Every id of a type in an epoch, ascending: *ids is malloc'ed, the caller frees.  Foreign file names are passed over. */
err  vault_list_private(id32 **ids, size_t *count, vault *v, priv_type t, const id32 *epoch);

/* Every epoch that has a folder for the type, likewise. */
err  vault_list_epochs(id32 **ids, size_t *count, vault *v, priv_type t);

#endif
