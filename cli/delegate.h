/* SPDX-License-Identifier: MIT */
/*
 * cli/delegate.h -- what the verbs of `arca delegate` share: whom they ask, and keys from files.
 *
 * A KMS is where it answers, the chain, and its wallet: what it says counts only if that has signed it.
 */
#ifndef ARCA_CLI_DELEGATE_H
#define ARCA_CLI_DELEGATE_H

#include "cli/cli.h"
#include "delegate/delegate.h"

enum { DELEGATE_TIMEOUT_MS = 30000 };

typedef struct kms_place {
	const char *url;
	uint32_t    chain_id;
	bool        has_wallet;
	eth_address wallet;
} kms_place;

/* The options that name it; whether they are needed is up to the verb. */
#define KMS_OPTION_CHAIN  "the chain's number"
#define KMS_OPTION_WALLET "address that must have signed what the KMS says"

/* --node, --chain-id, --wallet, as far as they are given. */
err  kms_place_read(kms_place *out, cli *c);

/* Sends it; EXIT_UNAVAILABLE if nobody answers, and the KMS's own sentence if it refuses.  json NULL: GET. */
err  kms_ask(buf *answer, cli *c, const char *url, const char *authorization, const slice *json);

/* Asks for the key and checks who signed it, if the wallet is known. */
err  kms_public_key(secp_pk *out, eth_address *by, cli *c, const kms_place *at);

/* A file of --name, whole. */
err  delegate_input(buf *out, cli *c, const char *name, size_t max);

/* A new file: one that is there is left alone.  Sets EXIT_IO. */
err  delegate_write_new(cli *c, const char *path, slice bytes, mode_t mode);

#endif
