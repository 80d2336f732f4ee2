/* SPDX-License-Identifier: MIT */
/* A client's list, plain or proven: what is accepted has a body for every pair of blocks, and survives writing. */
#include "fuzz/fuzz.h"
#include "tfhers/tfhers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) a = arena_with_limit(16 << 20);
	AUTO(buf) again = { 0 };
	client_list list, back;

	err e = tfhers_read_list(&list, &a, slice_of(data, size));
	ASSERT(e == OK || e == ERR_REQUEST);
	if (e == OK) {
		size_t blocks = 0, bodies = 0;
		for (size_t i = 0; i < list.values; i++) blocks += list.value[i].blocks;
		for (size_t i = 0; i < list.lists; i++) bodies += list.list[i].count;
		ASSERT(bodies > 0 && bodies == (list.list[0].paired ? (blocks + 1) / 2 : blocks));
	}
	if (e == OK && list.lists == 1) {
		tfhers_write_list(&again, &list);
		ASSERT(tfhers_read_list(&back, &a, buf_slice(&again)) == OK);
		ASSERT(back.values == list.values && back.list[0].count == list.list[0].count);
		ASSERT(memcmp(back.list[0].bodies, list.list[0].bodies, 8 * list.list[0].count) == 0);
	}
	err_clear();
	return 0;
}
