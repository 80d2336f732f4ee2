/* SPDX-License-Identifier: MIT */
/* cli/context.c -- arca context new|list|destroy: who the parties are, told to the parties. */
#include "base/file.h"
#include "base/hex.h"
#include "cli/ceremony.h"
#include "cli/request.h"
#include "rpc/certs.h"

#define WHERE_OPTIONS \
	{ "devnet",  "DIR",  ONE_OF,   "a cluster on this machine" }, \
	{ "nodes",   "FILE", ONE_OF,   "any other: a JSON file of the shape of devnet.json" }, \
	{ "timeout", "S",    OPTIONAL, "how long to wait for the nodes, in seconds; without it, 60" }, \
	{ "json",    NULL,   OPTIONAL, "print the outcome as JSON" }

static const option NEW_OPTIONS[] = {
	{ "context", "ID",     OPTIONAL, "its id; without it, the one that devnet.json or FILE names" },
	{ "ca",      "I=FILE", REPEATED, "the ca.pem of party I, for each party; a devnet has them" },
	{ "tell",    "FILE",   OPTIONAL, "further nodes that are told it: a file like that of --nodes" },
	{ "have-it", NULL,     OPTIONAL, "the parties have it, from their configuration: tell only those of --tell" },
	WHERE_OPTIONS,
	OPTIONS_END
};

static const option LIST_OPTIONS[] = { WHERE_OPTIONS, OPTIONS_END };

static const option DESTROY_OPTIONS[] = {
	{ "context", "ID", REQUIRED, "its id" },
	WHERE_OPTIONS,
	OPTIONS_END
};

enum { TIMEOUT_S = 60 };

typedef struct context_job {
	cli    *c;
	cluster net;
	id32    context;
	int64_t timeout_ms;
} context_job;

static err prepare(context_job *j)
{
	const args *a = &j->c->args;
	int64_t timeout_s;

	TRY_USAGE(j->c, args_number(&timeout_s, a, "timeout", 1, 1000000, TIMEOUT_S));
	j->timeout_ms = timeout_s * 1000;
	TRY(cluster_of_args(&j->net, j->c));
	if (!cluster_is_shared(&j->net))
		return err_fail(ERR_REQUEST, "contexts are of parties that share a key; this cluster is one node that holds all of it");
	signals_catch();
	return OK;
}

static err with_job(cli *c, err (*body)(context_job *j), bool named)
{
	context_job j = { .c = c };
	const char *text = named ? args_text(&c->args, "context") : NULL;

	if (text) TRY_USAGE(c, id_parse(&j.context, "--context", slice_str(text)));
	err e = prepare(&j);
	if (e == OK && !text) j.context = j.net.context;
	if (e == OK) e = body(&j);
	cluster_free(&j.net);
	return e;
}

static err accept_any(void *ctx, const cluster_party *p, const ProtobufCMessage *result)
{
	(void)ctx, (void)p, (void)result;
	return OK;
}

static void report(const context_job *j, const char *what, party_set who)
{
	char id[ID_TEXT];

	id_text(id, &j->context);
	if (!args_has(&j->c->args, "json")) {
		printf("context %s %s by %u of %zu parties\n", id, what, size_of_set(who), j->net.parties);
		return;
	}
	json_t *list = json_array();
	FOR_EACH_IN(i, who) json_array_append_new(list, json_integer(i));
	print_json(json_pack("{s:s, s:s, s:o}", "context_id", id, "outcome", what, "parties", list));
}

/* ---- new --------------------------------------------------------------------------------------------------------- */

/* The nodes as the message holds them, which points into this. */
typedef struct described {
	Kms__V1__MpcNode node[MAX_PARTIES], *list[MAX_PARTIES];
	char identity[MAX_PARTIES][CERTS_NAME_MAX + 1], url[MAX_PARTIES][300];
	buf  ca[MAX_PARTIES];
} described;

/* "3=tls/ca.pem" names the authority of party 3; on a devnet, DIR/party-3/tls/ca.pem is it. */
static err ca_file(buf *path, const context_job *j, unsigned i)
{
	const args *a = &j->c->args;
	char want[16];

	snprintf(want, sizeof want, "%u=", i);
	for (size_t k = 0; k < args_count(a, "ca"); k++)
		if (strncmp(args_nth(a, "ca", k), want, strlen(want)) == 0) {
			buf_put_str(path, args_nth(a, "ca", k) + strlen(want));
			return OK;
		}
	if (!args_has(a, "devnet")) return cli_usage(j->c, "--ca %u=FILE is missing", i);
	buf_printf(path, "%s/party-%u/tls/ca.pem", args_text(a, "devnet"), i);
	return OK;
}

/* Its name is what its authority calls itself. */
static err read_ca(char identity[static CERTS_NAME_MAX + 1], buf *pem, const context_job *j, unsigned i)
{
	AUTO(buf) path = { 0 };
	AUTO(certs_certificate) *ca = NULL;

	TRY(ca_file(&path, j, i));
	if (file_read(pem, buf_str(&path), CERTS_PEM_MAX) != OK) {
		j->c->code = EXIT_IO;
		return err_at(ERR_IO, __FILE__, __LINE__);
	}
	TRY(certs_read_ca(&ca, buf_str(&path), buf_slice(pem)));
	return certs_name(identity, ca);
}

static err describe(described *d, const context_job *j)
{
	for (size_t i = 0; i < j->net.parties; i++) {
		const cluster_party *p = &j->net.party[i];
		Kms__V1__MpcNode *n = d->list[i] = &d->node[i];
		kms__v1__mpc_node__init(n);
		TRY(read_ca(d->identity[i], &d->ca[i], j, p->party_id));
		snprintf(d->url[i], sizeof d->url[i], "https://%s", p->mpc);
		n->mpc_identity = d->identity[i];
		n->party_id = (int32_t)p->party_id;
		n->_signer_address_case = KMS__V1__MPC_NODE___SIGNER_ADDRESS_SIGNER_ADDRESS;
		n->signer_address = pb_bytes(slice_of(p->signer.b, sizeof p->signer.b));
		n->external_url = d->url[i];
		n->_ca_cert_case = KMS__V1__MPC_NODE___CA_CERT_CA_CERT;
		n->ca_cert = pb_bytes(buf_slice(&d->ca[i]));
		n->public_storage_url = (char *)(uintptr_t)p->http;
	}
	return OK;
}

static bool is_party(const cluster *net, const cluster_party *p)
{
	for (size_t i = 0; i < net->parties; i++)
		if (eth_address_eq_var(net->party[i].signer, p->signer)) return true;
	return false;
}

static void tell_them(party_set *told, const context_job *j, group *g)
{
	for (const group_answer *a; (a = group_next(g, -1));) {
		if (a->e == OK) {
			add_to(told, (party)a->party->party_id);
			continue;
		}
		fprintf(stderr, "party %u of --tell: %s\n", a->party->party_id, a->why);
		j->c->code = EXIT_PARTLY;
	}
}

/* Nodes that are not in it, but will work with those that are. */
static err tell_others(party_set *told, const context_job *j, const group_call *call)
{
	const char *file = args_text(&j->c->args, "tell");
	group_call mine = *call;
	cluster others;
	group *g;

	*told = 0;
	if (!file) return OK;
	err e = cluster_read(&others, file);
	if (e == ERR_NOT_FOUND || e == ERR_IO) j->c->code = EXIT_IO;
	TRY(e);
	for (size_t i = 0; i < others.parties; i++)
		if (!is_party(&j->net, &others.party[i])) add_to(&mine.whom, (party)others.party[i].party_id);
	if (mine.whom) e = group_ask(&g, &others, &mine);
	if (mine.whom && e == OK) {
		tell_them(told, j, g);
		group_free(&g);
	}
	cluster_free(&others);
	return e;
}

static err tell_only_others(const context_job *j, const group_call *call)
{
	char id[ID_TEXT];
	party_set told;

	if (!args_has(&j->c->args, "tell")) return cli_usage(j->c, "--have-it wants --tell FILE: who has it not");
	TRY(tell_others(&told, j, call));
	if (!told) return err_fail(ERR_STATE, "nobody of --tell took it");
	id_text(id, &j->context);
	if (args_has(&j->c->args, "json")) print_json(json_pack("{s:s, s:s, s:i}", "context_id", id, "outcome", "told", "nodes", (int)size_of_set(told)));
	else printf("context %s taken by %u %s of --tell\n", id, size_of_set(told), size_of_set(told) == 1 ? "node" : "nodes");
	return OK;
}

static err announce(context_job *j, described *d)
{
	Kms__V1__NewMpcContextRequest q = KMS__V1__NEW_MPC_CONTEXT_REQUEST__INIT;
	Kms__V1__MpcContext context = KMS__V1__MPC_CONTEXT__INIT;
	request_fields f;
	party_set who, told;
	double seconds;

	request_fill(&f, &j->net, &j->context, &j->context, true);
	context.n_mpc_nodes = j->net.parties;
	context.mpc_nodes = d->list;
	context.context_id = &f.request;
	context.software_version = (char *)(uintptr_t)ARCA_VERSION;
	context.threshold = (int32_t)j->net.threshold;
	q.new_context = &context;
	const ceremony x = { .what = "context", .verify = accept_any, .quiet = args_has(&j->c->args, "json"),
		.call = { .start = "NewMpcContext", .request = &q.base, .timeout_ms = j->timeout_ms, .most_answer = CEREMONY_ANSWER } };
	if (args_has(&j->c->args, "have-it")) return tell_only_others(j, &x.call);
	TRY(ceremony_run(&who, &seconds, j->c, &j->net, &x));
	report(j, "taken", who);
	return tell_others(&told, j, &x.call);
}

static err make(context_job *j)
{
	described *d = calloc(1, sizeof *d);

	ASSERT(d);
	err e = describe(d, j);
	if (e == OK) e = announce(j, d);
	for (size_t i = 0; i < j->net.parties; i++) buf_free(&d->ca[i]);
	free(d);
	return e;
}

static err run_new(cli *c)
{
	return with_job(c, make, true);
}

/* ---- list -------------------------------------------------------------------------------------------------------- */

static const char *health_name(Kms__V1__HealthStatus s)
{
	static const char *const NAMES[] = { "unknown", "optimal", "healthy", "degraded", "unhealthy" };

	return (unsigned)s < COUNT(NAMES) ? NAMES[s] : "unknown";
}

/* Whom it does not reach, and whose clock is far off. */
static void print_peers(const Kms__V1__PeersFromContext *p)
{
	for (size_t i = 0; i < p->n_peers; i++) {
		const Kms__V1__PeerHealth *h = p->peers[i];
		if (!h->reachable) printf("  does not reach party %u: %s\n", h->peer_id, h->error[0] ? h->error : "no reason is told");
		else if (h->error[0]) printf("  party %u: %s\n", h->peer_id, h->error);
	}
}

static json_t *peers_json(const Kms__V1__PeersFromContext *p)
{
	json_t *out = json_array();

	for (size_t i = 0; i < p->n_peers; i++) {
		const Kms__V1__PeerHealth *h = p->peers[i];
		json_array_append_new(out, json_pack("{s:i, s:b, s:i, s:s}", "party_id", (int)h->peer_id, "reachable", h->reachable, "latency_ms",
		                      (int)h->latency_ms, "error", h->error));
	}
	return out;
}

static void list_contexts(const context_job *j, json_t *out, const group_answer *a)
{
	const Kms__V1__HealthStatusResponse *r = (const Kms__V1__HealthStatusResponse *)a->message;

	for (size_t i = 0; i < r->n_peers_from_all_contexts; i++) {
		const Kms__V1__PeersFromContext *p = r->peers_from_all_contexts[i];
		const char *id = p->context_id ? p->context_id->request_id : "", *status = health_name(p->status);
		const size_t nodes = p->n_peers + 1;
		if (!args_has(&j->c->args, "json")) {
			printf("party %u: context %s, there as party %u, %s: %u of %zu nodes reachable\n", a->party->party_id, id,
			       p->my_party_id, status, p->nodes_reachable, nodes);
			print_peers(p);
		}
		json_array_append_new(out, json_pack("{s:i, s:s, s:i, s:s, s:i, s:i, s:o}", "party_id", (int)a->party->party_id,
		                      "context_id", id, "my_party_id", (int)p->my_party_id, "status", status, "nodes_reachable", (int)p->nodes_reachable,
		                      "nodes", (int)nodes, "peers", peers_json(p)));
	}
}

static err list(context_job *j)
{
	Kms__V1__Empty q = KMS__V1__EMPTY__INIT;
	const group_call what = { .start = "GetHealthStatus", .request = &q.base,
	                          .result = &kms__v1__health_status_response__descriptor, .timeout_ms = j->timeout_ms, .most_answer = CEREMONY_ANSWER };
	const group_answer *all[MAX_PARTIES + 1] = { 0 };
	size_t good = 0;
	group *g;

	TRY(group_ask(&g, &j->net, &what));
	for (const group_answer *a; (a = group_next(g, -1));) all[a->party->party_id] = a;
	json_t *out = json_array();
	for (unsigned i = 1; i <= j->net.parties; i++) {
		if (all[i]->e == OK) list_contexts(j, out, all[i]), good++;
		else fprintf(stderr, "party %u: %s\n", i, all[i]->why);
	}
	group_free(&g);
	if (good < j->net.parties) j->c->code = good ? EXIT_PARTLY : EXIT_UNAVAILABLE;
	if (args_has(&j->c->args, "json")) print_json(out);
	else json_decref(out);
	return OK;
}

static err run_list(cli *c)
{
	return with_job(c, list, false);
}

/* ---- destroy ----------------------------------------------------------------------------------------------------- */

static err destroy(context_job *j)
{
	Kms__V1__DestroyMpcContextRequest q = KMS__V1__DESTROY_MPC_CONTEXT_REQUEST__INIT;
	request_fields f;
	party_set who;
	double seconds;

	request_fill(&f, &j->net, &j->context, &j->context, true);
	q.context_id = &f.request;
	const ceremony x = { .what = "destruction", .verify = accept_any, .quiet = args_has(&j->c->args, "json"),
		.call = { .start = "DestroyMpcContext", .request = &q.base,
		          .result = &kms__v1__destroy_mpc_context_response__descriptor, .timeout_ms = j->timeout_ms, .most_answer = CEREMONY_ANSWER } };
	TRY(ceremony_run(&who, &seconds, j->c, &j->net, &x));
	report(j, "destroyed", who);
	return OK;
}

static err run_destroy(cli *c)
{
	return with_job(c, destroy, true);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

const command COMMAND_CONTEXT_NEW = {
	.noun = "context", .verb = "new", .run = run_new, .options = NEW_OPTIONS,
	.line = "tell the parties who they are: names, addresses, certificates, threshold",
	.help =
	"The parties, signers and threshold of devnet.json or FILE become a context at every\n"
	"node; a party's name is that of its authority ('arca certs ca'). An epoch is next:\n"
	"'arca epoch new'. Nodes whose configuration lists their peers have the default context\n"
	"from there and need none of this.\n"
	"\n"
	"If keys shall go from one set of parties to another, the nodes of both need both contexts:\n"
	"--tell names those that are not in this one. New nodes are told of parties that know each\n"
	"other from their configuration with --have-it, which asks nothing of these.\n",
	.examples =
	"  arca context new --nodes cluster.json --ca 1=a/ca.pem --ca 2=b/ca.pem --ca 3=c/ca.pem \\\n"
	"      --ca 4=d/ca.pem\n"
	"  arca context new --nodes five.json --tell four.json --ca 1=a/ca.pem --ca 2=b/ca.pem \\\n"
	"      --ca 3=c/ca.pem --ca 4=d/ca.pem --ca 5=e/ca.pem\n"
	"  arca context new --nodes four.json --have-it --tell five.json --ca 1=a/ca.pem \\\n"
	"      --ca 2=b/ca.pem --ca 3=c/ca.pem --ca 4=d/ca.pem\n"
	"  arca context new --devnet net \\\n"
	"      --context 0700000000000000000000000000000000000000000000000000000000000002\n",
};

const command COMMAND_CONTEXT_LIST = {
	.noun = "context", .verb = "list", .run = run_list, .options = LIST_OPTIONS,
	.line = "say which contexts each party knows, and whom it reaches in them",
	.help =
	"A line for each context of each node; below it whom that node does not reach, and why,\n"
	"and whose clock differs from its own by more than 5 s. Exits 2 if a node does not answer.\n",
	.examples =
	"  arca context list --devnet net\n"
	"  arca context list --nodes cluster.json --json\n",
};

const command COMMAND_CONTEXT_DESTROY = {
	.noun = "context", .verb = "destroy", .run = run_destroy, .options = DESTROY_OPTIONS,
	.line = "have the parties forget a context with all its epochs, and every share in them",
	.help =
	"What only its epochs can decrypt is lost with it. The parties refuse to destroy the only\n"
	"context, and one that their configuration lists.\n",
	.examples =
	"  arca context destroy --devnet net \\\n"
	"      --context 0700000000000000000000000000000000000000000000000000000000000002\n",
};
