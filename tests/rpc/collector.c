/* SPDX-License-Identifier: MIT */
#include "tests/rpc/collector.h"
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tests/test.h"

void collector_open(collector *c)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval wait = { .tv_sec = WAIT_S };
	socklen_t n = sizeof at;

	c->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(c->listener, (const struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(c->listener, 8), 0);
	assert_int_equal(setsockopt(c->listener, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
	assert_int_equal(getsockname(c->listener, (struct sockaddr *)&at, &n), 0);
	c->port = ntohs(at.sin_port);
}

json_t *collector_take(collector *c, char path[static 64], const char *status)
{
	static const char LENGTH[] = "Content-Length: ";
	AUTO(buf) all = { 0 };
	const int s = accept(c->listener, NULL, NULL);
	char piece[4096], answer[128];
	const char *end = NULL, *length = NULL;

	assert_true(s >= 0);
	while (!end || all.n < (size_t)(end + 4 - buf_str(&all)) + strtoul(length + strlen(LENGTH), NULL, 10)) {
		const ssize_t n = recv(s, piece, sizeof piece, 0);
		assert_true(n > 0);
		buf_put(&all, piece, (size_t)n);
		end = strstr(buf_str(&all), "\r\n\r\n");
		length = strstr(buf_str(&all), LENGTH);
	}
	const char *traced = strstr(buf_str(&all), "\r\ntraceparent: ");
	snprintf(c->traceparent, sizeof c->traceparent, "%s", traced ? traced + strlen("\r\ntraceparent: ") : "");
	assert_int_equal(sscanf(buf_str(&all), "POST %63s HTTP/1.1", path), 1);
	assert_non_null(strstr(buf_str(&all), "Content-Type: application/json"));
	json_t *j = json_loads(end + 4, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	snprintf(answer, sizeof answer, "HTTP/1.1 %s\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", status);
	assert_true(send(s, answer, strlen(answer), MSG_NOSIGNAL) > 0);
	close(s);
	return j;
}

json_t *spans_of(json_t *request)
{
	json_t *spans;

	assert_int_equal(json_unpack(request, "{s:[{s:[{s:o}]}]}", "resourceSpans", "scopeSpans", "spans", &spans), 0);
	return spans;
}

const char *text_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

tracing *tracing_to(const collector *c)
{
	char url[64];
	tracing *t = NULL;

	snprintf(url, sizeof url, "http://127.0.0.1:%u", c->port);
	assert_ok(tracing_new(&t, &(tracing_config){ .endpoint = url, .service = "tests", .scope = "arca-test", .instance = "1",
	                                             .timeout_ms = 1000 * WAIT_S, .delay_ms = 1, .room = 64, .most = 1 }));
	return t;
}
