/* SPDX-License-Identifier: MIT */
/* cli/keygen.c -- arca keygen, and the same for devnets. */
#include "cli/keygen.h"
#include "base/hex.h"
#include "cli/ceremony.h"
#include "cli/devnet.h"
#include "cli/request.h"

static const option OPTIONS[] = {
	{ "devnet",   "DIR",  ONE_OF,   "a cluster on this machine" },
	{ "nodes",    "FILE", ONE_OF,   "any other: a JSON file of the shape of devnet.json" },
	{ "params",   "SET",  OPTIONAL, "test or default; without it, what the cluster is for" },
	{ "insecure", NULL,   OPTIONAL, "party 1 makes the key whole and deals it out, for trials" },
	{ "abort",    "ID",   OPTIONAL, "make none: end the preprocessing of this id, or the key generation that uses it" },
	{ "timeout",  "S",    OPTIONAL, "how long to wait for each step, in seconds" },
	{ "json",     NULL,   OPTIONAL, "print ids, digests and times as JSON" },
	OPTIONS_END
};

enum { ABORT_MS = 10000 };

static err which_way(bool *insecure, const cli *c, const cluster *net)
{
	*insecure = args_has(&c->args, "insecure");
	if (!*insecure || cluster_is_shared(net)) return OK;
	return err_fail(ERR_REQUEST, "--insecure is for parties that share a key; this cluster is one node that holds all of it");
}

/* ---- the command --------------------------------------------------------------------------------------------- */

/* Remembers the key in devnet.json if it has none. */
static err record(cli *c, const made_key *k, const lat_params *params, bool *recorded)
{
	const char *dir = args_text(&c->args, "devnet");
	devnet d;

	*recorded = false;
	if (!dir) return OK;
	TRY(devnet_open_locked(&d, c, dir));
	err e = OK;
	if (id_is_zero_var(&d.cluster.key)) {
		d.cluster.prep = k->prep;
		d.cluster.key = k->key;
		d.cluster.keygen = k->insecure ? "insecure" : cluster_is_shared(&d.cluster) ? "dkg" : "central";
		d.cluster.params = params->name;
		d.cluster.preprocessing_s = k->preprocessing_s;
		d.cluster.keygen_s = k->keygen_s;
		e = devnet_save(&d);
		*recorded = e == OK;
	}
	devnet_close(&d);
	return e;
}

static void report(const cli *c, const made_key *k, const lat_params *params, bool recorded)
{
	char prep[ID_TEXT], key[ID_TEXT], pk[2 * KEY_DIGEST_BYTES + 1], keyset[2 * KEY_DIGEST_BYTES + 1];

	id_text(prep, &k->prep);
	id_text(key, &k->key);
	hex_write(pk, slice_of(k->digests.public_key, KEY_DIGEST_BYTES));
	hex_write(keyset, slice_of(k->digests.xof_keyset, KEY_DIGEST_BYTES));
	if (args_has(&c->args, "json")) {
		print_json(json_pack("{s:s, s:s, s:s, s:[{s:s, s:s}, {s:s, s:s}], s:{s:f, s:f}, s:b, s:b}", "prep_id", prep,
		           "key_id", key, "params", params->name, "key_digests", "key_type", "PublicKey", "digest", pk,
		           "key_type", "CompressedXofKeySet", "digest", keyset,
		           "timings_s", "preprocessing", k->preprocessing_s, "keygen", k->keygen_s, "recorded", recorded,
		           "insecure", k->insecure));
		return;
	}
	printf("prep_id %s\nkey_id  %s\nPublicKey            %s\nCompressedXofKeySet  %s\n", prep, key, pk, keyset);
	printf("%s parameters, %.1f s; signatures and published files verified%s\n", params->name,
	       k->preprocessing_s + k->keygen_s, recorded ? "; recorded in devnet.json" : "");
	if (k->insecure) puts("insecure: party 1 made the key whole and dealt it out");
}

static err generate_and_report(cli *c, const cluster *net)
{
	const char *name = args_text(&c->args, "params");
	const lat_params *params = params_by_name_var(slice_str(name ? name : net->params));
	int64_t timeout_s;
	made_key k;
	bool recorded, insecure;

	if (!params && name) return cli_usage(c, "--params %s: there are %s", name, params_names());
	if (!params)
		return err_fail(ERR_REQUEST, "the cluster's parameters are \"%s\"; this arca has %s", net->params, params_names());
	TRY_USAGE(c, args_number(&timeout_s, &c->args, "timeout", 1, 1000000, KEYGEN_TIMEOUT_S));
	TRY(which_way(&insecure, c, net));
	signals_catch();
	TRY(keygen_run(&k, c, net, params, insecure, timeout_s * 1000));
	TRY(record(c, &k, params, &recorded));
	report(c, &k, params, recorded);
	return OK;
}

static err accept_empty(void *ctx, const cluster_party *p, const ProtobufCMessage *result)
{
	(void)ctx, (void)p, (void)result;
	return OK;
}

/* Each party on its own: those that are not asked, or past it, go on. */
static err abort_and_report(cli *c, const cluster *net)
{
	Kms__V1__RequestId q = KMS__V1__REQUEST_ID__INIT;
	party_set who;
	char text[ID_TEXT];
	double seconds;
	id32 prep;

	TRY_USAGE(c, id_parse(&prep, "--abort", slice_str(args_text(&c->args, "abort"))));
	id_text(text, &prep);
	q.request_id = text;
	const ceremony x = { .what = "aborting", .verify = accept_empty, .quiet = args_has(&c->args, "json"),
		.call = { .start = "AbortKeyGen", .request = &q.base, .id = prep, .timeout_ms = ABORT_MS, .most_answer = CEREMONY_ANSWER } };
	TRY(ceremony_run(&who, &seconds, c, net, &x));
	if (args_has(&c->args, "json")) print_json(json_pack("{s:s, s:i}", "prep_id", text, "aborted_at", (int)size_of_set(who)));
	else printf("prep_id %s\naborted at %u of %zu parties; it is used up there\n", text, size_of_set(who), net->parties);
	return OK;
}

static err run(cli *c)
{
	cluster net;

	TRY(cluster_of_args(&net, c));
	err e = args_has(&c->args, "abort") ? abort_and_report(c, &net) : generate_and_report(c, &net);
	cluster_free(&net);
	return e;
}

const command COMMAND_KEYGEN = {
	.noun = "keygen", .run = run, .options = OPTIONS,
	.line = "make a key set, and verify what is published of it",
	.help =
	"Runs KeyGenPreproc and KeyGen at every node under fresh ids and waits for both. Then\n"
	"checks that the results are signed by the signers that devnet.json (or FILE) names and\n"
	"agree, downloads PublicKey and CompressedXofKeySet from each node, and compares them\n"
	"with the signed digests. Prints the ids. A devnet without a key remembers this one in\n"
	"devnet.json.\n"
	"\n"
	"Parties that share a key make it together: it is never whole anywhere, and before it is\n"
	"published, all of them try it. With --insecure party 1 makes it whole and deals it out,\n"
	"for trials; nodes do that only if they were built with the option insecure_keygen. If\n"
	"fewer than all parties have it in the end, but n - T, the exit code is 2.\n"
	"\n"
	"With --abort no key is made: the parties end the preprocessing of this id, or the key\n"
	"generation that uses it up, unless it is past its last step.\n",
	.examples =
	"  arca keygen --devnet net\n"
	"  arca keygen --nodes cluster.json --params default --timeout 7200 --json\n"
	"  arca keygen --nodes cluster.json --params test --insecure\n"
	"  arca keygen --nodes cluster.json \\\n"
	"      --abort 0300000000000000000000000000000000000000000000000000000000000001\n",
};
