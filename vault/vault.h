/* SPDX-License-Identifier: MIT */
/*
 * vault/vault.h -- what a node keeps: public material that the world downloads, private material that nobody sees.
 *
 *   <public>/PUB/<PubDataType>/<id>
 *   <private>/PRIV/<PrivDataType>/<id>            or   <private>/PRIV/<PrivDataType>/<epoch>/<id>
 *
 * Objects are written once: a second write to the same place is skipped and reported, not an error.  A file is whole
 * or absent (base/file.h).  Private folders are 0700, private files 0600, and wider permissions are refused at opening.
 * Every private object passes vault_put_private and vault_get_private: this is where sealing at rest and backup
 * copies attach.
 *
 *   objects.h      the stored objects' bytes: key metadata, signing key, verification key
 *   signing_key.h  the node's identity: made once, loaded ever after
 */
#ifndef ARCA_VAULT_VAULT_H
#define ARCA_VAULT_VAULT_H

#include "base/id.h"

/* The numbers are those of stored and signed objects. */
typedef enum pub_type {
	PUB_SERVER_KEY, PUB_PUBLIC_KEY, PUB_PUBLIC_KEY_METADATA, PUB_CRS, PUB_VERF_KEY, PUB_VERF_ADDRESS,
	PUB_DECOMPRESSION_KEY, PUB_CA_CERT, PUB_RECOVERY_MATERIAL, PUB_COMPRESSED_XOF_KEY_SET,
	PUB_TYPED_VERF_KEY, PUB_TYPED_VERF_ADDRESS, PUB_TYPES
} pub_type;

typedef enum priv_type {
	PRIV_SIGNING_KEY, PRIV_FHE_KEY_INFO, PRIV_CRS_INFO, PRIV_FHE_PRIVATE_KEY, PRIV_PRSS_SETUP,
	PRIV_PRSS_SETUP_COMBINED, PRIV_CONTEXT, PRIV_EPOCH_DATA, PRIV_TYPES
} priv_type;

const char *pub_type_name(pub_type t);        /* "CompressedXofKeySet": folder and key_type of answers */
bool        pub_type_by_name_var(pub_type *out, slice name);

typedef struct vault vault;

/* Makes the folders if need be.  ERR_IO, or ERR_STATE when private files are readable by others. */
err  vault_open(vault **out, const char *public_root, const char *private_root);
void vault_free(vault **v);

err  vault_put_public(vault *v, pub_type t, const id32 *id, slice bytes, bool *existed);
err  vault_get_public(buf *out, vault *v, pub_type t, const id32 *id, size_t max);
bool vault_has_public(vault *v, pub_type t, const id32 *id);

/* The file to serve over HTTP; false if there is none. */
bool vault_public_path(char *out, size_t room, vault *v, pub_type t, const id32 *id);

/* epoch NULL for types that have none.  The bytes given out belong in memory that will be wiped. */
err  vault_put_private(vault *v, priv_type t, const id32 *epoch, const id32 *id, slice bytes, bool *existed);
err  vault_get_private(buf *out, vault *v, priv_type t, const id32 *epoch, const id32 *id, size_t max);

/* Every id of a type in an epoch, ascending: *ids is malloc'ed, the caller frees.  Foreign file names are passed over. */
err  vault_list_private(id32 **ids, size_t *count, vault *v, priv_type t, const id32 *epoch);

#endif
