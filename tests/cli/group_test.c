/* SPDX-License-Identifier: MIT */
/* tests/cli/group_test.c -- parties of every kind are asked at once, and none of them holds up the others. */
#include "cli/group.h"
#include <health.pb-c.h>
#include <kms.v1.pb-c.h>
#include <stdatomic.h>
#include <stdio.h>
#include "rpc/server.h"
#include "tests/test.h"

/* What a party of this test does when it is asked for the result. */
typedef enum nature { QUICK, BUSY_AT_FIRST, REFUSING, SILENT, ABSENT, NATURES } nature;

enum { PARTIES = 5, MOST_HELD = 64, HURRY_MS = 400, TIMEOUT_MS = 60000 };

typedef struct fake {
	nature      is;
	rpc_server *server;
	atomic_int  starts, fetches;
	char        address[32];
} fake;

static struct {
	reactor *reactor;
	fake     party[PARTIES];
	cluster  net;
	rpc_call *held[MOST_HELD];          /* never answered until the end; on the reactor's thread */
	size_t   holds;
} w;

static void start_job(void *ctx, rpc_call *call, slice request)
{
	fake *f = ctx;

	(void)request;
	f->starts++;
	rpc_reply(call, (slice){ 0 });
}

static void give_result(void *ctx, rpc_call *call, slice request)
{
	fake *f = ctx;
	const int n = ++f->fetches;

	(void)request;
	if (f->is == SILENT && w.holds < MOST_HELD) w.held[w.holds++] = call;
	else if (f->is == REFUSING) rpc_fail(call, GRPC_INTERNAL, "it failed here");
	else if (f->is == SILENT || (f->is == BUSY_AT_FIRST && n <= 3)) rpc_fail(call, GRPC_UNAVAILABLE, "not finished");
	else rpc_reply(call, slice_of("\x22\x02hi", 4));                  /* extra_data = "hi" */
}

static void tell_health(void *ctx, rpc_call *call, slice request)
{
	(void)ctx, (void)request;
	rpc_reply(call, (slice){ 0 });
}

static int set_up(void **state)
{
	(void)state;
	memset(&w, 0, sizeof w);
	assert_ok(reactor_new(&w.reactor, NULL));
	assert_ok(reactor_start(w.reactor));
	return 0;
}

static void make_party(size_t i, nature is)
{
	fake *f = &w.party[i];
	const rpc_method methods[] = {
		{ "/kms_service.v1.CoreServiceEndpoint/PublicDecrypt", start_job, f },
		{ "/kms_service.v1.CoreServiceEndpoint/GetPublicDecryptionResult", give_result, f },
		{ "/grpc.health.v1.Health/Check", tell_health, f },
	};

	f->is = is;
	assert_ok(rpc_server_new(&f->server, w.reactor, "127.0.0.1", 0, methods, COUNT(methods), NULL));
	snprintf(f->address, sizeof f->address, "127.0.0.1:%u", rpc_server_port(f->server));
	if (is == ABSENT) rpc_server_free(&f->server);
	w.net.party[i] = (cluster_party){ .party_id = (unsigned)i + 1, .grpc = f->address };
	w.net.parties = i + 1;
}

static void answer_held(void *arg)
{
	(void)arg;
	while (w.holds) rpc_fail(w.held[--w.holds], GRPC_UNAVAILABLE, "the test is over");
}

static int tear_down(void **state)
{
	(void)state;
	reactor_run(w.reactor, answer_held, NULL);
	for (size_t i = 0; i < PARTIES; i++) rpc_server_free(&w.party[i].server);
	reactor_free(&w.reactor);
	return 0;
}

static const Kms__V1__PublicDecryptionRequest ASK = KMS__V1__PUBLIC_DECRYPTION_REQUEST__INIT;

static group_call ask_with(int64_t timeout_ms)
{
	return (group_call){ .start = "PublicDecrypt", .fetch = "GetPublicDecryptionResult", .request = &ASK.base,
	                     .result = &kms__v1__public_decryption_response__descriptor, .id = { { 1 } }, .timeout_ms = timeout_ms,
	                     .most_answer = 1000 };
}

static void assert_good(const group_answer *a)
{
	assert_non_null(a);
	assert_int_equal(a->e, OK);
	const Kms__V1__PublicDecryptionResponse *r = (const Kms__V1__PublicDecryptionResponse *)a->message;
	assert_memory_equal(r->extra_data.data, "hi", 2);
}

static void every_party_answers_once(void **state)
{
	(void)state;
	const group_call what = ask_with(TIMEOUT_MS);
	party_set seen = 0;
	group *g;

	for (size_t i = 0; i < PARTIES; i++) make_party(i, i % 2 ? BUSY_AT_FIRST : QUICK);
	assert_ok(group_ask(&g, &w.net, &what));
	for (size_t i = 0; i < PARTIES; i++) {
		const group_answer *a = group_next(g, -1);
		assert_good(a);
		assert_false(has(seen, (party)a->party->party_id));
		add_to(&seen, (party)a->party->party_id);
	}
	assert_true(seen == parties_all(PARTIES));
	assert_int_equal(group_waiting(g), 0);
	assert_null(group_next(g, -1));
	group_free(&g);
	for (size_t i = 0; i < PARTIES; i++) {
		assert_int_equal(w.party[i].starts, 1);
		assert_int_equal(w.party[i].fetches, i % 2 ? 4 : 1);
	}
}

static void each_failure_is_told_as_what_it_is(void **state)
{
	(void)state;
	const group_call what = ask_with(HURRY_MS);
	const group_answer *by[PARTIES + 1] = { 0 };
	group *g;

	for (size_t i = 0; i < PARTIES; i++) make_party(i, (nature)(i % NATURES));
	assert_ok(group_ask(&g, &w.net, &what));
	for (const group_answer *a; (a = group_next(g, -1));) by[a->party->party_id] = a;
	assert_good(by[1 + QUICK]);
	assert_good(by[1 + BUSY_AT_FIRST]);
	assert_true(by[1 + REFUSING]->e != OK && !by[1 + REFUSING]->unavailable);
	assert_int_equal(by[1 + REFUSING]->code, GRPC_INTERNAL);
	assert_non_null(strstr(by[1 + REFUSING]->why, "it failed here"));
	assert_true(by[1 + SILENT]->e != OK && by[1 + SILENT]->unavailable);
	assert_non_null(strstr(by[1 + SILENT]->why, "is not finished"));
	assert_true(by[1 + ABSENT]->e != OK && by[1 + ABSENT]->unavailable);
	assert_non_null(strstr(by[1 + ABSENT]->why, "does not answer"));
	group_free(&g);
}

static void those_who_do_not_answer_are_left_behind(void **state)
{
	(void)state;
	const group_call what = ask_with(TIMEOUT_MS);
	group *g;

	make_party(0, SILENT);
	make_party(1, QUICK);
	make_party(2, ABSENT);
	make_party(3, QUICK);
	assert_ok(group_ask(&g, &w.net, &what));
	assert_good(group_next(g, -1));
	assert_good(group_next(g, -1));
	assert_int_equal(group_waiting(g), 2);
	assert_null(group_next(g, 0));
	group_free(&g);                                  /* and does not wait for a minute */
}

static void only_those_who_are_named_are_asked(void **state)
{
	(void)state;
	group_call what = ask_with(TIMEOUT_MS);
	group *g;

	for (size_t i = 0; i < PARTIES; i++) make_party(i, QUICK);
	add_to(&what.whom, 2);
	add_to(&what.whom, 5);
	assert_ok(group_ask(&g, &w.net, &what));
	assert_int_equal(group_waiting(g), 2);
	assert_good(group_next(g, -1));
	assert_good(group_next(g, -1));
	assert_null(group_next(g, -1));
	group_free(&g);
	for (size_t i = 0; i < PARTIES; i++) assert_int_equal(w.party[i].starts, i == 1 || i == 4);
}

static void an_address_that_is_none_is_told_before_anybody_is_asked(void **state)
{
	(void)state;
	const group_call what = ask_with(TIMEOUT_MS);
	group *g;

	make_party(0, QUICK);
	make_party(1, QUICK);
	w.net.party[1].grpc = "nowhere";
	assert_err(ERR_REQUEST, group_ask(&g, &w.net, &what));
	assert_int_equal(w.party[0].starts, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
TESTS(CASE(every_party_answers_once), CASE(each_failure_is_told_as_what_it_is), CASE(those_who_do_not_answer_are_left_behind),
      CASE(only_those_who_are_named_are_asked), CASE(an_address_that_is_none_is_told_before_anybody_is_asked))
