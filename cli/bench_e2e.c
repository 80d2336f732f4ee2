/* SPDX-License-Identifier: MIT */
/*
 * cli/bench_e2e.c -- public decryptions from end to end: a client, gRPC, nodes that open shares to each other over mutual
 * TLS, signed answers of all of them, on this one machine.
 *
 * Every request brings another big-compressed list of production size (98.6 KB) with one euint64.  A request is done when
 * every node has answered it.  All answers are verified as `arca decrypt` does, after the clock has stopped.
 */
#include "cli/bench_e2e.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "cli/bench_devnet.h"
#include "cli/client.h"
#include "cli/request.h"
#include "cli/verify.h"

enum {
	PARTIES = 4, CALLERS = 12, MOST_CALLERS = 32, WARM = 48, RATE_POOL = 800, RATE_SLICE = 50, LONE_POOL = 200, CALL_MS = 60000,
	ANSWER_ROOM = 64 << 10, HANDLE = 32
};

static const char START[] = "/kms_service.v1.CoreServiceEndpoint/PublicDecrypt",
	RESULT[] = "/kms_service.v1.CoreServiceEndpoint/GetPublicDecryptionResult";

typedef struct question {
	id32     id;
	uint64_t value;
	uint8_t  handle[HANDLE];
	buf      start, result;            /* both messages                                      */
	buf     *answer;                   /* of each node                                       */
	double   done_s[MAX_PARTIES];      /* when each had answered                             */
} question;

typedef struct e2e {
	bench_devnet devnet;
	reactor  *reactor;
	rpc_conn *conn[MAX_PARTIES];
} e2e;

/* ---- questions ----------------------------------------------------------------------------------------------------- */

static void put_list(buf *out, const bench_key *key, uint64_t value)
{
	arena a = arena_with_limit(bench_list_words() * sizeof(u128) + 4096);
	u128 *w;
	err e = arena_new(&a, &w, bench_list_words());

	ASSERT(e == OK);
	bench_encrypt(w, key, value);
	const ciphertext ct = { .params = &PARAMS_DEFAULT, .format = BIG_COMPRESSED, .blocks = 32,
		.packed128 = { PARAMS_DEFAULT.snscomp.k, PARAMS_DEFAULT.snscomp.N, BENCH_BLOCKS, w } };
	tfhers_write_ciphertext(out, &ct);
	arena_free(&a);
}

static void question_new(question *q, const e2e *x)
{
	Kms__V1__PublicDecryptionRequest m = KMS__V1__PUBLIC_DECRYPTION_REQUEST__INIT;
	Kms__V1__TypedCiphertext ct = KMS__V1__TYPED_CIPHERTEXT__INIT, *list[] = { &ct };
	const cluster *net = &x->devnet.net;
	AUTO(buf) file = { 0 };
	request_fields f;

	q->id = id_fresh(ID_PUBLIC_DECRYPT, rng_os());
	q->value = rng_u64(rng_os());
	rng_fill(rng_os(), q->handle, sizeof q->handle);
	put_list(&file, &x->devnet.key, q->value);
	request_fill(&f, net, &q->id, &x->devnet.key.holder.key_id, false);
	ct.ciphertext = pb_bytes(buf_slice(&file));
	ct.fhe_type = FHE_UINT64;
	ct.external_handle = pb_bytes(slice_of(q->handle, sizeof q->handle));
	ct.ciphertext_format = (Kms__V1__CiphertextFormat)BIG_COMPRESSED;
	m.request_id = &f.request;
	m.key_id = &f.about;
	m.context_id = &f.context;
	m.epoch_id = &f.epoch;
	m.domain = &f.domain;
	m.n_ciphertexts = 1;
	m.ciphertexts = list;
	pb_pack(&q->start, &m.base);
	pb_pack(&q->result, &f.request.base);
	q->answer = calloc(net->parties, sizeof *q->answer);
	ASSERT(q->answer);
}

static void question_free(question *q, const e2e *x)
{
	for (size_t i = 0; i < x->devnet.net.parties && q->answer; i++) buf_free(&q->answer[i]);
	free(q->answer);
	buf_free(&q->start);
	buf_free(&q->result);
}

static err answer_ok(const question *q, const e2e *x, size_t node)
{
	const asked a = { .cluster = &x->devnet.net, .request = q->id, .type = fhe_type_by_number_var(FHE_UINT64),
		                  .handle = slice_of(q->handle, sizeof q->handle) };
	arena memory = arena_with_limit(PB_ROOM(ANSWER_ROOM));
	ProtobufCMessage *m;
	plaintext p;

	err e = pb_unpack_message(&memory, &m, &kms__v1__public_decryption_response__descriptor, buf_slice(&q->answer[node]));
	if (e == OK) e = verify_public(&p, &a, &x->devnet.net.party[node], (const Kms__V1__PublicDecryptionResponse *)m);
	if (e == OK && load64(p.bytes) != q->value)
		e = err_fail(ERR_INTERNAL, "node %zu answered another value than went in", node + 1);
	arena_free(&memory);
	return e;
}

/* ---- asking -------------------------------------------------------------------------------------------------------- */

/* The connector's way: start the job, then wait for its result. */
static err ask_node(question *q, const e2e *x, size_t node)
{
	AUTO(buf) empty = { 0 };

	TRY(rpc_conn_call(x->conn[node], &empty, NULL, START, buf_slice(&q->start), CALL_MS));
	TRY(rpc_conn_call(x->conn[node], &q->answer[node], NULL, RESULT, buf_slice(&q->result), CALL_MS));
	q->done_s[node] = bench_seconds(BENCH_WALL);
	return OK;
}

/* A stretch of questions that callers of one node take one after the other. */
typedef struct stretch {
	const e2e *x;
	size_t     node, questions;
	question  *q;
	atomic_size_t next;
} stretch;

typedef struct caller {
	stretch  *s;
	pthread_t thread;
	err       e;
	char      why[256];
} caller;

static void *call_on(void *arg)
{
	caller *c = arg;

	for (size_t i; c->e == OK && (i = atomic_fetch_add(&c->s->next, 1)) < c->s->questions;)
		c->e = ask_node(&c->s->q[i], c->s->x, c->s->node);
	if (c->e != OK) snprintf(c->why, sizeof c->why, "%s", err_text());
	err_clear();
	return NULL;
}

/* Asks every node all questions, so many at a time. */
static err ask_all(const e2e *x, question *q, size_t questions, size_t at_once)
{
	const size_t nodes = x->devnet.net.parties;
	stretch s[MAX_PARTIES];
	caller *c = calloc(nodes * at_once, sizeof *c);
	err e = OK;

	ASSERT(c);
	for (size_t i = 0; i < nodes; i++) {
		s[i] = (stretch){ .x = x, .node = i, .questions = questions, .q = q };
		for (size_t k = 0; k < at_once; k++) {
			caller *one = &c[i * at_once + k];
			one->s = &s[i];
			ASSERT(pthread_create(&one->thread, NULL, call_on, one) == 0);
		}
	}
	for (size_t k = 0; k < nodes * at_once; k++) {
		pthread_join(c[k].thread, NULL);
		if (e == OK && c[k].e != OK) e = err_fail(c[k].e, "%s", c[k].why);
	}
	free(c);
	return e;
}

static double done(const e2e *x, const question *q)
{
	double last = 0;

	for (size_t i = 0; i < x->devnet.net.parties; i++)
		if (q->done_s[i] > last) last = q->done_s[i];
	return last;
}

static err verify_all(const e2e *x, const question *q, size_t questions)
{
	for (size_t k = 0; k < questions; k++)
		for (size_t i = 0; i < x->devnet.net.parties; i++) TRY(answer_ok(&q[k], x, i));
	return OK;
}

/* Makes questions, has body ask them, verifies every answer. */
static err with_questions(bench *b, const e2e *x, size_t questions, err (*body)(bench *b, const e2e *x, question *q, size_t n))
{
	question *q = calloc(questions, sizeof *q);

	ASSERT(q);
	for (size_t i = 0; i < questions; i++) question_new(&q[i], x);
	err e = body(b, x, q, questions);
	if (e == OK) e = verify_all(x, q, questions);
	for (size_t i = 0; i < questions; i++) question_free(&q[i], x);
	free(q);
	return e;
}

/* ---- rows ---------------------------------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* A sample for every so many questions done. */
static err ask_quickly(bench *b, const e2e *x, question *q, size_t n)
{
	double *end = calloc(n, sizeof *end), before = bench_seconds(BENCH_WALL);

	ASSERT(end);
	err e = ask_all(x, q, n, b->threads);
	for (size_t i = 0; i < n; i++) end[i] = done(x, &q[i]);
	qsort(end, n, sizeof *end, by_time);
	for (size_t i = RATE_SLICE; e == OK && i <= n; i += RATE_SLICE) {
		bench_take(b, RATE_SLICE / (end[i - 1] - before));
		before = end[i - 1];
	}
	free(end);
	return e;
}

static err ask_singly(bench *b, const e2e *x, question *q, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const double began = bench_seconds(BENCH_WALL);
		TRY(ask_all(x, &q[i], 1, 1));
		bench_take(b, (done(x, &q[i]) - began) * 1e3);
	}
	return OK;
}

static void say_variant(bench *b, const e2e *x)
{
	bench_variant(b, "insecure-key, %zu nodes, %s, cache hits = 0", x->devnet.net.parties, bench_cpu());
}

/* So many questions a second, for at most so many seconds: they are made beforehand. */
static size_t prepared(const bench *b, size_t a_second, double most)
{
	return (size_t)((double)a_second * (b->options->seconds < most ? b->options->seconds : most));
}

static err rate(bench *b)
{
	const unsigned want = b->options->threads ? b->options->threads : CALLERS;

	b->threads = want < MOST_CALLERS ? want : MOST_CALLERS;
	say_variant(b, b->state);
	return with_questions(b, b->state, prepared(b, RATE_POOL, 10), ask_quickly);
}

static err latency(bench *b)
{
	b->quantile = b->row->arg[0] / 100.0;
	say_variant(b, b->state);
	return with_questions(b, b->state, prepared(b, LONE_POOL, 20), ask_singly);
}

/* After the questions of the other rows, or at least those of warming up. */
static err memory(bench *b)
{
	const e2e *x = b->state;
	double mib = 0;

	say_variant(b, x);
	b->quantile = 1;
	for (size_t i = 0; i < x->devnet.net.parties; i++) {
		TRY(bench_devnet_memory(&mib, &x->devnet, i));
		bench_take(b, mib);
	}
	return OK;
}

/* ---- the cluster --------------------------------------------------------------------------------------------------- */

static void e2e_close(void *state)
{
	e2e *x = state;

	for (size_t i = 0; i < x->devnet.net.parties; i++) rpc_conn_free(&x->conn[i]);
	reactor_free(&x->reactor);
	bench_devnet_down(&x->devnet);
	free(x);
}

static err connect_all(e2e *x)
{
	client c;

	TRY(reactor_new(&x->reactor, NULL));
	TRY(reactor_start(x->reactor));
	for (size_t i = 0; i < x->devnet.net.parties; i++) {
		TRY(client_open(&c, x->reactor, x->devnet.net.party[i].grpc, CALL_MS));
		x->conn[i] = c.conn;
	}
	return OK;
}

static err warm_up(bench *b, const e2e *x, question *q, size_t n)
{
	(void)b;
	return ask_all(x, q, n, CALLERS);
}

static err e2e_open(void **state, const bench_options *o)
{
	e2e *x = calloc(1, sizeof *x);

	ASSERT(x);
	if (o->tell) o->tell("starting nodes and dealing a key of production size");
	err e = bench_devnet_up(&x->devnet, o->parties ? o->parties : PARTIES, PARAMS_TEST.name);
	if (e != OK) {
		free(x);
		return e;
	}
	e = bench_devnet_deal(&x->devnet);
	if (e == OK) e = connect_all(x);
	if (e == OK) e = with_questions(NULL, x, WARM, warm_up);
	if (e == OK) *state = x;
	else e2e_close(x);
	return e;
}

static const bench_row ROWS[] = {
	{ "ddec-e2e/rate", "euint64/s", "public decryptions of distinct lists by 4 nodes (--parties) here, 12 at a time (--threads)",
	  rate, { 0 } },
	{ "ddec-e2e/p50", "ms", "a lone one, until all nodes have answered: half of them are faster", latency, { 50 } },
	{ "ddec-e2e/p99", "ms", "99 of 100 are faster", latency, { 99 } },
	{ "ddec-e2e/memory", "MiB", "the most memory that one of the nodes had in use for it", memory, { 0 } },
};
const bench_group BENCH_E2E = { ROWS, COUNT(ROWS), e2e_open, e2e_close };
