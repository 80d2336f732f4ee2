/* SPDX-License-Identifier: MIT */
/* Frames of the journal as a file; then records, u16 length and bytes each, applied to one table one after the other. */
#include "fuzz/fuzz.h"
#include "fuzz/sevens.h"
#include "node/journal_frame.h"
#include "node/journal_record.h"

/* Frames that are read are written as the same bytes, and a file that is cut short is always torn, with zeros behind or
 * without. */
static void read_frames(slice file)
{
	reader r = reader_of(file);
	slice payload;

	while (frame_next(&payload, &r)) {
		buf again = { 0 };
		frame_put(&again, payload);
		if (frame_begins_group(payload.p - FRAME_HEADER)) frame_begin_group(again.p);
		ASSERT(slice_eq_var(buf_slice(&again), slice_of(payload.p - FRAME_HEADER, payload.n + FRAME_HEADER)));
		for (size_t n = 0; n < again.n; n += 1 + again.n / 16) ASSERT(frame_may_be_torn(slice_of(again.p, n), r.at));
		for (size_t n = again.n; n--; n -= size_min(n, again.n / 16)) {
			memset(again.p + n, 0, again.n - n);
			ASSERT(frame_may_be_torn(buf_slice(&again), r.at));
		}
		buf_free(&again);
	}
	const slice rest = slice_of(file.p + r.at, read_left(&r));
	ASSERT(frame_may_be_torn(rest, r.at) || frame_before_zeros(rest).n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const requests_limit limit[REQUEST_KINDS] = { [REQUEST_PUBLIC_DECRYPT] = { 4, 1, 0 }, [REQUEST_USER_DECRYPT] = { 4, 1, 4096 } };
	reader r = reader_of(slice_of(data, size));
	requests *t = NULL;
	size_t pending = 0;

	read_frames(slice_of(data, size));
	err e = requests_new(&t, limit, &SEVENS);
	ASSERT(e == OK);
	while (read_left(&r) > 2) {
		const slice n = read_bytes(&r, 2);
		const size_t length = size_min((size_t)n.p[0] | (size_t)n.p[1] << 8, read_left(&r));
		const slice record = read_bytes(&r, length);
		record_key key;
		/* What can be applied can be told apart. */
		const bool applied = record_apply(record, t, NULL, NULL) == OK;
		err known = record_key_read(&key, slice_of(record.p, size_min(record.n, RECORD_HEAD)));
		slice message;
		ASSERT(!applied || known == OK);
		const bool tells = record_message(&message, record) == OK;
		ASSERT(tells == (applied && key.taken));
		pending += tells;
		err_clear();
	}
	for (unsigned k = REQUEST_PUBLIC_DECRYPT; k <= REQUEST_USER_DECRYPT; k++)
		ASSERT(requests_count_of(t, (request_kind)k).all <= 4 + pending);
	requests_free(&t);
	return 0;
}
