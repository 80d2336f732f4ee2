/* SPDX-License-Identifier: MIT */
/* cli/certs.c -- arca certs ca|leaf: what nodes show each other. */
#include "rpc/certs.h"
#include <limits.h>
#include "base/file.h"
#include "cli/cli.h"

enum { MOST_NAMES = 16 };

static const option CA_OPTIONS[] = {
	{ "name",    "NAME", REQUIRED, "the party's name: its mpc_identity" },
	{ "out-dir", "DIR",  REQUIRED, "where ca.pem and ca-key.pem go; made if need be" },
	{ "days",    "D",    OPTIONAL, "how long it is valid; without it, 3650" },
	{ "json",    NULL,   OPTIONAL, "print the files as JSON" },
	OPTIONS_END
};

static const option LEAF_OPTIONS[] = {
	{ "name",    "NAME", REQUIRED, "the party's name: its mpc_identity" },
	{ "ca",      "FILE", REQUIRED, "the party's ca.pem" },
	{ "ca-key",  "FILE", REQUIRED, "its ca-key.pem" },
	{ "also",    "DNS",  REPEATED, "a further DNS name" },
	{ "out-dir", "DIR",  REQUIRED, "where cert.pem and key.pem go; made if need be" },
	{ "days",    "D",    OPTIONAL, "how long it is valid; without it, 365" },
	{ "json",    NULL,   OPTIONAL, "print the files as JSON" },
	OPTIONS_END
};

static err name_and_days(const char **name, int64_t *days, cli *c, int64_t otherwise)
{
	*name = args_text(&c->args, "name");
	if (!certs_name_ok(*name))
		return cli_usage(c, "--name %.80s: wants at most %d letters, digits, dots, dashes and underscores", *name,
		                 CERTS_NAME_MAX);
	TRY_USAGE(c, args_number(days, &c->args, "days", 1, CERTS_DAYS_MAX, otherwise));
	return OK;
}

/* A key that is overwritten is lost. */
static err write_new(buf *path, cli *c, const char *name, const buf *pem, mode_t mode)
{
	bool existed;

	buf_printf(path, "%s/%s", args_text(&c->args, "out-dir"), name);
	err e = file_write_once(buf_str(path), buf_slice(pem), mode, &existed);
	if (e == OK && existed)
		e = err_fail(ERR_EXISTS, "%s is there already; remove it first, or choose another --out-dir", buf_str(path));
	if (e != OK) c->code = EXIT_IO;
	return e;
}

static err write_pair(cli *c, const certs_pair *pair, const char *certificate, const char *key)
{
	AUTO(buf) certificate_path = { 0 }, key_path = { 0 };

	if (dir_make(args_text(&c->args, "out-dir"), 0755) != OK) {
		c->code = EXIT_IO;
		return err_at(ERR_IO, __FILE__, __LINE__);
	}
	TRY(write_new(&key_path, c, key, &pair->key_pem, 0600));
	TRY(write_new(&certificate_path, c, certificate, &pair->certificate_pem, 0644));
	if (args_has(&c->args, "json"))
		print_json(json_pack("{s:s, s:s}", "certificate", buf_str(&certificate_path), "key", buf_str(&key_path)));
	else printf("%s\n%s, for its owner only\n", buf_str(&certificate_path), buf_str(&key_path));
	return OK;
}

static err run_ca(cli *c)
{
	certs_pair ca = { 0 };
	const char *name;
	int64_t days;

	TRY(name_and_days(&name, &days, c, CERTS_CA_DAYS));
	err e = certs_make_ca(&ca, name, (unsigned)days, clock_system());
	if (e == OK) e = write_pair(c, &ca, "ca.pem", "ca-key.pem");
	certs_pair_free(&ca);
	return e;
}

static err read_pem(buf *out, cli *c, const char *option_name)
{
	err e = file_read(out, args_text(&c->args, option_name), CERTS_PEM_MAX);

	if (e != OK) c->code = EXIT_IO;
	return e;
}

static err run_leaf(cli *c)
{
	const char *also[MOST_NAMES];
	const size_t names = args_count(&c->args, "also");
	certs_certificate *issuer = NULL;
	certs_pair ca = { 0 }, leaf = { 0 };
	const char *name;
	int64_t days;

	TRY(name_and_days(&name, &days, c, CERTS_LEAF_DAYS));
	if (names > MOST_NAMES) return cli_usage(c, "--also is given %zu times; %d are possible", names, MOST_NAMES);
	for (size_t i = 0; i < names; i++) also[i] = args_nth(&c->args, "also", i);
	err e = read_pem(&ca.certificate_pem, c, "ca");
	if (e == OK) e = certs_read_ca(&issuer, args_text(&c->args, "ca"), buf_slice(&ca.certificate_pem));
	if (e == OK) e = read_pem(&ca.key_pem, c, "ca-key");
	if (e == OK) e = certs_make_leaf(&leaf, &ca, name, also, names, (unsigned)days, clock_system());
	if (e == OK) e = write_pair(c, &leaf, "cert.pem", "key.pem");
	certs_certificate_free(&issuer);
	certs_pair_free(&ca);
	certs_pair_free(&leaf);
	return e;
}

const command COMMAND_CERTS_CA = {
	.noun = "certs", .verb = "ca", .run = run_ca, .options = CA_OPTIONS,
	.line = "make a party's certificate authority, which the other parties trust",
	.help =
	"Each party has an authority of its own. The other parties put ca.pem into their\n"
	"configuration ([[threshold.peers]] tls_cert.path) or context; ca-key.pem signs the\n"
	"party's certificates ('arca certs leaf') and may stay offline. Files that are there\n"
	"already are left alone.\n",
	.examples =
	"  arca certs ca --name party-1 --out-dir tls\n",
};

const command COMMAND_CERTS_LEAF = {
	.noun = "certs", .verb = "leaf", .run = run_leaf, .options = LEAF_OPTIONS,
	.line = "make the certificate that a party shows its peers",
	.help =
	"Signed by the party's authority, with the party's name, for both ends of a connection;\n"
	"a node takes it by [threshold.tls.manual] cert.path and key.path. It is valid no\n"
	"longer than the authority. Files that are there already are left alone.\n",
	.examples =
	"  arca certs leaf --name party-1 --ca tls/ca.pem --ca-key tls/ca-key.pem --out-dir tls\n"
	"  arca certs leaf --name kms.example --ca ca.pem --ca-key ca-key.pem \\\n"
	"      --also '*.kms.example' --days 90 --out-dir tls\n",
};
