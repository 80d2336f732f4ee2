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
	{ "key-set",  "KIND", OPTIONAL, "compressed, which is usual, uncompressed, or decompression-only" },
	{ "use-existing", "KEY", OPTIONAL, "no new secrets: those of this key get public keys anew" },
	{ "use-existing-key-tag", NULL, OPTIONAL, "with --use-existing: ciphertexts bear that key's id, not the new one's" },
	{ "copy-compressed-key-to-original", NULL, OPTIONAL, "and that key, which is a ServerKey, gets the new key set under its id" },
	{ "from",     "KEY",  OPTIONAL, "decompression-only: what was compressed for this key..." },
	{ "to",       "KEY",  OPTIONAL, "...is with the new one decompressed for this key" },
	{ "insecure", NULL,   OPTIONAL, "party 1 makes the key whole and deals it out, for trials" },
	{ "abort",    "ID",   OPTIONAL, "make none: end the preprocessing of this id, or the key generation that uses it" },
	{ "timeout",  "S",    OPTIONAL, "how long to wait for each step, in seconds" },
	{ "json",     NULL,   OPTIONAL, "print ids, digests and times as JSON" },
	OPTIONS_END
};

enum { ABORT_MS = 10000 };

/* ---- what is wanted ------------------------------------------------------------------------------------------ */

static err key_of_args(id32 *out, const cli *c, const char *name)
{
	char what[40];

	snprintf(what, sizeof what, "--%s", name);
	return id_parse(out, what, slice_str(args_text(&c->args, name)));
}

static err read_kind(key_wish *w, cli *c)
{
	const char *name = args_text(&c->args, "key-set");
	AUTO(buf) there_are = { 0 };

	w->kind = name ? key_kind_by_name(name) : KEY_KIND_USUAL;
	if (w->kind) return OK;
	key_kind_names(&there_are);
	return cli_usage(c, "--key-set %s: there are %s", name, buf_str(&there_are));
}

static err read_between(key_wish *w, cli *c)
{
	const bool from = args_has(&c->args, "from"), to = args_has(&c->args, "to"), between = key_kind_is_between(w->kind);

	if (!between && (from || to)) return cli_usage(c, "--from and --to are for --key-set decompression-only");
	if (between && !(from && to))
		return cli_usage(c, "--key-set %s leads from one key set to another: give both --from KEY and --to KEY", w->kind->name);
	if (!between) return OK;
	TRY_USAGE(c, key_of_args(&w->from, c, "from"));
	TRY_USAGE(c, key_of_args(&w->to, c, "to"));
	return OK;
}

static err read_existing(key_wish *w, cli *c)
{
	w->uses_existing = args_has(&c->args, "use-existing");
	w->keeps_tag = args_has(&c->args, "use-existing-key-tag");
	if (w->keeps_tag && !w->uses_existing)
		return cli_usage(c, "--use-existing-key-tag: whose tag? name the key with --use-existing KEY");
	w->copies = args_has(&c->args, "copy-compressed-key-to-original");
	if (w->copies && !w->uses_existing)
		return cli_usage(c, "--copy-compressed-key-to-original: to which? name the key with --use-existing KEY");
	if (w->copies && w->kind != KEY_KIND_USUAL)
		return cli_usage(c, "--copy-compressed-key-to-original is for key sets that are %s", KEY_KIND_USUAL->name);
	if (!w->uses_existing) return OK;
	if (key_kind_is_between(w->kind))
		return cli_usage(c, "--use-existing is for key sets with secrets; one that is %s has none of its own", w->kind->name);
	TRY_USAGE(c, key_of_args(&w->existing, c, "use-existing"));
	return OK;
}

static err read_insecure(key_wish *w, cli *c, const cluster *net)
{
	w->insecure = args_has(&c->args, "insecure");
	if (!w->insecure) return OK;
	if (w->uses_existing || key_kind_is_between(w->kind))
		return cli_usage(c, "--insecure deals secrets that are new; keys from older ones are made by all parties together");
	if (cluster_is_shared(net)) return OK;
	return err_fail(ERR_REQUEST, "--insecure is for parties that share a key; this cluster is one node that holds all of it");
}

static err read_wish(key_wish *out, cli *c, const cluster *net)
{
	const char *name = args_text(&c->args, "params");
	key_wish w = { .params = params_by_name_var(slice_str(name ? name : net->params)) };

	if (!w.params && name) return cli_usage(c, "--params %s: there are %s", name, params_names());
	if (!w.params)
		return err_fail(ERR_REQUEST, "the cluster's parameters are \"%s\"; this arca has %s", net->params, params_names());
	TRY(read_kind(&w, c));
	TRY(read_between(&w, c));
	TRY(read_existing(&w, c));
	TRY(read_insecure(&w, c, net));
	*out = w;
	return OK;
}

/* ---- what was made ------------------------------------------------------------------------------------------- */

/* Remembers the key in devnet.json if it has none; values are never under a key that only leads between others. */
static err record(cli *c, const made_key *k, const key_wish *w, bool *recorded)
{
	const char *dir = args_text(&c->args, "devnet");
	devnet d;

	*recorded = false;
	if (!dir || key_kind_is_between(w->kind)) return OK;
	TRY(devnet_open_locked(&d, c, dir));
	err e = OK;
	if (id_is_zero_var(&d.cluster.key)) {
		d.cluster.prep = k->prep;
		d.cluster.key = k->key;
		d.cluster.keygen = w->insecure ? "insecure" : cluster_is_shared(&d.cluster) ? "dkg" : "central";
		d.cluster.params = w->params->name;
		d.cluster.preprocessing_s = k->preprocessing_s;
		d.cluster.keygen_s = k->keygen_s;
		e = devnet_save(&d);
		*recorded = e == OK;
	}
	devnet_close(&d);
	return e;
}

static void report_json(const made_key *k, const key_wish *w, bool recorded)
{
	char prep[ID_TEXT], key[ID_TEXT], digest[2 * KEY_DIGEST_BYTES + 1];
	json_t *files = json_array();

	id_text(prep, &k->prep);
	id_text(key, &k->key);
	for (size_t i = 0; i < w->kind->files; i++) {
		hex_write(digest, slice_of(k->digests.of[i], KEY_DIGEST_BYTES));
		json_array_append_new(files, json_pack("{s:s, s:s}", "key_type", w->kind->file[i].type, "digest", digest));
	}
	print_json(json_pack("{s:s, s:s, s:s, s:s, s:o, s:{s:f, s:f}, s:b, s:b}", "prep_id", prep, "key_id", key, "params",
	           w->params->name, "key_set", w->kind->name, "key_digests", files, "timings_s", "preprocessing", k->preprocessing_s,
	           "keygen", k->keygen_s, "recorded", recorded, "insecure", w->insecure));
}

static void report(const made_key *k, const key_wish *w, bool recorded)
{
	char prep[ID_TEXT], key[ID_TEXT], digest[2 * KEY_DIGEST_BYTES + 1];

	id_text(prep, &k->prep);
	id_text(key, &k->key);
	printf("prep_id %s\nkey_id  %s\n", prep, key);
	for (size_t i = 0; i < w->kind->files; i++) {
		hex_write(digest, slice_of(k->digests.of[i], KEY_DIGEST_BYTES));
		printf("%-19s  %s\n", w->kind->file[i].type, digest);
	}
	printf("%s parameters, %.1f s; signatures and published files verified%s\n", w->params->name,
	       k->preprocessing_s + k->keygen_s, recorded ? "; recorded in devnet.json" : "");
	if (w->uses_existing) id_text(key, &w->existing), printf("its secrets are those of key %s\n", key);
	if (w->copies) printf("its public key is that key's, which has the same CompressedXofKeySet from now on\n");
	if (w->insecure) puts("insecure: party 1 made the key whole and dealt it out");
}

/* ---- the command --------------------------------------------------------------------------------------------- */

static err generate_and_report(cli *c, const cluster *net)
{
	AUTO(buf) why = { 0 };
	int64_t timeout_s;
	bool recorded;
	made_key k;
	key_wish w;

	TRY(read_wish(&w, c, net));
	TRY_USAGE(c, args_number(&timeout_s, &c->args, "timeout", 1, 1000000, KEYGEN_TIMEOUT_S));
	signals_catch();
	const err e = keygen_run(&k, c, net, &w, timeout_s * 1000);
	if (e == ERR_CANCELLED) {
		buf_put_str(&why, err_text());
		return err_fail(e, "%s; they go on with it, and 'arca keygen --abort' with this id ends that", buf_str(&why));
	}
	TRY(e);
	TRY(record(c, &k, &w, &recorded));
	if (args_has(&c->args, "json")) report_json(&k, &w, recorded);
	else report(&k, &w, recorded);
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
	"agree, downloads the published files from each node, and compares them with the signed\n"
	"digests. Prints the ids. A devnet without a key remembers this one in devnet.json.\n"
	"\n"
	"Parties that share a key make it together: it is never whole anywhere, and before it is\n"
	"published, all of them try it. With --insecure party 1 makes it whole and deals it out,\n"
	"for trials; nodes do that only if they were built with the option insecure_keygen. If\n"
	"fewer than all parties have it in the end, but n - T, the exit code is 2.\n"
	"\n"
	"A key set is PublicKey and CompressedXofKeySet, or, with --key-set uncompressed,\n"
	"ServerKey and PublicKey: the same keys in the form in which TFHE-rs computes with them,\n"
	"in four times as many bytes. With --use-existing it is made for the secrets of an older\n"
	"key of the same epoch: what is encrypted under it decrypts as that key's, too. With\n"
	"--copy-compressed-key-to-original an older key that is a ServerKey gets the new key set\n"
	"under its own id as well, and the new one its public key; nothing that is published\n"
	"changes, so a key that has a CompressedXofKeySet gets none.\n"
	"--key-set decompression-only makes a DecompressionKey instead, which leads from one\n"
	"key to another: what was compressed for --from is with it decompressed for --to.\n"
	"Whoever decrypts for --to can then read all of that, so it never leads from a key that\n"
	"nobody has whole to one that was dealt.\n"
	"\n"
	"With --abort no key is made: the parties end the preprocessing of this id, or the key\n"
	"generation that uses it up, unless it is past its last step.\n",
	.examples =
	"  arca keygen --devnet net\n"
	"  arca keygen --nodes cluster.json --params default --timeout 7200 --json\n"
	"  arca keygen --nodes cluster.json --params test --insecure\n"
	"  arca keygen --devnet net --key-set uncompressed\n"
	"  arca keygen --devnet net --use-existing-key-tag \\\n"
	"      --use-existing 0400000000000000000000000000000000000000000000000000000000000001\n"
	"  arca keygen --devnet net --key-set decompression-only \\\n"
	"      --from 0400000000000000000000000000000000000000000000000000000000000001 \\\n"
	"      --to 0400000000000000000000000000000000000000000000000000000000000002\n"
	"  arca keygen --nodes cluster.json \\\n"
	"      --abort 0300000000000000000000000000000000000000000000000000000000000001\n",
};
