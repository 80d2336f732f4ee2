/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "tests/test.h"

static void only_utf8_passes_for_utf8(void **state)
{
	(void)state;
	static const char *const GOOD[] = { "", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
		"\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf" };
	static const char *const BAD[] = { "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xed\xa0\x80",
		"\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xe2\x28\xa1" };
	for (unsigned i = 0; i < COUNT(GOOD); i++) assert_true(utf8_ok(slice_str(GOOD[i])));
	for (unsigned i = 0; i < COUNT(BAD); i++) assert_false(utf8_ok(slice_str(BAD[i])));
}

static void a_step_is_one_character_and_stays_within_the_text(void **state)
{
	(void)state;
	static const uint8_t TEXT[] = { 'a', 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x94, 0x91 };
	static const size_t WANT[] = { 1, 2, 3, 4 };

	for (size_t at = 0, i = 0; at < sizeof TEXT; at += WANT[i++]) {
		assert_int_equal(utf8_step(slice_of(TEXT + at, sizeof TEXT - at)), WANT[i]);
		for (size_t n = 0; n < WANT[i]; n++) assert_int_equal(utf8_step(slice_of(TEXT + at, n)), 0);
	}
}

TESTS(TEST(only_utf8_passes_for_utf8),
      TEST(a_step_is_one_character_and_stays_within_the_text))
