/* SPDX-License-Identifier: MIT */
/* What a connector says of itself, to who watches it. */
#include "connector/monitor.h"
#include <jansson.h>
#include "connector/listener_internal.h"
#include "rpc/fetch.h"
#include "tests/connector/desk.h"
#include "tests/store/faults.h"
#include "tests/test.h"

static char *text(const char *s) { return (char *)(uintptr_t)s; }

static char *NODES[] = { (char *)(uintptr_t)"http://127.0.0.1:1" };
static connector_config C = {
	.profile = &PROFILE_GATEWAY, .task_limit = 10, .healthcheck_timeout = 60000, .gateway_url = { NODES, 1 },
	.worker = { .endpoints = { NODES, 1 }, .grpc_retries = 1, .host_timeout = 1000, .s3_gets = 4, .s3_heads = 4 },
};

static void roles_open(roles *r, desk *d)
{
	desk_open(d);
	*r = (roles){ .config = &C, .commit = "0123abc", .queue = d->q, .sender = d->s, .chain = { d->chain } };
	C.worker.s3.region = C.worker.s3.bucket = C.worker.s3.endpoint = text("");
	assert_ok(worker_new(&r->worker, &(worker_config){ .queue = d->q, .bell = d->bell, .config = &C, .clock = d->clock, .random = rng_os(),
	                                                   .stop = &r->stop }));
	assert_ok(onlooker_new(&r->onlooker, d->q));
}

static void roles_close(roles *r, desk *d)
{
	worker_free(&r->worker);
	onlooker_free(&r->onlooker);
	desk_drop(d);
}

/* The names that dashboards of the reference ask for. */
static void metrics_have_the_names_and_labels_of_the_reference(void **state)
{
	static const char *const NAMES[] = {
		"kms_connector_worker_event_received_counter{event_type=\"public_decryption_request\"} 0\n",
		"kms_connector_worker_event_received_counter{event_type=\"key_reshare_same_set\"} 0\n", "kms_connector_worker_event_received_errors{event_type=\"prss_init\"} 0\n",
		"kms_connector_worker_grpc_request_sent_counter{event_type=\"crsgen_request\"} 0\n", "kms_connector_worker_grpc_request_sent_errors{",
		"kms_connector_worker_grpc_response_polled_counter{", "kms_connector_worker_grpc_response_polled_errors{",
		"kms_connector_worker_s3_ciphertext_retrieval_counter 0\n", "kms_connector_worker_s3_ciphertext_retrieval_errors 0\n",
		"kms_connector_worker_request_check_errors{check_type=\"acl\"} 0\n", "kms_connector_worker_request_check_errors{check_type=\"signature\"} 0\n",
		"kms_connector_worker_request_check_errors{check_type=\"copro_consensus\"} 0\n",
		"kms_connector_worker_request_check_errors{check_type=\"kms_context\"} 0\n",
		"kms_connector_worker_request_check_errors{check_type=\"network\"} 0\n", "# TYPE kms_connector_worker_decryption_latency_seconds histogram\n",
		"kms_connector_tx_sender_response_received_counter{response_type=\"public_decryption_response\"} 2\n",
		"kms_connector_tx_sender_response_received_errors 0\n", "kms_connector_tx_sender_gateway_tx_sent_counter 2\n",
		"kms_connector_tx_sender_gateway_tx_sent_errors 0\n", "kms_connector_tx_sender_gateway_tx_sync_counter 0\n", "kms_connector_pending_events{event_type=\"user_decryption_request\"} 0\n",
		"kms_connector_pending_responses{response_type=\"keygen_response\"} 0\n",
		"kms_connector_tx_sender_response_forwarding_latency_seconds_bucket{response_type=\"public_decryption_response\",le=\"0.1\"} 0\n",
		"kms_connector_tx_sender_response_forwarding_latency_seconds_bucket{response_type=\"public_decryption_response\",le=\"30\"} 2\n",
		"kms_connector_tx_sender_response_forwarding_latency_seconds_count{response_type=\"public_decryption_response\"} 2\n",
		"kms_connector_tx_sender_wallet_balance_gwei{chain=\"gateway\"} 1000000000\n", "kms_connector_tx_sender_wallet_registered{chain=\"gateway\"} 1\n",
	};
	AUTO(buf) all = { 0 };
	roles r;
	desk d;

	(void)state;
	roles_open(&r, &d);
	answer_requests(&d, 1, 2);
	until_done(&d, 2);
	monitor_metrics(&all, &r);
	for (size_t i = 0; i < COUNT(NAMES); i++)
		if (!strstr(buf_str(&all), NAMES[i])) fail_msg("%s is not there:\n%s", NAMES[i], buf_str(&all));
	assert_null(strstr(buf_str(&all), "unprocessed_operations"));
	C.profile = &PROFILE_V015;
	buf_clear(&all);
	monitor_metrics(&all, &r);
	assert_non_null(strstr(buf_str(&all), "kms_connector_unprocessed_operations{table=\"new_kms_epoch\",status=\"under_process\"} 0\n"));
	C.profile = &PROFILE_GATEWAY;
	roles_close(&r, &d);
}

static json_t *health(roles *r, bool *well)
{
	AUTO(buf) out = { 0 };

	*well = monitor_health(&out, r);
	json_t *j = json_loads(buf_str(&out), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	assert_int_equal(json_is_true(json_object_get(j, "healthy")), *well);
	return j;
}

static void health_says_what_is_away_and_what_the_wallet_lacks(void **state)
{
	bool well;
	roles r;
	desk d;

	(void)state;
	roles_open(&r, &d);
	worker *w = r.worker;
	chain.gwei = 0, chain.stranger = true;
	turns(&d, 1, 1);
	json_t *j = health(&r, &well);                                     /* the node is not there */
	assert_false(well);
	assert_true(json_is_true(json_object_get(j, "database_connected")));
	assert_true(json_is_true(json_object_get(j, "gateway_connected")));
	assert_true(json_is_false(json_object_get(j, "kms_core_connected")));
	const char *details = json_string_value(json_object_get(j, "details"));
	assert_non_null(strstr(details, "the node of shard 0"));
	assert_non_null(strstr(details, "the wallet cannot pay for transactions: send it funds; the gateway's contracts do not know the wallet"));
	json_decref(j);
	r.worker = NULL;                                                   /* a sender alone: poor, but well */
	j = health(&r, &well);
	assert_true(well);
	assert_null(json_object_get(j, "kms_core_connected"));
	json_decref(j);
	chain.away = 1000;
	answer_requests(&d, 1, 1);
	turns(&d, 2, 1);
	j = health(&r, &well);
	assert_false(well);
	assert_true(json_is_false(json_object_get(j, "gateway_connected")));
	assert_non_null(strstr(json_string_value(json_object_get(j, "details")), "does not get through"));
	json_decref(j);
	r.worker = w;
	roles_close(&r, &d);
}

static void a_database_that_is_away_is_told_at_once(void **state)
{
	(void)state;
	faults f = faults_around(STORE_SQLITE);
	bool well;
	roles r;
	desk d;

	desk_driver = &f.driver;
	roles_open(&r, &d);
	worker *w = r.worker;
	r.worker = NULL;                                                   /* a sender alone, which is well */
	for (int away = 0; away < 2; away++) {
		atomic_store(&f.closed, away);
		json_t *j = health(&r, &well);
		assert_int_equal(well, !away);
		assert_int_equal(json_is_true(json_object_get(j, "database_connected")), !away);
		assert_int_equal(strlen(json_string_value(json_object_get(j, "details"))) > 0, away);
		json_decref(j);
	}
	atomic_store(&f.closed, false);
	r.worker = w;
	roles_close(&r, &d);
}

/* It takes what it is asked, and says nothing: who watches is told so in time, and others are not kept. */
static void a_database_that_hangs_is_told_in_time(void **state)
{
	(void)state;
	faults f = faults_around(STORE_SQLITE);
	bool well;
	roles r;
	desk d;

	desk_driver = &f.driver;
	roles_open(&r, &d);
	worker *w = r.worker;
	r.worker = NULL;                                                   /* a sender alone, which is well */
	for (int round = 0; round < 4; round++) {
		const bool hangs = round % 2;
		AUTO(buf) gauges = { 0 };
		atomic_store(&f.hangs, hangs);
		C.healthcheck_timeout = hangs ? 50 : 60000;
		json_t *j = health(&r, &well);
		monitor_metrics(&gauges, &r);
		assert_int_equal(well, !hangs);
		assert_int_equal(json_is_true(json_object_get(j, "database_connected")), !hangs);
		assert_int_equal(strstr(json_string_value(json_object_get(j, "details")), "the database has not answered for ") != NULL, hangs);
		assert_int_equal(strstr(buf_str(&gauges), "kms_connector_pending_events") != NULL, !hangs);
		assert_non_null(strstr(buf_str(&gauges), "kms_connector_tx_sender_leads"));
		json_decref(j);
	}
	atomic_store(&f.hangs, false);
	C.healthcheck_timeout = 60000;
	r.worker = w;
	roles_close(&r, &d);
}

static unsigned asked(buf *out, const http_server *s, const char *path)
{
	char url[64];
	unsigned status = 0;

	buf_clear(out);
	snprintf(url, sizeof url, "http://127.0.0.1:%u%s", http_server_port(s), path);
	if (fetch_ask(out, &status, url, NULL, NULL, 1 << 16, 60000) != OK) err_clear();
	return status;
}

/* Scripts read a word, the reference's programs their JSON. */
static void in_a_word_it_is_ready_alive_or_what_is_amiss(void **state)
{
	http_server *s = NULL;
	AUTO(buf) answer = { 0 };
	roles r;
	desk d;

	(void)state;
	roles_open(&r, &d);
	worker *w = r.worker;
	C.monitoring_endpoint = text("127.0.0.1:0");
	assert_ok(monitor_new(&s, &r));
	assert_int_equal(asked(&answer, s, "/ready"), 503);                /* it starts */
	atomic_store(&r.up, true);
	assert_int_equal(asked(&answer, s, "/health"), 503);
	r.worker = NULL;
	assert_int_equal(asked(&answer, s, "/ready"), 200);
	assert_string_equal(buf_str(&answer), "ready");
	assert_int_equal(asked(&answer, s, "/live"), 200);
	assert_string_equal(buf_str(&answer), "alive");
	assert_int_equal(asked(&answer, s, "/healthz"), 200);
	assert_non_null(strstr(buf_str(&answer), "\"healthy\":true"));
	assert_int_equal(asked(&answer, s, "/liveness"), 200);
	assert_string_equal(buf_str(&answer), "{\"status_code\":\"200\",\"status\":\"alive\"}");
	assert_int_equal(asked(&answer, s, "/version"), 200);
	assert_non_null(strstr(buf_str(&answer), "{\"name\":\"arca-connector\",\"version\":\""));
	assert_non_null(strstr(buf_str(&answer), "\",\"build\":\"0123abc\"}"));
	http_server_free(&s);
	r.worker = w;
	roles_close(&r, &d);
}

static void a_chain_that_was_never_read_is_not_connected(void **state)
{
	listener l = { .lock = PTHREAD_MUTEX_INITIALIZER, .config = { .name = "gateway", .max_errors = 20, .clock = clock_system() } };
	bool well;
	roles r;
	desk d;

	(void)state;
	roles_open(&r, &d);
	r.listener[QUEUE_GATEWAY] = &l;
	for (unsigned worked = 0; worked < 2; worked++) {
		/* One failure after a success is none of the connection's; nor are a few. */
		if (worked) listener_worked(&l, 7);
		listener_failed(&l, err_fail(ERR_IO, "nobody is there"));
		json_t *j = health(&r, &well);
		assert_int_equal(json_is_true(json_object_get(j, "gateway_connected")), worked);
		assert_int_equal(strstr(json_string_value(json_object_get(j, "details")), "nobody is there") != NULL, !worked);
		json_decref(j);
	}
	r.listener[QUEUE_GATEWAY] = NULL;
	roles_close(&r, &d);
}

static const struct CMUnitTest tests_[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, desk_set_up, desk_tear_down)
	CASE(metrics_have_the_names_and_labels_of_the_reference), CASE(health_says_what_is_away_and_what_the_wallet_lacks),
	CASE(a_database_that_is_away_is_told_at_once), CASE(a_database_that_hangs_is_told_in_time),
	CASE(in_a_word_it_is_ready_alive_or_what_is_amiss), CASE(a_chain_that_was_never_read_is_not_connected),
};
int main(int argc, char **argv) { return test_main(argc, argv, __FILE__, tests_, COUNT(tests_)); }
