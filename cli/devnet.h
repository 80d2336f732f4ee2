/* SPDX-License-Identifier: MIT */
/*
 * cli/devnet.h -- a cluster on this machine, all of it in one folder.
 *
 *   DIR/devnet.json               what it is (cluster.h)
 *   DIR/devnet.lock               held by the one command that changes it
 *   DIR/party-1/node.toml         configuration         DIR/party-1/public     what the world may download
 *   DIR/party-1/node.log          the node's output     DIR/party-1/private    its keys, for the owner only
 *   DIR/party-1/node.pid          its process (process.h)
 *
 * and so on for party-2 to party-N (devnet_node.h).  devnet.json names the nodes' signers.  They are read from the public
 * vaults by the command that made the folder, so that trust in the folder is trust in the file system; no node is asked who
 * it is.
 */
#ifndef ARCA_CLI_DEVNET_H
#define ARCA_CLI_DEVNET_H

#include "cli/cli.h"
#include "cli/cluster.h"
#include "cli/process.h"

/* A node gives what it is doing 30 s to finish; it is killed only when it has had them. */
enum { DEVNET_GRACE_MS = 35000 };

typedef struct devnet {
	char   *dir, *file;              /* absolute */
	cluster cluster;
	int     lock;                    /* -1: only looking */
} devnet;

/* Finds and reads it.  Sets EXIT_IO when there is none. */
err  devnet_open(devnet *out, cli *c, const char *dir);

/* The same with the lock held; ERR_STATE if another command holds it. */
err  devnet_open_locked(devnet *out, cli *c, const char *dir);

/* A folder without devnet.json yet, made if need be, with the lock held. */
err  devnet_make(devnet *out, cli *c, const char *dir);

/* Stops the nodes of an `up` that was interrupted before there was a devnet.json, if dir holds any. */
err  devnet_stop_unfinished(size_t *stopped, const char *dir);

/* A devnet's file also tells where its nodes' files are; one for --nodes need not: ERR_REQUEST. */
err  devnet_is_local(const devnet *d);

err  devnet_save(const devnet *d);
void devnet_close(devnet *d);

/* Borrows from the party; what runs is told by node.pid, not by the party. */
node_process process_of(const cluster_party *p);

#endif
