/* SPDX-License-Identifier: MIT */
/*
 * node/vault_home.h -- a node's vault as its configuration says: folders, S3 behind them, and a key from a file or from KMS.
 *
 *   nothing of AWS named       two folders; the key, if any, from where private_vault.keychain says
 *   storage.s3.bucket          the folder of that vault is a working copy of what is in the bucket (vault/vault.h)
 *   keychain.aws_kms           the key is one that KMS made and wrapped; its wrapped copy is beside the vault (vault/wrapped_key.h)
 *
 * A home has what the vault uses, and is freed after it.
 */
#ifndef ARCA_NODE_VAULT_HOME_H
#define ARCA_NODE_VAULT_HOME_H

#include "aws/aws.h"
#include "node/config.h"
#include "vault/vault.h"

typedef struct vault_home vault_home;

typedef struct vault_folders { const char *published, *private; } vault_folders;

/* *made: KMS made a key for it.  environment: where credentials may be, which are wiped there. */
err  vault_home_open(vault_home **out, vault **v, vault_opened *what, bool *made, const node_config *c, const vault_folders *folders,
                     char **environment);
void vault_home_free(vault_home **h);

#endif
