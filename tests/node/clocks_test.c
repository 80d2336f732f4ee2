/* SPDX-License-Identifier: MIT */
#include "node/clocks.h"
#include "tests/test.h"

static void a_word_round_trips_and_nothing_else_is_one(void **state)
{
	static const clock_word WORDS[] = { { false, 1, 0 }, { true, UINT64_MAX, 0 }, { true, 7, 1795370400123 }, { true, 7, 253402300799999 } };
	uint8_t bytes[CLOCK_WORD_BYTES + 1] = { 0 };
	clock_word w;

	(void)state;
	for (size_t i = 0; i < COUNT(WORDS); i++) {
		clock_word_write(bytes, &WORDS[i]);
		assert_true(clock_word_read(&w, slice_of(bytes, CLOCK_WORD_BYTES)));
		assert_true(w.answer == WORDS[i].answer && w.token == WORDS[i].token && w.unix_ms == WORDS[i].unix_ms);
		for (size_t n = 0; n < CLOCK_WORD_BYTES; n++) assert_false(clock_word_read(&w, slice_of(bytes, n)));
		assert_false(clock_word_read(&w, slice_of(bytes, sizeof bytes)));
	}
	clock_word_write(bytes, &(clock_word){ true, 7, 253402300800000 });
	assert_false(clock_word_read(&w, slice_of(bytes, CLOCK_WORD_BYTES)));
	clock_word_write(bytes, &WORDS[2]);
	for (unsigned kind = 0; kind < 256; kind++) {
		bytes[0] = (uint8_t)kind;                /* a question brings no time */
		assert_int_equal(clock_word_read(&w, slice_of(bytes, CLOCK_WORD_BYTES)), kind == 2);
	}
}

/* Asked at 1000, answered after `round` ms by one whose clock then says `theirs`; here it is 50000. */
static int64_t heard(int64_t round, int64_t theirs)
{
	clock_view v = { 0 };
	clock_word a = clock_ask(&v, 7, 1000);

	a.answer = true, a.unix_ms = theirs;
	assert_true(clock_hear(&v, &a, 1000 + round, 50000));
	return v.ahead_ms;
}

static void as_much_of_a_difference_is_kept_as_is_sure(void **state)
{
	(void)state;
	assert_int_equal(heard(0, 50000), 0);
	assert_int_equal(heard(0, 50001), 1);
	assert_int_equal(heard(0, 40000), -10000);
	/* A second under way: they said it between 49000 and 50000. */
	assert_int_equal(heard(1000, 49000), 0);
	assert_int_equal(heard(1000, 50000), 0);
	assert_int_equal(heard(1000, 50001), 1);
	assert_int_equal(heard(1000, 48999), -1);
	assert_int_equal(heard(CLOCK_ROUND_MS, 110000), 60000);
}

static void only_the_answer_to_the_last_question_counts_and_only_in_time(void **state)
{
	clock_view v = { 0 };

	(void)state;
	clock_word first = { true, 0, 90000 };
	assert_false(clock_hear(&v, &first, 1000, 50000));                       /* nothing was asked */
	first = clock_ask(&v, 7, 1000);
	assert_false(clock_hear(&v, &first, 1000, 50000));                       /* no answer */
	first.answer = true, first.unix_ms = 90000;
	clock_word second = clock_ask(&v, 8, 2000);
	assert_false(clock_hear(&v, &first, 2001, 50000));
	second.answer = true, second.unix_ms = 90000;
	assert_false(clock_hear(&v, &second, 2001 + CLOCK_ROUND_MS, 50000));
	assert_true(v.ahead_ms == 0 && !v.answers);
	assert_true(clock_hear(&v, &second, 2000, 50000));
	assert_int_equal(v.ahead_ms, 40000);
	assert_false(clock_hear(&v, &second, 2000, 60000));                      /* twice */
	assert_int_equal(v.ahead_ms, 40000);
}

static void who_is_more_than_five_seconds_off_is_far(void **state)
{
	char text[CLOCK_TEXT];

	(void)state;
	assert_false(clock_is_far(0) || clock_is_far(5000) || clock_is_far(-5000));
	assert_true(clock_is_far(5001) && clock_is_far(-5001));
	clock_text(text, 61349);
	assert_string_equal(text, "61.3 s ahead of this node's");
	clock_text(text, -5000);
	assert_string_equal(text, "5.0 s behind this node's");
	clock_text(text, INT64_MIN + 1);
	assert_true(strlen(text) < CLOCK_TEXT - 1);
}

static const struct CMUnitTest tests[] = {
	TEST(a_word_round_trips_and_nothing_else_is_one), TEST(as_much_of_a_difference_is_kept_as_is_sure),
	TEST(only_the_answer_to_the_last_question_counts_and_only_in_time), TEST(who_is_more_than_five_seconds_off_is_far),
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, __FILE__, tests, COUNT(tests));
}
