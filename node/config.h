/* SPDX-License-Identifier: MIT */
/*
 * node/config.h -- what an operator may choose.  The names are those of the reference's configuration, so that one
 * file serves both; config.c holds the one table.
 *
 *   [service]                          where requests come in
 *   [public_vault.storage.file]        what the world may download
 *   [private_vault.storage.file]       what nobody else may read
 *   [public_vault.storage.s3] [private_vault.storage.s3]     buckets that keep the objects of these folders, too
 *   [private_vault.keychain]           the key that seals it, from one of four places; without any it is not sealed
 *   [aws]                              where S3 and KMS are, and who this node is to them
 *   [core]                             where prepared keys are kept
 *   [telemetry]                        health, metrics and public material over HTTP; logs; traces
 *   [rate_limiter_conf]                what each kind of request costs while it runs
 *   [threshold]                        one party of a cluster; without this section the node is centralized
 *   [threshold.tls.manual]             its certificate for the links to the other parties, and the key of that
 *   [threshold.core_to_core_net]       how patient these links are, and what one party may cost another
 *   [[threshold.peers]]                the parties, this one too: the same list at every node
 *   [delegation]                       the delegation KMS; without this section there is none
 *   [[delegation.chains]]              whose gateway may ask, and which key answers
 */
#ifndef ARCA_NODE_CONFIG_H
#define ARCA_NODE_CONFIG_H

#include "base/config.h"
#include "base/log.h"
#include "share/party.h"

/* A certificate or key is given as PEM, or as the path of a file that holds it. */
typedef struct pem_config { char *pem, *path; } pem_config;

typedef struct peer_config {
	int64_t    party_id, port;
	char      *address, *mpc_identity;             /* identity "": the address */
	char      *public_storage_url;                 /* may be "" */
	pem_config tls_cert;                           /* of the party's authority: its links show certificates signed by it */
} peer_config;

typedef struct threshold_config {
	bool    present;
	char   *listen_address, *decryption_mode;
	int64_t listen_port, my_id, threshold, dec_capacity, min_dec_cache, num_sessions_preproc, epoch_grace;
	struct { pem_config cert, key; } tls;
	struct {
		int64_t network_timeout, initial_interval_ms, max_interval,
		        max_opened_inactive_sessions_per_party, discard_inactive_sessions_interval;
	} net;
	config_rows peers;                             /* of peer_config */
} threshold_config;

typedef struct chain_config {
	int64_t chain_id, import_from;                 /* 0: nobody */
	char   *gateway, *key_file;
	char   *rpc_urls, *contract;                   /* both or none */
} chain_config;

typedef struct node_config {
	struct {
		char   *listen_address, *eip712_profile;
		int64_t listen_port, timeout_secs, grace_secs, grpc_max_message_size, dec_capacity, min_dec_cache,
		        result_bytes;
	} service;
	struct { char *path, *prefix, *bucket, *s3_prefix; } public_vault, private_vault;        /* bucket "": in folders only */
	struct { char *file, *credential, *root_key_id, *root_key_spec; int64_t descriptor; } keychain;      /* "" and -1: none */
	struct { char *file, *credential; int64_t descriptor; } former;          /* the key before, likewise */
	struct { int64_t wait_secs; } lease;
	struct { char *region, *s3_endpoint, *awskms_endpoint, *file, *credential; int64_t descriptor; } aws;
	struct {
		char   *metrics_bind_address, *public_url, *log_format, *log_level, *tracing_endpoint, *tracing_service_name;
		int64_t tracing_otlp_timeout_ms, max_queue_size, max_export_batch_size, scheduled_delay_ms;
	} telemetry;
	struct { int64_t bucket_size, pub_decrypt, user_decrypt, crsgen, preproc, keygen, new_epoch; } limits;
	struct { int64_t num_rayon_threads; bool core_dumps, sandbox; } internal;
	struct { char *derived_folder; } core;
	threshold_config threshold;
	struct { bool present; char *wallet_file, *combiners; int64_t refresh_secs, answers_per_second; config_rows chains; } delegation;    /* of chain_config */

	/* Derived from the above. */
	char     http_address[256];
	unsigned http_port;
	bool     eip712_v011;
	bool     log_json;
	log_level log_least;

	/* After a failure of what spans several keys: which of them, and in which table of a list (from 1; 0: in none). */
	struct { const char *key; size_t row; } contradicts;
} node_config;

/* Reads the file and the environment and checks what spans several keys.  ERR_REQUEST with a sentence. */
err  node_config_load(node_config *out, const char *file, char *const *environment);
err  node_config_read(node_config *out, const char *name, slice text, char *const *environment);
void node_config_free(node_config *c);

static inline size_t peers_count(const node_config *c) { return c->threshold.peers.n; }
static inline const peer_config *peer_at(const node_config *c, size_t i) { return (const peer_config *)c->threshold.peers.row + i; }
static inline const char *peer_identity(const peer_config *p) { return p->mpc_identity[0] ? p->mpc_identity : p->address; }

/* As if there were none. */
void node_config_drop_peers(node_config *c);

/* What was read of it is enough: overwrites the secrets in the environment; the key in the configuration, once the links have it. */
void node_config_wipe_environment(char *const *environment);
void node_config_wipe_key(node_config *c);

/* Appends the PEM text, from the file if it is in one.  what: for sentences. */
err  pem_config_read(buf *out, const pem_config *p, const char *what);
/* The same of a private key, whose file must be its owner's alone (base/secret_file.h). */
err  pem_config_read_secret(buf *out, const pem_config *p, const char *what);

/* The same as node_config_read; after a failure *where tells which key it was. */
err  node_config_read_where(config_place *where, node_config *out, const char *name, slice text, char *const *environment);

/* As config_explain and config_names, of a node's keys. */
bool node_config_explain(buf *out, const char *key);
void node_config_names(void (*each)(void *ctx, const char *name), void *ctx);

void node_config_print(buf *out, const node_config *c);
void node_config_help(buf *out);

#endif
