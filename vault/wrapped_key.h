/* SPDX-License-Identifier: MIT */
/*
 * vault/wrapped_key.h -- the key of a vault, wrapped by a key management service: what is kept of it beside the vault.
 *
 *   "ARCAWRAP" || u8 version 1 || key id (sealed.h), 8 bytes || u64 n || name of the service's key || u64 n || wrapped key
 *
 * Nobody but the service can unwrap it, so it may be where the vault is: <private folder>/WrappedKey, and with the far store if
 * there is one.  It is made once.  Without it, or without the service's key, the vault is lost.
 */
#ifndef ARCA_VAULT_WRAPPED_KEY_H
#define ARCA_VAULT_WRAPPED_KEY_H

#include "vault/far.h"
#include "vault/sealed.h"

#define WRAPPED_KEY_NAME "WrappedKey"

enum { WRAPPED_NAME = 2048, WRAPPED_BYTES = 6144, MAX_WRAPPED_FILE = 9 + SEALED_KEY_ID + 2 * 8 + WRAPPED_NAME + WRAPPED_BYTES };

typedef struct wrapped_key { char key_id[KEY_ID_TEXT]; slice name, wrapped; } wrapped_key;        /* slices of the file */

void wrapped_key_write(buf *out, const vault_key *k, slice name, slice wrapped);
/* ERR_STATE: it is no such file. */
err  wrapped_key_read(wrapped_key *out, slice file);

/* The service, as a seam: new makes a key and wraps it, open unwraps one by the service's key of that name. */
typedef struct key_service {
	void *ctx;
	const char *name;                                  /* of the service's key for a new one */
	err (*new_key)(void *ctx, vault_key *out, buf *wrapped);
	err (*open_key)(void *ctx, vault_key *out, slice name, slice wrapped);
} key_service;

/*
 * The vault's key: unwrapped, or, for a vault that has nothing private yet or is not sealed, made.  far: NULL if it is kept here only.
 * What one place lacks comes from the other.  ERR_STATE: the vault is sealed but its wrapped key is missing, or the two places have
 * different ones, or the service gave another key back than was wrapped.  The caller wipes *out.
 */
err  wrapped_key_open(vault_key *out, bool *made, const char *private_folder, const far_store *far, const key_service *service);

#endif
