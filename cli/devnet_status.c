/* SPDX-License-Identifier: MIT */
/* cli/devnet_status.c -- arca devnet status: which nodes run, what they say of themselves and of each other. */
#include <dirent.h>
#include "cli/devnet_gateway.h"
#include "cli/group.h"
#include "cli/request.h"

enum { HEALTH_MS = 2000, MAX_HEALTH = 1 << 20 };

typedef struct seen {
	bool alive, ready;
	bool connector_alive, connector_ready;
	const char *connector;                           /* where it answers; NULL: there is none */
	const Kms__V1__PeersFromContext *peers;          /* of the devnet's context; NULL: not known */
} seen;

/* ---- looking ------------------------------------------------------------------------------------------------------- */

/* The ids of the keys whose public part the node has published. */
static json_t *keys_of(const cluster_party *p)
{
	AUTO(buf) path = { 0 };
	json_t *keys = json_array();
	id32 id;

	buf_put(&path, p->config, (size_t)(strrchr(p->config, '/') - p->config));
	buf_put_str(&path, "/public/PUB/PublicKey");
	DIR *folder = opendir(buf_str(&path));
	for (struct dirent *f; folder && (f = readdir(folder));)
		if (f->d_name[0] != '.' && id_parse(&id, "", slice_str(f->d_name)) == OK)
			json_array_append_new(keys, json_string(f->d_name));
	err_clear();
	if (folder) closedir(folder);
	return keys;
}

static const Kms__V1__PeersFromContext *of_context(const ProtobufCMessage *health, const id32 *context)
{
	const Kms__V1__HealthStatusResponse *r = (const Kms__V1__HealthStatusResponse *)health;
	id32 id;

	for (size_t i = 0; i < r->n_peers_from_all_contexts; i++) {
		const Kms__V1__PeersFromContext *p = r->peers_from_all_contexts[i];
		if (p->context_id && id_parse(&id, "", slice_str(p->context_id->request_id)) == OK && id_eq_var(&id, context)) return p;
	}
	err_clear();
	return NULL;
}

/* What the ready nodes of a shared key say of their peers.  What it points to lives in the group; NULL: nobody was asked. */
static err ask_health(group **g, seen *node, const cluster *net)
{
	static const Kms__V1__Empty NOTHING = KMS__V1__EMPTY__INIT;
	group_call what = { .start = "GetHealthStatus", .request = &NOTHING.base, .timeout_ms = HEALTH_MS,
	                    .result = &kms__v1__health_status_response__descriptor, .most_answer = MAX_HEALTH };

	for (size_t i = 0; i < net->parties; i++)
		if (node[i].ready) add_to(&what.whom, (party)(i + 1));
	if (!what.whom || !cluster_is_shared(net)) return OK;
	TRY(group_ask(g, net, &what));
	for (const group_answer *a; (a = group_next(*g, -1));)
		if (a->e == OK) node[a->party->party_id - 1].peers = of_context(a->message, &net->context);
	return OK;
}

/* ---- telling ------------------------------------------------------------------------------------------------------- */

static void print_peers(const Kms__V1__PeersFromContext *p)
{
	printf("  reaches %u of %zu others:", p->nodes_reachable ? p->nodes_reachable - 1 : 0, p->n_peers);
	for (size_t i = 0; i < p->n_peers; i++) {
		const Kms__V1__PeerHealth *h = p->peers[i];
		if (h->reachable) printf("%s %u in %u ms%s%s%s", i ? "," : "", h->peer_id, h->latency_ms, h->error[0] ? " (" : "", h->error, h->error[0] ? ")" : "");
		else printf("%s %u not", i ? "," : "", h->peer_id);
	}
	puts("");
}

static void print_party(const cluster_party *p, const seen *s, json_t *keys)
{
	size_t i;
	json_t *key;

	if (s->alive) printf("party %u: %s, pid %lld, gRPC %s, %s\n", p->party_id, s->ready ? "ready" : "running, not ready",
	                     (long long)p->pid, p->grpc, p->http);
	else printf("party %u: not running; the end of %s may say why\n", p->party_id, p->log);
	json_array_foreach(keys, i, key) printf("  key %s\n", json_string_value(key));
	if (s->connector)
		printf("  connector %s, %s\n", s->connector_ready ? "ready" : s->connector_alive ? "running, not ready" : "not running", s->connector);
	if (s->peers) print_peers(s->peers);
}

static json_t *peers_json(const Kms__V1__PeersFromContext *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->n_peers; i++) {
		const Kms__V1__PeerHealth *h = p->peers[i];
		json_array_append_new(list, json_pack("{s:i, s:b, s:i, s:s?}", "party_id", (int)h->peer_id, "reachable", h->reachable,
		                      "latency_ms", (int)h->latency_ms, "error", *h->error ? h->error : NULL));
	}
	return list;
}

static json_t *party_json(const cluster_party *p, const seen *s, json_t *keys)
{
	json_t *object = json_pack("{s:i, s:b, s:b, s:I, s:s, s:s, s:O}", "party_id", (int)p->party_id, "alive", s->alive, "ready",
	                           s->ready, "pid", (json_int_t)p->pid, "grpc", p->grpc, "http", p->http, "keys", keys);

	if (s->peers) json_object_set_new(object, "peers", peers_json(s->peers));
	if (s->connector)
		json_object_set_new(object, "connector", json_pack("{s:s, s:b, s:b}", "monitoring", s->connector, "alive", s->connector_alive,
		                                                   "ready", s->connector_ready));
	return object;
}

static void tell_all(cli *c, const cluster *net, const seen *node)
{
	const bool json = args_has(&c->args, "json");
	json_t *parties = json_array();
	size_t good = 0;

	for (size_t i = 0; i < net->parties; i++) {
		json_t *keys = keys_of(&net->party[i]);
		good += node[i].ready && (!node[i].connector || node[i].connector_ready);
		if (!json) print_party(&net->party[i], &node[i], keys);
		json_array_append_new(parties, party_json(&net->party[i], &node[i], keys));
		json_decref(keys);
	}
	if (good < net->parties) c->code = good ? EXIT_PARTLY : EXIT_FAILED;
	const char *chain = json_string_value(json_object_get(net->gateway, "url"));
	if (chain && !json) printf("gateway: chain %s\n", chain);
	if (json) print_json(json_pack("{s:s, s:b, s:O}", "mode", net->mode, "ready", good == net->parties, "parties", parties));
	json_decref(parties);
}

static void look_at_connector(seen *s, const devnet *d, unsigned party_id)
{
	node_process p;

	if (!gateway_connector(&p, d, party_id)) return;
	s->connector = p.http;
	s->connector_alive = process_alive(&p);
	s->connector_ready = s->connector_alive && process_ready(&p);
}

static err look_and_tell(cli *c, devnet *d)
{
	cluster *net = &d->cluster;
	seen node[MAX_PARTIES] = { 0 };
	group *g = NULL;

	for (size_t i = 0; i < net->parties; i++) {
		const node_process process = process_of(&net->party[i]);
		node[i].alive = process_alive(&process);
		node[i].ready = node[i].alive && process_ready(&process);
		net->party[i].pid = process.pid;
		look_at_connector(&node[i], d, net->party[i].party_id);
	}
	err e = ask_health(&g, node, net);
	if (e == OK) tell_all(c, net, node);
	group_free(&g);
	return e;
}

static err run(cli *c)
{
	devnet d;

	TRY(devnet_open(&d, c, args_text(&c->args, "dir")));
	err e = devnet_is_local(&d);
	if (e == OK) e = look_and_tell(c, &d);
	devnet_close(&d);
	return e;
}

static const option OPTIONS[] = {
	{ "dir",  "DIR", REQUIRED, "the devnet's folder" },
	{ "json", NULL,  OPTIONAL, "print it as JSON" },
	OPTIONS_END
};

const command COMMAND_DEVNET_STATUS = {
	.noun = "devnet", .verb = "status", .run = run, .options = OPTIONS,
	.line = "say which nodes run and are ready, their keys, and which peers they reach",
	.help =
	"A party that shares its key also says which of the others it reaches, and how long an\n"
	"answer takes. Exits 0 if every node is ready, 2 if only some are, 1 if none is.\n",
	.examples =
	"  arca devnet status --dir net\n"
	"  arca devnet status --dir net --json\n",
};
