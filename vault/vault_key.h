/* SPDX-License-Identifier: MIT */
/*
 * vault/vault_key.h -- the key that seals a vault, as an operator hands it to a node: 32 bytes, or 64 hexadecimal digits.
 *
 *   file         the owner's alone: whoever else could read it could read the vault
 *   descriptor   opened by whoever starts the node: a pipe from a program that asks a person or a device
 *   credential   a file that systemd puts into $CREDENTIALS_DIRECTORY (LoadCredentialEncrypted=), for this service only
 *
 * Never an argument or a variable: those are seen by others.  What is read is wiped; the caller wipes the key.  ERR_REQUEST
 * with a sentence if it is no key, or open to others; ERR_NOT_FOUND; ERR_IO.
 */
#ifndef ARCA_VAULT_VAULT_KEY_H
#define ARCA_VAULT_VAULT_KEY_H

#include "vault/sealed.h"

err  vault_key_from_file(vault_key *out, const char *path);
err  vault_key_from_descriptor(vault_key *out, int fd);              /* to its end; closed */
/* folder: what $CREDENTIALS_DIRECTORY says, or NULL. */
err  vault_key_from_credential(vault_key *out, const char *folder, const char *name);

#endif
