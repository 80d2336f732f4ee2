/* SPDX-License-Identifier: MIT */
/* rpc/fetch.c -- libcurl, kept to http and https, with a bound on the body. */
#include "rpc/fetch.h"
#include "base/trace.h"
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>
#include "base/wiping.h"
#include "rpc/fetch_internal.h"

enum { MAX_REDIRECTS = 5 };

/* This machine is never behind a proxy, whatever the environment says; otherwise the environment decides. */
static void spare_loopback(CURL *c)
{
	const char *others = getenv("no_proxy");
	buf all = { 0 };

	if (!others) others = getenv("NO_PROXY");
	if (others && strcmp(others, "*") == 0) return;      /* no proxy for anything; a list cannot say that */
	buf_put_str(&all, "127.0.0.1,localhost,::1");
	if (others && others[0]) buf_printf(&all, ",%s", others);
	curl_easy_setopt(c, CURLOPT_NOPROXY, buf_str(&all));
	buf_free(&all);
}

/* Among what it copies are keys that sign, and headers with authorizations. */
static void setup(void)
{
	(void)curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free, wiping_realloc, strdup, calloc);
}

bool fetch_is_url(const char *name)
{
	return strncasecmp(name, "http://", 7) == 0 || strncasecmp(name, "https://", 8) == 0;
}

static size_t pass_on(char *p, size_t one, size_t n, void *arg)
{
	fetch_body *b = arg;
	(void)one;                                   /* always 1 */
	if (n > b->max - b->got) {
		b->too_long = true;
		return 0;                            /* ends the transfer */
	}
	b->got += n;
	return b->take(b->ctx, slice_of(p, n)) ? n : 0;
}

err fetch_transferred(CURLcode rv, const fetch_body *b, const char *why, const char *url)
{
	if (b->too_long || rv == CURLE_FILESIZE_EXCEEDED)
		return err_fail(ERR_REQUEST, "%s is longer than %zu bytes", url, b->max);
	if (rv == CURLE_URL_MALFORMAT || rv == CURLE_UNSUPPORTED_PROTOCOL)
		return err_fail(ERR_REQUEST, "%s is not an http or https URL", url);
	if (rv != CURLE_OK)
		return err_fail(ERR_IO, "cannot get %s: %s", url, why[0] ? why : curl_easy_strerror(rv));
	return OK;
}

static err check_status(long status, const char *url)
{
	if (status == 404 || status == 410)
		return err_fail(ERR_NOT_FOUND, "%s does not exist (HTTP status %ld)", url, status);
	if (status != 200)
		return err_fail(ERR_IO, "cannot get %s: HTTP status %ld", url, status);
	return OK;
}

err fetch_handle(CURL **out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, setup);
	CURL *c = curl_easy_init();
	if (!c) return err_fail(ERR_NOMEM, "no memory for a transfer");
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "arca");
	spare_loopback(c);
	*out = c;
	return OK;
}

err fetch_prepare(CURL **out, const char *url, fetch_body *b, char *why, int64_t timeout_ms)
{
	CURL *c;

	TRY(fetch_handle(&c));
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
	curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)b->max);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, pass_on);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, b);
	*out = c;
	return OK;
}

static struct curl_slist *with_header(struct curl_slist *list, const char *name, const char *value)
{
	AUTO(buf) line = { 0 };

	buf_printf(&line, "%s: %s", name, value);
	struct curl_slist *more = curl_slist_append(list, buf_str(&line));
	ASSERT(more);
	return more;
}

/* Whose transfer it is, for those who follow requests through services. */
static struct curl_slist *with_trace(struct curl_slist *list)
{
	const trace t = trace_current();
	char text[TRACE_TEXT];

	if (!trace_is_any(&t)) return list;
	trace_write(text, &t);
	return with_header(list, "traceparent", text);
}

err fetch_pieces(const char *url, size_t max, int64_t timeout_ms, bool (*take)(void *ctx, slice piece), void *ctx)
{
	char why[CURL_ERROR_SIZE] = "";
	fetch_body b = { .take = take, .ctx = ctx, .max = max };
	long status = 0;
	CURL *c;

	TRY(fetch_prepare(&c, url, &b, why, timeout_ms));
	struct curl_slist *headers = with_trace(NULL);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	err e = fetch_transferred(curl_easy_perform(c), &b, why, url);
	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(c);
	curl_slist_free_all(headers);
	return e == OK ? check_status(status, url) : e;
}

static bool append(void *ctx, slice piece)
{
	buf_put_slice(ctx, piece);
	return true;
}

err fetch_url(buf *out, const char *url, size_t max, int64_t timeout_ms)
{
	const size_t before = out->n;

	err e = fetch_pieces(url, max, timeout_ms, append, out);
	if (e != OK) out->n = before;
	return e;
}

err fetch_ask(buf *out, unsigned *status, const char *url, const char *authorization, const slice *json, size_t max,
              int64_t timeout_ms)
{
	const size_t before = out->n;
	char why[CURL_ERROR_SIZE] = "";
	fetch_body b = { .take = append, .ctx = out, .max = max };
	long code = 0;
	CURL *c;

	TRY(fetch_prepare(&c, url, &b, why, timeout_ms));
	struct curl_slist *headers = with_trace(NULL);
	if (authorization) headers = with_header(headers, "Authorization", authorization);
	if (json) {
		headers = with_header(headers, "Content-Type", "application/json");
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, json->p);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)json->n);
	}
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	err e = fetch_transferred(curl_easy_perform(c), &b, why, url);
	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
	curl_easy_cleanup(c);
	curl_slist_free_all(headers);
	*status = (unsigned)code;
	if (e != OK) out->n = before;
	return e;
}
