/* SPDX-License-Identifier: MIT */
/*
 * A result as a PostgreSQL server might send it.  The first byte is the number of columns, then a byte each for their types; then
 * values, row by row: a byte for their length (255: NULL) and the bytes.  What is read as a list is what a list may be.  The same bytes
 * are also taken for a list as SQLite keeps it.
 */
#include "fuzz/fuzz.h"

#include "store/postgres_value.h"
#include "store/store_internal.h"

enum { MOST_COLUMNS = 8, MOST_ROWS = 16 };

static void set_columns(PGresult *r, reader *in, int columns)
{
	static const Oid TYPES[] = { 16, 17, 19, 20, 21, 23, 25, 1001, 1043, 1184, 2278, 99, 16385 };
	PGresAttDesc about[MOST_COLUMNS] = { 0 };

	for (int i = 0; i < columns; i++) about[i] = (PGresAttDesc){ .name = (char[]){ "x" }, .format = 1, .typid = TYPES[read_u8(in) % COUNT(TYPES)] };
	ASSERT(PQsetResultAttrs(r, columns, about));
}

static void read_list(slice bytes)
{
	arena memory = arena_with_limit(1 << 20);
	store_list l;

	if (store_list_read(&l, &memory, bytes)) {
		size_t all = 4;
		for (size_t i = 0; i < l.n; i++) all += 4 + l.item[i].n;
		ASSERT(all == bytes.n);
	}
	arena_free(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	reader in = reader_of(slice_of(data, size));
	const int columns = 1 + read_u8(&in) % MOST_COLUMNS;
	store_rows rows = { .memory = arena_with_limit(1 << 20) };
	PGresult *r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

	ASSERT(r);
	read_list(slice_of(data, size));
	set_columns(r, &in, columns);
	for (int i = 0; i < MOST_ROWS * columns && read_left(&in) > 0; i++) {
		const size_t n = read_u8(&in);
		const slice s = read_bytes(&in, size_min(n, read_left(&in)));
		ASSERT(PQsetvalue(r, i / columns, i % columns, n == 255 ? NULL : (char *)(uintptr_t)(s.n ? s.p : data), n == 255 ? -1 : (int)s.n));
	}
	if (pg_decode(&rows, r) == OK)
		for (size_t i = 0; i < rows.n * rows.columns; i++) {
			const store_value *v = &rows.value[i];
			if (v->type == STORE_LIST) ASSERT(v->list.n <= MAX_STORE_LIST);
			for (size_t k = 0; v->type == STORE_LIST && k < v->list.n; k++) ASSERT(v->list.item[k].n <= 255);
		}
	store_rows_free(&rows);
	PQclear(r);
	return 0;
}
