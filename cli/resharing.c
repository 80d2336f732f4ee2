/* SPDX-License-Identifier: MIT */
/* cli/resharing.c -- one question to all, and whoever has to answer for new shares is one of the new set. */
#include "cli/resharing.h"
#include "cli/ceremony.h"
#include "cli/request.h"
#include "cli/verify.h"

/* ---- what the new set says --------------------------------------------------------------------------------------- */

enum { MAX_RESHARED = 64 };

typedef struct reshared_key { const key_kind *kind; id32 key, prep; key_digests files; } reshared_key;

typedef struct resharing {
	const cluster *net;
	bool         known;                  /* by what the first party said */
	size_t       keys;
	reshared_key key[MAX_RESHARED];
} resharing;

/* Of a party's answer: right by itself. */
static err read_key(reshared_key *out, const resharing *x, const cluster_party *p, const Kms__V1__KeyGenResult *r)
{
	if (!r->request_id || !r->preprocessing_id)
		return err_fail(ERR_REQUEST, "party %u speaks of a key without its id or that of its preprocessing", p->party_id);
	TRY(id_parse(&out->key, "request_id", slice_str(r->request_id->request_id)));
	TRY(id_parse(&out->prep, "preprocessing_id", slice_str(r->preprocessing_id->request_id)));
	out->kind = key_kind_of_set(r);
	return verify_keygen(&out->files, x->net, p, out->kind, &out->prep, &out->key, r);
}

/* Everybody must have the same keys, and have signed that their published files are what they were. */
static err reshared_ok(void *ctx, const cluster_party *p, const ProtobufCMessage *result)
{
	const Kms__V1__EpochResultResponse *r = (const Kms__V1__EpochResultResponse *)result;
	resharing *x = ctx, mine = { .net = x->net, .known = true, .keys = r->n_reshare_responses };

	if (mine.keys > MAX_RESHARED) return err_fail(ERR_REQUEST, "party %u speaks of %zu keys", p->party_id, mine.keys);
	for (size_t i = 0; i < mine.keys; i++) TRY(read_key(&mine.key[i], x, p, r->reshare_responses[i]));
	if (!x->known) *x = mine;
	else if (mine.keys != x->keys || memcmp(mine.key, x->key, mine.keys * sizeof *mine.key) != 0)
		return err_fail(ERR_REQUEST, "party %u signed for other keys than those before it", p->party_id);
	return OK;
}

/* ---- who only gives ---------------------------------------------------------------------------------------------- */

static bool is_in(const cluster *net, const cluster_party *p)
{
	for (size_t i = 0; i < net->parties; i++)
		if (eth_address_eq_var(net->party[i].signer, p->signer)) return true;
	return false;
}

static party_set givers(const resharing_job *j)
{
	party_set out = 0;

	for (size_t i = 0; j->old && i < j->old->parties; i++)
		if (!is_in(j->net, &j->old->party[i])) add_to(&out, (party)j->old->party[i].party_id);
	return out;
}

/* It answers with no key of its own. */
static void judge_givers(const resharing_job *j, group *g)
{
	for (const group_answer *a; (a = group_next(g, -1));) {
		if (a->e == OK) continue;
		fprintf(stderr, "party %u of those that had the keys: %s\n", a->party->party_id, a->why);
		j->c->code = EXIT_PARTLY;
	}
}

/* ---- all --------------------------------------------------------------------------------------------------------- */

static err ask_all(party_set *who, double *seconds, const resharing_job *j, const ceremony *c)
{
	const party_set outside = givers(j);
	group_call call = c->call;
	group *g = NULL;

	call.whom = outside;
	if (outside) TRY(group_ask(&g, j->old, &call));
	err e = ceremony_run(who, seconds, j->c, j->net, c);
	if (e == OK && g) judge_givers(j, g);
	group_free(&g);
	return e;
}

err resharing_run(party_set *who, size_t *keys, double *seconds, const resharing_job *j)
{
	Kms__V1__NewMpcEpochRequest q = KMS__V1__NEW_MPC_EPOCH_REQUEST__INIT;
	Kms__V1__PreviousEpochInfo previous = KMS__V1__PREVIOUS_EPOCH_INFO__INIT;
	Kms__V1__RequestId old_context = KMS__V1__REQUEST_ID__INIT;
	resharing x = { .net = j->net };
	request_fields f;
	char text[ID_TEXT];

	request_fill(&f, j->net, &j->epoch, &j->from, true);
	id_text(text, &j->old_context);
	old_context.request_id = text;
	previous.context_id = &old_context;
	previous.epoch_id = &f.about;
	q.context_id = &f.context;
	q.epoch_id = &f.request;
	q.previous_epoch = &previous;
	q.domain = &f.domain;
	const ceremony c = { .what = "resharing", .verify = reshared_ok, .ctx = &x, .quiet = args_has(&j->c->args, "json"),
		.call = { .start = "NewMpcEpoch", .fetch = "GetEpochResult", .request = &q.base,
		          .result = &kms__v1__epoch_result_response__descriptor, .id = j->epoch, .timeout_ms = j->timeout_ms,
		          .most_answer = CEREMONY_ANSWER } };
	TRY(ask_all(who, seconds, j, &c));
	*keys = x.keys;
	return OK;
}
