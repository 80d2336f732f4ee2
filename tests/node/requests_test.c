/* SPDX-License-Identifier: MIT */
#include "node/requests.h"
#include "tests/test.h"

static const hash32 BODY = {{ 1 }}, OTHER = {{ 2 }};

static id32 id_of(unsigned n)
{
	id32 id = {{ 9 }};
	store32(id.b + 28, n);
	return id;
}

static requests *table_of_bytes(size_t capacity, size_t keep, size_t bytes)
{
	const requests_limit limit[REQUEST_KINDS] = {
		[REQUEST_PUBLIC_DECRYPT] = { capacity, keep, bytes }, [REQUEST_USER_DECRYPT] = { capacity, keep, bytes },
	};
	requests *t = NULL;
	assert_ok(requests_new(&t, limit, test_rng()));
	return t;
}

static requests *table(size_t capacity, size_t keep)
{
	return table_of_bytes(capacity, keep, 0);
}

static err start(requests *t, request_kind kind, unsigned n, const hash32 *body)
{
	const id32 id = id_of(n);
	return requests_start(t, kind, &id, body, (slice){ 0 });
}

static void done(requests *t, request_kind kind, unsigned n, const char *text)
{
	const id32 id = id_of(n);
	buf response = { 0 };
	buf_put_str(&response, text);
	requests_finish_done(t, kind, &id, &response);
	assert_null(response.p);
}

static void failed(requests *t, request_kind kind, unsigned n)
{
	const id32 id = id_of(n);
	requests_finish_failed(t, kind, &id, ERR_STATE, "because");
}

/* A waiter that writes down what it was told. */
typedef struct note {
	request_waiter waiter;
	unsigned answers;
	request_state state;
	err      cause;
	char     text[64];
	bool     left;
} note;

static void write_down(request_waiter *w, const request_answer *a)
{
	note *n = (note *)(void *)w;
	n->answers++;
	n->state = a->state;
	n->cause = a->cause;
	if (a->state == REQUEST_DONE) snprintf(n->text, sizeof n->text, "%.*s", (int)a->response.n, (const char *)a->response.p);
	else snprintf(n->text, sizeof n->text, "%s", a->why ? a->why : "");
}

static bool has_left(request_waiter *w)
{
	return ((note *)(void *)w)->left;
}

static note note_until(int64_t ms)
{
	return (note){ .waiter = { .until_ms = ms, .answer = write_down, .gave_up = has_left } };
}

static err wait_for(requests *t, request_kind kind, unsigned n, const hash32 *body, note *into)
{
	const id32 id = id_of(n);
	return requests_wait(t, kind, &id, body, &into->waiter);
}

static void an_id_is_taken_while_pending_and_when_done(void **state)
{
	(void)state;
	requests *t = table(10, 2);

	assert_ok(start(t, REQUEST_PUBLIC_DECRYPT, 1, &BODY));
	assert_err(ERR_EXISTS, start(t, REQUEST_PUBLIC_DECRYPT, 1, &BODY));
	assert_err(ERR_EXISTS, start(t, REQUEST_PUBLIC_DECRYPT, 1, &OTHER));
	assert_ok(start(t, REQUEST_USER_DECRYPT, 1, &BODY));            /* every kind has its own ids */
	done(t, REQUEST_PUBLIC_DECRYPT, 1, "answer");
	assert_err(ERR_EXISTS, start(t, REQUEST_PUBLIC_DECRYPT, 1, &BODY));
	requests_free(&t);
}

static void a_failed_request_starts_again_with_the_same_body_only(void **state)
{
	(void)state;
	requests *t = table(10, 2);
	note n = note_until(0);

	assert_ok(start(t, REQUEST_PUBLIC_DECRYPT, 1, &BODY));
	failed(t, REQUEST_PUBLIC_DECRYPT, 1);
	assert_err(ERR_EXISTS, start(t, REQUEST_PUBLIC_DECRYPT, 1, &OTHER));
	assert_ok(wait_for(t, REQUEST_PUBLIC_DECRYPT, 1, NULL, &n));
	assert_int_equal(n.state, REQUEST_FAILED);
	assert_string_equal(n.text, "because");
	assert_ok(start(t, REQUEST_PUBLIC_DECRYPT, 1, &BODY));
	assert_err(ERR_EXISTS, start(t, REQUEST_PUBLIC_DECRYPT, 1, &BODY));
	done(t, REQUEST_PUBLIC_DECRYPT, 1, "second try");
	n = note_until(0);
	assert_ok(wait_for(t, REQUEST_PUBLIC_DECRYPT, 1, &BODY, &n));
	assert_string_equal(n.text, "second try");
	requests_free(&t);
}

static void a_waiter_is_answered_when_the_request_ends(void **state)
{
	(void)state;
	requests *t = table(10, 2);
	note a = note_until(100), b = note_until(200), c = note_until(100), at_once = note_until(0);

	assert_err(ERR_NOT_FOUND, wait_for(t, REQUEST_USER_DECRYPT, 1, NULL, &a));
	assert_ok(start(t, REQUEST_USER_DECRYPT, 1, &BODY));
	assert_ok(wait_for(t, REQUEST_USER_DECRYPT, 1, NULL, &a));
	assert_ok(wait_for(t, REQUEST_USER_DECRYPT, 1, &BODY, &b));
	assert_err(ERR_EXISTS, wait_for(t, REQUEST_USER_DECRYPT, 1, &OTHER, &c));
	assert_ok(wait_for(t, REQUEST_USER_DECRYPT, 1, NULL, &at_once));
	assert_int_equal(at_once.answers, 1);
	assert_int_equal(at_once.state, REQUEST_PENDING);
	assert_int_equal(a.answers + b.answers + c.answers, 0);
	done(t, REQUEST_USER_DECRYPT, 1, "x");
	assert_int_equal(a.answers, 1);
	assert_int_equal(b.answers, 1);
	assert_string_equal(b.text, "x");
	requests_free(&t);
	assert_int_equal(a.answers, 1);
}

static void patience_ends_at_its_time_or_when_the_caller_left(void **state)
{
	(void)state;
	requests *t = table(10, 2);
	note early = note_until(100), late = note_until(200), gone = note_until(200), last = note_until(999);

	assert_ok(start(t, REQUEST_USER_DECRYPT, 1, &BODY));
	assert_ok(wait_for(t, REQUEST_USER_DECRYPT, 1, NULL, &early));
	assert_ok(wait_for(t, REQUEST_USER_DECRYPT, 1, NULL, &late));
	assert_ok(wait_for(t, REQUEST_USER_DECRYPT, 1, NULL, &gone));
	assert_ok(wait_for(t, REQUEST_USER_DECRYPT, 1, NULL, &last));
	requests_expire(t, 99);
	assert_int_equal(early.answers, 0);
	gone.left = true;
	requests_expire(t, 100);
	assert_int_equal(early.answers, 1);
	assert_int_equal(early.state, REQUEST_PENDING);
	assert_int_equal(gone.answers, 1);
	assert_int_equal(late.answers, 0);
	requests_expire(t, 250);
	assert_int_equal(late.answers, 1);
	assert_int_equal(early.answers, 1);
	requests_free(&t);                              /* nobody is left without an answer */
	assert_int_equal(last.answers, 1);
}

static void the_oldest_finished_make_room_but_a_minimum_stays(void **state)
{
	(void)state;
	requests *t = table(4, 2);
	request_state s;
	id32 id;

	for (unsigned i = 0; i < 4; i++) {
		assert_ok(start(t, REQUEST_PUBLIC_DECRYPT, i, &BODY));
		if (i < 3) done(t, REQUEST_PUBLIC_DECRYPT, i, "x");
	}
	assert_ok(start(t, REQUEST_PUBLIC_DECRYPT, 4, &BODY));          /* forgets 0 */
	id = id_of(0);
	assert_false(requests_state(t, &s, REQUEST_PUBLIC_DECRYPT, &id));
	assert_err(ERR_EXHAUSTED, start(t, REQUEST_PUBLIC_DECRYPT, 5, &BODY));
	assert_ok(start(t, REQUEST_USER_DECRYPT, 5, &BODY));            /* other kinds are not affected */
	failed(t, REQUEST_PUBLIC_DECRYPT, 3);
	assert_ok(start(t, REQUEST_PUBLIC_DECRYPT, 5, &BODY));          /* forgets 1, not 3, which finished later */
	id = id_of(1);
	assert_false(requests_state(t, &s, REQUEST_PUBLIC_DECRYPT, &id));
	id = id_of(3);
	assert_true(requests_state(t, &s, REQUEST_PUBLIC_DECRYPT, &id));
	requests_count c = requests_count_of(t, REQUEST_PUBLIC_DECRYPT);
	assert_int_equal(c.all, 4);
	assert_int_equal(c.pending, 2);
	assert_ok(start(t, REQUEST_KEYGEN, 1, &BODY));                  /* unbounded kinds never evict */
	requests_free(&t);
}

static void a_preprocessing_is_used_once(void **state)
{
	(void)state;
	requests *t = table(4, 2);
	const id32 prep = id_of(1), key = id_of(7), key2 = id_of(8);
	buf facts = { 0 };
	note n = note_until(0);

	assert_err(ERR_NOT_FOUND, requests_consume(t, REQUEST_PREPROC, &prep, &key));
	assert_ok(requests_start(t, REQUEST_PREPROC, &prep, &BODY, slice_str("facts")));
	assert_err(ERR_BUSY, requests_facts(t, &facts, REQUEST_PREPROC, &prep));
	done(t, REQUEST_PREPROC, 1, "signed");
	assert_ok(requests_facts(t, &facts, REQUEST_PREPROC, &prep));
	assert_true(slice_eq_var(buf_slice(&facts), slice_str("facts")));
	assert_ok(requests_consume(t, REQUEST_PREPROC, &prep, &key));
	assert_err(ERR_EXISTS, requests_consume(t, REQUEST_PREPROC, &prep, &key2));
	assert_err(ERR_EXISTS, requests_facts(t, &facts, REQUEST_PREPROC, &prep));
	assert_err(ERR_EXISTS, start(t, REQUEST_PREPROC, 1, &BODY));
	assert_ok(wait_for(t, REQUEST_PREPROC, 1, NULL, &n));
	assert_int_equal(n.state, REQUEST_CONSUMED);
	requests_release(t, REQUEST_PREPROC, &prep);
	assert_ok(requests_consume(t, REQUEST_PREPROC, &prep, &key2));

	assert_ok(start(t, REQUEST_PREPROC, 2, &BODY));
	failed(t, REQUEST_PREPROC, 2);
	const id32 bad = id_of(2);
	assert_err(ERR_STATE, requests_consume(t, REQUEST_PREPROC, &bad, &key));
	buf_free(&facts);
	requests_free(&t);
}

static void a_withdrawn_start_leaves_nothing(void **state)
{
	(void)state;
	requests *t = table(4, 2);
	const id32 id = id_of(1);
	note n = note_until(50);
	request_state s;

	assert_ok(start(t, REQUEST_KEYGEN, 1, &BODY));
	assert_ok(wait_for(t, REQUEST_KEYGEN, 1, NULL, &n));
	requests_withdraw(t, REQUEST_KEYGEN, &id);
	assert_int_equal(n.answers, 1);
	assert_false(requests_state(t, &s, REQUEST_KEYGEN, &id));
	assert_ok(start(t, REQUEST_KEYGEN, 1, &OTHER));
	requests_free(&t);
}

/* Random operations against a model of a few lines: the state of each id. */
static void random_lives_agree_with_the_model(void **state)
{
	(void)state;
	enum { IDS = 40, STEPS = 20000, NONE = REQUEST_STATES };
	requests *t = table(IDS + 1, 0);
	int model[IDS];

	for (unsigned i = 0; i < IDS; i++) model[i] = NONE;
	for (unsigned step = 0; step < STEPS; step++) {
		const unsigned i = (unsigned)test_below(IDS);
		const bool startable = model[i] == NONE || model[i] == REQUEST_FAILED;
		if (test_below(2)) {
			err e = start(t, REQUEST_USER_DECRYPT, i, &BODY);
			assert_int_equal(e, startable ? OK : ERR_EXISTS);
			if (startable) model[i] = REQUEST_PENDING;
		} else if (model[i] == REQUEST_PENDING) {
			model[i] = test_below(2) ? REQUEST_DONE : REQUEST_FAILED;
			if (model[i] == REQUEST_DONE) done(t, REQUEST_USER_DECRYPT, i, "x");
			else failed(t, REQUEST_USER_DECRYPT, i);
		}
		request_state s;
		const id32 id = id_of(i);
		const bool known = requests_state(t, &s, REQUEST_USER_DECRYPT, &id);
		assert_int_equal(known, model[i] != NONE);
		if (known) assert_int_equal((int)s, model[i]);
	}
	err_clear();
	requests_free(&t);
}

static bool is_known(requests *t, request_kind kind, unsigned n)
{
	const id32 id = id_of(n);
	request_state s;
	return requests_state(t, &s, kind, &id);
}

static void done_with_bytes(requests *t, request_kind kind, unsigned n, size_t bytes)
{
	const id32 id = id_of(n);
	buf response = { 0 };
	memset(buf_grow(&response, bytes), 'x', bytes);
	assert_ok(requests_fit(t, kind, bytes));
	requests_finish_done(t, kind, &id, &response);
}

static void answers_are_forgotten_by_their_bytes_even_below_the_minimum(void **state)
{
	(void)state;
	enum { LIMIT = 100000, BIG = 30000, ENTRIES = 1000 };
	requests *t = table_of_bytes(ENTRIES, ENTRIES - 1, LIMIT);
	note n = note_until(0);

	for (unsigned i = 0; i < 10; i++) {
		assert_ok(start(t, REQUEST_USER_DECRYPT, i, &BODY));
		done_with_bytes(t, REQUEST_USER_DECRYPT, i, BIG);
		assert_true(requests_count_of(t, REQUEST_USER_DECRYPT).bytes <= LIMIT);
	}
	assert_int_equal(requests_count_of(t, REQUEST_USER_DECRYPT).all, 3);
	assert_false(is_known(t, REQUEST_USER_DECRYPT, 6));
	assert_true(is_known(t, REQUEST_USER_DECRYPT, 7));

	/* The one that just finished is kept, though nothing else is. */
	assert_ok(start(t, REQUEST_USER_DECRYPT, 20, &BODY));
	done_with_bytes(t, REQUEST_USER_DECRYPT, 20, LIMIT - 2000);
	assert_int_equal(requests_count_of(t, REQUEST_USER_DECRYPT).all, 1);
	assert_ok(wait_for(t, REQUEST_USER_DECRYPT, 20, NULL, &n));
	assert_int_equal(n.state, REQUEST_DONE);
	assert_err(ERR_EXHAUSTED, requests_fit(t, REQUEST_USER_DECRYPT, LIMIT));
	assert_err(ERR_EXHAUSTED, requests_fit(t, REQUEST_USER_DECRYPT, SIZE_MAX));
	assert_ok(requests_fit(t, REQUEST_KEYGEN, SIZE_MAX));           /* a kind without a bound */
	requests_free(&t);
}

static void requests_that_run_count_too(void **state)
{
	(void)state;
	requests *t = table_of_bytes(1000, 0, 8000);
	unsigned n = 0;

	assert_ok(start(t, REQUEST_USER_DECRYPT, n, &BODY));
	done_with_bytes(t, REQUEST_USER_DECRYPT, n, 4000);
	err e = OK;
	while (e == OK && n < 100) e = start(t, REQUEST_USER_DECRYPT, ++n, &BODY);
	assert_err(ERR_EXHAUSTED, e);
	assert_false(is_known(t, REQUEST_USER_DECRYPT, 0));
	assert_int_equal(requests_count_of(t, REQUEST_USER_DECRYPT).pending, n - 1);
	done(t, REQUEST_USER_DECRYPT, 1, "x");
	assert_ok(start(t, REQUEST_USER_DECRYPT, n, &BODY));            /* for 1, which is forgotten */
	requests_free(&t);
}

static void restoring_keeps_what_fits(void **state)
{
	(void)state;
	requests *t = table_of_bytes(1000, 999, 10000);
	uint8_t bytes[12000] = { 0 };

	for (unsigned i = 0; i < 5; i++)
		requests_restore(t, &(request_view){ .kind = REQUEST_USER_DECRYPT, .id = id_of(i), .body = BODY, .why = "",
		                                     .state = REQUEST_DONE, .response = slice_of(bytes, 4000) });
	assert_int_equal(requests_count_of(t, REQUEST_USER_DECRYPT).all, 2);
	assert_true(is_known(t, REQUEST_USER_DECRYPT, 4));
	requests_restore(t, &(request_view){ .kind = REQUEST_USER_DECRYPT, .id = id_of(9), .body = BODY, .why = "",
	                                     .state = REQUEST_DONE, .response = slice_of(bytes, sizeof bytes) });
	assert_false(is_known(t, REQUEST_USER_DECRYPT, 9));
	assert_int_equal(requests_count_of(t, REQUEST_USER_DECRYPT).bytes, 0);
	requests_free(&t);
}

static void a_withdrawn_second_try_leaves_the_failure(void **state)
{
	(void)state;
	requests *t = table(4, 2);
	const id32 id = id_of(1);
	note n = note_until(0);

	assert_ok(start(t, REQUEST_KEYGEN, 1, &BODY));
	failed(t, REQUEST_KEYGEN, 1);
	assert_ok(start(t, REQUEST_KEYGEN, 1, &BODY));
	requests_withdraw(t, REQUEST_KEYGEN, &id);
	assert_ok(wait_for(t, REQUEST_KEYGEN, 1, NULL, &n));
	assert_int_equal(n.state, REQUEST_FAILED);
	assert_int_equal(n.cause, ERR_STATE);
	assert_string_equal(n.text, "because");
	assert_int_equal(requests_count_of(t, REQUEST_KEYGEN).pending, 0);
	assert_ok(start(t, REQUEST_KEYGEN, 1, &BODY));
	requests_free(&t);
}

static void whether_an_id_is_fresh_can_be_asked(void **state)
{
	(void)state;
	requests *t = table(4, 2);
	const id32 id = id_of(1), restored = id_of(2);

	assert_ok(requests_check_fresh(t, REQUEST_KEYGEN, &id, &BODY));
	assert_ok(start(t, REQUEST_KEYGEN, 1, &BODY));
	assert_int_equal(requests_check_fresh(t, REQUEST_KEYGEN, &id, &BODY), ERR_EXISTS);
	assert_non_null(strstr(err_text(), "is running already"));
	failed(t, REQUEST_KEYGEN, 1);
	assert_ok(requests_check_fresh(t, REQUEST_KEYGEN, &id, &BODY));
	assert_err(ERR_EXISTS, requests_check_fresh(t, REQUEST_KEYGEN, &id, &OTHER));

	/* A body that is not known is nobody else's. */
	requests_restore(t, &(request_view){ .kind = REQUEST_KEYGEN, .id = restored, .state = REQUEST_DONE, .why = "" });
	assert_int_equal(requests_check_fresh(t, REQUEST_KEYGEN, &restored, &OTHER), ERR_EXISTS);
	assert_non_null(strstr(err_text(), "is done already"));
	requests_free(&t);
}

TESTS(TEST(an_id_is_taken_while_pending_and_when_done), TEST(a_failed_request_starts_again_with_the_same_body_only),
      TEST(a_waiter_is_answered_when_the_request_ends), TEST(patience_ends_at_its_time_or_when_the_caller_left),
      TEST(the_oldest_finished_make_room_but_a_minimum_stays), TEST(a_preprocessing_is_used_once),
      TEST(a_withdrawn_start_leaves_nothing), TEST(random_lives_agree_with_the_model),
      TEST(answers_are_forgotten_by_their_bytes_even_below_the_minimum), TEST(requests_that_run_count_too),
      TEST(restoring_keeps_what_fits), TEST(a_withdrawn_second_try_leaves_the_failure),
      TEST(whether_an_id_is_fresh_can_be_asked))
