/* SPDX-License-Identifier: MIT */
/* cli/epoch.c -- arca epoch new|status|destroy. */
#include "cli/epoch.h"
#include <math.h>
#include "cli/ceremony.h"
#include "cli/devnet.h"
#include "cli/epoch_end.h"
#include "cli/request.h"
#include "cli/resharing.h"

#define WHERE_OPTIONS \
	{ "devnet",  "DIR",  ONE_OF,   "a cluster on this machine" }, \
	{ "nodes",   "FILE", ONE_OF,   "any other: a JSON file of the shape of devnet.json" }, \
	{ "timeout", "S",    OPTIONAL, "how long to wait for the nodes, in seconds; without it, 600" }, \
	{ "json",    NULL,   OPTIONAL, "print the outcome as JSON" }

static const option NEW_OPTIONS[] = {
	{ "epoch", "ID", OPTIONAL, "its id, above those before it; without it, the one after --from, or the file's" },
	{ "from",  "ID", OPTIONAL, "the epoch whose keys the parties share anew in it; otherwise it has none" },
	{ "context", "ID", OPTIONAL, "its context; without it, that of devnet.json or FILE" },
	{ "from-nodes", "FILE", OPTIONAL, "who has the keys of --from, if others: a file like that of --nodes" },
	WHERE_OPTIONS,
	OPTIONS_END
};

static const option OLD_OPTIONS[] = {
	{ "epoch", "ID", OPTIONAL, "its id; without it, the one that devnet.json or FILE names" },
	WHERE_OPTIONS,
	OPTIONS_END
};

/* ---- what is asked --------------------------------------------------------------------------------------------- */

typedef struct epoch_job {
	cli    *c;
	cluster net;
	id32    epoch, own_context;          /* that of the file, whatever --context says */
	bool    moves;                       /* there is --context */
	int64_t timeout_ms;
} epoch_job;

static err prepare(epoch_job *j)
{
	const char *text = args_text(&j->c->args, "epoch"), *context = j->moves ? args_text(&j->c->args, "context") : NULL;
	int64_t timeout_s;
	id32 id;

	if (context) TRY_USAGE(j->c, id_parse(&id, "--context", slice_str(context)));
	if (text) TRY_USAGE(j->c, id_parse(&j->epoch, "--epoch", slice_str(text)));
	TRY_USAGE(j->c, args_number(&timeout_s, &j->c->args, "timeout", 1, 1000000, EPOCH_TIMEOUT_S));
	j->timeout_ms = timeout_s * 1000;
	TRY(cluster_of_args(&j->net, j->c));
	if (!text) j->epoch = j->net.epoch;
	j->own_context = j->net.context;
	if (context) j->net.context = id;
	signals_catch();
	return OK;
}

static err with_job(cli *c, err (*body)(epoch_job *j), bool moves)
{
	epoch_job j = { .c = c, .moves = moves };

	err e = prepare(&j);
	if (e == OK) e = body(&j);
	cluster_free(&j.net);
	return e;
}

static void report(const epoch_job *j, const char *what, party_set who, double seconds)
{
	char id[ID_TEXT];

	id_text(id, &j->epoch);
	if (!args_has(&j->c->args, "json")) {
		printf("epoch %s %s by %u of %zu parties in %.1f s\n", id, what, size_of_set(who), j->net.parties, seconds);
		return;
	}
	json_t *list = json_array();
	FOR_EACH_IN(i, who) json_array_append_new(list, json_integer(i));
	print_json(json_pack("{s:s, s:s, s:o, s:f}", "epoch_id", id, "outcome", what, "parties", list, "seconds", seconds));
}

/* ---- new --------------------------------------------------------------------------------------------------------- */

static err epoch_ok(void *ctx, const cluster_party *p, const ProtobufCMessage *result)
{
	const Kms__V1__EpochResultResponse *r = (const Kms__V1__EpochResultResponse *)result;

	(void)ctx;
	if (r->n_reshare_responses == 0 && r->n_crs_responses == 0) return OK;
	return err_fail(ERR_REQUEST, "party %u speaks of keys in an epoch that begins without any", p->party_id);
}

err epoch_run(party_set *who, double *seconds, cli *c, const cluster *net, const id32 *epoch, int64_t timeout_ms)
{
	Kms__V1__NewMpcEpochRequest q = KMS__V1__NEW_MPC_EPOCH_REQUEST__INIT;
	request_fields f;

	request_fill(&f, net, epoch, epoch, true);
	q.context_id = &f.context;
	q.epoch_id = &f.request;
	const ceremony x = { .what = "epoch", .verify = epoch_ok, .quiet = args_has(&c->args, "json"),
		.call = { .start = "NewMpcEpoch", .fetch = "GetEpochResult", .request = &q.base,
		          .result = &kms__v1__epoch_result_response__descriptor, .id = *epoch, .timeout_ms = timeout_ms,
		          .most_answer = CEREMONY_ANSWER } };
	return ceremony_run(who, seconds, c, net, &x);
}

/* ---- with the keys of an epoch before it ------------------------------------------------------------------------- */

/* A devnet's commands ask under the new epoch from now on. */
static err remember(epoch_job *j)
{
	AUTO(buf) file = { 0 };

	if (!args_has(&j->c->args, "devnet")) return OK;
	buf_printf(&file, "%s/devnet.json", args_text(&j->c->args, "devnet"));
	j->net.epoch = j->epoch;
	return cluster_write(buf_str(&file), &j->net);
}

static err reshare_from(epoch_job *j, const id32 *from, const cluster *old, const id32 *old_context)
{
	const resharing_job r = { .c = j->c, .net = &j->net, .old = old, .old_context = *old_context, .from = *from, .epoch = j->epoch,
	                          .timeout_ms = j->timeout_ms };
	char what[80];
	party_set who;
	double seconds;
	size_t keys;

	TRY(resharing_run(&who, &keys, &seconds, &r));
	snprintf(what, sizeof what, "set up with %zu key%s reshared", keys, keys == 1 ? "" : "s");
	report(j, what, who, seconds);
	return remember(j);
}

/* The number after it, which is above those before it if that epoch is the last one. */
static id32 after(const id32 *id)
{
	id32 next = *id;

	for (size_t i = sizeof next.b; i-- > 1 && ++next.b[i] == 0;) {}
	return next;
}

static err make_from(epoch_job *j, const char *text)
{
	const char *file = args_text(&j->c->args, "from-nodes");
	cluster old;
	id32 from;

	TRY_USAGE(j->c, id_parse(&from, "--from", slice_str(text)));
	if (!args_has(&j->c->args, "epoch")) j->epoch = after(&from);
	if (!file) return reshare_from(j, &from, NULL, &j->own_context);
	err e = cluster_read(&old, file);
	if (e == ERR_NOT_FOUND || e == ERR_IO) j->c->code = EXIT_IO;
	TRY(e);
	e = reshare_from(j, &from, &old, &old.context);
	cluster_free(&old);
	return e;
}

static err make(epoch_job *j)
{
	const char *from = args_text(&j->c->args, "from");
	party_set who;
	double seconds;

	if (from) return make_from(j, from);
	TRY(epoch_run(&who, &seconds, j->c, &j->net, &j->epoch, j->timeout_ms));
	report(j, "set up", who, seconds);
	return OK;
}

static err run_new(cli *c)
{
	return with_job(c, make, true);
}

/* ---- status ------------------------------------------------------------------------------------------------------ */

static const char READY[] = "ready";

static const char *state_of(const group_answer *a)
{
	if (a->e == OK) return READY;
	if (a->unavailable) return "not reached";
	return a->code == GRPC_UNAVAILABLE ? "being set up" : a->code == GRPC_NOT_FOUND ? "unknown" : "failed";
}

/* Prints it, or gives it as JSON. */
static json_t *show_party(const epoch_job *j, unsigned i, const char *state)
{
	const double end = strcmp(state, READY) ? -1 : epoch_end(&j->net.party[i - 1], &j->epoch);
	char text[EPOCH_END_TEXT];

	epoch_end_text(text, end);
	if (!args_has(&j->c->args, "json")) printf("party %u: %s%s\n", i, state, text);
	json_t *x = json_pack("{s:i, s:s, s:b}", "party_id", (int)i, "state", state, "superseded", end >= 0);
	if (end >= 0 && !isinf(end)) json_object_set_new(x, "erased_at", json_integer((json_int_t)end));
	return x;
}

static err show(epoch_job *j)
{
	Kms__V1__RequestId q = KMS__V1__REQUEST_ID__INIT;
	char id[ID_TEXT];
	const char *states[MAX_PARTIES + 1] = { 0 };
	size_t ready = 0;
	group *g;

	id_text(id, &j->epoch);
	q.request_id = id;
	const group_call what = { .start = "GetEpochResult", .request = &q.base,
	                          .result = &kms__v1__epoch_result_response__descriptor, .timeout_ms = j->timeout_ms, .most_answer = CEREMONY_ANSWER };
	TRY(group_ask(&g, &j->net, &what));
	for (const group_answer *a; (a = group_next(g, -1));) {
		states[a->party->party_id] = state_of(a);
		ready += a->e == OK;
	}
	group_free(&g);
	json_t *list = json_array();
	for (unsigned i = 1; i <= j->net.parties; i++) {
		json_array_append_new(list, show_party(j, i, states[i]));
	}
	if (ready < j->net.parties) j->c->code = ready ? EXIT_PARTLY : EXIT_FAILED;
	if (args_has(&j->c->args, "json")) print_json(json_pack("{s:s, s:o}", "epoch_id", id, "parties", list));
	else json_decref(list);
	return OK;
}

static err run_status(cli *c)
{
	return with_job(c, show, false);
}

/* ---- destroy ----------------------------------------------------------------------------------------------------- */

static err accept_empty(void *ctx, const cluster_party *p, const ProtobufCMessage *result)
{
	(void)ctx, (void)p, (void)result;
	return OK;
}

static err destroy(epoch_job *j)
{
	Kms__V1__DestroyMpcEpochRequest q = KMS__V1__DESTROY_MPC_EPOCH_REQUEST__INIT;
	request_fields f;
	party_set who;
	double seconds;

	request_fill(&f, &j->net, &j->epoch, &j->epoch, true);
	q.epoch_id = &f.request;
	const ceremony x = { .what = "destruction", .verify = accept_empty, .quiet = args_has(&j->c->args, "json"),
		.call = { .start = "DestroyMpcEpoch", .request = &q.base, .id = j->epoch, .timeout_ms = j->timeout_ms,
		          .most_answer = CEREMONY_ANSWER } };
	TRY(ceremony_run(&who, &seconds, j->c, &j->net, &x));
	report(j, "destroyed", who, seconds);
	return OK;
}

static err run_destroy(cli *c)
{
	return with_job(c, destroy, false);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

const command COMMAND_EPOCH_NEW = {
	.noun = "epoch", .verb = "new", .run = run_new, .options = NEW_OPTIONS,
	.line = "have the parties set up an epoch: agree on the keys of their shared randomness",
	.help =
	"Asks every party for NewMpcEpoch and waits for its result. Nothing decrypts before the\n"
	"first epoch is there; 'arca devnet up' makes that of a devnet. With --from, every key of\n"
	"that epoch gets new shares in the new one, under the same id and with the same published\n"
	"files; both epochs decrypt until the old one is destroyed, as the nodes do themselves\n"
	"after 'threshold.epoch_grace'. A devnet's commands use the new one from then on; 'arca\n"
	"decrypt --epoch' chooses. Exits 2 if a party is missing, but no more than T.\n"
	"\n"
	"The keys can go to other parties: --nodes lists those that shall have them, --from-nodes\n"
	"those that have them, each with its context, and every node has been told both contexts\n"
	"('arca context new'). Who is in both lists keeps its place, who is new fetches the\n"
	"published files from the others, and who leaves keeps its old shares until that epoch is\n"
	"destroyed there. A party that lacks the old epoch gets new shares like the others.\n",
	.examples =
	"  arca epoch new --nodes cluster.json\n"
	"  arca epoch new --devnet net \\\n"
	"      --from 0800000000000000000000000000000000000000000000000000000000000001\n"
	"  arca epoch new --nodes five.json --from-nodes four.json \\\n"
	"      --epoch 0800000000000000000000000000000000000000000000000000000000000002 \\\n"
	"      --from 0800000000000000000000000000000000000000000000000000000000000001\n",
};

const command COMMAND_EPOCH_STATUS = {
	.noun = "epoch", .verb = "status", .run = run_status, .options = OLD_OPTIONS,
	.line = "say at which parties an epoch is ready",
	.help =
	"Of an epoch all of whose keys were reshared to a later one it says when its shares\n"
	"are erased ('threshold.epoch_grace' of each node).\n"
	"Exits 0 if it is ready at all of them, 2 if only at some, 1 if at none.\n",
	.examples =
	"  arca epoch status --devnet net\n"
	"  arca epoch status --nodes cluster.json --json\n",
};

const command COMMAND_EPOCH_DESTROY = {
	.noun = "epoch", .verb = "destroy", .run = run_destroy, .options = OLD_OPTIONS,
	.line = "have the parties erase an epoch, and every share of a key in it",
	.help =
	"What only this epoch can decrypt is lost with it. The parties refuse to destroy their\n"
	"last epoch.\n",
	.examples =
	"  arca epoch destroy --devnet net \\\n"
	"      --epoch 0800000000000000000000000000000000000000000000000000000000000001\n",
};
