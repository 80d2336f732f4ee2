/* SPDX-License-Identifier: MIT */
/* evm/providers.c -- two passes over the list: those that nothing speaks against, then those that are better than none. */
#include "evm/providers.h"
#include <inttypes.h>
#include <stdlib.h>
#include "base/hex.h"

typedef struct provider {
	jrpc    *rpc;
	provider_state state;
	bool     known;                      /* its chain was asked for */
	int64_t  aside_until_ms;
	unsigned failures;                   /* in a row */
	uint64_t head;
	char     reason[MAX_PROVIDER_REASON];
} provider;

struct providers {
	providers_config config;
	provider one[MAX_PROVIDERS];
	int64_t  look_at_ms;
	bool     split;                      /* no opinion is that of most */
	uint64_t split_at;
};

static const char *const STATES[] = { "good", "aside", "behind", "disagrees", "other chain" };

const char *provider_state_name(provider_state s) { return STATES[s]; }
size_t providers_count(const providers *p) { return p->config.n; }

provider_view providers_view(const providers *p, size_t i)
{
	const provider *v = &p->one[i];
	return (provider_view){ jrpc_name(v->rpc), v->state, v->head, v->reason };
}

err providers_new(providers **out, const providers_config *config)
{
	providers *p = config->n && config->n <= MAX_PROVIDERS ? calloc(1, sizeof *p) : NULL;

	if (!p) {
		for (size_t i = 0; i < config->n; i++) jrpc_free(&config->each[i]);
		return err_fail(ERR_REQUEST, "a chain has from 1 to %d providers, not %zu", MAX_PROVIDERS, config->n);
	}
	p->config = *config;
	for (size_t i = 0; i < config->n; i++) p->one[i].rpc = config->each[i], config->each[i] = NULL;
	p->config.each = NULL;
	*out = p;
	return OK;
}

void providers_free(providers **p)
{
	if (!*p) return;
	for (size_t i = 0; i < (*p)->config.n; i++) jrpc_free(&(*p)->one[i].rpc);
	free(*p);
	*p = NULL;
}

static int64_t now(const providers *p) { return clock_now_ms(p->config.clock); }

/* Takes the present sentence as the reason. */
static void note(provider *v)
{
	snprintf(v->reason, sizeof v->reason, "%s", err_text());
}

static void put_aside(const providers *p, provider *v)
{
	int64_t pause = PROVIDER_ASIDE_MS;

	for (unsigned i = 0; i < v->failures && pause < PROVIDER_ASIDE_MOST_MS; i++) pause *= 2;
	if (jrpc_last(v->rpc)->kind == JRPC_PRUNED) pause = PROVIDER_ASIDE_MOST_MS;      /* that does not pass */
	v->failures++;
	v->state = PROVIDER_ASIDE;
	v->aside_until_ms = now(p) + (pause < PROVIDER_ASIDE_MOST_MS ? pause : PROVIDER_ASIDE_MOST_MS);
	if (jrpc_quiet_until_ms(v->rpc) > v->aside_until_ms) v->aside_until_ms = jrpc_quiet_until_ms(v->rpc);
	note(v);
}

/* Is it worth asking another one? */
static bool others_may_help(jrpc_kind kind)
{
	return kind == JRPC_UNREACHABLE || kind == JRPC_GARBAGE || kind == JRPC_DENIED || kind == JRPC_LIMITED || kind == JRPC_TOO_MUCH ||
	       kind == JRPC_UNSUPPORTED || kind == JRPC_BEHIND || kind == JRPC_PRUNED;
}

/* Is it of our chain at all?  OK once it answered; the state says what. */
static err know(const providers *p, provider *v)
{
	uint64_t id = 0;

	if (v->known) return OK;
	TRY(eth_chain_id(v->rpc, &id));
	v->known = true;
	if (id == p->config.chain_id) return OK;
	v->state = PROVIDER_OTHER_CHAIN;
	snprintf(v->reason, sizeof v->reason, "it is of chain %" PRIu64 " instead of %" PRIu64 ": correct its URL or the chain's id", id,
	         p->config.chain_id);
	return OK;
}

/* ---- comparing -------------------------------------------------------------------------------------------------- */

static bool comparable(const provider *v)
{
	return v->state == PROVIDER_GOOD || v->state == PROVIDER_BEHIND || v->state == PROVIDER_DISAGREES;
}

static void ask_heads(providers *p)
{
	for (size_t i = 0; i < p->config.n; i++) {
		provider *v = &p->one[i];
		if (v->state == PROVIDER_OTHER_CHAIN || (v->state == PROVIDER_ASIDE && v->aside_until_ms > now(p))) continue;
		err e = know(p, v);
		if (e == OK && v->state == PROVIDER_OTHER_CHAIN) continue;
		if (e == OK) e = eth_block_number(v->rpc, &v->head);
		if (e == OK) v->state = PROVIDER_GOOD;
		else put_aside(p, v);
		err_clear();
	}
}

static void find_those_behind(providers *p)
{
	uint64_t best = 0;

	for (size_t i = 0; i < p->config.n; i++)
		if (comparable(&p->one[i]) && p->one[i].head > best) best = p->one[i].head;
	for (size_t i = 0; i < p->config.n; i++) {
		provider *v = &p->one[i];
		if (!comparable(v) || best - v->head <= p->config.lag_most) continue;
		v->state = PROVIDER_BEHIND;
		snprintf(v->reason, sizeof v->reason, "it is %" PRIu64 " blocks behind another provider", best - v->head);
	}
}

/* How many of those that answered call the block so? */
static unsigned votes(const eth_block *block, const bool *found, size_t n, const hash32 *name)
{
	unsigned count = 0;
	for (size_t i = 0; i < n; i++) count += found[i] && hash32_eq_var(block[i].hash, *name);
	return count;
}

static void compare_names(providers *p, const eth_block *block, const bool *found, uint64_t number)
{
	const size_t n = p->config.n;
	unsigned answers = 0, most = 0;

	for (size_t i = 0; i < n; i++) {
		const unsigned same = found[i] ? votes(block, found, n, &block[i].hash) : 0;
		answers += found[i];
		if (same > most) most = same;
	}
	p->split = answers > 0 && 2 * most <= answers;
	p->split_at = number;
	for (size_t i = 0; i < n; i++) {
		provider *v = &p->one[i];
		char name[65];
		if (!found[i] || (!p->split && votes(block, found, n, &block[i].hash) == most)) continue;
		hex_write(name, hash32_slice(&block[i].hash));
		v->state = PROVIDER_DISAGREES;
		snprintf(v->reason, sizeof v->reason, "it calls block %" PRIu64 " 0x%s, and others do not", number, name);
	}
}

static void ask_names(providers *p)
{
	uint64_t lowest = UINT64_MAX;
	eth_block block[MAX_PROVIDERS] = { 0 };
	bool found[MAX_PROVIDERS] = { 0 };

	for (size_t i = 0; i < p->config.n; i++)
		if (p->one[i].state == PROVIDER_GOOD && p->one[i].head < lowest) lowest = p->one[i].head;
	if (lowest == UINT64_MAX) return;
	const uint64_t number = lowest > p->config.depth ? lowest - p->config.depth : 0;
	for (size_t i = 0; i < p->config.n; i++) {
		provider *v = &p->one[i];
		if (v->state != PROVIDER_GOOD) continue;
		if (eth_get_block(v->rpc, &block[i], &found[i], eth_block_at(number)) != OK) {
			found[i] = false;
			put_aside(p, v);
		}
		err_clear();
	}
	compare_names(p, block, found, number);
}

static void look(providers *p)
{
	if (p->config.n < 2 || p->config.look_ms == 0 || now(p) < p->look_at_ms) return;
	ask_heads(p);
	find_those_behind(p);
	ask_names(p);
	p->look_at_ms = now(p) + (p->split && p->config.look_ms > PROVIDER_ASIDE_MS ? PROVIDER_ASIDE_MS : p->config.look_ms);
}

/* ---- working ---------------------------------------------------------------------------------------------------- */

/* first pass: those that nothing speaks against; second: those that are behind, or aside for another moment. */
static bool may_be_asked(const providers *p, const provider *v, bool second)
{
	switch (v->state) {
	case PROVIDER_GOOD: return !second;
	case PROVIDER_ASIDE: return (v->aside_until_ms <= now(p)) == !second && jrpc_quiet_until_ms(v->rpc) <= now(p);
	case PROVIDER_BEHIND: return second;
	case PROVIDER_DISAGREES:
	case PROVIDER_OTHER_CHAIN:
	default: return false;
	}
}

/* True: *e is the outcome.  False: the next one. */
static bool work_with(err *e, providers *p, provider *v, err (*work)(void *ctx, jrpc *r), void *ctx)
{
	jrpc_forget(v->rpc);
	*e = know(p, v);
	if (*e == OK && v->state == PROVIDER_OTHER_CHAIN) {
		*e = err_fail(ERR_REQUEST, "%s cannot be used: %s", jrpc_name(v->rpc), v->reason);
		return false;
	}
	if (*e == OK) *e = work(ctx, v->rpc);
	if (*e == OK) {
		v->failures = 0;
		if (v->state == PROVIDER_ASIDE) v->state = PROVIDER_GOOD;
		return true;
	}
	if (*e == ERR_CANCELLED || !others_may_help(jrpc_last(v->rpc)->kind)) return true;
	put_aside(p, v);
	return false;
}

err providers_try(providers *p, err (*work)(void *ctx, jrpc *r), void *ctx)
{
	err e = OK;

	look(p);
	if (p->split)
		return err_fail(ERR_STATE, "the chain's providers disagree about block %" PRIu64 " and none has most on its side: find out which is "
		                "right, and remove the others", p->split_at);
	bool tried[MAX_PROVIDERS] = { 0 };
	for (int second = 0; second < 2; second++)
		for (size_t i = 0; i < p->config.n; i++) {
			if (tried[i] || !may_be_asked(p, &p->one[i], second)) continue;
			tried[i] = true;
			if (work_with(&e, p, &p->one[i], work, ctx)) return e;
		}
	if (e != OK) return err_at(e, __FILE__, __LINE__);
	const provider *v = &p->one[0];
	return err_fail(ERR_IO, "no provider can be asked at present; the first, %s: %s", jrpc_name(v->rpc), v->reason);
}

err providers_confirm(providers *p, jrpc *by, err (*same)(void *ctx, jrpc *r), void *ctx)
{
	size_t left = p->config.agree ? p->config.agree - 1 : 0;
	const char *against = NULL;
	const provider *why = NULL;
	bool tried[MAX_PROVIDERS] = { 0 };

	for (int second = 0; second < 2; second++)
		for (size_t i = 0; left && i < p->config.n; i++) {
			provider *v = &p->one[i];
			err e = OK;
			if (v->rpc == by || tried[i] || !may_be_asked(p, v, second)) continue;
			tried[i] = true;
			if (!work_with(&e, p, v, same, ctx)) {
				why = why ? why : v;
				continue;
			}
			if (e != OK && e != ERR_STATE) return e;
			if (e == OK) left--;
			else against = jrpc_name(v->rpc);
		}
	err_clear();
	if (left == 0) return OK;
	if (against) return jrpc_doubt(by, "%s says otherwise, and too few say the same", against);
	return err_fail(ERR_IO, "%zu providers must say the same, and %zu of them cannot be asked at present%s%s", p->config.agree, left,
	                why ? "; the first of these, " : "", why ? why->reason : "");
}
