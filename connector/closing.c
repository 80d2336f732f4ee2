/* SPDX-License-Identifier: MIT */
/* connector/closing.c -- what a connector needs, gathered from its configuration. */
#include "connector/closing.h"
#include <stdlib.h>
#include "base/log.h"
#include "base/sandbox.h"
#include "connector/endpoint.h"
#include "connector/key_place.h"
#include "connector/monitor.h"
#include "rpc/fetch.h"
#include "store/store.h"

enum { NAME_SERVER = 53, HTTPS = 443 };

/* ---- ports of others -------------------------------------------------------------------------------------------- */

typedef struct ports { unsigned *of; size_t n; bool any; } ports;

static void add(ports *p, unsigned port)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->of[i] == port) return;
	if (p->n == CLOSING_PORTS) p->any = true;
	else if (port) p->of[p->n++] = port;
}

/* One URL, or several with | between them. */
static void add_urls(ports *p, const char *urls)
{
	for (const char *at = urls, *end; at; at = *end ? end + 1 : NULL) {
		AUTO(buf) url = { 0 };
		end = strchrnul(at, '|');
		buf_put(&url, at, (size_t)(end - at));
		add(p, fetch_port(buf_str(&url)));
	}
}

static void add_list(ports *p, const config_list *urls)
{
	for (size_t i = 0; i < urls->n; i++) add_urls(p, urls->item[i]);
}

static void add_worker(ports *p, const connector_config *c)
{
	unsigned port;

	add_list(p, &c->worker.endpoints);
	for (size_t i = 0; i < host_chains(c); i++) add_urls(p, host_chain_at(c, i)->url);
	for (size_t i = 0; i < c->worker.s3_ports.n; i++)
		if (port_read(&port, c->worker.s3_ports.item[i])) add(p, port);
	if (c->worker.s3.endpoint && c->worker.s3.endpoint[0]) add_urls(p, c->worker.s3.endpoint);
	p->any |= !c->worker.s3_ports.n;
}

size_t closing_ports(unsigned out[static CLOSING_PORTS], const connector_config *c, unsigned played)
{
	ports p = { .of = out };
	unsigned proxy[FETCH_PROXIES];
	store_reach r;

	add(&p, NAME_SERVER);
	add_list(&p, &c->gateway_url);
	add_list(&p, &c->ethereum_url);
	if (c->tracing_endpoint[0]) add_urls(&p, c->tracing_endpoint);
	if (played & CONNECTOR_WORKER) add_worker(&p, c);
	if (played & CONNECTOR_SENDER && c->sender.aws.present) {
		if (c->sender.aws.endpoint[0]) add_urls(&p, c->sender.aws.endpoint);
		else add(&p, HTTPS);
	}
	for (size_t i = fetch_proxy_ports(proxy); i-- > 0; ) add(&p, proxy[i]);
	if (store_reach_of(&r, c->database_url) == OK) {
		for (unsigned i = 0; i < r.ports; i++) add(&p, r.port[i]);
		p.any |= r.any_port;
		store_reach_free(&r);
	} else err_clear();                                          /* opening it says so */
	return p.any ? 0 : p.n;
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static err needs_of(sandbox_needs *out, store_reach *r, char credentials[static PATH_MAX], const connector_config *c, unsigned played)
{
	char address[MONITOR_ADDRESS];

	TRY(monitor_place(address, &out->port[0], c));
	out->ports = 1;
	out->folder[0] = r->folder;
	for (unsigned i = 0; i < r->files; i++) out->readable[i] = r->readable[i];
	if (played & CONNECTOR_SENDER && c->sender.aws.present)
		out->readable[r->files] = sandbox_folder_of(credentials, c->sender.aws.credentials_file);
	return OK;
}
_Static_assert((int)STORE_READABLE < (int)SANDBOX_READABLE, "the folder of credentials has room besides");

err closing_begin(const connector_config *c, unsigned played)
{
	unsigned to[CLOSING_PORTS];
	char credentials[PATH_MAX];
	store_reach r = { 0 };
	sandbox_needs needs = { .to = to, .tos = closing_ports(to, c, played) };
	AUTO(buf) told = { 0 };

	key_place_look(&told, c);
	if (told.n) log_warn("%s; move it elsewhere", buf_str(&told));
	TRY(store_reach_of(&r, c->database_url));
	err e = needs_of(&needs, &r, credentials, c, played);
	if (e == OK) e = sandbox_enter(&needs, c->internal.sandbox);
	store_reach_free(&r);
	return e;
}

err closing_end(const connector_config *c) { return sandbox_enter_serving(c->internal.sandbox); }
