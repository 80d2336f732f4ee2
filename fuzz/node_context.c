/* SPDX-License-Identifier: MIT */
/* NewMpcContext: what is accepted can be stored and comes back as the same bytes. */
#include "fuzz/fuzz.h"
#include "node/contexts.h"
#include "node/parse.h"

static void check(const context_info *c)
{
	arena a = arena_with_limit(8 << 20);
	context_info read;
	buf file = { 0 }, again = { 0 };

	ASSERT(c->nodes <= MAX_PARTIES && parties_allowed((unsigned)c->nodes, c->threshold));
	context_info_write(&file, c);
	err e = context_info_read(&read, &a, buf_slice(&file));
	ASSERT(e == OK);
	context_info_write(&again, &read);
	ASSERT(slice_eq_var(buf_slice(&file), buf_slice(&again)));
	buf_free(&file), buf_free(&again);
	arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	arena a = arena_with_limit(8 << 20);
	context_info c;

	if (parse_context(&c, &a, slice_of(data, size)) == OK && context_check(&c) == OK) check(&c);
	arena_free(&a);
	err_clear();
	return 0;
}
