/* SPDX-License-Identifier: MIT */
/* Messages that are nothing but an id, and what the journal keeps of a preprocessing. */
#include "fuzz/fuzz.h"
#include "node/parse.h"

static void check_facts(slice bytes)
{
	preproc_facts f;

	const err e = preproc_facts_read(&f, bytes);
	ASSERT(e == OK || e == ERR_INTERNAL || e == ERR_STATE);
	if (e == OK) ASSERT(f.params && bytes.n <= MAX_FACTS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static err (*const PARSE[])(id32 *, slice) = { parse_request_id, parse_destroy_context, parse_destroy_epoch };
	const slice message = slice_of(data, size);

	for (size_t i = 0; i < COUNT(PARSE); i++) {
		id32 id;
		const err e = PARSE[i](&id, message);
		ASSERT(e == OK || e == ERR_REQUEST);
		if (e == OK) ASSERT(!id_is_zero_var(&id));
	}
	check_facts(message);
	err_clear();
	return 0;
}
