/* SPDX-License-Identifier: MIT */
/*
 * tests/node/cluster.h -- n nodes as processes, linked by mutual TLS, with folders, ports and certificates of their own.
 */
#ifndef ARCA_TESTS_NODE_CLUSTER_H
#define ARCA_TESTS_NODE_CLUSTER_H

#include <sys/resource.h>
#include "rpc/certs.h"
#include "share/party.h"
#include "tests/node/samples.h"

enum { MAX_NODES = 13 };

typedef struct test_cluster {
	unsigned n, t;
	char     folder[MAX_NODES + 1][300];
	unsigned port[MAX_NODES + 1];                    /* party to party */
	int      held[MAX_NODES + 1];                    /* the ports, so that they are free when a node starts again */
	certs_pair ca[MAX_NODES + 1], leaf[MAX_NODES + 1];
	child    node[MAX_NODES + 1];                    /* [1 .. n] */
	bool     up[MAX_NODES + 1];
	id32     epoch, prep, key;
} test_cluster;

/* Folders, certificates and configurations below `top`, with prepared keys in top/derived; nothing runs yet.  timeout_s: network_timeout.
 * t = 0: the nodes know of no peers, until they are told a context. */
void cluster_make(test_cluster *c, const char *top, unsigned n, unsigned t, unsigned timeout_s);
/* Before they start: a delegation key that they share, for one chain. */
void cluster_add_delegation(const test_cluster *c, unsigned chain_id, unsigned refresh_secs);
/* And one for another chain, after that. */
void cluster_add_chain(const test_cluster *c, unsigned chain_id);
/* As cluster_add_delegation; node `owner` has this key in a file, owner.key in its folder, and deals it. */
void cluster_add_import(const test_cluster *c, unsigned chain_id, unsigned refresh_secs, party owner, const secp_sk *d);
void cluster_unmake(test_cluster *c);                /* stops what runs */

/* program: NULL for $ARCA_NODE; lie: NULL, or what $ARCA_LIE shall say. */
void cluster_start(test_cluster *c, party i, const char *program, const char *lie);
void cluster_start_all(test_cluster *c);
void cluster_kill(test_cluster *c, party i);
void cluster_limit_files(test_cluster *c, party i, rlim_t bytes);    /* stands for a disk that fills */
int  cluster_stop(test_cluster *c, party i);

/* Waits until every node that runs reaches every other that runs. */
void cluster_wait_linked(test_cluster *c);

/* The same in all contexts, of which it is told by RPC.  All nodes run. */
void cluster_wait_linked_everywhere(test_cluster *c);

/* Calls the method of every node that runs; asserts that each says `want`. */
void cluster_call_all(test_cluster *c, const char *method, const ProtobufCMessage *request, grpc_status want);

/* A result call to every node that runs, one after the other; asserts `want`; response may be NULL, else [1 .. n]. */
void cluster_results(test_cluster *c, buf *response, const char *method, const id32 *id, grpc_status want);

/* NewMpcEpoch, and a key set dealt by party 1, at every node that runs. */
void cluster_new_epoch(test_cluster *c, const id32 *epoch);
void cluster_new_key(test_cluster *c, id32 *prep, id32 *key, int params);

/* ---- on a node's disk --------------------------------------------------------------------------------------------- */

/* The file of an object, folder being "PRIV" or "PUB": of that id, or, if second is not NULL, of the second within the first (as of
 * a key in an epoch).  Two are valid at a time. */
const char *cluster_object(const test_cluster *c, party i, const char *folder, const char *type, const id32 *first, const id32 *second);
bool cluster_has(const test_cluster *c, party i, const char *folder, const char *type, const id32 *first, const id32 *second);

/* Waits until it is there. */
void cluster_wait_for(const test_cluster *c, party i, const char *folder, const char *type, const id32 *first, const id32 *second);

/* How many files below this folder of node i ("PRIV", "PUB", "PRIV/FheKeyInfo") have the id in their path; 0 if there is no
 * such folder. */
unsigned cluster_files(const test_cluster *c, party i, const char *where, const id32 *id);

/* ---- whole programs, and what nodes say ---------------------------------------------------------------------------- */

/* Whose parties are nodes [0], [1], ...  Told to every node that runs, also to those that are not in it. */
typedef struct test_context { id32 id; unsigned n, t; party node[MAX_NODES]; } test_context;
void cluster_tell(test_cluster *c, const test_context *k);
party_set test_context_nodes(const test_context *k);
/* What follows asks these nodes alone. */
void cluster_only(test_cluster *c, party_set who);

/* NewMpcEpoch with the keys of another, asked of these nodes; none waits. */
void cluster_reshare(test_cluster *c, party_set who, const test_context *old, const id32 *from, const test_context *new, const id32 *to);

/* How programs of tests begin and end: four nodes in a folder of their own, one of which may be corrupt, with this epoch, a test key
 * dealt (c->prep, c->key) and samples under it. */
int cluster_set_up(void **top, test_cluster *c, samples *s, const id32 *epoch, unsigned timeout_s);
int cluster_take_down(void **top, test_cluster *c, samples *s);

/* The value of a metric line that begins with `name`; -1 if there is none. */
long long cluster_metric(test_cluster *c, party i, const char *name);

/* Does the log of node i have a line with this in it?  And: does it get one, now or soon? */
bool cluster_has_logged(test_cluster *c, party i, const char *what);
bool cluster_logged(test_cluster *c, party i, const char *what);

#endif
