/* SPDX-License-Identifier: MIT */
/*
 * cli/devnet_delegation.h -- a devnet whose nodes are a delegation KMS, too: of one chain, with a gateway made for it.
 *
 *   DIR/gateway.key          the gateway's private key, for whoever plays it
 *   DIR/party-1/kms.key      the protocol key, if there is one node; several share one, and any of them combines
 */
#ifndef ARCA_CLI_DEVNET_DELEGATION_H
#define ARCA_CLI_DEVNET_DELEGATION_H

#include "cli/devnet.h"
#include "cli/devnet_node.h"

enum { DEVNET_DELEGATION_CHAIN = 31337 };

/* Makes the keys, and appends the nodes' section to each configuration.  After node_files_write. */
err  devnet_delegation_write(const devnet *d, const node_files *f, size_t parties);

/* Waits until the nodes have a key, and enters it in the cluster. */
err  devnet_delegation_wait(cli *c, devnet *d);

#endif
