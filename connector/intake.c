/* SPDX-License-Identifier: MIT */
/* connector/intake.c -- from the events of evm/ to the rows of the queues. */
#include "connector/intake.h"
#include "evm/kms_context.h"

#define SAME(event, kind) _Static_assert((int)(event) == (int)(kind), "events and queues are in the same order")
SAME(KMS_PUBLIC_DECRYPTION, QUEUE_PUBLIC_DECRYPTION);
SAME(KMS_USER_DECRYPTION, QUEUE_USER_DECRYPTION);
SAME(KMS_PREP_KEYGEN, QUEUE_PREP_KEYGEN);
SAME(KMS_KEYGEN, QUEUE_KEYGEN);
SAME(KMS_CRSGEN, QUEUE_CRSGEN);
SAME(KMS_PRSS_INIT, QUEUE_PRSS_INIT);
SAME(KMS_KEY_RESHARE, QUEUE_KEY_RESHARE);
SAME(KMS_ABORT_KEYGEN, QUEUE_ABORT_KEYGEN);
SAME(KMS_ABORT_CRSGEN, QUEUE_ABORT_CRSGEN);
SAME(KMS_NEW_CONTEXT, QUEUE_NEW_CONTEXT);
SAME(KMS_NEW_EPOCH, QUEUE_NEW_EPOCH);
SAME(KMS_CONTEXT_DESTROYED, QUEUE_CONTEXT_DESTROYED);
SAME(KMS_EPOCH_DESTROYED, QUEUE_EPOCH_DESTROYED);

static bool looked_for(const intake_chain *c, const kms_event_row *row)
{
	return row->profile == c->profile && c->watched[row->contract];
}

err intake_filter(eth_address **addresses, size_t *n_addresses, hash32 **topics, size_t *n_topics, arena *a, const intake_chain *c)
{
	TRY(arena_new(a, addresses, N_KMS_CONTRACTS));
	TRY(arena_new(a, topics, N_KMS_EVENTS));
	*n_addresses = *n_topics = 0;
	for (unsigned i = 0; i < N_KMS_CONTRACTS; i++)
		if (c->watched[i]) (*addresses)[(*n_addresses)++] = c->contract[i];
	for (size_t i = 0; i < N_KMS_EVENTS; i++)
		if (looked_for(c, &KMS_EVENTS[i])) memcpy((*topics)[(*n_topics)++].b, KMS_EVENTS[i].topic, sizeof KMS_EVENTS[i].topic);
	return OK;
}

uint32_t intake_kinds(const intake_chain *c)
{
	uint32_t kinds = 0;
	for (size_t i = 0; i < N_KMS_EVENTS; i++)
		if (looked_for(c, &KMS_EVENTS[i]) && (int)KMS_EVENTS[i].kind < (int)QUEUE_SEED_REQUESTS) kinds |= UINT32_C(1) << KMS_EVENTS[i].kind;
	return kinds;
}

/* ---- members ---------------------------------------------------------------------------------------------------- */

static slice address_slice(const eth_address *a) { return slice_of(a->b, sizeof a->b); }

/* A copy in the arena of what was gathered in a buffer. */
static err keep(slice *out, arena *a, const buf *b)
{
	uint8_t *p = NULL;

	*out = (slice){ 0 };
	if (b->n == 0) return OK;
	TRY(arena_new(a, &p, b->n));
	memcpy(p, b->p, b->n);
	*out = slice_of(p, b->n);
	return OK;
}

static err new_list(slice **item, store_list *out, arena *a, size_t n)
{
	*item = NULL;
	if (n) TRY(arena_new(a, item, n));
	*out = (store_list){ *item, n };
	return OK;
}

static err put_materials(queue_item *q, arena *a, const kms_decryption *d)
{
	slice *item;

	TRY(new_list(&item, &q->materials, a, d->n));
	for (size_t i = 0; i < d->n; i++) {
		const kms_ciphertext *c = &d->ciphertext[i];
		AUTO(buf) element = { 0 };
		queue_material m = { .handle = c->handle, .coprocessors = slice_of(c->holders, c->n_holders * sizeof *c->holders) };
		memcpy(m.key_id.b, c->key_id.b, sizeof m.key_id.b);
		memcpy(m.digest.b, c->digest.b, sizeof m.digest.b);
		queue_put_material(&element, &m);
		TRY(keep(&item[i], a, &element));
	}
	return OK;
}

static err put_handles(queue_item *q, arena *a, const kms_decryption *d)
{
	slice *handle, *contract, *owner, *allowed;

	TRY(new_list(&handle, &q->handles, a, d->n));
	for (size_t i = 0; i < d->n; i++) handle[i] = abi_slice(&d->ciphertext[i].handle);
	if (d->shape != KMS_SIGNED) return OK;
	TRY(new_list(&contract, &q->contracts, a, d->n));
	TRY(new_list(&owner, &q->owners, a, d->n));
	TRY(new_list(&allowed, &q->allowed_contracts, a, d->n_allowed));
	for (size_t i = 0; i < d->n; i++) {
		contract[i] = address_slice(&d->ciphertext[i].contract);
		owner[i] = address_slice(&d->ciphertext[i].owner);
	}
	for (size_t i = 0; i < d->n_allowed; i++) allowed[i] = address_slice(&d->allowed[i]);
	q->rfc016 = true;
	q->start_s = (int64_t)d->start_s;
	q->duration_s = (int64_t)d->duration_s;
	q->signature = d->signature;
	return OK;
}

static err put_decryption(queue_item *q, arena *a, const kms_event *e)
{
	const kms_decryption *d = &e->decryption;

	q->extra_data = d->extra;
	if (e->kind == KMS_USER_DECRYPTION) {
		q->user = address_slice(&d->user);
		q->public_key = d->public_key;
	}
	return d->shape == KMS_MATERIALS ? put_materials(q, a, d) : put_handles(q, a, d);
}

static void put_generation(queue_item *q, const kms_generation *g)
{
	q->prep_keygen_id = g->prep;
	q->key_id = g->key;
	q->epoch_id = g->epoch;
	q->max_bit_length = g->max_bits;
	q->params = (queue_params)g->params;
	q->extra_data = g->extra;
}

static err put_context(queue_item *q, arena *a, const kms_context *c)
{
	AUTO(buf) members = { 0 }, thresholds = { 0 }, pcrs = { 0 };

	q->previous_context_id = c->previous;
	q->software_version = c->software;
	kms_context_put_members(&members, c);
	kms_context_put_thresholds(&thresholds, c);
	kms_context_put_pcrs(&pcrs, c);
	TRY(keep(&q->node_params, a, &members));
	TRY(keep(&q->thresholds, a, &thresholds));
	return keep(&q->pcr_values, a, &pcrs);
}

static void put_epoch(queue_item *q, const kms_epoch *e)
{
	q->context_id = e->context;
	q->previous_context_id = e->previous_context;
	q->previous_epoch_id = e->previous;
	q->material_block = abi_u64(e->material_block);
}

static err put_members(queue_item *q, arena *a, const kms_event *e)
{
	switch (e->kind) {
	case KMS_PUBLIC_DECRYPTION:
	case KMS_USER_DECRYPTION: return put_decryption(q, a, e);
	case KMS_PREP_KEYGEN:
	case KMS_KEYGEN:
	case KMS_CRSGEN:
	case KMS_KEY_RESHARE: put_generation(q, &e->generation); return OK;
	case KMS_NEW_CONTEXT: return put_context(q, a, &e->context);
	case KMS_NEW_EPOCH: put_epoch(q, &e->epoch); return OK;
	case KMS_PRSS_INIT:
	case KMS_ABORT_KEYGEN:
	case KMS_ABORT_CRSGEN:
	case KMS_CONTEXT_DESTROYED:
	case KMS_EPOCH_DESTROYED:
	case N_KMS_EVENT_KINDS:
	default: return OK;
	}
}

/* ---- logs ------------------------------------------------------------------------------------------------------- */

static queue_place place_of(const intake_chain *c, const evm_log *l)
{
	return (queue_place){
		.chain = c->chain, .block_number = l->block, .block_hash = l->block_hash, .tx_hash = l->tx, .log_index = (uint32_t)l->index,
	};
}

/* The trace begins here, and is to be recorded. */
static err begin_trace(slice *out, arena *a, const rng *random)
{
	trace begun = { .flags = TRACE_SAMPLED };
	char parent[TRACE_TEXT];
	AUTO(buf) text = { 0 };

	rng_fill(random, begun.id, sizeof begun.id);
	rng_fill(random, begun.span, sizeof begun.span);
	begun.id[0] |= 1, begun.span[0] |= 1;                /* all zeros would be none */
	trace_write(parent, &begun);
	queue_put_trace(&text, slice_str(parent), (slice){ 0 });
	return keep(out, a, &text);
}

static err add(queue_change *out, arena *a, const intake_chain *c, const evm_log *l, const kms_event *e, const clock_source *clock,
               const rng *random)
{
	queue_item *q;

	TRY(arena_new(a, &q, 1));
	q->kind = (queue_kind)e->kind;
	q->id = e->id;
	q->place = place_of(c, l);
	q->created_ms = clock_unix_ms(clock);
	TRY(begin_trace(&q->otlp, a, random));
	TRY(put_members(q, a, e));
	*out = (queue_change){ .verb = QUEUE_ADD, .kind = q->kind, .item = q, .chain = c->chain };
	return OK;
}

static err set_aside(queue_change *out, arena *a, const intake_chain *c, const evm_log *l, const char *reason)
{
	slice *topic;
	char *text;
	queue_log *q;

	TRY(arena_new(a, &q, 1));
	TRY(arena_new(a, &text, strlen(reason) + 1));
	memcpy(text, reason, strlen(reason) + 1);
	*q = (queue_log){ .place = place_of(c, l), .address = l->address, .data = l->data, .reason = text };
	TRY(new_list(&topic, &q->topics, a, l->n_topics));
	for (unsigned i = 0; i < l->n_topics; i++) topic[i] = hash32_slice(&l->topic[i]);
	*out = (queue_change){ .verb = QUEUE_SET_ASIDE, .log = q, .chain = c->chain };
	return OK;
}

/* The event of a log that is of one of our contracts; ERR_REQUEST: it cannot be read. */
static err read_event(kms_event *out, arena *a, const intake_chain *c, const evm_log *l)
{
	const kms_event_row *row = kms_event_find(c->profile, l);

	if (!row || !c->watched[row->contract] || !eth_address_eq_var(c->contract[row->contract], l->address))
		return err_fail(ERR_REQUEST, "this contract has no such event");
	return kms_event_read(out, a, row, l);
}

static bool part_of_deployment(const kms_event *e)
{
	return e->kind == KMS_NEW_CONTEXT && e->context.first;
}

err intake_read(intake *out, arena *a, const intake_chain *c, const evm_log *log, size_t n, const clock_source *clock,
                const rng *random)
{
	intake in = { 0 };
	kms_event *event;

	TRY(arena_new(a, &in.change, n + INTAKE_MORE));
	TRY(arena_new(a, &in.log, n + 1));
	for (size_t i = 0; i < n; i++) {
		TRY(arena_new(a, &event, 1));            /* rows point into it */
		err e = read_event(event, a, c, &log[i]);
		if (e == ERR_REQUEST) {
			TRY(set_aside(&in.change[in.n], a, c, &log[i], err_text()));
			err_clear();
			in.set_aside++;
		} else {
			TRY(e);
			if (part_of_deployment(event)) continue;
			TRY(add(&in.change[in.n], a, c, &log[i], event, clock, random));
			in.received[event->kind]++;
		}
		in.log[in.n++] = &log[i];
	}
	*out = in;
	return OK;
}

err intake_set_aside(bool *possible, intake *in, arena *a, const intake_chain *c, size_t i, const char *reason)
{
	*possible = in->change[i].verb == QUEUE_ADD;
	if (!*possible) return OK;
	in->received[in->change[i].kind]--;
	in->set_aside++;
	return set_aside(&in->change[i], a, c, in->log[i], reason);
}
