/* SPDX-License-Identifier: MIT */
/* Five nodes with shares of the known key, three of which are needed; the first combines, and others are silent or lie. */
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

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(folder);
}

/* ---- the other nodes ----------------------------------------------------------------------------------------------- */

/* The right words, under the gateway's key instead of the node's. */
static void sign_as_another(const world *w, const letter *l, uint8_t *partial)
{
	ask_frame asked;

	assert_true(ask_read(&asked, buf_slice(&l->frame)));
	const hash32 request = ask_request(&asked), what = keccak256(slice_of(partial, GROUP_PARTIAL_BYTES)),
	             digest = typed_v1_response(&asked.v1, &request, &what);
	const secp_rsig by = sign_external(w->gateway, &digest);
	memcpy(partial + GROUP_PARTIAL_BYTES, by.b, sizeof by.b);
}

static void spoil(const world *w, letter *l, buf *answer)
{
	enum { HEAD = 1 + 8 + 1, INDEX = HEAD + 2, D = HEAD + 7, Z = D + SECP_PK + SECP_SK };
	const manner how = w->how[l->to];

	if (how == WRONG_PROOF) answer->p[Z + 31] ^= 1;
	if (how == WRONG_POINT) memcpy(answer->p + D, w->x.K.b, SECP_PK);
	if (how == OTHER_PARTYS) answer->p[INDEX] = (uint8_t)(answer->p[INDEX] % N + 1);
	if (how == GARBAGE) memset(answer->p + HEAD, 0xee, answer->n - HEAD);
	if (how == SIGNED_BY_ANOTHER) sign_as_another(w, l, answer->p + HEAD);
}

static void deliver(void *arg)
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

static void ask_party(void *ctx, uint32_t chain_id, party to, slice frame)
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

static bool is_up(void *ctx, uint32_t chain_id, party who) { (void)chain_id; return !((world *)ctx)->down[who]; }

static bool wallet_of(void *ctx, eth_address *out, uint32_t chain_id, party who)
{
	(void)chain_id;
	*out = *signer_address(((world *)ctx)->wallet[who]);
	return true;
}

static secp_pk point_of(const ask_frame *a)
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
static bool convicts(const world *w, const combiner_evidence *e)
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

static void lied(void *ctx, const combiner_evidence *e)
{
	world *w = ctx;

	pthread_mutex_lock(&w->lock);
	w->lies[e->who]++;
	w->convicted = convicts(w, e);
	pthread_mutex_unlock(&w->lock);
}

/* ---- the world ------------------------------------------------------------------------------------------------------- */

static void open_node(world *w, party i, const group_key *key)
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

static void open_world(world *w)
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

static void close_world(world *w)
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

static void done(void *arg, unsigned status, buf *body)
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

static delegate_ask question(const world *w)
{
	delegate_ask a = { .chain_id = KNOWN_CHAIN, .text = TYPED_BARE, .spki = buf_slice(&w->spki) };
	a.K = w->x.K;
	return a;
}

static void begin(world *w, const delegate_ask *a)
{
	AUTO(buf) body = { 0 }, authorization = { 0 };

	w->done = false;
	delegate_ask_body(&body, a);
	delegate_ask_authorization(&authorization, a, w->gateway);
	const delegate_call call = { .authorization = buf_str(&authorization), .content_type = "application/json", .body = buf_slice(&body) };
	combiner_begin(w->c, &call, false, done, w);
}

static unsigned wait_done(world *w)
{
	pthread_mutex_lock(&w->lock);
	while (!w->done) pthread_cond_wait(&w->bell, &w->lock);
	const unsigned status = w->status;
	pthread_mutex_unlock(&w->lock);
	return status;
}

/* Until so many right parts were counted. */
static void wait_right(world *w, unsigned n)
{
	char line[64];

	snprintf(line, sizeof line, "arca_delegate_partials_total{what=\"right\"} %u\n", n);
	for (bool there = false; !there; sched_yield()) {
		AUTO(buf) text = { 0 };
		combiner_metrics(&text, w->c);
		there = strstr(buf_str(&text), line) != NULL;
	}
}

static unsigned total(world *w, const unsigned *of)
{
	unsigned n = 0;

	pthread_mutex_lock(&w->lock);
	for (party i = 1; i <= N; i++) n += of[i];
	pthread_mutex_unlock(&w->lock);
	return n;
}

static void check_secret(world *w, slice sealed)
{
	uint8_t x[ECIES_X], expected[ECIES_X];

	assert_ok(rsa_open(x, sizeof x, w->reader, sealed));
	json_bytes_of(expected, sizeof expected, json_member(w->nox, "ecies"), "sharedX");
	assert_memory_equal(x, expected, sizeof x);
}

static void answered_rightly(world *w)
{
	AUTO(buf) sealed = { 0 };
	const delegate_ask a = question(w);

	assert_int_equal(wait_done(w), 200);
	assert_ok(delegate_reply_read(&sealed, &a, signer_address(w->wallet[1]), buf_slice(&w->body)));
	check_secret(w, buf_slice(&sealed));
}

static void says(world *w, const char *what)
{
	AUTO(buf) sentence = { 0 };

	assert_true(delegate_error_read(&sentence, buf_slice(&w->body)));
	if (!strstr(buf_str(&sentence), what)) fail_msg("'%s' does not say '%s'", buf_str(&sentence), what);
}

/* ---- tests ------------------------------------------------------------------------------------------------------------- */

static void the_answer_of_the_first_form_is_as_of_one_node_and_one_more_is_asked_than_needed(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	for (unsigned i = 0; i < 4; i++) {
		const delegate_ask a = question(&w);
		begin(&w, &a);
		answered_rightly(&w);
		assert_int_equal(total(&w, w.asked), 3 * (i + 1));
	}
	assert_int_equal(total(&w, w.lies), 0);
	assert_int_equal(w.asked[1], 0);
	close_world(&w);
}

static void who_lies_is_named_by_its_own_signature_and_another_is_asked(void **state)
{
	static const manner LIES[] = { WRONG_PROOF, WRONG_POINT, OTHER_PARTYS, GARBAGE, COPIED };
	world w;

	(void)state;
	for (size_t i = 0; i < COUNT(LIES); i++) {
		open_world(&w);
		for (party liar = 2; liar <= 3; liar++) w.how[liar] = LIES[i];
		/* With one's own and the two honest ones' there are just enough, whoever is asked first. */
		for (unsigned k = 0; k < 3; k++) {
			const delegate_ask a = question(&w);
			begin(&w, &a);
			answered_rightly(&w);
		}
		pool_free(&w.cores);                       /* what is under way ends */
		assert_int_equal(w.lies[4] + w.lies[5], 0);
		assert_true(w.lies[2] + w.lies[3] > 0);
		assert_false(w.convicted);                 /* the test spoils what the node had signed rightly: no proof of guilt */
		close_world(&w);
	}
}

/* Node 2 takes another's published share for its own: its proofs are of a share that nobody has published.  There is no answer before
 * it was judged: 3, who is needed, is asked when 2 has lied. */
static void open_world_with_a_liar(world *w)
{
	open_world(w);
	group_key key = w->x.key;
	group_share other = { 2, w->x.share[3].s };
	key.chain_id = KNOWN_CHAIN;
	key.Y[2] = key.Y[3];
	assert_ok(delegate_kms_put_share(w->kms[2], &key, KEY_ACTIVE, &other));
	w->down[3] = true, w->how[5] = SILENT;
}

static void a_wrong_part_that_its_node_signed_convicts_it(void **state)
{
	world w;

	(void)state;
	open_world_with_a_liar(&w);
	const delegate_ask a = question(&w);
	begin(&w, &a);
	answered_rightly(&w);
	assert_true(w.lies[2] > 0 && w.convicted);
	close_world(&w);
}

static void too_few_right_answers_are_503_at_once_if_nobody_is_left(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	for (party i = 2; i <= 4; i++) w.how[i] = i == 3 ? WRONG_PROOF : REFUSING;
	const delegate_ask a = question(&w);
	begin(&w, &a);
	assert_int_equal(wait_done(&w), 503);
	says(&w, "2 nodes answered rightly, and 3 are needed");
	assert_int_equal(total(&w, w.asked), 4);
	close_world(&w);
}

static void who_is_silent_is_replaced_after_a_while_and_after_the_limit_it_is_503(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	for (party i = 3; i <= 5; i++) w.how[i] = SILENT;
	w.down[2] = true;                                  /* thus asked last */
	const delegate_ask a = question(&w);
	begin(&w, &a);
	assert_int_equal(total(&w, w.asked), 3);
	w.clock.s += 1;
	combiner_look(w.c);
	assert_int_equal(total(&w, w.asked), 4);
	wait_right(&w, 1);
	w.clock.s += 3;
	combiner_look(w.c);
	assert_false(w.done);
	w.clock.s += 1;
	combiner_look(w.c);
	assert_int_equal(wait_done(&w), 503);
	says(&w, "2 nodes answered rightly");
	w.how[4] = HONEST;
	begin(&w, &a);
	w.clock.s += 1;
	combiner_look(w.c);
	answered_rightly(&w);
	close_world(&w);
}

static void an_answer_that_comes_twice_counts_once(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	for (party i = 2; i <= 5; i++) w.how[i] = i == 2 ? TWICE : SILENT;
	const delegate_ask a = question(&w);
	begin(&w, &a);
	combiner_look(w.c);
	for (unsigned i = 0; i < 3; i++) w.clock.s++, combiner_look(w.c);
	wait_right(&w, 1);
	w.clock.s += 3;
	combiner_look(w.c);
	assert_int_equal(wait_done(&w), 503);
	says(&w, "2 nodes answered rightly");
	close_world(&w);
}

/* Its proof is of another request: who is slow would look like a liar. */
static void an_answer_to_a_request_that_is_over_is_passed_over(void **state)
{
	AUTO(buf) answer = { 0 }, text = { 0 };
	world w;

	(void)state;
	open_world(&w);
	w.how[2] = LATE, w.how[3] = SILENT;
	const delegate_ask a = question(&w);
	begin(&w, &a);
	w.clock.s += 1;
	combiner_look(w.c);
	answered_rightly(&w);                                  /* by 1, 4 and 5 */
	assert_true(delegate_answer_ask(w.kms[2], &answer, true, buf_slice(&w.kept)));
	for (party i = 2; i <= N; i++) w.how[i] = SILENT;
	delegate_ask other = question(&w);
	other.text = TYPED_AS_SENT;
	begin(&w, &other);                                     /* in the same slot */
	for (unsigned i = 0; i < 3; i++) w.clock.s++, combiner_look(w.c);
	assert_true(combiner_take(w.c, 2, buf_slice(&answer)));
	w.clock.s += 3;
	combiner_look(w.c);
	assert_int_equal(wait_done(&w), 503);
	says(&w, "1 nodes answered rightly");
	combiner_metrics(&text, w.c);
	assert_non_null(strstr(buf_str(&text), "{what=\"late\"} 1\n"));
	pool_free(&w.cores);                                   /* what is under way ends */
	assert_int_equal(w.lies[2], 0);
	close_world(&w);
}

static void stopping_answers_what_waits_and_refuses_what_comes(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	for (party i = 2; i <= 5; i++) w.how[i] = SILENT;
	const delegate_ask a = question(&w);
	begin(&w, &a);
	assert_false(w.done);
	combiner_stop(w.c);
	assert_int_equal(wait_done(&w), 503);
	begin(&w, &a);
	assert_int_equal(wait_done(&w), 503);
	says(&w, "stopping");
	close_world(&w);
}

static void a_key_that_is_not_made_yet_is_503_and_what_is_wrong_with_a_request_is_said_before(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	delegate_kms_drop_share(w.kms[1], KNOWN_CHAIN, NULL);
	delegate_ask a = question(&w);
	begin(&w, &a);
	assert_int_equal(wait_done(&w), 503);
	says(&w, "not made yet");
	a.chain_id = 5;                                    /* signed for another chain */
	begin(&w, &a);
	assert_int_equal(wait_done(&w), 401);
	assert_int_equal(total(&w, w.asked), 0);
	close_world(&w);
}

/* ---- the second form ------------------------------------------------------------------------------------------------------ */

static delegate_v1 once(const world *w, uint8_t nonce)
{
	delegate_v1 d = { .chain_id = KNOWN_CHAIN, .target_hash = keccak256(buf_slice(&w->spki)), .epoch = w->x.key.epoch, .nonce = { { nonce } },
	                  .not_before = NOW - 10, .expires_at = NOW + 200 };
	memcpy(d.key_id.b, w->x.key.key_id.b, sizeof d.key_id.b);
	memcpy(d.ephemeral, w->x.K.b, sizeof d.ephemeral);
	return d;
}

static void call_v1(delegate_call *out, buf *body, buf *authorization, const world *w, const delegate_v1 *d)
{
	delegate_v1_body(body, d, buf_slice(&w->spki));
	delegate_v1_authorization(authorization, d, w->gateway);
	*out = (delegate_call){ .authorization = buf_str(authorization), .content_type = "application/json", .body = buf_slice(body) };
}

static void it_does_so_in_the_domain_of_any_contract(void **state)
{
	AUTO(buf) body = { 0 }, authorization = { 0 };
	delegate_call call;
	world w;

	(void)state;
	open_world_with_a_liar(&w);
	delegate_v1 d = once(&w, 1);
	d.has_contract = true;
	d.contract.b[0] = 7;
	call_v1(&call, &body, &authorization, &w, &d);
	combiner_begin(w.c, &call, true, done, &w);
	assert_int_equal(wait_done(&w), 200);
	assert_true(w.lies[2] > 0 && w.convicted);
	close_world(&w);
}

static void the_second_form_is_answered_once_with_the_signatures_of_those_who_took_part(void **state)
{
	AUTO(buf) body = { 0 }, authorization = { 0 }, sealed = { 0 };
	delegate_call call;
	world w;

	(void)state;
	open_world(&w);
	const delegate_v1 d = once(&w, 1);
	call_v1(&call, &body, &authorization, &w, &d);
	combiner_begin(w.c, &call, true, done, &w);
	assert_int_equal(wait_done(&w), 200);
	assert_ok(delegate_v1_reply_read(&sealed, &d, signer_address(w.wallet[1]), buf_slice(&w.body)));
	check_secret(&w, buf_slice(&sealed));
	json_t *j = json_loadb((const char *)w.body.p, w.body.n, 0, NULL), *nodes = json_member(j, "nodes");
	assert_int_equal(json_array_size(nodes), 2);
	for (size_t i = 0; i < 2; i++) {
		const json_t *of = json_array_get(nodes, i);
		const hash32 request = typed_v1_authorization(&d), what = known_hash(of, "partialHash"),
		             digest = typed_v1_response(&d, &request, &what);
		secp_rsig sig;
		eth_address by;
		json_bytes_of(sig.b, sizeof sig.b, of, "signature");
		assert_true(sign_external_by_var(&by, &sig, &digest));
		assert_true(eth_address_eq_var(by, *signer_address(w.wallet[json_integer_value(json_member(of, "index"))])));
	}
	json_decref(j);
	w.done = false;
	combiner_begin(w.c, &call, true, done, &w);
	assert_int_equal(wait_done(&w), 409);
	close_world(&w);
}

static void a_signature_that_is_not_its_nodes_is_not_handed_on(void **state)
{
	AUTO(buf) body = { 0 }, authorization = { 0 };
	delegate_call call;
	world w;

	(void)state;
	open_world(&w);
	for (party i = 2; i <= N; i++) w.how[i] = SIGNED_BY_ANOTHER;
	const delegate_v1 d = once(&w, 9);
	call_v1(&call, &body, &authorization, &w, &d);
	combiner_begin(w.c, &call, true, done, &w);
	assert_int_equal(wait_done(&w), 200);
	assert_non_null(strstr(buf_str(&w.body), "\"nodes\":[]"));
	assert_int_equal(w.lies[2] + w.lies[3] + w.lies[4] + w.lies[5], 0);
	close_world(&w);
}

static void a_reader_combines_parts_that_nodes_seal_to_it(void **state)
{
	group_partial part[N];
	secp_pk S;
	world w;

	(void)state;
	open_world(&w);
	const delegate_v1 d = once(&w, 2);
	const hash32 request = typed_v1_authorization(&d);
	for (party i = 1; i <= N; i++) {
		AUTO(buf) body = { 0 }, authorization = { 0 }, answer = { 0 }, sealed = { 0 };
		uint8_t bytes[GROUP_PARTIAL_BYTES];
		delegate_call call;
		call_v1(&call, &body, &authorization, &w, &d);
		assert_int_equal(delegate_answer_partial(w.kms[i], &answer, &call), 200);
		assert_ok(delegate_v1_partial_read(&sealed, &d, signer_address(w.wallet[i]), buf_slice(&answer)));
		assert_ok(rsa_open(bytes, sizeof bytes, w.reader, buf_slice(&sealed)));
		assert_ok(group_partial_read(&part[i - 1], slice_of(bytes, sizeof bytes)));
		assert_int_equal(part[i - 1].index, i);
		assert_true(group_partial_ok_var(&part[i - 1], &w.x.key, &w.x.K, &request));
		buf_clear(&answer);
		assert_int_equal(delegate_answer_partial(w.kms[i], &answer, &call), 409);
	}
	assert_ok(group_combine(&S, &w.x.key, part + 1, 3));
	const shared_x x = shared_x_of(&S);
	uint8_t expected[ECIES_X];
	json_bytes_of(expected, sizeof expected, json_member(w.nox, "ecies"), "sharedX");
	assert_memory_equal(x.b, expected, sizeof expected);
	close_world(&w);
}

static void put_part(world *w, buf *sealed, const delegate_v1 *d, party i)
{
	AUTO(buf) body = { 0 }, authorization = { 0 }, answer = { 0 };
	delegate_call call;

	call_v1(&call, &body, &authorization, w, d);
	assert_int_equal(delegate_answer_partial(w->kms[i], &answer, &call), 200);
	assert_ok(delegate_v1_partial_read(sealed, d, signer_address(w->wallet[i]), buf_slice(&answer)));
}

static void a_file_of_parts_is_opened_by_its_reader_whatever_some_of_them_are(void **state)
{
	AUTO(buf) request = { 0 }, description = { 0 }, file = { 0 };
	buf sealed[N] = { 0 };
	uint8_t expected[ECIES_X];
	shared_x x;
	parts_file p;
	world w;

	(void)state;
	open_world(&w);
	const delegate_v1 d = once(&w, 3);
	delegate_v1_body(&request, &d, buf_slice(&w.spki));
	assert_int_equal(delegate_describe(w.kms[2], &description, NULL), 200);
	for (party i = 1; i <= N; i++) put_part(&w, &sealed[i - 1], &d, i);
	sealed[0].p[9] ^= 1;                               /* not to be opened */
	buf_clear(&sealed[3]);
	buf_put_slice(&sealed[3], buf_slice(&sealed[2]));  /* twice the same */
	parts_write(&file, KNOWN_CHAIN, buf_slice(&request), buf_slice(&description), sealed, N);
	assert_ok(parts_read(&p, buf_slice(&file)));
	assert_ok(parts_open(&x, &p, w.reader, &w.x.K));
	json_bytes_of(expected, sizeof expected, json_member(w.nox, "ecies"), "sharedX");
	assert_memory_equal(x.b, expected, sizeof expected);
	assert_err(ERR_REQUEST, parts_open(&x, &p, w.reader, &w.x.key.P));       /* another record */
	p.key.Y[2] = p.key.Y[3];
	assert_err(ERR_REQUEST, parts_open(&x, &p, w.reader, &w.x.K));           /* two are right, three are needed */
	parts_free(&p);
	for (party i = 1; i <= N; i++) buf_free(&sealed[i - 1]);
	for (size_t n = 0; n < file.n; n += 1 + n / 16) assert_err(ERR_REQUEST, parts_read(&p, slice_of(file.p, n)));
	close_world(&w);
}

static void each_node_describes_the_key_alike_under_its_own_signature(void **state)
{
	group_key first, other;
	eth_address by;
	party index;
	world w;

	(void)state;
	open_world(&w);
	for (party i = 1; i <= N; i++) {
		AUTO(buf) text = { 0 };
		assert_int_equal(delegate_describe(w.kms[i], &text, "31337"), 200);
		assert_ok(description_read(&other, &index, &by, KNOWN_CHAIN, buf_slice(&text)));
		assert_true(eth_address_eq_var(by, *signer_address(w.wallet[i])));
		assert_int_equal(index, i);
		if (i == 1) first = other;
		assert_true(description_eq_var(&first, &other));
		text.p[text.n / 2] ^= 1;                   /* somewhere among the shares */
		if (description_read(&other, &index, &by, KNOWN_CHAIN, buf_slice(&text)) == OK)
			assert_false(eth_address_eq_var(by, *signer_address(w.wallet[i])));
		err_clear();
	}
	assert_true(first.n == N && first.T == 2 && first.epoch == w.x.key.epoch);
	assert_memory_equal(first.P.b, w.x.key.P.b, SECP_PK);
	close_world(&w);
}

static void a_share_that_was_not_published_is_not_taken(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	group_key key = w.x.key;
	group_share wrong = { 2, w.x.share[3].s };
	assert_err(ERR_REQUEST, delegate_kms_put_share(w.kms[2], &key, KEY_ACTIVE, &w.x.share[2]));       /* of another chain */
	key.chain_id = KNOWN_CHAIN;
	assert_err(ERR_STATE, delegate_kms_put_share(w.kms[2], &key, KEY_ACTIVE, &wrong));
	wrong.index = 6;
	assert_err(ERR_STATE, delegate_kms_put_share(w.kms[2], &key, KEY_ACTIVE, &wrong));
	close_world(&w);
}

static void a_key_that_a_node_has_suspended_gets_no_part_of_it_and_other_nodes_are_asked(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	group_key key = w.x.key;
	key.chain_id = KNOWN_CHAIN;
	assert_ok(delegate_kms_put_share(w.kms[2], &key, KEY_SUSPENDED, &w.x.share[2]));
	assert_ok(delegate_kms_put_share(w.kms[3], &key, KEY_DEACTIVATED, &w.x.share[3]));
	w.how[4] = REFUSING;
	const delegate_ask a = question(&w);
	begin(&w, &a);
	answered_rightly(&w);                                  /* by 1, 3 and 5 */
	assert_int_equal(w.lies[2], 0);
	assert_ok(delegate_kms_put_share(w.kms[3], &key, KEY_COMPROMISED, &w.x.share[3]));
	begin(&w, &a);
	assert_int_equal(wait_done(&w), 503);
	says(&w, "2 nodes answered rightly");
	assert_err(ERR_REQUEST, delegate_kms_put_share(w.kms[3], &key, 0, &w.x.share[3]));
	assert_ok(delegate_kms_put_share(w.kms[1], &key, KEY_SUSPENDED, &w.x.share[1]));
	const unsigned before = total(&w, w.asked);
	begin(&w, &a);
	assert_int_equal(wait_done(&w), 503);
	says(&w, "suspended");
	assert_int_equal(total(&w, w.asked), before);
	close_world(&w);
}

static const struct CMUnitTest tests[] = {
	TEST(the_answer_of_the_first_form_is_as_of_one_node_and_one_more_is_asked_than_needed),
	TEST(who_lies_is_named_by_its_own_signature_and_another_is_asked), TEST(a_wrong_part_that_its_node_signed_convicts_it), TEST(it_does_so_in_the_domain_of_any_contract),
	TEST(too_few_right_answers_are_503_at_once_if_nobody_is_left),
	TEST(who_is_silent_is_replaced_after_a_while_and_after_the_limit_it_is_503), TEST(an_answer_that_comes_twice_counts_once),
	TEST(an_answer_to_a_request_that_is_over_is_passed_over),
	TEST(stopping_answers_what_waits_and_refuses_what_comes),
	TEST(a_key_that_is_not_made_yet_is_503_and_what_is_wrong_with_a_request_is_said_before),
	TEST(the_second_form_is_answered_once_with_the_signatures_of_those_who_took_part),
	TEST(a_signature_that_is_not_its_nodes_is_not_handed_on), TEST(a_reader_combines_parts_that_nodes_seal_to_it),
	TEST(a_file_of_parts_is_opened_by_its_reader_whatever_some_of_them_are), TEST(each_node_describes_the_key_alike_under_its_own_signature),
	TEST(a_share_that_was_not_published_is_not_taken),
	TEST(a_key_that_a_node_has_suspended_gets_no_part_of_it_and_other_nodes_are_asked),
};
int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, tear_down); }
