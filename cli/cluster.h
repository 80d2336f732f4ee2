/* SPDX-License-Identifier: MIT */
/*
 * cli/cluster.h -- whom to ask, and whose signature to believe: devnet.json, and files of its shape for --nodes.
 *
 * This file is the client's trust root.  Domain, signers and ids are taken from here and never from a node, so that a
 * node cannot choose what its own answer is checked against.  Reading is strict: a missing, mistyped or unknown
 * member is an error that names it.  parties[].pid, log and config are there for clusters on this machine only.
 *
 *   mode "centralized"   one node that holds the whole key; threshold 0; keygen "central" or "none"
 *   mode "threshold"     n parties that share it, each with a signer of its own; T of them may do what they like, 3T < n;
 *                        keygen "dkg", "insecure" (a dealer had the key) or "none"
 */
#ifndef ARCA_CLI_CLUSTER_H
#define ARCA_CLI_CLUSTER_H

#include <jansson.h>
#include "base/id.h"
#include "evm/kms712.h"
#include "seal/typed.h"
#include "share/party.h"

enum { MAX_CLUSTER_FILE = 1 << 20 };

typedef struct cluster_party {
	unsigned    party_id;                       /* 1 ... n, in order                          */
	const char *grpc, *http;                    /* "127.0.0.1:50100", "http://127.0.0.1:9646" */
	const char *mpc;                            /* where its peers reach it; NULL in centralized mode */
	eth_address signer;
	secp_pk     verification_key;               /* of the signer: checked                     */
	const hash32 *typed;                        /* by scheme: what its other keys are known by (typed_keys.h), zero: not known; */
	                                            /* NULL: none is                              */
	int64_t     pid;                            /* 0: not on this machine                     */
	const char *log, *config;                   /* NULL likewise                              */
} cluster_party;

typedef struct cluster {
	const char *mode, *params, *keygen;
	unsigned    threshold;
	size_t      parties;
	cluster_party party[MAX_PARTIES];
	id32        context, epoch;
	id32        prep, key, crs;                 /* zero: there is none yet                    */
	const char *domain_name, *domain_version, *contract;
	uint64_t    chain_id;
	kms712_profile profile;                     /* under which key generation is signed: "eip712_profile", v0.15 where it is left out */
	double      epoch_s, preprocessing_s, keygen_s;
	json_t     *delegation;                     /* cli/devnet_delegation.h; NULL: none */
	json_t     *gateway;                        /* of a devnet with a chain: cli/devnet_gateway.h; NULL: none */
	json_t     *root;                           /* as read; texts may point into it           */
	hash32     *typed;                          /* likewise                                   */
} cluster;

err  cluster_read(cluster *out, const char *file);
err  cluster_parse(cluster *out, const char *name, slice text);        /* name: for sentences */

err  cluster_write(const char *file, const cluster *c);
void cluster_print(buf *out, const cluster *c);
void cluster_free(cluster *c);

/* Is the party known by a key of this scheme? */
bool cluster_knows_typed(const cluster_party *p, uint32_t scheme);

bool cluster_is_shared(const cluster *c);       /* mode "threshold"                              */
bool cluster_is_insecure(const cluster *c);     /* somebody once had its keys whole              */

/* So many parties that say the same are right, whatever T do; and so many signatures a contract wants to see. */
static inline size_t cluster_believed(const cluster *c) { return c->threshold + 1u; }
static inline size_t cluster_quorum(const cluster *c) { return 2u * c->threshold + 1; }

/* The domain of decryptions, and that of key material, which differs in the name. */
extern const char CLUSTER_KEY_DOMAIN[];
err  cluster_domain(eip712_domain *out, const cluster *c);
err  cluster_key_domain(eip712_domain *out, const cluster *c);

#endif
