/* SPDX-License-Identifier: MIT */
/* Any object of TFHE-rs through its table: what is accepted is written back as the same bytes, and can be described. */
#include "fuzz/fuzz.h"
#include "tfhers/inspect.h"
#include "tfhers/tables.h"
#include "tfhers/tfhers.h"

enum { SHORT = 1 << 11 };                /* longer files have too many lines for a quick run */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const slice file = slice_of(data, size);
	AUTO(arena) a = object_arena(file);
	AUTO(buf) again = { 0 };
	object_id id;

	if (object_of(&id, file) == OK) {
		void *value = arena_try(&a, OBJECT[id].type->size);
		ASSERT(value);
		err e = object_read(value, &a, id, file);
		ASSERT(e == OK || e == ERR_REQUEST);
		if (e == OK) {
			object_write(&again, id, value);
			ASSERT(slice_eq_var(buf_slice(&again), file));
			ASSERT(schema_same(OBJECT[id].type, value, value));
			e = tfhers_inspect(&again, file, size % 2);
			ASSERT(e == OK || e == ERR_REQUEST);
			if (size < SHORT) ASSERT(tfhers_trace(&again, file) == OK);
		}
	}
	crs_facts crs;
	(void)!tfhers_read_crs(&crs, file);
	err_clear();
	return 0;
}
