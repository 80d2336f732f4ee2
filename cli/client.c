/* SPDX-License-Identifier: MIT */
/* cli/client.c -- start, wait, fetch. */
#include "cli/client.h"
#include <health.pb-c.h>
#include <kms.v1.pb-c.h>
#include <stdlib.h>
#include <time.h>
#include "base/clock.h"

enum {
	CALL_MS = 30000,                 /* a call that answers at once                          */
	SLICE_MS = 3000,                 /* one turn of waiting for a result: the time is shown in between */
	SILENCE_MS = 10000,              /* a node that says nothing for so long is not there     */
	PAUSE_LEAST_MS = 50, PAUSE_MOST_MS = 500,
};

static const char SERVICE[] = "/kms_service.v1.CoreServiceEndpoint/", HEALTH[] = "/grpc.health.v1.Health/Check";

id32 id_fresh(id_kind kind, const rng *random)
{
	id32 id;

	rng_fill(random, id.b, sizeof id.b);
	id.b[0] = (uint8_t)kind;
	return id;
}

/* "127.0.0.1:50051", "[::1]:50051", "node.example:50051" */
static err split(char host[static 256], unsigned *port, const char *address)
{
	const char *colon = strrchr(address, ':');
	char *end = NULL;
	long n = colon ? strtol(colon + 1, &end, 10) : 0;
	size_t length = colon ? (size_t)(colon - address) : 0;

	if (n < 1 || n > 65535 || *end || length == 0 || length > 255)
		return err_fail(ERR_REQUEST, "\"%s\" is not the address of a node: wants host:port", address);
	if (address[0] == '[' && address[length - 1] == ']') address++, length -= 2;
	memcpy(host, address, length);
	host[length] = '\0';
	*port = (unsigned)n;
	return OK;
}

err client_open(client *out, cli *c, const char *address, int64_t timeout_ms)
{
	char host[256];
	unsigned port = 0;

	TRY(split(host, &port, address));
	*out = (client){ .c = c, .address = address, .timeout_ms = timeout_ms };
	return rpc_conn_new(&out->conn, NULL, host, port, NULL);
}

void client_close(client *n)
{
	rpc_conn_free(&n->conn);
}

/* ---- waiting ------------------------------------------------------------------------------------------------- */

/* Patience with a node: pauses that grow, and the time since it last showed a sign of life. */
typedef struct patience { int64_t heard_ms, pause_ms; } patience;

static patience fresh_patience(void)
{
	return (patience){ clock_now_ms(clock_system()), PAUSE_LEAST_MS };
}

static bool is_lost(const client *n, const patience *p)
{
	return clock_now_ms(clock_system()) - p->heard_ms > (n->timeout_ms < SILENCE_MS ? n->timeout_ms : SILENCE_MS);
}

static err lost(const client *n, const char *why)
{
	n->c->code = EXIT_UNAVAILABLE;
	return err_fail(ERR_BUSY, "the node at %s does not answer: %s; is it running?", n->address, why);
}

static void wait_a_moment(patience *p)
{
	nanosleep(&(struct timespec){ .tv_nsec = p->pause_ms * 1000000L }, NULL);
	if (p->pause_ms < PAUSE_MOST_MS) p->pause_ms += p->pause_ms / 2;
}

/* Tells "not finished" from "not there", which are one status: a node that is there answers about its health. */
static err still_there(const client *n, patience *p)
{
	AUTO(buf) request = { 0 }, answer = { 0 };
	rpc_status s;

	Grpc__Health__V1__HealthCheckRequest ask = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
	pb_pack(&request, &ask.base);
	if (rpc_conn_call(n->conn, &answer, &s, HEALTH, buf_slice(&request), SLICE_MS) != OK) err_clear();
	if (s.code != GRPC_UNAVAILABLE && s.code != GRPC_DEADLINE_EXCEEDED) p->heard_ms = clock_now_ms(clock_system());
	return is_lost(n, p) ? lost(n, s.message) : OK;
}

/* ---- calls --------------------------------------------------------------------------------------------------- */

static err call(const client *n, buf *answer, rpc_status *s, const char *method, slice request, int64_t timeout_ms)
{
	char path[128];

	snprintf(path, sizeof path, "%s%s", SERVICE, method);
	return rpc_conn_call(n->conn, answer, s, path, request, timeout_ms);
}

err client_start(client *n, const char *method, const ProtobufCMessage *request)
{
	AUTO(buf) bytes = { 0 }, answer = { 0 };
	patience p = fresh_patience();
	bool again = false;

	pb_pack(&bytes, request);
	for (;; again = true) {
		rpc_status s;
		err e = call(n, &answer, &s, method, buf_slice(&bytes), CALL_MS);
		if (e == OK) return OK;
		if (again && s.code == GRPC_ALREADY_EXISTS) {       /* the lost one had arrived */
			err_clear();
			return OK;
		}
		if (s.code != GRPC_UNAVAILABLE && s.code != GRPC_RESOURCE_EXHAUSTED) return e;
		if (signals_came()) return err_fail(ERR_CANCELLED, "stopped by a signal");
		if (is_lost(n, &p)) return lost(n, s.message);
		wait_a_moment(&p);
	}
}

err client_result_message(client *n, arena *a, ProtobufCMessage **out, const ProtobufCMessageDescriptor *descriptor,
                          const char *method, const id32 *id, const ticker *shown)
{
	AUTO(buf) bytes = { 0 }, answer = { 0 };
	const int64_t until = clock_now_ms(clock_system()) + n->timeout_ms;
	patience p = fresh_patience();
	char text[ID_TEXT];

	Kms__V1__RequestId ask = KMS__V1__REQUEST_ID__INIT;
	id_text(text, id);
	ask.request_id = text;
	pb_pack(&bytes, &ask.base);
	for (;;) {
		rpc_status s;
		err e = call(n, &answer, &s, method, buf_slice(&bytes), SLICE_MS);
		if (e == OK) return pb_unpack_message(a, out, descriptor, buf_slice(&answer));
		if (s.code != GRPC_UNAVAILABLE && s.code != GRPC_DEADLINE_EXCEEDED) return e;
		err_clear();
		ticker_time(shown);
		if (signals_came()) return err_fail(ERR_CANCELLED, "stopped by a signal while waiting for %s", text);
		TRY(still_there(n, &p));
		if (clock_now_ms(clock_system()) > until) {
			n->c->code = EXIT_UNAVAILABLE;
			return err_fail(ERR_BUSY, "the node at %s is not finished with %s after %lld s", n->address, text,
			                (long long)n->timeout_ms / 1000);
		}
		wait_a_moment(&p);
	}
}
