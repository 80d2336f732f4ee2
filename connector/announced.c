/* SPDX-License-Identifier: MIT */
/* connector/announced.c -- the event of the context before stands in the block that the contract names. */
#include "connector/announced.h"
#include <stdlib.h>
#include "evm/kms_context.h"

enum { ANNOUNCED_ROOM = 16 << 20 };

typedef struct anchor { uint64_t block; abi_word hash; } anchor;

static err not_yet(const id32 *context, const char *what)
{
	char id[ID_TEXT];

	id_text(id, context);
	return err_fail(ERR_IO, "%s context %s", what, id);
}

/* Of all, from one provider. */
static err read_anchors(anchor *out, providers *host, const eth_address *contract, const id32 *const *context, size_t n)
{
	chain_read read[2] = { 0 };

	ASSERT(n <= COUNT(read));
	for (size_t i = 0; i < n; i++) {
		abi_word w;
		memcpy(w.b, context[i]->b, sizeof w.b);
		chain_read_set(&read[i], contract, READ_CONTEXT_ANCHOR, &w, 1);
	}
	err e = chain_reads(host, read, n, eth_tag("finalized"));
	for (size_t i = 0; e == OK && i < n; i++) {
		abi_word words[2];
		e = call_read_words(words, 2, READ_CONTEXT_ANCHOR, buf_slice(&read[i].answer));
		if (e == OK && (!abi_fits_u64(&out[i].block, &words[0]) || out[i].block == 0))
			e = not_yet(context[i], "ProtocolConfig does not know, or not yet,");
		out[i].hash = words[1];
	}
	chain_reads_free(read, n);
	return e;
}

static bool kept(const anchor *at, const kms_context *c)
{
	return memcmp(at->hash.b, c->anchor.b, sizeof c->anchor.b) == 0;
}

/* ---- one of which nothing is known here but its id --------------------------------------------------------------- */

typedef struct search {
	arena      *memory;
	const eth_address *contract;
	const id32 *context;
	uint64_t    block;
	kms_context found;                       /* out */
	bool        there;
} search;

static const kms_event_row *row_of_contexts(void)
{
	size_t i = 0;
	while (KMS_EVENTS[i].kind != KMS_NEW_CONTEXT) i++;
	return &KMS_EVENTS[i];
}

static err look(void *ctx, jrpc *r)
{
	const kms_event_row *row = row_of_contexts();
	search *s = ctx;
	eth_range range;
	hash32 topic;

	memcpy(topic.b, row->topic, sizeof topic.b);
	const eth_filter filter = { s->contract, 1, &topic, 1 };
	TRY(eth_get_range(r, &range, s->memory, &filter, s->block, s->block));
	for (size_t i = 0; i < range.logs && !s->there; i++) {
		kms_event *e;
		TRY(arena_new(s->memory, &e, 1));
		TRY(kms_event_read(e, s->memory, row, &range.log[i]));
		s->there = id_eq_var(&e->id, s->context);
		s->found = e->context;
	}
	return OK;
}

static err find(kms_context *out, announced *m, providers *host, const eth_address *contract, const id32 *context, const anchor *at)
{
	search s = { .memory = &m->memory, .contract = contract, .context = context, .block = at->block };

	TRY(providers_try(host, look, &s));
	if (!s.there || !kept(at, &s.found)) return not_yet(context, "the provider has not, in the block that ProtocolConfig names, the event of");
	*out = s.found;
	return OK;
}

/* ---- both ------------------------------------------------------------------------------------------------------- */

static err load_new(announced *m, providers *host, const eth_address *contract, const queue_item *item)
{
	const id32 *const both[2] = { &item->id, &item->previous_context_id };
	anchor at[2];

	m->is = (kms_context){ .id = item->id, .previous = item->previous_context_id };
	TRY(kms_context_read(&m->is, &m->memory, item->node_params, item->thresholds, item->software_version, item->pcr_values));
	TRY(read_anchors(at, host, contract, both, 2));
	if (!kept(&at[0], &m->is))
		return err_fail(ERR_REQUEST, "ProtocolConfig keeps the hash of another context under its id: what stands in the database was not announced");
	return find(&m->before, m, host, contract, both[1], &at[1]);
}

static err load_of_epoch(announced *m, providers *host, const eth_address *contract, const queue_item *item)
{
	const id32 *const context = &item->context_id;
	anchor at;

	TRY(read_anchors(&at, host, contract, &context, 1));
	return find(&m->is, m, host, contract, context, &at);
}

err announced_load(announced **out, providers *host, const eth_address *protocol_config, const queue_item *item)
{
	announced *m = calloc(1, sizeof *m);

	if (!m) return err_fail(ERR_NOMEM, "no memory for a context");
	m->memory = arena_with_limit(ANNOUNCED_ROOM);
	const bool new = item->kind == QUEUE_NEW_CONTEXT;
	const err e = new ? load_new(m, host, protocol_config, item) : load_of_epoch(m, host, protocol_config, item);
	if (e == OK) *out = m;
	else announced_free(&m);
	return e;
}

void announced_free(announced **m)
{
	if (!*m) return;
	arena_free(&(*m)->memory);
	free(*m);
	*m = NULL;
}
