/* SPDX-License-Identifier: MIT */
/* cli/config.c -- arca config check: would a node start with this? */
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "cli/cli.h"
#include "node/config_check.h"

static const option OPTIONS[] = {
	{ "json", NULL, OPTIONAL, "the findings as JSON" },
	OPTIONS_END
};

static void print_findings(const char *name, const config_findings *all)
{
	for (size_t i = 0; i < size_min(all->n, MAX_FINDINGS); i++)
		printf("%s%s\n  %s\n", all->of[i].doubtful ? "doubtful: " : "", all->of[i].what, all->of[i].remedy);
	if (!all->wrong) printf("%s: a node can be started with it\n", name);
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
	node_config_check(&all, &from);
	input_free(&file);
	if (args_has(&c->args, "json")) print_findings_json(name, &all);
	else print_findings(name, &all);
	if (all.wrong) c->code = EXIT_FAILED;
	return OK;
}

const command COMMAND_CONFIG_CHECK = {
	.noun = "config", .verb = "check", .run = run, .options = OPTIONS, .plain = "FILE", .plains = 1,
	.line = "say whether a node would start with a configuration, and how to mend it",
	.help =
	"Reads the file as arca-node does, with variables ARCA_NODE__... of the environment\n"
	"above it, and then looks at the certificates, keys and folders that it names, as the\n"
	"user who runs the check. Each finding has the line and key, and under it the remedy.\n"
	"The exit code is 1 if anything is wrong; what is only doubtful is told, too. Nothing\n"
	"is changed, and nobody is asked.\n",
	.examples =
	"  arca config check /etc/arca/node.toml\n"
	"  arca config check node.toml --json\n",
};
