/* SPDX-License-Identifier: MIT */
/* delegate/http.c -- from HTTP to kms.h and back. */
#include "delegate/http.h"
#include <stdatomic.h>
#include <time.h>

static void as_json(http_reply *out, unsigned status)
{
	out->status = status;
	out->content_type = "application/json";
}

static void serve_public_key(void *ctx, http_reply *out, const http_request *in)
{
	const delegate_service *s = ctx;
	const char *prefixed = http_query(in, "prefixed");

	as_json(out, delegate_public_key(s->kms, &out->body, http_query(in, "chain_id"), prefixed && strcmp(prefixed, "true") == 0));
}

static delegate_call call_of(const http_request *in)
{
	return (delegate_call){
		.chain_id = http_query(in, "chain_id"), .salt = http_query(in, "salt"),
		.authorization = in->authorization, .content_type = in->content_type, .body = in->body,
	};
}

static void give(void *arg, unsigned status, buf *body)
{
	http_reply r = { .body = *body };

	*body = (buf){ 0 };
	as_json(&r, status);
	http_later_give(arg, &r);
}

static void serve_delegate(void *ctx, http_reply *out, const http_request *in)
{
	delegate_service *s = ctx;
	const delegate_call c = call_of(in);
	combiner *together = atomic_load(&s->combiner);

	if (together) combiner_begin(together, &c, false, give, http_reply_later(in));
	else as_json(out, delegate_answer(s->kms, &out->body, &c));
}

static void serve_delegate_v1(void *ctx, http_reply *out, const http_request *in)
{
	delegate_service *s = ctx;
	const delegate_call c = call_of(in);
	combiner *together = atomic_load(&s->combiner);

	if (together) combiner_begin(together, &c, true, give, http_reply_later(in));
	else as_json(out, delegate_answer_v1(s->kms, &out->body, &c));
}

static void serve_partial(void *ctx, http_reply *out, const http_request *in)
{
	const delegate_service *s = ctx;
	const delegate_call c = call_of(in);

	as_json(out, delegate_answer_partial(s->kms, &out->body, &c));
}

static void serve_description(void *ctx, http_reply *out, const http_request *in)
{
	const delegate_service *s = ctx;

	as_json(out, delegate_describe(s->kms, &out->body, http_query(in, "chain_id")));
}

static bool only_posted(const char *path)
{
	static const char *const PATHS[] = { "/v0/delegate", "/v1/delegate", "/v1/delegate/partial" };
	size_t i = 0;

	while (i < COUNT(PATHS) && strcmp(path, PATHS[i])) i++;
	return i < COUNT(PATHS);
}

static void not_found(http_reply *out, const http_request *in)
{
	AUTO(buf) sentence = { 0 };

	buf_printf(&sentence, "Route not found %s", in->path);
	as_json(out, 404);
	delegate_error(&out->body, buf_str(&sentence));
}

static void serve_others(void *ctx, http_reply *out, const http_request *in)
{
	const delegate_service *s = ctx;
	const time_t now = (time_t)(clock_unix_ms(s->clock) / 1000);
	char stamp[32];
	struct tm utc;

	if (only_posted(in->path)) {
		as_json(out, 405);
		delegate_error(&out->body, "only POST is served here");
		return;
	}
	if (strcmp(in->path, "/") != 0) {
		not_found(out, in);
		return;
	}
	if (strcmp(in->method, "POST") == 0) {
		as_json(out, 405);
		delegate_error(&out->body, "nothing is posted here");
		return;
	}
	ASSERT(gmtime_r(&now, &utc) && strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc));
	as_json(out, 200);
	buf_printf(&out->body, "{\"service\":\"arca delegation KMS\",\"timestamp\":\"%s\"}", stamp);
}

void delegate_routes(http_route out[static DELEGATE_ROUTES], delegate_service *s)
{
	out[0] = (http_route){ "/v0/public-key", serve_public_key, s };
	out[1] = (http_route){ "POST /v0/delegate", serve_delegate, s };
	out[2] = (http_route){ "POST /v1/delegate", serve_delegate_v1, s };
	out[3] = (http_route){ "POST /v1/delegate/partial", serve_partial, s };
	out[4] = (http_route){ "/v1/public-key", serve_description, s };
	out[5] = (http_route){ "/", serve_others, s };
}
