/* SPDX-License-Identifier: MIT */
/* rpc/fetch_send.c -- an exchange, and where the bytes of its answer go. */
#include "rpc/fetch_send.h"
#include "rpc/fetch_internal.h"

enum { SLOW_BYTES = 64, SLOW_S = 60 };                 /* slower than so many a second for so long: it stands still */

typedef struct answer {
	CURL    *curl;
	buf     *out;
	uint8_t *room;
	size_t   before, got, max;
	bool     too_long;
} answer;

static bool is_good(CURL *c)
{
	long status = 0;

	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status < 300;
}

static bool take(void *ctx, slice piece)
{
	answer *a = ctx;

	if (!is_good(a->curl)) {
		const size_t have = a->out->n - a->before;
		buf_put(a->out, piece.p, size_min(piece.n, FETCH_REFUSAL - size_min(have, FETCH_REFUSAL)));
		return true;
	}
	if (piece.n > a->max - a->got) {
		a->too_long = true;
		return false;
	}
	if (a->room) memcpy(a->room + a->got, piece.p, piece.n);
	else buf_put_slice(a->out, piece);
	a->got += piece.n;
	return true;
}

static void read_headers(fetch_reply *reply, CURL *c)
{
	struct curl_header *h;
	curl_off_t length = -1;
	long status = 0;

	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(c, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	*reply = (fetch_reply){ .status = (unsigned)status, .has_length = length >= 0, .length = length >= 0 ? (uint64_t)length : 0 };
	if (curl_easy_header(c, "ETag", 0, CURLH_HEADER, -1, &h) == CURLHE_OK && strlen(h->value) < sizeof reply->etag)
		memcpy(reply->etag, h->value, strlen(h->value) + 1);
	if (curl_easy_header(c, "Date", 0, CURLH_HEADER, -1, &h) != CURLHE_OK) return;
	const time_t date = curl_getdate(h->value, NULL);
	if (date > 0) reply->date_s = date;
}

static void sign(CURL *c, const fetch_signer *s)
{
	AUTO(buf) provider = { 0 };
	AUTO(buf) user = { 0 };

	buf_printf(&provider, "aws:amz:%s:%s", s->region, s->service);
	buf_printf(&user, "%s:%s", s->key_id, s->secret);
	curl_easy_setopt(c, CURLOPT_AWS_SIGV4, buf_str(&provider));
	curl_easy_setopt(c, CURLOPT_USERPWD, buf_str(&user));
}

static void set_method(CURL *c, const fetch_request *r)
{
	if (!strcmp(r->method, "HEAD")) {
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
		return;
	}
	if (!strcmp(r->method, "GET")) return;
	if (!strcmp(r->method, "PUT") || !strcmp(r->method, "POST")) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body.n ? (const char *)r->body.p : "");
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
	}
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method);
}

static err perform(CURL *c, answer *a, const char *why, const fetch_request *r)
{
	struct curl_slist *headers = NULL;

	for (size_t i = 0; r->header[i]; i++) {
		struct curl_slist *more = curl_slist_append(headers, r->header[i]);
		ASSERT(more);
		headers = more;
	}
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)r->connect_ms);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)SLOW_S);
	set_method(c, r);
	if (r->signer) sign(c, r->signer);
	const CURLcode rv = curl_easy_perform(c);
	curl_slist_free_all(headers);
	/* What is asked for by HEAD may be as long as it likes. */
	return fetch_transferred(rv, &(fetch_body){ .max = a->max, .too_long = a->too_long }, why, r->url);
}

err fetch_send(fetch_reply *reply, buf *out, uint8_t *room, size_t *got, const fetch_request *r)
{
	char why[CURL_ERROR_SIZE] = "";
	answer a = { .out = out, .room = room, .before = out->n, .max = r->max };
	/* The bound is kept in take(), which knows whether it is the bound of an answer or that of a refusal. */
	fetch_body b = { .take = take, .ctx = &a, .max = SIZE_MAX / 2 };

	TRY(fetch_prepare(&a.curl, r->url, &b, why, r->timeout_ms));
	err e = perform(a.curl, &a, why, r);
	if (e == OK) read_headers(reply, a.curl);
	curl_easy_cleanup(a.curl);
	if (e == OK) *got = a.got;
	else if (out->n > a.before) {
		wipe(out->p + a.before, out->n - a.before);
		out->n = a.before;
	}
	return e;
}
