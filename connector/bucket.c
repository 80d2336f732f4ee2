/* SPDX-License-Identifier: MIT */
/* connector/bucket.c -- ciphertexts from the coprocessors' buckets. */
#include "connector/bucket.h"
#include <curl/curl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <strings.h>
#include "base/hex.h"

enum { CACHE_SLOTS = 4096, MAX_BUCKET_URL = 2300 };

typedef struct kept { hash32 digest; ask_format format; buf bytes; uint64_t used; } kept;

struct buckets {
	const connector_config *c;
	atomic_bool stopped;
	sem_t    gets;
	pthread_mutex_t lock;                        /* of what follows */
	kept     slot[CACHE_SLOTS];
	uint64_t turn;
	size_t   bytes;
	CURL    *idle[64];                           /* handles whose connections are kept alive */
	size_t   idles;
};

err buckets_new(buckets **out, const connector_config *c)
{
	buckets *b = calloc(1, sizeof *b);

	if (!b) return err_fail(ERR_NOMEM, "no memory for ciphertexts");
	b->c = c;
	pthread_mutex_init(&b->lock, NULL);
	sem_init(&b->gets, 0, (unsigned)c->worker.s3_gets);
	*out = b;
	return OK;
}

void buckets_free(buckets **b)
{
	if (!*b) return;
	for (size_t i = 0; i < CACHE_SLOTS; i++) buf_free(&(*b)->slot[i].bytes);
	for (size_t i = 0; i < (*b)->idles; i++) curl_easy_cleanup((*b)->idle[i]);
	sem_destroy(&(*b)->gets);
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

/* ---- one object ------------------------------------------------------------------------------------------------- */

static CURL *borrow(buckets *b)
{
	pthread_mutex_lock(&b->lock);
	CURL *h = b->idles ? b->idle[--b->idles] : NULL;
	pthread_mutex_unlock(&b->lock);
	return h ? h : curl_easy_init();
}

static void give_back(buckets *b, CURL *h)
{
	curl_easy_reset(h);
	pthread_mutex_lock(&b->lock);
	const bool room = b->idles < COUNT(b->idle);
	if (room) b->idle[b->idles++] = h;
	pthread_mutex_unlock(&b->lock);
	if (!room) curl_easy_cleanup(h);
}

typedef struct taking { buf *out; size_t most; ask_format format; } taking;

static size_t take_body(char *p, size_t size, size_t n, void *ctx)
{
	taking *t = ctx;

	if (n * size > t->most - t->out->n) return 0;
	buf_put(t->out, p, n * size);
	return n * size;
}

/* x-amz-meta-Ct-Format: anything but the two compressed ones means BigExpanded. */
static size_t take_header(char *p, size_t size, size_t n, void *ctx)
{
	static const char NAME[] = "x-amz-meta-ct-format:";
	taking *t = ctx;
	const size_t all = size * n, skip = sizeof NAME - 1;

	if (all <= skip || strncasecmp(p, NAME, skip)) return all;
	slice v = slice_of(p + skip, all - skip);
	while (v.n && (v.p[0] == ' ' || v.p[0] == '\t')) v = slice_of(v.p + 1, v.n - 1);
	while (v.n && (v.p[v.n - 1] == '\r' || v.p[v.n - 1] == '\n' || v.p[v.n - 1] == ' ')) v.n--;
	const bool compressed = slice_eq_var(v, slice_str("compressed_on_cpu")) || slice_eq_var(v, slice_str("compressed_on_gpu"));
	t->format = compressed ? ASK_BIG_COMPRESSED : ASK_BIG_EXPANDED;
	return all;
}

static int still_wanted(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)a, (void)b, (void)c, (void)d;
	return atomic_load(&((buckets *)ctx)->stopped);
}

static err get(buckets *b, buf *out, ask_format *format, const char *url)
{
	taking t = { .out = out, .most = (size_t)b->c->worker.s3_max_bytes, .format = ASK_BIG_EXPANDED };
	char why[CURL_ERROR_SIZE] = "";
	long status = 0;

	sem_wait(&b->gets);
	CURL *h = borrow(b);
	if (!h) return sem_post(&b->gets), err_fail(ERR_NOMEM, "no memory for a connection");
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)b->c->worker.s3_connect_timeout);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)b->c->worker.s3_get_timeout);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, &t);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, &t);
	curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, still_wanted);
	curl_easy_setopt(h, CURLOPT_XFERINFODATA, b);
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, why);
	const CURLcode code = curl_easy_perform(h);
	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
	give_back(b, h);
	sem_post(&b->gets);
	*format = t.format;
	if (code != CURLE_OK) return err_fail(ERR_IO, "%s", why[0] ? why : curl_easy_strerror(code));
	if (status < 200 || status > 299) return err_fail(ERR_IO, "HTTP status %ld", status);
	return OK;
}

/* Where a bucket is, for any of the ways in which one is named. */
static err object_url(char out[static MAX_BUCKET_URL], const connector_config *c, const char *bucket, const hash32 *digest)
{
	static const char S3[] = "s3://";
	char name[2 * sizeof digest->b + 1];
	const size_t n = strlen(bucket) - (bucket[0] && bucket[strlen(bucket) - 1] == '/');

	hex_write(name, hash32_slice(digest));
	if (strncmp(bucket, S3, sizeof S3 - 1)) {
		snprintf(out, MAX_BUCKET_URL, "%.*s/%s", (int)n, bucket, name);
		return OK;
	}
	const char *in = bucket + sizeof S3 - 1;
	const int rest = (int)(n - (sizeof S3 - 1));
	if (!c->worker.s3.present || (!c->worker.s3.endpoint[0] && !c->worker.s3.region[0]))
		return err_fail(ERR_REQUEST, "a coprocessor names its bucket %s: s3_config must say on which endpoint or in which region", bucket);
	if (c->worker.s3.endpoint[0]) snprintf(out, MAX_BUCKET_URL, "%s/%.*s/%s", c->worker.s3.endpoint, rest, in, name);
	else snprintf(out, MAX_BUCKET_URL, "https://%.*s.s3.%s.amazonaws.com/%s", rest, in, c->worker.s3.region, name);
	return OK;
}

static err try_all(buckets *b, buf *out, ask_format *format, const hash32 *digest, const char *const *url, size_t n)
{
	char at[MAX_BUCKET_URL];
	bool any = false;                            /* may one of them have it later? */

	for (int64_t i = 0; i < b->c->worker.s3_attempts; i++) {
		for (size_t k = 0; k < n; k++) {
			if (atomic_load(&b->stopped)) return err_fail(ERR_IO, "this process ends");
			err_clear();
			buf_clear(out);
			err e = object_url(at, b->c, url[k], digest);
			any |= e == OK;
			if (e == OK) e = get(b, out, format, at);
			if (e == OK && !hash32_eq_var(keccak256(buf_slice(out)), *digest))
				e = err_fail(ERR_IO, "%zu bytes came, which are not those that the chain names", out->n);
			if (e == OK) return OK;
			if (e == ERR_NOMEM) return e;
			err_context("ciphertext from %.200s: ", url[k]);
		}
	}
	return any ? ERR_IO : ERR_REQUEST;
}

err buckets_fetch(buckets *b, buf *out, ask_format *format, bool *cached, const hash32 *digest, const char *const *url, size_t n)
{
	char fallback[MAX_BUCKET_URL];
	const char *only = fallback;

	*cached = recall(b, out, format, digest);
	if (*cached) return OK;
	if (n == 0) {
		if (!b->c->worker.s3.present || !b->c->worker.s3.bucket[0])
			return err_fail(ERR_REQUEST, "no coprocessor names a bucket for a ciphertext, and s3_config.bucket is not set");
		snprintf(fallback, sizeof fallback, "s3://%s", b->c->worker.s3.bucket);
		url = &only, n = 1;
	}
	err e = try_all(b, out, format, digest, url, n);
	if (e == OK) keep(b, buf_slice(out), *format, digest);
	else buf_free(out);
	return e;
}
