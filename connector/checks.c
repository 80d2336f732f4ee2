/* SPDX-License-Identifier: MIT */
/* connector/checks.c -- what the contracts say of requests. */
#include "connector/checks_internal.h"
#include <stdarg.h>
#include <stdlib.h>
#include "base/hex.h"
#include "connector/ask_internal.h"

enum { SIGNERS_MS = 60000, AGAIN_MS = 5000, TRANSACTION_BYTES = 4 << 20 };

/* ---- chains ----------------------------------------------------------------------------------------------------- */

/* One that has fewer providers than must agree has all of them agree. */
static err connect_host(providers **out, const connector_config *c, const host_chain_config *h, const clock_source *clock, const atomic_bool *stop)
{
	char *const all = strdup(h->url), *url[MAX_PROVIDERS], *rest = NULL;
	size_t n = 0;

	if (!all) return err_fail(ERR_NOMEM, "no memory for chains");
	for (char *one = strtok_r(all, "|", &rest); one && n < COUNT(url); one = strtok_r(NULL, "|", &rest)) url[n++] = one;
	const int64_t agree = c->providers_agree < (int64_t)n ? c->providers_agree : (int64_t)n;
	const err e = chain_connect(out, url, n, agree, h->chain_id, c->worker.host_timeout, clock, stop);
	free(all);
	return e;
}

err checks_new(checks **out, const connector_config *c, const clock_source *clock, const atomic_bool *stop)
{
	checks *k = calloc(1, sizeof *k);
	const int64_t timeout_ms = c->worker.host_timeout;

	if (!k) return err_fail(ERR_NOMEM, "no memory for chains");
	k->c = c;
	k->clock = clock;
	err e = chain_connect(&k->gateway, c->gateway_url.item, c->gateway_url.n, c->providers_agree, c->gateway_chain_id, timeout_ms, clock, stop);
	for (size_t i = 0; e == OK && i < host_chains(c); i++) e = connect_host(&k->host[i], c, host_chain_at(c, i), clock, stop);
	if (e == OK && c->profile->contexts)
		e = chain_connect(&k->ethereum, c->ethereum_url.item, c->ethereum_url.n, c->providers_agree, c->ethereum_chain_id, timeout_ms, clock, stop);
	if (e == OK && c->profile->contexts) e = contexts_new(&k->contexts, k->ethereum, &c->protocol_config.address, clock);
	if (e == OK) *out = k;
	else checks_free(&k);
	return e;
}

void checks_free(checks **k)
{
	if (!*k) return;
	contexts_free(&(*k)->contexts);
	providers_free(&(*k)->gateway);
	providers_free(&(*k)->ethereum);
	for (size_t i = 0; i < CONNECTOR_MAX_CHAINS; i++) providers_free(&(*k)->host[i]);
	coprocessors_release(&(*k)->attesting);
	for (size_t i = 0; i < (*k)->buckets; i++) free((*k)->bucket[i].url);
	free(*k);
	*k = NULL;
}

/* ---- one question among many ------------------------------------------------------------------------------------ */

static err ask_calls(void *ctx, jrpc *r)
{
	round *a = ctx;

	for (size_t i = 0; i < a->n; i++) {
		eth_calls_free(&a->calls[i], 1);
		a->calls[i] = (eth_call){ .to = a->probe[i].to, .data = buf_slice(&a->probe[i].data), .gas = a->probe[i].gas };
	}
	return chain_calls(a->chain, r, a->calls, a->n, eth_tag("latest"));
}

const char *check_type_name(check_type t)
{
	static const char *const NAME[CHECK_TYPES] = { "acl", "signature", "copro_consensus", "kms_context", "network" };
	return NAME[t];
}

void checks_say(checked *out, check_type type, check_verdict verdict, const char *format, ...)
{
	va_list list;

	if (out->verdict >= verdict) return;
	out->verdict = verdict;
	out->type = verdict == CHECK_AWAY ? CHECK_NETWORK : type;
	va_start(list, format);
	vsnprintf(out->why, sizeof out->why, format, list);
	va_end(list);
}

/* Nothing: there is no contract at this address, the user is a person, and the signature not the person's. */
static void judge_signature(checked *out, slice answer)
{
	static const uint8_t VALID[ABI_SELECTOR] = { (uint8_t)(CALL_SIGNATURE_VALID >> 24), CALL_SIGNATURE_VALID >> 16 & 255,
	                                             CALL_SIGNATURE_VALID >> 8 & 255, CALL_SIGNATURE_VALID & 255 };

	if (answer.n == 0) checks_say(out, CHECK_SIGNATURE, CHECK_NEVER, "its signature is not the user's");
	else if (answer.n < ABI_WORD || memcmp(answer.p, VALID, sizeof VALID))
		checks_say(out, CHECK_SIGNATURE, CHECK_LATER, "the user is a contract, which does not take its signature for its own");
}

static void judge_read(checked *out, const probe *p, slice answer)
{
	char handle[2 * ABI_WORD + 1];
	uint64_t number = 0;
	bool yes = false;

	const err e = p->kind == PROBE_NOT_ABOVE ? call_read_u64(&number, p->which, answer) : call_read_bool(&yes, p->which, answer);
	hex_write(handle, abi_slice(&p->handle));
	if (e != OK) {
		checks_say(out, CHECK_ACL, CHECK_LATER, "%s", err_text());
		err_clear();
	} else if (p->kind == PROBE_NOT_ABOVE) {
		if (number > p->limit) checks_say(out, CHECK_SIGNATURE, p->otherwise, "the user has taken back what was signed before %ju, and this begins at %ju",
		                                  (uintmax_t)number, (uintmax_t)p->limit);
	} else if (p->kind == PROBE_ONE_OF) {
		p->one_of->yes |= yes;
	} else if (yes != (p->kind == PROBE_YES)) {
		if (p->otherwise == CHECK_DONE) checks_say(out, CHECK_ACL, CHECK_DONE, "it was answered already");
		else checks_say(out, CHECK_ACL, p->otherwise, "%s says no for 0x%s", CALL_READS[p->which].signature, handle);
	}
}

static void judge(checked *out, const probe *p, const eth_call *call)
{
	const bool refused = call->error.kind == JRPC_REVERTED;

	if (call->error.kind == JRPC_OK) {
		if (p->kind == PROBE_SIGNATURE) judge_signature(out, buf_slice(&call->answer));
		else judge_read(out, p, buf_slice(&call->answer));
	} else if (p->kind == PROBE_ONE_OF) {
		p->one_of->failed |= !refused;               /* another of the contracts may suffice */
	} else if (p->kind == PROBE_SIGNATURE && refused) {
		checks_say(out, CHECK_SIGNATURE, CHECK_LATER, "the user is a contract, which fails at its signature: %s", call->error.message);
	} else checks_say(out, CHECK_ACL, refused ? CHECK_LATER : CHECK_AWAY, "%s cannot be asked: %s", p->kind == PROBE_SIGNATURE ?
	                  "the user's contract" : CALL_READS[p->which].signature, call->error.message);
}

/* Where one of several had to say yes. */
static void judge_group(checked *out, const probe_group *g)
{
	char handle[2 * ABI_WORD + 1];

	hex_write(handle, abi_slice(&g->handle));
	if (g->yes) return;
	if (g->failed) checks_say(out, CHECK_NETWORK, CHECK_AWAY, "what allowed contracts may read cannot be asked");
	else checks_say(out, CHECK_ACL, CHECK_LATER, "none of the allowed contracts may read 0x%s", handle);
}

static err run_round(checked *out, providers *chain, round *a, arena *memory)
{
	if (a->n == 0) return OK;
	TRY(arena_new(memory, &a->calls, a->n));
	a->chain = chain;
	const err e = providers_try(chain, ask_calls, a);
	for (size_t i = 0; i < a->n; i++) {
		if (e == OK) judge(&out[a->probe[i].item], &a->probe[i], &a->calls[i]);
		else if (a->probe[i].one_of) a->probe[i].one_of->failed = true;
		else checks_say(&out[a->probe[i].item], CHECK_NETWORK, CHECK_AWAY, "the chain cannot be asked: %s", err_text());
	}
	err_clear();
	eth_calls_free(a->calls, a->n);
	return OK;
}

static void round_free(round *a)
{
	for (size_t i = 0; i < a->n; i++) buf_free(&a->probe[i].data);
}

/* ---- a batch ---------------------------------------------------------------------------------------------------- */

/* Of these requests, as many as are asked for at once. */
static err run_some(checks *k, checked *out, const queue_item *items, size_t n, size_t most)
{
	arena memory = arena_with_limit((1 + host_chains(k->c)) * most * (sizeof(probe) + sizeof(eth_call)) + most * (2 * sizeof(probe_group) +
	                                sizeof(probe_group *)) + MAX_ITEM_LIST * sizeof(abi_word) + n * TRANSACTION_BYTES + 4096);
	plan p = { .k = k, .out = out, .most = most, .memory = &memory };
	abi_word *handles = NULL;
	err e = arena_new(&memory, &handles, MAX_ITEM_LIST);

	if (e == OK) e = arena_new(&memory, &p.group, most);
	for (size_t i = 0; e == OK && i < n; i++) {
		size_t count = 0;
		if (!queue_is_decryption(items[i].kind)) continue;
		if (ask_handles(handles, &count, &items[i]) == OK) checks_plan(&p, i, &items[i], handles, count);
		else checks_say(&out[i], CHECK_ACL, CHECK_NEVER, "%s", err_text());
		err_clear();
	}
	if (e == OK) e = run_round(out, k->gateway, &p.gateway, &memory);
	for (size_t c = 0; e == OK && c < host_chains(k->c); c++) e = run_round(out, k->host[c], &p.host[c], &memory);
	for (size_t i = 0; e == OK && i < p.groups; i++) judge_group(&out[p.group[i]->item], p.group[i]);
	round_free(&p.gateway);
	for (size_t c = 0; c < host_chains(k->c); c++) round_free(&p.host[c]);
	arena_free(&memory);
	return e;
}

err checks_run(checks *k, checked *out, const queue_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++) out[i] = (checked){ .verdict = CHECK_GO };
	if (k->contexts) TRY(contexts_check(k->contexts, out, items, n));
	for (size_t from = 0; from < n; ) {
		size_t to = from, most = 0;
		while (to < n && (to == from || most + checks_questions(&items[to]) <= MAX_CHECK_QUESTIONS)) most += checks_questions(&items[to++]);
		TRY(run_some(k, out + from, items + from, to - from, most));
		from = to;
	}
	return OK;
}

/* ---- signers and buckets ---------------------------------------------------------------------------------------- */

static err read_config(checks *k, chain_read *x, call_read which, const abi_word *words, size_t n)
{
	chain_read_set(x, &k->c->gateway_config.address, which, words, n);
	return chain_reads(k->gateway, x, 1, eth_tag("latest"));
}

err checks_domains(checks *k)
{
	if (k->domains_right) return OK;
	if (clock_now_ms(k->clock) < k->domains_at_ms) return err_fail(ERR_STATE, "the contracts were asked a moment ago");
	const err e = domains_check(k->gateway, k->ethereum, k->c);
	k->domains_right = e == OK;
	if (e == ERR_STATE) k->domains_at_ms = clock_now_ms(k->clock) + AGAIN_MS;            /* a chain that is away has pauses of its own */
	return e;
}

err checks_signers(checks *k, ask_signers *out)
{
	const int64_t now = clock_now_ms(k->clock);
	arena memory = arena_with_limit(1 << 20);
	const eth_address *list = NULL;
	chain_read x = { 0 };
	size_t n = 0;
	err e = OK;

	if (now >= k->signers_until_ms) {
		k->signers_asked_ms = now;
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

void checks_doubt_signers(checks *k)
{
	const int64_t soon = k->signers_asked_ms + AGAIN_MS;

	if (soon < k->signers_until_ms) k->signers_until_ms = soon;
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

err checks_epoch_material(checks *k, epoch_material **out, const queue_item *item)
{
	uint64_t block = 0;

	if (!k->ethereum || !abi_fits_u64(&block, &item->material_block))
		return err_fail(ERR_REQUEST, "an epoch that was announced nowhere has nothing to take over");
	return epoch_material_load(out, k->ethereum, &k->c->generation.address, block);
}

err checks_announced(checks *k, announced **out, const queue_item *item)
{
	if (!k->ethereum) return err_fail(ERR_REQUEST, "contexts are of contracts that this profile does not serve: set profile = \"v0.15\"");
	return announced_load(out, k->ethereum, &k->c->protocol_config.address, item);
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
