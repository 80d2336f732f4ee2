/* SPDX-License-Identifier: MIT */
/* What nodes tell each other of a delegation: what is read is written again as it was; and a node without a share that is asked. */
#include <string.h>
#include "delegate/ask.h"
#include "delegate/parts.h"
#include "fuzz/delegate_kms.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	delegate_kms *const kms = fuzz_kms_of((delegate_chain){ .id = 1, .gateway = { { 1 } }, .shared = true });
	AUTO(buf) again = { 0 }, answer = { 0 };
	const slice in = slice_of(data, size);
	group_key key, other;
	ask_answer a;
	static parts_file p;
	ask_frame q;
	eth_address by;
	party index;

	if (ask_read(&q, in)) {
		ask_write(&again, &q);
		ASSERT(slice_eq_var(buf_slice(&again), in) && size <= MAX_ASK);
		ASSERT(delegate_answer_ask(kms, &answer, true, in) && ask_answer_read(&a, buf_slice(&answer)));
		ASSERT(a.number == q.number && a.verdict == ASK_NO_KEY);
	}
	buf_clear(&again);
	if (ask_answer_read(&a, in)) {
		ask_answer_write(&again, &a);
		ASSERT(slice_eq_var(buf_slice(&again), in));
	}
	if (description_read(&key, &index, &by, 1, in) == OK) {
		buf_clear(&again);
		description_write(&again, &key, index, fuzz_wallet);
		ASSERT(description_read(&other, &index, &by, 1, buf_slice(&again)) == OK && description_eq_var(&key, &other));
	}
	if (parts_read(&p, in) == OK) {
		ASSERT(p.n <= MAX_PARTIES && p.key.n <= MAX_PARTIES);
		parts_free(&p);
	}
	err_clear();
	return 0;
}
