/* SPDX-License-Identifier: MIT */
/* connector/item_rows.c -- items become the values of a row, and rows items.  Each column is checked, in both directions. */
#include "connector/queue_internal.h"

#include "base/utf8.h"

static const char *const PARAMS_NAME[] = { "Default", "Test" };

static size_t most_of(const queue_column *c) { return c->most ? c->most : MAX_ITEM_BYTES; }

/* ---- to a row ----------------------------------------------------------------------------------------------------- */

err queue_word_value(store_value *out, arena *memory, const uint8_t word[static 32])
{
	uint8_t *turned;

	TRY(arena_new(memory, &turned, 32));
	for (size_t i = 0; i < 32; i++) turned[i] = word[31 - i];
	*out = store_bytes(slice_of(turned, 32));
	return OK;
}

static err check_size(const queue_column *c, slice s)
{
	if (s.n >= c->least && s.n <= most_of(c)) return OK;
	return err_fail(ERR_REQUEST, "%s: %zu bytes instead of %zu to %zu", c->name, s.n, c->least, most_of(c));
}

static err list_value(store_value *out, const queue_column *c, const store_list *l)
{
	if (l->n > MAX_ITEM_LIST) return err_fail(ERR_REQUEST, "%s: %zu elements, more than %d", c->name, l->n, MAX_ITEM_LIST);
	for (size_t i = 0; i < l->n; i++) TRY(check_size(c, l->item[i]));
	*out = store_many(*l);
	return OK;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n > 0 && p[n - 1] == 0) n--;
	return n == 0;
}

static err own_value(store_value *out, arena *memory, const queue_column *c, const queue_item *item)
{
	const void *member = (const char *)item + c->offset;
	const slice *bytes = member;

	*out = store_null();
	if (c->rfc016 && !item->rfc016) return OK;
	switch (c->type) {
	case COLUMN_ID: case COLUMN_WORD:
		return c->optional && all_zero(member, 32) ? OK : queue_word_value(out, memory, member);
	case COLUMN_BYTES:
		TRY(check_size(c, *bytes));
		*out = store_bytes(*bytes);
		return OK;
	case COLUMN_TEXT:
		TRY(check_size(c, *bytes));
		*out = (store_value){ .type = STORE_TEXT, .bytes = *bytes };
		return OK;
	case COLUMN_LIST:
		return list_value(out, c, member);
	case COLUMN_PARAMS:
		if (item->params > QUEUE_PARAMS_TEST) return err_fail(ERR_REQUEST, "%s: there is no %d", c->name, (int)item->params);
		*out = store_text(PARAMS_NAME[item->params]);
		return OK;
	case COLUMN_INT:
		*out = store_int(*(const int64_t *)member);
		return OK;
	}
	return OK;
}

err queue_own_values(store_value *out, arena *memory, const queue_item *item)
{
	const queue_kind_info *k = &QUEUE_INFO[item->kind];

	for (unsigned i = 0; i < k->columns; i++) TRY(own_value(&out[i], memory, &k->own[i], item));
	return OK;
}

/* ---- from a row --------------------------------------------------------------------------------------------------- */

void queue_read_word(uint8_t out[static 32], store_row *r)
{
	const slice s = row_bytes(r, 32, 32);
	for (size_t i = 0; i < 32 && s.n; i++) out[i] = s.p[31 - i];
}

static void read_params(queue_item *item, store_row *r)
{
	const slice s = row_text(r, 16);

	if (slice_eq_var(s, slice_str(PARAMS_NAME[0]))) item->params = QUEUE_PARAMS_DEFAULT;
	else if (slice_eq_var(s, slice_str(PARAMS_NAME[1]))) item->params = QUEUE_PARAMS_TEST;
	else r->refused = true;
}

static void read_list(store_list *out, const queue_column *c, store_row *r)
{
	*out = row_list(r, MAX_ITEM_LIST);
	for (size_t i = 0; i < out->n; i++)
		if (out->item[i].n < c->least || out->item[i].n > most_of(c)) r->refused = true;
}

static void read_own(queue_item *item, const queue_column *c, store_row *r)
{
	void *member = (char *)item + c->offset;

	if ((c->rfc016 || c->optional) && row_null(r)) return;
	switch (c->type) {
	case COLUMN_ID: case COLUMN_WORD: queue_read_word(member, r); break;
	case COLUMN_BYTES:  *(slice *)member = row_bytes(r, c->least, most_of(c)); break;
	case COLUMN_TEXT:   *(slice *)member = row_text(r, most_of(c)); break;
	case COLUMN_LIST:   read_list(member, c, r); break;
	case COLUMN_PARAMS: read_params(item, r); break;
	case COLUMN_INT:    *(int64_t *)member = row_int(r); break;
	}
	/* Of the columns of that shape the signature is the one that must be there. */
	if (c->rfc016 && c->type == COLUMN_BYTES) item->rfc016 = true;
}

static void read_hash(hash32 *out, store_row *r)
{
	if (row_null(r)) return;
	const slice s = row_bytes(r, sizeof out->b, sizeof out->b);
	if (s.n) memcpy(out->b, s.p, sizeof out->b);
}

static uint64_t read_count(store_row *r, uint64_t most)
{
	const int64_t n = row_null(r) ? 0 : row_int(r);

	if (n < 0 || (uint64_t)n > most) r->refused = true;
	return r->refused ? 0 : (uint64_t)n;
}

/* Rows that another program wrote may not say where their event stood. */
static void read_place(queue_item *item, store_row *r)
{
	item->already_sent = row_bool(r);
	read_hash(&item->place.tx_hash, r);
	const slice chain = row_null(r) ? slice_str("gateway") : row_text(r, 16);
	if (slice_eq_var(chain, slice_str("ethereum"))) item->place.chain = QUEUE_ETHEREUM;
	else if (!slice_eq_var(chain, slice_str("gateway"))) r->refused = true;
	item->place.block_number = read_count(r, INT64_MAX);
	read_hash(&item->place.block_hash, r);
	item->place.log_index = (uint32_t)read_count(r, UINT32_MAX);
}

bool queue_read_item(queue_item *out, queue_kind kind, store_row *r)
{
	const queue_kind_info *k = &QUEUE_INFO[kind];

	*out = (queue_item){ .kind = kind, .status = QUEUE_UNDER_PROCESS };
	out->seq = row_int(r);
	queue_read_word(out->id.b, r);
	out->errors = (unsigned)read_count(r, INT32_MAX);
	out->otlp = row_null(r) ? (slice){ 0 } : row_bytes(r, 0, MAX_ITEM_BYTES);
	out->created_ms = row_int(r);
	if (!queue_is_response(kind)) read_place(out, r);
	for (unsigned i = 0; i < k->columns; i++) read_own(out, &k->own[i], r);
	return row_ok(r);
}

/* ---- reasons ------------------------------------------------------------------------------------------------------ */

err queue_reason(store_value *out, arena *memory, const char *reason)
{
	char *text;
	size_t n = 0;

	if (!reason) reason = "";
	TRY(arena_new(memory, &text, MAX_ITEM_REASON + 1));
	for (slice left = slice_str(reason); left.n > 0;) {
		const size_t step = utf8_step(left), take = step ? step : 1;
		if (n + take > MAX_ITEM_REASON) break;
		if (step) memcpy(text + n, left.p, step);
		else text[n] = '?';
		n += take;
		left = slice_of(left.p + take, left.n - take);
	}
	*out = (store_value){ .type = STORE_TEXT, .bytes = slice_of(text, n) };
	return OK;
}
