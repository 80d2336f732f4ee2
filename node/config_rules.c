/* SPDX-License-Identifier: MIT */
/* node/config_rules.c -- what must go together: addresses and ports, the parties of a cluster, the chains of the delegation. */
#include "node/combiners.h"
#include "node/config_internal.h"
#include <stdarg.h>
#include <stdlib.h>
#include "base/file.h"
#include "base/secret_file.h"
#include "rpc/tracing.h"

/* Of a URL without a query or a user. */
static const char URL_CHARACTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/[]%";

err node_config_wrong(node_config *c, const char *key, size_t row, const char *format, ...)
{
	char sentence[512];
	va_list list;

	va_start(list, format);
	vsnprintf(sentence, sizeof sentence, format, list);
	va_end(list);
	c->contradicts.key = key;
	c->contradicts.row = row;
	return err_fail(ERR_REQUEST, "%s", sentence);
}

/* "127.0.0.1:9646", "[::1]:9646" or "localhost:9646". */
static err split_address(node_config *c)
{
	const char *text = c->telemetry.metrics_bind_address, *colon = strrchr(text, ':');
	char *end = NULL;
	const unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
	const bool numeric = colon && colon[1] >= '0' && colon[1] <= '9' && *end == '\0' && port <= MAX_PORT;

	if (!numeric || colon == text)
		return node_config_wrong(c, "telemetry.metrics_bind_address", 0,
		             "telemetry.metrics_bind_address is %s; address:port is wanted, as in 127.0.0.1:9646", text);
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
	return node_config_wrong(c, "service.eip712_profile", 0, "service.eip712_profile is %s; it must be v0.15 or v0.11", name);
}

static err check_log(node_config *c)
{
	const char *format = c->telemetry.log_format, *level = c->telemetry.log_level;

	c->log_json = !strcmp(format, "json");
	if (!c->log_json && strcmp(format, "text"))
		return node_config_wrong(c, "telemetry.log_format", 0, "telemetry.log_format is %s; it must be text or json", format);
	if (!log_level_by_name(&c->log_least, level))
		return node_config_wrong(c, "telemetry.log_level", 0, "telemetry.log_level is %s; debug, info, warn or error is wanted", level);
	return OK;
}

static err check_tracing(node_config *c)
{
	static const char KEY[] = "telemetry.tracing_endpoint";
	const char *url = c->telemetry.tracing_endpoint, *wrong = url[0] ? tracing_endpoint_wrong(url) : NULL;

	return wrong ? node_config_wrong(c, KEY, 0, "%s %s", KEY, wrong) : OK;
}

static err check_public_url(node_config *c)
{
	char *url = c->telemetry.public_url;
	static const char KEY[] = "telemetry.public_url";
	size_t n = strlen(url);

	if (n == 0) return OK;
	while (n && url[n - 1] == '/') url[--n] = '\0';
	if ((strncmp(url, "http://", 7) && strncmp(url, "https://", 8)) || url[strspn(url, URL_CHARACTERS)])
		return node_config_wrong(c, KEY, 0, "%s is %s; a URL without a query is wanted, as https://keys.example", KEY, url);
	return OK;
}

/* ---- the cluster ---------------------------------------------------------------------------------------------- */

static err check_pem(node_config *c, const pem_config *p, const char *what, const char *key, size_t row)
{
	if (!p->pem[0] == !p->path[0])
		return node_config_wrong(c, key, row,
		             "%s is %s; give %s or %s.path", what, p->pem[0] ? "given twice" : "missing", what, what);
	return OK;
}

static err check_peer(node_config *c, size_t i)
{
	const peer_config *p = peer_at(c, i);
	const size_t n = peers_count(c);

	if (p->party_id > (int64_t)n)
		return node_config_wrong(c, "threshold.peers.party_id", i + 1,
		             "threshold.peers: party_id %jd among %zu peers; they are numbered from 1 to %zu",
		             (intmax_t)p->party_id, n, n);
	for (size_t j = 0; j < i; j++) {
		if (peer_at(c, j)->party_id == p->party_id)
			return node_config_wrong(c, "threshold.peers.party_id", i + 1,
			             "threshold.peers: party_id %jd stands twice", (intmax_t)p->party_id);
		if (!strcmp(peer_identity(peer_at(c, j)), peer_identity(p)))
			return node_config_wrong(c, "threshold.peers.mpc_identity", i + 1,
			             "threshold.peers: parties %jd and %jd have the same mpc_identity, %s",
			             (intmax_t)peer_at(c, j)->party_id, (intmax_t)p->party_id, peer_identity(p));
		if (peer_at(c, j)->port == p->port && !strcmp(peer_at(c, j)->address, p->address))
			return node_config_wrong(c, "threshold.peers.port", i + 1,
			             "threshold.peers: parties %jd and %jd have the same address and port, %s:%jd",
			             (intmax_t)peer_at(c, j)->party_id, (intmax_t)p->party_id, p->address, (intmax_t)p->port);
	}
	err e = check_pem(c, &p->tls_cert, "tls_cert", "threshold.peers.tls_cert", i + 1);
	if (e != OK) err_context("threshold.peers: party %jd: ", (intmax_t)p->party_id);
	return e;
}

static err check_peers(node_config *c)
{
	const threshold_config *t = &c->threshold;
	const size_t n = peers_count(c);

	for (size_t i = 0; i < n; i++) TRY(check_peer(c, i));
	if (n == 0) return OK;                         /* contexts come from the vault */
	if (t->my_id > (int64_t)n)
		return node_config_wrong(c, "threshold.my_id", 0,
		             "threshold.my_id is %jd, but there are %zu peers", (intmax_t)t->my_id, n);
	if (parties_allowed((unsigned)n, (unsigned)t->threshold)) return OK;
	if (t->threshold == 0)
		return node_config_wrong(c, "threshold.threshold", 0,
		             "threshold.threshold is 0: then one party could decrypt alone; leave the section [threshold] "
		             "out to run one centralized node");
	return node_config_wrong(c, "threshold.threshold", 0,
	             "threshold.threshold is %jd with %zu peers; %jd corrupt parties are tolerated among %jd or more",
	             (intmax_t)t->threshold, n, (intmax_t)t->threshold, (intmax_t)t->threshold * 3 + 1);
}

static err check_threshold(node_config *c)
{
	const threshold_config *t = &c->threshold;

	if (!strcmp(t->decryption_mode, "BitDecSmall"))
		return node_config_wrong(c, "threshold.decryption_mode", 0,
		             "threshold.decryption_mode is BitDecSmall, which is not built in this version; NoiseFloodSmall is");
	if (strcmp(t->decryption_mode, "NoiseFloodSmall"))
		return node_config_wrong(c, "threshold.decryption_mode", 0,
		             "threshold.decryption_mode is %s; it must be NoiseFloodSmall", t->decryption_mode);
	if (t->listen_port && t->listen_port == c->service.listen_port)
		return node_config_wrong(c, "threshold.listen_port", 0,
		             "threshold.listen_port and service.listen_port are both %jd", (intmax_t)t->listen_port);
	TRY(check_pem(c, &t->tls.cert, "threshold.tls.manual.cert", "threshold.tls.manual.cert", 0));
	TRY(check_pem(c, &t->tls.key, "threshold.tls.manual.key", "threshold.tls.manual.key", 0));
	TRY(check_peers(c));
	if (t->dec_capacity) {
		c->service.dec_capacity = t->dec_capacity;
		c->service.min_dec_cache = t->min_dec_cache;
	}
	return OK;
}

err pem_config_read(buf *out, const pem_config *p, const char *what)
{
	if (p->pem[0]) {
		buf_put_str(out, p->pem);
		return OK;
	}
	err e = file_read(out, p->path, MAX_PEM);
	if (e != OK) err_context("%s: ", what);
	return e;
}

err pem_config_read_secret(buf *out, const pem_config *p, const char *what)
{
	return p->pem[0] ? pem_config_read(out, p, what) : secret_from_file(out, p->path, what, MAX_PEM);
}

/* ---- what spans several keys ---------------------------------------------------------------------------------- */

/* A name that stands for every address takes the port of all of them. */
static bool addresses_meet(const char *a, const char *b)
{
	return !strcmp(a, b) || !strcmp(a, "0.0.0.0") || !strcmp(b, "0.0.0.0") || !strcmp(a, "::") || !strcmp(b, "::");
}

static err check_http_port(node_config *c)
{
	const threshold_config *t = &c->threshold;
	const int64_t port = c->http_port;
	const bool service = port == c->service.listen_port && addresses_meet(c->http_address, c->service.listen_address);
	const bool links = t->present && port == t->listen_port && addresses_meet(c->http_address, t->listen_address);

	if (!port || (!service && !links)) return OK;
	return node_config_wrong(c, "telemetry.metrics_bind_address", 0,
	             "telemetry.metrics_bind_address and %s.listen_port are both port %jd; each needs "
	             "one of its own", service ? "service" : "threshold", (intmax_t)port);
}

/* A key that one party had whole is shared only if every operator says so, and one of them names its file. */
static err check_import(node_config *c, const chain_config *chain, size_t row)
{
	static const char KEY[] = "delegation.chains.import_from";
	const int64_t from = chain->import_from, me = c->threshold.my_id;

	if (!from) return OK;
	if (!c->threshold.present)
		return node_config_wrong(c, KEY, row, "%s is %jd, and a node alone has nobody to share a key with", KEY, (intmax_t)from);
	if (!c->delegation.refresh_secs)
		return node_config_wrong(c, "delegation.refresh_secs", 0, "%s is %jd and delegation.refresh_secs is 0; a party that is cut off at "
		                         "the end of an import hears of it at the next refresh, and one that has the key whole must", KEY, (intmax_t)from);
	if (peers_count(c) && from > (int64_t)peers_count(c))
		return node_config_wrong(c, KEY, row, "%s is %jd, and there are %zu parties", KEY, (intmax_t)from, peers_count(c));
	if (me && me != from && chain->key_file[0])
		return node_config_wrong(c, "delegation.chains.key_file", row, "%s is %jd, and this party %jd names a key_file, too; only "
		                         "the party that has the key does", KEY, (intmax_t)from, (intmax_t)me);
	if (me && me == from && !chain->key_file[0])
		return node_config_wrong(c, "delegation.chains.key_file", row, "%s is this party, %jd, which names no key_file", KEY, (intmax_t)me);
	return OK;
}

static err check_delegation(node_config *c)
{
	for (size_t i = 0; i < c->delegation.chains.n; i++) {
		const chain_config *chain = (const chain_config *)c->delegation.chains.row + i;
		if (!chain->contract[0] != !chain->rpc_urls[0])
			return node_config_wrong(c, chain->contract[0] ? "delegation.chains.contract" : "delegation.chains.rpc_urls", i + 1,
			                         "delegation.chains: contract and rpc_urls are given together or not at all");
		if (!c->threshold.present && !chain->key_file[0])
			return node_config_wrong(c, "delegation.chains.key_file", i + 1, "delegation.chains.key_file is empty, and a node alone shares no keys");
		TRY(check_import(c, chain, i + 1));
	}
	const err e = combiners_check(c->delegation.combiners);
	if (e != OK) c->contradicts.key = "delegation.combiners";
	return e;
}

err node_config_check_rules(node_config *c)
{
	TRY(split_address(c));
	TRY(check_http_port(c));
	TRY(check_profile(c));
	TRY(node_config_check_vaults(c));
	TRY(check_log(c));
	TRY(check_tracing(c));
	TRY(check_public_url(c));
	if (c->threshold.present) TRY(check_threshold(c));
	if (c->delegation.present) TRY(check_delegation(c));
	if (c->service.min_dec_cache >= c->service.dec_capacity)
		return node_config_wrong(c, "service.min_dec_cache", 0,
		             "service.min_dec_cache is %jd; it must be below service.dec_capacity, which is %jd",
		             (intmax_t)c->service.min_dec_cache, (intmax_t)c->service.dec_capacity);
	const int64_t price[] = { c->limits.pub_decrypt, c->limits.user_decrypt, c->limits.crsgen, c->limits.preproc,
	                          c->limits.keygen, c->limits.new_epoch };
	for (size_t i = 0; i < COUNT(price); i++)
		if (price[i] > c->limits.bucket_size)
			return node_config_wrong(c, "rate_limiter_conf", 0,
			             "a price in rate_limiter_conf is %jd; more than bucket_size, %jd, can never be paid",
			             (intmax_t)price[i], (intmax_t)c->limits.bucket_size);
	return OK;
}
