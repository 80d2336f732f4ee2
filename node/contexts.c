/* SPDX-License-Identifier: MIT */
/* node/contexts.c -- the table of contexts, the one of the configuration, and the ones in the vault. */
#include "node/contexts.h"
#include <pthread.h>
#include <stdlib.h>
#include "rpc/certs.h"

typedef struct known_context {
	struct known_context *next;
	mpc_context context;
	bool  gone;
	arena memory;
} known_context;

struct contexts {
	pthread_mutex_t lock;
	known_context *first;
	vault *vault;
	eth_address signer;
	char   name[CERTS_NAME_MAX + 1];
};

enum { CONTEXT_ROOM = 2 * MAX_CONTEXT_FILE };

/* ---- what may be in one ------------------------------------------------------------------------------------- */

bool endpoint_parse(char host[static MAX_HOST + 1], unsigned *port, slice url)
{
	char text[MAX_HOST + 64];
	unsigned long number;
	char *p, *end;

	if (url.n >= sizeof text || memchr(url.p, 0, url.n)) return false;
	memcpy(text, url.p, url.n);
	text[url.n] = '\0';
	p = strstr(text, "://");
	if (!p || p == text) return false;
	p += 3;
	if (*p == '[') end = strchr(++p, ']');
	else end = p + strcspn(p, ":/");
	if (!end || end == p || (size_t)(end - p) > MAX_HOST) return false;
	const size_t n = (size_t)(end - p);
	if (*end == ']') end++;
	if (*end != ':' || end[1] < '0' || end[1] > '9') return false;
	char *after;
	number = strtoul(end + 1, &after, 10);
	if ((*after && *after != '/') || number == 0 || number > 65535) return false;
	memcpy(host, p, n);
	host[n] = '\0';
	*port = (unsigned)number;
	return true;
}

static err check_digests(const node_info *n)
{
	static const size_t LENGTH[MAX_SCHEMES] = { 20, 32, 32, 32, 32 };

	for (size_t i = 0; i < n->digests; i++) {
		const uint32_t scheme = n->digest[i].scheme;
		if (scheme >= MAX_SCHEMES) return err_fail(ERR_REQUEST, "scheme_digests[%zu]: %u is no scheme", i, scheme);
		if (n->digest[i].digest.n != LENGTH[scheme])
			return err_fail(ERR_REQUEST, "scheme_digests[%zu] has %zu bytes; scheme %u has %zu", i, n->digest[i].digest.n, scheme,
			                LENGTH[scheme]);
		for (size_t j = 0; j < i; j++)
			if (n->digest[j].scheme == scheme) return err_fail(ERR_REQUEST, "scheme_digests: scheme %u stands twice", scheme);
	}
	return OK;
}

static err check_node(const node_info *n)
{
	char host[MAX_HOST + 1], name[CERTS_NAME_MAX + 1];
	unsigned port;

	if (n->mpc_identity.n == 0 || n->mpc_identity.n > CERTS_NAME_MAX)
		return err_fail(ERR_REQUEST, "mpc_identity has %zu characters; 1 to %d are allowed", n->mpc_identity.n, CERTS_NAME_MAX);
	memcpy(name, n->mpc_identity.p, n->mpc_identity.n);
	name[n->mpc_identity.n] = '\0';
	if (!certs_name_ok(name)) return err_fail(ERR_REQUEST, "mpc_identity may have letters, digits, '.', '-' and '_' only");
	if (!endpoint_parse(host, &port, n->external_url))
		return err_fail(ERR_REQUEST, "external_url must have scheme, host and port, as in https://node1.example:50001");
	if (n->has_ca_cert) {
		certs_certificate *ca = NULL;
		TRY(certs_read_ca(&ca, "ca_cert", n->ca_cert));
		certs_certificate_free(&ca);
	}
	return check_digests(n);
}

static err check_numbers(const context_info *c, size_t i)
{
	const node_info *n = &c->node[i];

	if (n->party_id < 1 || n->party_id > c->nodes)
		return err_fail(ERR_REQUEST, "party_id is %u; %zu parties are numbered from 1 to %zu", n->party_id, c->nodes, c->nodes);
	for (size_t j = 0; j < i; j++) {
		if (c->node[j].party_id == n->party_id) return err_fail(ERR_REQUEST, "party_id %u stands twice", n->party_id);
		if (slice_eq_var(c->node[j].mpc_identity, n->mpc_identity))
			return err_fail(ERR_REQUEST, "mpc_identity is that of party %u, too", c->node[j].party_id);
	}
	return OK;
}

err context_check(const context_info *c)
{
	const unsigned n = (unsigned)c->nodes, t = c->threshold;

	for (size_t i = 0; i < c->nodes; i++) {
		err e = check_node(&c->node[i]);
		if (e == OK) e = check_numbers(c, i);
		if (e == OK) continue;
		err_context("mpc_nodes[%zu]: ", i);
		return e == ERR_NOMEM ? e : ERR_REQUEST;
	}
	if (c->nodes <= MAX_PARTIES && parties_allowed(n, t)) return OK;
	if (t == 0) return err_fail(ERR_REQUEST, "threshold is 0: then one party could decrypt alone");
	return err_fail(ERR_REQUEST, "threshold is %u with %zu nodes; there must be 3 * threshold + 1 nodes or more, at most %d, and at most "
	                "%d sets of all but threshold of them", t, c->nodes, MAX_PARTIES, MAX_PRSS_SETS);
}

/* ---- from what is stored to what is worked with --------------------------------------------------------------- */

static err copy_text(const char **out, arena *a, slice s)
{
	char *text;

	TRY(arena_new(a, &text, s.n + 1));
	if (s.n) memcpy(text, s.p, s.n);
	*out = text;
	return OK;
}

/* http://host/prefix; without a prefix, as nodes publish. */
static err storage_of(const char **out, arena *a, const node_info *n)
{
	const slice url = n->public_storage_url, prefix = n->has_prefix ? n->public_storage_prefix : slice_str("PUB");
	AUTO(buf) text = { 0 };

	if (url.n) {
		buf_put_slice(&text, url);
		while (text.n && text.p[text.n - 1] == '/') text.n--;
		if (prefix.n) buf_put_u8(&text, '/');
		buf_put_slice(&text, prefix);
	}
	return copy_text(out, a, buf_slice(&text));
}

static err fill_member(member *m, arena *a, const node_info *n)
{
	char host[MAX_HOST + 1];
	const char *pem = NULL;

	m->id = (party)n->party_id;
	TRY(copy_text(&m->identity, a, n->mpc_identity));
	if (!endpoint_parse(host, &m->port, n->external_url)) return err_fail(ERR_REQUEST, "a node has no external_url");
	TRY(copy_text(&m->host, a, slice_str(host)));
	TRY(copy_text(&pem, a, n->ca_cert));
	m->ca_pem = slice_of(pem, n->ca_cert.n);
	m->has_signer = node_info_address(&m->signer, n);
	return storage_of(&m->storage, a, n);
}

/* A context that was checked, without this node's number in it. */
static err known_new(known_context **out, const context_info *info)
{
	known_context *k = calloc(1, sizeof *k);
	member *list;

	if (!k) return err_fail(ERR_NOMEM, "no memory for a context");
	k->memory = arena_with_limit(CONTEXT_ROOM);
	k->context = (mpc_context){ .id = info->id, .makes = info->id, .n = (unsigned)info->nodes, .t = info->threshold };
	err e = arena_new(&k->memory, &list, info->nodes + 1);
	for (size_t i = 0; e == OK && i < info->nodes; i++) e = fill_member(&list[info->node[i].party_id], &k->memory, &info->node[i]);
	if (e != OK) {
		arena_free(&k->memory);
		free(k);
		return e;
	}
	k->context.member = list;
	*out = k;
	return OK;
}

static void known_free(known_context *k)
{
	if (!k) return;
	arena_free(&k->memory);
	free(k);
}

/* The node whose signer is ours is this node. */
static party find_me(const contexts *k, const mpc_context *c)
{
	for (party i = 1; i <= c->n; i++)
		if (c->member[i].has_signer && eth_address_eq_var(c->member[i].signer, k->signer)) return i;
	return 0;
}

static err check_name(const contexts *k, const mpc_context *c)
{
	if (c->me == 0 || !strcmp(c->member[c->me].identity, k->name)) return OK;
	return err_fail(ERR_REQUEST, "this node is party %u, called %s, but its certificate is for %s", c->me, c->member[c->me].identity,
	                k->name);
}

/* ---- the default one -------------------------------------------------------------------------------------------- */

typedef struct configured {
	node_info node[MAX_PARTIES];
	buf url[MAX_PARTIES], ca[MAX_PARTIES];
} configured;

static err lay_out_peer(configured *x, size_t i, const peer_config *p)
{
	const bool v6 = strchr(p->address, ':');

	buf_printf(&x->url[i], "https://%s%s%s:%jd", v6 ? "[" : "", p->address, v6 ? "]" : "", (intmax_t)p->port);
	TRY(pem_config_read(&x->ca[i], &p->tls_cert, "threshold.peers: tls_cert"));
	x->node[i] = (node_info){ .mpc_identity = slice_str(peer_identity(p)), .external_url = buf_slice(&x->url[i]),
	                          .public_storage_url = slice_str(p->public_storage_url), .party_id = (uint32_t)p->party_id,
	                          .has_ca_cert = true, .ca_cert = buf_slice(&x->ca[i]) };
	return OK;
}

/* my_id, or the peer with the name that stands in this node's certificate. */
static err find_me_by_name(party *out, const contexts *k, const mpc_context *c, int64_t my_id)
{
	*out = (party)my_id;
	for (party i = 1; *out == 0 && i <= c->n; i++)
		if (!strcmp(c->member[i].identity, k->name)) *out = i;
	if (*out) return OK;
	return err_fail(ERR_REQUEST, "no peer is called %s, as this node's certificate is; set mpc_identity or threshold.my_id", k->name);
}

static err make_default(known_context **out, const contexts *k, const node_config *c)
{
	configured *x = calloc(1, sizeof *x);
	context_info info = { .id = ID_DEFAULT_CONTEXT, .threshold = (uint32_t)c->threshold.threshold, .nodes = peers_count(c) };
	known_context *made = NULL;
	err e = x ? OK : err_fail(ERR_NOMEM, "no memory for the default context");

	for (size_t i = 0; e == OK && i < info.nodes; i++) e = lay_out_peer(x, i, peer_at(c, i));
	if (e == OK) {
		info.node = x->node;
		e = context_check(&info);
	}
	if (e == OK) e = known_new(&made, &info);
	if (e == OK) e = find_me_by_name(&made->context.me, k, &made->context, c->threshold.my_id);
	if (e == OK) e = check_name(k, &made->context);
	for (size_t i = 0; x && i < MAX_PARTIES; i++) buf_free(&x->url[i]), buf_free(&x->ca[i]);
	free(x);
	if (e != OK) {
		known_free(made);
		err_context("threshold.peers: ");
		return e;
	}
	made->context.configured = true;
	*out = made;
	return OK;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

static void join(contexts *k, known_context *c)
{
	c->next = k->first;
	k->first = c;
}

static known_context *find(const contexts *k, const id32 *id)
{
	known_context *c = k->first;
	while (c && (c->gone || !id_eq_var(&c->context.id, id))) c = c->next;
	return c;
}

static err load_one(contexts *k, const id32 *id)
{
	arena a = arena_with_limit(CONTEXT_ROOM);
	known_context *c = NULL;
	context_info info;
	buf file = { 0 };

	err e = vault_get_private(&file, k->vault, PRIV_CONTEXT, NULL, id, MAX_CONTEXT_FILE);
	if (e == OK) e = context_info_read(&info, &a, buf_slice(&file));
	if (e == OK && !id_eq_var(&info.id, id)) e = err_fail(ERR_STATE, "the stored file belongs to another context");
	if (e == OK) e = context_check(&info);
	if (e == OK) e = known_new(&c, &info);
	if (e == OK) {
		c->context.me = find_me(k, &c->context);
		join(k, c);
	}
	buf_free(&file);
	arena_free(&a);
	if (e == OK) return OK;

	char text[ID_TEXT];
	id_text(text, id);
	err_context("context %s: ", text);
	return e == ERR_IO || e == ERR_NOMEM ? e : ERR_STATE;
}

static err load_all(contexts *k, const node_config *c)
{
	id32 *id = NULL;
	size_t ids = 0;
	known_context *made;

	err e = vault_list_private(&id, &ids, k->vault, PRIV_CONTEXT, NULL);
	for (size_t i = 0; e == OK && i < ids; i++) e = load_one(k, &id[i]);
	free(id);
	TRY(e);
	if (peers_count(c) == 0) return OK;
	if (find(k, &ID_DEFAULT_CONTEXT))
		return err_fail(ERR_STATE, "the default context is in the vault and in threshold.peers; take the peers out of the configuration");
	TRY(make_default(&made, k, c));
	join(k, made);
	return OK;
}

err contexts_open(contexts **out, vault *v, const node_config *c, const own_identity *own)
{
	contexts *k = calloc(1, sizeof *k);

	if (!k) return err_fail(ERR_NOMEM, "no memory for the contexts");
	pthread_mutex_init(&k->lock, NULL);
	k->vault = v;
	k->signer = own->signer;
	snprintf(k->name, sizeof k->name, "%s", own->name);
	err e = load_all(k, c);
	if (e != OK) {
		contexts_free(&k);
		return e;
	}
	*out = k;
	return OK;
}

void contexts_free(contexts **kp)
{
	contexts *k = *kp;
	if (!k) return;
	for (known_context *c = k->first, *next; c; c = next) {
		next = c->next;
		known_free(c);
	}
	pthread_mutex_destroy(&k->lock);
	free(k);
	*kp = NULL;
}

static err not_found(const id32 *id)
{
	char text[ID_TEXT];

	id_text(text, id);
	return err_fail(ERR_NOT_FOUND, "context_id: there is no context %s", text);
}

err contexts_find(const mpc_context **out, contexts *k, const id32 *id)
{
	pthread_mutex_lock(&k->lock);
	const known_context *c = find(k, id);
	pthread_mutex_unlock(&k->lock);
	if (!c) return not_found(id);
	*out = &c->context;
	return OK;
}

void contexts_each(contexts *k, bool (*each)(void *, const mpc_context *), void *ctx)
{
	pthread_mutex_lock(&k->lock);
	const known_context *c = k->first;
	pthread_mutex_unlock(&k->lock);
	/* Contexts join in front, and none is freed. */
	for (bool on = true; on && c; c = c->next)
		if (!__atomic_load_n(&c->gone, __ATOMIC_ACQUIRE)) on = each(ctx, &c->context);
}

size_t contexts_count(contexts *k)
{
	size_t n = 0;

	pthread_mutex_lock(&k->lock);
	for (const known_context *c = k->first; c; c = c->next) n += !c->gone;
	pthread_mutex_unlock(&k->lock);
	return n;
}

static err store(contexts *k, const context_info *info)
{
	char text[ID_TEXT];
	buf file = { 0 };
	bool existed = false;

	context_info_write(&file, info);
	err e = vault_put_private(k->vault, PRIV_CONTEXT, NULL, &info->id, buf_slice(&file), &existed);
	buf_free(&file);
	TRY(e);
	if (!existed) return OK;
	id_text(text, &info->id);
	return err_fail(ERR_EXISTS, "context %s is in the vault already", text);
}

static err add(contexts *k, known_context *c, const context_info *info)
{
	char text[ID_TEXT];

	if (find(k, &info->id)) {
		id_text(text, &info->id);
		return err_fail(ERR_EXISTS, "context %s is there already", text);
	}
	c->context.me = find_me(k, &c->context);
	TRY(check_name(k, &c->context));
	TRY(store(k, info));
	join(k, c);
	return OK;
}

err contexts_add(const mpc_context **out, contexts *k, const context_info *info)
{
	known_context *c;

	TRY(context_check(info));
	TRY(known_new(&c, info));
	pthread_mutex_lock(&k->lock);
	err e = add(k, c, info);
	pthread_mutex_unlock(&k->lock);
	if (e != OK) {
		known_free(c);
		return e;
	}
	*out = &c->context;
	return OK;
}

static err may_remove(const contexts *k, const id32 *id)
{
	const known_context *c = find(k, id);
	size_t others = 0;

	if (!c) return not_found(id);
	for (const known_context *o = k->first; o; o = o->next) others += !o->gone && o != c;
	if (others == 0) return err_fail(ERR_STATE, "this is the only context; there must be one");
	if (c->context.configured)
		return err_fail(ERR_STATE, "this context is made of threshold.peers; take them out of the configuration instead");
	return OK;
}

err contexts_may_remove(contexts *k, const id32 *id)
{
	pthread_mutex_lock(&k->lock);
	err e = may_remove(k, id);
	pthread_mutex_unlock(&k->lock);
	return e;
}

err contexts_remove(contexts *k, const id32 *id)
{
	pthread_mutex_lock(&k->lock);
	err e = may_remove(k, id);
	if (e == OK) e = vault_remove_private(k->vault, PRIV_CONTEXT, NULL, id);
	if (e == OK) __atomic_store_n(&find(k, id)->gone, true, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&k->lock);
	return e;
}
