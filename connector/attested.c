/* SPDX-License-Identifier: MIT */
/* connector/attested.c -- all buckets are asked at once, and what enough coprocessors say is believed. */
#include "connector/attested.h"
#include <stdlib.h>
#include "base/hex.h"
#include "connector/bucket_internal.h"

enum { LOOK_MS = 100, MAX_WHY = 200 };

void attested_name(char out[static ATTESTED_NAME], const abi_word *handle)
{
	char hex[2 * sizeof handle->b + 1];

	hex_write(hex, abi_slice(handle));
	snprintf(out, ATTESTED_NAME, "ct128/%s/1", hex);
}

/* ---- who says the same ------------------------------------------------------------------------------------------ */

static bool same(const attested_claim *a, const attested_claim *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* Signers of a claim; one that has said it in several buckets is one. */
static size_t signers_of(const attested_claim *claim, const attested_voice *voice, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		bool before = !same(&voice[i].said.claim, claim);
		for (size_t k = 0; k < i && !before; k++)
			before = same(&voice[k].said.claim, claim) && eth_address_eq_var(voice[k].said.signer, voice[i].said.signer);
		count += !before;
	}
	return count;
}

size_t attested_most(attested_claim *out, const attested_voice *voice, size_t n)
{
	size_t most = 0;

	for (size_t i = 0; i < n; i++) {
		const attested_claim *c = &voice[i].said.claim;
		const size_t count = signers_of(c, voice, n);
		if (count < most || (count == most && memcmp(c, out, sizeof *c) >= 0)) continue;
		most = count, *out = *c;
	}
	return most;
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

typedef struct question {                        /* to one bucket */
	CURL  *h;
	bool   told;                                 /* it has the header */
	size_t n;
	char   header[MAX_ATTESTATION];
} question;

typedef struct round {
	buckets *b;
	const coprocessors *who;
	const abi_word *handle;
	CURLM   *multi;
	question *ask;                               /* one a bucket */
	size_t   open;
	attested_voice *voice;
	size_t   voices, missing, silent, wrong;     /* how the buckets answered */
	char     why[MAX_WHY];                       /* of the first that did not attest */
} round;

static void note(round *r, size_t bucket, const char *why)
{
	if (!r->why[0]) snprintf(r->why, sizeof r->why, "%.100s: %s", r->who->bucket[bucket], why);
}

static size_t take_header(char *p, size_t size, size_t n, void *ctx)
{
	question *q = ctx;
	slice v;

	if (!bucket_header(&v, "x-amz-meta-ct-attestation:", p, size * n)) return size * n;
	q->told = true;
	q->n = v.n <= sizeof q->header ? v.n : 0;    /* no attestation is so long */
	memcpy(q->header, v.p, q->n);
	return size * n;
}

/* What a bucket has answered. */
static void hear(round *r, size_t bucket, CURLcode code)
{
	const question *q = &r->ask[bucket];
	attested_voice *v = &r->voice[r->voices];
	long status = 0;

	curl_easy_getinfo(q->h, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK) {
		r->silent++;
		note(r, bucket, curl_easy_strerror(code));
	} else if (status < 200 || status > 299 || !q->told) {
		r->missing++;
		note(r, bucket, status < 200 || status > 299 ? "it does not have it" : "it has it without an attestation");
	} else if (attestation_read(&v->said, r->handle, slice_of(q->header, q->n)) != OK) {
		r->wrong++;
		note(r, bucket, err_text());
		err_clear();
	} else if (!coprocessors_has(r->who, &v->said.signer)) {
		r->wrong++;
		note(r, bucket, "its attestation is by somebody who is no coprocessor");
	} else {
		v->bucket = bucket;
		r->voices++;
	}
}

static err ask_bucket(round *r, size_t bucket, const char *name)
{
	question *q = &r->ask[bucket];
	char url[MAX_BUCKET_URL];

	if (bucket_url(url, r->b->c, r->who->bucket[bucket], name) != OK) {
		r->silent++;
		note(r, bucket, err_text());
		err_clear();
		return OK;
	}
	q->h = bucket_transfer(r->b->c, url, r->b->c->worker.s3_head_timeout, take_header, q);
	if (!q->h) return err_fail(ERR_NOMEM, "no memory for a connection");
	curl_easy_setopt(q->h, CURLOPT_NOBODY, 1L);
	if (curl_multi_add_handle(r->multi, q->h) != CURLM_OK) return err_fail(ERR_NOMEM, "no memory for a connection");
	r->open++;
	return OK;
}

static void hear_those_that_answered(round *r)
{
	int left = 0;

	for (const CURLMsg *m; (m = curl_multi_info_read(r->multi, &left)); ) {
		question *mine = NULL;
		if (m->msg != CURLMSG_DONE) continue;
		const CURLcode code = m->data.result;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &mine);
		hear(r, (size_t)(mine - r->ask), code);
		r->open--;
	}
}

/* Is nothing gained by waiting?  Where less than most suffice, two claims may: then all are heard first. */
static bool decided(const round *r, size_t most)
{
	const size_t wanted = r->who->threshold;

	return most >= wanted ? 2 * wanted > r->who->signers : most + r->open < wanted;
}

static err hear_all(round *r, attested_claim *claim, size_t *most)
{
	int running = 0;

	while (*most = attested_most(claim, r->voice, r->voices), r->open && !decided(r, *most)) {
		if (atomic_load(&r->b->stopped)) return err_fail(ERR_IO, "this process ends");
		if (curl_multi_perform(r->multi, &running) != CURLM_OK || (running && curl_multi_poll(r->multi, NULL, 0, LOOK_MS, NULL) != CURLM_OK))
			return err_fail(ERR_IO, "buckets cannot be asked");
		hear_those_that_answered(r);
	}
	return OK;
}

/* ---- one handle ------------------------------------------------------------------------------------------------- */

static err disagreement(const round *r, size_t most)
{
	char name[ATTESTED_NAME];

	attested_name(name, r->handle);
	return err_fail(ERR_IO, "coprocessors do not agree on %s: %zu must attest the same, and of %zu buckets %zu attest it, at most %zu of them "
	                        "the same; %zu do not have it, %zu do not answer or were not waited for, %zu lie%s%s",
	                name, r->who->threshold, r->who->buckets, r->voices, most, r->missing, r->silent + r->open, r->wrong,
	                r->why[0] ? "; " : "", r->why);
}

/* What still waits is given up. */
static void end(round *r)
{
	for (size_t i = 0; r->ask && i < r->who->buckets; i++) {
		if (!r->ask[i].h) continue;
		curl_multi_remove_handle(r->multi, r->ask[i].h);
		curl_easy_cleanup(r->ask[i].h);
	}
	bucket_give_back(r->b, r->multi);
}

static err run(round *r, attested *out)
{
	char name[ATTESTED_NAME];
	attested_claim claim = { 0 };
	size_t most = 0;

	attested_name(name, r->handle);
	for (size_t i = 0; i < r->who->buckets; i++) TRY(ask_bucket(r, i, name));
	TRY(hear_all(r, &claim, &most));
	if (most < r->who->threshold) return disagreement(r, most);
	*out = (attested){ .claim = claim };
	for (size_t i = 0; i < r->voices; i++)
		if (same(&r->voice[i].said.claim, &claim)) out->url[out->urls++] = r->who->bucket[r->voice[i].bucket];
	return OK;
}

err attested_find(attested *out, buckets *b, const coprocessors *who, const abi_word *handle)
{
	round r = { .b = b, .who = who, .handle = handle };

	if (atomic_load(&b->stopped)) return err_fail(ERR_IO, "this process ends");
	sem_wait(&b->heads);
	r.multi = bucket_borrow(b);
	r.ask = calloc(who->buckets + 1, sizeof *r.ask);
	r.voice = calloc(who->buckets + 1, sizeof *r.voice);
	err e = r.multi && r.ask && r.voice ? OK : err_fail(ERR_NOMEM, "no memory for questions to buckets");
	if (e == OK) e = run(&r, out);
	if (r.multi) end(&r);
	sem_post(&b->heads);
	free(r.ask);
	free(r.voice);
	return e;
}
