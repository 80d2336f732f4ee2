/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "base/utf8.h"
#include "rpc/status.h"

static void every_error_has_the_code_that_clients_act_on(void **state)
{
	(void)state;
	static const struct { err e; grpc_status s; } WANT[] = {
		{ OK, GRPC_OK }, { ERR_NOMEM, GRPC_RESOURCE_EXHAUSTED }, { ERR_IO, GRPC_INTERNAL },
		{ ERR_CANCELLED, GRPC_CANCELLED }, { ERR_REQUEST, GRPC_INVALID_ARGUMENT }, { ERR_NOT_FOUND, GRPC_NOT_FOUND },
		{ ERR_EXISTS, GRPC_ALREADY_EXISTS }, { ERR_STATE, GRPC_FAILED_PRECONDITION }, { ERR_BUSY, GRPC_UNAVAILABLE },
		{ ERR_EXHAUSTED, GRPC_RESOURCE_EXHAUSTED }, { ERR_UNSUPPORTED, GRPC_UNIMPLEMENTED },
		{ ERR_INTERNAL, GRPC_INTERNAL },
	};
	assert_int_equal(COUNT(WANT), ERR_COUNT);
	for (unsigned i = 0; i < COUNT(WANT); i++) assert_int_equal(grpc_status_of_err(WANT[i].e), WANT[i].s);
	for (unsigned s = 1; s < GRPC_STATUS_COUNT; s++) assert_int_not_equal(grpc_status_to_err((grpc_status)s), OK);
	assert_int_equal(grpc_status_to_err(GRPC_OK), OK);
	assert_int_equal(grpc_status_to_err((grpc_status)99), ERR_INTERNAL);
	assert_string_equal(grpc_status_name(GRPC_UNAUTHENTICATED), "UNAUTHENTICATED");
}

static void a_sentence_survives_the_wire(void **state)
{
	(void)state;
	static const char *const SAY[] = { "", "plain", "100 %", "%41", "Schl\xc3\xbcssel \xe2\x82\xac \xf0\x9f\x94\x91", "two\nlines\t" };
	char back[MAX_GRPC_MESSAGE + 1];
	for (unsigned i = 0; i < COUNT(SAY); i++) {
		buf b = { 0 };
		grpc_message_encode(&b, SAY[i]);
		for (size_t k = 0; k < b.n; k++) assert_true(b.p[k] >= ' ' && b.p[k] <= '~');
		grpc_message_decode(back, buf_slice(&b));
		assert_string_equal(back, SAY[i]);
		buf_free(&b);
	}
}

static void a_long_sentence_is_cut_at_a_character(void **state)
{
	(void)state;
	char text[2 * MAX_GRPC_MESSAGE], back[MAX_GRPC_MESSAGE + 1];
	for (unsigned shift = 0; shift < 3; shift++) {
		buf b = { 0 };
		memset(text, 'x', shift);
		for (unsigned i = shift; i + 4 < sizeof text; i += 3) memcpy(text + i, "\xe2\x82\xac", 4);
		grpc_message_encode(&b, text);
		grpc_message_decode(back, buf_slice(&b));
		assert_true(strlen(back) <= MAX_GRPC_MESSAGE && strlen(back) > MAX_GRPC_MESSAGE - 3);
		assert_true(utf8_ok(slice_str(back)));
		buf_free(&b);
	}
}

static void broken_escapes_stay_as_they_are(void **state)
{
	(void)state;
	char back[MAX_GRPC_MESSAGE + 1];
	grpc_message_decode(back, slice_str("%"));
	assert_string_equal(back, "%");
	grpc_message_decode(back, slice_str("%4"));
	assert_string_equal(back, "%4");
	grpc_message_decode(back, slice_str("%zz%41%00!"));
	assert_string_equal(back, "%zzA !");
}

static void timeouts_are_read_in_every_unit_and_rounded_up(void **state)
{
	(void)state;
	static const struct { const char *text; int64_t ms; } WANT[] = {
		{ "1H", 3600000 }, { "2M", 120000 }, { "3S", 3000 }, { "4m", 4 }, { "1u", 1 }, { "1001u", 2 }, { "1n", 1 },
		{ "0n", 0 }, { "99999999H", 99999999LL * 3600000 },
	};
	static const char *const BAD[] = { "", "S", "1", "12345678", "123456789S", "+1S", "1 S", "1s" };
	int64_t ms;
	for (unsigned i = 0; i < COUNT(WANT); i++) {
		assert_true(grpc_timeout_read(&ms, slice_str(WANT[i].text)));
		assert_true(ms == WANT[i].ms);
	}
	for (unsigned i = 0; i < COUNT(BAD); i++) assert_false(grpc_timeout_read(&ms, slice_str(BAD[i])));
}

static void a_written_timeout_is_never_shorter(void **state)
{
	(void)state;
	static const int64_t MS[] = { 0, 1, 99999999, 100000000, 100000001, 99999998000, 99999999000, INT64_MAX };
	for (unsigned i = 0; i < COUNT(MS); i++) {
		char text[16];
		int64_t back;
		grpc_timeout_write(text, MS[i]);
		assert_true(grpc_timeout_read(&back, slice_str(text)));
		assert_true(back >= MS[i] || MS[i] == INT64_MAX);
	}
}

TESTS(TEST(every_error_has_the_code_that_clients_act_on),
      TEST(a_sentence_survives_the_wire),
      TEST(a_long_sentence_is_cut_at_a_character),
      TEST(broken_escapes_stay_as_they_are),
      TEST(timeouts_are_read_in_every_unit_and_rounded_up),
      TEST(a_written_timeout_is_never_shorter))
