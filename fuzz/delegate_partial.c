/* SPDX-License-Identifier: MIT */
/* A partial answer: what is read is written back as it was, and is no answer of a key that nobody has. */
#include "delegate/group.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[GROUP_PARTIAL_BYTES];
	group_partial p;
	secp_pk S;

	if (group_partial_read(&p, slice_of(data, size)) == OK) {
		group_key k = { .n = MAX_PARTIES, .T = 1, .epoch = p.epoch };
		const hash32 request = { { 0 } };
		group_partial_write(again, &p);
		ASSERT(size == sizeof again && memcmp(again, data, size) == 0);
		for (unsigned i = 1; i <= k.n; i++) k.Y[i] = p.D;
		ASSERT(!group_partial_ok_var(&p, &k, &p.D, &request));
		ASSERT(group_combine(&S, &k, &p, 1) == ERR_REQUEST);
	}
	err_clear();
	return 0;
}
