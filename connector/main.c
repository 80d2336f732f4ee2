/* SPDX-License-Identifier: MIT */
/*
 * connector/main.c -- arca-connector as a process: options, signals, exit codes.
 *
 * Exit codes: 0 stopped as asked, 1 failed, 64 usage, configuration or the wallet's key, 69 an address is taken or the database is
 * away.
 */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>
#include "base/commit.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/undumpable.h"
#include "connector/closing.h"
#include "connector/monitor.h"
#include "rpc/fetch.h"

extern char **environ;

enum { MAX_URL = 1024, MAX_HEALTH = 64 << 10, HEALTH_MS = 10000 };

static const char HELP[] =
	"arca-connector -- between the gateway's contracts and the nodes of a key management system.\n"
	"\n"
	"usage: arca-connector [start] --config FILE [--role listener|worker|sender|all] [--log-level LEVEL] [--log-json]\n"
	"       arca-connector validate --config FILE [--role ROLE]\n"
	"       arca-connector health [--endpoint URL]\n"
	"       arca-connector --help | --version\n"
	"\n"
	"  --config FILE      TOML; every key can also be set by an environment variable (ARCA_CONNECTOR__KEY)\n"
	"  --role ROLE        listener: chain events into the database; worker: requests to the nodes;\n"
	"                     sender: signed answers on chain; all (default): everything in one process\n"
	"  validate           say whether the configuration is right for the role, print it, and stop (--check-config)\n"
	"  health             print what a connector that runs says of itself at URL (http://127.0.0.1:9100, or what\n"
	"                     ARCA_CONNECTOR__MONITORING_ENDPOINT says); exit code 1 unless it is well\n"
	"  --log-level LEVEL  debug, info (default), warn or error\n"
	"  --log-json         one JSON object a line instead of text\n"
	"\n"
	"examples:\n"
	"  arca-connector --config /etc/arca/connector.toml\n"
	"  arca-connector --config connector.toml --role sender\n"
	"  ARCA_CONNECTOR__DATABASE_URL=postgres://arca@/arca arca-connector --config connector.toml --role worker\n"
	"\n"
	"a small configuration:\n"
	"  database_url = \"sqlite:/var/lib/arca/connector.db\"\n"
	"  gateway_url = [\"http://127.0.0.1:8545\"]\n"
	"  gateway_chain_id = 54321\n"
	"  kms_core_endpoints = [\"http://127.0.0.1:50051\"]\n"
	"  private_key_file = \"/etc/arca/wallet.key\"\n"
	"  decryption_contract.address = \"0x...\"\n"
	"  kms_generation_contract.address = \"0x...\"\n"
	"  gateway_config_contract.address = \"0x...\"\n"
	"  [[host_chains]]\n"
	"  url = \"http://127.0.0.1:8545\"\n"
	"  chain_id = 54321\n"
	"  acl_address = \"0x...\"\n"
	"\n"
	"SIGTERM: what is under way has some seconds, the rest is done after the next start, here or elsewhere; a second one\n"
	"ends the connector at once. Under systemd (Type=notify) it says when it is started and when it stops. A crash leaves no\n"
	"core file, and keys that the environment named are wiped there. The kernel refuses it files, ports and system\n"
	"calls that it has no use for (Landlock, seccomp), unless internal_config.sandbox is false; the log tells what is in\n"
	"force.\n"
	"\n"
	"Exit codes: 0 stopped as asked, 1 failed, 64 usage, configuration or the wallet's key, 69 an address is taken\n"
	"or the database is away.\n"
	"\n"
	"keys of the configuration:\n";

typedef struct options {
	const char *config, *role, *endpoint;
	bool check, health, help, version, log_json;
	log_level least;
} options;

static bool level_by_name(log_level *out, const char *name)
{
	static const char *const NAMES[] = { [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error" };

	for (size_t i = 0; i < COUNT(NAMES); i++)
		if (!strcmp(name, NAMES[i])) return *out = (log_level)i, true;
	fprintf(stderr, "arca-connector: --log-level is %s; debug, info, warn or error is wanted\n", name);
	return false;
}

/* What the reference's programs are told first. */
static bool take_word(options *o, const char *word)
{
	o->check |= !strcmp(word, "validate");
	o->health = !strcmp(word, "health");
	return o->check || o->health || !strcmp(word, "start");
}

static bool read_options(options *o, int argc, char **argv)
{
	static const struct option LONG[] = {
		{ "config", required_argument, NULL, 'c' }, { "config-file", required_argument, NULL, 'c' }, { "role", required_argument, NULL, 'r' },
		{ "check-config", no_argument, NULL, 'k' }, { "endpoint", required_argument, NULL, 'e' }, { "log-level", required_argument, NULL, 'l' }, { "log-json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'v' }, { 0 },
	};

	*o = (options){ .role = "all", .least = LOG_INFO };
	for (int c; (c = getopt_long(argc, argv, "c:e:h", LONG, NULL)) != -1;) {
		switch (c) {
		case 'c': o->config = optarg; break;
		case 'r': o->role = optarg; break;
		case 'k': o->check = true; break;
		case 'e': o->endpoint = optarg; break;
		case 'l': if (!level_by_name(&o->least, optarg)) return false; break;
		case 'j': o->log_json = true; break;
		case 'h': o->help = true; break;
		case 'v': o->version = true; break;
		default:  return false;
		}
	}
	if (optind < argc && !take_word(o, argv[optind])) return fprintf(stderr, "arca-connector: %s is no option\n", argv[optind]), false;
	if (optind + 1 < argc) fprintf(stderr, "arca-connector: %s is no option\n", argv[optind + 1]);
	return optind + 1 >= argc;
}

static void print_and_free(buf *text)
{
	fwrite(text->p, 1, text->n, stdout);
	buf_free(text);
}

/* For scripts and containers: the words of the one that runs. */
static int ask_health(const options *o)
{
	const char *from = o->endpoint, *ours = getenv("ARCA_CONNECTOR__MONITORING_ENDPOINT"), *theirs = getenv("KMS_CONNECTOR_MONITORING_ENDPOINT");
	char url[MAX_URL];
	buf answer = { 0 };
	unsigned status = 0;

	if (!from) from = ours ? ours : theirs ? theirs : "127.0.0.1:9100";
	snprintf(url, sizeof url, "%s%s/healthz", strstr(from, "://") ? "" : "http://", from);
	const err e = fetch_ask(&answer, &status, url, NULL, NULL, MAX_HEALTH, HEALTH_MS);
	if (e == OK) buf_put_u8(&answer, '\n');
	else fprintf(stderr, "arca-connector: %s\n", err_text());
	print_and_free(&answer);
	return e == OK && status == 200 ? 0 : 1;
}

static sigset_t stop_signals(void)
{
	sigset_t s;
	sigemptyset(&s), sigaddset(&s, SIGINT), sigaddset(&s, SIGTERM);
	return s;
}

static int code_of(err e)
{
	return e == ERR_REQUEST ? EX_USAGE : e == ERR_IO ? EX_UNAVAILABLE : 1;
}

static int run(connector_config *c, unsigned played)
{
	static roles r;
	const sigset_t stop = stop_signals();
	http_server *http = NULL;
	int signal = 0, code = 0;

	pthread_sigmask(SIG_BLOCK, &stop, NULL);
	roles_init(&r, c, played, ARCA_COMMIT);
	err e = roles_read_key(&r, c);
	if (e == OK) e = closing_begin(c, played);
	/* An address that is taken is found before anything is picked or sent. */
	if (e == OK) e = monitor_new(&http, &r);
	if (e == OK) e = roles_start(&r, c);
	if (e == OK) e = closing_end(c);
	if (e == OK) {
		log_info("ready: HTTP on %s", c->monitoring_endpoint);
		notify_say("READY=1", NOTIFY_SURELY_MS);
		sigwait(&stop, &signal);
		notify_say("STOPPING=1", NOTIFY_SURELY_MS);
		log_info("stopping: signal %d", signal);
		pthread_sigmask(SIG_UNBLOCK, &stop, NULL);           /* a second one ends the process */
	} else {
		code = code_of(e);
		log_err(LOG_ERROR, "the connector cannot start", e);
	}
	http_server_free(&http);
	roles_stop(&r);
	return code;
}

int main(int argc, char **argv)
{
	connector_config c = { 0 };
	buf text = { 0 };
	options o;

	if (!read_options(&o, argc, argv)) {
		fputs("try: arca-connector --help\n", stderr);
		return EX_USAGE;
	}
	if (o.help) {
		fputs(HELP, stdout);
		connector_config_help(&text);
		print_and_free(&text);
		return 0;
	}
	if (o.version) return puts("arca-connector " ARCA_VERSION), 0;
	if (o.health) return ask_health(&o);
	log_setup(o.least, o.log_json);
	undumpable_begin();
	const unsigned played = connector_role_of(o.role);
	if (!played) {
		fprintf(stderr, "arca-connector: --role is %s; listener, worker, sender or all is wanted\n", o.role);
		return EX_USAGE;
	}
	const err e = connector_config_load(&c, played, o.config, environ);
	connector_config_wipe_environment(environ);
	if (e != OK) {
		fprintf(stderr, "arca-connector: %s\n", err_text());
		if (!o.config) fputs("no --config was given; try: arca-connector --help\n", stderr);
		return EX_USAGE;
	}
	if (o.check) {
		connector_config_print(&text, &c);
		print_and_free(&text);
		connector_config_free(&c);
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	const int code = run(&c, played);
	connector_config_free(&c);
	return code;
}
