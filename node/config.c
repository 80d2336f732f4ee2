/* SPDX-License-Identifier: MIT */
/* node/config.c -- the table of keys, and how it is read and shown. */
#include "node/config_internal.h"
#include <stdlib.h>
#include "aws/kms.h"
#include "aws/s3.h"
#include "delegate/kms.h"

#define AT(field) offsetof(node_config, field)

enum { MAX_TOKENS = 1000000000, MAX_PATH_TEXT = 2048, DAY = 86400, MAX_EPOCH_GRACE = 3660 * DAY, MAX_DESCRIPTOR = 1 << 20,
       MAX_S3_PREFIX = 128 };

static const char RAM[] = "keys in memory would be lost at every stop; use storage.file";
static const char ROLES[] = "only keys as such are known to this version; let another program renew the file of aws.credentials.file";

#define TEXT(name_, at, min_, max_, fallback_, help_) \
	{ .name = name_, .type = CONFIG_TEXT, .offset = at, .min = min_, .max = max_, .fallback = fallback_, .help = help_ }
#define NUMBER(name_, at, min_, max_, fallback_, help_) \
	{ .name = name_, .type = CONFIG_INT, .offset = at, .min = min_, .max = max_, .fallback = fallback_, .help = help_ }
#define REFUSED(name_, help_) { .name = name_, .type = CONFIG_REFUSED, .help = help_ }

#define IN_PEER(field) offsetof(peer_config, field)

/* clang-format off */
static const config_key PEER_KEYS[] = {
	NUMBER("party_id", IN_PEER(party_id), 1, MAX_PARTIES, NULL, "number of the party, from 1 to the number of parties"),
	TEXT("address", IN_PEER(address), 1, 255, NULL, "where its links come in"),
	NUMBER("port", IN_PEER(port), 1, MAX_PORT, NULL, "and on which port"),
	TEXT("mpc_identity", IN_PEER(mpc_identity), 0, 255, "", "its name in certificates; the address if empty"),
	TEXT("public_storage_url", IN_PEER(public_storage_url), 0, MAX_PATH_TEXT, "",
	  "where it publishes keys (its /PUB/ is below), for a node that missed one; empty: not known"),
	TEXT("tls_cert", IN_PEER(tls_cert.pem), 0, MAX_PEM, "", "PEM of the authority that signs the party's certificates"),
	TEXT("tls_cert.path", IN_PEER(tls_cert.path), 0, MAX_PATH_TEXT, "", "or the path of a file with it"),
	REFUSED("verification_address", "a party's signer is known from its context; leave the key out"),
};
static const config_schema PEER = { PEER_KEYS, COUNT(PEER_KEYS), NULL };

#define IN_CHAIN(field) offsetof(chain_config, field)

static const config_key CHAIN_KEYS[] = {
	NUMBER("chain_id", IN_CHAIN(chain_id), 0, UINT32_MAX, NULL, "number of the chain"),
	TEXT("gateway", IN_CHAIN(gateway), 1, 64, NULL, "address of the gateway whose signature is believed, with its checksum"),
	TEXT("key_file", IN_CHAIN(key_file), 0, MAX_PATH_TEXT, "",
	  "file with the chain's private key ('arca delegate keygen'), which a sealed vault takes in; empty, in a cluster: the nodes share one"),
	NUMBER("import_from", IN_CHAIN(import_from), 0, MAX_PARTIES, "0",
	  "in a cluster, and the same at all its nodes: the party whose key_file the nodes are to share; it empties that file once they do"),
	TEXT("contract", IN_CHAIN(contract), 0, 64, "",
	  "address of the contract whose gateway() and kmsPublicKey() must be the ones here, or the node does not start; empty: nobody looks"),
	TEXT("rpc_urls", IN_CHAIN(rpc_urls), 0, MAX_PATH_TEXT, "", "where that is asked: URLs of JSON-RPC, with commas between, the second if the first is away"),
};
static const config_schema CHAIN = { CHAIN_KEYS, COUNT(CHAIN_KEYS), NULL };

static const config_key KEYS[] = {
	TEXT("service.listen_address", AT(service.listen_address), 1, 255, "127.0.0.1",
	  "address of the gRPC service; only the operator's connector may reach it"),
	NUMBER("service.listen_port", AT(service.listen_port), 0, MAX_PORT, "50051",
	  "its port; 0 takes a free one"),
	NUMBER("service.timeout_secs", AT(service.timeout_secs), 1, 86400, "360",
	  "how long a Sync call waits for its answer"),
	NUMBER("service.grace_secs", AT(service.grace_secs), 0, 3600, "30",
	  "how long running requests may take to finish when the node is asked to stop"),
	TEXT("service.eip712_profile", AT(service.eip712_profile), 1, 16, "v0.15",
	  "typed data that is signed for key generation: v0.15, or v0.11 for contracts that know no extraData"),
	NUMBER("service.grpc_max_message_size", AT(service.grpc_max_message_size), 1 << 10, 1 << 30, "104857600",
	  "largest message, either direction, in bytes"),
	NUMBER("service.dec_capacity", AT(service.dec_capacity), 1, 10000000, "10000",
	  "decryptions of each kind that are remembered"),
	NUMBER("service.min_dec_cache", AT(service.min_dec_cache), 0, 10000000, "6000",
	  "finished ones that are not forgotten to make room for more; below dec_capacity"),
	NUMBER("service.result_bytes", AT(service.result_bytes), 1 << 14, (int64_t)1 << 40, "268435456",
	  "memory for the remembered decryptions of each kind; beyond it the oldest are forgotten, even of min_dec_cache"),

	TEXT("public_vault.storage.file.path", AT(public_vault.path), 0, MAX_PATH_TEXT, "",
	  "folder for public material; with a bucket its working copy, and by default /var/lib/arca/public"),
	TEXT("public_vault.storage.file.prefix", AT(public_vault.prefix), 1, 128, "PUB",
	  "folder inside it"),
	TEXT("private_vault.storage.file.path", AT(private_vault.path), 0, MAX_PATH_TEXT, "",
	  "folder for keys and the journal; with a bucket its working copy, and by default /var/lib/arca/private"),
	TEXT("private_vault.storage.file.prefix", AT(private_vault.prefix), 1, 128, "PRIV",
	  "folder inside it"),

	TEXT("public_vault.storage.s3.bucket", AT(public_vault.bucket), 0, S3_BUCKET, "",
	  "bucket that keeps public material, too; empty: none. The node serves it from its folder all the same"),
	TEXT("public_vault.storage.s3.prefix", AT(public_vault.s3_prefix), 0, MAX_S3_PREFIX, "PUB", "what the names in the bucket begin with"),
	TEXT("private_vault.storage.s3.bucket", AT(private_vault.bucket), 0, S3_BUCKET, "",
	  "bucket that keeps private objects, too, sealed (private_vault.keychain); empty: none. The journal and preprocessings stay in "
	  "the folder"),
	TEXT("private_vault.storage.s3.prefix", AT(private_vault.s3_prefix), 0, MAX_S3_PREFIX, "PRIV", "what the names in the bucket begin with"),

	NUMBER("private_vault.storage.s3.lease_wait_secs", AT(lease.wait_secs), 0, 3600, "75",
	  "how long a start waits for another node to let go of the bucket; the lease of one that died ends after 60 s"),

	TEXT("private_vault.keychain.file.path", AT(keychain.file), 0, MAX_PATH_TEXT, "",
	  "file with the key that seals the private vault: 32 bytes or 64 hexadecimal digits, as from 'openssl rand -hex 32', readable "
	  "for its owner only; not on the vault's disk, nor in its backups. A vault that is there already is sealed at the start. "
	  "Without the key it is lost"),
	NUMBER("private_vault.keychain.descriptor.number", AT(keychain.descriptor), -1, MAX_DESCRIPTOR, "-1",
	  "or an open descriptor to read the key from; -1: none"),
	TEXT("private_vault.keychain.credential.name", AT(keychain.credential), 0, 255, "",
	  "or the name of a systemd credential (LoadCredentialEncrypted=)"),
	TEXT("private_vault.keychain.aws_kms.root_key_id", AT(keychain.root_key_id), 0, MAX_PATH_TEXT, "",
	  "or the id, ARN or alias of a key of AWS KMS, which then makes the key of the vault at the first start and unwraps it at every other; "
	  "without that key of KMS the vault is lost"),
	TEXT("private_vault.keychain.former.file.path", AT(former.file), 0, MAX_PATH_TEXT, "",
	  "file with the key that has sealed the vault so far: at the start everything is sealed with the other one instead, or, if there is no "
	  "other, is not sealed any more. After that start it is not needed"),
	NUMBER("private_vault.keychain.former.descriptor.number", AT(former.descriptor), -1, MAX_DESCRIPTOR, "-1",
	  "or an open descriptor to read that key from; -1: none"),
	TEXT("private_vault.keychain.former.credential.name", AT(former.credential), 0, 255, "",
	  "or the name of a systemd credential"),
	TEXT("private_vault.keychain.aws_kms.root_key_spec", AT(keychain.root_key_spec), 1, 16, "symm", "symm"),

	TEXT("aws.region", AT(aws.region), 0, AWS_REGION, "", "region of buckets and keys, as eu-west-3; it is part of every signature"),
	TEXT("aws.s3_endpoint", AT(aws.s3_endpoint), 0, AWS_ENDPOINT, "", "another server of S3, as https://s3.example:9000; empty: AWS's"),
	TEXT("aws.awskms_endpoint", AT(aws.awskms_endpoint), 0, AWS_ENDPOINT, "", "another server of KMS; empty: AWS's"),
	TEXT("aws.credentials.file.path", AT(aws.file), 0, MAX_PATH_TEXT, "",
	  "file with aws_access_key_id and aws_secret_access_key, as AWS's own tools write it, readable for its owner only; it is read again "
	  "when its session token has expired. Nothing named: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, which the "
	  "node wipes"),
	NUMBER("aws.credentials.descriptor.number", AT(aws.descriptor), -1, MAX_DESCRIPTOR, "-1", "or an open descriptor to read that from; -1: none"),
	TEXT("aws.credentials.credential.name", AT(aws.credential), 0, 255, "", "or the name of a systemd credential (LoadCredentialEncrypted=)"),
	REFUSED("aws.role_arn", ROLES),
	REFUSED("aws.imds_endpoint", ROLES),
	REFUSED("aws.sts_endpoint", ROLES),

	TEXT("telemetry.metrics_bind_address", AT(telemetry.metrics_bind_address), 3, 255, "127.0.0.1:9646",
	  "address:port of /metrics, /health, /live, /ready and /PUB/"),
	TEXT("telemetry.public_url", AT(telemetry.public_url), 0, MAX_PATH_TEXT, "",
	  "what clients put before /PUB/, as https://keys.example, for the answer of /keyurl; empty: what they called this node"),
	TEXT("telemetry.log_format", AT(telemetry.log_format), 1, 8, "text", "of the log on stderr: text, or json for one object a line"),
	TEXT("telemetry.log_level", AT(telemetry.log_level), 1, 8, "info", "the least that is logged: debug, info, warn or error"),
	TEXT("telemetry.tracing_endpoint", AT(telemetry.tracing_endpoint), 0, MAX_PATH_TEXT, "",
	  "URL of a collector of traces that takes OTLP over HTTP, as http://127.0.0.1:4318; empty: none is told"),
	TEXT("telemetry.tracing_service_name", AT(telemetry.tracing_service_name), 1, 128, "arca-node", "what it calls this node"),
	NUMBER("telemetry.tracing_otlp_timeout_ms", AT(telemetry.tracing_otlp_timeout_ms), 1, 60000, "10000",
	  "how long it may take to answer"),
	NUMBER("telemetry.batch.max_queue_size", AT(telemetry.max_queue_size), 1, 1 << 20, "8192",
	  "spans that wait to be sent; more are dropped"),
	NUMBER("telemetry.batch.max_export_batch_size", AT(telemetry.max_export_batch_size), 1, 1 << 16, "2048", "spans sent at once"),
	NUMBER("telemetry.batch.scheduled_delay_ms", AT(telemetry.scheduled_delay_ms), 1, 60000, "500",
	  "pause after which a smaller batch is sent"),

	NUMBER("rate_limiter_conf.bucket_size", AT(limits.bucket_size), 1, MAX_TOKENS, "50000",
	  "tokens that running requests share"),
	NUMBER("rate_limiter_conf.pub_decrypt", AT(limits.pub_decrypt), 0, MAX_TOKENS, "1",
	  "price of a public decryption"),
	NUMBER("rate_limiter_conf.user_decrypt", AT(limits.user_decrypt), 0, MAX_TOKENS, "1",
	  "price of a user decryption"),
	NUMBER("rate_limiter_conf.crsgen", AT(limits.crsgen), 0, MAX_TOKENS, "100", "price of a CRS generation, once there is one"),
	NUMBER("rate_limiter_conf.preproc", AT(limits.preproc), 0, MAX_TOKENS, "25000", "price of a preprocessing"),
	NUMBER("rate_limiter_conf.keygen", AT(limits.keygen), 0, MAX_TOKENS, "1000", "price of a key generation"),
	NUMBER("rate_limiter_conf.new_epoch", AT(limits.new_epoch), 0, MAX_TOKENS, "1", "price of a new epoch"),

	TEXT("core.derived_folder", AT(core.derived_folder), 0, MAX_PATH_TEXT, "",
	  "folder for keys that are prepared for small ciphertext formats, 2.7 GB each with production parameters, which nodes of one "
	  "machine may share; empty: DERIVED beside the public material. What was deleted is made again. Whoever can write there can spoil this node's answers"),
	NUMBER("internal_config.num_rayon_threads", AT(internal.num_rayon_threads), 0, 1024, "0",
	  "threads that compute; 0 is one a core"),
	{ .name = "internal_config.core_dumps", .type = CONFIG_BOOL, .offset = AT(internal.core_dumps), .fallback = "false",
	  .help = "true: a crash may write the memory, keys and all, to a core file, and debuggers may attach" },
	{ .name = "internal_config.sandbox", .type = CONFIG_BOOL, .offset = AT(internal.sandbox), .fallback = "true",
	  .help = "the kernel refuses the node files, ports and system calls that it has no use for; false: it does not" },

	{ .name = "threshold", .type = CONFIG_SECTION, .offset = AT(threshold.present) },
	TEXT("threshold.listen_address", AT(threshold.listen_address), 1, 255, "127.0.0.1",
	  "address for the links of the other parties"),
	NUMBER("threshold.listen_port", AT(threshold.listen_port), 0, MAX_PORT, "50001", "its port; 0 takes a free one"),
	NUMBER("threshold.my_id", AT(threshold.my_id), 0, MAX_PARTIES, "0",
	  "which of the peers this node is; 0: the one whose certificate it has"),
	NUMBER("threshold.threshold", AT(threshold.threshold), 0, MAX_PARTIES, NULL,
	  "how many corrupt parties are tolerated, less than a third of them"),
	NUMBER("threshold.dec_capacity", AT(threshold.dec_capacity), 0, 10000000, "0", "as service.dec_capacity, which stands if 0"),
	NUMBER("threshold.min_dec_cache", AT(threshold.min_dec_cache), 0, 10000000, "0",
	  "as service.min_dec_cache, which stands if dec_capacity is 0"),
	NUMBER("threshold.num_sessions_preproc", AT(threshold.num_sessions_preproc), 1, 1024, "2",
	  "of no effect: a preprocessing runs in a fixed number of sessions"),
	NUMBER("threshold.epoch_grace", AT(threshold.epoch_grace), 0, MAX_EPOCH_GRACE, "86400",
	  "seconds for which an epoch, all of whose keys were reshared to a later one, still answers; then its shares are erased, as they "
	  "are at once by 'arca epoch destroy'. 0: only by that"),
	TEXT("threshold.decryption_mode", AT(threshold.decryption_mode), 1, 32, "NoiseFloodSmall", "NoiseFloodSmall"),
	TEXT("threshold.tls.manual.cert", AT(threshold.tls.cert.pem), 0, MAX_PEM, "", "PEM of this node's certificate"),
	TEXT("threshold.tls.manual.cert.path", AT(threshold.tls.cert.path), 0, MAX_PATH_TEXT, "", "or the path of a file with it"),
	{ .name = "threshold.tls.manual.key", .type = CONFIG_TEXT, .offset = AT(threshold.tls.key.pem), .max = MAX_PEM, .fallback = "",
	  .secret = true, .help = "PEM of the certificate's private key" },
	TEXT("threshold.tls.manual.key.path", AT(threshold.tls.key.path), 0, MAX_PATH_TEXT, "", "or the path of a file with it"),
	REFUSED("threshold.tls.auto", "certificates with attestation are not built in this version; use threshold.tls.manual"),
	NUMBER("threshold.core_to_core_net.network_timeout", AT(threshold.net.network_timeout), 1, DAY, "20",
	  "seconds that a party is waited for, in a round of a ceremony or in a decryption"),
	NUMBER("threshold.core_to_core_net.initial_interval_ms", AT(threshold.net.initial_interval_ms), 1, 60000, "100",
	  "pause before a lost link is tried again; it grows up to max_interval"),
	NUMBER("threshold.core_to_core_net.max_interval", AT(threshold.net.max_interval), 1, 3600, "5", "longest such pause, in seconds"),
	NUMBER("threshold.core_to_core_net.max_opened_inactive_sessions_per_party",
	  AT(threshold.net.max_opened_inactive_sessions_per_party), 1, 100000, "2000",
	  "sessions that one party may begin before this node knows of them"),
	NUMBER("threshold.core_to_core_net.discard_inactive_sessions_interval", AT(threshold.net.discard_inactive_sessions_interval),
	  1, DAY, "60", "seconds after which such a session is forgotten"),
	{ .name = "threshold.peers", .type = CONFIG_ROWS, .offset = AT(threshold.peers), .min = 0, .max = MAX_PARTIES, .rows = &PEER,
	  .row_size = sizeof(peer_config), .help = "the parties of the default context" },
	{ .name = "delegation", .type = CONFIG_SECTION, .offset = AT(delegation.present) },
	TEXT("delegation.wallet_file", AT(delegation.wallet_file), 0, MAX_PATH_TEXT, "",
	  "file with the private key that signs delegations, which a sealed vault takes in; empty: the node's own"),
	TEXT("delegation.combiners", AT(delegation.combiners), 0, 4096, "",
	  "parties that may combine answers of shared keys, and thereby see what they hand on: names (mpc_identity) and numbers of peers, as "
	  "kms1.example,3; all; empty: none, so that readers combine"),
	NUMBER("delegation.refresh_secs", AT(delegation.refresh_secs), 0, 3660 * DAY, "86400",
	  "how often the nodes get new shares of the keys that they share, and erase the old ones; the same at all nodes. 0: never"),
	NUMBER("delegation.answers_per_second", AT(delegation.answers_per_second), 0, 1000000, "0",
	  "how many answers, or parts of them, this node gives with each key in a second; more are answered 503. 0: as many as it can"),
	{ .name = "delegation.chains", .type = CONFIG_ROWS, .offset = AT(delegation.chains), .min = 1, .max = MAX_DELEGATE_CHAINS,
	  .rows = &CHAIN, .row_size = sizeof(chain_config), .help = "the chains of the delegation KMS, each with a key of its own" },
	REFUSED("public_vault.storage.ram", RAM),
	REFUSED("private_vault.storage.ram", RAM),
	REFUSED("backup_vault", "backup to custodians is not built in this version"),
	REFUSED("mock_enclave", "attestation is not built in this version, and so is no imitation of it"),
};
/* clang-format on */

static const char *const PREFIXES[] = { "ARCA_NODE__", "KMS_CORE__", NULL };

static const config_schema SCHEMA = { KEYS, COUNT(KEYS), PREFIXES };

static err checked(node_config *c, err e)
{
	TRY(e);
	e = node_config_check_rules(c);
	if (e != OK) node_config_free(c);
	return e;
}

err node_config_load(node_config *out, const char *file, char *const *environment)
{
	*out = (node_config){ 0 };
	return checked(out, config_load(out, &SCHEMA, file, environment));
}

err node_config_read(node_config *out, const char *name, slice text, char *const *environment)
{
	*out = (node_config){ 0 };
	return checked(out, config_read(out, &SCHEMA, name, text, environment));
}

err node_config_read_where(config_place *where, node_config *out, const char *name, slice text, char *const *environment)
{
	*out = (node_config){ 0 };
	TRY(config_read_where(where, out, &SCHEMA, name, text, environment));
	err e = checked(out, OK);
	if (e != OK) config_find(where, text, out->contradicts.key, out->contradicts.row);
	return e;
}

bool node_config_explain(buf *out, const char *key)
{
	return config_explain(out, &SCHEMA, key);
}

void node_config_names(void (*each)(void *ctx, const char *name), void *ctx)
{
	config_names(&SCHEMA, each, ctx);
}

void node_config_wipe_environment(char *const *environment)
{
	config_wipe_environment(&SCHEMA, environment);
}

void node_config_wipe_key(node_config *c)
{
	char *pem = c->threshold.tls.key.pem;
	if (pem) wipe(pem, strlen(pem));
}

void node_config_free(node_config *c)
{
	config_free(c, &SCHEMA);
}

void node_config_drop_peers(node_config *c)
{
	for (size_t i = 0; i < peers_count(c); i++) config_free((peer_config *)c->threshold.peers.row + i, &PEER);
	free(c->threshold.peers.row);
	c->threshold.peers = (config_rows){ 0 };
}

void node_config_print(buf *out, const node_config *c)
{
	config_print(out, &SCHEMA, c);
}

void node_config_help(buf *out)
{
	config_help(out, &SCHEMA);
}
