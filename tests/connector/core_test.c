/* SPDX-License-Identifier: MIT */
/* tests/connector/core_test.c -- nodes that answer in every way, and what becomes of a request. */
#include "connector/core.h"
#include <stdlib.h>
#include <unistd.h>
#include "tests/connector/fake_kms.h"
#include "tests/test.h"

static fake_node NODE[2];

static int start(void **state)
{
	(void)state;
	fake_node_start(&NODE[0]);
	fake_node_start(&NODE[1]);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	fake_node_stop(&NODE[0]);
	fake_node_stop(&NODE[1]);
	return 0;
}

static err open_core(core **k, const char *const *endpoint, size_t n)
{
	connector_config c = { .worker.grpc_retries = 2 };
	char *copy[CONNECTOR_MAX_SHARDS];

	for (size_t i = 0; i < n; i++) copy[i] = (char *)(uintptr_t)endpoint[i];
	c.worker.endpoints.item = copy, c.worker.endpoints.n = n;
	return core_new(k, &c);
}

typedef struct asked { core_outcome outcome; bool sent; core_counts counts; buf answer, why; } asked;

static asked ask_with(core *k, queue_kind kind, uint8_t last, bool sent)
{
	asked a = { .sent = sent };
	const queue_item item = { .kind = kind, .id = { .b = { [31] = last } } };
	a.outcome = core_ask(k, &a.answer, &a.why, &a.sent, &a.counts, &item, slice_str(""));
	return a;
}

static void done(asked *a)
{
	buf_free(&a->answer);
	buf_free(&a->why);
}

static void each_status_has_its_outcome(void **state)
{
	/* forgets: what failed, or is not known, is sent anew. */
	static const struct { grpc_status code; core_outcome sending, polling; unsigned sends, polls; bool forgets; } ROWS[] = {
		{ GRPC_UNAVAILABLE, CORE_AWAY, CORE_AWAY, 2, 2, false }, { GRPC_DEADLINE_EXCEEDED, CORE_AWAY, CORE_AWAY, 2, 2, false },
		{ GRPC_UNKNOWN, CORE_LATER, CORE_LATER, 2, 2, false }, { GRPC_CANCELLED, CORE_AWAY, CORE_AWAY, 2, 2, false },
		{ GRPC_RESOURCE_EXHAUSTED, CORE_AWAY, CORE_AWAY, 1, 2, false }, { GRPC_ABORTED, CORE_ABORTED, CORE_ABORTED, 1, 1, false },
		{ GRPC_INVALID_ARGUMENT, CORE_NEVER, CORE_NEVER, 1, 1, false }, { GRPC_INTERNAL, CORE_LATER, CORE_LATER, 1, 1, true },
		{ GRPC_NOT_FOUND, CORE_LATER, CORE_LATER, 1, 1, true }, { GRPC_FAILED_PRECONDITION, CORE_NEVER, CORE_NEVER, 1, 1, false },
		{ GRPC_UNIMPLEMENTED, CORE_NEVER, CORE_NEVER, 1, 1, false },
	};
	const char *one = NODE[0].url;
	core *k = NULL;

	(void)state;
	assert_ok(open_core(&k, &one, 1));
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		fake_node_script(&NODE[0], &ROWS[i].code, 1, NULL, 0);
		asked a = ask_with(k, QUEUE_PUBLIC_DECRYPTION, 1, false);
		assert_int_equal(a.outcome, ROWS[i].sending);
		assert_false(a.sent);
		assert_int_equal(NODE[0].sent, ROWS[i].sends);
		assert_int_equal(NODE[0].polled, 0);
		assert_non_null(strstr(buf_str(&a.why), "as the script says"));
		done(&a);
		fake_node_script(&NODE[0], NULL, 0, &ROWS[i].code, 1);
		a = ask_with(k, QUEUE_PUBLIC_DECRYPTION, 1, false);
		assert_int_equal(a.outcome, ROWS[i].polling);
		assert_int_equal(a.sent, !ROWS[i].forgets);
		assert_int_equal(NODE[0].polled, ROWS[i].polls);
		assert_int_equal(a.answer.n, 0);
		done(&a);
	}
	core_free(&k);
}

/* Whatever a node said before it knows the id, and fails again. */
static void what_failed_is_sent_again_but_not_a_key_whose_preprocessing_is_used_up(void **state)
{
	static const struct { queue_kind kind; core_outcome first, second; } ROWS[] = {
		{ QUEUE_PUBLIC_DECRYPTION, CORE_LATER, CORE_LATER }, { QUEUE_PREP_KEYGEN, CORE_LATER, CORE_LATER },
		{ QUEUE_KEYGEN, CORE_LATER, CORE_NEVER }, { QUEUE_KEY_RESHARE, CORE_LATER, CORE_LATER },
	};
	static const grpc_status KNOWN = GRPC_ALREADY_EXISTS, FAILED = GRPC_INTERNAL;
	const char *one = NODE[0].url;
	core *k = NULL;

	(void)state;
	assert_ok(open_core(&k, &one, 1));
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		fake_node_script(&NODE[0], &KNOWN, 1, &FAILED, 1);
		asked a = ask_with(k, ROWS[i].kind, 1, true);                      /* sent before */
		assert_int_equal(a.outcome, ROWS[i].first);
		assert_false(a.sent);
		assert_int_equal(NODE[0].sent, 0);
		done(&a);
		a = ask_with(k, ROWS[i].kind, 1, false);
		assert_int_equal(a.outcome, ROWS[i].second);
		assert_int_equal(NODE[0].sent, 1);
		done(&a);
	}
	core_free(&k);
}

/* An acknowledgement is not enough: the epoch must be there.  Of one that is older than the node's memory of requests it only says that
 * it is there. */
static void an_epoch_is_made_when_the_node_says_so(void **state)
{
	static const grpc_status KNOWN = GRPC_ALREADY_EXISTS, GONE = GRPC_NOT_FOUND, RUNS = GRPC_UNAVAILABLE, BUSY = GRPC_FAILED_PRECONDITION;
	static const queue_kind KINDS[] = { QUEUE_PRSS_INIT, QUEUE_KEY_RESHARE };
	const char *one = NODE[0].url;
	core *k = NULL;

	(void)state;
	assert_ok(open_core(&k, &one, 1));
	for (size_t i = 0; i < COUNT(KINDS); i++) {
		fake_node_script(&NODE[0], NULL, 0, &RUNS, 1);
		asked a = ask_with(k, KINDS[i], 1, false);
		assert_int_equal(a.outcome, CORE_AWAY);
		assert_true(a.sent);
		done(&a);
		fake_node_script(&NODE[0], NULL, 0, NULL, 0);
		a = ask_with(k, KINDS[i], 1, true);
		assert_int_equal(a.outcome, CORE_DONE);
		assert_int_equal(NODE[0].sent, 0), assert_int_equal(NODE[0].polled, 1);
		done(&a);
		fake_node_script(&NODE[0], &KNOWN, 1, &GONE, 1);
		a = ask_with(k, KINDS[i], 1, false);
		assert_int_equal(a.outcome, CORE_DONE);
		done(&a);
		a = ask_with(k, KINDS[i], 1, true);
		assert_int_equal(a.outcome, CORE_LATER);
		done(&a);
		fake_node_script(&NODE[0], &BUSY, 1, NULL, 0);
		a = ask_with(k, KINDS[i], 1, false);
		assert_int_equal(a.outcome, CORE_LATER);
		done(&a);
	}
	core_free(&k);
}

static void what_is_not_there_is_ended(void **state)
{
	static const queue_kind KINDS[] = { QUEUE_ABORT_KEYGEN, QUEUE_ABORT_CRSGEN, QUEUE_CONTEXT_DESTROYED, QUEUE_EPOCH_DESTROYED };
	static const grpc_status GONE = GRPC_NOT_FOUND, AWAY = GRPC_UNAVAILABLE;
	const char *one = NODE[0].url;
	core *k = NULL;

	(void)state;
	assert_ok(open_core(&k, &one, 1));
	for (size_t i = 0; i < COUNT(KINDS); i++) {
		fake_node_script(&NODE[0], &GONE, 1, NULL, 0);
		asked a = ask_with(k, KINDS[i], 1, false);
		assert_int_equal(a.outcome, CORE_DONE);
		done(&a);
		fake_node_script(&NODE[0], &AWAY, 1, NULL, 0);
		a = ask_with(k, KINDS[i], 1, false);
		assert_int_equal(a.outcome, CORE_AWAY);
		done(&a);
	}
	core_free(&k);
}

static void what_passes_is_tried_again_at_once(void **state)
{
	static const grpc_status SEND[] = { GRPC_UNAVAILABLE, GRPC_OK }, POLL[] = { GRPC_DEADLINE_EXCEEDED, GRPC_OK };
	const char *one = NODE[0].url;
	core *k = NULL;

	(void)state;
	assert_ok(open_core(&k, &one, 1));
	fake_node_script(&NODE[0], SEND, 2, POLL, 2);
	buf_put_str(&NODE[0].answer, "the answer");
	asked a = ask_with(k, QUEUE_USER_DECRYPTION, 1, false);
	assert_int_equal(a.outcome, CORE_DONE);
	assert_true(slice_eq_var(buf_slice(&a.answer), slice_str("the answer")));
	assert_int_equal(a.counts.sent, 1), assert_int_equal(a.counts.sent_errors, 1), assert_int_equal(a.counts.polled, 1);
	done(&a);
	buf_clear(&NODE[0].answer);
	core_free(&k);
}

static void what_the_node_knows_already_counts_as_sent(void **state)
{
	static const grpc_status KNOWN = GRPC_ALREADY_EXISTS;
	const char *one = NODE[0].url;
	core *k = NULL;

	(void)state;
	assert_ok(open_core(&k, &one, 1));
	fake_node_script(&NODE[0], &KNOWN, 1, NULL, 0);
	asked a = ask_with(k, QUEUE_CRSGEN, 1, false);
	assert_int_equal(a.outcome, CORE_DONE);
	assert_true(a.sent);
	assert_int_equal(NODE[0].polled, 1);
	done(&a);
	core_free(&k);
}

static void what_was_sent_is_only_asked_for_and_sent_anew_when_forgotten(void **state)
{
	static const grpc_status GONE = GRPC_NOT_FOUND;
	const char *one = NODE[0].url;
	core *k = NULL;

	(void)state;
	assert_ok(open_core(&k, &one, 1));
	fake_node_script(&NODE[0], NULL, 0, &GONE, 1);
	asked a = ask_with(k, QUEUE_KEYGEN, 1, true);
	assert_int_equal(a.outcome, CORE_LATER);
	assert_false(a.sent);
	assert_int_equal(NODE[0].sent, 0);
	done(&a);
	fake_node_script(&NODE[0], NULL, 0, NULL, 0);
	a = ask_with(k, QUEUE_KEYGEN, 1, a.sent);
	assert_int_equal(a.outcome, CORE_DONE);
	assert_int_equal(NODE[0].sent, 1);
	done(&a);
	core_free(&k);
}

static void requests_without_a_result_are_done_when_taken(void **state)
{
	const char *one = NODE[0].url;
	core *k = NULL;

	(void)state;
	assert_ok(open_core(&k, &one, 1));
	fake_node_script(&NODE[0], NULL, 0, NULL, 0);
	asked a = ask_with(k, QUEUE_ABORT_CRSGEN, 1, false);
	assert_int_equal(a.outcome, CORE_DONE);
	assert_int_equal(NODE[0].sent, 1), assert_int_equal(NODE[0].polled, 0);
	done(&a);
	a = ask_with(k, QUEUE_ABORT_CRSGEN, 1, true);
	assert_int_equal(a.outcome, CORE_DONE);
	assert_int_equal(NODE[0].sent, 1);
	done(&a);
	core_free(&k);
}

static void a_backup_is_asked_when_the_first_is_away(void **state)
{
	char both[160];
	const char *one = both;
	core *k = NULL;

	(void)state;
	snprintf(both, sizeof both, "http://127.0.0.1:1|%s/", NODE[1].url);
	assert_ok(open_core(&k, &one, 1));
	fake_node_script(&NODE[1], NULL, 0, NULL, 0);
	asked a = ask_with(k, QUEUE_PUBLIC_DECRYPTION, 1, false);
	assert_int_equal(a.outcome, CORE_DONE);
	assert_int_equal(NODE[1].sent, 1), assert_int_equal(NODE[1].polled, 1);
	done(&a);
	core_free(&k);
}

static void the_id_chooses_the_shard_and_a_key_follows_its_preprocessing(void **state)
{
	const char *two[] = { NODE[0].url, NODE[1].url };
	core *k = NULL;

	(void)state;
	assert_ok(open_core(&k, two, 2));
	fake_node_script(&NODE[0], NULL, 0, NULL, 0);
	fake_node_script(&NODE[1], NULL, 0, NULL, 0);
	for (uint8_t i = 0; i < 3; i++) {
		asked a = ask_with(k, QUEUE_PUBLIC_DECRYPTION, i, false);
		done(&a);
	}
	assert_int_equal(NODE[0].sent, 2), assert_int_equal(NODE[1].sent, 1);
	asked a = ask_with(k, QUEUE_KEYGEN, 1, false);                    /* its prep_keygen_id is zero */
	done(&a);
	assert_int_equal(NODE[0].sent, 3);
	core_free(&k);
}

static void endpoints_that_are_none_are_refused(void **state)
{
	static const char *const BAD[] = {
		"", "http://", "http://host", "http://host:", "http://:50051", "https://host:50051", "host:50051", "http://host:0", "http://host:65536",
		"http://host:50051/path", "http://host:50051x", "http://[::1]", "http://a:1|", "http://a:1|b:2", "http://a:-1",
		"http://a:1|http://b:1|http://c:1|http://d:1|http://e:1",
	};
	char longest[600] = "http://";
	const char *p = longest;
	core *k = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(BAD); i++) {
		if (open_core(&k, &BAD[i], 1) == OK) fail_msg("%s is taken", BAD[i]);
		assert_null(k);
		assert_true(strstr(err_text(), "kms_core_endpoints") != NULL);
		err_clear();
	}
	memset(longest + 7, 'a', 280), strcat(longest, ":1");
	assert_err(ERR_REQUEST, open_core(&k, &p, 1));
	longest[7 + 262] = '\0', strcat(longest, ":1");
	assert_err(ERR_REQUEST, open_core(&k, &p, 1));
	p = "http://[::1]:50051";
	assert_ok(open_core(&k, &p, 1));
	core_free(&k);
}

static void health_names_the_shard_that_is_away(void **state)
{
	const char *two[] = { NODE[0].url, "http://127.0.0.1:1" };
	AUTO(buf) why = { 0 };
	core *k = NULL;

	(void)state;
	assert_ok(open_core(&k, two, 1));
	assert_true(core_healthy(k, &why, 60000));
	assert_int_equal(why.n, 0);
	core_free(&k);
	assert_ok(open_core(&k, two, 2));
	assert_false(core_healthy(k, &why, 60000));
	assert_non_null(strstr(buf_str(&why), "shard 1"));
	core_free(&k);
}

typedef struct asking { core *k; asked a; } asking;

static void *ask_in_thread(void *ctx)
{
	asking *x = ctx;
	x->a = ask_with(x->k, QUEUE_PUBLIC_DECRYPTION, 1, false);
	err_clear();
	return NULL;
}

static unsigned polled_of(fake_node *n)
{
	pthread_mutex_lock(&n->lock);
	const unsigned polled = n->polled;
	pthread_mutex_unlock(&n->lock);
	return polled;
}

static void an_end_cuts_off_a_node_that_is_slow(void **state)
{
	const char *one = NODE[0].url;
	asking x[4] = { 0 };
	pthread_t t[4];
	core *k = NULL;

	(void)state;
	assert_ok(open_core(&k, &one, 1));
	fake_node_script(&NODE[0], NULL, 0, NULL, 0);
	pthread_mutex_lock(&NODE[0].lock);
	NODE[0].holds = true;
	pthread_mutex_unlock(&NODE[0].lock);
	for (size_t i = 0; i < COUNT(t); i++) x[i].k = k, assert_int_equal(pthread_create(&t[i], NULL, ask_in_thread, &x[i]), 0);
	UNTIL(polled_of(&NODE[0]) == COUNT(t));
	core_stop(k);
	for (size_t i = 0; i < COUNT(t); i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(x[i].a.outcome, CORE_AWAY);
		assert_true(x[i].a.sent);
		done(&x[i].a);
	}
	pthread_mutex_lock(&NODE[0].lock);
	NODE[0].holds = false;
	pthread_mutex_unlock(&NODE[0].lock);
	asked a = ask_with(k, QUEUE_PUBLIC_DECRYPTION, 1, true);
	assert_int_equal(a.outcome, CORE_AWAY);
	done(&a);
	core_free(&k);
}

static const struct CMUnitTest ALL[] = {
	TEST(each_status_has_its_outcome), TEST(what_failed_is_sent_again_but_not_a_key_whose_preprocessing_is_used_up),
	TEST(an_epoch_is_made_when_the_node_says_so), TEST(what_is_not_there_is_ended), TEST(what_passes_is_tried_again_at_once), TEST(what_the_node_knows_already_counts_as_sent),
	TEST(what_was_sent_is_only_asked_for_and_sent_anew_when_forgotten), TEST(requests_without_a_result_are_done_when_taken),
	TEST(a_backup_is_asked_when_the_first_is_away), TEST(the_id_chooses_the_shard_and_a_key_follows_its_preprocessing),
	TEST(endpoints_that_are_none_are_refused), TEST(health_names_the_shard_that_is_away), TEST(an_end_cuts_off_a_node_that_is_slow),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, ALL, COUNT(ALL), start, stop);
}
