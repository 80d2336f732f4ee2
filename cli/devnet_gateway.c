/* SPDX-License-Identifier: MIT */
/* cli/devnet_gateway.c */
#include "cli/devnet_gateway.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/file.h"

enum { READY_MS = 60000, STOP_MS = 10000, MAX_GATEWAY_FILE = 1 << 20, NOT_FOUND_STATUS = 127 };

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* ---- the tool ----------------------------------------------------------------------------------------------------- */

void gateway_tool_free(gateway_tool *t)
{
	buf_free(&t->path);
	buf_free(&t->compiled);
}

err gateway_find(gateway_tool *out, cli *c, const char *folder)
{
	AUTO(buf) beside = { 0 }, modules = { 0 };
	char found[PATH_MAX];

	TRY(program_beside(&beside, CONNECTOR_PROGRAM));
	beside.n -= strlen(CONNECTOR_PROGRAM);
	buf_printf(&out->compiled, "%scontracts", buf_str(&beside));
	if (!folder) {                                               /* a build folder, where compiled things have their place */
		buf_put_str(&beside, "../contracts");
		folder = buf_str(&beside);
	} else if (!file_exists(buf_str(&out->compiled))) buf_clear(&out->compiled);
	c->code = EXIT_IO;
	buf_printf(&modules, "%s/gateway.mjs", folder);
	if (!realpath(buf_str(&modules), found))
		return err_fail(ERR_NOT_FOUND, "--with-gateway: there is no %s; --contracts names the folder contracts of arca's source tree",
		                buf_str(&modules));
	buf_put_str(&out->path, found);
	*strrchr(found, '/') = '\0';
	buf_clear(&modules);
	buf_printf(&modules, "%s/node_modules/ethers", found);
	if (!file_exists(buf_str(&modules)))
		return err_fail(ERR_NOT_FOUND, "--with-gateway: the packages of %s are missing; npm --prefix '%s' ci --ignore-scripts installs them",
		                found, found);
	c->code = EXIT_DONE;
	return OK;
}

__attribute__((noreturn))
static void become(const char *const *words, int log)
{
	const int null = open("/dev/null", O_RDONLY);

	if (null >= 0 && dup2(null, 0) >= 0 && dup2(log, 1) >= 0 && dup2(log, 2) >= 0) execvp(words[0], (char *const *)(uintptr_t)words);
	_exit(NOT_FOUND_STATUS);
}

/* Runs node TOOL VERB --dir DIR/gateway, with up to two more options, and waits. */
static err run_tool(const char *tool, const char *verb, const char *dir, const char *const *more)
{
	AUTO(buf) path = { 0 };
	const char *words[10] = { "node", tool, verb, "--dir", dir };
	int status = 0;

	for (size_t i = 0; i < 4 && more && more[i]; i++) words[5 + i] = more[i];
	buf_printf(&path, "%s/gateway.log", dir);
	const int log = open(buf_str(&path), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0) return err_fail(ERR_IO, "cannot write the log %s: %s", buf_str(&path), strerror(errno));
	const pid_t child = fork();
	if (child == 0) become(words, log);
	close(log);
	if (child < 0) return err_fail(ERR_IO, "cannot start node: %s", strerror(errno));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return OK;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND_STATUS)
		return err_fail(ERR_NOT_FOUND, "node is not installed, and the chain of a gateway needs Node.js 18 or later");
	process_show_log(buf_str(&path));
	return err_fail(ERR_STATE, "the gateway's chain: 'gateway.mjs %s' failed; %s says why", verb, buf_str(&path));
}

/* ---- connectors ---------------------------------------------------------------------------------------------------- */

static json_t *connector_of(const devnet *d, unsigned party_id)
{
	json_t *list = json_object_get(d->cluster.gateway, "connectors"), *c;
	size_t i;

	json_array_foreach(list, i, c)
		if (json_integer_value(json_object_get(c, "party_id")) == party_id) return c;
	return NULL;
}

bool gateway_connector(node_process *out, const devnet *d, unsigned party_id)
{
	const json_t *c = connector_of(d, party_id);

	*out = (node_process){ .kind = &PROCESS_CONNECTOR, .config = text_of(c, "config"), .log = text_of(c, "log"),
	                       .http = text_of(c, "monitoring") };
	if (!c || out->config[0] != '/' || out->log[0] != '/') return false;
	process_find(out);
	return true;
}

err gateway_start_connector(devnet *d, unsigned party_id)
{
	AUTO(buf) program = { 0 };
	node_process p;

	if (!gateway_connector(&p, d, party_id)) return OK;
	if (!process_alive(&p)) {
		TRY(program_beside(&program, CONNECTOR_PROGRAM));
		TRY(process_start(&p, buf_str(&program)));
	}
	json_object_set_new(connector_of(d, party_id), "pid", json_integer(p.pid));
	return devnet_save(d);
}

err gateway_wait_connector(const devnet *d, unsigned party_id)
{
	const ticker t = ticker_begin("starting", true);
	node_process p;

	return gateway_connector(&p, d, party_id) ? process_wait_ready(&p, READY_MS, &t) : OK;
}

err gateway_stop_connector(const devnet *d, unsigned party_id)
{
	node_process p;
	bool killed;

	return gateway_connector(&p, d, party_id) ? process_stop(&p, STOP_MS, &killed) : OK;
}

/* ---- the chain ----------------------------------------------------------------------------------------------------- */

static err chain_verb(const devnet *d, const char *verb)
{
	AUTO(buf) about = { 0 };
	const char *dir = text_of(d->cluster.gateway, "dir");

	if (!d->cluster.gateway) return OK;
	buf_printf(&about, "%s/gateway.json", dir);
	if (!file_exists(buf_str(&about))) return OK;                /* it never ran */
	return run_tool(text_of(d->cluster.gateway, "tool"), verb, dir, NULL);
}

err gateway_start_chain(const devnet *d) { return chain_verb(d, "start"); }
err gateway_stop_chain(const devnet *d) { return chain_verb(d, "down"); }

static void tell_failure(err e)
{
	if (e != OK) fprintf(stderr, "%s\n", err_text());
	err_clear();
}

void gateway_stop_all(const devnet *d)
{
	for (size_t i = 0; i < d->cluster.parties; i++) tell_failure(gateway_stop_connector(d, d->cluster.party[i].party_id));
	tell_failure(gateway_stop_chain(d));
}

/* ---- up ------------------------------------------------------------------------------------------------------------- */

/* Everything in it is made by us: addresses, numbers, and paths below DIR. */
static void put_text(buf *out, const char *key, const char *value)
{
	buf_printf(out, "%s = \"", key);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\') buf_put_u8(out, '\\');
		buf_put_u8(out, (uint8_t)*value);
	}
	buf_put_str(out, "\"\n");
}

static err write_config(const devnet *d, const cluster_party *p, const char *monitoring, const char *wallet, const char *config)
{
	const json_t *g = d->cluster.gateway, *at = json_object_get(g, "contracts");
	const long long chain_id = json_integer_value(json_object_get(g, "chain_id"));
	AUTO(buf) toml = { 0 }, url = { 0 };

	buf_put_str(&toml, "# Written by arca devnet up --with-gateway.\n\n");
	buf_printf(&url, "sqlite:%s/party-%u/connector.db", d->dir, p->party_id);
	put_text(&toml, "database_url", buf_str(&url));
	put_text(&toml, "monitoring_endpoint", monitoring);
	put_text(&toml, "private_key_file", wallet);
	buf_printf(&toml, "gateway_url = [\"%s\"]\ngateway_chain_id = %lld\n", text_of(g, "url"), chain_id);
	buf_printf(&toml, "kms_core_endpoints = [\"http://%s\"]\n", p->grpc);
	put_text(&toml, "decryption_contract.address", text_of(at, "decryption"));
	put_text(&toml, "kms_generation_contract.address", text_of(at, "kms_generation"));
	put_text(&toml, "gateway_config_contract.address", text_of(at, "gateway_config"));
	if (cluster_is_insecure(&d->cluster)) buf_put_str(&toml, "allow_insecure_key = true\n");
	buf_put_str(&toml, "decryption_polling = \"200ms\"\ndecryption_from_block_number = 0\n\n[[host_chains]]\n");
	put_text(&toml, "url", text_of(g, "url"));
	buf_printf(&toml, "chain_id = %lld\n", chain_id);
	put_text(&toml, "acl_address", text_of(at, "acl"));
	return file_write_atomic(config, buf_slice(&toml), 0644);
}

/* A wallet of `about` for each party. */
static err add_connector(devnet *d, const cluster_party *p, const json_t *node)
{
	AUTO(buf) config = { 0 }, log = { 0 }, monitoring = { 0 }, http = { 0 };
	unsigned port;

	TRY(port_pick(&port, rng_os()));
	buf_printf(&config, "%s/party-%u/connector.toml", d->dir, p->party_id);
	buf_printf(&log, "%s/party-%u/connector.log", d->dir, p->party_id);
	buf_printf(&monitoring, "127.0.0.1:%u", port);
	buf_printf(&http, "http://127.0.0.1:%u", port);
	TRY(write_config(d, p, buf_str(&monitoring), text_of(node, "key_file"), buf_str(&config)));
	json_array_append_new(json_object_get(d->cluster.gateway, "connectors"), json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:n}",
		"party_id", (int)p->party_id, "monitoring", buf_str(&http), "wallet", text_of(node, "address"),
		"wallet_key_file", text_of(node, "key_file"), "config", buf_str(&config), "log", buf_str(&log), "pid"));
	return OK;
}

/* What gateway.mjs wrote about the chain, into d->cluster.gateway. */
static err read_about(json_t **out, devnet *d, const char *dir)
{
	AUTO(buf) path = { 0 }, text = { 0 };
	json_error_t wrong;
	json_t *g = d->cluster.gateway;

	buf_printf(&path, "%s/gateway.json", dir);
	TRY(file_read(&text, buf_str(&path), MAX_GATEWAY_FILE));
	json_t *about = *out = json_loadb((const char *)text.p, text.n, 0, &wrong);
	const json_t *chain = json_object_get(about, "chain");
	if (json_array_size(json_object_get(about, "nodes")) != d->cluster.parties || !*text_of(chain, "url"))
		return err_fail(ERR_STATE, "%s does not describe a chain with a wallet for each of %zu parties", buf_str(&path), d->cluster.parties);
	json_object_set(g, "url", json_object_get(chain, "url"));
	json_object_set(g, "chain_id", json_object_get(chain, "chain_id"));
	json_object_set(g, "contracts", json_object_get(about, "contracts"));
	json_object_set(g, "owner_key_file", json_object_get(json_object_get(about, "owner"), "key_file"));
	json_object_set_new(g, "connectors", json_array());
	return OK;
}

static err start_chain(devnet *d, gateway_tool *tool)
{
	const char *more[] = { "--nodes", d->file, tool->compiled.n ? "--compiled" : NULL, buf_str(&tool->compiled), NULL };
	AUTO(buf) dir = { 0 };
	json_t *about = NULL;

	buf_printf(&dir, "%s/gateway", d->dir);
	TRY(dir_make(buf_str(&dir), 0755));
	d->cluster.gateway = json_pack("{s:s, s:s}", "dir", buf_str(&dir), "tool", buf_str(&tool->path));
	TRY(devnet_save(d));
	TRY(run_tool(buf_str(&tool->path), "up", buf_str(&dir), more));
	err e = read_about(&about, d, buf_str(&dir));
	for (size_t i = 0; i < d->cluster.parties && e == OK; i++)
		e = add_connector(d, &d->cluster.party[i], json_array_get(json_object_get(about, "nodes"), i));
	json_decref(about);
	return e == OK ? devnet_save(d) : e;
}

err gateway_up(cli *c, devnet *d, gateway_tool *tool)
{
	const bool quiet = args_has(&c->args, "json");
	const ticker t = ticker_begin("starting the chain", quiet);

	err e = start_chain(d, tool);
	ticker_end(&t);
	TRY(e);
	if (!quiet) printf("gateway ready after %.1f s: chain %s\n", ticker_seconds(&t), text_of(d->cluster.gateway, "url"));
	for (size_t i = 0; i < d->cluster.parties; i++) TRY(gateway_start_connector(d, d->cluster.party[i].party_id));
	for (size_t i = 0; i < d->cluster.parties; i++) {
		const unsigned party_id = d->cluster.party[i].party_id;
		node_process p;
		TRY(gateway_wait_connector(d, party_id));
		if (!quiet && gateway_connector(&p, d, party_id))
			printf("connector %u ready: %s, wallet %s\n", party_id, p.http, text_of(connector_of(d, party_id), "wallet"));
	}
	fflush(stdout);
	return OK;
}

/* ---- a key ---------------------------------------------------------------------------------------------------------- */

/* What gateway.mjs keygen wrote. */
static err read_made(cluster *out, const char *file)
{
	AUTO(buf) text = { 0 };
	json_error_t wrong;
	id32 prep, key;

	TRY(file_read(&text, file, MAX_GATEWAY_FILE));
	json_t *made = json_loadb((const char *)text.p, text.n, 0, &wrong);
	err e = id_parse(&prep, "prep_id", slice_str(text_of(made, "prep_id")));
	if (e == OK) e = id_parse(&key, "key_id", slice_str(text_of(made, "key_id")));
	if (e == OK) {
		out->prep = prep, out->key = key;
		out->preprocessing_s = json_number_value(json_object_get(made, "preprocessing_s"));
		out->keygen_s = json_number_value(json_object_get(made, "keygen_s"));
	} else err_context("%s: ", file);
	json_decref(made);
	return e;
}

/* A contract asks for the epoch and does not hear of it; a node that is asked for a preprocessing before it is there is asked again. */
err gateway_make_key(cli *c, devnet *d, const char *params, bool shared)
{
	const char *tool = text_of(d->cluster.gateway, "tool"), *dir = text_of(d->cluster.gateway, "dir");
	const bool quiet = args_has(&c->args, "json");
	AUTO(buf) file = { 0 };
	char key[ID_TEXT];

	buf_printf(&file, "%s/key.json", dir);
	const char *more[] = { "--params", params, "--out", buf_str(&file), NULL };
	const ticker t = ticker_begin("the contracts ask for a key", quiet);
	err e = shared ? run_tool(tool, "init", dir, NULL) : OK;
	if (e == OK) e = run_tool(tool, "keygen", dir, more);
	ticker_end(&t);
	if (e == OK) e = read_made(&d->cluster, buf_str(&file));
	TRY(e);
	id_text(key, &d->cluster.key);
	if (!quiet) printf("key %s made through the chain in %.1f s\n", key, d->cluster.preprocessing_s + d->cluster.keygen_s);
	return devnet_save(d);
}
