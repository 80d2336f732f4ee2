/* SPDX-License-Identifier: MIT */
/* cli/config.c -- arca config check: would a node, or a connector, start with this? */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "cli/cli.h"
#include "connector/key_place.h"
#include "delegate/key_file.h"
#include "node/config_check.h"
#include "store/store.h"

static const option OPTIONS[] = {
	{ "role", "ROLE", OPTIONAL, "a connector's: listener, worker, sender, or all (the default)" },
	{ "json", NULL, OPTIONAL, "the findings as JSON" },
	OPTIONS_END
};

static void print_findings(const char *name, const config_findings *all, const char *who)
{
	for (size_t i = 0; i < size_min(all->n, MAX_FINDINGS); i++)
		printf("%s%s\n  %s\n", all->of[i].doubtful ? "doubtful: " : "", all->of[i].what, all->of[i].remedy);
	if (!all->wrong) printf("%s: a %s can be started with it\n", name, who);
}

static void print_findings_json(const char *name, const config_findings *all)
{
	json_t *list = json_array();

	for (size_t i = 0; i < size_min(all->n, MAX_FINDINGS); i++) {
		const config_finding *f = &all->of[i];
		json_t *line = f->where.line ? json_integer(f->where.line) : json_null();
		json_t *key = f->where.key[0] ? json_string(f->where.key) : json_null();
		json_array_append_new(list, json_pack("{s:o, s:o, s:b, s:s, s:s}", "key", key, "line", line, "doubtful", f->doubtful,
		                                      "what", f->what, "remedy", f->remedy));
	}
	print_json(json_pack("{s:s, s:b, s:o}", "file", name, "ok", all->wrong == 0, "findings", list));
}

/* ---- connectors ---------------------------------------------------------------------------------------------------- */

/* Does a line begin with a key that connectors have and nodes do not? */
static bool is_of_connector(slice text)
{
	static const char *const KEYS[] = { "database_url", "gateway_url", "gateway_chain_id", "kms_core_endpoints", "decryption_contract",
	                                    "kms_generation_contract", "[decryption_contract", "[[host_chains" };

	for (const uint8_t *at = text.p, *end = text.p + text.n; at < end;) {
		for (size_t i = 0; i < COUNT(KEYS); i++)
			if ((size_t)(end - at) > strlen(KEYS[i]) && memcmp(at, KEYS[i], strlen(KEYS[i])) == 0) return true;
		const uint8_t *line = memchr(at, '\n', (size_t)(end - at));
		at = line ? line + 1 : end;
	}
	return false;
}

static void add_finding(config_findings *all, bool doubtful, const char *what, const char *remedy)
{
	config_finding *f = &all->of[all->n++];

	*f = (config_finding){ .doubtful = doubtful };
	snprintf(f->what, sizeof f->what, "%s", what);
	snprintf(f->remedy, sizeof f->remedy, "%s", remedy);
	all->wrong += !doubtful;
}

/* Does the file itself say so, not the environment? */
static bool stands_in(const config_source *from, const char *text)
{
	return text[0] && memmem(from->text.p, from->text.n, text, strlen(text));
}

/* What others may read, although it is the wallet or says how to get at the requests. */
static void look_at_secrets(config_findings *all, const connector_config *k, const config_source *from)
{
	const char *wallet = k->sender.private_key_file;
	char what[640];
	secp_sk sk = { 0 };
	struct stat s;

	if (wallet[0] && stat(wallet, &s) != 0) {
		snprintf(what, sizeof what, "private_key_file: %s: there is no such file, or it may not be looked at", wallet);
		add_finding(all, false, what, "the wallet's private key, 64 hexadecimal digits, in a file that is the connector's alone");
	} else if (wallet[0] && s.st_mode & 077) {
		snprintf(what, sizeof what, "private_key_file: %s is secret but has the permissions %o", wallet, s.st_mode & 0777);
		add_finding(all, false, what, "take them back with chmod go=");
	} else if (wallet[0] && key_file_read(&sk, wallet) != OK) {
		snprintf(what, sizeof what, "private_key_file: %s", err_text());
		add_finding(all, false, what, "the wallet's private key, as 'arca delegate keygen' writes it, for the user that the connector runs as");
		err_clear();
	}
	wipe(&sk, sizeof sk);
	const bool url = stands_in(from, k->database_url) && (strstr(k->database_url, "password=") || strchr(k->database_url, '@'));
	if (from->open_to_others && (url || stands_in(from, k->sender.private_key))) {
		snprintf(what, sizeof what, "%s may be read by others, and holds what may be a secret", from->name);
		add_finding(all, true, what, "take the permissions back with chmod go=, or put the secret into the environment");
	}
}

/* Whoever does not sign has it within reach, too. */
static void look_at_place_of_key(config_findings *all, const connector_config *k)
{
	AUTO(buf) what = { 0 };

	key_place_look(&what, k);
	if (what.n) add_finding(all, true, buf_str(&what), "move it elsewhere, as beside the configuration");
}

/* A file's folder; a server is not asked. */
static void look_at_database(config_findings *all, const connector_config *k)
{
	char what[640];
	store_reach r;

	if (store_reach_of(&r, k->database_url) != OK) {
		add_finding(all, false, err_text(), "sqlite:/path/of/a/file, or postgres://user@host:5432/name");
		err_clear();
		return;
	}
	if (r.folder && access(r.folder, W_OK | X_OK) != 0) {
		snprintf(what, sizeof what, "database_url: the folder %s cannot be written: %s", r.folder, strerror(errno));
		add_finding(all, false, what, "make it, for the user that the connector runs as, and check as that user");
	}
	store_reach_free(&r);
}

/* Reading stops at the first that is wrong. */
static err check_connector(config_findings *all, cli *c, const config_source *from)
{
	const char *role = args_text(&c->args, "role");
	const connector_role roles = connector_role_of(role ? role : "all");
	connector_config k;

	*all = (config_findings){ 0 };
	if (!roles) return cli_usage(c, "--role %s: there are listener, worker, sender and all", role);
	if (connector_config_read(&k, roles, from->name, from->text, from->environment) != OK) {
		add_finding(all, false, err_text(), "'arca-connector --help' lists every key, and has a small configuration");
		err_clear();
		return OK;
	}
	if (roles & CONNECTOR_SENDER) look_at_secrets(all, &k, from);
	look_at_place_of_key(all, &k);
	look_at_database(all, &k);
	connector_config_free(&k);
	return OK;
}

/* ---- all of it ----------------------------------------------------------------------------------------------------- */

static err run(cli *c)
{
	const char *name = c->args.plain[0];
	static config_findings all;
	struct stat s;
	input file;

	TRY(input_read(&file, c, name, MAX_CONFIG_FILE, false));
	const config_source from = {
		.name = name, .text = file.bytes, .environment = environ, .open_to_others = stat(name, &s) == 0 && s.st_mode & 077,
		.now_s = clock_unix_ms(clock_system()) / 1000, .nearness = word_nearness,
	};
	const bool connector = args_has(&c->args, "role") || is_of_connector(file.bytes);
	err e = OK;
	if (connector) e = check_connector(&all, c, &from);
	else node_config_check(&all, &from);
	input_free(&file);
	TRY(e);
	if (args_has(&c->args, "json")) print_findings_json(name, &all);
	else print_findings(name, &all, connector ? "connector" : "node");
	if (all.wrong) c->code = EXIT_FAILED;
	return OK;
}

const command COMMAND_CONFIG_CHECK = {
	.noun = "config", .verb = "check", .run = run, .options = OPTIONS, .plain = "FILE", .plains = 1,
	.line = "say whether a node or a connector would start with a configuration, and how to mend it",
	.help =
	"Reads the file as arca-node does, with variables ARCA_NODE__... of the environment\n"
	"above it, and then looks at the certificates, keys and folders that it names, as the\n"
	"user who runs the check. Each finding has the line and key, and under it the remedy.\n"
	"The exit code is 1 if anything is wrong; what is only doubtful is told, too. Nothing\n"
	"is changed, and nobody is asked.\n"
	"\n"
	"A connector's file is known by its keys, and read as arca-connector does, for --role,\n"
	"with variables ARCA_CONNECTOR__... above it. What is wrong first is found first.\n",
	.examples =
	"  arca config check /etc/arca/node.toml\n"
	"  arca config check node.toml --json\n"
	"  arca config check connector.toml --role sender\n",
};
