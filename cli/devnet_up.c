/* SPDX-License-Identifier: MIT */
/*
 * cli/devnet_up.c -- arca devnet up: from an empty folder to nodes that answer under a key.
 *
 *   ports, configuration -> process -> ready -> signer from the public vault -> devnet.json -> keys -> devnet.json
 *
 * If any step fails, the node is stopped and devnet.json is removed; the node's folder stays, for its log.
 */
#include "cli/devnet.h"
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "cli/keygen.h"
#include "evm/address.h"
#include "vault/signing_key.h"

static const option OPTIONS[] = {
	{ "dir",       "DIR",  REQUIRED, "where everything goes; made if need be" },
	{ "mode",      "MODE", OPTIONAL, "centralized (the default): one node holds the key" },
	{ "parties",   "N",    OPTIONAL, "1" },
	{ "threshold", "T",    OPTIONAL, "0" },
	{ "params",    "SET",  OPTIONAL, "test (the default) or default, which is for production" },
	{ "keygen",    "HOW",  OPTIONAL, "central (the default), or none for a devnet without keys" },
	{ "base-port", "P",    OPTIONAL, "use port P for gRPC and P + 2 for HTTP; without it, free ones" },
	{ "json",      NULL,   OPTIONAL, "print devnet.json when all is ready" },
	OPTIONS_END
};

enum { READY_MS = 60000, PORTS_A_PARTY = 3, GRPC_OFFSET = 0, HTTP_OFFSET = 2, LAST_BASE_PORT = 65535 - 2 };

/* The domain of decryptions on every devnet: contracts on a test chain are initialised with the same. */
static const char DOMAIN_NAME[] = "Decryption", DOMAIN_VERSION[] = "1",
	DOMAIN_CONTRACT[] = "0x66f9664f97F2b50F62D13eA064982f936dE76657";
enum { DOMAIN_CHAIN = 54321 };

typedef struct plan {
	const lat_params *params;
	bool     keygen;
	unsigned base_port;              /* 0: free ones */
} plan;

/* ---- what was asked for -------------------------------------------------------------------------------------- */

static const char ONE_NODE[] =
	"this arca runs one node that holds the whole key (--mode centralized); "
	"parties that share a key are not built in this version";

static err read_mode(cli *c)
{
	const char *mode = args_text(&c->args, "mode");
	int64_t parties, threshold;

	if (mode && strcmp(mode, "threshold") == 0) return cli_usage(c, "--mode threshold: %s", ONE_NODE);
	if (mode && strcmp(mode, "centralized") != 0) return cli_usage(c, "--mode %s: there is centralized", mode);
	TRY_USAGE(c, args_number(&parties, &c->args, "parties", 1, MAX_PARTIES, 1));
	TRY_USAGE(c, args_number(&threshold, &c->args, "threshold", 0, MAX_PARTIES, 0));
	if (parties != 1) return cli_usage(c, "--parties %lld: %s", (long long)parties, ONE_NODE);
	if (threshold != 0) return cli_usage(c, "--threshold %lld: %s", (long long)threshold, ONE_NODE);
	return OK;
}

static err read_plan(plan *out, cli *c)
{
	const char *params = args_text(&c->args, "params"), *keygen = args_text(&c->args, "keygen");
	int64_t port;

	TRY(read_mode(c));
	out->params = params_by_name_var(slice_str(params ? params : "test"));
	if (!out->params) return cli_usage(c, "--params %s: there are %s", params, params_names());
	if (keygen && (strcmp(keygen, "dkg") == 0 || strcmp(keygen, "insecure") == 0))
		return cli_usage(c, "--keygen %s is for parties that share a key; %s", keygen, ONE_NODE);
	if (keygen && strcmp(keygen, "central") != 0 && strcmp(keygen, "none") != 0)
		return cli_usage(c, "--keygen %s: there are central and none", keygen);
	out->keygen = !keygen || strcmp(keygen, "central") == 0;
	TRY_USAGE(c, args_number(&port, &c->args, "base-port", 1, LAST_BASE_PORT, 0));
	out->base_port = (unsigned)port;
	return OK;
}

/* ---- one node ------------------------------------------------------------------------------------------------ */

/* The texts of one party, which the cluster borrows. */
typedef struct node_files {
	char dir[PATH_MAX], config[PATH_MAX + 16], log[PATH_MAX + 16], grpc[32], http[32], http_url[48];
} node_files;

static err choose_ports(cli *c, unsigned *grpc, unsigned *http, unsigned base_port)
{
	err e = OK;

	*grpc = base_port + GRPC_OFFSET;
	*http = base_port + HTTP_OFFSET;
	if (base_port) {
		e = port_check(*grpc);
		if (e == OK) e = port_check(*http);
	} else {
		e = port_pick(grpc, rng_os());
		do if (e == OK) e = port_pick(http, rng_os());
		while (e == OK && *http == *grpc);
	}
	if (e != OK) c->code = EXIT_IO;
	return e;
}

/* A TOML string. */
static void put_toml(buf *out, const char *text)
{
	buf_put_str(out, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\') buf_put_u8(out, '\\');
		if ((unsigned char)*text < 0x20 || *text == 0x7f) buf_printf(out, "\\u%04x", (unsigned)(unsigned char)*text);
		else buf_put_u8(out, (uint8_t)*text);
	}
	buf_put_str(out, "\"");
}

static err write_config(const node_files *f, unsigned grpc)
{
	AUTO(buf) toml = { 0 }, folder = { 0 };

	buf_put_str(&toml, "# Written by arca devnet up.\n\n[service]\nlisten_address = \"127.0.0.1\"\n");
	buf_printf(&toml, "listen_port = %u\n", grpc);
	for (unsigned i = 0; i < 2; i++) {
		const char *side = i ? "private" : "public";
		buf_clear(&folder);
		buf_printf(&folder, "%s/%s", f->dir, side);
		buf_printf(&toml, "\n[%s_vault.storage.file]\npath = ", side);
		put_toml(&toml, buf_str(&folder));
		buf_put_str(&toml, "\n");
	}
	buf_put_str(&toml, "\n[telemetry]\nmetrics_bind_address = ");
	put_toml(&toml, f->http);
	buf_put_str(&toml, "\n");
	return file_write_atomic(f->config, buf_slice(&toml), 0644);
}

static err lay_out(cli *c, node_files *f, const char *dir, unsigned party, const plan *p)
{
	unsigned grpc, http;
	unsigned base = p->base_port ? p->base_port + PORTS_A_PARTY * (party - 1) : 0;

	TRY(choose_ports(c, &grpc, &http, base));
	int n = snprintf(f->dir, sizeof f->dir, "%s/party-%u", dir, party);
	if (n < 0 || (size_t)n >= sizeof f->dir) return cli_usage(c, "--dir: the path is too long");
	snprintf(f->config, sizeof f->config, "%s/node.toml", f->dir);
	snprintf(f->log, sizeof f->log, "%s/node.log", f->dir);
	snprintf(f->grpc, sizeof f->grpc, "127.0.0.1:%u", grpc);
	snprintf(f->http, sizeof f->http, "127.0.0.1:%u", http);
	snprintf(f->http_url, sizeof f->http_url, "http://%s", f->http);
	TRY(dir_make(f->dir, 0755));
	return write_config(f, grpc);
}

/* Who signs, from what the node has published in its folder, which is ours. */
static err read_signer(cluster_party *out, const node_files *f)
{
	AUTO(buf) path = { 0 }, address = { 0 }, key = { 0 };
	char id[ID_TEXT];
	id32 at;

	signing_key_id(&at);
	id_text(id, &at);
	buf_printf(&path, "%s/public/PUB/VerfAddress/%s", f->dir, id);
	TRY(file_read(&address, buf_str(&path), 256));
	while (address.n && (address.p[address.n - 1] == '\n' || address.p[address.n - 1] == ' ')) address.n--;
	TRY(address_parse(&out->signer, "VerfAddress", buf_slice(&address)));
	buf_clear(&path);
	buf_printf(&path, "%s/public/PUB/VerfKey/%s", f->dir, id);
	TRY(file_read(&key, buf_str(&path), MAX_SIG_KEY_FILE));
	TRY(public_key_read(&out->verification_key, buf_slice(&key)));
	if (!eth_address_eq_var(address_of(&out->verification_key), out->signer))
		return err_fail(ERR_STATE, "%s is not the key of the address that the node published", buf_str(&path));
	return OK;
}

/* ---- all of it ----------------------------------------------------------------------------------------------- */

static void describe(cluster *net, const plan *p, const node_files *f, const node_process *process)
{
	net->mode = "centralized";
	net->params = p->params->name;
	net->keygen = p->keygen ? "central" : "none";
	net->parties = 1;
	net->party[0].party_id = 1;
	net->party[0].grpc = f->grpc;
	net->party[0].http = f->http_url;
	net->party[0].pid = process->pid;
	net->party[0].log = process->log;
	net->party[0].config = process->config;
	net->context = ID_DEFAULT_CONTEXT;
	net->epoch = ID_DEFAULT_EPOCH;
	net->domain_name = DOMAIN_NAME;
	net->domain_version = DOMAIN_VERSION;
	net->contract = DOMAIN_CONTRACT;
	net->chain_id = DOMAIN_CHAIN;
}

static err make_keys(cli *c, devnet *d, const plan *p)
{
	made_key k;

	TRY(keygen_run(&k, c, &d->cluster, p->params, KEYGEN_TIMEOUT_S * 1000));
	d->cluster.prep = k.prep;
	d->cluster.key = k.key;
	d->cluster.preprocessing_s = k.preprocessing_s;
	d->cluster.keygen_s = k.keygen_s;
	return devnet_save(d);
}

static void say(const cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(const cli *c, const char *format, ...)
{
	va_list list;

	if (args_has(&c->args, "json")) return;
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	fflush(stdout);
}

/* With the process running; on failure the caller stops it. */
static err bring_up(cli *c, devnet *d, const plan *p, const node_files *f, const node_process *process)
{
	cluster_party *party = &d->cluster.party[0];
	char signer_text[ADDRESS_TEXT], key[ID_TEXT];
	const ticker t = ticker_begin("starting", args_has(&c->args, "json"));

	err e = process_wait_ready(process, READY_MS, &t);
	ticker_end(&t);
	TRY(e);
	describe(&d->cluster, p, f, process);
	TRY(read_signer(party, f));
	TRY(devnet_save(d));
	address_text(signer_text, &party->signer);
	say(c, "party 1 ready after %.1f s: gRPC %s, %s, signer %s\n", ticker_seconds(&t), party->grpc, party->http,
	    signer_text);
	if (!p->keygen) return OK;
	TRY(make_keys(c, d, p));
	id_text(key, &d->cluster.key);
	say(c, "key %s made and verified in %.1f s\n", key, d->cluster.preprocessing_s + d->cluster.keygen_s);
	return OK;
}

static err start_and_bring_up(cli *c, devnet *d, const plan *p)
{
	AUTO(buf) program = { 0 };
	bool killed;
	node_files *f = calloc(1, sizeof *f);

	ASSERT(f);
	node_process process = { .config = f->config, .log = f->log, .http = f->http_url };
	err e = program_beside(&program, "arca-node");
	if (e == OK) e = lay_out(c, f, d->dir, 1, p);
	if (e == OK) e = process_start(&process, buf_str(&program));
	if (e == OK) {
		e = bring_up(c, d, p, f, &process);
		if (e != OK) {
			AUTO(buf) why = { 0 };
			buf_put_str(&why, err_text());
			if (process_stop(&process, 5000, &killed) != OK) fprintf(stderr, "%s\n", err_text());
			unlink(d->file);
			e = err_fail(e, "%s", buf_str(&why));
		}
	}
	if (e == OK && !args_has(&c->args, "json")) printf("%s is ready\n", d->file);
	if (e == OK && args_has(&c->args, "json")) print_json(json_load_file(d->file, 0, NULL));
	free(f);
	return e;
}

static err run(cli *c)
{
	plan p = { 0 };
	devnet d;

	TRY(read_plan(&p, c));
	TRY(devnet_make(&d, c, args_text(&c->args, "dir")));
	signals_catch();
	say(c, "mode centralized: one node holds the whole key; parties that share it are not built in this version\n");
	err e = start_and_bring_up(c, &d, &p);
	devnet_close(&d);
	return e;
}

const command COMMAND_DEVNET_UP = {
	.noun = "devnet", .verb = "up", .run = run, .options = OPTIONS,
	.line = "start a devnet in a folder, with keys, and return when it is ready",
	.help =
	"Writes the node's configuration into DIR, starts it in the background, waits until\n"
	"it is ready, makes a key set, and writes DIR/devnet.json, which every other command\n"
	"takes with --devnet DIR. If anything fails, nothing is left running; if this command\n"
	"is killed, 'arca devnet down' stops what it had started.\n"
	"\n"
	"There is one node, in centralized mode: threshold 0, and parties[0].mpc is null\n"
	"because there is nobody to share a key with. The signer in devnet.json is read from\n"
	"the node's public vault in DIR: whoever can write to DIR can change it.\n"
	"\n"
	"The environment's ARCA_NODE__ and KMS_CORE__ settings do not reach the node; edit\n"
	"DIR/party-1/node.toml and use 'arca devnet down' and 'start' instead.\n",
	.examples =
	"  arca devnet up --dir net\n"
	"  arca devnet up --dir net --base-port 50100 --keygen none\n"
	"  arca devnet up --dir net --params default --json\n",
};
