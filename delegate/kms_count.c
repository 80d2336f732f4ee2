/* SPDX-License-Identifier: MIT */
/* delegate/kms_count.c -- how many requests came, how many answers each key gave, and whether it may give another one. */
#include "delegate/kms_internal.h"

/* Statuses that are counted one by one; the last stands for others. */
static const unsigned STATUSES[KMS_STATUSES] = { 200, 400, 401, 404, 409, 413, 415, 422, 503, 500 };

unsigned kms_count(delegate_kms *k, unsigned status)
{
	size_t i = 0;

	while (i < COUNT(STATUSES) - 1 && STATUSES[i] != status) i++;
	atomic_fetch_add(&k->ended[i], 1);
	return status;
}

/* ---- answers of a key --------------------------------------------------------------------------------------------- */

void kms_count_by(delegate_kms *k, kms_chain *c, const secp_pk *P)
{
	if (k->counts) atomic_store(&c->given, key_counts_find(k->counts, P));
}

void kms_count_answer(kms_chain *c)
{
	key_count *given = atomic_load_explicit(&c->given, memory_order_relaxed);

	atomic_fetch_add(&c->answers, 1);
	if (given) key_count_add(given);
}

static uint64_t given_by(const kms_chain *c)
{
	const key_count *given = atomic_load(&c->given);
	return given ? key_count_given(given) : atomic_load(&c->answers);
}

/* Each answer takes its part of a second, from the second before now on: so many may come at once. */
bool kms_has_room(const delegate_kms *k, kms_chain *c)
{
	enum { SECOND_US = 1000000 };

	if (!k->rate) return true;
	const int64_t now = clock_now_ms(k->clock ? k->clock : clock_system()) * 1000;
	int64_t was = atomic_load(&c->free_us), from;
	do {
		from = was > now - SECOND_US ? was : now - SECOND_US;
		if (from + SECOND_US / k->rate > now) return false;
	} while (!atomic_compare_exchange_weak(&c->free_us, &was, from + SECOND_US / k->rate));
	return true;
}

/* ---- for Prometheus ----------------------------------------------------------------------------------------------- */

static void by_chain(buf *out, const delegate_kms *k, const char *name, const char *type, const char *help, uint64_t value(const kms_chain *))
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
	for (size_t i = 0; i < k->chains; i++) buf_printf(out, "%s{chain_id=\"%u\"} %ju\n", name, k->chain[i].c.id, (uintmax_t)value(&k->chain[i]));
}

static uint64_t since_the_start(const kms_chain *c) { return atomic_load(&c->answers); }
static uint64_t is_alarming(const kms_chain *c) { return given_by(c) >= KEY_COUNT_ALARM; }

void delegate_kms_metrics(buf *out, delegate_kms *k)
{
	buf_put_str(out, "# HELP arca_delegate_requests_total Requests for a delegation, by the status of their answer.\n"
	                 "# TYPE arca_delegate_requests_total counter\n");
	for (size_t i = 0; i < COUNT(STATUSES); i++)
		buf_printf(out, "arca_delegate_requests_total{status=\"%u\"} %ju\n", STATUSES[i],
		           (uintmax_t)atomic_load(&k->ended[i]));
	buf_printf(out, "# HELP arca_delegate_repeated_total Requests of /v0 that had come before, as far as the last ones tell: a gateway that "
	                "asks again, or somebody who has seen one.\n# TYPE arca_delegate_repeated_total counter\narca_delegate_repeated_total %ju\n",
	           (uintmax_t)atomic_load(&k->repeated));
	by_chain(out, k, "arca_delegate_answers_total", "counter", "Shared secrets, or parts of them, handed out since the start, by chain.", since_the_start);
	by_chain(out, k, "arca_delegate_key_answers", "gauge",
	         "The same of the chain's key, over restarts of this node; think of another key before 2^24.", given_by);
	by_chain(out, k, "arca_delegate_answers_alarm", "gauge", "Whether the key has given 2^24 answers.", is_alarming);
}
