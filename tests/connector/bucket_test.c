/* SPDX-License-Identifier: MIT */
/* tests/connector/bucket_test.c -- objects that come whole, wrong, half or not at all. */
#include "connector/bucket_internal.h"
#include <stdlib.h>
#include <unistd.h>
#include "tests/connector/fake_kms.h"
#include "tests/test.h"
#include "tfhers/envelope.h"

static fake_web WEB;
static connector_config C;
static bucket_tally TALLY;
static hash32 A, B, BIG[12];

static int start(void **state)
{
	AUTO(buf) big = { 0 };

	(void)state;
	fake_web_start(&WEB);
	A = fake_web_put(&WEB, slice_str("the first ciphertext"));
	B = fake_web_put(&WEB, slice_str("and the second one"));
	for (size_t i = 0; i < 7 << 20; i++) buf_put_u8(&big, (uint8_t)i);
	for (size_t i = 0; i < COUNT(BIG); i++) {
		big.p[0] = (uint8_t)i;
		BIG[i] = fake_web_put(&WEB, buf_slice(&big));
	}
	C = (connector_config){ .worker = { .s3_attempts = 2, .s3_connect_timeout = 600000, .s3_get_timeout = 600000, .s3_gets = 4, .s3_max_bytes = 50000 } };
	return 0;
}

static int stop(void **state)
{
	(void)state;
	fake_web_stop(&WEB);
	return 0;
}

typedef struct fetching { err e; ask_format format; bool cached; buf bytes; unsigned gets; } fetching;

/* Of the buckets with these moods, or URLs. */
static fetching fetch(buckets *b, const hash32 *digest, const char *const *mood, size_t n)
{
	char url[4][128];
	const char *all[4];
	fetching f = { 0 };

	for (size_t i = 0; i < n; i++) {
		snprintf(url[i], sizeof url[i], strchr(mood[i], ':') ? "%s%s" : "%s/%s", strchr(mood[i], ':') ? "" : WEB.url, mood[i]);
		all[i] = url[i];
	}
	const unsigned before = atomic_load(&WEB.gets);
	f.e = buckets_fetch(b, &f.bytes, &f.format, &f.cached, digest, NULL, all, n);
	f.gets = atomic_load(&WEB.gets) - before;
	return f;
}

static void expect(const char *mood, const char *words, unsigned gets)
{
	buckets *b = NULL;

	assert_ok(buckets_new(&b, &C, &TALLY));
	fetching f = fetch(b, &A, &mood, 1);
	assert_int_equal(f.gets, gets);
	if (words) {
		if (!strstr(err_text(), words)) fail_msg("%s: %s", mood, err_text());
		assert_err(ERR_IO, f.e);
		assert_int_equal(f.bytes.n, 0);
	} else {
		assert_ok(f.e);
		assert_true(slice_eq_var(buf_slice(&f.bytes), slice_str("the first ciphertext")));
	}
	buf_free(&f.bytes);
	buckets_free(&b);
}

static void only_the_right_object_is_taken(void **state)
{
	(void)state;
	expect("good", NULL, 1);
	expect("good/", NULL, 1);
	expect("other", "not those whose digest was agreed on", 2);
	expect("missing", "HTTP status 404", 2);
	expect("forbidden", "HTTP status 403", 2);
	expect("half", "", 2);
	expect("long", "", 2);
	expect("file:/etc", "", 0);
	expect("http://127.0.0.1:1", "", 0);
}

static void the_next_bucket_is_asked_when_one_fails(void **state)
{
	static const char *const ALL[] = { "missing", "other", "half", "cpu" };
	buckets *b = NULL;

	(void)state;
	assert_ok(buckets_new(&b, &C, &TALLY));
	fetching f = fetch(b, &A, ALL, 4);
	assert_ok(f.e);
	assert_int_equal(f.gets, 4);
	assert_int_equal(f.format, ASK_BIG_COMPRESSED);
	assert_true(slice_eq_var(buf_slice(&f.bytes), slice_str("the first ciphertext")));
	buf_free(&f.bytes);
	buckets_free(&b);
}

static void the_header_tells_the_format(void **state)
{
	static const struct { const char *mood; ask_format format; } ROWS[] = {
		{ "good", ASK_BIG_EXPANDED }, { "cpu", ASK_BIG_COMPRESSED }, { "gpu", ASK_BIG_COMPRESSED }, { "odd", ASK_BIG_EXPANDED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ROWS); i++)
		for (int again = 0; again < 2; again++) {
			static buckets *b;
			if (!again) assert_ok(buckets_new(&b, &C, &TALLY));
			fetching f = fetch(b, &A, &ROWS[i].mood, 1);
			assert_ok(f.e);
			assert_int_equal(f.format, ROWS[i].format);
			assert_int_equal(f.cached, again);
			buf_free(&f.bytes);
			if (again) buckets_free(&b);
		}
}

/* A bucket that gives the right bytes first, with a header that is not theirs, would have nodes refuse them for good. */
static void a_header_does_not_change_what_the_bytes_say_they_are(void **state)
{
	static const struct { const char *type, *mood; ask_format format; } ROWS[] = {
		{ "high_level_api::SquashedNoiseFheUint", "cpu", ASK_BIG_EXPANDED }, { "high_level_api::SquashedNoiseFheUint", "good", ASK_BIG_EXPANDED },
		{ "high_level_api::SquashedNoiseFheBool", "gpu", ASK_BIG_EXPANDED }, { "high_level_api::CompressedSquashedNoiseCiphertextList", "good", ASK_BIG_COMPRESSED },
		{ "high_level_api::CompressedSquashedNoiseCiphertextList", "odd", ASK_BIG_COMPRESSED }, { "high_level_api::FheUint", "cpu", ASK_BIG_COMPRESSED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		AUTO(buf) bytes = { 0 };
		buckets *b = NULL;
		tfhers_envelope_write(&bytes, ROWS[i].type);
		buf_put_u64(&bytes, i);
		const hash32 digest = fake_web_put(&WEB, buf_slice(&bytes));
		assert_ok(buckets_new(&b, &C, &TALLY));
		for (int again = 0; again < 2; again++) {
			fetching f = fetch(b, &digest, &ROWS[i].mood, 1);
			assert_ok(f.e);
			assert_int_equal(f.format, ROWS[i].format);
			buf_free(&f.bytes);
		}
		buckets_free(&b);
	}
}

static void s3_names_become_urls_as_configured(void **state)
{
	static const char *const S3 = "s3://name", *const MIXED[] = { "missing", "s3://name" };
	connector_config before = C;
	buckets *b = NULL;

	(void)state;
	assert_ok(buckets_new(&b, &C, &TALLY));
	assert_err(ERR_REQUEST, fetch(b, &A, &S3, 1).e);
	assert_err(ERR_REQUEST, fetch(b, &A, NULL, 0).e);
	assert_err(ERR_IO, fetch(b, &A, MIXED, 2).e);                     /* the first may have it later */
	C.worker.s3.present = true, C.worker.s3.region = C.worker.s3.bucket = (char *)(uintptr_t)"", C.worker.s3.endpoint = WEB.url;
	assert_err(ERR_REQUEST, fetch(b, &A, NULL, 0).e);
	fetching f = fetch(b, &A, &S3, 1);
	assert_ok(f.e);
	assert_int_equal(f.gets, 1);
	buf_free(&f.bytes);
	C.worker.s3.bucket = (char *)(uintptr_t)"cpu";
	f = fetch(b, &B, NULL, 0);
	assert_ok(f.e);
	assert_int_equal(f.format, ASK_BIG_COMPRESSED);
	buf_free(&f.bytes);
	buckets_free(&b);
	C = before;
}

static void a_bucket_at_a_port_that_is_closed_is_named_with_the_remedy(void **state)
{
	static char *ports[] = { (char *)(uintptr_t)"9000" };
	static const char *const S3[] = { "s3://name" };
	connector_config before = C;
	buckets *b = NULL;

	(void)state;
	C.worker.s3_ports = (config_list){ ports, 1 };
	assert_ok(buckets_new(&b, &C, &TALLY));
	const char *const good = "good";
	assert_int_equal(fetch(b, &A, &good, 1).e, ERR_IO);               /* the operator may open it */
	assert_non_null(strstr(err_text(), "s3_ports does not name it"));
	err_clear();
	C.worker.s3.present = true, C.worker.s3.region = C.worker.s3.bucket = (char *)(uintptr_t)"", C.worker.s3.endpoint = WEB.url;
	fetching f = fetch(b, &A, S3, 1);                                 /* the one that is configured is open */
	assert_ok(f.e);
	buf_free(&f.bytes);
	buckets_free(&b);
	C = before;
}

static void what_was_asked_for_last_is_kept(void **state)
{
	static const char *const GOOD = "good";
	connector_config before = C;
	buckets *b = NULL;
	fetching f;

	(void)state;
	C.worker.s3_max_bytes = 8 << 20;
	assert_ok(buckets_new(&b, &C, &TALLY));
	for (size_t i = 0; i < COUNT(BIG); i++) {                          /* 12 of 7 MB; there is room for 9 */
		f = fetch(b, &BIG[i], &GOOD, 1);
		assert_ok(f.e);
		assert_false(f.cached);
		buf_free(&f.bytes);
		f = fetch(b, &BIG[0], &GOOD, 1);                           /* in use all the time: stays */
		assert_true(f.cached);
		buf_free(&f.bytes);
	}
	f = fetch(b, &BIG[11], &GOOD, 1);
	assert_true(f.cached);
	assert_int_equal(f.bytes.n, 7 << 20);
	buf_free(&f.bytes);
	f = fetch(b, &BIG[1], &GOOD, 1);
	assert_false(f.cached);
	buf_free(&f.bytes);
	buckets_free(&b);
	C = before;
}

static void *fetch_both(void *ctx)
{
	static const char *const ALL[] = { "missing", "good" };

	for (int i = 0; i < 20; i++) {
		fetching f = fetch(ctx, i % 2 ? &A : &B, ALL, 2);
		assert_ok(f.e);
		assert_true(hash32_eq_var(keccak256(buf_slice(&f.bytes)), i % 2 ? A : B));
		buf_free(&f.bytes);
	}
	return NULL;
}

static void several_threads_fetch_at_once(void **state)
{
	pthread_t t[8];
	buckets *b = NULL;

	(void)state;
	assert_ok(buckets_new(&b, &C, &TALLY));
	for (size_t i = 0; i < COUNT(t); i++) assert_int_equal(pthread_create(&t[i], NULL, fetch_both, b), 0);
	for (size_t i = 0; i < COUNT(t); i++) pthread_join(t[i], NULL);
	buckets_free(&b);
}

typedef struct cut { buckets *b; unsigned before; } cut;

static void *stop_once_asked(void *ctx)
{
	const cut *c = ctx;
	while (atomic_load(&WEB.gets) == c->before) usleep(1000);
	buckets_stop(c->b);
	return NULL;
}

static void an_end_cuts_off_a_bucket_that_is_slow(void **state)
{
	static const char *const SLOW = "slow";
	buckets *b = NULL;
	pthread_t t;

	(void)state;
	assert_ok(buckets_new(&b, &C, &TALLY));
	cut c = { b, atomic_load(&WEB.gets) };
	assert_int_equal(pthread_create(&t, NULL, stop_once_asked, &c), 0);
	assert_err(ERR_IO, fetch(b, &A, &SLOW, 1).e);
	pthread_join(t, NULL);
	buckets_free(&b);
}

/* ---- two at once ---------------------------------------------------------------------------------------------------- */

enum { SOON_MS = 20 };

/* One fetch in a world of its own; the tally goes on. */
static fetching race(const char *const *mood, size_t n)
{
	buckets *b = NULL;

	assert_ok(buckets_new(&b, &C, &TALLY));
	const fetching f = fetch(b, &A, mood, n);
	buckets_free(&b);
	return f;
}

static void expect_race(const char *const *mood, size_t n, unsigned gets, unsigned hedged)
{
	TALLY = (bucket_tally){ 0 };
	fetching f = race(mood, n);
	assert_ok(f.e);
	assert_true(slice_eq_var(buf_slice(&f.bytes), slice_str("the first ciphertext")));
	assert_int_equal(f.gets, gets);
	assert_int_equal(TALLY.asked, gets);
	assert_int_equal(TALLY.hedged, hedged);
	buf_free(&f.bytes);
}

static void a_second_bucket_is_asked_while_the_first_is_slow(void **state)
{
	static const char *const TWO[] = { "slow", "good" }, *const WRONG[] = { "slow", "other", "half", "cpu" }, *const FAST[] = { "good", "slow" };
	connector_config before = C;

	(void)state;
	C.worker.s3_hedge_delay = SOON_MS;
	const unsigned slows = WEB.slows;
	expect_race(TWO, 2, 2, 1);
	assert_int_equal(TALLY.hedges_won, 1);
	fake_web_cut_off(&WEB, slows);                                     /* nobody waits for it any more */
	expect_race(WRONG, 4, 4, 3);                                       /* first is who is right */
	assert_int_equal(TALLY.hedges_won, 1);
	C.worker.s3_hedge_delay = 600000;
	expect_race(FAST, 2, 1, 0);
	C = before;
}

static void nobody_is_asked_twice_where_that_is_not_wanted(void **state)
{
	static const char *const TWO[] = { "late", "good" };
	connector_config before = C;

	(void)state;
	C.worker.s3_hedge_delay = 0;
	expect_race(TWO, 2, 2, 0);
	C.worker.s3_hedge_delay = SOON_MS;
	C.worker.s3_gets = 1;                                              /* there is no room for a second */
	expect_race(TWO, 2, 2, 0);
	C = before;
}

static void slow_buckets_do_not_double_the_load(void **state)
{
	static const char *const TWO[] = { "late", "good" };
	connector_config before = C;

	(void)state;
	C.worker.s3_hedge_delay = SOON_MS;
	TALLY = (bucket_tally){ 0 };
	for (unsigned i = 0; i < 20; i++) {
		fetching f = race(TWO, 2);
		assert_ok(f.e);
		buf_free(&f.bytes);
	}
	assert_int_equal(TALLY.asked, 40);
	assert_true(TALLY.hedged <= 14);                                   /* not all twenty times */
	C = before;
}

static void the_delay_is_what_nineteen_of_twenty_did_not_need(void **state)
{
	hedging h = { 0 };

	(void)state;
	assert_int_equal(hedging_delay_ms(&h, 1000), 1000);
	for (int i = 31; i >= 1; i--) hedging_add(&h, 10 * i);
	assert_int_equal(hedging_delay_ms(&h, 1000), 1000);                /* too few */
	hedging_add(&h, 320);
	assert_int_equal(hedging_delay_ms(&h, 1000), 310);                 /* the 31st of 32 */
	assert_int_equal(hedging_delay_ms(&h, 100), 100);
	for (int i = 0; i < HEDGE_SAMPLES; i++) hedging_add(&h, i < 7 ? INT64_MAX : 1);
	assert_int_equal(hedging_delay_ms(&h, INT64_MAX), INT32_MAX);      /* the 122nd of 128: 7 were slow */
	hedging_add(&h, 1);
	assert_int_equal(hedging_delay_ms(&h, 1000), 20);                  /* now 6: no sooner than this */
}

/* The last, for it may end before the bucket has even seen what it was asked. */
static void a_bucket_has_so_much_time_and_no_more(void **state)
{
	static const char *const SLOW = "slow";
	connector_config before = C;
	buckets *b = NULL;

	(void)state;
	C.worker.s3_get_timeout = 50;
	assert_ok(buckets_new(&b, &C, &TALLY));
	assert_err(ERR_IO, fetch(b, &A, &SLOW, 1).e);
	buckets_free(&b);
	C = before;
}

static const struct CMUnitTest ALL[] = {
	TEST(only_the_right_object_is_taken), TEST(the_next_bucket_is_asked_when_one_fails), TEST(the_header_tells_the_format), TEST(a_header_does_not_change_what_the_bytes_say_they_are),
	TEST(s3_names_become_urls_as_configured), TEST(a_bucket_at_a_port_that_is_closed_is_named_with_the_remedy),
	TEST(what_was_asked_for_last_is_kept), TEST(several_threads_fetch_at_once),
	TEST(an_end_cuts_off_a_bucket_that_is_slow), TEST(a_second_bucket_is_asked_while_the_first_is_slow),
	TEST(nobody_is_asked_twice_where_that_is_not_wanted), TEST(slow_buckets_do_not_double_the_load),
	TEST(the_delay_is_what_nineteen_of_twenty_did_not_need), TEST(a_bucket_has_so_much_time_and_no_more),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, ALL, COUNT(ALL), start, stop);
}
