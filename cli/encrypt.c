/* SPDX-License-Identifier: MIT */
/* cli/encrypt.c -- arca encrypt: values to a packed compact list, as TFHE-rs clients make it. */
#include "cli/cli.h"
#include "cli/value.h"
#include <stdlib.h>

static const option OPTIONS[] = {
	{ "public-key", "FILE|URL", REQUIRED, "what a node serves as /PUB/PublicKey/<key id>" },
	{ "type",       "T",        REPEATED, "bool, uint8, uint16, uint32, uint64, uint128, uint256 or address" },
	{ "value",      "V",        REPEATED, "of the type before it: true, false, decimal or 0x-hexadecimal; - reads stdin" },
	{ "out",        "FILE",     REQUIRED, "where the list is written" },
	{ "json",       NULL,       OPTIONAL, "print what was written as JSON" },
	OPTIONS_END
};

static err read_value(plaintext *out, cli *c, const char *type, const char *text)
{
	char line[256];
	const fhe_type *t = fhe_type_by_name_var(slice_str(type));

	if (!t)
		return cli_usage(c, "--type %s: there are bool, uint8, uint16, uint32, uint64, uint128, uint256 and address", type);
	if (strcmp(text, "-") == 0) {
		if (!fgets(line, sizeof line, stdin)) return cli_usage(c, "--value -: standard input holds no further line");
		line[strcspn(line, "\r\n")] = '\0';
		text = line;
	}
	err e = value_parse(out, t, slice_str(text));
	if (e != OK) c->code = EXIT_USAGE;
	wipe(line, sizeof line);
	return e;
}

/* --type and --value in turns. */
static err read_values(plaintext *out, size_t *count, cli *c)
{
	const char *type = NULL;

	*count = 0;
	for (size_t i = 0; i < c->args.givens; i++) {
		const given *g = &c->args.given[i];
		if (strcmp(g->option->name, "type") == 0) {
			if (type) return cli_usage(c, "--type %s has no --value after it", type);
			type = g->value;
		} else if (strcmp(g->option->name, "value") == 0) {
			if (!type) return cli_usage(c, "a --value has no --type before it");
			if (*count == MAX_VALUES) return cli_usage(c, "at most %d values go into one list", MAX_VALUES);
			TRY(read_value(&out[(*count)++], c, type, g->value));
			type = NULL;
		}
	}
	if (type) return cli_usage(c, "--type %s has no --value after it", type);
	if (*count == 0) return cli_usage(c, "nothing to encrypt: give --type T --value V");
	return OK;
}

static void report(const args *a, const plaintext *value, size_t count, size_t bytes)
{
	const char *out = args_text(a, "out");

	if (!args_has(a, "json")) {
		printf("%s: %zu value%s, %zu bytes\n", out, count, count == 1 ? "" : "s", bytes);
		return;
	}
	json_t *types = json_array();
	for (size_t i = 0; i < count; i++) json_array_append_new(types, json_string(value[i].type->name));
	print_json(json_pack("{s:s, s:I, s:o}", "file", out, "bytes", (json_int_t)bytes, "types", types));
}

static err encrypt_and_write(cli *c, const plaintext *value, size_t count)
{
	input key;
	AUTO(buf) list = { 0 };

	TRY(input_read(&key, c, args_text(&c->args, "public-key"), MAX_TFHERS_FILE, true));
	err e = tkms_encrypt(&list, key.bytes, value, count, rng_os());
	if (e != OK) err_context("%s: ", args_text(&c->args, "public-key"));
	input_free(&key);
	TRY(e);
	TRY(output_write(c, args_text(&c->args, "out"), buf_slice(&list)));
	report(&c->args, value, count, list.n);
	return OK;
}

static err run(cli *c)
{
	size_t count;
	plaintext *value = calloc(MAX_VALUES, sizeof *value);

	ASSERT(value);
	err e = read_values(value, &count, c);
	if (e == OK) e = encrypt_and_write(c, value, count);
	wipe(value, MAX_VALUES * sizeof *value);
	free(value);
	return e;
}

const command COMMAND_ENCRYPT = {
	.noun = "encrypt", .run = run, .options = OPTIONS,
	.line = "encrypt values under a public key, into one list",
	.help =
	"The list is a packed CompactCiphertextList, byte for byte of the kind that TFHE-rs\n"
	"clients make: --type and --value come in pairs, and the values stand in the list\n"
	"in that order. A value given as - is read as a line of standard input, so that it\n"
	"shows neither in the process list nor in the shell's history. An address is 0x and 40\n"
	"digits, all of them.\n",
	.examples =
	"  arca encrypt --public-key http://127.0.0.1:9646/PUB/PublicKey/04... \\\n"
	"      --type uint64 --value 42 --type bool --value true --out list.bin\n"
	"  arca encrypt --public-key pk.bin --type address \\\n"
	"      --value 0x66f9664f97F2b50F62D13eA064982f936dE76657 --out list.bin\n",
};
