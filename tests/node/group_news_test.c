/* SPDX-License-Identifier: MIT */
#include "node/group_news.h"
#include "tests/test.h"

enum { N = 4, T = 1 };

static const id32 KEY = {{ 3 }}, OTHER_KEY = {{ 4 }}, THERE = {{ 7, [31] = 2 }}, FURTHER = {{ 7, [31] = 3 }};

static group_news from(uint32_t epoch, id32 context) { return (group_news){ .chain_id = 1, .epoch = epoch, .key_id = KEY, .context = context }; }

static void news_round_trip_and_nothing_else_is_some(void **state)
{
	const group_news n = from(258, THERE);
	uint8_t bytes[GROUP_NEWS_BYTES + 1] = { 0 };
	group_news read;

	(void)state;
	group_news_write(bytes, &n);
	assert_true(group_news_read(&read, slice_of(bytes, GROUP_NEWS_BYTES)));
	assert_true(read.chain_id == 1 && read.epoch == 258 && id_eq_var(&read.key_id, &KEY) && id_eq_var(&read.context, &THERE));
	for (size_t k = 0; k < GROUP_NEWS_BYTES; k++) assert_false(group_news_read(&read, slice_of(bytes, k)));
	assert_false(group_news_read(&read, slice_of(bytes, sizeof bytes)));
	bytes[0]++;
	assert_false(group_news_read(&read, slice_of(bytes, GROUP_NEWS_BYTES)));
}

static void one_more_than_may_lie_are_believed(void **state)
{
	const group_news known = from(4, (id32){ 0 });
	group_news said[N + 1] = { [2] = from(UINT32_MAX, FURTHER), [3] = from(6, THERE), [4] = from(5, THERE) }, news;

	(void)state;
	assert_false(group_news_believed(&news, said, 0, T, &known));
	FOR_EACH_IN(i, parties_all(N)) assert_false(group_news_believed(&news, said, (party_set)1 << i, T, &known));
	party_set two = 0;
	add_to(&two, 2), add_to(&two, 3);
	assert_true(group_news_believed(&news, said, two, T, &known));
	assert_int_equal(news.epoch, 6);                    /* a liar does not lift it */
	assert_true(id_is_zero_var(&news.context));         /* nor name a place */
	add_to(&two, 4);
	assert_true(group_news_believed(&news, said, two, T, &known));
	assert_int_equal(news.epoch, 6);
	assert_true(id_eq_var(&news.context, &THERE));
	assert_true(group_news_believed(&news, said, two, T, NULL));
}

/* Those who say so have missed that it came back; or the key is another. */
static void what_is_past_and_what_is_of_another_key_is_passed_over(void **state)
{
	const group_news known = from(6, (id32){ 0 });
	group_news said[N + 1] = { [1] = from(6, THERE), [2] = from(6, THERE), [3] = from(7, THERE), [4] = from(7, THERE) }, news;

	(void)state;
	assert_true(group_news_believed(&news, said, parties_all(N), T, &known));
	said[4].epoch = 6;
	assert_false(group_news_believed(&news, said, parties_all(N), T, &known));
	said[4].epoch = 7;
	said[3].key_id = OTHER_KEY;
	assert_false(group_news_believed(&news, said, parties_all(N), T, &known));
}

TESTS(TEST(news_round_trip_and_nothing_else_is_some), TEST(one_more_than_may_lie_are_believed),
      TEST(what_is_past_and_what_is_of_another_key_is_passed_over))
