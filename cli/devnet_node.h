/* SPDX-License-Identifier: MIT */
/*
 * cli/devnet_node.h -- the nodes of a devnet before they run: ports, certificates, configuration.
 *
 *   DIR/party-I/node.toml                      what it is told
 *   DIR/derived/                               keys that all nodes share, prepared when one first needs them
 *   DIR/party-I/tls/ca.pem                     the party's authority, which its peers trust; its key is thrown away
 *   DIR/party-I/tls/cert.pem, key.pem          what it shows its peers, and the key of that (0600)
 */
#ifndef ARCA_CLI_DEVNET_NODE_H
#define ARCA_CLI_DEVNET_NODE_H

#include <limits.h>
#include "cli/cli.h"
#include "cli/cluster.h"

/* Of each party: gRPC, links between nodes, HTTP. */
enum { PORTS_A_PARTY = 3, LAST_PORT_NUMBER = 65535 };

/* The texts of one party, which the cluster borrows. */
typedef struct node_files {
	unsigned party, grpc_port, mpc_port, http_port;
	char dir[PATH_MAX], config[PATH_MAX + 16], log[PATH_MAX + 16], derived[PATH_MAX + 16], grpc[32], mpc[32], http[32], http_url[48];
	hash32 typed[MAX_SCHEMES];           /* by what its keys of other schemes are known */
} node_files;

/* Fills f[0 .. parties): folders below dir; ports from base_port on, or free ones if it is 0. */
err  node_files_lay_out(node_files *f, cli *c, const char *dir, size_t parties, unsigned base_port);

/* Writes node.toml of each; with a threshold above 0 the certificates, too.  profile: of what nodes sign about keys. */
err  node_files_write(const node_files *f, size_t parties, unsigned threshold, kms712_profile profile);

/* Who signs, from what the node has published in its folder, which is ours.  *out refers to f. */
err  node_files_signer(cluster_party *out, node_files *f);

#endif
