/* SPDX-License-Identifier: MIT */
/*
 * node/process.c -- arca-node as a process: options, signals, exit codes.  What it is made of is in node.h, how the parts
 * start and stop in services.c.
 *
 * Exit codes: 0 stopped as asked, 1 failed or stopped with requests unfinished, 64 usage or configuration,
 * 69 an address is taken, 74 disk.
 */
#include <getopt.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>
#include "base/log.h"
#include "base/notify.h"
#include "base/undumpable.h"
#include "node/node.h"
#include "rpc/tls.h"

enum { STOP_SECS = 60 };               /* beyond the patience with requests: threads end, files are closed */

static const char HELP[] =
	"arca-node -- one node of a key management system for TFHE: a party of a cluster, or alone (centralized).\n"
	"\n"
	"usage: arca-node [--config-file FILE] [--check-config] [--ignore-peerlist] [--log-level LEVEL] [--log-json]\n"
	"       arca-node --help | --version\n"
	"\n"
	"  --config-file FILE   TOML; every key can also be set by an environment variable\n"
	"  --check-config       say whether the configuration is right, print it, and stop\n"
	"  --ignore-peerlist    take contexts from the vault only, not from threshold.peers\n"
	"  --log-level LEVEL    debug, info (default), warn or error; without it telemetry.log_level is used\n"
	"  --log-json           one JSON object a line instead of text, as telemetry.log_format = \"json\"\n"
	"\n"
	"examples:\n"
	"  arca-node --config-file /etc/arca/node.toml\n"
	"  ARCA_NODE__SERVICE__LISTEN_PORT=50100 arca-node --config-file node.toml\n"
	"  arca-node --check-config --config-file node.toml\n"
	"\n"
	"a small configuration:\n"
	"  [service]\n"
	"  listen_address = \"127.0.0.1\"\n"
	"  listen_port = 50051\n"
	"  [public_vault.storage.file]\n"
	"  path = \"/var/lib/arca/public\"\n"
	"  [private_vault.storage.file]\n"
	"  path = \"/var/lib/arca/private\"\n"
	"  [telemetry]\n"
	"  metrics_bind_address = \"127.0.0.1:9646\"\n"
	"\n"
	"a party of a cluster has besides, with the same peers at every node:\n"
	"  [threshold]\n"
	"  listen_address = \"0.0.0.0\"\n"
	"  listen_port = 50001\n"
	"  threshold = 1\n"
	"  [threshold.tls.manual]\n"
	"  cert.path = \"/etc/arca/cert.pem\"\n"
	"  key.path = \"/etc/arca/key.pem\"\n"
	"  [[threshold.peers]]\n"
	"  party_id = 1\n"
	"  address = \"node1.example\"\n"
	"  port = 50001\n"
	"  tls_cert.path = \"/etc/arca/ca1.pem\"\n"
	"\n"
	"SIGTERM: running requests may finish, within service.grace_secs; a second one ends the node at once. While it starts,\n"
	"the step that runs is finished first. Under systemd\n"
	"(Type=notify) it says when it serves and when it stops, and answers the watchdog. A crash leaves no core file unless\n"
	"internal_config.core_dumps is true. The kernel refuses the node what it has no use for: files, ports and system calls\n"
	"(Landlock, seccomp), unless internal_config.sandbox is false; the log tells what is in force.\n"
	"\n"
	"Exit codes: 0 stopped as asked, 1 failed, 64 usage or configuration, 69 an address is taken, 74 disk.\n"
	"\n"
	"keys of the configuration:\n";

typedef struct options {
	const char *config_file;
	bool check, help, version, ignore_peers;
	bool log_json, level_given;
	log_level least;
} options;

static void print(const buf *b)
{
	fwrite(b->p, 1, b->n, stdout);
}

static void print_help(void)
{
	buf text = { 0 };

	fputs(HELP, stdout);
	node_config_help(&text);
	print(&text);
	buf_free(&text);
}

static bool read_level(options *o, const char *name)
{
	o->level_given = log_level_by_name(&o->least, name);
	if (!o->level_given) fprintf(stderr, "arca-node: --log-level is %s; debug, info, warn or error is wanted\n", name);
	return o->level_given;
}

static bool read_options(options *o, int argc, char **argv)
{
	static const struct option LONG[] = {
		{ "config-file", required_argument, NULL, 'c' }, { "check-config", no_argument, NULL, 'k' },
		{ "ignore-peerlist", no_argument, NULL, 'i' }, { "log-level", required_argument, NULL, 'l' }, { "log-json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'v' }, { 0 },
	};

	*o = (options){ .least = LOG_INFO };
	for (int c; (c = getopt_long(argc, argv, "h", LONG, NULL)) != -1;) {
		switch (c) {
		case 'c': o->config_file = optarg; break;
		case 'k': o->check = true; break;
		case 'i': o->ignore_peers = true; break;
		case 'l': if (!read_level(o, optarg)) return false; break;
		case 'j': o->log_json = true; break;
		case 'h': o->help = true; break;
		case 'v': o->version = true; break;
		default:  return false;
		}
	}
	if (optind < argc) fprintf(stderr, "arca-node: %s is no option\n", argv[optind]);
	return optind == argc;
}

static void print_config(const node_config *c)
{
	buf text = { 0 };

	node_config_print(&text, c);
	print(&text);
	buf_free(&text);
}

/* ---- running ------------------------------------------------------------------------------------------------ */

static sigset_t stop_signals(void)
{
	sigset_t s;
	sigemptyset(&s), sigaddset(&s, SIGINT), sigaddset(&s, SIGTERM);
	return s;
}

static void stop_at_once(int signal)
{
	(void)signal;
	log_from_signal(LOG_WARN, "stopped at once: asked twice", "");
	_exit(1);
}

/* From now on a signal ends the process. */
static void arm_second_signal(void)
{
	const sigset_t stop = stop_signals();
	const struct sigaction at_once = { .sa_handler = stop_at_once };

	sigaction(SIGINT, &at_once, NULL);
	sigaction(SIGTERM, &at_once, NULL);
	pthread_sigmask(SIG_UNBLOCK, &stop, NULL);
}

static void say_ready(const node *n)
{
	if (n->cluster) log_info("party to party on %s:%u as %s", n->cfg.threshold.listen_address, peers_port(n->cluster->peers), n->cluster->name);
	log_info("ready: gRPC on %s:%u, HTTP on http://%s:%u, signer %s", n->cfg.service.listen_address, api_port(n->api),
	         n->cfg.http_address, node_http_port(n->http), n->address);
}

/* The manager's own patience (TimeoutStopSec=) may be less than what the configuration gives to running requests. */
static void say_stopping(const node *n)
{
	char state[80];

	snprintf(state, sizeof state, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld", (long long)(n->cfg.service.grace_secs + STOP_SECS) * 1000000);
	notify_say(state, NOTIFY_SURELY_MS);
}

/* The signal that has come, or 0. */
static int asked_to_stop(void)
{
	const sigset_t stop = stop_signals();
	const int signal = sigtimedwait(&stop, NULL, &(struct timespec){ 0 });

	return signal > 0 ? signal : 0;
}

/* A start may take minutes.  Up to where it came; *signal: why it went no further, or 0. */
static err start_services(size_t *up, int *signal, node *n)
{
	for (*up = 0; *up < N_NODE_SERVICES; ++*up) {
		const service *s = &NODE_SERVICES[*up];
		if ((*signal = asked_to_stop())) return OK;
		const err e = s->start(n);
		if (e == ERR_CANCELLED && (*signal = asked_to_stop())) {
			err_clear();
			s->stop(n);
			return OK;
		}
		TRY(e);
		log_info("%s: started", s->name);
	}
	return OK;
}

static void begin_stop(const node *n, int signal, const char *when)
{
	say_stopping(n);
	log_info("stopping: signal %d%s", signal, when);
	arm_second_signal();
}

static void serve(node *n)
{
	const sigset_t stop = stop_signals();
	int signal = 0;

	say_ready(n);
	notify_say("READY=1", NOTIFY_SURELY_MS);
	sigwait(&stop, &signal);
	begin_stop(n, signal, "");
	/* What still runs then is left as a crash would leave it, which the next start puts in order. */
	if (!node_finish(n)) _exit(1);
}

static int run(node *n)
{
	int exit_code = 0, signal = 0;
	size_t up;

	err e = start_services(&up, &signal, n);
	if (e != OK) {
		exit_code = node_exit_code(&NODE_SERVICES[up], e);
		log_err(LOG_ERROR, NODE_SERVICES[up].name, e);
		NODE_SERVICES[up].stop(n);
	} else if (signal) {
		begin_stop(n, signal, ", before it served");
	} else {
		serve(n);
	}
	while (up--) {
		NODE_SERVICES[up].stop(n);
		log_debug("%s: stopped", NODE_SERVICES[up].name);
	}
	return exit_code;
}

/* What a list of many ciphertexts took goes back to the system with it.  By itself the C library learns from such sizes to keep them: after
 * a few lists, a quarter of a gigabyte. */
static void give_memory_back(void)
{
	enum { GIVEN_BACK = 1 << 20 };              /* blocks of this size, and larger ones */
	(void)mallopt(M_MMAP_THRESHOLD, GIVEN_BACK);
}

int node_process(int argc, char **argv, const char *commit, const node_seams *seams)
{
	const sigset_t stop = stop_signals();
	static node n = { .making = KEY_PROGRESS_INIT };
	options o;

	if (!read_options(&o, argc, argv)) {
		fputs("try: arca-node --help\n", stderr);
		return EX_USAGE;
	}
	if (o.help || o.version) {
		if (o.help) print_help();
		else puts("arca-node " ARCA_VERSION);
		return 0;
	}
	log_setup(o.least, o.log_json);
	give_memory_back();
	undumpable_begin();
	if (!tls_guard_keys()) log_warn("libcrypto was in use already: the private key of the links is in ordinary memory");

	err e = node_config_load(&n.cfg, o.config_file, environ);
	node_config_wipe_environment(environ);
	if (e != OK) {
		fprintf(stderr, "arca-node: %s\n", err_text());
		if (!o.config_file) fputs("no --config-file was given; try: arca-node --help\n", stderr);
		err_clear();
		return EX_USAGE;
	}
	if (o.check) {
		print_config(&n.cfg);
		node_config_free(&n.cfg);
		return 0;
	}

	log_setup(o.level_given ? o.least : n.cfg.log_least, o.log_json || n.cfg.log_json);
	if (n.cfg.internal.core_dumps) undumpable_end();
	n.commit = commit;
	n.seams = seams;
	if (o.ignore_peers) node_config_drop_peers(&n.cfg);
	/* Before the first thread exists, so that only sigwait sees them. */
	pthread_sigmask(SIG_BLOCK, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);                      /* a limit on file sizes is an error like a full disk */
	const int exit_code = run(&n);
	node_config_free(&n.cfg);
	return exit_code;
}
