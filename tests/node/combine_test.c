/* SPDX-License-Identifier: MIT */
/*
 * Whose questions a node answers, whom it asks, and what it keeps of those who lie.  The links are this test's own, hence combine.c is
 * included.
 */
#include "tests/delegate/reader.h"
#include "tests/delegate/threshold.h"
#include "tests/vault/folder.h"
#include <sys/stat.h>
#include "base/file.h"
#include "delegate/client.h"
#include "delegate/typed_v1.h"
#include "node/combine.c"

enum { N = 5, ME = 2, COMBINER = 1, OTHER = 3, NUMBER = 77, OTHER_CHAIN = 1 };

/* Another context has the same parties in another order. */
static const member MEMBER[N + 1] = { { 0 }, { .id = 1, .identity = "one" }, { .id = 2, .identity = "me" }, { .id = 3, .identity = "three" },
                                      { .id = 4, .identity = "four" }, { .id = 5, .identity = "five" } },
                    MOVED[N + 1] = { { 0 }, { .id = 1, .identity = "three" }, { .id = 2, .identity = "me" }, { .id = 3, .identity = "one" },
                                     { .id = 4, .identity = "four" }, { .id = 5, .identity = "five" } };

typedef struct world {
	threshold_known x;
	json_t *nox;
	signer *gateway, *wallet;
	delegate_kms *kms;
	node_config config;
	mpc_context context, moved;
	combining *c;
	rsa_sk *reader;
	buf     spki;
	pthread_mutex_t lock;
	pthread_cond_t  bell;
	unsigned sent[N + 2], blamed[N + 2];
	char    why[80];
	buf     frame;                             /* the last one that was sent */
} world;

static world w;

/* Stand for the links to the others, and to those of another context: nothing is in them but whose they are. */
static committee links_to_all = { .context = &w.context }, links_elsewhere = { .context = &w.moved };
static committee *links_of(void) { return &links_to_all; }

/* ---- links --------------------------------------------------------------------------------------------------------- */

err peers_committee(committee **out, peers *p, const mpc_context *c)
{
	(void)p;
	*out = c == &w.moved ? &links_elsewhere : links_of();
	return OK;
}

void peers_send(committee *c, party to, frame_kind kind, slice head, slice body, int64_t wait_ms)
{
	assert_true(c == links_of() || c == &links_elsewhere);
	assert_int_equal(kind, FRAME_DELEGATION);
	assert_true(body.n == 0 && wait_ms == 0);
	pthread_mutex_lock(&w.lock);
	w.sent[to]++;
	buf_clear(&w.frame);
	buf_put_slice(&w.frame, head);
	pthread_cond_signal(&w.bell);
	pthread_mutex_unlock(&w.lock);
}

bool peers_is_up(committee *c, party who)
{
	(void)c, (void)who;
	return true;
}

void peers_blame(committee *c, party who, const char *why)
{
	(void)c;
	pthread_mutex_lock(&w.lock);
	w.blamed[who]++;
	snprintf(w.why, sizeof w.why, "%s", why);
	pthread_cond_signal(&w.bell);
	pthread_mutex_unlock(&w.lock);
}

static void wait_for(const unsigned *count, unsigned n)
{
	pthread_mutex_lock(&w.lock);
	while (*count < n) pthread_cond_wait(&w.bell, &w.lock);
	pthread_mutex_unlock(&w.lock);
}

/* ---- the world ------------------------------------------------------------------------------------------------------ */

static void go_to(uint32_t chain_id, const mpc_context *in)
{
	static const eth_address NOBODY[MAX_PARTIES + 1];

	combining_move(w.c, chain_id, in, NOBODY, N);
}

static int open_world(void **state)
{
	static char one[] = "1";
	secp_sk sk;

	if (folder_make(state)) return -1;
	w = (world){ .x = threshold_known_read(), .nox = known_vector() };
	pthread_mutex_init(&w.lock, NULL);
	pthread_cond_init(&w.bell, NULL);
	w.reader = reader_key(&w.spki);
	w.gateway = known_signer(w.nox, "gatewayWalletPriv");
	w.x.key.chain_id = KNOWN_CHAIN;
	const delegate_chain chain = { .id = KNOWN_CHAIN, .gateway = *signer_address(w.gateway), .shared = true };
	secp_sk_random(&sk, test_rng());
	assert_ok(signer_new(&w.wallet, &sk, test_rng()));
	assert_ok(delegate_kms_new(&w.kms, &chain, 1, w.wallet, rng_os()));
	assert_ok(delegate_kms_put_share(w.kms, &w.x.key, KEY_ACTIVE, &w.x.share[ME]));
	w.config.delegation.combiners = one;
	w.context = (mpc_context){ .n = N, .t = 1, .me = ME, .member = MEMBER };
	w.moved = (mpc_context){ .n = N, .t = 1, .me = ME, .member = MOVED };
	const combining_parts parts = { &w.config, *state, w.kms, NULL, &w.context };
	assert_ok(combining_new(&w.c, &parts));
	go_to(KNOWN_CHAIN, &w.context);
	return 0;
}

static int close_world(void **state)
{
	combining_stop(w.c);
	combining_free(&w.c);
	delegate_kms_free(&w.kms);
	signer_free(&w.wallet);
	signer_free(&w.gateway);
	rsa_sk_free(&w.reader);
	buf_free(&w.spki);
	buf_free(&w.frame);
	pthread_mutex_destroy(&w.lock);
	pthread_cond_destroy(&w.bell);
	json_decref(w.nox);
	json_decref(w.x.json);
	return folder_remove(state);
}

/* Of the second form, for a contract. */
static void question_of_contract(buf *out)
{
	ask_frame a = { .number = NUMBER, .chain_id = KNOWN_CHAIN, .form = ASK_ONCE, .v1 = { .has_contract = true, .contract = { { 7 } } } };

	memcpy(a.v1.ephemeral, w.x.K.b, sizeof a.v1.ephemeral);
	ask_write(out, &a);
}

/* A question that the gateway authorised. */
static void question(buf *out)
{
	AUTO(buf) ephemeral = { 0 }, target = { 0 };
	ask_frame a = { .number = NUMBER, .chain_id = KNOWN_CHAIN, .epoch = w.x.key.epoch, .form = ASK_TEXT_AS_SENT };

	buf_put_str(&ephemeral, "0x");
	buf_put_hex(&ephemeral, slice_of(w.x.K.b, sizeof w.x.K.b));
	buf_put_str(&target, "0x");
	buf_put_hex(&target, buf_slice(&w.spki));
	a.ephemeral = buf_slice(&ephemeral), a.target = buf_slice(&target);
	const hash32 digest = typed_authorization(KNOWN_CHAIN, TYPED_AS_SENT, a.ephemeral, a.target);
	a.authorization = sign_external(w.gateway, &digest);
	ask_write(out, &a);
}

static ask_verdict verdict(void)
{
	ask_answer a;

	pthread_mutex_lock(&w.lock);
	assert_true(ask_answer_read(&a, buf_slice(&w.frame)));
	pthread_mutex_unlock(&w.lock);
	assert_true(a.number == NUMBER);
	return a.verdict;
}

/* ---- what others ask -------------------------------------------------------------------------------------------------- */

static void a_combiner_that_is_named_is_answered_and_another_party_is_told_that_it_is_none(void **state)
{
	AUTO(buf) frame = { 0 };

	(void)state;
	question(&frame);
	assert_true(combining_take(w.c, links_of(), COMBINER, buf_slice(&frame)));
	wait_for(&w.sent[COMBINER], 1);
	assert_int_equal(verdict(), ASK_ANSWERED);
	assert_true(combining_take(w.c, links_of(), OTHER, buf_slice(&frame)));
	wait_for(&w.sent[OTHER], 1);
	assert_int_equal(verdict(), ASK_NOT_YOU);
	assert_int_equal(w.blamed[COMBINER] + w.blamed[OTHER], 0);
}

static void what_is_no_frame_is_refused_and_a_question_that_is_none_is_blamed(void **state)
{
	AUTO(buf) frame = { 0 }, large = { 0 };
	const uint8_t other[] = { 3, 0, 0 };

	(void)state;
	question(&frame);
	buf_put_slice(&large, buf_slice(&frame));
	while (large.n <= MAX_ASK) buf_put_u8(&large, 0);
	assert_false(combining_take(w.c, links_of(), COMBINER, (slice){ 0 }));
	assert_false(combining_take(w.c, links_of(), COMBINER, slice_of(other, sizeof other)));
	assert_false(combining_take(w.c, links_of(), COMBINER, buf_slice(&large)));
	assert_true(combining_take(w.c, links_of(), COMBINER, slice_of(frame.p, frame.n - 1)));
	wait_for(&w.blamed[COMBINER], 1);
	assert_non_null(strstr(w.why, "that is none"));
	assert_int_equal(w.sent[COMBINER], 0);
	assert_true(combining_take(NULL, NULL, COMBINER, buf_slice(&frame)));          /* a node without delegations passes it over */
}

/* Their numbers are those of others. */
static void parties_of_another_context_are_passed_over(void **state)
{
	AUTO(buf) frame = { 0 };

	(void)state;
	question(&frame);
	assert_true(combining_take(w.c, &links_elsewhere, COMBINER, buf_slice(&frame)));
	go_to(KNOWN_CHAIN, NULL);                            /* the key is with others */
	assert_true(combining_take(w.c, links_of(), COMBINER, buf_slice(&frame)));
	go_to(KNOWN_CHAIN, &w.context);
	assert_true(combining_take(w.c, links_of(), COMBINER, buf_slice(&frame)));
	wait_for(&w.sent[COMBINER], 1);
	combining_stop(w.c);                                 /* what was taken in is answered by now */
	assert_int_equal(w.sent[COMBINER], 1);
	assert_int_equal(w.blamed[COMBINER], 0);
}

/* The number of a peer is that of this peer wherever the key goes. */
static void a_combiner_is_one_also_where_it_has_another_number(void **state)
{
	AUTO(buf) frame = { 0 };

	(void)state;
	question(&frame);
	go_to(KNOWN_CHAIN, &w.moved);
	assert_true(combining_take(w.c, &links_elsewhere, 1, buf_slice(&frame)));
	wait_for(&w.sent[1], 1);
	assert_int_equal(verdict(), ASK_NOT_YOU);
	assert_true(combining_take(w.c, &links_elsewhere, 3, buf_slice(&frame)));
	wait_for(&w.sent[3], 1);
	assert_int_equal(verdict(), ASK_ANSWERED);
}

static void is_done(void *arg, unsigned status, buf *body)
{
	*(unsigned *)arg = status;
	buf_free(body);
}

/* A reader asks this node, which asks others about the known chain.  *number: what it calls the question. */
static void begin(uint64_t *number, unsigned *status)
{
	AUTO(buf) body = { 0 }, authorization = { 0 };
	const delegate_ask a = { .chain_id = KNOWN_CHAIN, .text = TYPED_BARE, .spki = buf_slice(&w.spki), .K = w.x.K };
	ask_frame sent;

	delegate_ask_body(&body, &a);
	delegate_ask_authorization(&authorization, &a, w.gateway);
	const delegate_call call = { .authorization = buf_str(&authorization), .content_type = "application/json", .body = buf_slice(&body) };
	combiner_begin(combining_combiner(w.c), &call, false, is_done, status);
	assert_true(ask_read(&sent, buf_slice(&w.frame)));
	*number = sent.number;
	memset(w.sent, 0, sizeof w.sent);
}

/* Without peers a number is whoever has it where the key is: said aloud when that becomes somebody else. */
static void a_number_that_comes_to_mean_another_party_is_said(void **state)
{
	char text[4096] = "";
	int pipes[2];

	(void)state;
	w.c->p.numbered = NULL;
	assert_int_equal(pipe(pipes), 0);
	const int before = dup(STDERR_FILENO);
	assert_true(before >= 0 && dup2(pipes[1], STDERR_FILENO) >= 0);
	go_to(KNOWN_CHAIN, &w.moved);
	assert_true(dup2(before, STDERR_FILENO) >= 0);
	close(before), close(pipes[1]);
	assert_true(read(pipes[0], text, sizeof text - 1) > 0);
	close(pipes[0]);
	assert_non_null(strstr(text, "names party 1 by its number, which was one and is three now"));
	assert_non_null(strstr(text, "may be combined by three"));
}

/* Parties of the one ask nothing of the other's key, and answer nothing that was asked about it. */
static void each_chain_has_parties_of_its_own(void **state)
{
	AUTO(buf) of_known = { 0 }, of_other = { 0 }, answer = { 0 }, metrics = { 0 };
	ask_answer refusal = { .verdict = ASK_REFUSED };
	unsigned status = 0;
	ask_frame a;

	(void)state;
	go_to(OTHER_CHAIN, &w.moved);
	begin(&refusal.number, &status);
	ask_answer_write(&answer, &refusal);
	assert_true(combining_take(w.c, &links_elsewhere, OTHER, buf_slice(&answer)));
	assert_true(combining_take(w.c, links_of(), OTHER, buf_slice(&answer)));

	question(&of_known);
	assert_true(ask_read(&a, buf_slice(&of_known)));
	a.chain_id = OTHER_CHAIN;
	ask_write(&of_other, &a);
	assert_true(combining_take(w.c, &links_elsewhere, OTHER, buf_slice(&of_known)));
	assert_true(combining_take(w.c, links_of(), COMBINER, buf_slice(&of_other)));
	wait_for(&w.sent[COMBINER], 1);                      /* asked in the place of who refused */
	combining_stop(w.c);                                 /* everything that was taken in is done */
	combiner_metrics(&metrics, combining_combiner(w.c));
	assert_non_null(strstr(buf_str(&metrics), "what=\"refused\"} 1\n"));
	assert_non_null(strstr(buf_str(&metrics), "what=\"late\"} 0\n"));
	assert_int_equal(status, 503);
	assert_int_equal(w.sent[OTHER], 0);
	assert_int_equal(w.sent[COMBINER], 1);
	assert_int_equal(w.blamed[OTHER] + w.blamed[COMBINER], 0);
}

typedef struct gate { pthread_mutex_t lock; pthread_cond_t bell; bool open; } gate;

static void wait_at(void *arg)
{
	gate *g = arg;

	pthread_mutex_lock(&g->lock);
	while (!g->open) pthread_cond_wait(&g->bell, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

/* While this node's cores are busy. */
static void a_party_that_asks_without_end_crowds_out_nobody(void **state)
{
	gate g = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
	AUTO(buf) frame = { 0 };

	(void)state;
	question(&frame);
	for (unsigned i = 0; i < pool_threads(w.c->cores); i++) assert_ok(pool_submit(w.c->cores, wait_at, &g, 0));
	for (unsigned i = 0; i < 10000; i++) assert_true(combining_take(w.c, links_of(), OTHER, buf_slice(&frame)));
	assert_true(combining_take(w.c, links_of(), COMBINER, buf_slice(&frame)));
	pthread_mutex_lock(&g.lock);
	g.open = true;
	pthread_cond_broadcast(&g.bell);
	pthread_mutex_unlock(&g.lock);
	wait_for(&w.sent[COMBINER], 1);
	wait_for(&w.sent[OTHER], MAX_ASKS_WAITING);
	assert_true(combining_take(w.c, links_of(), OTHER, buf_slice(&frame)));          /* and may ask again when it has been answered */
	wait_for(&w.sent[OTHER], MAX_ASKS_WAITING + 1);
	combining_stop(w.c);
	assert_int_equal(w.sent[OTHER], MAX_ASKS_WAITING + 1);
}

static void a_node_that_has_stopped_answers_nobody(void **state)
{
	AUTO(buf) frame = { 0 };

	(void)state;
	question(&frame);
	combining_stop(w.c);
	assert_true(combining_take(w.c, links_of(), COMBINER, buf_slice(&frame)));
	assert_int_equal(w.sent[COMBINER], 0);
}

/* ---- what this node asks ------------------------------------------------------------------------------------------------ */

static void it_asks_the_other_parties_of_its_context_and_no_one_else(void **state)
{
	static const uint8_t BYTE[] = { ASK_FRAME };

	(void)state;
	for (party i = 1; i <= N + 1; i++) {
		ask_party(w.c, KNOWN_CHAIN, i, slice_of(BYTE, sizeof BYTE));
		ask_party(w.c, OTHER_CHAIN, i, slice_of(BYTE, sizeof BYTE));
		assert_int_equal(w.sent[i], i != ME && i <= N);
		assert_int_equal(is_up(w.c, KNOWN_CHAIN, i), i != ME && i <= N);
		assert_false(is_up(w.c, OTHER_CHAIN, i));
	}
}

/* ---- what it keeps of who lies ------------------------------------------------------------------------------------------- */

typedef struct lie { uint8_t partial[GROUP_PARTIAL_BYTES]; combiner_evidence e; } lie;

/* In the name of party OTHER, under the wallet's signature. */
static void tell_lie(lie *l, const buf *ask)
{
	ask_frame a;

	l->e = (combiner_evidence){ .ask = buf_slice(ask), .who = OTHER, .partial = slice_of(l->partial, sizeof l->partial) };
	memset(l->partial, 0xab, sizeof l->partial);
	assert_true(ask_read(&a, l->e.ask));
	const hash32 request = ask_request(&a), what = keccak256(l->e.partial), digest = typed_v1_response(&a.v1, &request, &what);
	l->e.signature = sign_external(w.wallet, &digest);
	lied(w.c, &l->e);
}

static void know(eth_address who)
{
	eth_address all[MAX_PARTIES + 1] = { 0 };

	all[OTHER] = who;
	combining_move(w.c, KNOWN_CHAIN, &w.context, all, N);
}

static size_t kept(void **state)
{
	struct stat s;

	if (stat(below(state, "delegation.evidence"), &s)) return 0;
	assert_int_equal(s.st_mode & 0777, 0600);
	return (size_t)s.st_size;
}

static void a_wrong_part_is_kept_if_its_partys_own_signature_is_under_it(void **state)
{
	AUTO(buf) plain = { 0 }, of_contract = { 0 };
	eth_address stranger = *signer_address(w.wallet);
	lie l;

	question(&plain);
	question_of_contract(&of_contract);
	tell_lie(&l, &plain);                                /* nobody knows yet whose wallet it is */
	stranger.b[0] ^= 1;
	know(stranger);
	tell_lie(&l, &plain);
	assert_int_equal(w.blamed[OTHER], 2);
	assert_string_equal(w.why, "a wrong part of a delegation");
	assert_int_equal(kept(state), 0);

	know(*signer_address(w.wallet));
	tell_lie(&l, &plain);
	assert_int_equal(w.blamed[OTHER], 3);
	assert_non_null(strstr(w.why, "under its own signature"));
	const size_t one = kept(state);
	assert_true(one > 0);
	tell_lie(&l, &of_contract);
	buf text = test_read(below(state, "delegation.evidence"));
	json_error_t error;
	json_t *j = json_loadb((const char *)text.p + one, text.n - one, 0, &error);
	assert_non_null(j);
	assert_int_equal(json_integer_value(json_member(j, "chain_id")), KNOWN_CHAIN);
	assert_int_equal(json_integer_value(json_member(j, "party")), OTHER);
	assert_string_equal(json_string_value(json_member(j, "name")), MEMBER[OTHER].identity);
	buf ask = json_hex_of(j, "ask");
	assert_true(slice_eq_var(buf_slice(&ask), buf_slice(&of_contract)));
	buf_free(&ask);
	uint8_t partial[GROUP_PARTIAL_BYTES], sig[SECP_RSIG];
	json_bytes_of(partial, sizeof partial, j, "partial");
	json_bytes_of(sig, sizeof sig, j, "signature");
	assert_memory_equal(partial, l.partial, sizeof partial);
	assert_memory_equal(sig, l.e.signature.b, sizeof sig);
	json_decref(j);
	buf_free(&text);
}

static void what_is_kept_does_not_grow_for_ever(void **state)
{
	AUTO(buf) much = { 0 }, plain = { 0 };
	lie l;

	question(&plain);
	know(*signer_address(w.wallet));
	while (much.n <= MAX_EVIDENCE_FILE) buf_put_u8(&much, '\n');
	assert_ok(file_write_atomic(below(state, "delegation.evidence"), buf_slice(&much), 0600));
	tell_lie(&l, &plain);
	assert_int_equal(kept(state), much.n);
	assert_int_equal(w.blamed[OTHER], 1);
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)

TESTS(IN_WORLD(a_combiner_that_is_named_is_answered_and_another_party_is_told_that_it_is_none),
      IN_WORLD(a_combiner_is_one_also_where_it_has_another_number), IN_WORLD(a_number_that_comes_to_mean_another_party_is_said), IN_WORLD(each_chain_has_parties_of_its_own), IN_WORLD(a_party_that_asks_without_end_crowds_out_nobody),
      IN_WORLD(what_is_no_frame_is_refused_and_a_question_that_is_none_is_blamed), IN_WORLD(a_node_that_has_stopped_answers_nobody), IN_WORLD(parties_of_another_context_are_passed_over),
      IN_WORLD(it_asks_the_other_parties_of_its_context_and_no_one_else),
      IN_WORLD(a_wrong_part_is_kept_if_its_partys_own_signature_is_under_it), IN_WORLD(what_is_kept_does_not_grow_for_ever))
