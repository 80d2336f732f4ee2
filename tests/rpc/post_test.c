/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "rpc/http.h"
#include "rpc/post.h"

/* Says back what it got, n times as its first digit says; 429 with a wish if that is a 0. */
static void echo(void *ctx, http_reply *out, const http_request *in)
{
	(void)ctx;
	if (in->body.p[0] == '0') out->status = 429;
	for (uint8_t i = '0'; i < in->body.p[0]; i++) buf_put_slice(&out->body, in->body);
}

static http_server *server;
static char url[128];

static int begin(void **state)
{
	static const http_route ROUTES[] = { { "POST /secret-key", echo, NULL } };

	(void)state;
	assert_ok(http_server_new(&server, "127.0.0.1", 0, ROUTES, COUNT(ROUTES)));
	snprintf(url, sizeof url, "http://user:word@127.0.0.1:%u/secret-key?token=1", http_server_port(server));
	return 0;
}

static int end(void **state)
{
	(void)state;
	http_server_free(&server);
	return 0;
}

static poster *start(size_t max, const atomic_bool *stop)
{
	poster *p = NULL;
	assert_ok(poster_new(&p, &(post_config){ .url = url, .connect_ms = 60000, .timeout_ms = 60000, .max = max, .stop = stop }));
	return p;
}

static void many_questions_are_answered_by_one_poster(void **state)
{
	AUTO(poster) *p = start(100, NULL);

	(void)state;
	for (unsigned i = 1; i < 10; i++) {
		AUTO(post_answer) a = { 0 };
		char question[2] = { (char)('0' + i), 0 };
		assert_ok(post_json(&a, p, slice_str(question)));
		assert_int_equal(a.status, 200);
		assert_int_equal(a.body.n, i);
		assert_false(a.too_long);
	}
}

static void an_answer_beyond_the_bound_is_dropped_and_the_next_one_comes(void **state)
{
	AUTO(poster) *p = start(5, NULL);
	AUTO(post_answer) a = { 0 }, b = { 0 };

	(void)state;
	assert_ok(post_json(&a, p, slice_str("6")));
	assert_true(a.too_long && a.body.n == 0);
	assert_ok(post_json(&b, p, slice_str("5")));
	assert_true(!b.too_long && b.body.n == 5);
}

static void a_status_is_an_answer(void **state)
{
	AUTO(poster) *p = start(100, NULL);
	AUTO(post_answer) a = { 0 };

	(void)state;
	assert_ok(post_json(&a, p, slice_str("0")));
	assert_int_equal(a.status, 429);
	assert_int_equal(a.retry_after_ms, -1);
}

static void no_sentence_holds_what_may_be_a_key(void **state)
{
	AUTO(poster) *p = NULL;
	AUTO(post_answer) a = { 0 };

	(void)state;
	assert_ok(poster_new(&p, &(post_config){ .url = "http://user:word@127.0.0.1:1/secret-key?token=1", .connect_ms = 2000, .timeout_ms = 2000, .max = 9 }));
	assert_string_equal(poster_server(p), "http://127.0.0.1:1");
	assert_int_equal(post_json(&a, p, slice_str("1")), ERR_IO);
	assert_non_null(strstr(err_text(), "http://127.0.0.1:1"));
	assert_null(strstr(err_text(), "secret"));
	assert_null(strstr(err_text(), "word"));
	err_clear();
}

static void urls_of_other_kinds_are_refused(void **state)
{
	poster *p = NULL;

	(void)state;
	assert_err(ERR_REQUEST, poster_new(&p, &(post_config){ .url = "file:///etc/passwd", .timeout_ms = 1000, .max = 9 }));
	assert_err(ERR_REQUEST, poster_new(&p, &(post_config){ .url = "http://", .timeout_ms = 1000, .max = 9 }));
	assert_null(p);
}

static void who_is_told_to_stop_does_not_wait(void **state)
{
	const atomic_bool stop = true;
	AUTO(poster) *p = start(100, &stop);
	AUTO(post_answer) a = { 0 };

	(void)state;
	assert_err(ERR_CANCELLED, post_json(&a, p, slice_str("1")));
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(many_questions_are_answered_by_one_poster), TEST(an_answer_beyond_the_bound_is_dropped_and_the_next_one_comes),
		TEST(a_status_is_an_answer), TEST(no_sentence_holds_what_may_be_a_key), TEST(urls_of_other_kinds_are_refused),
		TEST(who_is_told_to_stop_does_not_wait),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), begin, end);
}
