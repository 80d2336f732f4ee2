/* SPDX-License-Identifier: MIT */
/* connector/listener.c -- one step.  The thread, views and metrics are in listener_run.c. */
#include "connector/listener_internal.h"
#include <inttypes.h>
#include <stdlib.h>
#include "base/log.h"

/* Logs of one answer, and all that is made of them. */
enum { MEMORY = 4 * MAX_JRPC_ANSWER };

/* No provider of ours is so many blocks behind, and no chain takes so many back. */
enum { FAR_BEHIND = 1000 };

static err cursor_of(void *ctx, bool *known, uint64_t *block, queue_chain chain) { return queue_cursor(known, block, ctx, chain); }
static err blocks_of(void *ctx, queue_block *out, size_t *n, queue_chain chain) { return queue_blocks(out, n, ctx, chain); }
static err apply_to(void *ctx, queue_change *c, size_t n, size_t *bad) { return queue_apply(ctx, c, n, bad); }

listener_store listener_store_of(queue *q)
{
	return (listener_store){ q, cursor_of, blocks_of, apply_to };
}

err listener_new(listener **out, const listener_config *config)
{
	listener *l = calloc(1, sizeof *l);
	providers *p = config->providers;

	if (!l) {
		providers_free(&p);
		return err_fail(ERR_NOMEM, "no memory for a listener");
	}
	l->config = *config;
	if (config->from) l->from = *config->from, l->config.from = &l->from;
	l->follow = (follow){ .span = config->range, .most = config->range };
	ASSERT(config->range > 0 && config->max_errors > 0);
	listener_threads_init(l);
	*out = l;
	return OK;
}

/* ---- one step --------------------------------------------------------------------------------------------------- */

typedef struct step {
	listener *l;
	arena     memory;
	uint64_t  head;
	bool      known;                 /* the head */
	bool      again;                 /* there is more to do at once */
	bool      too_much;              /* for one of those that were to say the same */
	unsigned  pruned, otherwise;     /* providers that failed because they do not keep what was asked for, or for another reason */
} step;

static err read_head(uint64_t *head, bool *known, const listener_config *c, jrpc *r)
{
	eth_block b;

	*known = true;
	if (c->finalized) {
		TRY(eth_get_block(r, &b, known, eth_tag("finalized")));
		if (*known) *head = b.number;
		return OK;
	}
	TRY(eth_block_number(r, head));
	*known = *head >= c->confirmations;
	*head -= *known ? c->confirmations : 0;
	return OK;
}

/* No further than those know the chain who will have to say the same of it. */
static err lower_head(void *ctx, jrpc *r)
{
	step *s = ctx;
	uint64_t head = 0;
	bool known;

	TRY(read_head(&head, &known, &s->l->config, r));
	s->known &= known;
	if (head < s->head) s->head = head;
	return OK;
}

/* Where to begin, the first time that a head is known. */
static err begin(listener *l, uint64_t head)
{
	uint64_t cursor = 0;
	bool known = false;

	if (l->begun) return OK;
	TRY(l->config.store.cursor(l->config.store.ctx, &known, &cursor, l->config.chain.chain));
	l->follow.next = follow_start(l->config.from, known, cursor, head);
	l->once_more = l->config.from && known ? cursor : 0;
	if (known && l->follow.next > cursor + 1) {
		l->passes_over = l->follow.next;
		log_warn("%s: blocks %" PRIu64 " to %" PRIu64 " are passed over, as configured: what was asked in them is not answered", l->config.name,
		         cursor + 1, l->follow.next - 1);
	}
	l->begun = true;
	log_info("%s: reads from block %" PRIu64 " on%s", l->config.name, l->follow.next,
	         l->config.from ? ", as configured" : known ? "" : ", the head: there is nothing from before");
	return OK;
}

/* What is known of the block below the next one. */
typedef enum below { BELOW_NOTHING, BELOW_NAME, BELOW_LOST } below;

/*
 * The database knows how far the chain was read, by us or by others: we go on from there.  What the block below was called then is
 * remembered with it (BELOW_NAME), unless listeners disturbed each other (BELOW_LOST).  But blocks that are configured to be read once
 * more are.
 */
static err catch_up(step *s, jrpc *r, below *what, hash32 *name)
{
	listener *l = s->l;
	const listener_store *from = &l->config.store;
	queue_block kept[QUEUE_BLOCKS_KEPT];
	size_t n = COUNT(kept);
	uint64_t cursor = 0;
	bool known;

	*what = BELOW_NOTHING;
	TRY(from->cursor(from->ctx, &known, &cursor, l->config.chain.chain));
	if (l->passes_over > cursor + 1) return OK;
	l->passes_over = 0;
	const bool goes_on = known && l->follow.next > l->once_more;
	if (goes_on && cursor > s->head && cursor - s->head > FAR_BEHIND)
		return jrpc_doubt(r, "it is more than %d blocks below %" PRIu64 ", which was read already: it is late, or the chain was begun anew, which "
		                  "wants another database_url", FAR_BEHIND, cursor);
	if (goes_on) follow_back(&l->follow, cursor + 1);
	if (l->follow.next == 0) return OK;
	TRY(from->blocks(from->ctx, kept, &n, l->config.chain.chain));
	for (size_t i = 0; i < n; i++)
		if (kept[i].number == l->follow.next - 1) *name = kept[i].hash, *what = BELOW_NAME;
	if (goes_on && n && *what != BELOW_NAME) *what = BELOW_LOST;
	return OK;
}

/* Everything from this block on is read again. */
static err read_again(step *s, uint64_t from, const char *why)
{
	listener *l = s->l;
	const listener_store *to = &l->config.store;
	queue_change back = { .verb = QUEUE_REORG, .chain = l->config.chain.chain, .block = from, .kinds = intake_kinds(&l->config.chain) };

	TRY(to->apply(to->ctx, &back, 1, NULL));
	follow_back(&l->follow, from);
	listener_count_reorg(l);
	log_warn("%s: %s: those from %" PRIu64 " on are read again, and requests in them that are not completed were erased", l->config.name,
	         why, from);
	s->again = true;
	return OK;
}

/* The chain took back what was read: where did that begin? */
static err go_back(step *s, jrpc *r)
{
	const listener_store *kept_by = &s->l->config.store;
	queue_block kept[QUEUE_BLOCKS_KEPT];
	uint64_t number[QUEUE_BLOCKS_KEPT], from = s->l->follow.next;
	bool found[QUEUE_BLOCKS_KEPT] = { 0 }, certain = true;
	size_t n = COUNT(kept);
	eth_block *now;

	TRY(kept_by->blocks(kept_by->ctx, kept, &n, s->l->config.chain.chain));
	TRY(arena_new(&s->memory, &now, COUNT(kept)));
	for (size_t i = 0; i < n; i++) number[i] = kept[i].number;
	TRY(eth_get_blocks(r, now, found, number, n));
	if (n) certain = follow_fork(&from, kept, now, found, n);
	return read_again(s, from, certain ? "the chain took back blocks" : "the chain took back more blocks than are remembered");
}

/* Are all of these blocks still called so? */
static err still_called(bool *all, step *s, jrpc *r, const queue_block *kept, size_t n)
{
	uint64_t *number;
	eth_block *now;
	bool *found;

	TRY(arena_new(&s->memory, &number, n + 1));
	TRY(arena_new(&s->memory, &now, n + 1));
	TRY(arena_new(&s->memory, &found, n + 1));
	for (size_t i = 0; i < n; i++) number[i] = kept[i].number;
	TRY(eth_get_blocks(r, now, found, number, n));
	*all = true;
	for (size_t i = 0; i < n; i++) *all &= found[i] && hash32_eq_var(now[i].hash, kept[i].hash);
	return OK;
}

/*
 * Somebody else may have written some of the blocks that we just wrote, and may have read another branch.  What is remembered from
 * there on tells; if it does not stand together with what we read, it is read again from there.  Until that is known nothing else is
 * done.
 */
static err settle(step *s, jrpc *r)
{
	listener *l = s->l;
	const listener_store *kept_by = &l->config.store;
	const listener_doubt doubt = l->doubt;
	queue_block kept[QUEUE_BLOCKS_KEPT];
	size_t n = COUNT(kept), since = 0;
	bool agree;

	if (!doubt.open) return OK;
	TRY(kept_by->blocks(kept_by->ctx, kept, &n, l->config.chain.chain));
	while (since < n && kept[since].number >= doubt.range.from) since++;
	agree = since == 1 && kept[0].number == doubt.range.to && hash32_eq_var(kept[0].hash, doubt.last);
	if (!agree) {
		TRY(still_called(&agree, s, r, &(queue_block){ doubt.range.to, doubt.last }, 1));
		if (agree) TRY(still_called(&agree, s, r, kept, since));
	}
	if (!agree) TRY(read_again(s, doubt.range.from, "another listener read other blocks at the same time"));
	l->doubt.open = false;
	return OK;
}

/* The changes of one commit; one that the database will never take is set aside in its turn. */
static err commit_part(step *s, intake *in, size_t from, size_t n)
{
	const listener_store *to = &s->l->config.store;

	for (;;) {
		size_t bad = 0;
		bool possible;
		err e = to->apply(to->ctx, in->change + from, n, &bad);
		if (e != ERR_REQUEST || bad >= n || in->change[from + bad].verb == QUEUE_CURSOR || in->change[from + bad].verb == QUEUE_BLOCK) return e;
		log_warn("%s: a request in block %" PRIu64 " is set aside: %s", s->l->config.name, in->log[from + bad]->block, err_text());
		TRY(intake_set_aside(&possible, in, &s->memory, &s->l->config.chain, from + bad, err_text()));
		if (!possible) return e;
		err_clear();
	}
}

/*
 * Everything of this range, and that it was read.  Usually one commit.  Where there is very much, requests go first: a crash then
 * means that some are stored of a range that was not read, and they are known when it is read again.
 */
static err commit(step *s, intake *in, follow_range range, const eth_range *read, below what)
{
	const intake_chain *c = &s->l->config.chain;
	queue_change *const more = in->change + in->n;
	size_t at = 0, n = 0;

	for (; in->n - at > LISTENER_COMMIT; at += LISTENER_COMMIT) TRY(commit_part(s, in, at, LISTENER_COMMIT));
	more[n++] = (queue_change){ .verb = QUEUE_CURSOR, .chain = c->chain, .block = range.to, .kinds = intake_kinds(c) };
	more[n++] = (queue_change){ .verb = QUEUE_BLOCK, .chain = c->chain, .block = range.to, .hash = read->last.hash };
	if (what != BELOW_NAME && range.from > 0)              /* the first range of all: what it stands on is known from it */
		more[n++] = (queue_change){ .verb = QUEUE_BLOCK, .chain = c->chain, .block = range.from - 1, .hash = read->first.parent };
	return commit_part(s, in, at, in->n - at + n);
}

static void say_what_was_set_aside(const listener *l, const intake *in)
{
	for (size_t i = 0; i < in->n; i++)
		if (in->change[i].verb == QUEUE_SET_ASIDE)
			log_warn("%s: log %" PRIu64 " of block %" PRIu64 " is set aside: %s", l->config.name, in->log[i]->index, in->log[i]->block,
			         in->change[i].log->reason);
}

/* The traces of requests begin here; one that was known before has another. */
static void tell(const listener *l, const intake *in, int64_t from_ns)
{
	for (size_t i = 0; l->config.tracing && i < in->n; i++) {
		const queue_change *c = &in->change[i];
		if (c->verb != QUEUE_ADD || !c->done) continue;
		tracing_tell(l->config.tracing, &(span){ .at = queue_trace_of(c->item), .name = "handle_gateway_event", .request = c->item->id,
		                                         .from_ns = from_ns, .to_ns = tracing_now_ns() });
	}
}

static bool same_log(const evm_log *a, const evm_log *b)
{
	bool same = eth_address_eq_var(a->address, b->address) && a->n_topics == b->n_topics && slice_eq_var(a->data, b->data) && a->block == b->block &&
	            a->index == b->index && hash32_eq_var(a->block_hash, b->block_hash) && hash32_eq_var(a->tx, b->tx);

	for (unsigned i = 0; same && i < a->n_topics; i++) same = hash32_eq_var(a->topic[i], b->topic[i]);
	return same;
}

/* Why is it that this one could not do it? */
static void note_failure(step *s, const jrpc *r)
{
	const bool pruned = jrpc_last(r)->kind == JRPC_PRUNED;

	++*(pruned ? &s->pruned : &s->otherwise);
	if (pruned) listener_pruned(s->l);
}

typedef struct sight { step *s; const eth_filter *filter; follow_range range; const eth_range *logs; } sight;

/* Does this one see the same in the range? */
static err same_range(void *ctx, jrpc *r)
{
	const sight *by = ctx;
	arena memory = arena_with_limit(MEMORY);
	eth_range own;

	const err e = eth_get_range(r, &own, &memory, by->filter, by->range.from, by->range.to);
	bool same = e == OK && own.logs == by->logs->logs && hash32_eq_var(own.last.hash, by->logs->last.hash) &&
	            hash32_eq_var(own.first.parent, by->logs->first.parent);
	for (size_t i = 0; same && i < own.logs; i++) same = same_log(&own.log[i], &by->logs->log[i]);
	arena_free(&memory);
	by->s->too_much |= jrpc_last(r)->kind == JRPC_TOO_MUCH;
	if (e != OK) note_failure(by->s, r);
	if (e != OK || same) return e;
	return err_fail(ERR_STATE, "%s sees other logs", jrpc_name(r));
}

static err take_range(step *s, jrpc *r, follow_range range, below what, const hash32 *name)
{
	listener *l = s->l;
	eth_address *addresses;
	hash32 *topics;
	eth_filter filter;
	eth_range logs;
	intake in;

	const int64_t from_ns = tracing_now_ns();
	TRY(intake_filter(&addresses, &filter.addresses, &topics, &filter.topics, &s->memory, &l->config.chain));
	filter.address = addresses, filter.topic = topics;
	TRY(eth_get_range(r, &logs, &s->memory, &filter, range.from, range.to));
	TRY(providers_confirm(l->config.providers, r, same_range, &(sight){ s, &filter, range, &logs }));
	if (what == BELOW_NAME && !hash32_eq_var(*name, logs.first.parent)) return go_back(s, r);
	TRY(intake_read(&in, &s->memory, &l->config.chain, logs.log, logs.logs, l->config.clock, l->config.random));
	say_what_was_set_aside(l, &in);
	TRY(commit(s, &in, range, &logs, what));
	l->doubt = (listener_doubt){ range.to > l->once_more, range, logs.last.hash };
	follow_done(&l->follow, range);
	listener_count(l, &in);
	tell(l, &in, from_ns);
	s->again = range.to < s->head;
	return settle(s, r);
}

/*
 * A smaller range helps where an answer was too long, and may where it took too long.  The first is no failure: the next
 * question is half as large.
 */
static bool ask_for_less(step *s, jrpc_kind kind, follow_range range)
{
	if (kind != JRPC_TOO_MUCH && kind != JRPC_UNREACHABLE) return false;
	return follow_halve(&s->l->follow, range) && kind == JRPC_TOO_MUCH;
}

static err read_more(step *s, jrpc *r)
{
	listener *l = s->l;
	follow_range range;
	hash32 name;
	below what;

	arena_free(&s->memory);
	s->again = s->too_much = false;
	TRY(read_head(&s->head, &s->known, &l->config, r));
	if (s->known) TRY(providers_confirm(l->config.providers, r, lower_head, s));
	if (!s->known) return OK;
	TRY(begin(l, s->head));
	TRY(settle(s, r));
	TRY(catch_up(s, r, &what, &name));
	if (what == BELOW_LOST) return go_back(s, r);
	if (!follow_plan(&range, &l->follow, s->head)) return OK;
	err e = take_range(s, r, range, what, &name);
	if (e == OK || !ask_for_less(s, s->too_much ? JRPC_TOO_MUCH : jrpc_last(r)->kind, range)) return e;
	err_clear();
	s->again = true;
	return OK;
}

static err work(void *ctx, jrpc *r)
{
	const err e = read_more(ctx, r);

	if (e != OK) note_failure(ctx, r);
	return e;
}

listener_step listener_tick(listener *l)
{
	step s = { .l = l, .memory = arena_with_limit(MEMORY) };

	const err e = providers_try(l->config.providers, work, &s);
	arena_free(&s.memory);
	if (e == OK) {
		if (!s.again && !s.pruned) l->told = false;
		listener_worked(l, s.head);
		return s.again ? LISTENER_AGAIN : LISTENER_IDLE;
	}
	if (e == ERR_CANCELLED) err_clear();
	else if (s.pruned && !s.otherwise) listener_gone(l);
	else listener_failed(l, e);
	return LISTENER_FAILED;
}
