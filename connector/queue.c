/* SPDX-License-Identifier: MIT */
/* connector/queue.c -- opening, and changes: each becomes one or several statements of one transaction. */
#include "connector/queue_internal.h"

#include <stdlib.h>
#include <unistd.h>

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static void make_owner(char out[static MAX_QUEUE_OWNER + 1], const char *given)
{
	char host[64] = "";

	if (given) {
		snprintf(out, MAX_QUEUE_OWNER + 1, "%s", given);
		return;
	}
	if (gethostname(host, sizeof host - 1) != 0) snprintf(host, sizeof host, "somewhere");
	snprintf(out, MAX_QUEUE_OWNER + 1, "%s:%d:%08x", host, (int)getpid(), (unsigned)rng_u64(rng_os()));
}

static err tables(store *db, bool as_is)
{
	if (!as_is) return store_migrate(db, QUEUE_MIGRATIONS, QUEUE_MIGRATIONS_N);
	const err e = store_migrated(db, QUEUE_MIGRATIONS, QUEUE_MIGRATIONS_N);
	if (e == ERR_NOT_FOUND)
		return err_fail(e, "no connector has used this database yet: one makes its tables when it first starts.  If one runs, compare its database_url");
	return e;
}

err queue_open(queue **out, const queue_config *config)
{
	queue *q = calloc(1, sizeof *q);
	store_config lazy = config->store;

	if (!q) return err_fail(ERR_NOMEM, "no memory for a queue");
	lazy.lazy = true;
	make_owner(q->owner, config->owner);
	err e = store_open(&q->db, &config->store);
	if (e == OK) e = tables(q->db, config->store.as_is);
	if (e == OK) e = store_open(&q->picks, &lazy);
	if (e == OK) e = queue_sql_new(&q->sql, store_dialect_of(q->db));
	if (e == OK) e = store_committer_new(&q->committer, &config->store);
	if (e == OK) *out = q;
	else queue_close(&q);
	return e;
}

void queue_close(queue **q)
{
	if (!q || !*q) return;
	store_committer_free(&(*q)->committer);
	store_free(&(*q)->picks);
	store_free(&(*q)->db);
	queue_sql_free(&(*q)->sql);
	free(*q);
	*q = NULL;
}

/* ---- statements of changes ---------------------------------------------------------------------------------------- */

typedef struct plan {
	const queue *q;
	arena     memory;
	buf       ops;                       /* store_op   */
	buf       whose;                     /* size_t: of which change each is */
	size_t    current;
	int64_t   now;
	uint32_t  rings;                     /* kinds of which something became pending */
} plan;

static err put_op(plan *p, const store_sql *sql, const store_value *value, unsigned n)
{
	store_value *copy;

	ASSERT(sql->text);
	TRY(arena_new(&p->memory, &copy, n ? n : 1));
	memcpy(copy, value, n * sizeof *value);
	buf_put(&p->ops, &(store_op){ .sql = sql, .param = copy, .params = n }, sizeof(store_op));
	buf_put(&p->whose, &p->current, sizeof p->current);
	return OK;
}
#define PUT(plan, sql, ...) put_op(plan, sql, (const store_value[]){ __VA_ARGS__ }, COUNT(((const store_value[]){ __VA_ARGS__ })))

static const store_sql *of_kind(const plan *p, queue_kind k, kind_sql what) { return &p->q->sql->of_kind[k][what]; }
static const store_sql *plain(const plan *p, plain_sql what) { return &p->q->sql->plain[what]; }
static store_value hash_value(const hash32 *h) { return store_bytes(slice_of(h->b, sizeof h->b)); }

/* Numbers of chains are 64-bit, and columns signed: a number beyond 2^63 is a lie. */
static err number(store_value *out, const char *what, uint64_t n)
{
	if (n > INT64_MAX) return err_fail(ERR_REQUEST, "%s: %llu is too great", what, (unsigned long long)n);
	*out = store_int((int64_t)n);
	return OK;
}

static err put_add(plan *p, const queue_item *item)
{
	store_value v[ITEM_PARAMS + 16];
	const uint8_t *id = item->kind == QUEUE_PRSS_INIT ? item->place.tx_hash.b : item->id.b;

	ASSERT(!queue_is_response(item->kind) && QUEUE_INFO[item->kind].columns <= 16);
	TRY(queue_word_value(&v[0], &p->memory, id));
	v[1] = store_int(item->created_ms ? item->created_ms : p->now);
	v[2] = store_int(p->now);
	v[3] = item->otlp.n ? store_bytes(item->otlp) : store_null();
	v[4] = hash_value(&item->place.tx_hash);
	v[5] = store_text(queue_chain_name(item->place.chain));
	TRY(number(&v[6], "block_number", item->place.block_number));
	v[7] = hash_value(&item->place.block_hash);
	v[8] = store_int(item->place.log_index);
	TRY(queue_own_values(v + ITEM_PARAMS, &p->memory, item));
	return put_op(p, of_kind(p, item->kind, SQL_ADD), v, ITEM_PARAMS + QUEUE_INFO[item->kind].columns);
}

static err put_done(plan *p, queue_kind kind, int64_t seq)
{
	return PUT(p, of_kind(p, kind, SQL_DONE), store_int(seq), store_int(p->now));
}

/* The answer's row completes the request; where there is such a row already, the second statement does. */
static err put_finish(plan *p, const queue_change *c)
{
	const queue_kind kind = queue_response_of(c->kind);
	store_value v[3 + 16];

	ASSERT(c->item && c->item->kind == kind && kind != QUEUE_KINDS);
	v[0] = store_int(c->seq), v[1] = v[2] = store_int(p->now);
	TRY(queue_own_values(v + 3, &p->memory, c->item));
	TRY(put_op(p, of_kind(p, kind, SQL_ANSWER), v, 3 + QUEUE_INFO[kind].columns));
	p->rings |= 1u << kind;
	return put_done(p, c->kind, c->seq);
}

static err put_cursor(plan *p, const queue_change *c)
{
	store_value block;

	TRY(number(&block, "block", c->block));
	TRY(PUT(p, plain(p, SQL_CURSOR), store_text(queue_chain_name(c->chain)), block, store_int(p->now)));
	for (queue_kind k = 0; k < QUEUE_SEED_REQUESTS; k++)
		if (c->kinds >> k & 1) TRY(PUT(p, plain(p, SQL_CURSOR_OF_KIND), store_text(queue_event_type(k)), block, store_int(p->now)));
	return OK;
}

static err put_block(plan *p, const queue_change *c)
{
	const store_value chain = store_text(queue_chain_name(c->chain));
	store_value block;

	TRY(number(&block, "block", c->block));
	TRY(PUT(p, plain(p, SQL_BLOCK), chain, block, hash_value(&c->hash)));
	return PUT(p, plain(p, SQL_BLOCKS_FORGET_OLD), chain, store_int(QUEUE_BLOCKS_KEPT));
}

static err put_reorg(plan *p, const queue_change *c)
{
	const store_value chain = store_text(queue_chain_name(c->chain));
	store_value block, before, now = store_int(p->now);

	TRY(number(&block, "block", c->block));
	before = store_int(block.i > 0 ? block.i - 1 : 0);
	for (queue_kind k = 0; k < QUEUE_REQUESTS; k++) TRY(PUT(p, of_kind(p, k, SQL_ERASE), chain, block));
	TRY(PUT(p, plain(p, SQL_SET_ASIDE_ERASE), chain, block));
	TRY(PUT(p, plain(p, SQL_BLOCKS_FORGET_ABOVE), chain, block));
	for (queue_kind k = 0; k < QUEUE_SEED_REQUESTS; k++)
		if (c->kinds >> k & 1) TRY(PUT(p, plain(p, SQL_CURSOR_OF_KIND_BACK), store_text(queue_event_type(k)), before, now));
	return PUT(p, plain(p, SQL_CURSOR_BACK), chain, before, now);
}

static err put_set_aside(plan *p, const queue_log *log)
{
	const queue_place *at = &log->place;
	store_value block, reason;

	TRY(number(&block, "block_number", at->block_number));
	TRY(queue_reason(&reason, &p->memory, log->reason));
	return PUT(p, plain(p, SQL_SET_ASIDE), store_text(queue_chain_name(at->chain)), block, hash_value(&at->block_hash), hash_value(&at->tx_hash),
	           store_int(at->log_index), store_bytes(slice_of(log->address.b, sizeof log->address.b)), store_many(log->topics),
	           store_bytes(log->data), reason, store_int(p->now));
}

/* ---- transactions ------------------------------------------------------------------------------------------------- */

static const char *const TX_STATE[QUEUE_TX_STATES] = { "signed", "sent", "mined", "dropped" };

/* Which responses a transaction carries: of each its kind and the number of its row. */
static err refs_value(store_value *out, arena *memory, const queue_ref *ref, size_t n)
{
	uint8_t *bytes;
	slice *item;

	if (n > MAX_TX_RESPONSES) return err_fail(ERR_REQUEST, "a transaction with %zu responses, more than %d", n, MAX_TX_RESPONSES);
	TRY(arena_new(memory, &bytes, 9 * n + 1));
	TRY(arena_new(memory, &item, n + 1));
	for (size_t i = 0; i < n; i++) {
		bytes[9 * i] = (uint8_t)ref[i].kind;
		store64(bytes + 9 * i + 1, (uint64_t)ref[i].seq);
		item[i] = slice_of(bytes + 9 * i, 9);
	}
	*out = store_many((store_list){ item, n });
	return OK;
}

static err put_tx(plan *p, const queue_tx *tx)
{
	store_value chain, nonce, refs;

	TRY(number(&chain, "chain id", tx->chain_id));
	TRY(number(&nonce, "nonce", tx->nonce));
	TRY(refs_value(&refs, &p->memory, tx->response, tx->responses));
	if (tx->raw.n > MAX_TX_RAW) return err_fail(ERR_REQUEST, "a transaction of %zu bytes, more than %d", tx->raw.n, MAX_TX_RAW);
	return PUT(p, plain(p, SQL_TX), hash_value(&tx->hash), chain, store_bytes(slice_of(tx->wallet.b, sizeof tx->wallet.b)), nonce,
	           store_bytes(tx->raw), store_text(TX_STATE[tx->state]), refs, store_int(p->now));
}

static err put_tx_state(plan *p, const queue_change *c)
{
	store_value reason;

	TRY(queue_reason(&reason, &p->memory, c->reason));
	return PUT(p, plain(p, SQL_TX_STATE), hash_value(&c->tx->hash), store_text(TX_STATE[c->tx->state]), c->reason ? reason : store_null(),
	           store_int(p->now));
}

/* ---- changes ------------------------------------------------------------------------------------------------------ */

static err put_change(plan *p, const queue_change *c)
{
	const store_value seq = store_int(c->seq), owner = store_text(p->q->owner), now = store_int(p->now), later = store_int(p->now + c->delay_ms);
	store_value reason;

	TRY(queue_reason(&reason, &p->memory, c->reason));
	switch (c->verb) {
	case QUEUE_ADD:       p->rings |= 1u << c->item->kind; return put_add(p, c->item);
	case QUEUE_CURSOR:    return put_cursor(p, c);
	case QUEUE_BLOCK:     return put_block(p, c);
	case QUEUE_SET_ASIDE: return put_set_aside(p, c->log);
	case QUEUE_REORG:     return put_reorg(p, c);
	case QUEUE_RENEW:     return PUT(p, of_kind(p, c->kind, SQL_RENEW), seq, owner, now, later);
	case QUEUE_RELEASE:   p->rings |= 1u << c->kind; return PUT(p, of_kind(p, c->kind, SQL_RELEASE), seq, owner, now);
	case QUEUE_MARK_SENT: return PUT(p, of_kind(p, c->kind, SQL_MARK_SENT), seq, owner, now);
	case QUEUE_RETRY:
		if (c->delay_ms <= 0) p->rings |= 1u << c->kind;
		return PUT(p, of_kind(p, c->kind, SQL_RETRY), seq, owner, now, later, reason, store_int(!c->blameless), store_bool(c->already_sent));
	case QUEUE_FINISH:    return put_finish(p, c);
	case QUEUE_COMPLETE:  return put_done(p, c->kind, c->seq);
	case QUEUE_FAIL:      return PUT(p, of_kind(p, c->kind, SQL_GIVE_UP), seq, owner, now, store_text("failed"), reason);
	case QUEUE_ABORT:     return PUT(p, of_kind(p, c->kind, SQL_GIVE_UP), seq, owner, now, store_text("aborted"), reason);
	case QUEUE_REVIVE:    p->rings |= 1u << c->kind; return PUT(p, of_kind(p, c->kind, SQL_REVIVE), seq, now);
	case QUEUE_KILL:      return PUT(p, of_kind(p, c->kind, SQL_KILL), seq, now, reason);
	case QUEUE_TX:        return put_tx(p, c->tx);
	case QUEUE_TX_STATE:  return put_tx_state(p, c);
	case QUEUE_STILL_HELD: return PUT(p, plain(p, SQL_STILL_HELD), store_text(c->name), owner);
	}
	return OK;
}

/* PostgreSQL says by itself when rows are inserted. */
static err put_rings(plan *p, const queue_change *c, size_t n)
{
	uint32_t rings = p->rings;

	if (store_dialect_of(p->q->db) == STORE_POSTGRES) {
		rings = 0;
		for (size_t i = 0; i < n; i++)
			if (c[i].verb == QUEUE_RELEASE || c[i].verb == QUEUE_REVIVE || (c[i].verb == QUEUE_RETRY && c[i].delay_ms <= 0))
				rings |= 1u << c[i].kind;
	}
	for (queue_kind k = 0; k < QUEUE_KINDS; k++)
		if (rings >> k & 1) TRY(PUT(p, plain(p, SQL_NOTIFY), store_text(queue_channel(k))));
	return OK;
}

static void plan_free(plan *p)
{
	arena_free(&p->memory);
	buf_free(&p->ops);
	buf_free(&p->whose);
}

static err make_plan(plan *p, queue *q, const queue_change *c, size_t n, size_t *bad)
{
	*p = (plan){ .q = q, .memory = arena_with_limit((size_t)1 << 30) };
	TRY(store_now_ms(&p->now, q->db));
	for (size_t i = 0; i < n; i++) {
		*bad = p->current = i;
		TRY(put_change(p, &c[i]));
	}
	p->current = n;                                      /* rings are nobody's */
	TRY(put_rings(p, c, n));
	if (p->ops.n / sizeof(store_op) > MAX_STORE_BATCH)
		return err_fail(ERR_REQUEST, "%zu statements in one commit, more than %d", p->ops.n / sizeof(store_op), MAX_STORE_BATCH);
	return OK;
}

static size_t ops_of(const plan *p) { return p->ops.n / sizeof(store_op); }

err queue_apply(queue *q, queue_change *c, size_t n, size_t *bad)
{
	size_t where = 0;
	plan p;
	err e = make_plan(&p, q, c, n, &where);
	const size_t *whose = (const size_t *)(void *)p.whose.p;
	store_op *ops = (store_op *)(void *)p.ops.p;

	if (e == OK) {
		size_t op = 0;
		e = store_batch(q->db, ops, ops_of(&p), &op);
		if (e != OK && n > 0) where = size_min(whose[op], n - 1);
		if (e == ERR_REQUEST && c[where].verb == QUEUE_STILL_HELD)
			e = err_fail(ERR_EXISTS, "another process is \"%s\" now: what this one was about to do is left to it", c[where].name);
	}
	for (size_t i = 0; i < n; i++) c[i].done = false;
	for (size_t i = 0; e == OK && i < ops_of(&p); i++)
		if (whose[i] < n && ops[i].changed > 0) c[whose[i]].done = true;
	if (e != OK && bad) *bad = where;
	plan_free(&p);
	return e;
}

/* ---- shared commits ----------------------------------------------------------------------------------------------- */

typedef struct submitted {
	queue_done_fn *done;
	void   *ctx;
	size_t  n, ops;
	size_t  whose[];
} submitted;

static void committed(void *ctx, err e, size_t bad, const int64_t *changed, size_t n)
{
	submitted *s = ctx;
	bool *did = calloc(s->n + 1, sizeof *did);

	(void)bad;
	ASSERT(did && n == s->ops);
	for (size_t i = 0; i < n; i++)
		if (changed[i] > 0) did[s->whose[i]] = true;     /* rings count for one behind the last */
	if (s->done) s->done(s->ctx, e, did, s->n);
	free(did);
	free(s);
}

err queue_submit(queue *q, const queue_change *c, size_t n, queue_done_fn *done, void *ctx)
{
	size_t bad;
	plan p;
	err e = make_plan(&p, q, c, n, &bad);

	if (e == OK) {
		submitted *s = malloc(sizeof *s + p.whose.n);
		if (!s) e = err_fail(ERR_NOMEM, "no memory for %zu changes", n);
		else {
			*s = (submitted){ done, ctx, n, ops_of(&p) };
			memcpy(s->whose, p.whose.p, p.whose.n);
			e = store_committer_submit(q->committer, (const store_op *)(void *)p.ops.p, ops_of(&p), committed, s);
			if (e != OK) free(s);
		}
	}
	plan_free(&p);
	return e;
}
