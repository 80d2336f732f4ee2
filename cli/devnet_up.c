/* SPDX-License-Identifier: MIT */
/*
 * cli/devnet_up.c -- arca devnet up: from an empty folder to nodes that answer under a key.
 *
 *   ports, certificates, configuration -> processes -> ready -> signers from the public vaults -> devnet.json
 *   -> epoch (threshold) -> keys -> devnet.json
 *
 * If any step fails, the nodes are stopped and devnet.json is removed; their folders stay, for their logs.
 */
#include "cli/devnet.h"
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include "cli/devnet_delegation.h"
#include "cli/devnet_gateway.h"
#include "cli/devnet_node.h"
#include "cli/epoch.h"
#include "cli/keygen.h"
#include "evm/address.h"
#include "tkms/dealer.h"

static const option OPTIONS[] = {
	{ "dir",       "DIR",  REQUIRED, "where everything goes; made if need be" },
	{ "mode",      "MODE", OPTIONAL, "threshold (the default): parties share the key; centralized: one node holds it" },
	{ "parties",   "N",    OPTIONAL, "how many nodes; without it, 4; 1 is centralized" },
	{ "threshold", "T",    OPTIONAL, "how many of them may be corrupt; without it, (N - 1) / 3" },
	{ "params",    "SET",  OPTIONAL, "test (the default) or default, which is for production" },
	{ "keygen",    "HOW",  OPTIONAL, "dkg (default), chain, insecure or none; of one node: central, chain or none" },
	{ "base-port", "P",    OPTIONAL, "the first of 3 ports a party: gRPC, peers, HTTP; without it, free ones" },
	{ "delegation", NULL,  OPTIONAL, "the nodes are a delegation KMS, too ('arca delegate')" },
	{ "with-gateway", NULL, OPTIONAL, "also a chain with the gateway's contracts, and a connector for each party" },
	{ "contracts", "DIR",  OPTIONAL, "where gateway.mjs is; without it, beside the build folder of this program" },
	{ "json",      NULL,   OPTIONAL, "print devnet.json when all is ready" },
	OPTIONS_END
};

enum { READY_MS = 120000, STOP_MS = 5000, DEFAULT_PARTIES = 4 };

/* The domain of decryptions on every devnet: contracts on a test chain are initialised with the same. */
static const char DOMAIN_NAME[] = "Decryption", DOMAIN_VERSION[] = "1",
	DOMAIN_CONTRACT[] = "0x66f9664f97F2b50F62D13eA064982f936dE76657";
enum { DOMAIN_CHAIN = 54321 };

typedef struct plan {
	const lat_params *params;
	const char *keygen;              /* as devnet.json has it */
	bool     shared, by_chain;       /* by_chain: the contracts ask for epoch and key */
	unsigned parties, threshold;
	unsigned base_port;              /* 0: free ones          */
	gateway_tool gateway;            /* empty: without a gateway */
} plan;

/* ---- what was asked for -------------------------------------------------------------------------------------- */

static err read_centralized(cli *c, int64_t parties, int64_t threshold)
{
	static const char ONE[] = "--mode centralized is one node that holds the whole key";

	if (parties > 1)
		return cli_usage(c, "--parties %lld: %s; leave --mode out for parties that share one", (long long)parties, ONE);
	if (threshold > 0)
		return cli_usage(c, "--threshold %lld: %s, and whoever corrupts it has it", (long long)threshold, ONE);
	return OK;
}

static err read_shared(plan *out, cli *c, int64_t parties, int64_t threshold)
{
	out->parties = parties ? (unsigned)parties : DEFAULT_PARTIES;
	out->threshold = threshold >= 0 ? (unsigned)threshold : (out->parties - 1) / 3;
	if (parties_allowed(out->parties, out->threshold)) return OK;
	if (out->parties < 4)
		return cli_usage(c, "--parties %u: parties that share a key are 4 or more, so that one may be corrupt; 1 is centralized",
		                 out->parties);
	if (out->threshold == 0)
		return cli_usage(c, "--threshold 0: then one party could decrypt alone; leave --threshold out, or use --mode "
		                 "centralized");
	if (3 * out->threshold >= out->parties)
		return cli_usage(c, "--threshold %u: of %u parties at most %u may be corrupt", out->threshold, out->parties,
		                 (out->parties - 1) / 3);
	return cli_usage(c, "--parties %u --threshold %u: there are too many sets of parties for the noise of a decryption; try a "
	                 "smaller --threshold", out->parties, out->threshold);
}

static err read_mode(plan *out, cli *c)
{
	const char *mode = args_text(&c->args, "mode");
	int64_t parties, threshold;

	TRY_USAGE(c, args_number(&parties, &c->args, "parties", 1, MAX_PARTIES, 0));
	TRY_USAGE(c, args_number(&threshold, &c->args, "threshold", 0, MAX_PARTIES, -1));
	if (mode && strcmp(mode, "centralized") != 0 && strcmp(mode, "threshold") != 0)
		return cli_usage(c, "--mode %s: there are threshold and centralized", mode);
	out->shared = mode ? strcmp(mode, "threshold") == 0 : parties != 1;
	if (out->shared) return read_shared(out, c, parties, threshold);
	out->parties = 1;
	out->threshold = 0;
	return read_centralized(c, parties, threshold);
}

static bool params_on_chain(const lat_params *p)
{
	return strcmp(p->name, "test") == 0 || strcmp(p->name, "default") == 0;
}

static err read_keygen(plan *out, cli *c)
{
	const char *how = args_text(&c->args, "keygen");

	out->by_chain = how && strcmp(how, "chain") == 0;
	out->keygen = how && !out->by_chain ? how : out->shared ? "dkg" : "central";
	if (out->by_chain && !args_has(&c->args, "with-gateway"))
		return cli_usage(c, "--keygen chain: contracts ask for the key, and they are there --with-gateway");
	if (out->by_chain && !params_on_chain(out->params))
		return cli_usage(c, "--keygen chain: contracts can ask for the parameters test and default, not for %s", out->params->name);
	if (strcmp(out->keygen, "none") == 0) return OK;
	if (!out->shared && (strcmp(out->keygen, "dkg") == 0 || strcmp(out->keygen, "insecure") == 0))
		return cli_usage(c, "--keygen %s is for parties that share a key; one node makes it alone (central)", how);
	if (!out->shared && strcmp(out->keygen, "central") != 0)
		return cli_usage(c, "--keygen %s: there are central and none", how);
	if (!out->shared || strcmp(out->keygen, "dkg") == 0) return OK;
	if (strcmp(out->keygen, "insecure") != 0) return cli_usage(c, "--keygen %s: there are dkg, insecure and none", how);
	if (dealer_is_built()) return OK;
	return cli_usage(c, "--keygen insecure: this arca is built without a dealer (meson option insecure_keygen); leave --keygen out, and "
	                 "the parties make the key together");
}

static err read_plan(plan *out, cli *c)
{
	const char *params = args_text(&c->args, "params");
	int64_t port;

	TRY(read_mode(out, c));
	out->params = params_by_name_var(slice_str(params ? params : "test"));
	if (!out->params) return cli_usage(c, "--params %s: there are %s", params, params_names());
	TRY(read_keygen(out, c));
	TRY_USAGE(c, args_number(&port, &c->args, "base-port", 1, LAST_PORT_NUMBER - PORTS_A_PARTY * out->parties + 1, 0));
	out->base_port = (unsigned)port;
	if (args_has(&c->args, "with-gateway")) return gateway_find(&out->gateway, c, args_text(&c->args, "contracts"));
	if (args_has(&c->args, "contracts")) return cli_usage(c, "--contracts is for --with-gateway");
	return OK;
}

/* ---- nodes --------------------------------------------------------------------------------------------------- */

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

static err start_all(node_process *process, const node_files *f, size_t parties)
{
	AUTO(buf) program = { 0 };

	TRY(program_beside(&program, NODE_PROGRAM));
	for (size_t i = 0; i < parties; i++) {
		process[i] = (node_process){ .config = f[i].config, .log = f[i].log, .http = f[i].http_url };
		TRY(process_start(&process[i], buf_str(&program)));
	}
	return OK;
}

static void stop_all(const devnet *d, const node_process *process, size_t parties)
{
	AUTO(buf) why = { 0 };
	bool killed;

	buf_put_str(&why, err_text());
	gateway_stop_all(d);
	for (size_t i = 0; i < parties; i++)
		if (process[i].config && process_stop(&process[i], STOP_MS, &killed) != OK) fprintf(stderr, "%s\n", err_text());
	(void)(err_fail(ERR_INTERNAL, "%s", buf_str(&why)) == OK);           /* the sentence is again that of the failure */
}

/* All of them are told to stop before the first is waited for. */
static void ask_to_stop(const node_process *process, size_t parties)
{
	for (size_t i = 0; i < parties; i++)
		if (process[i].config) process_ask(&process[i]);
}

static err wait_for_all(cli *c, devnet *d, node_files *f, const node_process *process)
{
	char address[ADDRESS_TEXT];
	const ticker t = ticker_begin("starting", args_has(&c->args, "json"));

	for (size_t i = 0; i < d->cluster.parties; i++) {
		cluster_party *p = &d->cluster.party[i];
		err e = process_wait_ready(&process[i], READY_MS, &t);
		ticker_end(&t);
		TRY(e);
		p->pid = process[i].pid;
		TRY(node_files_signer(p, &f[i]));
		address_text(address, &p->signer);
		say(c, "party %u ready after %.1f s: gRPC %s, %s, signer %s\n", p->party_id, ticker_seconds(&t), p->grpc, p->http,
		    address);
	}
	return devnet_save(d);
}

/* ---- keys ---------------------------------------------------------------------------------------------------- */

static err set_up_epoch(cli *c, devnet *d)
{
	party_set who;

	TRY(epoch_run(&who, &d->cluster.epoch_s, c, &d->cluster, &d->cluster.epoch, EPOCH_TIMEOUT_S * 1000));
	if (who != parties_all((unsigned)d->cluster.parties))
		return err_fail(ERR_STATE, "not every party took part in the first epoch");
	say(c, "epoch set up by %zu parties in %.1f s\n", d->cluster.parties, d->cluster.epoch_s);
	return devnet_save(d);
}

static err make_keys(cli *c, devnet *d, const plan *p)
{
	char key[ID_TEXT];
	const key_wish wish = { .params = p->params, .kind = KEY_KIND_USUAL, .insecure = strcmp(p->keygen, "insecure") == 0 };
	made_key k;

	TRY(keygen_run(&k, c, &d->cluster, &wish, KEYGEN_TIMEOUT_S * 1000));
	if (c->code == EXIT_PARTLY) return err_fail(ERR_STATE, "not every party has the key");
	d->cluster.prep = k.prep;
	d->cluster.key = k.key;
	d->cluster.preprocessing_s = k.preprocessing_s;
	d->cluster.keygen_s = k.keygen_s;
	id_text(key, &k.key);
	say(c, "key %s made and verified in %.1f s\n", key, k.preprocessing_s + k.keygen_s);
	return devnet_save(d);
}

static err delegate(cli *c, devnet *d)
{
	TRY(devnet_delegation_wait(c, d));
	say(c, "delegation: chain %d, public key %s\n", DEVNET_DELEGATION_CHAIN, json_string_value(json_object_get(d->cluster.delegation, "public_key")));
	return OK;
}

/* ---- all of it ----------------------------------------------------------------------------------------------- */

static void describe(cluster *net, const plan *p, const node_files *f)
{
	net->mode = p->shared ? "threshold" : "centralized";
	net->params = p->params->name;
	net->keygen = p->keygen;
	net->parties = p->parties;
	net->threshold = p->threshold;
	for (size_t i = 0; i < p->parties; i++) {
		cluster_party *q = &net->party[i];
		q->party_id = (unsigned)i + 1;
		q->grpc = f[i].grpc;
		q->mpc = p->shared ? f[i].mpc : NULL;
		q->http = f[i].http_url;
		q->log = f[i].log;
		q->config = f[i].config;
	}
	net->context = ID_DEFAULT_CONTEXT;
	net->epoch = ID_DEFAULT_EPOCH;
	net->domain_name = DOMAIN_NAME;
	net->domain_version = DOMAIN_VERSION;
	net->contract = DOMAIN_CONTRACT;
	net->chain_id = DOMAIN_CHAIN;
	net->profile = p->gateway.path.n ? KMS712_V011 : KMS712_V015;
}

/* Fills process as far as it gets. */
static err bring_up(cli *c, devnet *d, plan *p, node_files *f, node_process *process)
{
	TRY(node_files_lay_out(f, c, d->dir, p->parties, p->base_port));
	describe(&d->cluster, p, f);
	TRY(node_files_write(f, p->parties, p->threshold, d->cluster.profile));
	if (args_has(&c->args, "delegation")) TRY(devnet_delegation_write(d, f, p->parties));
	TRY(start_all(process, f, p->parties));
	TRY(wait_for_all(c, d, f, process));
	if (p->shared && !p->by_chain) TRY(set_up_epoch(c, d));
	if (strcmp(p->keygen, "none") != 0 && !p->by_chain) TRY(make_keys(c, d, p));
	if (args_has(&c->args, "delegation")) TRY(delegate(c, d));
	if (p->gateway.path.n) TRY(gateway_up(c, d, &p->gateway));
	return p->by_chain ? gateway_make_key(c, d, p->params->name, p->shared) : OK;
}

static err bring_up_or_stop(cli *c, devnet *d, plan *p)
{
	node_files *f = calloc(p->parties, sizeof *f);
	node_process process[MAX_PARTIES] = { 0 };

	ASSERT(f);
	err e = bring_up(c, d, p, f, process);
	if (e != OK) {
		ask_to_stop(process, p->parties);
		stop_all(d, process, p->parties);
		unlink(d->file);
	} else if (args_has(&c->args, "json")) {
		print_json(json_load_file(d->file, 0, NULL));
	} else {
		printf("%s is ready\n", d->file);
	}
	free(f);
	return e;
}

static void introduce(const cli *c, const plan *p)
{
	if (!p->shared)
		say(c, "mode centralized: one node holds the whole key\n");
	else
		say(c, "mode threshold: %u parties share the key; any %u of them decrypt, and up to %u may be corrupt\n", p->parties,
		    2 * p->threshold + 1, p->threshold);
	if (strcmp(p->keygen, "dkg") == 0) say(c, "keygen dkg: the parties make the key together; it is never whole anywhere\n");
	if (strcmp(p->keygen, "insecure") == 0) say(c, "keygen insecure: party 1 makes the key whole and deals it out, for trials\n");
}

static err run(cli *c)
{
	plan p = { 0 };
	devnet d;

	err e = read_plan(&p, c);
	if (e == OK) e = devnet_make(&d, c, args_text(&c->args, "dir"));
	if (e == OK) {
		signals_catch();
		introduce(c, &p);
		e = bring_up_or_stop(c, &d, &p);
		devnet_close(&d);
	}
	gateway_tool_free(&p.gateway);
	return e;
}

const command COMMAND_DEVNET_UP = {
	.noun = "devnet", .verb = "up", .run = run, .options = OPTIONS,
	.line = "start a devnet in a folder, with keys, and return when it is ready",
	.help =
	"Writes certificates and configuration of each node into DIR, starts them in the\n"
	"background, waits until they are ready, has them set up their first epoch, makes a key\n"
	"set, and writes DIR/devnet.json, which every other command takes with --devnet DIR. If\n"
	"anything fails, nothing is left running; if this command is killed, 'arca devnet down'\n"
	"stops what it had started.\n"
	"\n"
	"N parties share the key: any 2T + 1 of them decrypt, and whatever up to T of them do,\n"
	"no answer is wrong and nobody learns the key, which they make together. --keygen\n"
	"insecure, in builds with the option insecure_keygen, has a dealer make it: party 1 has\n"
	"it whole for a moment. That is recorded in devnet.json, and commands ask such a cluster\n"
	"only as a devnet, or with --allow-insecure-key.\n"
	"\n"
	"--mode centralized is one node with the whole key: threshold 0, and parties[0].mpc is\n"
	"null because there is nobody to share a key with.\n"
	"\n"
	"The signers in devnet.json are read from the nodes' public vaults in DIR: whoever can\n"
	"write to DIR can change them. The environment's ARCA_NODE__ and KMS_CORE__ settings do\n"
	"not reach the nodes; edit DIR/party-1/node.toml and use 'arca devnet down' and 'start'\n"
	"instead.\n"
	"\n"
	"--delegation makes the nodes a delegation KMS, of chain 31337, whose key they make and\n"
	"share; any of them combines their answers. DIR/gateway.key is the gateway's.\n"
	"\n"
	"--with-gateway also starts a chain on this machine with the contracts of a gateway and\n"
	"of a host chain, and an arca-connector for each party, which brings what contracts ask\n"
	"to its node and the signed answers back. It needs Node.js, and in the folder contracts\n"
	"of arca's source tree what 'npm ci' installs there. devnet.json has addresses, wallets\n"
	"and connectors under \"gateway\"; the chain's files are in DIR/gateway. With --keygen\n"
	"chain the contracts ask for the first epoch and for the key, too.\n",
	.examples =
	"  arca devnet up --dir net\n"
	"  arca devnet up --dir net --parties 7\n"
	"  arca devnet up --dir net --mode centralized --base-port 50100 --keygen none\n"
	"  arca devnet up --dir net --params default --json\n"
	"  arca devnet up --dir net --keygen none --delegation\n"
	"  arca devnet up --dir net --with-gateway\n"
	"  arca devnet up --dir net --with-gateway --keygen chain\n",
};
