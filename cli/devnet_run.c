/* SPDX-License-Identifier: MIT */
/* cli/devnet_run.c -- arca devnet status, down, kill, start: looking at nodes, stopping them, starting them again. */
#include "cli/devnet.h"
#include <dirent.h>

enum { READY_MS = 60000 };

/* ---- one or all ---------------------------------------------------------------------------------------------- */

typedef err each_party(devnet *d, cluster_party *p);

/* A devnet's file also tells where its nodes' files are; one for --nodes need not. */
static err is_local(const devnet *d)
{
	for (size_t i = 0; i < d->cluster.parties; i++) {
		const cluster_party *p = &d->cluster.party[i];
		if (!p->config || p->config[0] != '/' || !p->log || p->log[0] != '/')
			return err_fail(ERR_REQUEST, "%s: parties[%zu] has no full path of config and log: arca did not start this node",
			                d->file, i);
	}
	return OK;
}

/* --party I, or 0 for all. */
static err which_party(int64_t *out, const cli *c, const devnet *d)
{
	TRY(args_number(out, &c->args, "party", 1, MAX_PARTIES, 0));
	if (*out > (int64_t)d->cluster.parties)
		return err_fail(ERR_REQUEST, "--party %lld: the devnet has %zu part%s", (long long)*out, d->cluster.parties,
		                d->cluster.parties == 1 ? "y" : "ies");
	return OK;
}

static err run_each(cli *c, each_party *verb)
{
	devnet d;
	int64_t party = 0;

	TRY(devnet_open_locked(&d, c, args_text(&c->args, "dir")));
	err e = is_local(&d);
	if (e == OK) {
		e = which_party(&party, c, &d);
		if (e != OK) c->code = EXIT_USAGE;
	}
	for (size_t i = 0; i < d.cluster.parties && e == OK; i++)
		if (party == 0 || d.cluster.party[i].party_id == (unsigned)party) e = verb(&d, &d.cluster.party[i]);
	devnet_close(&d);
	return e;
}

/* ---- status -------------------------------------------------------------------------------------------------- */

/* The ids of the keys whose public part the node has published. */
static json_t *keys_of(const cluster_party *p)
{
	AUTO(buf) path = { 0 };
	json_t *keys = json_array();
	id32 id;

	buf_put(&path, p->config, (size_t)(strrchr(p->config, '/') - p->config));
	buf_put_str(&path, "/public/PUB/PublicKey");
	DIR *folder = opendir(buf_str(&path));
	for (struct dirent *f; folder && (f = readdir(folder));)
		if (f->d_name[0] != '.' && id_parse(&id, "", slice_str(f->d_name)) == OK)
			json_array_append_new(keys, json_string(f->d_name));
	err_clear();
	if (folder) closedir(folder);
	return keys;
}

static void print_status(const cluster_party *p, bool alive, bool ready, json_t *keys)
{
	size_t i;
	json_t *key;

	if (alive) printf("party %u: %s, pid %lld, gRPC %s, %s\n", p->party_id, ready ? "ready" : "running, not ready",
	                  (long long)p->pid, p->grpc, p->http);
	else printf("party %u: not running; the end of %s may say why\n", p->party_id, p->log);
	json_array_foreach(keys, i, key) printf("  key %s\n", json_string_value(key));
}

static err run_status(cli *c)
{
	const bool json = args_has(&c->args, "json");
	size_t good = 0;
	devnet d;

	TRY(devnet_open(&d, c, args_text(&c->args, "dir")));
	err e = is_local(&d);
	if (e != OK) {
		devnet_close(&d);
		return e;
	}
	json_t *parties = json_array();
	for (size_t i = 0; i < d.cluster.parties; i++) {
		cluster_party *p = &d.cluster.party[i];
		const node_process process = process_of(p);
		const bool alive = process_alive(&process), ready = alive && process_ready(&process);
		good += ready;
		p->pid = process.pid;
		json_t *keys = keys_of(p);
		if (!json) print_status(p, alive, ready, keys);
		json_array_append_new(parties, json_pack("{s:i, s:b, s:b, s:I, s:s, s:s, s:o}", "party_id", (int)p->party_id,
		                      "alive", alive, "ready", ready, "pid", (json_int_t)p->pid, "grpc", p->grpc, "http", p->http,
		                      "keys", keys));
	}
	if (good < d.cluster.parties) c->code = good ? EXIT_PARTLY : EXIT_FAILED;
	if (json) print_json(json_pack("{s:s, s:b, s:O}", "mode", d.cluster.mode, "ready", good == d.cluster.parties,
	                               "parties", parties));
	json_decref(parties);
	devnet_close(&d);
	return OK;
}

/* ---- down, kill, start --------------------------------------------------------------------------------------- */

static err down(devnet *d, cluster_party *p)
{
	const node_process process = process_of(p);
	bool killed;

	(void)d;
	const bool ran = process_alive(&process);
	TRY(process_stop(&process, DEVNET_GRACE_MS, &killed));
	if (!ran) printf("party %u was not running\n", p->party_id);
	else if (killed) printf("party %u did not stop within %d s and was killed\n", p->party_id, DEVNET_GRACE_MS / 1000);
	else printf("party %u stopped\n", p->party_id);
	return OK;
}

static err kill_it(devnet *d, cluster_party *p)
{
	const node_process process = process_of(p);
	err e = process_kill(&process);

	if (e == ERR_STATE)
		return err_fail(e, "party %u is not running; 'arca devnet start --dir %s --party %u' starts it", p->party_id, d->dir,
		                p->party_id);
	TRY(e);
	printf("party %u killed\n", p->party_id);
	return OK;
}

static err start(devnet *d, cluster_party *p)
{
	AUTO(buf) program = { 0 };
	node_process process = process_of(p);
	bool killed;

	if (process_alive(&process)) {
		p->pid = process.pid;
		TRY(devnet_save(d));
		printf("party %u is running already, pid %lld\n", p->party_id, (long long)p->pid);
		return OK;
	}
	TRY(program_beside(&program, "arca-node"));
	TRY(process_start(&process, buf_str(&program)));
	p->pid = process.pid;
	err e = devnet_save(d);
	const ticker t = ticker_begin("starting", false);
	if (e == OK) e = process_wait_ready(&process, READY_MS, &t);
	ticker_end(&t);
	if (e != OK) {
		(void)(process_stop(&process, 0, &killed) == OK);
		return e;
	}
	printf("party %u ready, pid %lld\n", p->party_id, (long long)p->pid);
	return OK;
}

static err run_down(cli *c)
{
	bool stopped;

	TRY(devnet_stop_unfinished(&stopped, args_text(&c->args, "dir")));
	if (!stopped) return run_each(c, down);
	printf("the node that an interrupted 'arca devnet up' left is stopped\n");
	return OK;
}

static err run_kill(cli *c)
{
	return run_each(c, kill_it);
}

static err run_start(cli *c)
{
	signals_catch();
	return run_each(c, start);
}

/* ---- the table ----------------------------------------------------------------------------------------------- */

static const option STATUS_OPTIONS[] = {
	{ "dir",  "DIR", REQUIRED, "the devnet's folder" },
	{ "json", NULL,  OPTIONAL, "print it as JSON" },
	OPTIONS_END
};

static const option DOWN_OPTIONS[] = {
	{ "dir",   "DIR", REQUIRED, "the devnet's folder" },
	{ "party", "I",   OPTIONAL, "only this party" },
	OPTIONS_END
};

static const option KILL_OPTIONS[] = {
	{ "dir",   "DIR", REQUIRED, "the devnet's folder" },
	{ "party", "I",   REQUIRED, "the party to kill" },
	OPTIONS_END
};

static const option START_OPTIONS[] = {
	{ "dir",   "DIR", REQUIRED, "the devnet's folder" },
	{ "party", "I",   OPTIONAL, "only this party" },
	OPTIONS_END
};

const command COMMAND_DEVNET_STATUS = {
	.noun = "devnet", .verb = "status", .run = run_status, .options = STATUS_OPTIONS,
	.line = "say which nodes run and are ready, and their keys",
	.help =
	"Exits 0 if every node is ready, 2 if only some are, 1 if none is.\n",
	.examples =
	"  arca devnet status --dir net\n"
	"  arca devnet status --dir net --json\n",
};

const command COMMAND_DEVNET_DOWN = {
	.noun = "devnet", .verb = "down", .run = run_down, .options = DOWN_OPTIONS,
	.line = "stop the nodes; keys and results stay in the folder",
	.help =
	"Asks each node to stop (SIGTERM) and waits up to 35 s for what it is doing; then\n"
	"kills it. Says what happened. 'arca devnet start' starts them again.\n",
	.examples =
	"  arca devnet down --dir net\n",
};

const command COMMAND_DEVNET_KILL = {
	.noun = "devnet", .verb = "kill", .run = run_kill, .options = KILL_OPTIONS,
	.line = "kill one node without warning (SIGKILL), as a crash would",
	.help =
	"For trying what a node loses by a crash: no key, no preprocessing that was used, and no\n"
	"result that it had ready. A decryption that was still running must be asked again, and\n"
	"an unfinished key generation has failed.\n",
	.examples =
	"  arca devnet kill --dir net --party 1\n",
};

const command COMMAND_DEVNET_START = {
	.noun = "devnet", .verb = "start", .run = run_start, .options = START_OPTIONS,
	.line = "start stopped or killed nodes again, with their keys and on their ports",
	.help =
	"Returns when they are ready. A node that runs already is left alone.\n",
	.examples =
	"  arca devnet start --dir net\n"
	"  arca devnet start --dir net --party 1\n",
};
