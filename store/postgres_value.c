/* SPDX-License-Identifier: MIT */
/* store/postgres_value.c -- encoding and decoding, by the numbers that types have in every PostgreSQL server. */
#include "store/postgres_value.h"

#include <stdlib.h>

enum {
	TYPE_BOOL = 16, TYPE_BYTEA = 17, TYPE_NAME = 19, TYPE_INT8 = 20, TYPE_INT2 = 21, TYPE_INT4 = 23, TYPE_TEXT = 25, TYPE_BYTEAS = 1001,
	TYPE_VARCHAR = 1043, TYPE_TIME = 1184, TYPE_VOID = 2278, TYPE_NOT_BUILT_IN = 16384
};
static const int64_t EPOCH_2000_MS = 946684800000;

static bool is_text(Oid type)
{
	return type == TYPE_TEXT || type == TYPE_VARCHAR || type == TYPE_NAME || type == TYPE_VOID || type >= TYPE_NOT_BUILT_IN;
}

/* ---- going in ----------------------------------------------------------------------------------------------------- */

static void put_be(buf *b, uint64_t x, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0;) buf_put_u8(b, (uint8_t)(x >> (8 * i)));
}

static void put_list(buf *b, store_list l)
{
	put_be(b, l.n > 0, 4);                               /* dimensions; an empty array has none */
	put_be(b, 0, 4);                                     /* no NULL among the elements          */
	put_be(b, TYPE_BYTEA, 4);
	if (l.n > 0) put_be(b, l.n, 4), put_be(b, 1, 4);     /* how many, and the first index       */
	for (size_t i = 0; i < l.n; i++) {
		put_be(b, l.item[i].n, 4);
		buf_put_slice(b, l.item[i]);
	}
}

static err put_int(buf *b, const store_sql *sql, Oid type, int64_t x, unsigned i)
{
	const unsigned bytes = type == TYPE_INT2 ? 2 : type == TYPE_INT4 ? 4 : 8;
	const int64_t most = (int64_t)((1ull << (8 * bytes - 1)) - 1);

	if (type == TYPE_TIME) {
		if (x > INT64_MAX / 2000 || x < -INT64_MAX / 2000) return err_fail(ERR_REQUEST, "%s: value %u is no time", sql->name, i + 1);
		x = (x - EPOCH_2000_MS) * 1000;
	} else if (x > most || x < -most - 1) {
		return err_fail(ERR_REQUEST, "%s: value %u does not fit its column", sql->name, i + 1);
	}
	put_be(b, (uint64_t)x, bytes);
	return OK;
}

static err put_value(buf *b, const store_sql *sql, Oid type, const store_value *v, unsigned i)
{
	const bool number = type == TYPE_INT2 || type == TYPE_INT4 || type == TYPE_INT8 || type == TYPE_TIME;

	if (v->type == STORE_INT && number) return put_int(b, sql, type, v->i, i);
	if (v->type == STORE_BOOL && type == TYPE_BOOL) buf_put_u8(b, v->b);
	else if (v->type == STORE_BYTES && type == TYPE_BYTEA) buf_put_slice(b, v->bytes);
	else if (v->type == STORE_TEXT && is_text(type)) buf_put_slice(b, v->bytes);
	else if (v->type == STORE_LIST && type == TYPE_BYTEAS) put_list(b, v->list);
	else return err_fail(ERR_INTERNAL, "%s: value %u is of type %u in the database", sql->name, i + 1, type);
	return OK;
}

err pg_encode(pg_params *p, const store_sql *sql, const Oid *type, const store_value *value, unsigned n)
{
	buf_clear(&p->bytes);
	for (unsigned i = 0; i < n; i++) {
		p->offset[i] = p->bytes.n;
		if (value[i].type != STORE_NULL) TRY(put_value(&p->bytes, sql, type[i], &value[i], i));
		p->length[i] = (int)(p->bytes.n - p->offset[i]);
		p->format[i] = 1;
	}
	buf_put_u8(&p->bytes, 0);                            /* so that there is an address for nothing */
	for (unsigned i = 0; i < n; i++) p->value[i] = value[i].type == STORE_NULL ? NULL : (const char *)p->bytes.p + p->offset[i];
	return OK;
}

/* ---- coming out --------------------------------------------------------------------------------------------------- */

static uint64_t get_be(const char *p, unsigned bytes)
{
	uint64_t x = 0;

	for (unsigned i = 0; i < bytes; i++) x = x << 8 | (uint8_t)p[i];
	return x;
}

static uint32_t read_be32(reader *r)
{
	const slice s = read_bytes(r, 4);
	return s.n ? (uint32_t)get_be((const char *)s.p, 4) : 0;
}

/* An array of one dimension without NULLs, as put_list writes it. */
static bool get_list(store_list *out, arena *memory, slice bytes)
{
	reader r = reader_of(bytes);
	const uint32_t dimensions = read_be32(&r), nulls = read_be32(&r), type = read_be32(&r);
	const uint32_t n = dimensions ? read_be32(&r) : 0, first = dimensions ? read_be32(&r) : 1;
	slice *item = NULL;

	if (!read_ok(&r) || dimensions > 1 || nulls || type != TYPE_BYTEA || first != 1 || n > MAX_STORE_LIST) return false;
	if (n > 0 && !(item = arena_try(memory, n * sizeof *item))) return false;
	for (uint32_t i = 0; i < n; i++) item[i] = read_bytes(&r, read_be32(&r));
	if (!read_done(&r)) return false;
	*out = (store_list){ item, n };
	return true;
}

/* A value that this program does not know how to read is a broken one of its row (NULL does not fit either where it is read). */
static store_value get_value(arena *memory, Oid type, const char *p, size_t n)
{
	store_value v = { .type = STORE_LIST };

	if (type == TYPE_INT2 && n == 2) return store_int((int16_t)get_be(p, 2));
	if (type == TYPE_INT4 && n == 4) return store_int((int32_t)get_be(p, 4));
	if (type == TYPE_INT8 && n == 8) return store_int((int64_t)get_be(p, 8));
	if (type == TYPE_TIME && n == 8) return store_int((int64_t)get_be(p, 8) / 1000 + EPOCH_2000_MS);
	if (type == TYPE_BOOL && n == 1) return store_bool(p[0]);
	if (type == TYPE_BYTEA) return store_bytes(slice_of(p, n));
	if (is_text(type)) return (store_value){ .type = STORE_TEXT, .bytes = slice_of(p, n) };
	if (type == TYPE_BYTEAS && get_list(&v.list, memory, slice_of(p, n))) return v;
	return store_null();
}

/* Bytes are copied in one piece, as the result does not live as long as the rows. */
err pg_decode(store_rows *out, const PGresult *r)
{
	const size_t n = (size_t)PQntuples(r), columns = (size_t)PQnfields(r);
	size_t bytes = 0, at = 0;
	char *copy = NULL;

	out->columns = (unsigned)columns;
	out->changed = strtoll(PQcmdTuples((PGresult *)(uintptr_t)r), NULL, 10);
	if (n * columns == 0) {
		out->n = n;
		return OK;
	}
	for (size_t i = 0; i < n * columns; i++) bytes += (size_t)PQgetlength(r, (int)(i / columns), (int)(i % columns));
	TRY(arena_new(&out->memory, &out->value, n * columns));
	TRY(arena_new(&out->memory, &copy, bytes + 1));
	for (size_t i = 0; i < n * columns; i++) {
		const int row = (int)(i / columns), column = (int)(i % columns);
		const size_t length = (size_t)PQgetlength(r, row, column);
		if (PQgetisnull(r, row, column)) {
			out->value[i] = store_null();
			continue;
		}
		memcpy(copy + at, PQgetvalue(r, row, column), length);
		out->value[i] = get_value(&out->memory, PQftype(r, column), copy + at, length);
		at += length;
	}
	out->n = n;
	return OK;
}
