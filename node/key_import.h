/* SPDX-License-Identifier: MIT */
/*
 * node/key_import.h -- at the party that shares out a key of its own (delegation.chains.import_from): what there is of it when the
 * node starts, and how it goes.
 *
 *   the key, in its file or the vault; no certificate    it is whole, and answers; the nodes are to share it
 *   both, of one key                                     this node was stopped before it had erased its own: it does now
 *   a certificate (node/group_store.h)                   the nodes share it
 *   neither, or both, of different keys                  refused
 *
 * So whenever this node was killed, either the whole key answers or the shares do.
 */
#ifndef ARCA_NODE_KEY_IMPORT_H
#define ARCA_NODE_KEY_IMPORT_H

#include "delegate/key_eraser.h"
#include "delegate/kms.h"
#include "vault/vault.h"

typedef struct key_import {
	vault      *vault;                         /* NULL: there is nothing to erase */
	uint32_t    chain_id;
	key_eraser  file;                          /* not open: it is in the vault only */
} key_import;

/* Sets chain->key and ->state, or ->shared.  path and vault outlive it.  ERR_STATE as above; the errors of delegate_key_open. */
err  key_import_open(key_import *out, delegate_chain *chain, const char *path, vault *v, const rng *random);

/* The nodes share it for good: erases what this one has of the whole key, and says so.  Once. */
void key_import_end(key_import *x);
void key_import_close(key_import *x);

#endif
