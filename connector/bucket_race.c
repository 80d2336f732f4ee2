/* SPDX-License-Identifier: MIT */
/*
 * connector/bucket_race.c -- one object, from whichever bucket gives it first.
 *
 * Buckets are asked in turn: the next one when one failed, or when it is slower than nineteen of twenty were.  Then two are under way;
 * the first good answer wins and the other one is cut off.  What that costs is bounded: two at a time, both within
 * s3_max_concurrent_gets, and no more than every tenth request (and HEDGE_FREE at the start) a second time.
 */
#include "connector/bucket_internal.h"
#include <stdlib.h>
#include "base/clock.h"
#include "tfhers/tfhers.h"

enum { AT_ONCE = 2, TICK_MS = 100, HEDGE_LEAST_MS = 20, HEDGE_KNOWN = 32, HEDGE_ONE_IN = 10, HEDGE_FREE = 10, LIE_BYTES = 1 << 20 };

/* ---- when to ask another ------------------------------------------------------------------------------------------ */

void hedging_add(hedging *h, int64_t took_ms)
{
	h->took_ms[h->n++ % HEDGE_SAMPLES] = took_ms > INT32_MAX ? INT32_MAX : (int32_t)took_ms;
}

static int ascending(const void *a, const void *b)
{
	const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
	return (x > y) - (x < y);
}

int64_t hedging_delay_ms(const hedging *h, int64_t most_ms)
{
	const size_t n = h->n < HEDGE_SAMPLES ? (size_t)h->n : HEDGE_SAMPLES;
	int32_t sorted[HEDGE_SAMPLES];

	if (n < HEDGE_KNOWN) return most_ms;
	memcpy(sorted, h->took_ms, n * sizeof sorted[0]);
	qsort(sorted, n, sizeof sorted[0], ascending);
	const int64_t rank = sorted[(n * 95 + 99) / 100 - 1], delay = rank > HEDGE_LEAST_MS ? rank : HEDGE_LEAST_MS;
	return delay < most_ms ? delay : most_ms;
}

/* ---- one transfer ------------------------------------------------------------------------------------------------- */

typedef struct transfer {
	CURL       *h;                               /* NULL: none */
	const char *bucket;
	buf         bytes;
	size_t      most;
	ask_format  format;
	int64_t     from_ms;
	bool        second;                          /* another was under way when it began */
	char        why[CURL_ERROR_SIZE];
} transfer;

/* For all that the bucket says will come, so that nothing is moved; a lie costs no more than LIE_BYTES. */
static void make_room(transfer *t)
{
	curl_off_t says = 0;

	if (curl_easy_getinfo(t->h, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &says) != CURLE_OK || says <= 0) return;
	buf_reserve(&t->bytes, size_min((size_t)says, size_min(t->most, LIE_BYTES)));
}

static size_t take_body(char *p, size_t size, size_t n, void *ctx)
{
	transfer *t = ctx;

	if (n * size > t->most - t->bytes.n) return 0;
	if (t->bytes.n == 0) make_room(t);
	buf_put(&t->bytes, p, n * size);
	return n * size;
}

/* x-amz-meta-Ct-Format: anything but the two compressed ones means BigExpanded. */
static size_t take_header(char *p, size_t size, size_t n, void *ctx)
{
	transfer *t = ctx;
	const size_t all = size * n;
	slice v;

	if (!bucket_header(&v, "x-amz-meta-ct-format:", p, all)) return all;
	const bool compressed = slice_eq_var(v, slice_str("compressed_on_cpu")) || slice_eq_var(v, slice_str("compressed_on_gpu"));
	t->format = compressed ? ASK_BIG_COMPRESSED : ASK_BIG_EXPANDED;
	return all;
}

typedef struct race {
	buckets      *b;
	CURLM        *multi;
	const bucket_object *object;
	transfer      run[AT_ONCE];
	size_t        running;
} race;

static int64_t now_ms(void) { return clock_now_ms(clock_system()); }

static void cut(race *r, transfer *t)
{
	if (!t->h) return;
	curl_multi_remove_handle(r->multi, t->h);
	curl_easy_cleanup(t->h);
	buf_free(&t->bytes);
	t->h = NULL;
	r->running--;
	sem_post(&r->b->gets);
}

/* Requires: a place of s3_max_concurrent_gets was taken for it. */
static err begin(race *r, const char *bucket)
{
	const connector_config *c = r->b->c;
	transfer *t = r->run;
	char url[MAX_BUCKET_URL];

	TRY(bucket_url(url, c, bucket, r->object->name));
	while (t->h) t++;
	*t = (transfer){ .h = bucket_transfer(c, url, c->worker.s3_get_timeout, take_header, t), .bucket = bucket, .most = (size_t)c->worker.s3_max_bytes, .format = ASK_BIG_EXPANDED,
	                 .from_ms = now_ms(), .second = r->running > 0 };
	if (!t->h) return err_fail(ERR_NOMEM, "no memory for a connection");
	curl_easy_setopt(t->h, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(t->h, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->h, CURLOPT_ERRORBUFFER, t->why);
	if (curl_multi_add_handle(r->multi, t->h) != CURLM_OK) {
		curl_easy_cleanup(t->h);
		t->h = NULL;
		return err_fail(ERR_NOMEM, "no memory for a connection");
	}
	r->running++;
	atomic_fetch_add(&r->b->tally->asked, 1);
	if (t->second) atomic_fetch_add(&r->b->tally->hedged, 1);
	return OK;
}

/* How it ended. */
static err judge(const race *r, const transfer *t, CURLcode code)
{
	long status = 0;

	curl_easy_getinfo(t->h, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK) return err_fail(ERR_IO, "%s", t->why[0] ? t->why : curl_easy_strerror(code));
	if (status < 200 || status > 299) return err_fail(ERR_IO, "HTTP status %ld", status);
	if (!hash32_eq_var(keccak256(buf_slice(&t->bytes)), *r->object->digest))
		return err_fail(ERR_IO, "%zu bytes came, which are not those whose digest was agreed on", t->bytes.n);
	return OK;
}

/* What the header says, which is the bucket's alone; but bytes that name their format are believed, for others agreed on them. */
static ask_format format_of(const transfer *t)
{
	ct_format says;

	if (!tfhers_format_of_var(&says, buf_slice(&t->bytes)) || ct_format_is_small(says)) return t->format;
	return says == BIG_COMPRESSED ? ASK_BIG_COMPRESSED : ASK_BIG_EXPANDED;
}

static void win(race *r, buf *out, ask_format *format, transfer *t)
{
	buckets *b = r->b;

	pthread_mutex_lock(&b->lock);
	hedging_add(&b->past, now_ms() - t->from_ms);
	pthread_mutex_unlock(&b->lock);
	if (t->second) atomic_fetch_add(&b->tally->hedges_won, 1);
	buf_free(out);
	*format = format_of(t);
	*out = t->bytes;
	t->bytes = (buf){ 0 };
}

/* ---- the race ----------------------------------------------------------------------------------------------------- */

/* A place for one more: waited for if nothing is under way, and taken only if it is free and cheap otherwise. */
static bool may_begin(const race *r, int64_t after_ms)
{
	buckets *b = r->b;

	if (r->running == 0) return sem_wait(&b->gets) == 0;
	if (r->running == AT_ONCE || now_ms() < after_ms) return false;
	const unsigned long long asked = atomic_load(&b->tally->asked), hedged = atomic_load(&b->tally->hedged);
	return HEDGE_ONE_IN * hedged < asked + HEDGE_ONE_IN * HEDGE_FREE && sem_trywait(&b->gets) == 0;
}

static int64_t hedge_at_ms(buckets *b)
{
	const int64_t most = b->c->worker.s3_hedge_delay;

	if (most == 0) return INT64_MAX;
	pthread_mutex_lock(&b->lock);
	const int64_t delay = hedging_delay_ms(&b->past, most);
	pthread_mutex_unlock(&b->lock);
	return now_ms() + delay;
}

/* Those that ended: OK, and out, if one of them is good; *e otherwise says how the last one failed. */
static bool settle(race *r, buf *out, ask_format *format, err *e)
{
	int left;

	for (CURLMsg *m; (m = curl_multi_info_read(r->multi, &left)); ) {
		transfer *t = NULL;
		if (m->msg != CURLMSG_DONE) continue;
		const CURLcode code = m->data.result;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
		err_clear();
		*e = judge(r, t, code);
		if (*e == OK) win(r, out, format, t);
		else err_context("ciphertext from %.200s: ", t->bucket);
		cut(r, t);
		if (*e == OK) return true;
	}
	return false;
}

static err run(race *r, buf *out, ask_format *format, bool *any, const char *const *bucket, size_t n)
{
	int64_t after_ms = 0;
	err e = ERR_IO;
	int busy;

	for (size_t next = 0; next < n || r->running; ) {
		if (atomic_load(&r->b->stopped)) return err_fail(ERR_IO, "this process ends");
		if (next < n && may_begin(r, after_ms)) {
			err_clear();
			e = begin(r, bucket[next++]);
			*any |= e == OK || e == ERR_IO;
			if (e != OK) {
				sem_post(&r->b->gets);
				err_context("ciphertext from %.200s: ", bucket[next - 1]);
			}
			if (e == ERR_NOMEM) return e;
			if (next < n) after_ms = hedge_at_ms(r->b);
		}
		curl_multi_perform(r->multi, &busy);
		if (settle(r, out, format, &e)) return OK;
		const int64_t left_ms = next < n && after_ms > now_ms() ? after_ms - now_ms() : TICK_MS;
		if (r->running) curl_multi_poll(r->multi, NULL, 0, left_ms < TICK_MS ? (int)left_ms : TICK_MS, NULL);
	}
	return e;
}

err bucket_race(buckets *b, buf *out, ask_format *format, bool *any, const bucket_object *object, const char *const *bucket, size_t n)
{
	race r = { .b = b, .multi = bucket_borrow(b), .object = object };

	if (!r.multi) return err_fail(ERR_NOMEM, "no memory for a connection");
	const err e = run(&r, out, format, any, bucket, n);
	for (size_t i = 0; i < AT_ONCE; i++) cut(&r, &r.run[i]);
	bucket_give_back(b, r.multi);
	return e;
}
