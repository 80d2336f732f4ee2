/* SPDX-License-Identifier: MIT */
/* aws/call.c -- signing, reading refusals, and trying again. */
#include "aws/call.h"
#include <jansson.h>
#include <stdlib.h>
#include "aws/client_internal.h"
#include "aws/xml.h"
#include "base/hex.h"
#include "sym/sha2.h"

enum { CONNECT_MS = 5000, FIRST_PAUSE_MS = 100, LONGEST_PAUSE_MS = 5000, BYTES_A_MS = 1000, MAX_REFUSAL_JSON = FETCH_REFUSAL };

static const char *const NAMES[] = { [AWS_S3] = "s3", [AWS_KMS] = "kms" };

/* ---- refusals ------------------------------------------------------------------------------------------------------ */

/* What others wrote goes into our sentences: printable, on one line, cut. */
static void printable(char *out, size_t room, slice text)
{
	size_t n = size_min(text.n, room - 1);

	for (size_t i = 0; i < n; i++) out[i] = text.p[i] >= ' ' && text.p[i] < 0x7f ? (char)text.p[i] : '?';
	out[n] = '\0';
}

typedef struct refusal { char *code, *message; } refusal;

static bool refusal_element(void *ctx, const char *path, slice text)
{
	refusal *r = ctx;

	if (!strcmp(path, "Error/Code")) printable(r->code, AWS_CODE, text);
	if (!strcmp(path, "Error/Message")) printable(r->message, AWS_MESSAGE, text);
	return true;
}

static void read_json(char *code, char *message, slice body)
{
	json_t *j = body.n <= MAX_REFUSAL_JSON ? json_loadb((const char *)body.p, body.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *type = json_string_value(json_object_get(j, "__type")), *text = json_string_value(json_object_get(j, "message"));

	if (!text) text = json_string_value(json_object_get(j, "Message"));
	/* "com.amazonaws.kms#NotFoundException" is NotFoundException. */
	if (type && strrchr(type, '#')) type = strrchr(type, '#') + 1;
	if (type) printable(code, AWS_CODE, slice_str(type));
	if (text) printable(message, AWS_MESSAGE, slice_str(text));
	json_decref(j);
}

void aws_refusal_read(char code[static AWS_CODE], char message[static AWS_MESSAGE], aws_service s, slice body)
{
	refusal r = { code, message };

	code[0] = message[0] = '\0';
	if (!body.n) return;
	if (s == AWS_KMS) read_json(code, message, body);
	else if (xml_read(body, refusal_element, &r) != OK) err_clear();
}

static bool among(const char *code, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(code, *list)) return true;
	return false;
}

/* Not our fault, and perhaps gone next time. */
static bool passes(const aws_answer *a)
{
	static const char *const BUSY[] = { "SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException", "RequestTimeout",
		"RequestLimitExceeded", "KMSInternalException", "DependencyTimeoutException", "ConditionalRequestConflict", NULL };
	const unsigned status = a->reply.status;

	return status == 429 || (status >= 500 && status != 501) || among(a->code, BUSY);
}

static bool has_expired(const aws_answer *a)
{
	static const char *const EXPIRED[] = { "ExpiredToken", "ExpiredTokenException", NULL };

	return among(a->code, EXPIRED);
}

/* What to try next. */
static const char *remedy_for(const aws_answer *a)
{
	static const struct { const char *code, *remedy; } KNOWN[] = {
		{ "RequestTimeTooSkewed", "compare the clock of this machine" },
		{ "PermanentRedirect", "is aws.region that of the bucket?" },
		{ "AuthorizationHeaderMalformed", "is aws.region right?" },
		{ "AccessDeniedException", "does the policy allow it to this user?" },
		{ "AccessDenied", "does the policy allow it to this user?" },
		{ "SignatureDoesNotMatch", "is aws_secret_access_key that of this aws_access_key_id?" },
		{ "InvalidAccessKeyId", "is aws_access_key_id right, and of this server?" },
		{ "UnrecognizedClientException", "is aws_access_key_id right, and of this server?" },
		{ "NoSuchBucket", "make the bucket, or correct its name" },
		{ "NotFoundException", "is the key's id right, and aws.region that of the key?" },
		{ "DisabledException", "enable the key in KMS" },
	};

	if (has_expired(a)) return "the credentials have expired: renew the file that they come from";
	for (size_t i = 0; i < COUNT(KNOWN); i++)
		if (!strcmp(a->code, KNOWN[i].code)) return KNOWN[i].remedy;
	return a->reply.status == 301 ? "is aws.region that of the bucket?" : "";
}

static err refused(const aws_answer *a, const aws *client, const aws_call *c, const char *message)
{
	const unsigned status = a->reply.status;
	const err e = status == 404 || !strcmp(a->code, "NotFoundException") ? ERR_NOT_FOUND : status == 412 ? ERR_EXISTS :
	              status == 501 ? ERR_UNSUPPORTED : passes(a) ? ERR_IO : ERR_STATE;
	const char *where = aws_is_own(client, c->service) ? c->host : client->endpoint[c->service];
	const char *remedy = remedy_for(a);

	return err_fail(e, "%s at %s refused %s %.80s: %s%s%s (HTTP status %u)%s%s", c->service == AWS_S3 ? "S3" : "KMS", where, c->method,
	                c->target, a->code[0] ? a->code : "no reason was given", message[0] ? ", " : "", message, status,
	                remedy[0] ? "; " : "", remedy);
}

/* ---- one try ------------------------------------------------------------------------------------------------------- */

typedef struct signing { char url[AWS_URL], hash[96], token[AWS_TOKEN + 32]; aws_credentials who; } signing;

static err address(char out[static AWS_URL], const aws *a, const aws_call *c)
{
	const bool own = aws_is_own(a, c->service);
	size_t n = own ? 0 : strlen(a->endpoint[c->service]);

	while (n && a->endpoint[c->service][n - 1] == '/') n--;
	const int written = own ? snprintf(out, AWS_URL, "https://%s%s", c->host, c->target)
	                        : snprintf(out, AWS_URL, "%.*s%s", (int)n, a->endpoint[c->service], c->target);
	return written > 0 && written < AWS_URL ? OK : err_fail(ERR_REQUEST, "the name %.60s… is too long for a call", c->target);
}

/* *seen: which credentials were used. */
static err once(aws_answer *out, buf *body, uint64_t *seen, aws *a, const aws_call *c, signing *s)
{
	fetch_signer signer = { s->who.key_id, s->who.secret, a->region, NAMES[c->service] };
	fetch_request r = { .method = c->method, .url = s->url, .body = c->body, .signer = &signer, .connect_ms = CONNECT_MS,
	                    .timeout_ms = a->timeout_ms + (int64_t)((c->body.n + c->max) / BYTES_A_MS), .max = c->max };
	size_t headers = 0;

	pthread_mutex_lock(&a->lock);
	s->who = *a->who, *seen = a->renewed;
	pthread_mutex_unlock(&a->lock);
	for (size_t i = 0; i < AWS_HEADERS; i++)
		if (c->header[i]) r.header[headers++] = c->header[i];
	r.header[headers++] = s->hash;
	if (s->who.token[0]) {
		snprintf(s->token, sizeof s->token, "x-amz-security-token: %s", s->who.token);
		r.header[headers++] = s->token;
	}
	out->sent++;
	return fetch_send(&out->reply, body, c->room, &out->got, &r);
}

static void pause_before(aws *a, unsigned sent)
{
	int64_t ms = FIRST_PAUSE_MS;

	if (a->pauses) atomic_fetch_add(a->pauses, 1);
	for (unsigned i = 1; i < sent && ms < LONGEST_PAUSE_MS; i++) ms *= 2;
	if (ms > LONGEST_PAUSE_MS) ms = LONGEST_PAUSE_MS;
	pthread_mutex_lock(&a->lock);
	const uint64_t chance = rng_u64(&a->random);
	pthread_mutex_unlock(&a->lock);
	a->pause(a->pause_ctx, ms / 2 + (int64_t)(chance % (uint64_t)(ms / 2 + 1)));
}

/* *again: it may go better next time. */
static err try_once(aws_answer *out, buf *body, bool *again, aws *a, const aws_call *c, signing *s)
{
	const size_t before = body->n;
	char message[AWS_MESSAGE];
	uint64_t seen;

	out->code[0] = '\0', out->reply = (fetch_reply){ 0 };
	err e = once(out, body, &seen, a, c, s);
	*again = e == ERR_IO;
	if (e != OK || (out->reply.status >= 200 && out->reply.status < 300)) return e;
	aws_refusal_read(out->code, message, c->service, body->n > before ? slice_of(body->p + before, body->n - before)
	                 : (slice){ 0 });
	body->n = before;
	*again = passes(out) || (has_expired(out) && out->sent < a->tries && aws_renew(a, seen));
	return refused(out, a, c, message);
}

err aws_send(aws_answer *out, buf *body, aws *a, const aws_call *c)
{
	static const char HEADER[] = "x-amz-content-sha256: ";
	signing *s = NULL;
	bool again = true;
	err e = OK;

	*out = (aws_answer){ 0 };
	TRY(secret_alloc((void **)&s, sizeof *s));
	e = address(s->url, a, c);
	const hash32 hash = sha256(c->body);
	memcpy(s->hash, HEADER, sizeof HEADER);
	hex_write(s->hash + sizeof HEADER - 1, slice_of(hash.b, sizeof hash.b));
	if (e == OK) {
		while ((e = try_once(out, body, &again, a, c, s)) != OK && again && out->sent < a->tries) pause_before(a, out->sent);
		if (e != OK && again && out->sent > 1) err_context("tried %u times: ", out->sent);
	}
	secret_release(s);
	return e;
}
