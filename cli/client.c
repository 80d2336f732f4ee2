/* SPDX-License-Identifier: MIT */
/* cli/client.c -- start, wait, fetch. */
#include "cli/client.h"
#include <health.pb-c.h>
#include <kms.v1.pb-c.h>
#include <stdlib.h>
#include <time.h>
#include "base/clock.h"
#include "cli/cli.h"

enum {
	FIRST_CALL_MS = 2000,            /* a call that answers at once: the first try, each further one twice as long */
	LAST_CALL_MS = 32000,
	TURN_MS = 1000,                  /* one turn of waiting for a result                         */
	SILENCE_MS = 10000,              /* a node that says nothing for so long is not there        */
	PAUSE_LEAST_MS = 20, PAUSE_MOST_MS = 500,
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

err client_open(client *out, reactor *r, const char *address, int64_t timeout_ms)
{
	char host[256];
	unsigned port = 0;

	TRY(split(host, &port, address));
	*out = (client){ .address = address, .timeout_ms = timeout_ms };
	return rpc_conn_new(&out->conn, r, host, port, NULL);
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

static err lost(client *n, const char *why)
{
	n->unavailable = true;
	return err_fail(ERR_BUSY, "the node at %s does not answer: %s; is it running?", n->address, why);
}

static err stopped(const client *n)
{
	if (n->stop && atomic_load(n->stop)) return err_fail(ERR_CANCELLED, "the node at %s was not waited for", n->address);
	return signals_came() ? err_fail(ERR_CANCELLED, "stopped by a signal") : OK;
}

static void wait_a_moment(patience *p)
{
	nanosleep(&(struct timespec){ .tv_nsec = p->pause_ms * 1000000L }, NULL);
	if (p->pause_ms < PAUSE_MOST_MS) p->pause_ms += p->pause_ms / 2;
}

/* Tells "not finished" from "not there", which are one status: a node that is there answers about its health. */
static bool is_there(client *n, patience *p, rpc_status *s)
{
	AUTO(buf) request = { 0 }, answer = { 0 };

	Grpc__Health__V1__HealthCheckRequest ask = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
	pb_pack(&request, &ask.base);
	if (rpc_conn_call(n->conn, &answer, s, HEALTH, buf_slice(&request), TURN_MS) != OK) err_clear();
	if (s->code == GRPC_UNAVAILABLE || s->code == GRPC_DEADLINE_EXCEEDED) return false;
	p->heard_ms = clock_now_ms(clock_system());
	return true;
}

static err still_there(client *n, patience *p)
{
	rpc_status s;

	return !is_there(n, p, &s) && is_lost(n, p) ? lost(n, s.message) : OK;
}

/* ---- calls --------------------------------------------------------------------------------------------------- */

static err call(client *n, buf *answer, rpc_status *s, const char *method, slice request, int64_t timeout_ms)
{
	char path[128];

	snprintf(path, sizeof path, "%s%s", SERVICE, method);
	err e = rpc_conn_call(n->conn, answer, s, path, request, timeout_ms);
	n->code = s->code;
	return e;
}

static bool is_worth_another_try(grpc_status code)
{
	return code == GRPC_UNAVAILABLE || code == GRPC_RESOURCE_EXHAUSTED || code == GRPC_DEADLINE_EXCEEDED;
}

/* After a call that failed with this status: may it be made again?  Waits a moment if so. */
static err try_again(client *n, patience *p, err e, const rpc_status *s, int64_t *call_ms)
{
	if (!is_worth_another_try(s->code)) return e;
	TRY(stopped(n));
	if (is_lost(n, p)) return lost(n, s->message);
	err_clear();
	wait_a_moment(p);
	if (s->code == GRPC_DEADLINE_EXCEEDED && *call_ms < LAST_CALL_MS) *call_ms *= 2;
	return OK;
}

err client_start(client *n, const char *method, const ProtobufCMessage *request)
{
	AUTO(buf) bytes = { 0 }, answer = { 0 };
	patience p = fresh_patience();
	int64_t call_ms = FIRST_CALL_MS;

	pb_pack(&bytes, request);
	for (bool again = false;; again = true) {
		rpc_status s;
		err e = call(n, &answer, &s, method, buf_slice(&bytes), call_ms);
		if (e == OK) return OK;
		if (again && s.code == GRPC_ALREADY_EXISTS) {       /* the lost one had arrived */
			err_clear();
			return OK;
		}
		TRY(try_again(n, &p, e, &s, &call_ms));
	}
}

err client_ask(client *n, arena *a, ProtobufCMessage **out, const ProtobufCMessageDescriptor *descriptor, const char *method,
               const ProtobufCMessage *request)
{
	AUTO(buf) bytes = { 0 }, answer = { 0 };
	patience p = fresh_patience();
	int64_t call_ms = LAST_CALL_MS;

	pb_pack(&bytes, request);
	for (;;) {
		rpc_status s;
		err e = call(n, &answer, &s, method, buf_slice(&bytes), call_ms);
		if (e == OK) return pb_unpack_message(a, out, descriptor, buf_slice(&answer));
		if (s.code == GRPC_DEADLINE_EXCEEDED) return lost(n, s.message);
		rpc_status health;
		if (s.code == GRPC_UNAVAILABLE && is_there(n, &p, &health))
			return err_fail(ERR_BUSY, "the node at %s: %s", n->address, s.message);
		TRY(try_again(n, &p, e, &s, &call_ms));
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
		err e = call(n, &answer, &s, method, buf_slice(&bytes), TURN_MS);
		if (e == OK) return pb_unpack_message(a, out, descriptor, buf_slice(&answer));
		if (s.code != GRPC_UNAVAILABLE && s.code != GRPC_DEADLINE_EXCEEDED) return e;
		err_clear();
		if (shown) ticker_time(shown);
		TRY(stopped(n));
		TRY(still_there(n, &p));
		if (clock_now_ms(clock_system()) > until) {
			n->unavailable = true;
			return err_fail(ERR_BUSY, "the node at %s is not finished with %s after %lld s", n->address, text,
			                (long long)n->timeout_ms / 1000);
		}
		wait_a_moment(&p);
	}
}
