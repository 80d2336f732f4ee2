/* SPDX-License-Identifier: MIT */
/*
 * A row of a queue's table that another hand wrote, as SQLite gives it.  The first byte chooses the kind of item; then, value after
 * value: a byte for its type, eight for a number or four for a length and the bytes.  What is accepted makes the values of a row again,
 * and the parts of an item that are byte strings of their own are read as well.  255 as the first byte: a transaction, as it stands in the outbox.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "connector/queue_internal.h"
#include "evm/tx.h"

enum { MOST_VALUES = 32 };

static store_value next_value(reader *r)
{
	store_value v = { .type = read_u8(r) % (STORE_TEXT + 1) };

	if (v.type == STORE_INT) v.i = (int64_t)read_u64(r);
	if (v.type == STORE_BOOL) v.b = read_u8(r) & 1;
	if (v.type == STORE_BYTES || v.type == STORE_TEXT) v.bytes = read_bytes(r, size_min(read_u32(r), read_left(r)));
	return v;
}

static void try_parts(const queue_item *item)
{
	queue_material m;
	slice parent, state, digest;
	uint8_t type;

	for (size_t i = 0; i < item->materials.n; i++) {
		if (queue_read_material(&m, item->materials.item[i]) == OK) ASSERT(m.coprocessors.n % 20 == 0);
		else err_clear();
	}
	for (size_t i = 0; i < item->digests.n; i++) ASSERT(queue_read_digest(&type, &digest, item->digests.item[i]) == OK);
	if (queue_read_trace(&parent, &state, item->otlp) == OK) ASSERT(parent.n + state.n <= item->otlp.n);
	else err_clear();
}

static int try_transaction(slice raw)
{
	AUTO(buf) again = { 0 };
	secp_rsig sig;
	evm_tx tx;

	if (!tx_read(&tx, &sig, raw)) return 0;
	tx_write(&again, &tx, &sig);
	ASSERT(slice_eq_var(buf_slice(&again), raw));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && data[0] == UINT8_MAX) return try_transaction(slice_of(data + 1, size - 1));
	reader r = reader_of(slice_of(data, size));
	const queue_kind kind = read_u8(&r) % QUEUE_KINDS;
	store_value value[MOST_VALUES] = { 0 }, again[MOST_VALUES];
	store_rows rows = { .n = 1, .value = value, .memory = arena_with_limit(1 << 22) };
	queue_item item;

	while (rows.columns < MOST_VALUES && read_left(&r) > 0) value[rows.columns++] = next_value(&r);
	store_row row = store_row_of(&rows, 0);
	if (queue_read_item(&item, kind, &row)) {
		ASSERT(item.kind == kind && item.materials.n <= MAX_ITEM_LIST && item.handles.n <= MAX_ITEM_LIST);
		ASSERT(queue_own_values(again, &rows.memory, &item) == OK);
		try_parts(&item);
	}
	arena_free(&rows.memory);
	return 0;
}
