/* SPDX-License-Identifier: MIT */
/*
 * node/cluster.h -- what a party of a cluster has beyond a node that is alone.
 *
 *   contexts.h    who the parties are            peers.h     links to them
 *   crossed.h     two sets of them together
 *   epochs.h      what they share                announce.h  how they come together
 *   used_sids.h   what must never be again       ceremony.h  protocols in rounds
 *   ddec.h        decrypting together            combine.h   delegations together
 */
#ifndef ARCA_NODE_CLUSTER_H
#define ARCA_NODE_CLUSTER_H

#include "node/ceremony.h"
#include "node/combine.h"
#include "node/crossed.h"
#include "node/ddec.h"
#include "rpc/certs.h"

typedef struct cluster {
	const node_config *config;
	vault     *vault;
	keys      *keys;
	const char *derived_folder;                  /* node/small_keys.h */
	requests  *table;
	contexts  *contexts;
	crossings *crossings;
	epochs    *epochs;
	announcements *announcements;
	ddec      *ddec;
	peers     *peers;
	_Atomic(combining *) combining;              /* NULL: no delegations, or not yet */
	_Atomic(struct group_keeper *) keeper;       /* of keys of delegations (node/group_keeper.h); likewise */
	char       name[CERTS_NAME_MAX + 1];         /* in this node's certificate */
	buf        certificate_pem, key_pem;         /* the key's is empty once the links have it */
	const node_seams *seams;
} cluster;

/* Contexts and epochs; no link yet.  ERR_REQUEST and ERR_STATE as contexts_open, epochs_open. */
err  cluster_new(cluster **out, const node_config *c, vault *v, const signer *s, const node_seams *seams);

/* What of it needs keys and cores.  ERR_NOMEM. */
err  cluster_start(cluster *c, const engine *e, requests *table);

/* Links to every context's parties; its own port is open then.  As peers_new, peers_join. */
err  cluster_link(cluster *c);

/* Nobody waits any longer for others to come to a ceremony; then, those that run are ended.  NULL-safe. */
void cluster_close(cluster *c);
void cluster_stop(cluster *c);

/* Requires: no request runs, and no thread that ran one.  NULL-safe. */
void cluster_free(cluster **c);

/* ---- what requests need ------------------------------------------------------------------------------------------- */

/* May this party serve such a request: is it in the context, and is the epoch there and the context's?  ERR_NOT_FOUND, ERR_STATE
 * with a sentence for the client. */
err  cluster_admits(cluster *c, const request *r);

/* What a crash left on the disk of a preprocessing that is used up or failed, whatever its epoch.  ERR_IO. */
err  cluster_drop_preprocessing(cluster *c, const id32 *id);

/* The lease of a new epoch: as contexts_find, epochs_begin. */
err  cluster_begin_epoch(cluster *c, const request *r);

/* Appends what there is to count, for Prometheus. */
void cluster_metrics(buf *out, cluster *c);

/* The contexts between which keys go, their parties linked.  ERR_NOT_FOUND; else as crossings_get.  Requires: r->epoch.reshares. */
err  cluster_crossed(const crossed **out, cluster *c, const request *r);

ceremony_tools cluster_tools(const cluster *c, const rng *random);

/* ---- what operators ask: each blocks until it is done ---------------------------------------------------------------- */

/* On disk, and its parties linked.  As contexts_add, peers_join. */
err  cluster_make_context(cluster *c, const context_info *info);

/* Destroys its epochs first; their ids are appended to `gone`.  As contexts_may_remove, epochs_begin_destroy. */
err  cluster_destroy_context(cluster *c, buf *gone, const id32 *id);
err  cluster_destroy_epoch(cluster *c, const id32 *id);

/* The same, if it is superseded (superseded.h); ERR_STATE if not, or if now is not the time (epochs_begin_destroy). */
err  cluster_destroy_superseded(cluster *c, const id32 *id);

#endif
