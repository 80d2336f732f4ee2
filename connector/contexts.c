/* SPDX-License-Identifier: MIT */
/* connector/contexts.c -- which contexts and epochs there are. */
#include "connector/contexts.h"
#include <stdlib.h>
#include "connector/checks_internal.h"
#include "evm/kms_context.h"

/* A context alone, or an epoch with its context. */
typedef struct known { kms_named named; bool destroyed; int64_t until_ms; uint64_t used; } known;

struct contexts {
	providers   *chain;
	eth_address  contract;
	const clock_source *clock;
	known        known[CONTEXTS_KNOWN];
	uint64_t     turn;
};

err contexts_new(contexts **out, providers *chain, const eth_address *protocol_config, const clock_source *clock)
{
	contexts *k = calloc(1, sizeof *k);

	if (!k) return err_fail(ERR_NOMEM, "no memory for contexts");
	k->chain = chain;
	k->contract = *protocol_config;
	k->clock = clock;
	*out = k;
	return OK;
}

void contexts_free(contexts **k)
{
	free(*k);
	*k = NULL;
}

/* ---- what is known ---------------------------------------------------------------------------------------------- */

static bool same(const kms_named *a, const kms_named *b)
{
	return a->context == b->context && a->epoch == b->epoch && id_eq_var(&a->context_id, &b->context_id) && id_eq_var(&a->epoch_id, &b->epoch_id);
}

static known *find(contexts *k, const kms_named *named)
{
	for (size_t i = 0; i < CONTEXTS_KNOWN; i++)
		if (k->known[i].used && same(&k->known[i].named, named)) return &k->known[i];
	return NULL;
}

/* The one that was not asked for the longest makes room; what is free was never asked for. */
static known *place_for(contexts *k, const kms_named *named)
{
	known *at = find(k, named), *longest = &k->known[0];

	for (size_t i = 1; i < CONTEXTS_KNOWN; i++)
		if (k->known[i].used < longest->used) longest = &k->known[i];
	if (!at) at = longest;
	*at = (known){ .named = *named, .used = ++k->turn };
	return at;
}

/* A destroyed context takes its epochs with it; an epoch's event does not say of which context it was. */
static void destroy(contexts *k, queue_kind kind, const id32 *id)
{
	const bool context = kind == QUEUE_CONTEXT_DESTROYED;
	kms_named named = { .context = context, .epoch = !context };

	*(context ? &named.context_id : &named.epoch_id) = *id;

	for (size_t i = 0; i < CONTEXTS_KNOWN; i++) {
		known *one = &k->known[i];
		if (id_eq_var(context ? &one->named.context_id : &one->named.epoch_id, id)) one->used = 0;
	}
	place_for(k, &named)->destroyed = true;
}

static bool is_destroyed(contexts *k, const kms_named *named)
{
	const kms_named context = { .context = true, .context_id = named->context_id }, epoch = { .epoch = true, .epoch_id = named->epoch_id };
	known *at = find(k, &context);

	if (!(at && at->destroyed)) at = named->epoch ? find(k, &epoch) : NULL;
	if (!at || !at->destroyed) return false;
	at->used = ++k->turn;
	return true;
}

static bool is_believed(contexts *k, const kms_named *named)
{
	known *at = find(k, named);

	if (!at || at->until_ms <= clock_now_ms(k->clock)) return false;
	at->used = ++k->turn;
	return true;
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

/* Those of a batch that must be asked for, each once; and which item waits for which. */
typedef struct inquiry { kms_named *named; size_t *of; chain_read *read; size_t n; bool *asked; } inquiry;

static void add(inquiry *q, size_t item, const kms_named *named)
{
	size_t i = 0;

	while (i < q->n && !same(&q->named[i], named)) i++;
	if (i == q->n) q->named[q->n++] = *named;
	q->of[item] = i;
	q->asked[item] = true;
}

/* isValidEpochForContext is no for an invalid context, too. */
static err ask_at(bool *yes, contexts *k, inquiry *q, eth_at at)
{
	for (size_t i = 0; i < q->n; i++) {
		const kms_named *named = &q->named[i];
		abi_word words[2];
		memcpy(words[0].b, named->context_id.b, sizeof words[0].b);
		memcpy(words[1].b, named->epoch_id.b, sizeof words[1].b);
		chain_read_set(&q->read[i], &k->contract, named->epoch ? READ_EPOCH_VALID : READ_CONTEXT_VALID, words, named->epoch ? 2 : 1);
	}
	err e = chain_reads(k->chain, q->read, q->n, at);
	for (size_t i = 0; e == OK && i < q->n; i++) e = call_read_bool(&yes[i], q->read[i].which, buf_slice(&q->read[i].answer));
	chain_reads_free(q->read, q->n);
	return e;
}

/* Only what is final is believed; of the rest it is worth knowing what will be. */
static err ask(bool *yes, bool *soon, contexts *k, inquiry *q)
{
	bool all = true;

	TRY(ask_at(yes, k, q, eth_tag("finalized")));
	for (size_t i = 0; i < q->n; i++) {
		all &= yes[i];
		if (yes[i]) place_for(k, &q->named[i])->until_ms = clock_now_ms(k->clock) + CONTEXTS_BELIEVED_MS;
	}
	return all ? OK : ask_at(soon, k, q, eth_tag("latest"));
}

static void refuse(checked *out, const kms_named *named, check_verdict verdict, const char *how)
{
	char context[ID_TEXT], epoch[ID_TEXT];

	id_text(context, &named->context_id);
	id_text(epoch, &named->epoch_id);
	checks_say(out, CHECK_KMS_CONTEXT, verdict, "its extra data name context %s%s%s, which %s", context, named->epoch ? " and epoch " : "",
	           named->epoch ? epoch : "", how);
}

/* What can be said without the chain; what cannot is in the inquiry afterwards. */
static void look(contexts *k, inquiry *q, checked *out, const queue_item *item, size_t i)
{
	kms_named named;

	if (kms_extra_read(&named, item->extra_data) != OK) {
		checks_say(out, CHECK_KMS_CONTEXT, CHECK_NEVER, "%s", err_text());
		err_clear();
	} else if (is_destroyed(k, &named)) refuse(out, &named, CHECK_NEVER, "was destroyed");
	else if (named.context && !is_believed(k, &named)) add(q, i, &named);
}

static err check(contexts *k, arena *memory, checked *out, const queue_item *items, size_t n)
{
	inquiry q = { 0 };
	bool *yes = NULL, *soon = NULL;

	TRY(arena_new(memory, &q.named, n));
	TRY(arena_new(memory, &q.of, n));
	TRY(arena_new(memory, &q.read, n));
	TRY(arena_new(memory, &q.asked, n));
	TRY(arena_new(memory, &yes, n));
	TRY(arena_new(memory, &soon, n));
	for (size_t i = 0; i < n; i++) look(k, &q, &out[i], &items[i], i);
	if (q.n == 0) return OK;
	const err e = ask(yes, soon, k, &q);
	for (size_t i = 0; i < n; i++) {
		if (!q.asked[i]) continue;
		if (e != OK) checks_say(&out[i], CHECK_NETWORK, CHECK_AWAY, "the host chain cannot be asked for contexts: %s", err_text());
		else if (!yes[q.of[i]] && soon[q.of[i]]) refuse(&out[i], &q.named[q.of[i]], CHECK_AWAY, "ProtocolConfig knows, but not in a final block yet");
		else if (!yes[q.of[i]]) refuse(&out[i], &q.named[q.of[i]], CHECK_LATER, "ProtocolConfig does not know, or not yet");
	}
	err_clear();
	return OK;
}

err contexts_check(contexts *k, checked *out, const queue_item *items, size_t n)
{
	arena memory = arena_with_limit(n * (sizeof(kms_named) + sizeof(size_t) + sizeof(chain_read) + 3 * sizeof(bool)) + 1024);

	for (size_t i = 0; i < n; i++)
		if (items[i].kind == QUEUE_CONTEXT_DESTROYED || items[i].kind == QUEUE_EPOCH_DESTROYED) destroy(k, items[i].kind, &items[i].id);
	const err e = n ? check(k, &memory, out, items, n) : OK;
	arena_free(&memory);
	return e;
}
