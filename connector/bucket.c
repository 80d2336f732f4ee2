/* SPDX-License-Identifier: MIT */
/* connector/bucket.c -- ciphertexts from the coprocessors' buckets. */
#include "connector/bucket_internal.h"
#include <stdlib.h>
#include <strings.h>
#include "base/hex.h"
#include "connector/endpoint.h"
#include "rpc/fetch.h"

err buckets_new(buckets **out, const connector_config *c, bucket_tally *tally)
{
	buckets *b = calloc(1, sizeof *b);

	if (!b) return err_fail(ERR_NOMEM, "no memory for ciphertexts");
	b->c = c;
	b->tally = tally;
	pthread_mutex_init(&b->lock, NULL);
	sem_init(&b->gets, 0, (unsigned)c->worker.s3_gets);
	sem_init(&b->heads, 0, (unsigned)c->worker.s3_heads);
	*out = b;
	return OK;
}

void buckets_free(buckets **b)
{
	if (!*b) return;
	for (size_t i = 0; i < CACHE_SLOTS; i++) buf_free(&(*b)->slot[i].bytes);
	for (size_t i = 0; i < (*b)->idles; i++) curl_multi_cleanup((*b)->idle[i]);
	sem_destroy(&(*b)->gets);
	sem_destroy(&(*b)->heads);
	pthread_mutex_destroy(&(*b)->lock);
	free(*b);
	*b = NULL;
}

void buckets_stop(buckets *b)
{
	atomic_store(&b->stopped, true);
}

/* ---- what was fetched before ------------------------------------------------------------------------------------ */

static size_t slot_of(const hash32 *digest)
{
	return (size_t)(digest->b[0] | digest->b[1] << 8) % CACHE_SLOTS;
}

static bool recall(buckets *b, buf *out, ask_format *format, const hash32 *digest)
{
	pthread_mutex_lock(&b->lock);
	kept *k = &b->slot[slot_of(digest)];
	const bool hit = k->bytes.n && hash32_eq_var(k->digest, *digest);
	if (hit) {
		buf_put_slice(out, buf_slice(&k->bytes));
		*format = k->format;
		k->used = ++b->turn;
	}
	pthread_mutex_unlock(&b->lock);
	return hit;
}

static void drop(buckets *b, kept *k)
{
	b->bytes -= k->bytes.n;
	buf_free(&k->bytes);
}

static void keep(buckets *b, slice bytes, ask_format format, const hash32 *digest)
{
	if (bytes.n > BUCKET_CACHE_BYTES / 8) return;
	pthread_mutex_lock(&b->lock);
	kept *k = &b->slot[slot_of(digest)];
	drop(b, k);
	while (b->bytes + bytes.n > BUCKET_CACHE_BYTES) {            /* the one that was not asked for the longest goes */
		kept *oldest = NULL;
		for (size_t i = 0; i < CACHE_SLOTS; i++)
			if (b->slot[i].bytes.n && (!oldest || b->slot[i].used < oldest->used)) oldest = &b->slot[i];
		drop(b, oldest);
	}
	*k = (kept){ .digest = *digest, .format = format, .used = ++b->turn };
	buf_put_slice(&k->bytes, bytes);
	b->bytes += bytes.n;
	pthread_mutex_unlock(&b->lock);
}

/* ---- what is asked ---------------------------------------------------------------------------------------------- */

static err write_url(char out[static MAX_BUCKET_URL], const connector_config *c, const char *bucket, const char *object)
{
	static const char S3[] = "s3://";
	const size_t n = strlen(bucket) - (bucket[0] && bucket[strlen(bucket) - 1] == '/');

	if (strncmp(bucket, S3, sizeof S3 - 1)) {
		snprintf(out, MAX_BUCKET_URL, "%.*s/%s", (int)n, bucket, object);
		return OK;
	}
	const char *in = bucket + sizeof S3 - 1;
	const int rest = (int)(n - (sizeof S3 - 1));
	if (!c->worker.s3.present || (!c->worker.s3.endpoint[0] && !c->worker.s3.region[0]))
		return err_fail(ERR_REQUEST, "a coprocessor names its bucket %s: s3_config must say on which endpoint or in which region", bucket);
	if (c->worker.s3.endpoint[0]) snprintf(out, MAX_BUCKET_URL, "%s/%.*s/%s", c->worker.s3.endpoint, rest, in, object);
	else snprintf(out, MAX_BUCKET_URL, "https://%.*s.s3.%s.amazonaws.com/%s", rest, in, c->worker.s3.region, object);
	return OK;
}

/* The sandbox would refuse the connection without a word that an operator understands. */
static err check_port(const connector_config *c, const char *url)
{
	const unsigned port = fetch_port(url);
	unsigned own = 0;

	for (size_t i = 0; i < c->worker.s3_ports.n; i++)
		if (port_read(&own, c->worker.s3_ports.item[i]) && own == port) return OK;
	if (!c->worker.s3_ports.n || (c->worker.s3.present && fetch_port(c->worker.s3.endpoint) == port)) return OK;
	return err_fail(ERR_IO, "its port is %u, and s3_ports does not name it: if the bucket is to be reached there, add it, and start the connector again", port);
}

err bucket_url(char out[static MAX_BUCKET_URL], const connector_config *c, const char *bucket, const char *object)
{
	TRY(write_url(out, c, bucket, object));
	return check_port(c, out);
}

CURLM *bucket_borrow(buckets *b)
{
	pthread_mutex_lock(&b->lock);
	CURLM *m = b->idles ? b->idle[--b->idles] : NULL;
	pthread_mutex_unlock(&b->lock);
	return m ? m : curl_multi_init();
}

void bucket_give_back(buckets *b, CURLM *m)
{
	pthread_mutex_lock(&b->lock);
	const bool room = b->idles < COUNT(b->idle);
	if (room) b->idle[b->idles++] = m;
	pthread_mutex_unlock(&b->lock);
	if (!room) curl_multi_cleanup(m);
}

CURL *bucket_transfer(const connector_config *c, const char *url, int64_t timeout_ms, curl_write_callback take_header, void *ctx)
{
	CURL *h = curl_easy_init();

	if (!h) return NULL;
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)c->worker.s3_connect_timeout);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, ctx);
	curl_easy_setopt(h, CURLOPT_PRIVATE, ctx);
	return h;
}

bool bucket_header(slice *value, const char *name, const char *line, size_t n)
{
	const size_t skip = strlen(name);

	if (n <= skip || strncasecmp(line, name, skip)) return false;
	slice v = slice_of(line + skip, n - skip);
	while (v.n && (v.p[0] == ' ' || v.p[0] == '\t')) v = slice_of(v.p + 1, v.n - 1);
	while (v.n && (v.p[v.n - 1] == '\r' || v.p[v.n - 1] == '\n' || v.p[v.n - 1] == ' ')) v.n--;
	*value = v;
	return true;
}

static err try_all(buckets *b, buf *out, ask_format *format, const bucket_object *object, const char *const *url, size_t n)
{
	bool any = false;                            /* may one of them have it later? */

	for (int64_t i = 0; i < b->c->worker.s3_attempts; i++) {
		err_clear();
		const err e = bucket_race(b, out, format, &any, object, url, n);
		if (e == OK || e == ERR_NOMEM) return e;
		if (atomic_load(&b->stopped)) return e;
	}
	return any ? ERR_IO : ERR_REQUEST;
}

err buckets_fetch(buckets *b, buf *out, ask_format *format, bool *cached, const hash32 *digest, const char *object, const char *const *url,
                  size_t n)
{
	char fallback[MAX_BUCKET_URL], by_digest[2 * sizeof digest->b + 1];
	const char *only = fallback;

	*cached = recall(b, out, format, digest);
	if (*cached) return OK;
	if (n == 0) {
		if (!b->c->worker.s3.present || !b->c->worker.s3.bucket[0])
			return err_fail(ERR_REQUEST, "no coprocessor names a bucket for a ciphertext, and s3_config.bucket is not set");
		snprintf(fallback, sizeof fallback, "s3://%s", b->c->worker.s3.bucket);
		url = &only, n = 1;
	}
	hex_write(by_digest, hash32_slice(digest));
	err e = try_all(b, out, format, &(bucket_object){ object ? object : by_digest, digest }, url, n);
	if (e == OK) keep(b, buf_slice(out), *format, digest);
	else buf_free(out);
	return e;
}
