/* SPDX-License-Identifier: MIT */
#include "base/hex.h"
#include "node/api_details.h"
#include "tests/test.h"

/* Written by protobufjs from the published definitions of google.rpc. */
static const char RUNNING[] =
	"080e120961736b20616761696e1a93010a28747970652e676f6f676c65617069732e636f6d2f676f6f676c652e7270632e4572726f72496e666f12"
	"670a0f"
	"524551554553545f52554e4e494e471204617263611a4e0a0a726571756573745f69641240303930393039303930393039303930393039303930393039303930"
	"393039303930393039303930393039303930393039303930393039303930393039303930391a300a28747970652e676f6f676c65617069732e636f6d2f676f"
	"6f676c652e7270632e5265747279496e666f12040a020801";

static void the_reason_is_a_status_as_google_lays_it_out(void **state)
{
	(void)state;
	id32 id;
	buf out = { 0 };
	uint8_t want[(sizeof RUNNING - 1) / 2];

	memset(id.b, 9, sizeof id.b);
	api_details(&out, GRPC_UNAVAILABLE, "ask again", &(failure_reason){ "REQUEST_RUNNING", &id, 1 });
	assert_true(hex_read(want, sizeof want, slice_str(RUNNING)));
	assert_true(slice_eq_var(buf_slice(&out), slice_of(want, sizeof want)));
	buf_free(&out);
}

static void every_refusal_has_a_reason(void **state)
{
	(void)state;
	for (unsigned e = 1; e < ERR_COUNT; e++) assert_non_null(api_reason_of((err)e).reason);
	assert_int_equal(api_reason_of(ERR_REQUEST).retry_s, 0);
	assert_true(api_reason_of(ERR_EXHAUSTED).retry_s > 0);
}

/* A cut or foreign sentence must not make the rest unreadable: strings of protobuf are UTF-8. */
static void a_sentence_that_is_no_text_is_left_out(void **state)
{
	(void)state;
	buf out = { 0 };

	api_details(&out, GRPC_INTERNAL, "caf\xc3", &(failure_reason){ .reason = "R" });
	assert_memory_equal(out.p, "\x08\x0d\x12\x00\x1a", 5);
	buf_free(&out);
}

TESTS(TEST(the_reason_is_a_status_as_google_lays_it_out), TEST(every_refusal_has_a_reason), TEST(a_sentence_that_is_no_text_is_left_out))
