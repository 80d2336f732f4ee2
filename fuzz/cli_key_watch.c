/* SPDX-License-Identifier: MIT */
/* What a node's /metrics says of a key in the making: whatever is believed of it may go to a terminal. */
#include "cli/key_watch.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf) text = { 0 };

	buf_put(&text, data, size);
	const key_step_seen s = key_step_read(buf_str(&text));
	const size_t n = strnlen(s.step, sizeof s.step);
	ASSERT(n < sizeof s.step && strspn(s.step, "abcdefghijklmnopqrstuvwxyz") == n);
	ASSERT(s.done >= 0 && s.done <= 1 && s.left_s >= -1 && s.left_s < 1e6);
	ASSERT(n || (s.done == 0 && s.left_s < 0));
	return 0;
}
