/* SPDX-License-Identifier: MIT */
/* cli/devnet_run.c -- arca devnet down, kill, start: stopping nodes, and starting them again. */
#include "cli/devnet_gateway.h"
#include <unistd.h>

enum { READY_MS = 120000 };

/* ---- one or all ---------------------------------------------------------------------------------------------- */

/* touched: what the first of two verbs tells the second, by party. */
typedef err each_party(cli *c, devnet *d, cluster_party *p, party_set *touched);

/* --party I, or 0 for all. */
static err which_party(int64_t *out, const cli *c, const devnet *d)
{
	TRY(args_number(out, &c->args, "party", 1, MAX_PARTIES, 0));
	if (*out > (int64_t)d->cluster.parties)
		return err_fail(ERR_REQUEST, "--party %lld: the devnet has %zu part%s", (long long)*out, d->cluster.parties,
		                d->cluster.parties == 1 ? "y" : "ies");
	return OK;
}

static err each_chosen(cli *c, devnet *d, unsigned which, each_party *verb, party_set *touched)
{
	for (size_t i = 0; i < d->cluster.parties && verb; i++)
		if (which == 0 || d->cluster.party[i].party_id == which) TRY(verb(c, d, &d->cluster.party[i], touched));
	return OK;
}

typedef err chain_verb(const devnet *d);

/* `first` for all chosen parties, then `verb`: what takes its time goes on at all of them together.  before and after are for the
 * chain of a gateway: it is there when connectors start, and stops when all of them have. */
static err run_each(cli *c, chain_verb *before, each_party *first, each_party *verb, chain_verb *after)
{
	devnet d;
	int64_t which = 0;
	party_set touched = 0;

	TRY(devnet_open_locked(&d, c, args_text(&c->args, "dir")));
	err e = devnet_is_local(&d);
	if (e == OK) {
		e = which_party(&which, c, &d);
		if (e != OK) c->code = EXIT_USAGE;
	}
	if (e == OK && before) e = before(&d);
	if (e == OK) e = each_chosen(c, &d, (unsigned)which, first, &touched);
	if (e == OK) e = each_chosen(c, &d, (unsigned)which, verb, &touched);
	if (e == OK && after && which == 0) e = after(&d);
	devnet_close(&d);
	return e;
}

/* ---- down, kill, start --------------------------------------------------------------------------------------- */

static err ask(cli *c, devnet *d, cluster_party *p, party_set *touched)
{
	const node_process process = process_of(p);

	(void)c, (void)d;
	if (process_alive(&process)) add_to(touched, (party)p->party_id);
	process_ask(&process);
	return OK;
}

static err down(cli *c, devnet *d, cluster_party *p, party_set *touched)
{
	const node_process process = process_of(p);
	bool killed;

	(void)c;
	TRY(gateway_stop_connector(d, p->party_id));
	TRY(process_stop(&process, DEVNET_GRACE_MS, &killed));
	if (!has(*touched, (party)p->party_id)) printf("party %u was not running\n", p->party_id);
	else if (killed) printf("party %u did not stop within %d s and was killed\n", p->party_id, DEVNET_GRACE_MS / 1000);
	else printf("party %u stopped\n", p->party_id);
	return OK;
}

static err kill_connector(const devnet *d, const cluster_party *p)
{
	node_process connector;

	if (!gateway_connector(&connector, d, p->party_id))
		return err_fail(ERR_STATE, "party %u has no connector: this devnet was made without --with-gateway", p->party_id);
	TRY(process_kill(&connector));
	printf("connector %u killed\n", p->party_id);
	return OK;
}

static err kill_it(cli *c, devnet *d, cluster_party *p, party_set *touched)
{
	if (args_has(&c->args, "connector")) return kill_connector(d, p);
	const node_process process = process_of(p);
	err e = process_kill(&process);

	(void)touched;
	if (e == ERR_STATE)
		return err_fail(e, "party %u is not running; 'arca devnet start --dir %s --party %u' starts it", p->party_id, d->dir,
		                p->party_id);
	TRY(e);
	printf("party %u killed\n", p->party_id);
	return OK;
}

/* What its party runs: --program, else arca-node from beside this program. */
static err program_of(buf *out, cli *c)
{
	const char *program = args_text(&c->args, "program"), *slash = program ? strrchr(program, '/') : NULL;

	if (!program) return program_beside(out, NODE_PROGRAM);
	if (!args_has(&c->args, "party")) return cli_usage(c, "--program is for one party: give --party I, too");
	if (strncmp(slash ? slash + 1 : program, NODE_PROGRAM, strlen(NODE_PROGRAM)) != 0)
		return cli_usage(c, "--program %s: its name must begin with " NODE_PROGRAM ", by which its process is known", program);
	if (access(program, X_OK) != 0) {
		c->code = EXIT_IO;
		return err_fail(ERR_IO, "%s is no program that can be run", program);
	}
	buf_put_str(out, program);
	return OK;
}

static err launch(cli *c, devnet *d, cluster_party *p, party_set *touched)
{
	AUTO(buf) program = { 0 };
	node_process process = process_of(p);

	TRY(program_of(&program, c));
	if (process_alive(&process)) {
		p->pid = process.pid;
		TRY(devnet_save(d));
		printf("party %u is running already, pid %lld\n", p->party_id, (long long)p->pid);
		return gateway_start_connector(d, p->party_id);
	}
	TRY(process_start(&process, buf_str(&program)));
	add_to(touched, (party)p->party_id);
	p->pid = process.pid;
	TRY(devnet_save(d));
	return gateway_start_connector(d, p->party_id);
}

static err wait_for_connector(const devnet *d, const cluster_party *p)
{
	node_process connector;

	TRY(gateway_wait_connector(d, p->party_id));
	if (gateway_connector(&connector, d, p->party_id)) printf("connector %u ready, pid %lld\n", p->party_id, (long long)connector.pid);
	return OK;
}

static err wait_for(cli *c, devnet *d, cluster_party *p, party_set *touched)
{
	const node_process process = process_of(p);
	const ticker t = ticker_begin("starting", false);
	bool killed;

	(void)c;
	if (!has(*touched, (party)p->party_id)) return wait_for_connector(d, p);
	err e = process_wait_ready(&process, READY_MS, &t);
	ticker_end(&t);
	if (e != OK) {
		(void)(process_stop(&process, 0, &killed) == OK);
		return e;
	}
	printf("party %u ready, pid %lld\n", p->party_id, (long long)p->pid);
	return wait_for_connector(d, p);
}

static err run_down(cli *c)
{
	size_t stopped;

	TRY(devnet_stop_unfinished(&stopped, args_text(&c->args, "dir")));
	if (!stopped) return run_each(c, NULL, ask, down, gateway_stop_chain);
	if (stopped == 1) printf("the node that an interrupted 'arca devnet up' left is stopped\n");
	else printf("the %zu nodes that an interrupted 'arca devnet up' left are stopped\n", stopped);
	return OK;
}

static err run_kill(cli *c)
{
	return run_each(c, NULL, NULL, kill_it, NULL);
}

static err run_start(cli *c)
{
	signals_catch();
	return run_each(c, gateway_start_chain, launch, wait_for, NULL);
}

/* ---- the table ----------------------------------------------------------------------------------------------- */

static const option DOWN_OPTIONS[] = {
	{ "dir",   "DIR", REQUIRED, "the devnet's folder" },
	{ "party", "I",   OPTIONAL, "only this party" },
	OPTIONS_END
};

static const option KILL_OPTIONS[] = {
	{ "dir",   "DIR", REQUIRED, "the devnet's folder" },
	{ "party", "I",   REQUIRED, "the party to kill" },
	{ "connector", NULL, OPTIONAL, "its connector, not its node" },
	OPTIONS_END
};

static const option START_OPTIONS[] = {
	{ "dir",     "DIR",  REQUIRED, "the devnet's folder" },
	{ "party",   "I",    OPTIONAL, "only this party" },
	{ "program", "PATH", OPTIONAL, "another arca-node for it this time: a newer one, or for a test a liar" },
	OPTIONS_END
};

const command COMMAND_DEVNET_DOWN = {
	.noun = "devnet", .verb = "down", .run = run_down, .options = DOWN_OPTIONS,
	.line = "stop the nodes; keys and results stay in the folder",
	.help =
	"Asks each node to stop (SIGTERM) and waits up to 35 s for what it is doing; then\n"
	"kills it. Says what happened. 'arca devnet start' starts them again. A party's connector\n"
	"stops with its node, and the gateway's chain with the last of them.\n",
	.examples =
	"  arca devnet down --dir net\n",
};

const command COMMAND_DEVNET_KILL = {
	.noun = "devnet", .verb = "kill", .run = run_kill, .options = KILL_OPTIONS,
	.line = "kill one node without warning (SIGKILL), as a crash would",
	.help =
	"For trying what a node loses by a crash: no key, no preprocessing, no result, and no\n"
	"decryption that it had taken in, which it goes on with when it is started again. A key\n"
	"generation that was running has failed, and its preprocessing is used up.\n",
	.examples =
	"  arca devnet kill --dir net --party 1\n",
};

const command COMMAND_DEVNET_START = {
	.noun = "devnet", .verb = "start", .run = run_start, .options = START_OPTIONS,
	.line = "start stopped or killed nodes again, with their keys and on their ports",
	.help =
	"Returns when they are ready. A node that runs already is left alone. So it is with the\n"
	"connectors of a devnet with a gateway, and its chain, which goes on from where it was.\n",
	.examples =
	"  arca devnet start --dir net\n"
	"  arca devnet start --dir net --party 1\n",
};
