/* SPDX-License-Identifier: MIT */
/* connector/checks.c -- what the contracts say of requests. */
#include "connector/checks.h"
#include <stdarg.h>
#include <stdlib.h>
#include "base/hex.h"
#include "connector/ask_internal.h"
#include "connector/reads.h"

enum {
	HANDLE_CHAIN = 22, HANDLE_CHAIN_BYTES = 8,
	LAG_MOST = 20, DEPTH = 8, LOOK_MS = 30000, SIGNERS_MS = 60000, AGAIN_MS = 5000, MAX_KNOWN_BUCKETS = 1024,
};

typedef struct bucket_of { eth_address who; char *url; } bucket_of;

struct checks {
	const connector_config *c;
	const clock_source *clock;
	providers  *gateway, *host[CONNECTOR_MAX_CHAINS];
	ask_signers signers;
	int64_t     signers_until_ms;
	coprocessors *attesting;
	int64_t     attesting_until_ms;
	bucket_of   bucket[MAX_KNOWN_BUCKETS];
	size_t      buckets;
};

/* ---- chains ----------------------------------------------------------------------------------------------------- */

static err connect_to_chain(providers **out, char *const *url, size_t n, uint64_t chain_id, int64_t timeout_ms, const clock_source *clock,
                            const atomic_bool *stop)
{
	jrpc *each[MAX_PROVIDERS] = { NULL };
	err e = OK;
	size_t k = 0;

	for (; e == OK && k < n; k++)
		e = jrpc_http_new(&each[k], &(jrpc_http_config){ .url = url[k], .timeout_ms = timeout_ms, .clock = clock, .batch = 100, .stop = stop });
	if (e == OK)
		return providers_new(out, &(providers_config){ .each = each, .n = n, .chain_id = chain_id, .clock = clock, .lag_most = LAG_MOST,
		                                               .depth = DEPTH, .look_ms = n > 1 ? LOOK_MS : 0 });
	while (k--) jrpc_free(&each[k]);
	return e;
}

err checks_new(checks **out, const connector_config *c, const clock_source *clock, const atomic_bool *stop)
{
	checks *k = calloc(1, sizeof *k);
	const int64_t timeout_ms = c->worker.host_timeout;

	if (!k) return err_fail(ERR_NOMEM, "no memory for chains");
	k->c = c;
	k->clock = clock;
	err e = connect_to_chain(&k->gateway, c->gateway_url.item, c->gateway_url.n, (uint64_t)c->gateway_chain_id, timeout_ms, clock, stop);
	for (size_t i = 0; e == OK && i < host_chains(c); i++) {
		char *url = host_chain_at(c, i)->url;
		e = connect_to_chain(&k->host[i], &url, 1, (uint64_t)host_chain_at(c, i)->chain_id, timeout_ms, clock, stop);
	}
	if (e == OK) *out = k;
	else checks_free(&k);
	return e;
}

void checks_free(checks **k)
{
	if (!*k) return;
	providers_free(&(*k)->gateway);
	for (size_t i = 0; i < CONNECTOR_MAX_CHAINS; i++) providers_free(&(*k)->host[i]);
	coprocessors_release(&(*k)->attesting);
	for (size_t i = 0; i < (*k)->buckets; i++) free((*k)->bucket[i].url);
	free(*k);
	*k = NULL;
}

/* ---- one question among many ------------------------------------------------------------------------------------ */

typedef struct probe {
	size_t    item;
	call_read which;
	bool      wanted;                        /* the answer that lets the request pass */
	check_verdict otherwise;
	abi_word  handle;                        /* for the sentence; zero: none */
	eth_address to;
	buf       data;
} probe;

typedef struct round {
	probe    *probe;                         /* of one chain */
	size_t    n;
	eth_call *calls;                         /* as many */
} round;

static err ask_calls(void *ctx, jrpc *r)
{
	round *a = ctx;

	for (size_t i = 0; i < a->n; i++) {
		eth_calls_free(&a->calls[i], 1);
		a->calls[i] = (eth_call){ .to = a->probe[i].to, .data = buf_slice(&a->probe[i].data) };
	}
	return eth_calls(r, a->calls, a->n, eth_tag("latest"));
}

static void say(checked *out, check_verdict verdict, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(checked *out, check_verdict verdict, const char *format, ...)
{
	va_list list;

	if (out->verdict >= verdict) return;                     /* the first of the gravest stays */
	out->verdict = verdict;
	va_start(list, format);
	vsnprintf(out->why, sizeof out->why, format, list);
	va_end(list);
}

static void judge(checked *out, const probe *p, const eth_call *call)
{
	char handle[2 * ABI_WORD + 1];
	bool yes = false;

	hex_write(handle, abi_slice(&p->handle));
	if (call->error.kind != JRPC_OK) {
		say(out, call->error.kind == JRPC_REVERTED ? CHECK_LATER : CHECK_AWAY, "%s cannot be asked: %s", CALL_READS[p->which].signature, call->error.message);
		return;
	}
	if (call_read_bool(&yes, p->which, buf_slice(&call->answer)) != OK) {
		say(out, CHECK_LATER, "%s", err_text());
		err_clear();
		return;
	}
	if (yes == p->wanted) return;
	if (p->otherwise == CHECK_DONE) say(out, CHECK_DONE, "it was answered already");
	else say(out, p->otherwise, "%s says no for 0x%s", CALL_READS[p->which].signature, handle);
}

static err run_round(checked *out, providers *chain, round *a, arena *memory)
{
	if (a->n == 0) return OK;
	TRY(arena_new(memory, &a->calls, a->n));
	const err e = providers_try(chain, ask_calls, a);
	for (size_t i = 0; i < a->n; i++) {
		if (e == OK) judge(&out[a->probe[i].item], &a->probe[i], &a->calls[i]);
		else say(&out[a->probe[i].item], CHECK_AWAY, "the chain cannot be asked: %s", err_text());
	}
	err_clear();
	eth_calls_free(a->calls, a->n);
	return OK;
}

static void round_free(round *a)
{
	for (size_t i = 0; i < a->n; i++) buf_free(&a->probe[i].data);
}

/* ---- which questions -------------------------------------------------------------------------------------------- */

typedef struct plan {
	checks *k;
	checked *out;
	round   gateway, host[CONNECTOR_MAX_CHAINS];
	size_t  most;                            /* questions to one chain */
	bool    away;                            /* the gateway's: each further user would wait as long for nothing */
	arena  *memory;
} plan;

static probe *add(plan *p, round *a, size_t item, call_read which, const eth_address *to, const abi_word *words, size_t n)
{
	ASSERT(a->n < p->most);
	if (!a->probe && arena_new(p->memory, &a->probe, p->most) != OK) {
		say(&p->out[item], CHECK_LATER, "%s", err_text());
		err_clear();
		return NULL;
	}
	probe *q = &a->probe[a->n++];
	*q = (probe){ .item = item, .which = which, .wanted = true, .otherwise = CHECK_LATER, .to = *to };
	call_read_put(&q->data, which, words, n);
	return q;
}

/* The chain that a handle names, if it is configured. */
static bool chain_of(const checks *k, size_t *chain, const abi_word *handle)
{
	uint64_t id = 0;

	for (size_t i = 0; i < HANDLE_CHAIN_BYTES; i++) id = id << 8 | handle->b[HANDLE_CHAIN + i];
	for (*chain = 0; *chain < host_chains(k->c); ++*chain)
		if ((uint64_t)host_chain_at(k->c, *chain)->chain_id == id) return true;
	return false;
}

static void ask_acl(plan *p, size_t item, call_read which, const abi_word *words, size_t n, const abi_word *handle)
{
	size_t chain;

	if (!chain_of(p->k, &chain, handle)) {
		say(&p->out[item], CHECK_LATER, "a handle is of a chain that host_chains does not name");
		return;
	}
	probe *q = add(p, &p->host[chain], item, which, &host_chain_at(p->k->c, chain)->acl, words, n);
	if (q) q->handle = *handle;
}

static void plan_public(plan *p, size_t item, const queue_item *it, const abi_word *handles, size_t n)
{
	abi_word id;

	memcpy(id.b, it->id.b, sizeof id.b);
	probe *q = add(p, &p->gateway, item, READ_DECRYPTION_DONE, &p->k->c->decryption.address, &id, 1);
	if (q) q->wanted = false, q->otherwise = CHECK_DONE;
	for (size_t i = 0; i < n; i++) ask_acl(p, item, READ_ALLOWED_FOR_DECRYPTION, &handles[i], 1, &handles[i]);
}

typedef struct looking { const hash32 *tx; eth_tx *out; bool *found; arena *memory; } looking;

static err look(void *ctx, jrpc *r)
{
	looking *l = ctx;
	return eth_get_tx(r, l->out, l->found, l->memory, l->tx);
}

static void allowed(plan *p, size_t item, const abi_word *handle, const eth_address *who)
{
	const abi_word words[] = { *handle, abi_address(who) };
	ask_acl(p, item, READ_ALLOWED, words, COUNT(words), handle);
}

/* Which contract goes with each handle stands in the transaction only. */
static void plan_user(plan *p, size_t item, const queue_item *it, const abi_word *handles, size_t n)
{
	call_user_request asked;
	eth_tx tx = { 0 };
	bool found = false;
	looking l = { &it->place.tx_hash, &tx, &found, p->memory };
	checked *out = &p->out[item];

	if (p->away) {
		say(out, CHECK_AWAY, "the chain cannot be asked");
		return;
	}
	err e = providers_try(p->k->gateway, look, &l);
	p->away = e == ERR_IO;
	if (e != OK || !found) {
		say(out, e != OK ? CHECK_AWAY : CHECK_LATER, "the transaction that asked for it is not to be had: %s", e != OK ? err_text() : "the chain does not know it");
		err_clear();
		return;
	}
	if (call_user_request_read(&asked, p->memory, tx.input) != OK) {
		say(out, CHECK_NEVER, "the transaction that asked for it is no request for a user: %s", err_text());
		err_clear();
		return;
	}
	/* Calldata of any other contract say nothing: it may have asked the gateway's for another user than they name. */
	if (tx.creates || !eth_address_eq_var(tx.to, p->k->c->decryption.address)) {
		say(out, CHECK_NEVER, "the transaction that asked for it is not to the contract of decryptions");
		return;
	}
	if (it->user.n != sizeof asked.user || memcmp(it->user.p, asked.user.b, sizeof asked.user)) {
		say(out, CHECK_NEVER, "the transaction that asked for it is for another user");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const call_pair *pair = NULL;
		for (size_t j = 0; j < asked.n && !pair; j++)
			if (abi_eq_var(&asked.pair[j].handle, &handles[i])) pair = &asked.pair[j];
		if (!pair) {
			say(out, CHECK_NEVER, "the transaction that asked for it names other handles");
			return;
		}
		allowed(p, item, &handles[i], asked.delegated ? &asked.delegator : &asked.user);
		allowed(p, item, &handles[i], &pair->contract);
		if (!asked.delegated) continue;
		const abi_word words[] = { abi_address(&asked.delegator), abi_address(&asked.user), abi_address(&pair->contract), handles[i] };
		ask_acl(p, item, READ_DELEGATED, words, COUNT(words), &handles[i]);
	}
}

/* A public request asks the gateway once and the ACL once for each handle, a user's three times for each. */
static size_t questions(const queue_item *items, size_t n)
{
	size_t all = n;

	for (size_t i = 0; i < n; i++) all += 3 * (items[i].materials.n ? items[i].materials.n : items[i].handles.n);
	return all;
}

err checks_run(checks *k, checked *out, const queue_item *items, size_t n)
{
	const size_t most = questions(items, n), transactions = 4 << 20;       /* users' calldata */
	arena memory = arena_with_limit((1 + host_chains(k->c)) * most * (sizeof(probe) + sizeof(eth_call)) +
	                                MAX_ITEM_LIST * sizeof(abi_word) + n * transactions + 4096);
	plan p = { .k = k, .out = out, .most = most, .memory = &memory };
	abi_word *handles = NULL;
	err e = arena_new(&memory, &handles, MAX_ITEM_LIST);

	for (size_t i = 0; e == OK && i < n; i++) {
		size_t count = 0;
		out[i] = (checked){ .verdict = CHECK_GO };
		if (!queue_is_decryption(items[i].kind)) continue;
		if (ask_handles(handles, &count, &items[i]) != OK) {
			say(&out[i], CHECK_NEVER, "%s", err_text());
			err_clear();
		} else if (items[i].kind == QUEUE_PUBLIC_DECRYPTION) plan_public(&p, i, &items[i], handles, count);
		else plan_user(&p, i, &items[i], handles, count);
	}
	if (e == OK) e = run_round(out, k->gateway, &p.gateway, &memory);
	for (size_t c = 0; e == OK && c < host_chains(k->c); c++) e = run_round(out, k->host[c], &p.host[c], &memory);
	round_free(&p.gateway);
	for (size_t c = 0; c < host_chains(k->c); c++) round_free(&p.host[c]);
	arena_free(&memory);
	return e;
}

/* ---- signers and buckets ---------------------------------------------------------------------------------------- */

static err read_config(checks *k, chain_read *x, call_read which, const abi_word *words, size_t n)
{
	chain_read_set(x, &k->c->gateway_config.address, which, words, n);
	return chain_reads(k->gateway, x, 1, eth_tag("latest"));
}

err checks_signers(checks *k, ask_signers *out)
{
	arena memory = arena_with_limit(1 << 20);
	const eth_address *list = NULL;
	chain_read x = { 0 };
	size_t n = 0;
	err e = OK;

	if (clock_now_ms(k->clock) >= k->signers_until_ms) {
		e = read_config(k, &x, READ_KMS_SIGNERS, NULL, 0);
		if (e == OK) e = call_read_addresses(&list, &n, &memory, READ_KMS_SIGNERS, buf_slice(&x.answer));
		if (e == OK && (n == 0 || n > MAX_ASK_SIGNERS)) e = err_fail(ERR_STATE, "the gateway's configuration names %zu signers of the KMS", n);
		if (e == OK) {
			memcpy(k->signers.address, list, n * sizeof *list);
			k->signers.n = n;
			k->signers_until_ms = clock_now_ms(k->clock) + SIGNERS_MS;
		}
		chain_reads_free(&x, 1);
		arena_free(&memory);
	}
	if (e != OK && k->signers.n) {                           /* the others are not held up by a chain that is away */
		k->signers_until_ms = clock_now_ms(k->clock) + AGAIN_MS;
		err_clear(), e = OK;
	}
	*out = k->signers;
	return e;
}

err checks_coprocessors(checks *k, coprocessors **out)
{
	coprocessors *fresh = NULL;
	err e = OK;

	if (clock_now_ms(k->clock) >= k->attesting_until_ms) {
		e = coprocessors_load(&fresh, k->gateway, &k->c->gateway_config.address);
		k->attesting_until_ms = clock_now_ms(k->clock) + (e == OK ? k->c->worker.registry_refresh : AGAIN_MS);
		if (e == OK || e == ERR_STATE) {
			coprocessors_release(&k->attesting);
			k->attesting = fresh;
		}
	}
	if (!k->attesting) return e != OK ? e : err_fail(ERR_STATE, "the coprocessors could not be read a moment ago");
	err_clear();
	*out = coprocessors_hold(k->attesting);
	return OK;
}

static err bucket_of_one(checks *k, const char **url, const eth_address *who)
{
	const abi_word word = abi_address(who);
	call_party party;
	chain_read x = { 0 };

	for (size_t i = 0; i < k->buckets; i++)
		if (eth_address_eq_var(k->bucket[i].who, *who)) return *url = k->bucket[i].url, OK;
	err e = k->buckets < MAX_KNOWN_BUCKETS ? OK : err_fail(ERR_EXHAUSTED, "there are more than %d coprocessors", MAX_KNOWN_BUCKETS);
	if (e == OK) e = read_config(k, &x, READ_COPROCESSOR, &word, 1);
	if (e == OK) e = call_read_party(&party, READ_COPROCESSOR, buf_slice(&x.answer));
	if (e == OK) {
		char *copy = strndup((const char *)party.url.p, party.url.n);
		if (!copy) e = err_fail(ERR_NOMEM, "no memory for a bucket's URL");
		else k->bucket[k->buckets++] = (bucket_of){ *who, copy }, *url = copy;
	}
	chain_reads_free(&x, 1);
	return e;
}

err checks_buckets(checks *k, const char **url, size_t *n, const queue_material *m)
{
	const size_t room = *n;
	err last = OK;

	*n = 0;
	for (size_t i = 0; i + sizeof(eth_address) <= m->coprocessors.n && *n < room; i += sizeof(eth_address)) {
		const char *one = NULL;
		eth_address who;
		memcpy(who.b, m->coprocessors.p + i, sizeof who.b);
		const err e = bucket_of_one(k, &one, &who);
		if (e != OK) last = e;
		else if (one[0]) url[(*n)++] = one;
	}
	if (*n) err_clear(), last = OK;
	return last;
}
