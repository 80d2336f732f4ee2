/* SPDX-License-Identifier: MIT */
/* store/row.c -- values as they are read from rows, and lists where the database has no arrays. */
#include "store/store_internal.h"

void store_rows_free(store_rows *r)
{
	if (!r) return;
	arena_free(&r->memory);
	*r = (store_rows){ 0 };
}

store_row store_row_of(store_rows *rows, size_t i)
{
	ASSERT(i < rows->n);
	return (store_row){ .v = rows->value + i * rows->columns, .n = rows->columns, .memory = &rows->memory };
}

bool row_ok(const store_row *r) { return !r->refused && r->at == r->n; }

static const store_value *next(store_row *r, store_type wanted, store_type also)
{
	if (!r->refused && r->at < r->n) {
		const store_value *v = r->v + r->at++;
		if (v->type == wanted || v->type == also) return v;
	}
	r->refused = true;
	return NULL;
}

bool row_null(store_row *r)
{
	if (r->refused || r->at >= r->n || r->v[r->at].type != STORE_NULL) return false;
	r->at++;
	return true;
}

int64_t row_int(store_row *r)
{
	const store_value *v = next(r, STORE_INT, STORE_INT);
	return v ? v->i : 0;
}

/* SQLite has numbers only. */
bool row_bool(store_row *r)
{
	const store_value *v = next(r, STORE_BOOL, STORE_INT);

	if (!v || v->type == STORE_BOOL) return v && v->b;
	if (v->i != 0 && v->i != 1) r->refused = true;
	return v->i == 1;
}

static slice bytes_of(store_row *r, store_type type, size_t least, size_t most)
{
	const store_value *v = next(r, type, type);

	if (v && v->bytes.n >= least && v->bytes.n <= most) return v->bytes;
	r->refused = true;
	return (slice){ 0 };
}

slice row_bytes(store_row *r, size_t least, size_t most) { return bytes_of(r, STORE_BYTES, least, most); }
slice row_text(store_row *r, size_t most) { return bytes_of(r, STORE_TEXT, 0, most); }

store_list row_list(store_row *r, size_t most)
{
	const store_value *v = next(r, STORE_LIST, STORE_BYTES);
	store_list l = { 0 };

	if (v && v->type == STORE_LIST) l = v->list;
	else if (v && !store_list_read(&l, r->memory, v->bytes)) r->refused = true;
	if (l.n > most) r->refused = true;
	return r->refused ? (store_list){ 0 } : l;
}

void store_list_write(buf *out, store_list l)
{
	buf_put_u32(out, (uint32_t)l.n);
	for (size_t i = 0; i < l.n; i++) {
		buf_put_u32(out, (uint32_t)l.item[i].n);
		buf_put_slice(out, l.item[i]);
	}
}

bool store_list_read(store_list *out, arena *memory, slice bytes)
{
	reader r = reader_of(bytes);
	size_t n = read_u32(&r);
	slice *item = NULL;

	if (!read_ok(&r) || n > MAX_STORE_LIST || n > read_left(&r) / 4) return false;
	if (n > 0 && !(item = arena_try(memory, n * sizeof *item))) return false;
	for (size_t i = 0; i < n; i++) item[i] = read_bytes(&r, read_u32(&r));
	if (!read_done(&r)) return false;
	*out = (store_list){ item, n };
	return true;
}
