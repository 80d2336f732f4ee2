/* SPDX-License-Identifier: MIT */
/* What a party of a cluster stores: what is accepted is written back as the same bytes. */
#include "fuzz/fuzz.h"
#include "vault/context_info.h"
#include "vault/epoch_data.h"

static void same(buf *again, slice file)
{
	ASSERT(slice_eq_var(buf_slice(again), file));
	buf_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const slice file = slice_of(data, size);
	arena a = arena_with_limit(8 << 20);
	buf again = { 0 };
	context_info c;
	epoch_data e;
	key_record r;
	slice part;

	if (context_info_read(&c, &a, file) == OK) context_info_write(&again, &c), same(&again, file);
	if (epoch_data_read(&e, file) == OK) epoch_data_write(&again, &e), same(&again, file);
	if (own_part_read(&r, &part, file) == OK) own_part_write(&again, &r, part), same(&again, file);
	arena_free(&a);
	err_clear();
	return 0;
}
