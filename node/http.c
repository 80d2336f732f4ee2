/* SPDX-License-Identifier: MIT */
/* node/http.c -- five short answers, a folder, and where in it the keys are. */
#include "node/http.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/hex.h"
#include "lattice/engine.h"
#include "node/cluster.h"
#include "node/key_urls.h"
#include "rpc/http.h"

struct node_http {
	pthread_mutex_t lock;                /* of the parts */
	bool attached;
	node_http_parts p;
	const char *version, *commit;
	delegate_service *delegation;        /* NULL: none */
	http_server *server;
	int   folder;                        /* the public vault */
	key_urls *urls;
	const char *address, *public_url;    /* public_url: "" if it is not known */
	_Atomic node_phase phase;
};

/* ---- how it is ---------------------------------------------------------------------------------------------- */

static void answer_word(http_reply *out, const http_request *in, unsigned status, const char *word)
{
	out->status = status;
	if (strstr(in->accept, "application/json")) {
		out->content_type = "application/json";
		buf_printf(&out->body, "{\"status\":\"%s\"}\n", word);
	} else {
		buf_put_str(&out->body, word);
	}
}

static void health(void *ctx, http_reply *out, const http_request *in)
{
	(void)ctx;
	answer_word(out, in, 200, "ok");
}

static void alive(void *ctx, http_reply *out, const http_request *in)
{
	(void)ctx;
	answer_word(out, in, 200, "alive");
}

static void ready(void *ctx, http_reply *out, const http_request *in)
{
	static const char *const WORD[NODE_PHASES] = {
		[NODE_STARTING] = "warming up", [NODE_SERVING] = "ready", [NODE_STOPPING] = "stopping",
	};
	node_http *h = ctx;
	const node_phase phase = atomic_load(&h->phase);

	answer_word(out, in, phase == NODE_SERVING ? 200 : 503, WORD[phase]);
}

static void version(void *ctx, http_reply *out, const http_request *in)
{
	node_http *h = ctx;

	if (!strstr(in->accept, "application/json")) {
		http_reply_text(out, 200, h->version);
		return;
	}
	buf_printf(&out->body, "{\"name\":\"arca-node\",\"version\":\"%s\",\"build\":\"%s\"}", h->version, h->commit);
	out->content_type = "application/json";
}

static void not_yet(http_reply *out) { http_reply_text(out, 503, "the node is starting or stopping; ask again"); }

static void print_metrics(http_reply *out, node_http *h)
{
	const requests_count pub = requests_count_of(h->p.table, REQUEST_PUBLIC_DECRYPT),
	                     user = requests_count_of(h->p.table, REQUEST_USER_DECRYPT);
	const boot_counts steps = boot_counters();
	const tracing_counts spans = tracing_counted(h->p.tracing);
	const gauges g = {
		.tokens_taken = (uint64_t)atomic_load(&h->p.limiter->taken), .keys_loaded = keys_count(h->p.keys),
		.public_pending = pub.pending, .public_stored = pub.all, .user_pending = user.pending, .user_stored = user.all,
		.jobs_waiting = pool_waiting(h->p.cores), .spans_sent = spans.sent, .spans_dropped = spans.dropped,
		.squash_sampled = steps.samples, .squash_guarded = steps.guarded, .squash_wrong = steps.wrong,
	};

	out->content_type = "text/plain; version=0.0.4";
	metrics_print(&out->body, h->p.metrics, &g, h->version);
	key_progress_print(&out->body, h->p.making);
	if (h->p.cluster) cluster_metrics(&out->body, h->p.cluster);
	if (h->delegation) delegate_kms_metrics(&out->body, h->delegation->kms);
	combiner *together = h->delegation ? atomic_load(&h->delegation->combiner) : NULL;
	if (together) combiner_metrics(&out->body, together);
}

static void serve_metrics(void *ctx, http_reply *out, const http_request *in)
{
	node_http *h = ctx;

	(void)in;
	pthread_mutex_lock(&h->lock);
	if (h->attached) print_metrics(out, h);
	else not_yet(out);
	pthread_mutex_unlock(&h->lock);
}

static bool is_attached(node_http *h)
{
	pthread_mutex_lock(&h->lock);
	const bool yes = h->attached;
	pthread_mutex_unlock(&h->lock);
	return yes;
}

/* ---- public material ---------------------------------------------------------------------------------------- */

static const char *content_type(pub_type t)
{
	return t == PUB_VERF_ADDRESS || t == PUB_TYPED_VERF_ADDRESS || t == PUB_CA_CERT ? "text/plain" : "application/octet-stream";
}

/* /PUB/<type>/<id in lower case>: nothing else in the folder has an address. */
static void serve_public(void *ctx, http_reply *out, const http_request *in)
{
	node_http *h = ctx;
	const char *path = in->path + strlen("/PUB/"), *slash = strchr(path, '/');
	uint8_t id[32];
	char again[ID_TEXT];
	pub_type t;

	if (!is_attached(h)) {
		not_yet(out);
		return;
	}
	if (slash && pub_type_by_name_var(&t, slice_of(path, (size_t)(slash - path))) &&
	    hex_read(id, sizeof id, slice_str(slash + 1))) {
		hex_write(again, slice_of(id, sizeof id));
		if (!strcmp(again, slash + 1)) {
			http_reply_file(out, h->folder, path, content_type(t));
			return;
		}
	}
	http_reply_text(out, 404, "an object is at /PUB/<type>/<id>, the id being 64 small hexadecimal digits");
}

enum { MAX_HOST_NAME = 255 };

/* How whoever asks calls this node, unless the operator knows better. */
static void put_base(buf *out, const node_http *h, const char *host)
{
	if (h->public_url[0]) buf_put_str(out, h->public_url);
	else if (strlen(host) <= MAX_HOST_NAME && key_urls_base_ok(host)) buf_printf(out, "http://%s", host);
	else buf_printf(out, "http://%s:%u", h->address, http_server_port(h->server));
}

static void serve_key_urls(node_http *h, http_reply *out, const http_request *in, unsigned version)
{
	AUTO(buf) base = { 0 };

	pthread_mutex_lock(&h->lock);
	if (h->attached) {
		put_base(&base, h, in->host);
		out->content_type = "application/json";
		key_urls_print(&out->body, h->urls, h->p.keys, buf_str(&base), version);
	} else {
		not_yet(out);
	}
	pthread_mutex_unlock(&h->lock);
}

static void key_urls_1(void *ctx, http_reply *out, const http_request *in) { serve_key_urls(ctx, out, in, 1); }
static void key_urls_2(void *ctx, http_reply *out, const http_request *in) { serve_key_urls(ctx, out, in, 2); }

/* ---- the server --------------------------------------------------------------------------------------------- */

enum { OWN_ROUTES = 9 };

static size_t routes_of(http_route out[static OWN_ROUTES + DELEGATE_ROUTES], node_http *h)
{
	const http_route own[OWN_ROUTES] = {
		{ "/health", health, h }, { "/live", alive, h }, { "/ready", ready, h }, { "/version", version, h },
		{ "/metrics", serve_metrics, h }, { "/PUB/", serve_public, h },
		{ "/keyurl", key_urls_1, h }, { "/v1/keyurl", key_urls_1, h }, { "/v2/keyurl", key_urls_2, h },
	};

	memcpy(out, own, sizeof own);
	if (!h->delegation) return OWN_ROUTES;
	delegate_routes(out + OWN_ROUTES, h->delegation);
	return OWN_ROUTES + DELEGATE_ROUTES;
}

err node_http_new(node_http **out, vault *v, const node_config *config, const char *version_text, const char *commit, delegate_service *delegation)
{
	http_route routes[OWN_ROUTES + DELEGATE_ROUTES];

	node_http *h = calloc(1, sizeof *h);
	if (!h) return err_fail(ERR_NOMEM, "no memory for the HTTP server");
	pthread_mutex_init(&h->lock, NULL);
	h->version = version_text;
	h->commit = commit;
	h->delegation = delegation;
	h->address = config->http_address;
	h->public_url = config->telemetry.public_url ? config->telemetry.public_url : "";
	h->folder = open(vault_public_folder(v), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const size_t n_routes = routes_of(routes, h);
	err e = h->folder < 0 ? err_fail(ERR_IO, "cannot open %s", vault_public_folder(v)) : key_urls_new(&h->urls, v);
	if (e == OK) e = http_server_new(&h->server, config->http_address, config->http_port, routes, n_routes);
	if (e != OK) {
		node_http_free(&h);
		return e;
	}
	*out = h;
	return OK;
}

void node_http_attach(node_http *h, const node_http_parts *parts)
{
	pthread_mutex_lock(&h->lock);
	h->p = *parts;
	h->attached = true;
	pthread_mutex_unlock(&h->lock);
}

void node_http_detach(node_http *h)
{
	if (!h) return;
	pthread_mutex_lock(&h->lock);
	h->attached = false;
	pthread_mutex_unlock(&h->lock);
}

unsigned node_http_port(const node_http *h)
{
	return http_server_port(h->server);
}

void node_http_set_phase(node_http *h, node_phase phase)
{
	atomic_store(&h->phase, phase);
}

void node_http_free(node_http **hp)
{
	node_http *h = *hp;
	if (!h) return;
	http_server_free(&h->server);
	key_urls_free(&h->urls);
	if (h->folder >= 0) close(h->folder);
	pthread_mutex_destroy(&h->lock);
	free(h);
	*hp = NULL;
}
