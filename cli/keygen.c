/* SPDX-License-Identifier: MIT */
/* cli/keygen.c -- arca keygen, and the same for devnets. */
#include "cli/keygen.h"
#include "base/hex.h"
#include "cli/client.h"
#include "cli/devnet.h"
#include "cli/request.h"
#include "rpc/fetch.h"

static const option OPTIONS[] = {
	{ "devnet",  "DIR",  ONE_OF,   "a cluster on this machine" },
	{ "nodes",   "FILE", ONE_OF,   "any other: a JSON file of the shape of devnet.json" },
	{ "params",  "SET",  OPTIONAL, "test or default; without it, what the cluster is for" },
	{ "timeout", "S",    OPTIONAL, "how long to wait for each step, in seconds" },
	{ "json",    NULL,   OPTIONAL, "print ids, digests and times as JSON" },
	OPTIONS_END
};

enum { FETCH_MS = 600000, MAX_RESULT = 4 << 20 };

/* ---- the steps ----------------------------------------------------------------------------------------------- */

typedef struct run_of {
	client              node;
	const cluster       *net;
	const cluster_party *party;
	const lat_params    *params;
	bool                 quiet;
} run_of;

typedef struct step {
	const char *what, *start, *fetch;               /* for people; the methods */
	const ProtobufCMessageDescriptor *result;
} step;

static err take_step(run_of *r, ProtobufCMessage **result, double *seconds, arena *a, const step *s, const ProtobufCMessage *q,
                     const id32 *id)
{
	const ticker t = ticker_begin(s->what, r->quiet);

	err e = client_start(&r->node, s->start, q);
	if (e == OK) e = client_result_message(&r->node, a, result, s->result, s->fetch, id, &t);
	ticker_end(&t);
	*seconds = ticker_seconds(&t);
	return e;
}

static err preprocess(run_of *r, made_key *k, arena *a)
{
	static const step STEP = { "preprocessing", "KeyGenPreproc", "GetKeyGenPreprocResult",
	                           &kms__v1__key_gen_preproc_result__descriptor };
	Kms__V1__KeyGenPreprocRequest q = KMS__V1__KEY_GEN_PREPROC_REQUEST__INIT;
	ProtobufCMessage *result;
	request_fields f;

	request_fill(&f, r->net, &k->prep, &k->prep, true);
	q.request_id = &f.request;
	q.params = (Kms__V1__FheParameter)r->params->fhe_parameter;
	q.domain = &f.domain;
	q.context_id = &f.context;
	q.epoch_id = &f.epoch;
	TRY(take_step(r, &result, &k->preprocessing_s, a, &STEP, &q.base, &k->prep));
	return verify_preprocessing(r->net, r->party, &k->prep, (const Kms__V1__KeyGenPreprocResult *)result);
}

static err generate(run_of *r, made_key *k, arena *a)
{
	static const step STEP = { "key generation", "KeyGen", "GetKeyGenResult", &kms__v1__key_gen_result__descriptor };
	Kms__V1__KeyGenRequest q = KMS__V1__KEY_GEN_REQUEST__INIT;
	ProtobufCMessage *result;
	request_fields f;

	request_fill(&f, r->net, &k->key, &k->prep, true);
	q.request_id = &f.request;
	q.preproc_id = &f.about;
	q.domain = &f.domain;
	q.context_id = &f.context;
	q.epoch_id = &f.epoch;
	TRY(take_step(r, &result, &k->keygen_s, a, &STEP, &q.base, &k->key));
	return verify_keygen(&k->digests, r->net, r->party, &k->prep, &k->key, (const Kms__V1__KeyGenResult *)result);
}

/* What everybody will download must be what was signed. */
static err published_ok(const run_of *r, const id32 *key, const char *type,
                        const uint8_t digest[static KEY_DIGEST_BYTES])
{
	AUTO(buf) url = { 0 }, file = { 0 };
	uint8_t is[KEY_DIGEST_BYTES];
	char id[ID_TEXT];

	id_text(id, key);
	buf_printf(&url, "%s/PUB/%s/%s", r->party->http, type, id);
	TRY(fetch_url(&file, buf_str(&url), MAX_TFHERS_FILE, FETCH_MS));
	tkms_key_digest(is, buf_slice(&file));
	if (memcmp(is, digest, sizeof is) != 0)
		return err_fail(ERR_REQUEST, "%s is not the file whose digest party %u signed", buf_str(&url), r->party->party_id);
	return OK;
}

static err all_steps(run_of *r, made_key *k)
{
	arena a = arena_with_limit(2 * PB_ROOM(MAX_RESULT));

	err e = preprocess(r, k, &a);
	if (e == OK) e = generate(r, k, &a);
	if (e == OK) e = published_ok(r, &k->key, "PublicKey", k->digests.public_key);
	if (e == OK) e = published_ok(r, &k->key, "CompressedXofKeySet", k->digests.xof_keyset);
	arena_free(&a);
	return e;
}

err keygen_run(made_key *out, cli *c, const cluster *net, const lat_params *params, int64_t timeout_ms)
{
	run_of r = { .net = net, .params = params, .quiet = args_has(&c->args, "json") };
	made_key k = { .prep = id_fresh(ID_PREPROCESSING, rng_os()), .key = id_fresh(ID_KEY, rng_os()) };

	TRY(cluster_node(&r.party, net));
	TRY(client_open(&r.node, c, r.party->grpc, timeout_ms));
	err e = all_steps(&r, &k);
	client_close(&r.node);
	if (e == OK) *out = k;
	return e;
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
		d.cluster.keygen = "central";
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
		print_json(json_pack("{s:s, s:s, s:s, s:[{s:s, s:s}, {s:s, s:s}], s:{s:f, s:f}, s:b}", "prep_id", prep, "key_id", key,
		           "params", params->name, "key_digests", "key_type", "PublicKey", "digest", pk,
		           "key_type", "CompressedXofKeySet", "digest", keyset,
		           "timings_s", "preprocessing", k->preprocessing_s, "keygen", k->keygen_s, "recorded", recorded));
		return;
	}
	printf("prep_id %s\nkey_id  %s\nPublicKey            %s\nCompressedXofKeySet  %s\n", prep, key, pk, keyset);
	printf("%s parameters, %.1f s; signatures and published files verified%s\n", params->name,
	       k->preprocessing_s + k->keygen_s, recorded ? "; recorded in devnet.json" : "");
}

static err generate_and_report(cli *c, const cluster *net)
{
	const char *name = args_text(&c->args, "params");
	const lat_params *params = params_by_name_var(slice_str(name ? name : net->params));
	int64_t timeout_s;
	made_key k;
	bool recorded;

	if (!params && name) return cli_usage(c, "--params %s: there are %s", name, params_names());
	if (!params)
		return err_fail(ERR_REQUEST, "the cluster's parameters are \"%s\"; this arca has %s", net->params, params_names());
	TRY_USAGE(c, args_number(&timeout_s, &c->args, "timeout", 1, 1000000, KEYGEN_TIMEOUT_S));
	signals_catch();
	TRY(keygen_run(&k, c, net, params, timeout_s * 1000));
	TRY(record(c, &k, params, &recorded));
	report(c, &k, params, recorded);
	return OK;
}

static err run(cli *c)
{
	cluster net;

	TRY(cluster_of_args(&net, c));
	err e = generate_and_report(c, &net);
	cluster_free(&net);
	return e;
}

const command COMMAND_KEYGEN = {
	.noun = "keygen", .run = run, .options = OPTIONS,
	.line = "make a key set, and verify what is published of it",
	.help =
	"Runs KeyGenPreproc and KeyGen under fresh ids and waits for both. Then checks that\n"
	"the results are signed by the signer that devnet.json (or FILE) names, downloads\n"
	"PublicKey and CompressedXofKeySet, and compares them with the signed digests.\n"
	"Prints the ids. A devnet without a key remembers this one in devnet.json.\n",
	.examples =
	"  arca keygen --devnet net\n"
	"  arca keygen --nodes cluster.json --params default --timeout 7200 --json\n",
};
