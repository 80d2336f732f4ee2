/* SPDX-License-Identifier: MIT */
/* Records of the journal, u16 length and bytes each, applied to one table one after the other. */
#include "fuzz/fuzz.h"
#include "node/journal_record.h"

static void zeros(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 0, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const requests_limit limit[REQUEST_KINDS] = { [REQUEST_PUBLIC_DECRYPT] = { 4, 1 }, [REQUEST_USER_DECRYPT] = { 4, 1 } };
	const rng none = { NULL, zeros };
	reader r = reader_of(slice_of(data, size));
	requests *t = NULL;

	err e = requests_new(&t, limit, &none);
	ASSERT(e == OK);
	while (read_left(&r) > 2) {
		const slice n = read_bytes(&r, 2);
		const size_t length = size_min((size_t)n.p[0] | (size_t)n.p[1] << 8, read_left(&r));
		if (record_apply(read_bytes(&r, length), t, NULL, NULL) != OK) err_clear();
	}
	for (unsigned k = REQUEST_PUBLIC_DECRYPT; k <= REQUEST_USER_DECRYPT; k++)
		ASSERT(requests_count_of(t, (request_kind)k).all <= 4);
	requests_free(&t);
	return 0;
}
