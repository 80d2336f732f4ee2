/* SPDX-License-Identifier: MIT */
/*
 * tests/delegate/combiner_world.h -- five nodes with shares of the known key, three of which are needed; the first combines, and others
 * are silent or lie.
 */
#ifndef ARCA_TESTS_DELEGATE_COMBINER_WORLD_H
#define ARCA_TESTS_DELEGATE_COMBINER_WORLD_H

#include "tests/delegate/clock.h"
#include "tests/delegate/reader.h"
#include "tests/delegate/threshold.h"
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

enum { N = 5, NOW = 1767225600 };

typedef enum manner { HONEST, SILENT, WRONG_PROOF, WRONG_POINT, OTHER_PARTYS, GARBAGE, COPIED, SIGNED_BY_ANOTHER, REFUSING, TWICE, LATE } manner;

typedef struct world world;
typedef struct letter { world *w; party to; buf frame; } letter;

struct world {
	threshold_known x;
	json_t *nox;
	signer *gateway, *wallet[N + 1];
	delegate_kms *kms[N + 1];
	nonces *used[N + 1];
	char    path[N + 1][64];
	pool   *cores;
	combiner *c;
	set_clock clock;
	manner  how[N + 1];
	bool    down[N + 1];
	pthread_mutex_t lock;
	pthread_cond_t  bell;
	unsigned asked[N + 1], lies[N + 1], status;
	bool     done, convicted;
	buf      body, kept;                       /* kept: the last question to who is LATE */
	rsa_sk  *reader;
	buf      spki;
};

static char folder[] = "/tmp/arca-combiner-XXXXXX";

static inline int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	return rmdir(folder);
}

/* ---- the other nodes ----------------------------------------------------------------------------------------------- */

/* The right words, under the gateway's key instead of the node's. */
static inline void sign_as_another(const world *w, const letter *l, uint8_t *partial)
{
	ask_frame asked;

	assert_true(ask_read(&asked, buf_slice(&l->frame)));
	const hash32 request = ask_request(&asked), what = keccak256(slice_of(partial, GROUP_PARTIAL_BYTES)),
	             digest = typed_v1_response(&asked.v1, &request, &what);
	const secp_rsig by = sign_external(w->gateway, &digest);
	memcpy(partial + GROUP_PARTIAL_BYTES, by.b, sizeof by.b);
}

static inline void spoil(const world *w, letter *l, buf *answer)
{
	enum { HEAD = 1 + 8 + 1, INDEX = HEAD + 2, D = HEAD + 7, Z = D + SECP_PK + SECP_SK };
	const manner how = w->how[l->to];

	if (how == WRONG_PROOF) answer->p[Z + 31] ^= 1;
	if (how == WRONG_POINT) memcpy(answer->p + D, w->x.K.b, SECP_PK);
	if (how == OTHER_PARTYS) answer->p[INDEX] = (uint8_t)(answer->p[INDEX] % N + 1);
	if (how == GARBAGE) memset(answer->p + HEAD, 0xee, answer->n - HEAD);
	if (how == SIGNED_BY_ANOTHER) sign_as_another(w, l, answer->p + HEAD);
}

static inline void deliver(void *arg)
{
	AUTO(buf) answer = { 0 };
	letter *l = arg;
	world *w = l->w;

	const party by = w->how[l->to] == COPIED ? l->to % N + 1 : l->to;            /* as if it had another's answer */
	assert_true(delegate_answer_ask(w->kms[by], &answer, w->how[l->to] != REFUSING, buf_slice(&l->frame)));
	if (w->how[l->to] != REFUSING && answer.n == ASK_ANSWER_BYTES) spoil(w, l, &answer);
	assert_true(combiner_take(w->c, l->to, buf_slice(&answer)));
	if (w->how[l->to] == TWICE) assert_true(combiner_take(w->c, l->to, buf_slice(&answer)));
	buf_free(&l->frame);
	free(l);
}

static inline void ask_party(void *ctx, uint32_t chain_id, party to, slice frame)
{
	world *w = ctx;
	letter *l = calloc(1, sizeof *l);

	assert_int_equal(chain_id, KNOWN_CHAIN);

	pthread_mutex_lock(&w->lock);
	w->asked[to]++;
	pthread_mutex_unlock(&w->lock);
	*l = (letter){ .w = w, .to = to };
	buf_put_slice(&l->frame, frame);
	if (w->how[to] == LATE) buf_clear(&w->kept), buf_put_slice(&w->kept, frame);
	if (w->how[to] != SILENT && w->how[to] != LATE) {
		assert_ok(pool_submit(w->cores, deliver, l, 0));
		return;
	}
	buf_free(&l->frame);
	free(l);
}

static inline bool is_up(void *ctx, uint32_t chain_id, party who) { (void)chain_id; return !((world *)ctx)->down[who]; }

static inline bool wallet_of(void *ctx, eth_address *out, uint32_t chain_id, party who)
{
	(void)chain_id;
	*out = *signer_address(((world *)ctx)->wallet[who]);
	return true;
}

static inline secp_pk point_of(const ask_frame *a)
{
	uint8_t sec1[SECP_PK];
	secp_pk K;

	if (a->form == ASK_ONCE) memcpy(sec1, a->v1.ephemeral, sizeof sec1);
	else assert_true(hex_strict(sec1, sizeof sec1, a->ephemeral));
	assert_ok(secp_pk_read(&K, slice_of(sec1, sizeof sec1)));
	return K;
}

/* As anybody sees it who knows the key and the wallets: the gateway allowed the question, the part is wrong, and the node's own
 * signature is under it. */
static inline bool convicts(const world *w, const combiner_evidence *e)
{
	group_key key = w->x.key;
	group_partial part;
	ask_frame a;
	eth_address by;

	assert_true(ask_read(&a, e->ask));
	const hash32 request = ask_request(&a), what = keccak256(e->partial), digest = typed_v1_response(&a.v1, &request, &what);
	const secp_pk K = point_of(&a);
	key.chain_id = KNOWN_CHAIN;
	assert_true(sign_external_by_var(&by, &a.authorization, &request) && eth_address_eq_var(by, *signer_address(w->gateway)));
	const bool right = group_partial_read(&part, e->partial) == OK && part.index == e->who && group_partial_ok_var(&part, &key, &K, &request);
	err_clear();
	assert_false(right);
	return sign_external_by_var(&by, &e->signature, &digest) && eth_address_eq_var(by, *signer_address(w->wallet[e->who]));
}

static inline void lied(void *ctx, const combiner_evidence *e)
{
	world *w = ctx;

	pthread_mutex_lock(&w->lock);
	w->lies[e->who]++;
	w->convicted = convicts(w, e);
	pthread_mutex_unlock(&w->lock);
}

/* ---- the world ------------------------------------------------------------------------------------------------------- */

static inline void open_node(world *w, party i, const group_key *key)
{
	const delegate_chain chain = { .id = KNOWN_CHAIN, .gateway = *signer_address(w->gateway), .shared = true };
	secp_sk sk;

	secp_sk_random(&sk, test_rng());
	assert_ok(signer_new(&w->wallet[i], &sk, test_rng()));
	assert_ok(delegate_kms_new(&w->kms[i], &chain, 1, w->wallet[i], rng_os()));
	snprintf(w->path[i], sizeof w->path[i], "%s/nonces%u", folder, i);
	assert_ok(nonces_open(&w->used[i], w->path[i], &w->clock.source));
	delegate_kms_remember(w->kms[i], w->used[i], &w->clock.source);
	assert_ok(delegate_kms_put_share(w->kms[i], key, KEY_ACTIVE, &w->x.share[i]));
}

static inline void open_world(world *w)
{
	*w = (world){ .x = threshold_known_read(), .nox = known_vector() };
	group_key key = w->x.key;

	key.chain_id = KNOWN_CHAIN;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->bell, NULL);
	set_clock_at(&w->clock, NOW);
	w->gateway = known_signer(w->nox, "gatewayWalletPriv");
	for (party i = 1; i <= N; i++) open_node(w, i, &key);
	w->reader = reader_key(&w->spki);
	assert_ok(pool_new(&w->cores, 2));
	const combiner_parts parts = { w->kms[1], w->cores, &w->clock.source, w, ask_party, is_up, lied, wallet_of };
	assert_ok(combiner_new(&w->c, &parts));
}

static inline void close_world(world *w)
{
	combiner_stop(w->c);
	pool_free(&w->cores);
	combiner_free(&w->c);
	for (party i = 1; i <= N; i++) {
		delegate_kms_free(&w->kms[i]);
		nonces_free(&w->used[i]);
		signer_free(&w->wallet[i]);
		unlink(w->path[i]);
	}
	signer_free(&w->gateway);
	rsa_sk_free(&w->reader);
	buf_free(&w->spki);
	buf_free(&w->body);
	buf_free(&w->kept);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->bell);
	json_decref(w->nox);
	json_decref(w->x.json);
}

static inline void done(void *arg, unsigned status, buf *body)
{
	world *w = arg;

	pthread_mutex_lock(&w->lock);
	assert_false(w->done);
	w->done = true;
	w->status = status;
	buf_free(&w->body);
	w->body = *body;
	*body = (buf){ 0 };
	pthread_cond_signal(&w->bell);
	pthread_mutex_unlock(&w->lock);
}

static inline delegate_ask question(const world *w)
{
	delegate_ask a = { .chain_id = KNOWN_CHAIN, .text = TYPED_BARE, .spki = buf_slice(&w->spki) };
	a.K = w->x.K;
	return a;
}

static inline void begin(world *w, const delegate_ask *a)
{
	AUTO(buf) body = { 0 }, authorization = { 0 };

	w->done = false;
	delegate_ask_body(&body, a);
	delegate_ask_authorization(&authorization, a, w->gateway);
	const delegate_call call = { .authorization = buf_str(&authorization), .content_type = "application/json", .body = buf_slice(&body) };
	combiner_begin(w->c, &call, false, done, w);
}

static inline unsigned wait_done(world *w)
{
	pthread_mutex_lock(&w->lock);
	while (!w->done) pthread_cond_wait(&w->bell, &w->lock);
	const unsigned status = w->status;
	pthread_mutex_unlock(&w->lock);
	return status;
}

/* Until so many right parts were counted. */
static inline void wait_right(world *w, unsigned n)
{
	char line[64];

	snprintf(line, sizeof line, "arca_delegate_partials_total{what=\"right\"} %u\n", n);
	for (bool there = false; !there; sched_yield()) {
		AUTO(buf) text = { 0 };
		combiner_metrics(&text, w->c);
		there = strstr(buf_str(&text), line) != NULL;
	}
}

/* And that so many refused, at least. */
static inline void wait_refused(world *w, unsigned n)
{
	for (unsigned long refused = 0; refused < n; sched_yield()) {
		AUTO(buf) text = { 0 };
		combiner_metrics(&text, w->c);
		const char *line = strstr(buf_str(&text), "{what=\"refused\"} ");
		assert_non_null(line);
		refused = strtoul(line + strlen("{what=\"refused\"} "), NULL, 10);
	}
}

static inline bool is_done(world *w)
{
	pthread_mutex_lock(&w->lock);
	const bool is = w->done;
	pthread_mutex_unlock(&w->lock);
	return is;
}

static inline unsigned total(world *w, const unsigned *of)
{
	unsigned n = 0;

	pthread_mutex_lock(&w->lock);
	for (party i = 1; i <= N; i++) n += of[i];
	pthread_mutex_unlock(&w->lock);
	return n;
}

static inline void check_secret(world *w, slice sealed)
{
	uint8_t x[ECIES_X], expected[ECIES_X];

	assert_ok(rsa_open(x, sizeof x, w->reader, sealed));
	json_bytes_of(expected, sizeof expected, json_member(w->nox, "ecies"), "sharedX");
	assert_memory_equal(x, expected, sizeof x);
}

static inline void answered_rightly(world *w)
{
	AUTO(buf) sealed = { 0 };
	const delegate_ask a = question(w);

	assert_int_equal(wait_done(w), 200);
	assert_ok(delegate_reply_read(&sealed, &a, signer_address(w->wallet[1]), buf_slice(&w->body)));
	check_secret(w, buf_slice(&sealed));
}

static inline void says(world *w, const char *what)
{
	AUTO(buf) sentence = { 0 };

	assert_true(delegate_error_read(&sentence, buf_slice(&w->body)));
	if (!strstr(buf_str(&sentence), what)) fail_msg("'%s' does not say '%s'", buf_str(&sentence), what);
}

#endif
