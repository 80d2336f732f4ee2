/* SPDX-License-Identifier: MIT */
/* node/config.c -- the table of keys, and the checks that span several of them. */
#include "node/config.h"
#include <stdlib.h>

#define AT(field) offsetof(node_config, field)

enum { MAX_PORT = 65535, MAX_TOKENS = 1000000000, MAX_PATH_TEXT = 2048 };

static const char THRESHOLD[] = "threshold mode is not built in this version; leave the section [threshold] out to run one "
	"centralized node";
static const char RAM[] = "keys in memory would be lost at every stop; use storage.file";
static const char S3[] = "object storage is not built in this version; use storage.file";
static const char KEYCHAIN[] = "sealing the vault with a cloud key is not built in this version";
static const char TRACING[] = "tracing is not built in this version";

/* clang-format off */
static const config_key KEYS[] = {
	{ "service.listen_address", CONFIG_TEXT, AT(service.listen_address), 1, 255, "127.0.0.1", false,
	  "address of the gRPC service; only the operator's connector may reach it" },
	{ "service.listen_port", CONFIG_INT, AT(service.listen_port), 0, MAX_PORT, "50051", false,
	  "its port; 0 takes a free one" },
	{ "service.timeout_secs", CONFIG_INT, AT(service.timeout_secs), 1, 86400, "360", false,
	  "how long a Sync call waits for its answer" },
	{ "service.grace_secs", CONFIG_INT, AT(service.grace_secs), 0, 3600, "30", false,
	  "how long running requests may take to finish when the node is asked to stop" },
	{ "service.eip712_profile", CONFIG_TEXT, AT(service.eip712_profile), 1, 16, "v0.15", false,
	  "typed data that is signed for key generation: v0.15, or v0.11 for contracts that know no extraData" },
	{ "service.grpc_max_message_size", CONFIG_INT, AT(service.grpc_max_message_size), 1 << 10, 1 << 30, "104857600", false,
	  "largest message, either direction, in bytes" },
	{ "service.dec_capacity", CONFIG_INT, AT(service.dec_capacity), 1, 10000000, "10000", false,
	  "decryptions of each kind that are remembered" },
	{ "service.min_dec_cache", CONFIG_INT, AT(service.min_dec_cache), 0, 10000000, "6000", false,
	  "finished ones that are not forgotten to make room for more; below dec_capacity" },
	{ "service.result_bytes", CONFIG_INT, AT(service.result_bytes), 1 << 14, (int64_t)1 << 40, "268435456", false,
	  "memory for the remembered decryptions of each kind; beyond it the oldest are forgotten, even of min_dec_cache" },

	{ "public_vault.storage.file.path", CONFIG_TEXT, AT(public_vault.path), 1, MAX_PATH_TEXT, NULL, false,
	  "folder for public material" },
	{ "public_vault.storage.file.prefix", CONFIG_TEXT, AT(public_vault.prefix), 1, 128, "PUB", false,
	  "folder inside it" },
	{ "private_vault.storage.file.path", CONFIG_TEXT, AT(private_vault.path), 1, MAX_PATH_TEXT, NULL, false,
	  "folder for keys and the journal" },
	{ "private_vault.storage.file.prefix", CONFIG_TEXT, AT(private_vault.prefix), 1, 128, "PRIV", false,
	  "folder inside it" },

	{ "telemetry.metrics_bind_address", CONFIG_TEXT, AT(telemetry.metrics_bind_address), 3, 255, "127.0.0.1:9646", false,
	  "address:port of /metrics, /health, /live, /ready and /PUB/" },

	{ "rate_limiter_conf.bucket_size", CONFIG_INT, AT(limits.bucket_size), 1, MAX_TOKENS, "50000", false,
	  "tokens that running requests share" },
	{ "rate_limiter_conf.pub_decrypt", CONFIG_INT, AT(limits.pub_decrypt), 0, MAX_TOKENS, "1", false,
	  "price of a public decryption" },
	{ "rate_limiter_conf.user_decrypt", CONFIG_INT, AT(limits.user_decrypt), 0, MAX_TOKENS, "1", false,
	  "price of a user decryption" },
	{ "rate_limiter_conf.crsgen", CONFIG_INT, AT(limits.crsgen), 0, MAX_TOKENS, "100", false, "price of a CRS generation" },
	{ "rate_limiter_conf.preproc", CONFIG_INT, AT(limits.preproc), 0, MAX_TOKENS, "25000", false, "price of a preprocessing" },
	{ "rate_limiter_conf.keygen", CONFIG_INT, AT(limits.keygen), 0, MAX_TOKENS, "1000", false, "price of a key generation" },
	{ "rate_limiter_conf.new_epoch", CONFIG_INT, AT(limits.new_epoch), 0, MAX_TOKENS, "1", false, "price of a new epoch" },

	{ "internal_config.num_rayon_threads", CONFIG_INT, AT(internal.num_rayon_threads), 0, 1024, "0", false,
	  "threads that compute; 0 is one a core" },

	{ "threshold", CONFIG_REFUSED, .help = THRESHOLD },
	{ "public_vault.storage.s3", CONFIG_REFUSED, .help = S3 },
	{ "private_vault.storage.s3", CONFIG_REFUSED, .help = S3 },
	{ "public_vault.storage.ram", CONFIG_REFUSED, .help = RAM },
	{ "private_vault.storage.ram", CONFIG_REFUSED, .help = RAM },
	{ "private_vault.keychain", CONFIG_REFUSED, .help = KEYCHAIN },
	{ "backup_vault", CONFIG_REFUSED, .help = "backup to custodians is not built in this version" },
	{ "aws", CONFIG_REFUSED, .help = KEYCHAIN },
	{ "telemetry.tracing_endpoint", CONFIG_REFUSED, .help = TRACING },
	{ "telemetry.batch", CONFIG_REFUSED, .help = TRACING },
	{ "mock_enclave", CONFIG_REFUSED, .help = "attestation is not built in this version, and so is no imitation of it" },
};
/* clang-format on */

static const char *const PREFIXES[] = { "ARCA_NODE__", "KMS_CORE__", NULL };

static const config_schema SCHEMA = { KEYS, COUNT(KEYS), PREFIXES };

/* "127.0.0.1:9646", "[::1]:9646" or "localhost:9646". */
static err split_address(node_config *c)
{
	const char *text = c->telemetry.metrics_bind_address, *colon = strrchr(text, ':');
	char *end = NULL;
	const unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
	const bool numeric = colon && colon[1] >= '0' && colon[1] <= '9' && *end == '\0' && port <= MAX_PORT;

	if (!numeric || colon == text)
		return err_fail(ERR_REQUEST, "telemetry.metrics_bind_address is %s; address:port is wanted, as in 127.0.0.1:9646", text);
	size_t n = (size_t)(colon - text);
	if (text[0] == '[' && text[n - 1] == ']') text++, n -= 2;
	memcpy(c->http_address, text, n);
	c->http_address[n] = '\0';
	c->http_port = (unsigned)port;
	return OK;
}

static err check_profile(node_config *c)
{
	const char *name = c->service.eip712_profile;

	c->eip712_v011 = !strcmp(name, "v0.11");
	if (c->eip712_v011 || !strcmp(name, "v0.15")) return OK;
	return err_fail(ERR_REQUEST, "service.eip712_profile is %s; it must be v0.15 or v0.11", name);
}

static err check(node_config *c)
{
	TRY(split_address(c));
	TRY(check_profile(c));
	if (c->service.min_dec_cache >= c->service.dec_capacity)
		return err_fail(ERR_REQUEST, "service.min_dec_cache is %jd; it must be below service.dec_capacity, which is %jd",
		                (intmax_t)c->service.min_dec_cache, (intmax_t)c->service.dec_capacity);
	const int64_t price[] = { c->limits.pub_decrypt, c->limits.user_decrypt, c->limits.crsgen, c->limits.preproc,
	                          c->limits.keygen, c->limits.new_epoch };
	for (size_t i = 0; i < COUNT(price); i++)
		if (price[i] > c->limits.bucket_size)
			return err_fail(ERR_REQUEST, "a price in rate_limiter_conf is %jd; more than bucket_size, %jd, can never be paid",
			                (intmax_t)price[i], (intmax_t)c->limits.bucket_size);
	if (!strcmp(c->public_vault.path, c->private_vault.path) && !strcmp(c->public_vault.prefix, c->private_vault.prefix))
		return err_fail(ERR_REQUEST, "the public and the private vault are the same folder, %s/%s", c->public_vault.path,
		                c->public_vault.prefix);
	return OK;
}

static err checked(node_config *c, err e)
{
	TRY(e);
	e = check(c);
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

void node_config_free(node_config *c)
{
	config_free(c, &SCHEMA);
}

void node_config_print(buf *out, const node_config *c)
{
	config_print(out, &SCHEMA, c);
}

void node_config_help(buf *out)
{
	config_help(out, &SCHEMA);
}
