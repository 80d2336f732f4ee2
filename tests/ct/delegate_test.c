/* SPDX-License-Identifier: MIT */
/* Constant time: what the delegation KMS does with its keys and with shared secrets.  Meaningful under valgrind (suite ct). */
#include "tests/ct/ct.h"
#include "tests/delegate/reader.h"
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#include "delegate/dealing.h"
#include "delegate/group_record.h"
#include "delegate/delegate.h"
#include "delegate/kms_internal.h"
#include "delegate/oaep.h"
#include "sym/sha2.h"

CT_COVERS(secp_point_mul, ecies_shared, ecies_seal, ecies_open, ecies_key);

static void encryption_does_not_branch_on_scalars_points_or_plaintext(void **state)
{
	uint8_t text[50], xy[SECP_PK_PLAIN], key[AES256_KEY];
	AUTO(buf) sealed = { 0 }, plain = { 0 };
	AUTO(secp) *curve = NULL;
	ecies_header h;
	secp_point at;
	shared_x x;
	secp_sk d;

	(void)state;
	assert_ok(secp_new(&curve, &CT_SECRET_RNG));
	secp_sk_random(&d, &CT_SECRET_RNG);
	const secp_pk P = secp_pk_of(curve, &d);
	rng_fill(&CT_SECRET_RNG, text, sizeof text);
	ecies_seal(&sealed, &h, &P, slice_of(text, sizeof text), curve, &CT_SECRET_RNG);
	DECLASSIFY(sealed.p, sealed.n, "the ciphertext is sent");
	assert_ok(ecies_shared(&x, &d, slice_of(h.K.b, sizeof h.K.b)));
	assert_ok(ecies_open(&plain, &x, h.nonce, buf_slice(&sealed)));
	DECLASSIFY_RESULT(plain.p, plain.n);
	DECLASSIFY_RESULT(text, sizeof text);
	assert_true(slice_eq_var(buf_slice(&plain), slice_of(text, sizeof text)));

	assert_ok(secp_point_read(&at, slice_of(h.K.b, sizeof h.K.b)));
	secp_point_mul(xy, &d, &at);
	ecies_key(key, &x);
	DECLASSIFY_RESULT(xy, sizeof xy);
	DECLASSIFY_RESULT(&x, sizeof x);
	DECLASSIFY_RESULT(key, sizeof key);
	assert_memory_equal(xy, x.b, sizeof x.b);
	assert_memory_not_equal(key, x.b, sizeof key);
}

/* The same KMS, asked in the form that serves once. */
static void ask_once(delegate_kms *kms, const signer *gateway, const signer *wallet, const secp_pk *P, slice spki)
{
	AUTO(buf) id = { 0 }, body = { 0 }, header = { 0 }, answer = { 0 }, sealed = { 0 };
	static const uint8_t zeros[32];
	char folder[] = "/tmp/arca-ct-XXXXXX", path[64], counted[64];
	key_counts *counts = NULL;
	nonces *used = NULL;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/nonces", folder);
	snprintf(counted, sizeof counted, "%s/counts", folder);
	assert_ok(nonces_open(&used, path, clock_system()));
	assert_ok(key_counts_open(&counts, counted));
	delegate_kms_remember(kms, used, clock_system());
	delegate_kms_count_in(kms, counts);
	delegate_kms_limit(kms, 1000);
	buf_put_str(&id, "arca/keyid/v1");
	buf_put(&id, P->b, sizeof P->b);
	buf_put(&id, zeros, 32), buf_put(&id, "\0\1\0\1", 4), buf_put(&id, zeros, 32);
	const uint64_t now = (uint64_t)(clock_unix_ms(clock_system()) / 1000);
	delegate_v1 d = { .chain_id = 1, .target_hash = keccak256(spki), .key_id = sha256(buf_slice(&id)), .not_before = now - 100,
	                  .expires_at = now + 200 };
	memcpy(d.ephemeral, signer_pk(wallet)->b, SECP_PK);
	delegate_v1_body(&body, &d, spki);
	delegate_v1_authorization(&header, &d, gateway);
	const delegate_call call = { .authorization = buf_str(&header), .content_type = "application/json", .body = buf_slice(&body) };
	assert_int_equal(delegate_answer_v1(kms, &answer, &call), 200);
	assert_ok(delegate_v1_reply_read(&sealed, &d, signer_address(wallet), buf_slice(&answer)));
	nonces_free(&used);
	key_counts_free(&counts);
	unlink(path), unlink(counted);
	rmdir(folder);
}

CT_COVERS(delegate_kms_new, delegate_answer, delegate_answer_v1, delegate_public_key, delegate_ask_authorization, delegate_v1_authorization,
          delegate_kms_metrics, delegate_kms_remember, delegate_kms_count_in, delegate_kms_limit, delegate_kms_is_whole, delegate_kms_whole);
CT_REACHES(delegate_kms_is_whole, kms_group_is_whole);
CT_REACHES(delegate_answer, ecies_shared_at, rsa_seal, oaep_pad, kms_count, kms_find_chain, kms_read, kms_may_answer, kms_has_room, kms_seal, kms_put_answer, kms_count_answer,
           kms_count_by);
CT_REACHES(delegate_answer_v1, kms_authorise, kms_use_nonce, kms_in_time, kms_put_answer_v1);

static void an_answer_does_not_branch_on_the_protocol_key_or_the_secret(void **state)
{
	AUTO(buf) spki = { 0 }, body = { 0 }, header = { 0 }, answer = { 0 }, sealed = { 0 }, metrics = { 0 };
	AUTO(signer) *wallet = NULL, *gateway = NULL;
	AUTO(rsa_sk) *sk = NULL;
	AUTO(secp) *curve = NULL;
	delegate_kms *kms = NULL;
	secp_sk key;

	(void)state;
	secp_sk_random(&key, &CT_SECRET_RNG);
	assert_ok(signer_new(&wallet, &key, &CT_SECRET_RNG));
	secp_sk_random(&key, &CT_SECRET_RNG);
	assert_ok(signer_new(&gateway, &key, &CT_SECRET_RNG));
	delegate_chain chain = { .id = 1, .gateway = *signer_address(gateway), .state = KEY_ACTIVE };
	secp_sk_random(&chain.key, &CT_SECRET_RNG);
	assert_ok(delegate_kms_new(&kms, &chain, 1, wallet, &CT_SECRET_RNG));
	assert_true(delegate_kms_is_whole(kms, chain.id));
	assert_ok(delegate_kms_whole(kms, &key, chain.id));
	assert_ok(secp_new(&curve, &CT_SECRET_RNG));
	const secp_pk P = secp_pk_of(curve, &chain.key);

	sk = reader_key(&spki);
	const delegate_ask ask = { .chain_id = 1, .text = TYPED_AS_SENT, .K = *signer_pk(wallet), .spki = buf_slice(&spki) };
	delegate_ask_body(&body, &ask);
	delegate_ask_authorization(&header, &ask, gateway);
	const delegate_call call = {
		.authorization = buf_str(&header), .content_type = "application/json", .body = buf_slice(&body),
	};
	assert_int_equal(delegate_answer(kms, &answer, &call), 200);
	assert_ok(delegate_reply_read(&sealed, &ask, signer_address(wallet), buf_slice(&answer)));
	buf_clear(&answer);
	assert_int_equal(delegate_public_key(kms, &answer, NULL, false), 200);
	delegate_kms_metrics(&metrics, kms);
	ask_once(kms, gateway, wallet, &P, buf_slice(&spki));
	delegate_kms_free(&kms);
}

CT_COVERS(secp_scalar_random, secp_scalar_reduce, secp_scalar_read, secp_scalar_add, secp_scalar_sub, secp_scalar_mul,
          secp_scalar_inv, secp_scalar_is_zero, secp_sk_of_scalar, secp_scalar_of_sk);

static void scalars_do_not_branch_on_their_values(void **state)
{
	secp_scalar a = secp_scalar_random(&CT_SECRET_RNG), zero = secp_scalar_of(0), read;
	uint8_t bytes[SECP_SK];
	secp_sk sk;

	(void)state;
	SECRET(&zero, sizeof zero);
	rng_fill(&CT_SECRET_RNG, bytes, sizeof bytes);
	const secp_scalar b = secp_scalar_reduce(bytes), sum = secp_scalar_add(&a, &b), difference = secp_scalar_sub(&sum, &b);
	const secp_scalar product = secp_scalar_mul(&a, &b), inverse = secp_scalar_inv(&b), quotient = secp_scalar_mul(&product, &inverse);
	secp_scalar none = secp_scalar_mul(&a, &zero);
	assert_true(secp_scalar_read(&read, quotient.b));
	assert_true(secp_sk_of_scalar(&sk, &difference));
	secp_scalar back = secp_scalar_of_sk(&sk);
	uint64_t is_zero = secp_scalar_is_zero(&none);
	DECLASSIFY_RESULT(&a, sizeof a);
	DECLASSIFY_RESULT(&read, sizeof read);
	DECLASSIFY_RESULT(&back, sizeof back);
	DECLASSIFY_RESULT(&is_zero, sizeof is_zero);
	assert_memory_equal(&read, &a, sizeof a);
	assert_memory_equal(&back, &a, sizeof a);
	assert_true(is_zero);
}

CT_COVERS(secp_pk_times, feldman_random, feldman_share, feldman_commit, knowledge_prove, dleq_prove, dleq_prove_with);

static void sharing_and_proving_do_not_branch_on_what_is_shared(void **state)
{
	AUTO(secp) *curve = NULL;
	const hash32 ctx = { { 1 } };
	secp_pk A[3], Y;
	feldman_poly f;
	knowledge known;
	secp_sk x, k;
	dleq p;

	(void)state;
	assert_ok(secp_new(&curve, &CT_SECRET_RNG));
	feldman_random(&f, 2, NULL, &CT_SECRET_RNG);
	feldman_commit(A, &f, curve);
	const secp_scalar share = feldman_share(&f, 3);
	assert_true(feldman_public_var(&Y, A, 2, 3));
	assert_true(secp_sk_of_scalar(&x, &share));
	knowledge_prove(&known, &ctx, 3, &x, &Y, curve, &CT_SECRET_RNG);
	assert_true(knowledge_ok_var(&known, &ctx, 3, &Y));
	secp_pk D = secp_pk_times(&A[1], &x);
	dleq_prove(&p, &ctx, &x, &Y, &A[1], &D, curve, &CT_SECRET_RNG);
	DECLASSIFY(&D, sizeof D, "a test publishes it");
	DECLASSIFY(&p, sizeof p, "a test publishes it");
	assert_true(dleq_ok_var(&p, &ctx, &Y, &A[1], &D));
	secp_sk_random(&k, &CT_SECRET_RNG);
	dleq_prove_with(&p, &k, &ctx, &x, &Y, &A[1], &D, curve);
	DECLASSIFY(&p, sizeof p, "a test publishes it");
	assert_true(dleq_ok_var(&p, &ctx, &Y, &A[1], &D));
}

CT_COVERS(dealer_begin, dealer_seal, dealt_open, complaint_write);

static void dealing_does_not_branch_on_shares_and_keys(void **state)
{
	enum { N = 4, T = 1 };
	AUTO(secp) *curve = NULL;
	const hash32 sid = { { 1 } };
	uint8_t message[1024], complaint[COMPLAINT_BYTES];
	secp_scalar share;
	secp_pk E[N + 1];
	secp_sk e[N + 1];
	dealer d;
	dealt seen;

	(void)state;
	assert_ok(secp_new(&curve, &CT_SECRET_RNG));
	for (party j = 1; j <= N; j++) {
		secp_sk_random(&e[j], &CT_SECRET_RNG);
		E[j] = secp_pk_of(curve, &e[j]);
	}
	const deal_terms x = { .sid = &sid, .n = N, .T = T, .to = parties_all(N), .E = E };
	assert_true(sizeof message >= deal_bytes(N, T));
	dealer_begin(&d, message, &x, 2, NULL, curve, &CT_SECRET_RNG);
	dealer_seal(message + deal_head_bytes(T), &d, &x);
	assert_true(dealt_read(&seen, &x, 2, slice_of(message, deal_bytes(N, T))));
	for (party j = 1; j <= N; j++) assert_true(dealt_open(&share, &seen, &x, 2, j, &e[j], curve));
	message[deal_head_bytes(T)] ^= 1;
	assert_false(dealt_open(&share, &seen, &x, 2, 1, &e[1], curve));
	complaint_write(complaint, &seen, &x, 2, 1, &e[1], curve, &CT_SECRET_RNG);
	assert_int_equal(complaint_judge(complaint, &seen, &x, 1, curve), COMPLAINT_RIGHT);
}

CT_COVERS(group_share_write, group_share_read, group_share_is_right);

static void stored_shares_do_not_branch_on_what_they_are(void **state)
{
	AUTO(secp) *curve = NULL;
	AUTO(buf) file = { 0 };
	static group_record r;
	group_share held = { .index = 2 }, again;

	(void)state;
	assert_ok(secp_new(&curve, &CT_SECRET_RNG));
	secp_sk_random(&held.s, &CT_SECRET_RNG);
	const secp_pk Y = secp_pk_of(curve, &held.s);
	r = (group_record){ .key = { .n = 4, .T = 1, .P = Y, .Y = { [2] = Y } }, .roster = { .n = 4 } };
	group_share_write(&file, &held, &r);
	assert_ok(group_share_read(&again, &r, buf_slice(&file)));
	assert_true(group_share_is_right(&again, &r.key, curve));
}

CT_COVERS(whole_key_write, whole_key_read);

static void a_stored_whole_key_does_not_branch_on_it(void **state)
{
	AUTO(buf) file = { 0 };
	whole_key k = { .kind = WHOLE_KEY_CHAIN, .chain_id = 1, .state = KEY_ACTIVE }, again;

	(void)state;
	secp_sk_random(&k.sk, &CT_SECRET_RNG);
	whole_key_write(&file, &k);
	assert_ok(whole_key_read(&again, buf_slice(&file)));
	DECLASSIFY_RESULT(&k, sizeof k);
	DECLASSIFY_RESULT(&again, sizeof again);
	assert_memory_equal(&k.sk, &again.sk, sizeof k.sk);
}

CT_COVERS(group_partial_make, group_partial_ok_var, group_partial_write, group_partial_read, group_combine, shared_x_of);
CT_REACHES(group_combine, secp_pk_sum_var);

static void partial_answers_do_not_branch_on_shares_and_their_sum_not_on_them(void **state)
{
	AUTO(secp) *curve = NULL;
	const hash32 request = { { 1 } };
	uint8_t bytes[GROUP_PARTIAL_BYTES];
	group_key key = { .n = 4, .T = 1 };
	group_partial p[2], read;
	secp_pk A[2], S;
	feldman_poly f;

	(void)state;
	assert_ok(secp_new(&curve, &CT_SECRET_RNG));
	feldman_random(&f, 1, NULL, &CT_SECRET_RNG);
	feldman_commit(A, &f, curve);
	for (party i = 1; i <= 4; i++) assert_true(feldman_public_var(&key.Y[i], A, 1, i));
	for (party i = 1; i <= 2; i++) {
		const secp_scalar share = feldman_share(&f, i);
		group_share x = { .index = i };
		assert_true(secp_sk_of_scalar(&x.s, &share));
		group_partial_make(&p[i - 1], &key, &x, &A[1], &request, curve, &CT_SECRET_RNG);
	}
	assert_ok(group_combine(&S, &key, p, 2));
	shared_x x = shared_x_of(&S);
	group_partial_write(bytes, &p[0]);
	DECLASSIFY(bytes, sizeof bytes, "a test publishes it");
	DECLASSIFY_RESULT(&x, sizeof x);
	assert_ok(group_partial_read(&read, slice_of(bytes, sizeof bytes)));
	assert_true(group_partial_ok_var(&read, &key, &A[1], &request));
}

/* ---- a key that two of three nodes answer with ----------------------------------------------------------------------- */

enum { SHARED_CHAIN = 1 };

typedef struct trio {
	delegate_kms *kms[3];
	combiner *c;
	pool *cores;
	buf   sent[3];                         /* asks, by party */
	bool  done;
	unsigned status;
} trio;

static void keep_ask(void *ctx, uint32_t chain_id, party to, slice frame) { (void)chain_id; buf_put_slice(&((trio *)ctx)->sent[to - 1], frame); }
static bool always(void *ctx, uint32_t chain_id, party who) { (void)ctx, (void)chain_id, (void)who; return true; }
static void no_lie(void *ctx, const combiner_evidence *e) { (void)ctx, (void)e; fail_msg("an honest part is called a lie"); }
static bool no_wallet(void *ctx, eth_address *out, uint32_t chain_id, party who) { (void)ctx, (void)out, (void)chain_id, (void)who; return false; }

static void note_done(void *arg, unsigned status, buf *body)
{
	trio *t = arg;

	t->status = status;
	__atomic_store_n(&t->done, true, __ATOMIC_RELEASE);
	buf_free(body);
}

static void deal(group_key *key, group_share *held, const secp *curve)
{
	feldman_poly f;
	secp_sk sk;

	feldman_random(&f, key->T, NULL, &CT_SECRET_RNG);
	for (party i = 1; i <= key->n; i++) {
		const secp_scalar s = feldman_share(&f, i);
		held[i - 1].index = i;
		assert_true(secp_sk_of_scalar(&held[i - 1].s, &s));
		key->Y[i] = secp_pk_of(curve, &held[i - 1].s);
	}
	assert_true(secp_sk_of_scalar(&sk, &f.a[0]));
	key->P = secp_pk_of(curve, &sk);
}

CT_COVERS(delegate_kms_put_share, delegate_kms_drop_share, delegate_answer_ask, delegate_answer_partial, delegate_describe);
CT_REACHES(delegate_answer_partial, kms_read_v1);
CT_REACHES(delegate_answer_ask, kms_group_hold, kms_group_release);
CT_REACHES(delegate_kms_new, kms_group_alone);
CT_REACHES(delegate_describe, description_write);

CT_COVERS(parts_open);

/* A whole key gives its only part, which the reader opens. */
static void the_reader_of_parts_does_not_branch_on_them(void **state)
{
	AUTO(buf) spki = { 0 }, body = { 0 }, header = { 0 }, answer = { 0 }, description = { 0 }, sealed = { 0 }, file = { 0 };
	AUTO(signer) *wallet = NULL;
	AUTO(rsa_sk) *own = NULL;
	char folder[] = "/tmp/arca-ct-XXXXXX", path[64];
	delegate_kms *kms = NULL;
	nonces *used = NULL;
	group_key key;
	eth_address by;
	party index;
	parts_file p;
	shared_x x;
	secp_sk sk;

	(void)state;
	secp_sk_random(&sk, &CT_SECRET_RNG);
	assert_ok(signer_new(&wallet, &sk, &CT_SECRET_RNG));
	delegate_chain chain = { .id = SHARED_CHAIN, .gateway = *signer_address(wallet), .state = KEY_ACTIVE };
	secp_sk_random(&chain.key, &CT_SECRET_RNG);
	assert_ok(delegate_kms_new(&kms, &chain, 1, wallet, &CT_SECRET_RNG));
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/nonces", folder);
	assert_ok(nonces_open(&used, path, clock_system()));
	delegate_kms_remember(kms, used, clock_system());
	own = reader_key(&spki);
	assert_int_equal(delegate_describe(kms, &description, NULL), 200);
	assert_ok(description_read(&key, &index, &by, SHARED_CHAIN, buf_slice(&description)));
	const uint64_t now = (uint64_t)(clock_unix_ms(clock_system()) / 1000);
	delegate_v1 d = { .chain_id = SHARED_CHAIN, .target_hash = keccak256(buf_slice(&spki)), .not_before = now - 100, .expires_at = now + 200 };
	memcpy(d.key_id.b, key.key_id.b, sizeof d.key_id.b);
	memcpy(d.ephemeral, signer_pk(wallet)->b, SECP_PK);
	delegate_v1_body(&body, &d, buf_slice(&spki));
	delegate_v1_authorization(&header, &d, wallet);
	const delegate_call call = { .authorization = buf_str(&header), .content_type = "application/json", .body = buf_slice(&body) };
	assert_int_equal(delegate_answer_partial(kms, &answer, &call), 200);
	assert_ok(delegate_v1_partial_read(&sealed, &d, signer_address(wallet), buf_slice(&answer)));
	parts_write(&file, SHARED_CHAIN, buf_slice(&body), buf_slice(&description), &sealed, 1);
	assert_ok(parts_read(&p, buf_slice(&file)));
	assert_ok(parts_open(&x, &p, own, signer_pk(wallet)));
	DECLASSIFY_RESULT(&x, sizeof x);
	parts_free(&p);
	delegate_kms_free(&kms);
	nonces_free(&used);
	unlink(path);
	rmdir(folder);
}

static void parts_of_answers_do_not_branch_on_shares_or_on_the_secret(void **state)
{
	AUTO(buf) spki = { 0 }, body = { 0 }, header = { 0 }, text = { 0 };
	AUTO(signer) *wallet = NULL, *gateway = NULL;
	AUTO(rsa_sk) *own = NULL;
	AUTO(secp) *curve = NULL;
	group_key key = { .chain_id = SHARED_CHAIN, .n = 3, .T = 1 };
	group_share held[3];
	secp_sk sk;
	trio t = { 0 };

	(void)state;
	assert_ok(secp_new(&curve, &CT_SECRET_RNG));
	secp_sk_random(&sk, &CT_SECRET_RNG);
	assert_ok(signer_new(&wallet, &sk, &CT_SECRET_RNG));
	secp_sk_random(&sk, &CT_SECRET_RNG);
	assert_ok(signer_new(&gateway, &sk, &CT_SECRET_RNG));
	own = reader_key(&spki);
	deal(&key, held, curve);
	const delegate_chain chain = { .id = SHARED_CHAIN, .gateway = *signer_address(gateway), .shared = true };
	for (unsigned i = 0; i < 3; i++) {
		assert_ok(delegate_kms_new(&t.kms[i], &chain, 1, wallet, &CT_SECRET_RNG));
		assert_ok(delegate_kms_put_share(t.kms[i], &key, KEY_ACTIVE, &held[i]));
	}
	assert_ok(pool_new(&t.cores, 1));
	assert_ok(combiner_new(&t.c, &(combiner_parts){ t.kms[0], t.cores, clock_system(), &t, keep_ask, always, no_lie, no_wallet }));

	const delegate_ask ask = { .chain_id = SHARED_CHAIN, .text = TYPED_AS_SENT, .K = *signer_pk(wallet), .spki = buf_slice(&spki) };
	delegate_ask_body(&body, &ask);
	delegate_ask_authorization(&header, &ask, gateway);
	const delegate_call call = { .authorization = buf_str(&header), .content_type = "application/json", .body = buf_slice(&body) };
	combiner_begin(t.c, &call, false, note_done, &t);
	for (unsigned i = 1; i < 3; i++) {
		AUTO(buf) answer = { 0 };
		assert_true(delegate_answer_ask(t.kms[i], &answer, true, buf_slice(&t.sent[i])));
		DECLASSIFY(answer.p, answer.n, "whoever combines checks proofs, which say nothing of the secret, in variable time");
		assert_true(combiner_take(t.c, (party)(i + 1), buf_slice(&answer)));
	}
	while (!__atomic_load_n(&t.done, __ATOMIC_ACQUIRE)) sched_yield();
	assert_int_equal(t.status, 200);
	assert_int_equal(delegate_describe(t.kms[0], &text, NULL), 200);
	buf_clear(&text);
	assert_int_equal(delegate_answer_partial(t.kms[0], &text, &call), 503);      /* keeps no nonces */
	combiner_stop(t.c);
	pool_free(&t.cores);
	combiner_free(&t.c);
	delegate_kms_drop_share(t.kms[0], SHARED_CHAIN, NULL);
	for (unsigned i = 0; i < 3; i++) {
		delegate_kms_free(&t.kms[i]);
		buf_free(&t.sent[i]);
	}
}

TESTS(TEST(scalars_do_not_branch_on_their_values), TEST(sharing_and_proving_do_not_branch_on_what_is_shared),
      TEST(stored_shares_do_not_branch_on_what_they_are), TEST(a_stored_whole_key_does_not_branch_on_it),
      TEST(dealing_does_not_branch_on_shares_and_keys), TEST(partial_answers_do_not_branch_on_shares_and_their_sum_not_on_them),
      TEST(encryption_does_not_branch_on_scalars_points_or_plaintext),
      TEST(an_answer_does_not_branch_on_the_protocol_key_or_the_secret),
      TEST(parts_of_answers_do_not_branch_on_shares_or_on_the_secret), TEST(the_reader_of_parts_does_not_branch_on_them))
