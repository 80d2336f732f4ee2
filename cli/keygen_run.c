/* SPDX-License-Identifier: MIT */
/* cli/keygen_run.c -- the steps of a key generation, each believed only as it was signed. */
#include "cli/ceremony.h"
#include "cli/keygen.h"
#include "cli/request.h"
#include "cli/ticker.h"
#include "rpc/fetch.h"

enum { FETCH_MS = 600000 };

typedef struct run_of {
	cli           *c;
	const cluster *net;
	const key_wish *wish;
	made_key      *k;
	party_set      prepared, generated;
} run_of;

/* The wish as messages, which point to each other. */
typedef struct wish_fields {
	Kms__V1__StandardKeySetConfig standard;
	Kms__V1__KeySetConfig config;
	Kms__V1__KeySetAddedInfo added;
	Kms__V1__RequestId existing, from, to;
	char text[3][ID_TEXT];
} wish_fields;

static Kms__V1__RequestId *id_field(Kms__V1__RequestId *out, char text[static ID_TEXT], const id32 *id)
{
	kms__v1__request_id__init(out);
	id_text(text, id);
	out->request_id = text;
	return out;
}

static void wish_fill(wish_fields *out, const key_wish *w)
{
	const bool between = key_kind_is_between(w->kind);

	kms__v1__standard_key_set_config__init(&out->standard);
	kms__v1__key_set_config__init(&out->config);
	kms__v1__key_set_added_info__init(&out->added);
	out->config.keyset_type = w->kind->type;
	if (!between) out->config.standard_keyset_config = &out->standard;
	out->standard.compressed_key_config = w->kind->compression;
	if (between) {
		out->added.from_keyset_id_decompression_only = id_field(&out->from, out->text[0], &w->from);
		out->added.to_keyset_id_decompression_only = id_field(&out->to, out->text[1], &w->to);
	}
	if (w->uses_existing) {
		out->standard.secret_key_config = KMS__V1__KEY_GEN_SECRET_KEY_CONFIG__UseExisting;
		out->added.existing_keyset_id = id_field(&out->existing, out->text[2], &w->existing);
		out->added.use_existing_key_tag = w->keeps_tag;
		out->added.copy_compressed_key_to_original = w->copies;
	}
}

/* What the two steps are called: the dealer's ones take the same messages. */
typedef struct methods { const char *preproc, *preproc_result, *keygen, *keygen_result; } methods;

static const methods PROPER = { "KeyGenPreproc", "GetKeyGenPreprocResult", "KeyGen", "GetKeyGenResult" };
static const methods DEALT = { "InsecureKeyGenPreproc", "GetInsecureKeyGenPreprocResult",
                               "InsecureKeyGen", "GetInsecureKeyGenResult" };

static err preprocessing_ok(void *ctx, const cluster_party *p, const ProtobufCMessage *result)
{
	const run_of *r = ctx;
	return verify_preprocessing(r->net, p, &r->k->prep, (const Kms__V1__KeyGenPreprocResult *)result);
}

static err preprocess(run_of *r, const methods *m, int64_t timeout_ms)
{
	Kms__V1__KeyGenPreprocRequest q = KMS__V1__KEY_GEN_PREPROC_REQUEST__INIT;
	request_fields f;
	wish_fields w;

	request_fill(&f, r->net, &r->k->prep, &r->k->prep, true);
	q.request_id = &f.request;
	q.params = (Kms__V1__FheParameter)r->wish->params->fhe_parameter;
	wish_fill(&w, r->wish);
	q.keyset_config = &w.config;
	q.domain = &f.domain;
	q.context_id = &f.context;
	q.epoch_id = &f.epoch;
	const ceremony x = { .what = "preprocessing", .watch = r->net->party[0].http, .verify = preprocessing_ok, .ctx = r,
		.quiet = args_has(&r->c->args, "json"),
		.call = { .start = m->preproc, .fetch = m->preproc_result, .request = &q.base,
		          .result = &kms__v1__key_gen_preproc_result__descriptor, .id = r->k->prep, .timeout_ms = timeout_ms,
		          .most_answer = CEREMONY_ANSWER } };
	return ceremony_run(&r->prepared, &r->k->preprocessing_s, r->c, r->net, &x);
}

/* Everybody must have signed the same files. */
static err generation_ok(void *ctx, const cluster_party *p, const ProtobufCMessage *result)
{
	run_of *r = ctx;
	key_digests d;

	TRY(verify_keygen(&d, r->net, p, r->wish->kind, &r->k->prep, &r->k->key, (const Kms__V1__KeyGenResult *)result));
	if (!r->generated) r->k->digests = d;
	else if (memcmp(&d, &r->k->digests, sizeof d) != 0)
		return err_fail(ERR_REQUEST, "the answer of party %u is not to be believed: it signed other files than party %u",
		                p->party_id, first_of(r->generated));
	add_to(&r->generated, (party)p->party_id);
	return OK;
}

static err generate(run_of *r, const methods *m, int64_t timeout_ms)
{
	Kms__V1__KeyGenRequest q = KMS__V1__KEY_GEN_REQUEST__INIT;
	request_fields f;
	wish_fields w;

	request_fill(&f, r->net, &r->k->key, &r->k->prep, true);
	q.request_id = &f.request;
	q._params_case = KMS__V1__KEY_GEN_REQUEST___PARAMS_PARAMS;
	q.params = (Kms__V1__FheParameter)r->wish->params->fhe_parameter;
	wish_fill(&w, r->wish);
	q.keyset_config = &w.config;
	if (key_kind_is_between(r->wish->kind) || r->wish->uses_existing) q.keyset_added_info = &w.added;
	q.preproc_id = &f.about;
	q.domain = &f.domain;
	q.context_id = &f.context;
	q.epoch_id = &f.epoch;
	const ceremony x = { .what = "key generation", .watch = r->net->party[0].http, .verify = generation_ok, .ctx = r, .quiet = args_has(&r->c->args, "json"),
		.call = { .start = m->keygen, .fetch = m->keygen_result, .request = &q.base,
		          .result = &kms__v1__key_gen_result__descriptor, .id = r->k->key, .timeout_ms = timeout_ms,
		          .most_answer = CEREMONY_ANSWER, .whom = r->prepared } };
	return ceremony_run(&r->generated, &r->k->keygen_s, r->c, r->net, &x);
}

static bool hash_piece(void *ctx, slice piece)
{
	xof_absorb(ctx, piece);
	return true;
}

/* What everybody will download must be what was signed.  It is hashed as it comes: of production, half a gigabyte. */
static err published_ok(const cluster_party *p, const id32 *key, const char *type,
                        const uint8_t digest[static KEY_DIGEST_BYTES])
{
	AUTO(buf) url = { 0 };
	xof x = tkms_key_digest_begin();
	uint8_t is[KEY_DIGEST_BYTES];
	char id[ID_TEXT];

	id_text(id, key);
	buf_printf(&url, "%s/PUB/%s/%s", p->http, type, id);
	TRY(fetch_pieces(buf_str(&url), MAX_TFHERS_FILE, FETCH_MS, hash_piece, &x));
	tkms_key_digest_end(is, &x);
	if (memcmp(is, digest, sizeof is) != 0)
		return err_fail(ERR_REQUEST, "%s is not the file whose digest party %u signed", buf_str(&url), p->party_id);
	return OK;
}

/* The key set, and under the older key's id all that the new one has. */
static err files_ok(const run_of *r, const cluster_party *p)
{
	const key_kind *kind = r->wish->kind;

	for (size_t f = 0; f < kind->files; f++) TRY(published_ok(p, &r->k->key, kind->file[f].type, r->k->digests.of[f]));
	for (size_t f = 0; r->wish->copies && f < kind->files; f++)
		TRY(published_ok(p, &r->wish->existing, kind->file[f].type, r->k->digests.of[f]));
	return OK;
}

static err verify_published(const run_of *r)
{
	const ticker t = ticker_begin("verifying the published files", args_has(&r->c->args, "json"));
	size_t done = 0;
	err e = OK;

	FOR_EACH_IN(i, r->generated) {
		ticker_parts(&t, done++, size_of_set(r->generated));
		if (e == OK) e = files_ok(r, &r->net->party[i - 1]);
	}
	ticker_end(&t);
	return e;
}

static err all_steps(run_of *r, int64_t timeout_ms)
{
	const methods *m = r->wish->insecure ? &DEALT : &PROPER;

	TRY(preprocess(r, m, timeout_ms));
	TRY(generate(r, m, timeout_ms));
	return verify_published(r);
}

err keygen_run(made_key *out, cli *c, const cluster *net, const key_wish *wish, int64_t timeout_ms)
{
	made_key k = { .prep = id_fresh(ID_PREPROCESSING, rng_os()), .key = id_fresh(ID_KEY, rng_os()) };
	run_of r = { .c = c, .net = net, .wish = wish, .k = &k };
	char prep[ID_TEXT];

	const err e = all_steps(&r, timeout_ms);
	if (e == ERR_CANCELLED) {
		id_text(prep, &k.prep);
		return err_fail(e, "stopped by a signal while the nodes make a key from preprocessing %s", prep);
	}
	TRY(e);
	*out = k;
	return OK;
}
