/* SPDX-License-Identifier: MIT */
/*
 * More than four parties can do: callers of every node bring twice as many requests at once as a node takes (rate_limiter_conf),
 * and bring what is refused again and again.  The nodes say RESOURCE_EXHAUSTED and go on: what was taken is done, as fast as
 * before and within a bounded time, memory stays as it is, and afterwards everything is as it was.
 *
 * Every node has callers of its own, as connectors are, who take the same requests in the same order.  Every ciphertext is another one.
 * How fast that is is said, not asserted; against what the same cluster did just before, it is, with much room.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/clock.h"
#include "tests/node/cluster.h"
#include "tfhers/tfhers.h"

enum { N = 4, TAKES = 32, TIMEOUT_S = 30, CALL_MS = 60000, BEFORE_MS = 2000, AFTER_MS = 1000 };
enum { SLOTS = 1 << 16, SLOT_MS = 2 };                       /* of the histogram of times */

static const id32 EPOCH = {{ 8, [31] = 1 }};

static struct world {
	void *top;
	test_cluster c;
	samples s;
} w;

static int set_up(void **state)
{
	char number[16];

	(void)state;
	snprintf(number, sizeof number, "%d", TAKES);
	setenv("ARCA_NODE__RATE_LIMITER_CONF__BUCKET_SIZE", number, 1);
	setenv("ARCA_NODE__RATE_LIMITER_CONF__PREPROC", "1", 1);
	setenv("ARCA_NODE__RATE_LIMITER_CONF__KEYGEN", "1", 1);
	setenv("ARCA_NODE__RATE_LIMITER_CONF__CRSGEN", "1", 1);
	return cluster_set_up(&w.top, &w.c, &w.s, &EPOCH, TIMEOUT_S);
}

static int take_down(void **state)
{
	(void)state;
	return cluster_take_down(&w.top, &w.c, &w.s);
}

/* ---- requests ----------------------------------------------------------------------------------------------------- */

/* The sample with a little noise that no other request has: another ciphertext of the same value. */
static buf request_number(uint64_t number)
{
	enum { WHICH = 2, NOISE_AT = 40 };
	const size_t k = sample_of(BIG_EXPANDED, WHICH);
	arena a = arena_with_limit(16 << 20);
	ciphertext ct;
	buf file = { 0 };

	assert_ok(tfhers_read_ciphertext(&ct, &a, buf_slice(&w.s.file[k])));
	uint8_t *body = (uint8_t *)(uintptr_t)ct.lwe128.w + 16 * (size_t)ct.lwe128.dim;
	store64(body, load64(body) + (number << NOISE_AT));
	tfhers_write_ciphertext(&file, &ct);
	client_item item = w.s.item[k];
	item.file = buf_slice(&file);
	id32 id = {{ 1, 0x10 }};
	store64(id.b + 24, number);
	buf message = public_decrypt_message(&id, &w.c.key, &item, 1);
	arena_free(&a);
	buf_free(&file);
	return message;
}

static buf poll_number(uint64_t number)
{
	id32 id = {{ 1, 0x10 }};
	buf message = { 0 };

	store64(id.b + 24, number);
	pb_pack(&message, &id_message(&id)->base);
	return message;
}

/* ---- callers ------------------------------------------------------------------------------------------------------- */

/* The callers of one node, and what they saw. */
typedef struct connector {
	rpc_conn *conn;
	_Atomic uint64_t next;               /* request */
	_Atomic uint64_t done, refused, failed;
	_Atomic uint32_t took[SLOTS];        /* in steps of SLOT_MS, from being taken in to the answer */
} connector;

static connector connectors[N + 1];
static _Atomic uint64_t end;                                            /* requests from this number on are not brought */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;        /* messages are made in static room */

static int64_t now_ms(void) { return clock_now_ms(clock_system()); }

/* Until the node takes it in; false: it failed otherwise. */
static bool bring(connector *k, slice message)
{
	enum { PAUSE_US = 20000 };
	buf none = { 0 };
	rpc_status s;

	for (;;) {
		const err e = rpc_conn_call(k->conn, &none, &s, "/kms_service.v1.CoreServiceEndpoint/PublicDecrypt", message, CALL_MS);
		err_clear();
		buf_free(&none);
		if (e == OK) return true;
		if (s.code != GRPC_RESOURCE_EXHAUSTED) {
			print_error("%s: %s\n", grpc_status_name(s.code), s.message);
			return false;
		}
		k->refused++;
		usleep(PAUSE_US);
	}
}

static bool answered(connector *k, slice poll)
{
	buf answer = { 0 };
	rpc_status s;

	const err e = rpc_conn_call(k->conn, &answer, &s, "/kms_service.v1.CoreServiceEndpoint/GetPublicDecryptionResult", poll, CALL_MS);
	if (e != OK) print_error("%s: %s\n", grpc_status_name(s.code), s.message);
	err_clear();
	buf_free(&answer);
	return e == OK;
}

static void *call(void *arg)
{
	connector *k = arg;

	for (uint64_t number; (number = k->next++) < end;) {
		pthread_mutex_lock(&one_at_a_time);
		buf message = request_number(number), poll = poll_number(number);
		pthread_mutex_unlock(&one_at_a_time);
		const bool taken = bring(k, buf_slice(&message));
		const int64_t begun = now_ms();
		if (taken && answered(k, buf_slice(&poll))) {
			const int64_t slot = (now_ms() - begun) / SLOT_MS;
			k->took[slot < SLOTS ? slot : SLOTS - 1]++;
			k->done++;
		} else {
			k->failed++;
		}
		buf_free(&message), buf_free(&poll);
	}
	return NULL;
}

/* ---- phases ---------------------------------------------------------------------------------------------------------- */

typedef struct seen { double rate; uint64_t refused, failed; int64_t p99_ms, most_ms; } seen;

static uint64_t furthest(void)
{
	uint64_t most = 0;

	for (party i = 1; i <= N; i++) most = connectors[i].next > most ? connectors[i].next : most;
	return most;
}

/* So many callers a node, for so long; what was done in it, and all that is under way is finished. */
static seen drive(unsigned callers, int64_t ms)
{
	pthread_t thread[N * 4 * TAKES];
	unsigned n = 0;
	seen out = { 0 };
	uint64_t done = 0, all = 0;

	assert_true(callers <= 4 * TAKES);
	const uint64_t first = furthest();
	for (party i = 1; i <= N; i++) {
		connector *k = &connectors[i];
		k->next = first;
		k->done = 0;
		k->refused = 0;
		k->failed = 0;
		memset((void *)k->took, 0, sizeof k->took);
	}
	end = UINT64_MAX;
	for (party i = 1; i <= N; i++)
		for (unsigned j = 0; j < callers; j++) assert_int_equal(pthread_create(&thread[n++], NULL, call, &connectors[i]), 0);
	usleep((useconds_t)ms * 1000);
	for (party i = 1; i <= N; i++) done += connectors[i].done;
	out.rate = (double)done / N * 1000 / (double)ms;
	/* What one node was brought the others are brought, too. */
	end = furthest() + N * 4 * TAKES;
	while (n) pthread_join(thread[--n], NULL);
	static uint32_t sum[SLOTS];
	memset(sum, 0, sizeof sum);
	for (party i = 1; i <= N; i++) {
		out.refused += connectors[i].refused, out.failed += connectors[i].failed;
		for (unsigned t = 0; t < SLOTS; t++) sum[t] += connectors[i].took[t], all += connectors[i].took[t];
	}
	uint64_t below = 0;
	for (unsigned t = 0; t < SLOTS; t++) {
		below += sum[t];
		if (sum[t]) out.most_ms = (int64_t)(t + 1) * SLOT_MS;
		if (!out.p99_ms && below * 100 >= all * 99) out.p99_ms = (int64_t)(t + 1) * SLOT_MS;
	}
	return out;
}

static long long memory_of(party i) { return cluster_metric(&w.c, i, "kms_process_memory_usage"); }

static void say(const char *when, const seen *s)
{
	print_message("# %s: %.0f requests a second, 99 of 100 within %jd ms, all within %jd ms; %ju turned away, %ju failed\n", when, s->rate,
	              (intmax_t)s->p99_ms, (intmax_t)s->most_ms, (uintmax_t)s->refused, (uintmax_t)s->failed);
}

static void twice_what_a_cluster_takes_is_refused_and_slows_nothing_down(void **state)
{
	enum { MEBI = 1 << 20, GROWS = 64 * MEBI, LOOKS = 5 };
	const int64_t overload_ms = test_is_long() ? 600000 : 6000;
	long long memory[N + 1];

	(void)state;
	for (party i = 1; i <= N; i++) assert_ok(rpc_conn_new(&connectors[i].conn, NULL, "127.0.0.1", w.c.node[i].grpc, NULL));
	/* More than one look, here and afterwards, for the machine may have something else to do. */
	seen before = { 0 }, over = { 0 };
	for (unsigned look = 0; look < LOOKS && over.rate <= before.rate / 3; look++) {
		before = drive(TAKES / 2, BEFORE_MS);
		say("before", &before);
		assert_int_equal(before.failed, 0);
		assert_int_equal(before.refused, 0);
		for (party i = 1; look == 0 && i <= N; i++) memory[i] = memory_of(i);

		over = drive(2 * TAKES, overload_ms);
		say("twice as many as are taken", &over);
		assert_int_equal(over.failed, 0);
		assert_true(over.refused > 0);
		assert_true(over.most_ms < TIMEOUT_S * 1000);
	}
	assert_true(over.rate > before.rate / 3);
	for (party i = 1; i <= N; i++) {
		const long long grown = memory_of(i) - memory[i];
		print_message("# party %u: %lld MiB, %+lld\n", i, memory_of(i) / MEBI, grown / MEBI);
		assert_true(grown < GROWS);
	}

	/* At once. */
	double best = 0;
	for (unsigned look = 0; look < LOOKS && best <= before.rate / 3; look++) {
		const seen after = drive(TAKES / 2, AFTER_MS);
		say("afterwards", &after);
		assert_int_equal(after.failed, 0);
		assert_int_equal(after.refused, 0);
		if (after.rate > best) best = after.rate;
	}
	assert_true(best > before.rate / 3);
	for (party i = 1; i <= N; i++) rpc_conn_free(&connectors[i].conn);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { TEST(twice_what_a_cluster_takes_is_refused_and_slows_nothing_down) };
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down);
}
