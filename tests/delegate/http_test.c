/* SPDX-License-Identifier: MIT */
/* The routes over loopback, byte by byte. */
#include "tests/delegate/known.h"
#include "tests/delegate/reader.h"
#include "rpc/http.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static json_t *known;
static signer *wallet, *gateway;
static delegate_kms *kms;
static http_server *server;
static delegate_service service;
static delegate_ask question;
static buf spki;

static int set_up(void **state)
{
	static http_route routes[DELEGATE_ROUTES];
	AUTO(rsa_sk) *sk = NULL;

	(void)state;
	known = known_vector();
	wallet = known_signer(known, "kmsWalletPriv");
	gateway = known_signer(known, "gatewayWalletPriv");
	const delegate_chain chain = { .id = KNOWN_CHAIN, .gateway = *signer_address(gateway),
	                               .key = known_sk(known, "kmsEccPriv"), .state = KEY_ACTIVE };
	assert_ok(delegate_kms_new(&kms, &chain, 1, wallet, rng_os()));
	service = (delegate_service){ .kms = kms, .clock = clock_system() };
	delegate_routes(routes, &service);
	assert_ok(http_server_new(&server, "127.0.0.1", 0, routes, COUNT(routes)));
	sk = reader_key(&spki);
	question = (delegate_ask){ .chain_id = KNOWN_CHAIN, .text = TYPED_AS_SENT, .spki = buf_slice(&spki) };
	json_bytes_of(question.K.b, sizeof question.K.b, json_member(known, "ecies"), "K");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	http_server_free(&server);
	delegate_kms_free(&kms);
	signer_free(&wallet);
	signer_free(&gateway);
	buf_free(&spki);
	json_decref(known);
	return 0;
}

/* ---- asking --------------------------------------------------------------------------------------------------- */

static int connected(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)http_server_port(server)),
	                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static void send_all(int fd, const buf *b)
{
	for (size_t at = 0; at < b->n;) {
		const ssize_t n = send(fd, b->p + at, b->n - at, MSG_NOSIGNAL);
		assert_true(n > 0);
		at += (size_t)n;
	}
}

/* One answer with Content-Length: its status, and *body. */
static unsigned receive(int fd, buf *body)
{
	AUTO(buf) head = { 0 };
	const char *end = NULL;
	char piece[4096];

	while (!end) {
		const ssize_t n = recv(fd, piece, 1, 0);
		assert_true(n == 1);
		buf_put(&head, piece, 1);
		end = strstr(buf_str(&head), "\r\n\r\n");
	}
	const char *length = strcasestr(buf_str(&head), "content-length:");
	assert_non_null(length);
	size_t left = strtoul(length + strlen("content-length:"), NULL, 10);
	buf_clear(body);
	while (left) {
		const ssize_t n = recv(fd, piece, size_min(left, sizeof piece), 0);
		assert_true(n > 0);
		buf_put(body, piece, (size_t)n);
		left -= (size_t)n;
	}
	return (unsigned)strtoul(buf_str(&head) + strlen("HTTP/1.1 "), NULL, 10);
}

static unsigned ask(buf *body, const char *method, const char *path, const char *headers, slice content)
{
	AUTO(buf) b = { 0 };
	int fd = connected();

	buf_printf(&b, "%s %s HTTP/1.1\r\nHost: test\r\n%s", method, path, headers);
	if (content.n) buf_printf(&b, "Content-Length: %zu\r\n", content.n);
	buf_put_str(&b, "\r\n");
	buf_put_slice(&b, content);
	send_all(fd, &b);
	const unsigned status = receive(fd, body);
	close(fd);
	return status;
}

static void put_question(buf *out, const char *query)
{
	AUTO(buf) body = { 0 }, header = { 0 };

	delegate_ask_body(&body, &question);
	delegate_ask_authorization(&header, &question, gateway);
	buf_printf(out, "POST /v0/delegate%s HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nAuthorization: %s\r\n"
	           "Content-Length: %zu\r\n\r\n", query, buf_str(&header), body.n);
	buf_put_slice(out, buf_slice(&body));
}

static void check_answer(const buf *body)
{
	AUTO(buf) sealed = { 0 };
	assert_ok(delegate_reply_read(&sealed, &question, signer_address(wallet), buf_slice(body)));
}

/* ---- tests ---------------------------------------------------------------------------------------------------- */

static void many_delegations_pass_over_one_connection(void **state)
{
	AUTO(buf) b = { 0 }, body = { 0 };
	int fd = connected();

	(void)state;
	put_question(&b, "");
	for (unsigned i = 0; i < 5; i++) {
		send_all(fd, &b);
		assert_int_equal(receive(fd, &body), 200);
		check_answer(&body);
	}
	/* Two at once, and one that trickles in. */
	put_question(&b, "?chain_id=31337");
	send_all(fd, &b);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(receive(fd, &body), 200);
		check_answer(&body);
	}
	for (size_t at = 0; at < b.n; at += 97) {
		buf piece = { .p = b.p + at, .n = size_min(97, b.n - at) };
		send_all(fd, &piece);
	}
	assert_int_equal(receive(fd, &body), 200);
	assert_int_equal(receive(fd, &body), 200);
	close(fd);
}

static void *ask_ten_times(void *arg)
{
	AUTO(buf) body = { 0 };
	int fd = connected();

	for (unsigned i = 0; i < 10; i++) {
		send_all(fd, arg);
		assert_int_equal(receive(fd, &body), 200);
		check_answer(&body);
	}
	close(fd);
	return NULL;
}

static void several_connections_are_served_at_once(void **state)
{
	AUTO(buf) b = { 0 };
	pthread_t thread[8];

	(void)state;
	put_question(&b, "");
	for (size_t i = 0; i < COUNT(thread); i++) assert_int_equal(pthread_create(&thread[i], NULL, ask_ten_times, &b), 0);
	for (size_t i = 0; i < COUNT(thread); i++) pthread_join(thread[i], NULL);
}

static void query_and_headers_reach_the_kms(void **state)
{
	AUTO(buf) body = { 0 }, b = { 0 };
	int fd = connected();

	(void)state;
	put_question(&b, "?chain_id=5");
	send_all(fd, &b);
	assert_int_equal(receive(fd, &body), 400);
	assert_string_equal(buf_str(&body), "{\"error\": \"chain 5 is not served here\"}");
	close(fd);
	assert_int_equal(ask(&body, "POST", "/v0/delegate", "Content-Type: application/json\r\n", slice_str("{}")), 422);
	assert_int_equal(ask(&body, "POST", "/v0/delegate", "Content-Type: text/plain\r\n", slice_str("{}")), 415);
	assert_int_equal(ask(&body, "POST", "/v0/delegate", "", (slice){ 0 }), 415);
	assert_int_equal(ask(&body, "GET", "/v0/public-key?chain_id=5", "", (slice){ 0 }), 400);
	assert_int_equal(ask(&body, "GET", "/v0/public-key?chain_id=31337", "", (slice){ 0 }), 200);
	AUTO(buf) prefixed = { 0 };
	assert_int_equal(ask(&prefixed, "GET", "/v0/public-key?prefixed=true", "", (slice){ 0 }), 200);
	assert_false(slice_eq_var(buf_slice(&body), buf_slice(&prefixed)));
}

/* Somebody in front may have read the other one. */
static void what_is_said_twice_or_without_a_value_is_400(void **state)
{
	static const char *const QUERIES[] = { "?chain_id", "?chain_id=", "?salt", "?chain_id=31337&chain_id=5", "?chain_id=31337&chain_id=31337",
		"?chain_id&chain_id=31337" };
	static const char *const HEADERS[] = { "Content-Type: application/json\r\nContent-Type: text/plain\r\n",
		"Content-Type: application/json\r\nAuthorization: Bearer 0x00\r\nauthorization: Bearer 0x01\r\n" };
	AUTO(buf) body = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(QUERIES); i++) {
		AUTO(buf) b = { 0 };
		int fd = connected();
		put_question(&b, QUERIES[i]);
		send_all(fd, &b);
		assert_int_equal(receive(fd, &body), 400);
		close(fd);
	}
	assert_int_equal(ask(&body, "GET", "/v0/public-key?chain_id=31337&chain_id=5", "", (slice){ 0 }), 400);
	for (size_t i = 0; i < COUNT(HEADERS); i++) {
		assert_int_equal(ask(&body, "POST", "/v0/delegate", HEADERS[i], slice_str("{}")), 400);
		assert_non_null(strstr(buf_str(&body), "more than once"));
	}
}

static void what_is_not_there_is_404_and_what_is_asked_the_wrong_way_405(void **state)
{
	AUTO(buf) body = { 0 };

	(void)state;
	assert_int_equal(ask(&body, "GET", "/v0/nothing", "", (slice){ 0 }), 404);
	assert_string_equal(buf_str(&body), "{\"error\": \"Route not found /v0/nothing\"}");
	assert_int_equal(ask(&body, "GET", "/nothing%22", "", (slice){ 0 }), 404);
	assert_string_equal(buf_str(&body), "{\"error\": \"Route not found /nothing\\\"\"}");
	assert_int_equal(ask(&body, "POST", "/v0/nothing", "", slice_str("{}")), 404);
	assert_string_equal(buf_str(&body), "{\"error\": \"Route not found /v0/nothing\"}");
	assert_int_equal(ask(&body, "POST", "/v0/delegate/", "", slice_str("{}")), 404);
	assert_int_equal(ask(&body, "POST", "/", "", slice_str("{}")), 405);
	assert_non_null(strstr(buf_str(&body), "{\"error\": \""));
	assert_int_equal(ask(&body, "GET", "/v0/delegate", "", (slice){ 0 }), 405);
	assert_int_equal(ask(&body, "POST", "/v0/public-key", "", slice_str("{}")), 405);
	assert_int_equal(ask(&body, "PUT", "/v0/delegate", "", slice_str("{}")), 405);
	assert_int_equal(ask(&body, "DELETE", "/v0/public-key", "", (slice){ 0 }), 405);
}

static void a_body_of_a_megabyte_is_413(void **state)
{
	AUTO(buf) body = { 0 }, big = { 0 };

	(void)state;
	memset(buf_grow(&big, 1 << 20), ' ', 1 << 20);
	assert_int_equal(ask(&body, "POST", "/v0/delegate", "Content-Type: application/json\r\n", buf_slice(&big)), 413);
	assert_non_null(strstr(buf_str(&body), "{\"error\":\"the body is too long\"}"));
	big.n = MAX_HTTP_BODY + 1;
	assert_int_equal(ask(&body, "POST", "/v0/delegate", "Content-Type: application/json\r\n", buf_slice(&big)), 413);
	big.n = MAX_HTTP_BODY;
	assert_int_equal(ask(&body, "POST", "/v0/delegate", "Content-Type: application/json\r\n", buf_slice(&big)), 400);
}

/* The status of the first answer, and how many delegations there are, until the server closes the connection. */
static unsigned tease(unsigned *served, const char *headers, slice body)
{
	AUTO(buf) b = { 0 }, back = { 0 }, authorization = { 0 };
	char piece[4096];
	ssize_t n;
	int fd = connected();

	delegate_ask_authorization(&authorization, &question, gateway);
	buf_printf(&b, "POST /v0/delegate HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nAuthorization: %s\r\n%s\r\n",
	           buf_str(&authorization), headers);
	buf_put_slice(&b, body);
	send_all(fd, &b);
	shutdown(fd, SHUT_WR);
	while ((n = recv(fd, piece, sizeof piece, 0)) > 0) buf_put(&back, piece, (size_t)n);
	close(fd);
	*served = 0;
	for (const char *s = buf_str(&back); (s = strstr(s, "encryptedSharedSecret")); s++) ++*served;
	assert_true(back.n > 12);
	return (unsigned)strtoul(buf_str(&back) + strlen("HTTP/1.1 "), NULL, 10);
}

static buf in_chunks(const buf *body)
{
	buf out = { 0 };

	buf_printf(&out, "%zx\r\n", body->n / 2);
	buf_put(&out, body->p, body->n / 2);
	buf_printf(&out, "\r\n%zx;why=not\r\n", body->n - body->n / 2);
	buf_put(&out, body->p + body->n / 2, body->n - body->n / 2);
	buf_put_str(&out, "\r\n0\r\n\r\n");
	return out;
}

/* A proxy in front must have understood the same: who reads another end takes what follows for another's request. */
static void where_a_body_ends_is_said_once_or_the_request_is_refused(void **state)
{
	static const struct { const char *before, *after; unsigned status; bool chunks; } CASES[] = {
		{ "Connection: close\r\nContent-Length: ", "\r\n", 200, false },
		{ "Connection: close\r\nX: ", "\r\nTransfer-Encoding: chunked\r\n", 200, true },
		{ "Content-Length: 5\r\nContent-Length: ", "\r\n", 400, false }, { "Content-Length: ", "\r\nContent-Length: 5\r\n", 400, false },
		{ "Content-Length: ", "\r\nTransfer-Encoding: chunked\r\n", 400, true },
		{ "Transfer-Encoding: chunked\r\nContent-Length: ", "\r\n", 400, true },
		{ "X: ", "\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400, true },
		{ "Content-Length: -", "\r\n", 400, false }, { "Content-Length: +", "\r\n", 400, false }, { "Content-Length: 0x", "\r\n", 400, false },
		{ "Content-Length: ", ", 5\r\n", 400, false }, { "Content-Length: 99999999999999999999", "\r\n", 413, false },
		{ "Content-Length : ", "\r\n", 400, false }, { "X: ", "\r\nTransfer-Encoding: chunked\r\n", 400, false },
	};
	AUTO(buf) body = { 0 };
	unsigned served;

	(void)state;
	delegate_ask_body(&body, &question);
	AUTO(buf) chunks = in_chunks(&body);
	for (size_t i = 0; i < COUNT(CASES); i++) {
		AUTO(buf) headers = { 0 };
		buf_printf(&headers, "%s%zu%s", CASES[i].before, body.n, CASES[i].after);
		assert_int_equal(tease(&served, buf_str(&headers), buf_slice(CASES[i].chunks ? &chunks : &body)), CASES[i].status);
		assert_int_equal(served, CASES[i].status == 200);
	}
}

static void requests_that_come_at_once_are_answered_in_their_order(void **state)
{
	AUTO(buf) b = { 0 }, body = { 0 };
	int fd = connected();

	(void)state;
	put_question(&b, "");
	put_question(&b, "?chain_id=5");
	put_question(&b, "");
	send_all(fd, &b);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(receive(fd, &body), i == 1 ? 400 : 200);
		if (i != 1) check_answer(&body);
	}
	close(fd);
}

static void headers_without_end_are_refused(void **state)
{
	AUTO(buf) headers = { 0 };
	unsigned served;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) buf_printf(&headers, "X-%u: %060u\r\n", i, i);
	assert_int_equal(tease(&served, buf_str(&headers), (slice){ 0 }), 431);
	assert_int_equal(served, 0);
}

static void the_root_says_what_this_is_and_when(void **state)
{
	AUTO(buf) body = { 0 };
	unsigned y, mo, d, h, mi, s;

	(void)state;
	assert_int_equal(ask(&body, "GET", "/", "", (slice){ 0 }), 200);
	assert_int_equal(sscanf(buf_str(&body), "{\"service\":\"arca delegation KMS\",\"timestamp\":\"%u-%u-%uT%u:%u:%uZ\"}", &y, &mo, &d,
	                        &h, &mi, &s), 6);
}

static const struct CMUnitTest tests[] = {
	TEST(many_delegations_pass_over_one_connection), TEST(several_connections_are_served_at_once),
	TEST(query_and_headers_reach_the_kms), TEST(what_is_said_twice_or_without_a_value_is_400),
	TEST(what_is_not_there_is_404_and_what_is_asked_the_wrong_way_405),
	TEST(a_body_of_a_megabyte_is_413), TEST(where_a_body_ends_is_said_once_or_the_request_is_refused),
	TEST(requests_that_come_at_once_are_answered_in_their_order), TEST(headers_without_end_are_refused), TEST(the_root_says_what_this_is_and_when),
};
int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, tear_down); }
