/* SPDX-License-Identifier: MIT */
/*
 * cli/devnet_gateway.h -- a devnet with a gateway: a chain with the contracts, and a connector for each party.
 *
 *   DIR/gateway/...                    the chain's: contracts/gateway.mjs makes, starts and stops it, and asks for keys
 *   DIR/party-I/connector.toml         a connector's configuration      DIR/party-I/connector.log    its output
 *   DIR/party-I/connector.db           its requests                     DIR/party-I/connector.pid    its process
 *
 * In devnet.json, the member "gateway":
 *
 *   { "url", "chain_id", "dir", "tool": "/.../contracts/gateway.mjs", "contracts": { name: address },
 *     "owner_key_file", "connectors": [ { "party_id", "monitoring": "http://...", "wallet", "wallet_key_file", "config", "log", "pid" } ] }
 *
 * It has "dir" and "tool" alone until the chain runs.  Without the member every function here does nothing.
 */
#ifndef ARCA_CLI_DEVNET_GATEWAY_H
#define ARCA_CLI_DEVNET_GATEWAY_H

#include "cli/devnet.h"

/* gateway.mjs, and where its compiled contracts are kept: empty: in DIR. */
typedef struct gateway_tool { buf path, compiled; } gateway_tool;
void gateway_tool_free(gateway_tool *t);

/* In `folder`, or, if that is NULL, in the source tree of this program.  A sentence if it cannot be run. */
err  gateway_find(gateway_tool *out, cli *c, const char *folder);

/* Starts the chain and the connectors, and waits until they are ready.  What it started is in devnet.json when it fails, too. */
err  gateway_up(cli *c, devnet *d, gateway_tool *tool);

/* A key that the contracts ask for, and if it is shared, an epoch: its ids and times are in devnet.json then. */
err  gateway_make_key(cli *c, devnet *d, const char *params, bool shared);

/* The chain goes on from where it was; OK if it runs. */
err  gateway_start_chain(const devnet *d);
err  gateway_stop_chain(const devnet *d);
/* Connectors and chain, whatever their state; failures are told on stderr. */
void gateway_stop_all(const devnet *d);

/* The connector of a party; false: it has none.  Borrows from d. */
bool gateway_connector(node_process *out, const devnet *d, unsigned party_id);

/* Starts it if it does not run, and writes its number into devnet.json. */
err  gateway_start_connector(devnet *d, unsigned party_id);
err  gateway_wait_connector(const devnet *d, unsigned party_id);
/* It is asked once: a second SIGTERM would end it at once. */
err  gateway_stop_connector(const devnet *d, unsigned party_id);

#endif
