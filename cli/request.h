/* SPDX-License-Identifier: MIT */
/* cli/request.h -- what every request to a cluster needs: the cluster, the node to ask, ids and domain as messages. */
#ifndef ARCA_CLI_REQUEST_H
#define ARCA_CLI_REQUEST_H

#include <kms.v1.pb-c.h>
#include "cli/cli.h"
#include "cli/cluster.h"

/* What --devnet or --nodes names.  Sets EXIT_IO when it cannot be read. */
err cluster_of_args(cluster *out, cli *c);

/* ERR_REQUEST if its keys were once whole in one place, unless --allow-insecure-key is given, or the cluster is a devnet. */
err cluster_key_allowed(const cluster *net, const cli *c);

#define ALLOW_INSECURE_KEY \
	{ "allow-insecure-key", NULL, OPTIONAL, "ask even if a dealer once had the key whole; a devnet is always asked" }

/* The messages point to each other and into the cluster, so this stays where it was filled. */
typedef struct request_fields {
	Kms__V1__RequestId request, about, context, epoch;     /* about: the key, or the preprocessing */
	Kms__V1__Eip712DomainMsg domain;
	char    text[4][ID_TEXT];
	uint8_t chain_id[32];
} request_fields;

/* key_material: under the domain of key generation, not that of decryptions. */
void request_fill(request_fields *out, const cluster *net, const id32 *request, const id32 *about, bool key_material);

#endif
