/* SPDX-License-Identifier: MIT */
/* The values of headers: a traceparent, a deadline, a sentence.  What is written of what was read is read again as the same. */
#include "base/trace.h"
#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "rpc/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const slice value = slice_of(data, size);
	char text[TRACE_TEXT], timeout[16], sentence[MAX_GRPC_MESSAGE + 1], again[MAX_GRPC_MESSAGE + 1];
	AUTO(buf) encoded = { 0 };
	int64_t ms, ms_again;
	trace t, back;

	if (trace_read(&t, value)) {
		trace_write(text, &t);
		ASSERT(trace_is_any(&t) && trace_read(&back, slice_str(text)) && memcmp(&t, &back, sizeof t) == 0);
		ASSERT(memcmp(text + 2, data + 2, TRACE_TEXT - 3) == 0);             /* but for the version */
	}
	if (grpc_timeout_read(&ms, value)) {
		ASSERT(ms >= 0);
		grpc_timeout_write(timeout, ms);
		ASSERT(grpc_timeout_read(&ms_again, slice_str(timeout)) && ms_again >= 0);
	}
	grpc_message_decode(sentence, value);
	ASSERT(strlen(sentence) <= MAX_GRPC_MESSAGE);
	if (utf8_ok(slice_str(sentence))) {
		grpc_message_encode(&encoded, sentence);
		grpc_message_decode(again, buf_slice(&encoded));
		ASSERT(strcmp(sentence, again) == 0);
	}
	return 0;
}
