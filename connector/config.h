/* SPDX-License-Identifier: MIT */
/*
 * connector/config.h -- what an operator may choose.  The names are those of the reference's three services, so that one file
 * serves all roles, theirs and ours; config.c holds the one table.
 *
 *   database_url, gateway_url ...      every role: where requests are kept, the chain, and where this process answers
 *   [decryption_contract] ...          the contracts, and the names under which signatures are checked
 *   decryption_polling ...             listener: how often, how much at once, from which block on
 *   kms_core_endpoints ...             worker: the nodes, ciphertexts, and the chains whose ACL is asked
 *   private_key_file ...               sender: whose wallet, how patient, what becomes of what is done
 *   internal_config.sandbox            every role: what it has no use for is refused it by the kernel (connector/closing.h)
 *
 * profile says which contracts are served (connector/profile.h): "gateway-v0.11" or "v0.15".
 */
#ifndef ARCA_CONNECTOR_CONFIG_H
#define ARCA_CONNECTOR_CONFIG_H

#include "base/config.h"
#include "connector/profile.h"
#include "evm/address.h"

enum { CONNECTOR_MAX_URLS = 16, CONNECTOR_MAX_SHARDS = 64, CONNECTOR_MAX_CHAINS = 64 };

typedef enum connector_role {
	CONNECTOR_LISTENER = 1, CONNECTOR_WORKER = 2, CONNECTOR_SENDER = 4, CONNECTOR_ALL = 7
} connector_role;

/* "listener", "worker", "sender" or "all"; 0: none of these. */
connector_role connector_role_of(const char *name);

typedef struct contract_config {
	bool        present;
	char       *address_text, *domain_name, *domain_version;
	eth_address address;                   /* derived */
} contract_config;

typedef struct host_chain_config {
	char       *url, *acl_text;
	int64_t     chain_id;
	eth_address acl;                       /* derived */
} host_chain_config;

typedef struct connector_config {
	/* every role */
	char       *profile_name, *database_url, *service_name, *monitoring_endpoint, *tracing_endpoint;
	config_list gateway_url, ethereum_url;
	int64_t     gateway_chain_id, ethereum_chain_id, providers_agree, task_limit, healthcheck_timeout;
	contract_config decryption, generation, gateway_config, protocol_config;

	struct {
		int64_t decryption_polling, key_management_polling, batch, max_errors, decryption_from, generation_from, confirmations;
	} listener;

	struct {
		config_list endpoints;                 /* one a shard; "url|url" names backups of the first */
		bool    allow_insecure_key;
		int64_t fast_polling, long_polling, batch, grpc_retries, max_attempts, lease;
		int64_t s3_attempts, s3_connect_timeout, s3_head_timeout, s3_get_timeout, s3_hedge_delay, s3_heads, s3_gets, s3_max_bytes, registry_refresh;
		config_list s3_ports;                  /* empty: any */
		int64_t host_calls, host_timeout, erc1271_gas;
		config_rows host_chains;               /* of host_chain_config */
		struct { bool present; char *region, *bucket, *endpoint; } s3;
	} worker;

	struct {
		char   *private_key, *private_key_file;
		struct { bool present; char *key_id, *region, *endpoint, *credentials_file; int64_t timeout; } aws;
		int64_t polling, retries, retry_interval, batch, gas_percent, most_gwei, window, confirmations, receipt_timeout;
		bool    trace_reverted, sync;
		char   *executor_text;
		int64_t per_tx;
		eth_address executor;                  /* derived */
		int64_t gc_interval, gc_expiry, gauge_interval;
	} sender;

	struct { bool sandbox; } internal;

	const connector_profile *profile;      /* derived from its name */
} connector_config;

/*
 * Reads the file and the environment, and checks what the roles (connector_role, or-ed) need and what spans several keys.
 * ERR_REQUEST with a sentence that names key and line.  What is odd but allowed is warned about in the log.
 */
err  connector_config_load(connector_config *out, unsigned roles, const char *file, char *const *environment);
err  connector_config_read(connector_config *out, unsigned roles, const char *name, slice text, char *const *environment);
void connector_config_free(connector_config *c);

/* The values of keys that are secret, where others see them: once the configuration is loaded. */
void connector_config_wipe_environment(char *const *environment);

static inline size_t host_chains(const connector_config *c) { return c->worker.host_chains.n; }
static inline const host_chain_config *host_chain_at(const connector_config *c, size_t i)
{
	return (const host_chain_config *)c->worker.host_chains.row + i;
}

/* As config_print and config_help. */
void connector_config_print(buf *out, const connector_config *c);
void connector_config_help(buf *out);

#endif
