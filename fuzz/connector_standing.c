/* SPDX-License-Identifier: MIT */
/* What a node says to a connector of its keys: what is there is in an epoch, and the oldest is not behind the newest. */
#include "connector/standing.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const id32 KEY = {{ 4, [31] = 1 }};
	key_standing s = { 0 };

	if (standing_read(&s, &KEY, slice_of(data, size)) == OK) {
		ASSERT(s.there == !id_is_zero_var(&s.newest));
		ASSERT(memcmp(s.oldest.b, s.newest.b, sizeof s.oldest.b) <= 0);
		ASSERT(s.there || (!s.insecure && !s.in_default));
	}
	err_clear();
	return 0;
}
