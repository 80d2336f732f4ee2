/* SPDX-License-Identifier: MIT */
/*
 * cli/delegate_nodes.h -- a KMS whose key nodes share, as its clients see it: the nodes of devnet.json, or of a file of its shape.
 *
 * What is true of the key is what more nodes say alike, each under the wallet that the file names, than may be corrupt.
 */
#ifndef ARCA_CLI_DELEGATE_NODES_H
#define ARCA_CLI_DELEGATE_NODES_H

#include "cli/cluster.h"
#include "cli/delegate.h"

#define KMS_OPTION_DEVNET "the nodes of a cluster on this machine, which share the key"
#define KMS_OPTION_NODES  "the nodes of a file of the shape of devnet.json, which share the key"

typedef struct kms_nodes {
	cluster  net;
	uint32_t chain_id;
	buf      description;            /* as one of those said it who say the same */
	group_key key;
} kms_nodes;

/* Were the options --devnet or --nodes given? */
bool kms_nodes_named(const cli *c);
/* Reads the file; the chain is --chain-id, or that of the file's delegation. */
err  kms_nodes_open(kms_nodes *out, cli *c);
void kms_nodes_free(kms_nodes *n);

/* Asks all of them what the key is.  Who cannot be believed is named on standard error. */
err  kms_nodes_key(kms_nodes *n, cli *c);

/* Has all of them seal their parts to the reader, and appends a file of them (delegate/parts.h); *got: how many. */
err  kms_nodes_gather(buf *file, size_t *got, kms_nodes *n, cli *c, const secp_pk *K, slice spki, const signer *gateway);

#endif
