/* SPDX-License-Identifier: MIT */
/* rpc/post.c -- an easy handle of libcurl that lives as long as the poster, and with it its connection. */
#include "rpc/post.h"
#include <stdlib.h>
#include "rpc/fetch.h"
#include "rpc/fetch_internal.h"

struct poster {
	CURL  *curl;
	char  *server;
	size_t max;
	const atomic_bool *stop;
	struct curl_slist *headers;
	post_answer *into;
	char   why[CURL_ERROR_SIZE];
};

static size_t take_body(char *p, size_t one, size_t n, void *arg)
{
	poster *self = arg;

	(void)one;                                   /* always 1 */
	if (n > self->max - self->into->body.n) {
		self->into->too_long = true;
		return 0;
	}
	buf_put(&self->into->body, p, n);
	return n;
}

static int look_for_stop(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const poster *self = arg;
	(void)a, (void)b, (void)c, (void)d;
	return self->stop && atomic_load(self->stop);
}

/* Scheme, host and port of a URL; what else it holds may be a key. */
static err server_of(char **out, const char *url)
{
	char *scheme = NULL, *host = NULL, *port = NULL;
	CURLU *u = curl_url();
	err e = OK;

	if (!u) return err_fail(ERR_NOMEM, "no memory for a URL");
	if (!fetch_is_url(url) || curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK || curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
		e = err_fail(ERR_REQUEST, "a server's URL must be like https://host:port/path");
	else if (asprintf(out, "%s://%s:%s", scheme, host, port) < 0)
		e = err_fail(ERR_NOMEM, "no memory for a URL");
	curl_free(scheme), curl_free(host), curl_free(port);
	curl_url_cleanup(u);
	return e;
}

err poster_new(poster **out, const post_config *config)
{
	AUTO(poster) *p = calloc(1, sizeof *p);

	if (!p) return err_fail(ERR_NOMEM, "no memory for a connection");
	TRY(server_of(&p->server, config->url));
	TRY(fetch_handle(&p->curl));
	p->max = config->max;
	p->stop = config->stop;
	p->headers = curl_slist_append(NULL, "Content-Type: application/json");
	p->headers = curl_slist_append(p->headers, "Expect:");       /* large bodies go at once */
	curl_easy_setopt(p->curl, CURLOPT_URL, config->url);
	curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, p->headers);
	curl_easy_setopt(p->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)config->connect_ms);
	curl_easy_setopt(p->curl, CURLOPT_TIMEOUT_MS, (long)config->timeout_ms);
	curl_easy_setopt(p->curl, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(p->curl, CURLOPT_ERRORBUFFER, p->why);
	curl_easy_setopt(p->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(p->curl, CURLOPT_WRITEDATA, p);
	curl_easy_setopt(p->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(p->curl, CURLOPT_XFERINFOFUNCTION, look_for_stop);
	curl_easy_setopt(p->curl, CURLOPT_XFERINFODATA, p);
	*out = p, p = NULL;
	return OK;
}

void poster_free(poster **p)
{
	if (!*p) return;
	if ((*p)->curl) curl_easy_cleanup((*p)->curl);
	curl_slist_free_all((*p)->headers);
	free((*p)->server);
	free(*p);
	*p = NULL;
}

const char *poster_server(const poster *p) { return p->server; }

void post_answer_free(post_answer *a)
{
	buf_free(&a->body);
	*a = (post_answer){ 0 };
}

/* What went wrong in words that do not hold the path of the URL: libcurl's own sentence may. */
static err failed(const poster *p, CURLcode rv)
{
	if (rv == CURLE_ABORTED_BY_CALLBACK) return err_fail(ERR_CANCELLED, "stopped while %s was asked", p->server);
	return err_fail(ERR_IO, "no answer from %s: %s", p->server, curl_easy_strerror(rv));
}

err post_json(post_answer *out, poster *p, slice json)
{
	curl_off_t after = 0;
	long status = 0;

	ASSERT(out->body.n == 0);
	out->too_long = false;
	p->into = out;
	curl_easy_setopt(p->curl, CURLOPT_POSTFIELDS, (const char *)json.p);
	curl_easy_setopt(p->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)json.n);
	const CURLcode rv = curl_easy_perform(p->curl);
	p->into = NULL;
	if (out->too_long) buf_free(&out->body);
	if (rv != CURLE_OK && !out->too_long) {
		buf_free(&out->body);
		return failed(p, rv);
	}
	(void)curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(p->curl, CURLINFO_RETRY_AFTER, &after);
	out->status = (unsigned)status;
	out->retry_after_ms = after > 0 ? (int64_t)after * 1000 : -1;
	return OK;
}
