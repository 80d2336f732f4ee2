/* SPDX-License-Identifier: MIT */
/*
 * node/config.h -- what an operator may choose.  The names are those of the reference's configuration, so that one
 * file serves both; config.c holds the one table.
 *
 *   [service]                          where requests come in
 *   [public_vault.storage.file]        what the world may download
 *   [private_vault.storage.file]       what nobody else may read
 *   [telemetry]                        health, metrics and public material over HTTP
 *   [rate_limiter_conf]                what each kind of request costs while it runs
 */
#ifndef ARCA_NODE_CONFIG_H
#define ARCA_NODE_CONFIG_H

#include "base/config.h"

typedef struct node_config {
	struct {
		char   *listen_address, *eip712_profile;
		int64_t listen_port, timeout_secs, grace_secs, grpc_max_message_size, dec_capacity, min_dec_cache,
		        result_bytes;
	} service;
	struct { char *path, *prefix; } public_vault, private_vault;
	struct { char *metrics_bind_address; } telemetry;
	struct { int64_t bucket_size, pub_decrypt, user_decrypt, crsgen, preproc, keygen, new_epoch; } limits;
	struct { int64_t num_rayon_threads; } internal;

	/* Derived from the above. */
	char     http_address[256];
	unsigned http_port;
	bool     eip712_v011;
} node_config;

/* Reads the file and the environment and checks what spans several keys.  ERR_REQUEST with a sentence. */
err  node_config_load(node_config *out, const char *file, char *const *environment);
err  node_config_read(node_config *out, const char *name, slice text, char *const *environment);
void node_config_free(node_config *c);

void node_config_print(buf *out, const node_config *c);
void node_config_help(buf *out);

#endif
