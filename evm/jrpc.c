/* SPDX-License-Identifier: MIT */
/* evm/jrpc.c -- messages out, answers in, and pauses. */
#include "evm/jrpc.h"
#include <jansson.h>
#include <stdlib.h>
#include "evm/jrpc_error.h"
#include "rpc/post.h"

enum { FEW = 5 };

struct jrpc {
	char          *name;
	jrpc_transport transport;
	const clock_source *clock;
	unsigned       batch;
	uint64_t       next_id;
	int64_t        quiet_until_ms;
	unsigned       refusals;                /* in a row */
	jrpc_error     last;
	poster        *http;                    /* of jrpc_http_new */
};

void jrpc_calls_free(jrpc_call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_free(&calls[i].params);
		json_decref(calls[i].result);
		calls[i].result = NULL;
	}
}

/* ---- bytes ---------------------------------------------------------------------------------------------------- */

static void write_one(buf *out, const jrpc_call *c, uint64_t id)
{
	buf_printf(out, "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"method\":\"%s\",\"params\":", (unsigned long long)id, c->method);
	buf_put_slice(out, buf_slice(&c->params));
	buf_put_str(out, "}");
}

void jrpc_write(buf *out, const jrpc_call *calls, size_t n, uint64_t first_id)
{
	if (n > 1) buf_put_str(out, "[");
	for (size_t i = 0; i < n; i++) {
		if (i) buf_put_str(out, ",");
		write_one(out, &calls[i], first_id + i);
	}
	if (n > 1) buf_put_str(out, "]");
}

/* Would reading it stay within bounds?  Brackets and commas outside of strings are counted; whether they make sense, the
 * reader tells. */
static bool within_bounds(slice json)
{
	size_t depth = 0, values = 0;
	bool text = false;

	for (size_t i = 0; i < json.n; i++) {
		const uint8_t c = json.p[i];
		if (text) {
			if (c == '\\') i++;
			else if (c == '"') text = false;
			continue;
		}
		if (c == '"') text = true;
		else if (c == '{' || c == '[') depth++, values++;
		else if (c == '}' || c == ']') depth -= depth > 0;
		else if (c == ',') values++;
		if (depth > MAX_JRPC_DEPTH || values > MAX_JRPC_VALUES) return false;
	}
	return true;
}

static void read_one(jrpc_call *c, const json_t *answer)
{
	json_t *error = json_object_get(answer, "error"), *result = json_object_get(answer, "result");

	if (error && !json_is_null(error)) jrpc_error_read(&c->error, error);
	else if (result) c->result = json_incref(result), c->error.kind = JRPC_OK;
	else jrpc_error_set(&c->error, JRPC_GARBAGE, "an answer with neither result nor error");
}

/* Which call the answer is for; n: none. */
static size_t index_of(const json_t *answer, size_t n, uint64_t first_id)
{
	const json_t *id = json_object_get(answer, "id");
	if (!json_is_integer(id) || json_integer_value(id) < 0) return n;
	const uint64_t at = (uint64_t)json_integer_value(id) - first_id;
	return at < n ? (size_t)at : n;
}

static bool read_answers(jrpc_call *calls, size_t n, uint64_t first_id, const json_t *all, const char **why)
{
	size_t i;
	const json_t *one;

	json_array_foreach(all, i, one) {
		const size_t at = index_of(one, n, first_id);
		*why = "an answer to something that was not asked";
		if (at == n) return false;
		*why = "two answers to one question";
		if (calls[at].result || calls[at].error.kind != JRPC_GARBAGE) return false;
		read_one(&calls[at], one);
	}
	return true;
}

static bool read_message(jrpc_call *calls, size_t n, uint64_t first_id, const json_t *all, const char **why, jrpc_error *whole)
{
	const json_t *error = json_object_get(all, "error");

	for (size_t i = 0; i < n; i++) {
		calls[i].result = NULL;
		jrpc_error_set(&calls[i].error, JRPC_GARBAGE, "no answer to this question");
	}
	if (n > 1 && json_is_array(all)) return read_answers(calls, n, first_id, all, why);
	if (n == 1 && index_of(all, n, first_id) == 0) {
		read_one(&calls[0], all);
		return true;
	}
	*why = "an answer to something that was not asked";
	if (error && !json_is_null(error)) jrpc_error_read(whole, error);
	return false;
}

bool jrpc_read(jrpc_call *calls, size_t n, uint64_t first_id, slice answer, const char **why, jrpc_error *whole)
{
	json_error_t where;

	*whole = (jrpc_error){ 0 };
	*why = "more values than any answer has";
	if (!within_bounds(answer)) return false;
	json_t *all = json_loadb((const char *)answer.p, answer.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where);
	*why = "not JSON";
	if (!all) return false;
	const bool good = read_message(calls, n, first_id, all, why, whole);
	json_decref(all);
	if (!good)
		for (size_t i = 0; i < n; i++) {
			json_decref(calls[i].result);
			calls[i].result = NULL;
		}
	return good;
}

/* ---- the conversation ------------------------------------------------------------------------------------------ */

err jrpc_new(jrpc **out, const jrpc_config *config)
{
	jrpc *r = calloc(1, sizeof *r);

	if (!r || !(r->name = strdup(config->name))) {
		free(r);
		return err_fail(ERR_NOMEM, "no memory for a provider");
	}
	r->transport = config->transport;
	r->clock = config->clock;
	r->batch = config->batch > MAX_JRPC_BATCH ? MAX_JRPC_BATCH : config->batch ? config->batch : 1;
	r->next_id = 1;
	*out = r;
	return OK;
}

void jrpc_free(jrpc **r)
{
	if (!*r) return;
	poster_free(&(*r)->http);
	free((*r)->name);
	free(*r);
	*r = NULL;
}

static err post_http(void *ctx, post_answer *out, slice message)
{
	return post_json(out, ctx, message);
}

err jrpc_http_new(jrpc **out, const jrpc_http_config *config)
{
	const post_config post = {
		.url = config->url, .connect_ms = config->timeout_ms, .timeout_ms = config->timeout_ms, .max = MAX_JRPC_ANSWER, .stop = config->stop,
	};
	AUTO(poster) *http = NULL;

	TRY(poster_new(&http, &post));
	TRY(jrpc_new(out, &(jrpc_config){ .name = poster_server(http), .transport = { http, post_http }, .clock = config->clock,
	                                  .batch = config->batch }));
	(*out)->http = http, http = NULL;
	return OK;
}

const char *jrpc_name(const jrpc *r) { return r->name; }
const jrpc_error *jrpc_last(const jrpc *r) { return &r->last; }
void jrpc_forget(jrpc *r) { r->last = (jrpc_error){ 0 }; }
int64_t jrpc_quiet_until_ms(const jrpc *r) { return r->quiet_until_ms; }

static const err AS_ERR[JRPC_KINDS] = {
	[JRPC_OK] = ERR_INTERNAL, [JRPC_UNREACHABLE] = ERR_IO, [JRPC_GARBAGE] = ERR_IO, [JRPC_DENIED] = ERR_IO,
	[JRPC_LIMITED] = ERR_EXHAUSTED, [JRPC_TOO_MUCH] = ERR_EXHAUSTED, [JRPC_UNSUPPORTED] = ERR_UNSUPPORTED,
	[JRPC_BEHIND] = ERR_BUSY, [JRPC_PRUNED] = ERR_BUSY, [JRPC_REVERTED] = ERR_REQUEST, [JRPC_NONCE_USED] = ERR_REQUEST, [JRPC_KNOWN] = ERR_REQUEST,
	[JRPC_UNDERPRICED] = ERR_REQUEST, [JRPC_NO_FUNDS] = ERR_REQUEST, [JRPC_CROWDED] = ERR_REQUEST, [JRPC_ACCEPTED] = ERR_REQUEST, [JRPC_REFUSED] = ERR_REQUEST,
};

err jrpc_fail(jrpc *r, const char *method, const jrpc_error *error)
{
	if (error != &r->last) r->last = *error;
	return err_fail(AS_ERR[error->kind], "%s: %s: %s", r->name, method, error->message);
}

err jrpc_doubt(jrpc *r, const char *format, ...)
{
	char text[MAX_JRPC_MESSAGE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	jrpc_error_set(&r->last, JRPC_GARBAGE, text);
	return err_fail(ERR_IO, "%s is not to be believed: %s", r->name, text);
}

/* It wants to be left in peace. */
static void be_quiet(jrpc *r, int64_t wanted_ms)
{
	int64_t pause = JRPC_PATIENCE_MS;

	for (unsigned i = 0; i < r->refusals && pause < JRPC_PATIENCE_MOST_MS; i++) pause *= 2;
	if (pause > JRPC_PATIENCE_MOST_MS) pause = JRPC_PATIENCE_MOST_MS;
	if (wanted_ms > pause) pause = wanted_ms < 10 * JRPC_PATIENCE_MOST_MS ? wanted_ms : 10 * JRPC_PATIENCE_MOST_MS;
	r->refusals++;
	r->quiet_until_ms = clock_now_ms(r->clock) + pause;
}

static err exchange_failed(jrpc *r, jrpc_call *calls, size_t n, const jrpc_error *error)
{
	for (size_t i = 0; i < n; i++) calls[i].error = *error;
	return jrpc_fail(r, calls[0].method, error);
}

static err exchange_failed_as(jrpc *r, jrpc_call *calls, size_t n, jrpc_kind kind, const char *message)
{
	jrpc_error error;
	jrpc_error_set(&error, kind, message);
	return exchange_failed(r, calls, n, &error);
}

/* Was nothing of it understood because of the status? */
static err status_failed(jrpc *r, jrpc_call *calls, size_t n, const post_answer *a)
{
	char message[64];

	snprintf(message, sizeof message, "HTTP status %u", a->status);
	if (a->status == 429) {
		be_quiet(r, a->retry_after_ms);
		return exchange_failed_as(r, calls, n, JRPC_LIMITED, message);
	}
	const jrpc_kind kind = a->status == 413 ? JRPC_TOO_MUCH : a->status >= 400 && a->status < 500 ? JRPC_DENIED : JRPC_UNREACHABLE;
	return exchange_failed_as(r, calls, n, kind, message);
}

static void note_limits(jrpc *r, const jrpc_call *calls, size_t n, int64_t wanted_ms)
{
	bool limited = false;
	for (size_t i = 0; i < n; i++) limited |= calls[i].error.kind == JRPC_LIMITED;
	if (limited) be_quiet(r, wanted_ms);
	else r->refusals = 0, r->quiet_until_ms = 0;
}

static err read_posted(jrpc *r, jrpc_call *calls, size_t n, uint64_t first_id, const post_answer *a)
{
	const char *why = "";
	jrpc_error whole;

	if (a->too_long) return exchange_failed_as(r, calls, n, JRPC_TOO_MUCH, "the answer is longer than what is taken");
	if (a->status == 429 || a->status >= 500) return status_failed(r, calls, n, a);
	if (jrpc_read(calls, n, first_id, buf_slice(&a->body), &why, &whole)) {
		note_limits(r, calls, n, a->retry_after_ms);
		return OK;
	}
	if (whole.kind == JRPC_LIMITED) be_quiet(r, a->retry_after_ms);
	if (whole.kind != JRPC_OK) return exchange_failed(r, calls, n, &whole);
	if (a->status != 200) return status_failed(r, calls, n, a);
	return exchange_failed_as(r, calls, n, JRPC_GARBAGE, why);
}

static err exchange(jrpc *r, jrpc_call *calls, size_t n)
{
	AUTO(buf) message = { 0 };
	AUTO(post_answer) answer = { 0 };
	const uint64_t first_id = r->next_id;

	r->next_id += n;
	jrpc_write(&message, calls, n, first_id);
	err e = r->transport.post(r->transport.ctx, &answer, buf_slice(&message));
	if (e == ERR_CANCELLED) {
		for (size_t i = 0; i < n; i++) jrpc_error_set(&calls[i].error, JRPC_UNREACHABLE, "stopped");
		return e;
	}
	if (e != OK) {
		char text[MAX_JRPC_MESSAGE];
		snprintf(text, sizeof text, "%s", err_text());
		return exchange_failed_as(r, calls, n, JRPC_UNREACHABLE, text);
	}
	return read_posted(r, calls, n, first_id, &answer);
}

/* A provider that answers several questions by one refusal may take fewer, or them singly.  What belongs together in one message is
 * only a few (evm/eth_logs.c): of that, too much is something else. */
static bool wants_fewer(const jrpc *r, size_t n)
{
	if (r->last.kind == JRPC_TOO_MUCH) return n > FEW;
	return n > 1 && (r->last.kind == JRPC_REFUSED || r->last.kind == JRPC_UNSUPPORTED || r->last.kind == JRPC_DENIED);
}

err jrpc_ask(jrpc *r, jrpc_call *calls, size_t n)
{
	if (n && r->quiet_until_ms > clock_now_ms(r->clock))
		return exchange_failed_as(r, calls, n, JRPC_LIMITED, "it asked to be left in peace for a while");
	for (size_t at = 0; at < n; ) {
		const size_t now = size_min(r->batch, n - at);
		err e = exchange(r, calls + at, now);
		if (e != OK && e != ERR_CANCELLED && wants_fewer(r, now)) {
			r->batch = now / FEW ? (unsigned)(now / FEW) : 1;
			err_clear();
			continue;
		}
		if (e != OK) {
			for (size_t i = 0; i < n; i++)
				if (i < at || i >= at + now) {
					json_decref(calls[i].result);
					calls[i].result = NULL;
					calls[i].error = calls[at].error;
				}
			return e;
		}
		at += now;
	}
	return OK;
}

err jrpc_one(jrpc *r, json_t **result, const char *method, const char *params, ...)
{
	jrpc_call call = { .method = method };
	char text[1024];
	va_list args;

	va_start(args, params);
	const int n = vsnprintf(text, sizeof text, params, args);
	va_end(args);
	ASSERT(n >= 0 && (size_t)n < sizeof text);
	buf_put_str(&call.params, text);
	err e = jrpc_ask(r, &call, 1);
	buf_free(&call.params);
	TRY(e);
	if (!call.result) return jrpc_fail(r, method, &call.error);
	*result = call.result;
	return OK;
}
