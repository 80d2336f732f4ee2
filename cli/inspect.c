/* SPDX-License-Identifier: MIT */
/* cli/inspect.c -- arca inspect: what a file of TFHE-rs is. */
#include "cli/cli.h"
#include "tfhers/inspect.h"
#include "tfhers/tfhers.h"

static const option OPTIONS[] = {
	{ "fields", NULL, OPTIONAL, "every field with its offset, length and value, a line each" },
	{ "json",   NULL, OPTIONAL, "the facts as JSON" },
	OPTIONS_END
};

static err inspect(cli *c, const char *name, slice file)
{
	AUTO(buf) text = { 0 };

	const bool fields = args_has(&c->args, "fields"), json = args_has(&c->args, "json");

	if (fields && json) return cli_usage(c, "--fields and --json do not go together");
	err e = fields ? tfhers_trace(&text, file) : tfhers_inspect(&text, file, json);
	if (e != OK) {
		err_context("%s: ", name);
		return e;
	}
	fwrite(text.p, 1, text.n, stdout);
	return OK;
}

static err run(cli *c)
{
	const char *name = c->args.plain[0];
	input file;

	TRY(input_read(&file, c, name, MAX_TFHERS_FILE, true));
	err e = inspect(c, name, file.bytes);
	input_free(&file);
	return e;
}

const command COMMAND_INSPECT = {
	.noun = "inspect", .run = run, .options = OPTIONS, .plain = "FILE|URL", .plains = 1,
	.line = "say what a file of TFHE-rs is",
	.help =
	"Type, parameters, sizes and tag of any object that TFHE-rs writes with\n"
	"safe_serialize: keys, lists, ciphertexts, reference strings. Words of keys and\n"
	"ciphertexts are counted, not shown.\n",
	.examples =
	"  arca inspect list.bin\n"
	"  arca inspect cts/0.bin --json\n"
	"  arca inspect http://127.0.0.1:9646/PUB/PublicKey/04... --fields\n",
};
