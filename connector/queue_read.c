/* SPDX-License-Identifier: MIT */
/* connector/queue_read.c -- looking at what is kept, roles, bells, and cleaning up. */
#include "connector/queue_internal.h"

#include <stdlib.h>

static err read_failed(const char *what) { return err_fail(ERR_STATE, "%s: its row in the database cannot be read", what); }

/* One row, which must be there. */
static err only_row(store_rows *rows, store_row *row, queue *q, const store_sql *sql, const store_value *v, unsigned n)
{
	TRY(store_query(rows, q->db, sql, v, n));
	if (rows->n == 1) {
		*row = store_row_of(rows, 0);
		return OK;
	}
	store_rows_free(rows);
	return err_fail(ERR_STATE, "%s: there is no such row in the database", sql->name);
}

/* ---- the whole ---------------------------------------------------------------------------------------------------- */

enum { MAX_BOUND = 128 };

err queue_bind(queue *q, queue_chain chain, const char *name, const char *value)
{
	const store_value v[] = { store_text(queue_chain_name(chain)), store_text(name), store_text(value) };
	store_rows rows = { 0 };
	store_row row;
	err e = OK;

	TRY(store_query(&rows, q->db, &q->sql->plain[SQL_BIND], v, 3));
	store_rows_free(&rows);
	TRY(only_row(&rows, &row, q, &q->sql->plain[SQL_BOUND], v, 2));
	const slice is = row_text(&row, MAX_BOUND);
	if (!row_ok(&row)) e = read_failed(name);
	else if (!slice_eq_var(is, slice_str(value)))
		e = err_fail(ERR_REQUEST, "the database is of another deployment, whose %s is %.*s, and the configuration says %s: correct that, or give "
		             "the new deployment a database of its own (\"Another deployment\" in doc/operate.md)", name, (int)is.n, (const char *)is.p, value);
	store_rows_free(&rows);
	return e;
}

err queue_reached(queue *q)
{
	store_rows rows = { 0 };
	store_row row;

	TRY(only_row(&rows, &row, q, &q->sql->plain[SQL_REACHED], NULL, 0));
	const bool writable = row_int(&row) == 0 && row_ok(&row);
	store_rows_free(&rows);
	return writable ? OK : err_fail(ERR_IO, "the database takes no writes, as a standby does: name the one that does in database_url");
}

/* ---- chains ------------------------------------------------------------------------------------------------------- */

err queue_cursor(bool *known, uint64_t *block, queue *q, queue_chain chain)
{
	store_rows rows = { 0 };
	store_row row;

	TRY(only_row(&rows, &row, q, &q->sql->plain[SQL_CURSOR_READ], (store_value[]){ store_text(queue_chain_name(chain)) }, 1));
	const bool empty = row_null(&row);
	const int64_t n = empty ? 0 : row_int(&row);
	const bool good = row_ok(&row) && n >= 0;
	store_rows_free(&rows);
	if (!good) return read_failed("the cursor of a chain");
	*known = !empty, *block = (uint64_t)n;
	return OK;
}

err queue_blocks(queue_block *out, size_t *n, queue *q, queue_chain chain)
{
	store_rows rows = { 0 };
	err e = OK;

	TRY(store_query(&rows, q->db, &q->sql->plain[SQL_BLOCKS_READ],
	                (store_value[]){ store_text(queue_chain_name(chain)), store_int((int64_t)*n) }, 2));
	for (size_t i = 0; i < rows.n && e == OK; i++) {
		store_row r = store_row_of(&rows, i);
		const int64_t number = row_int(&r);
		const slice hash = row_bytes(&r, 32, 32);
		if (!row_ok(&r) || number < 0) e = read_failed("a block");
		else out[i].number = (uint64_t)number, memcpy(out[i].hash.b, hash.p, 32);
	}
	if (e == OK) *n = rows.n;
	store_rows_free(&rows);
	return e;
}

/* ---- transactions ------------------------------------------------------------------------------------------------- */

void queue_txs_free(queue_txs *t)
{
	if (!t) return;
	store_rows_free(&t->rows);
	arena_free(&t->memory);
	*t = (queue_txs){ 0 };
}

static err read_refs(queue_tx *tx, arena *memory, store_list l)
{
	queue_ref *ref;

	TRY(arena_new(memory, &ref, l.n + 1));
	for (size_t i = 0; i < l.n; i++) {
		if (l.item[i].n != 9 || l.item[i].p[0] >= QUEUE_KINDS) return read_failed("a transaction");
		ref[i] = (queue_ref){ l.item[i].p[0], (int64_t)load64(l.item[i].p + 1) };
	}
	tx->response = ref, tx->responses = l.n;
	return OK;
}

static err read_tx(queue_tx *tx, arena *memory, store_row *r)
{
	const slice hash = row_bytes(r, 32, 32);
	const int64_t nonce = row_int(r);

	tx->nonce = (uint64_t)nonce;
	tx->raw = row_bytes(r, 1, MAX_TX_RAW);
	tx->state = slice_eq_var(row_text(r, 16), slice_str("sent")) ? QUEUE_TX_SENT : QUEUE_TX_SIGNED;
	const store_list refs = row_list(r, MAX_TX_RESPONSES);
	tx->created_ms = row_int(r);
	if (!row_ok(r) || nonce < 0) return read_failed("a transaction");
	memcpy(tx->hash.b, hash.p, 32);
	return read_refs(tx, memory, refs);
}

err queue_outbox(queue_txs *out, queue *q, uint64_t chain_id, const eth_address *wallet)
{
	*out = (queue_txs){ .memory = arena_with_limit(64 << 20) };
	if (chain_id > INT64_MAX) return err_fail(ERR_REQUEST, "chain id %llu is too great", (unsigned long long)chain_id);
	TRY(store_query(&out->rows, q->db, &q->sql->plain[SQL_OUTBOX],
	                (store_value[]){ store_int((int64_t)chain_id), store_bytes(slice_of(wallet->b, sizeof wallet->b)) }, 2));
	err e = arena_new(&out->memory, &out->tx, out->rows.n + 1);
	for (; e == OK && out->n < out->rows.n; out->n++) {
		store_row r = store_row_of(&out->rows, out->n);
		out->tx[out->n].chain_id = chain_id, out->tx[out->n].wallet = *wallet;
		e = read_tx(&out->tx[out->n], &out->memory, &r);
	}
	if (e != OK) queue_txs_free(out);
	return e;
}

/* ---- roles -------------------------------------------------------------------------------------------------------- */

err queue_hold(bool *held, queue *q, const char *name, int64_t lease_ms)
{
	store_rows rows = { 0 };
	int64_t now;

	TRY(store_now_ms(&now, q->db));
	TRY(store_query(&rows, q->db, &q->sql->plain[SQL_HOLD],
	                (store_value[]){ store_text(name), store_text(q->owner), store_int(now + lease_ms), store_int(now),
	                                  store_int(queue_never_ms(now, lease_ms)) }, 5));
	*held = rows.changed > 0;
	store_rows_free(&rows);
	return OK;
}

err queue_let_go(queue *q, const char *name)
{
	store_rows rows = { 0 };

	TRY(store_query(&rows, q->db, &q->sql->plain[SQL_LET_GO], (store_value[]){ store_text(name), store_text(q->owner) }, 2));
	store_rows_free(&rows);
	return OK;
}

/* ---- how it stands ------------------------------------------------------------------------------------------------ */

static bool read_status(queue_status *out, store_row *r)
{
	const slice s = row_text(r, 32);

	for (*out = 0; *out < QUEUE_STATUSES; (*out)++)
		if (slice_eq_var(s, slice_str(queue_status_name(*out)))) return true;
	return false;
}

/* Cut, at the end of a character. */
static void read_reason(char out[static MAX_LAST_REASON + 1], store_row *r)
{
	const slice s = row_null(r) ? (slice){ 0 } : row_text(r, MAX_ITEM_REASON);
	size_t n = size_min(s.n, MAX_LAST_REASON);

	while (n < s.n && n > 0 && (s.p[n] & 0xc0) == 0x80) n--;
	if (n) memcpy(out, s.p, n);
	out[n] = '\0';
}

static int64_t read_age(store_row *r, int64_t now) { return row_null(r) ? -1 : now - row_int(r); }

static err count_kind(queue_count *out, queue *q, queue_kind kind, int64_t now)
{
	store_rows rows = { 0 };
	store_row row;
	bool good = true;

	*out = (queue_count){ 0 };
	TRY(store_query(&rows, q->db, &q->sql->of_kind[kind][SQL_COUNT], NULL, 0));
	for (size_t i = 0; i < rows.n; i++) {
		queue_status s;
		row = store_row_of(&rows, i);
		if (!read_status(&s, &row)) good = false;
		else out->rows[s] = (uint64_t)row_int(&row);
		good = good && row_ok(&row);
	}
	store_rows_free(&rows);
	TRY(only_row(&rows, &row, q, &q->sql->of_kind[kind][SQL_AGES], NULL, 0));
	out->oldest_pending_ms = read_age(&row, now);
	out->oldest_under_process_ms = read_age(&row, now);
	read_reason(out->last_reason, &row);
	if (!row_null(&row)) queue_read_word(out->last_failed.b, &row);
	good = good && row_ok(&row);
	store_rows_free(&rows);
	return good ? OK : read_failed(queue_table(kind));
}

err queue_counts(queue_count out[static QUEUE_KINDS], queue *q)
{
	int64_t now;

	TRY(store_now_ms(&now, q->db));
	for (queue_kind k = 0; k < QUEUE_KINDS; k++) TRY(count_kind(&out[k], q, k, now));
	return OK;
}

static bool read_trouble(queue_trouble *t, store_row *r, queue_kind kind, int64_t now)
{
	*t = (queue_trouble){ .kind = kind, .next_ms = -1 };
	read_reason(t->reason, r);
	t->rows = (uint64_t)row_int(r);
	t->errors = (unsigned)row_int(r);
	if (!row_null(r)) {
		const int64_t next = row_int(r);
		t->next_ms = next > now ? next - now : 0;
	}
	queue_read_word(t->oldest.b, r);
	t->age_ms = now - row_int(r);
	return row_ok(r);
}

err queue_troubles(queue_trouble out[static QUEUE_KINDS * QUEUE_TROUBLES], size_t *n, queue *q)
{
	const store_value most = store_int(QUEUE_TROUBLES);
	int64_t now;

	*n = 0;
	TRY(store_now_ms(&now, q->db));
	for (queue_kind k = 0; k < QUEUE_KINDS; k++) {
		store_rows rows = { 0 };
		bool good = true;
		TRY(store_query(&rows, q->db, &q->sql->of_kind[k][SQL_TROUBLES], &most, 1));
		for (size_t i = 0; i < rows.n; i++) {
			store_row r = store_row_of(&rows, i);
			good = read_trouble(&out[(*n)++], &r, k, now) && good;
		}
		store_rows_free(&rows);
		if (!good) return read_failed(queue_table(k));
	}
	return OK;
}

err queue_set_aside_count(uint64_t *out, queue *q)
{
	store_rows rows = { 0 };
	store_row row;

	TRY(only_row(&rows, &row, q, &q->sql->plain[SQL_SET_ASIDE_COUNT], NULL, 0));
	*out = (uint64_t)row_int(&row);
	store_rows_free(&rows);
	return OK;
}

err queue_tx_counts(queue_tx_count *out, queue *q)
{
	store_rows rows = { 0 };
	int64_t now;
	bool good = true;

	*out = (queue_tx_count){ .oldest_ms = -1 };
	TRY(store_now_ms(&now, q->db));
	TRY(store_query(&rows, q->db, &q->sql->plain[SQL_TX_COUNT], NULL, 0));
	for (size_t i = 0; i < rows.n; i++) {
		store_row r = store_row_of(&rows, i);
		const bool sent = slice_eq_var(row_text(&r, 16), slice_str("sent"));
		const int64_t n = row_int(&r), age = now - row_int(&r);
		*(sent ? &out->sent : &out->made) = (uint64_t)n;
		if (age > out->oldest_ms) out->oldest_ms = age;
		good = good && row_ok(&r);
	}
	store_rows_free(&rows);
	return good ? OK : read_failed("a transaction");
}

err queue_find(queue_found out[static QUEUE_KINDS], size_t *n, queue *q, const id32 *id)
{
	arena memory = arena_with_limit(4096);
	store_value key;
	int64_t now;
	err e = store_now_ms(&now, q->db);

	*n = 0;
	if (e == OK) e = queue_word_value(&key, &memory, id->b);
	for (queue_kind k = 0; k < QUEUE_KINDS && e == OK; k++) {
		store_rows rows = { 0 };
		e = store_query(&rows, q->db, &q->sql->of_kind[k][SQL_FIND], &key, 1);
		if (e == OK && rows.n > 0) {
			queue_found *f = &out[(*n)++];
			store_row r = store_row_of(&rows, 0);
			f->ref = (queue_ref){ k, row_int(&r) };
			const bool known = read_status(&f->status, &r);
			f->errors = (unsigned)row_int(&r);
			f->age_ms = now - row_int(&r);
			read_reason(f->reason, &r);
			if (!known || !row_ok(&r)) e = read_failed(queue_table(k));
		}
		store_rows_free(&rows);
	}
	arena_free(&memory);
	return e;
}

err queue_reshares_left(id32 *out, size_t *n, queue *q, const queue_item *item)
{
	arena memory = arena_with_limit(4096);
	store_rows rows = { 0 };
	store_value key;

	err e = queue_word_value(&key, &memory, item->key_id.b);
	if (e == OK) e = store_query(&rows, q->db, &q->sql->plain[SQL_RESHARES_LEFT],
	                             (store_value[]){ key, store_int(item->seq), store_int((int64_t)*n) }, 3);
	for (size_t i = 0; i < rows.n && e == OK; i++) {
		store_row r = store_row_of(&rows, i);
		queue_read_word(out[i].b, &r);
		if (!row_ok(&r)) e = read_failed("a resharing");
	}
	if (e == OK) *n = rows.n;
	store_rows_free(&rows);
	arena_free(&memory);
	return e;
}

/* ---- bells -------------------------------------------------------------------------------------------------------- */

struct queue_bell {
	store_bell *bell;
	queue_kind  kind[QUEUE_KINDS];
	const char *channel[QUEUE_KINDS];
	unsigned    n;
};

err queue_bell_new(queue_bell **out, const queue_config *config, uint32_t kinds)
{
	queue_bell *b = calloc(1, sizeof *b);

	if (!b) return err_fail(ERR_NOMEM, "no memory for a bell");
	for (queue_kind k = 0; k < QUEUE_KINDS; k++)
		if (kinds >> k & 1) b->channel[b->n] = queue_channel(k), b->kind[b->n++] = k;
	err e = store_bell_new(&b->bell, &config->store, b->channel, b->n);
	if (e == OK) *out = b;
	else free(b);
	return e;
}

void queue_bell_free(queue_bell **b)
{
	if (!b || !*b) return;
	store_bell_free(&(*b)->bell);
	free(*b);
	*b = NULL;
}

uint32_t queue_bell_wait(queue_bell *b, int64_t wait_ms)
{
	const uint64_t rang = store_bell_wait(b->bell, wait_ms);
	uint32_t kinds = 0;

	for (unsigned i = 0; i < b->n; i++)
		if (rang >> i & 1) kinds |= 1u << b->kind[i];
	return kinds;
}

void queue_bell_ring(queue_bell *b, uint32_t kinds)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < b->n; i++)
		if (kinds >> b->kind[i] & 1) bits |= 1ull << i;
	store_bell_ring(b->bell, bits);
}

/* ---- cleaning up -------------------------------------------------------------------------------------------------- */

static err write_until_none(uint64_t *total, queue *q, const store_sql *sql, const store_value *v, unsigned n, int64_t at_once)
{
	int64_t changed;

	do {
		store_rows rows = { 0 };
		TRY(store_query(&rows, q->db, sql, v, n));
		changed = rows.changed;
		*total += (uint64_t)changed;
		store_rows_free(&rows);
	} while (changed >= at_once);
	return OK;
}

enum { COLLECT_AT_ONCE = 1000 };                 /* as in sql/queue.sql: short transactions, between which others get their turn */

err queue_collect(uint64_t *deleted, queue *q, int64_t keep_ms)
{
	int64_t now;

	*deleted = 0;
	TRY(store_now_ms(&now, q->db));
	const store_value before = store_int(now - keep_ms);
	for (queue_kind k = 0; k < QUEUE_KINDS; k++)
		if (queue_is_decryption(k)) TRY(write_until_none(deleted, q, &q->sql->of_kind[k][SQL_COLLECT], &before, 1, COLLECT_AT_ONCE));
	return write_until_none(deleted, q, &q->sql->plain[SQL_TX_COLLECT], &before, 1, INT64_MAX);
}

err queue_expire(uint64_t *expired, queue *q, int64_t patience_ms)
{
	int64_t now;

	*expired = 0;
	TRY(store_now_ms(&now, q->db));
	const store_value v[] = { store_int(now - patience_ms), store_int(now), store_text("it waited for too long") };
	for (queue_kind k = 0; k < QUEUE_KINDS; k++)
		if (queue_is_decryption(k)) TRY(write_until_none(expired, q, &q->sql->of_kind[k][SQL_EXPIRE], v, 3, INT64_MAX));
	return OK;
}
