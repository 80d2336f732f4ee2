/* SPDX-License-Identifier: MIT */
/*
 * cli/typed_keys.h -- a party's keys of schemes other than ECDSA.
 *
 * Such keys are long, so the cluster file holds what they are known by (typed_identity), and the key itself is fetched from
 * what the party publishes: it is believed because it has this identity, not because the party says so.
 */
#ifndef ARCA_CLI_TYPED_KEYS_H
#define ARCA_CLI_TYPED_KEYS_H

#include "cli/cli.h"
#include "cli/cluster.h"

/* "Ed25519", "MlDsa44" ..., in any case; ECDSA, whose signature is always checked, is not asked for.  False: there is no such one. */
bool typed_scheme_by_name(uint32_t *scheme, slice name);

/* The schemes of "--scheme a,b": each once.  None if it is not given. */
err  typed_schemes_of_args(uint32_t scheme[static MAX_SCHEMES], size_t *n, cli *c);

/* Appends the key.  ERR_REQUEST if the cluster file does not know the party by it, or what is published is another key. */
err  typed_key_of(buf *key, const cluster_party *p, uint32_t scheme);

/* For the cluster file, of a node on this machine, from its public vault. */
err  typed_identities_read(hash32 out[static MAX_SCHEMES], const char *public_folder);

#endif
