/* SPDX-License-Identifier: MIT */
/*
 * Four nodes as processes, one key that party 1 dealt: decryptions for everybody and for one user, with one node at a time
 * that is dead, silent or lying.
 */
#include "evm/address.h"
#include "evm/kms712.h"
#include "seal/signcrypt.h"
#include "tests/node/cluster.h"
#include "tests/node/samples.h"
#include "tkms/reconstruct.h"

enum { N = 4, T = 1, TIMEOUT_S = 4 };

static struct world {
	void *top;
	test_cluster c;
	samples s, fresh;                    /* fresh: each is opened by one test only, so that no party has old shares of it */
	bool has_key;
	party_set asked;                     /* nodes whose answers count: those that run, but for liars */
} w;

static const id32 EPOCH = {{ 8, [31] = 1 }};

static int set_up(void **state)
{
	(void)state;
	if (folder_make(&w.top)) return -1;
	cluster_make(&w.c, w.top, N, T, TIMEOUT_S);
	cluster_start_all(&w.c);
	w.asked = parties_all(N);
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	samples_free(&w.s);
	samples_free(&w.fresh);
	cluster_unmake(&w.c);
	return folder_remove(&w.top);
}

/* ---- asking all, checking all ----------------------------------------------------------------------------------- */

static void start_public_at(party_set who, const id32 *id, const client_item *item, size_t n)
{
	FOR_EACH_IN(i, who) {
		buf empty = { 0 };
		if (!w.c.up[i]) continue;
		grpc_status s = public_decrypt(&w.c.node[i], &empty, "PublicDecrypt", id, &w.c.key, item, n);
		if (s != GRPC_OK) print_error("node %u: %s\n", i, client_said.message);
		assert_int_equal(s, GRPC_OK);
		buf_free(&empty);
	}
}

static grpc_status public_result(party i, const id32 *id)
{
	buf response = { 0 };
	grpc_status s = get_result(&w.c.node[i], &response, "GetPublicDecryptionResult", id);
	buf_free(&response);
	return s;
}

static void check_plaintexts(slice response, const plaintext *want, size_t n)
{
	arena a = arena_with_limit(PB_ROOM(response.n));
	Kms__V1__PublicDecryptionResponse *m;

	assert_ok(pb_unpack(&a, &m, &kms__v1__public_decryption_response__descriptor, response));
	assert_int_equal(m->payload->n_plaintexts, n);
	for (size_t i = 0; i < n; i++) {
		const Kms__V1__TypedPlaintext *p = m->payload->plaintexts[i];
		assert_int_equal(p->fhe_type, want[i].type->number);
		assert_int_equal(p->bytes.len, want[i].type->bytes);
		assert_memory_equal(p->bytes.data, want[i].bytes, p->bytes.len);
	}
	arena_free(&a);
}

/* Every node that is asked says the same, and it is right. */
static void decrypts(const client_item *item, const plaintext *want, size_t n)
{
	const id32 id = fresh_id(1);

	start_public_at(parties_all(N), &id, item, n);
	FOR_EACH_IN(i, w.asked) {
		buf response = { 0 };
		grpc_status s = get_result(&w.c.node[i], &response, "GetPublicDecryptionResult", &id);
		if (s != GRPC_OK) print_error("node %u: %s\n", i, client_said.message);
		assert_int_equal(s, GRPC_OK);
		check_plaintexts(buf_slice(&response), want, n);
		buf_free(&response);
	}
}

/* One party's answer, opened by the user. */
typedef struct opened { user_share slot[SAMPLES]; buf vector[SAMPLES]; user_answer answer; } opened;

static void open_answer(opened *o, slice response, const user *u, party from, size_t n)
{
	arena a = arena_with_limit(PB_ROOM(response.n));
	Kms__V1__UserDecryptionResponse *m;
	hash32 link;
	secp_pk pk;

	assert_ok(pb_unpack(&a, &m, &kms__v1__user_decryption_response__descriptor, response));
	assert_int_equal(m->payload->party_id, from);
	assert_int_equal(m->payload->degree, T);
	assert_int_equal(m->payload->n_signcrypted_ciphertexts, n);
	assert_int_equal(m->payload->digest.len, sizeof link);
	memcpy(link.b, m->payload->digest.data, sizeof link);
	assert_ok(secp_pk_read(&pk, slice_of(m->payload->verification_key.data + 8, SECP_PK)));
	*o = (opened){ .answer = { from, m->payload->degree, link, n, o->slot } };
	for (size_t i = 0; i < n; i++) {
		const Kms__V1__TypedSigncryptedCiphertext *c = m->payload->signcrypted_ciphertexts[i];
		int32_t type;
		assert_ok(unsigncrypt(&o->vector[i], &type, &u->dk, &pk, &u->address, &link, pb_slice(c->signcrypted_ciphertext)));
		assert_int_equal(type, c->fhe_type);
		o->slot[i] = (user_share){ type, c->packing_factor, buf_slice(&o->vector[i]) };
	}
	arena_free(&a);
}

static void reconstructs(const opened *o, size_t answers, const plaintext *want, size_t n, party_set liars)
{
	user_answer answer[N];
	const fhe_type *type[SAMPLES];
	plaintext *got = calloc(n, sizeof *got);
	party_set wrong;

	assert_non_null(got);
	for (size_t i = 0; i < answers; i++) answer[i] = o[i].answer;
	for (size_t i = 0; i < n; i++) type[i] = want[i].type;
	const user_request r = { N, T, o[0].answer.link, n, type };
	assert_ok(reconstruct(got, &wrong, &r, answer, answers));
	for (size_t i = 0; i < n; i++) assert_memory_equal(got[i].bytes, want[i].bytes, want[i].type->bytes);
	assert_true(wrong == liars);
	free(got);
}

/* Every answer is bound to what was asked, for whom and under which key. */
static void assert_link(const opened *o, const user *u, const client_item *item, size_t n)
{
	const Kms__V1__Eip712DomainMsg *m = domain_message("Decryption");
	const eip712_domain_parts parts = { .name = slice_str("Decryption"), .version = slice_str("1"), .chain_id = pb_slice(m->chain_id),
	                                    .contract = slice_str(m->verifying_contract) };
	abi_word handle[SAMPLES];
	eip712_domain d;

	assert_ok(eip712_domain_read(&d, &parts));
	for (size_t i = 0; i < n; i++) assert_ok(kms712_handle(&handle[i], item[i].handle));
	const hash32 link = kms712_link(&d, slice_of(u->wire, sizeof u->wire), handle, n, &u->address);
	assert_true(hash32_eq_var(o->answer.link, link));
}

/* From all answers of the nodes that run; with `liars` among them. */
static size_t ask_as_user(opened *o, const client_item *item, size_t n)
{
	const user u = new_user();
	const id32 id = fresh_id(2);
	buf response[N + 1] = { 0 };
	size_t answers = 0;

	for (party i = 1; i <= N; i++)
		if (w.c.up[i])
			assert_int_equal(user_decrypt(&w.c.node[i], &response[i], "UserDecrypt", &id, &w.c.key, item, n, &u), GRPC_OK);
	cluster_results(&w.c, response, "GetUserDecryptionResult", &id, GRPC_OK);
	for (party i = 1; i <= N; i++) {
		if (w.c.up[i]) {
			open_answer(&o[answers], buf_slice(&response[i]), &u, i, n);
			assert_link(&o[answers++], &u, item, n);
		}
		buf_free(&response[i]);
	}
	return answers;
}

static void forget(opened *o, size_t answers)
{
	for (size_t i = 0; i < answers; i++)
		for (size_t k = 0; k < SAMPLES; k++) buf_free(&o[i].vector[k]);
	free(o);
}

/* ---- coming to a key --------------------------------------------------------------------------------------------- */

static void without_an_epoch_nothing_is_decrypted_and_no_key_is_made(void **state)
{
	(void)state;
	const id32 id = fresh_id(1), key = fresh_id(4);
	const client_item item = { FHE_BOOL, BIG_EXPANDED, slice_str("x"), slice_str("h") };
	Kms__V1__KeyGenPreprocRequest p = KMS__V1__KEY_GEN_PREPROC_REQUEST__INIT;
	buf response = { 0 };

	assert_int_equal(public_decrypt(&w.c.node[1], &response, "PublicDecrypt", &id, &key, &item, 1), GRPC_NOT_FOUND);
	assert_non_null(strstr(client_said.message, "NewMpcEpoch"));
	p.request_id = id_message(&key);
	p.params = (Kms__V1__FheParameter)1;
	p.domain = domain_message("KMSGeneration");
	assert_int_equal(call_core(&w.c.node[1], &response, "InsecureKeyGenPreproc", &p.base), GRPC_NOT_FOUND);
	assert_int_equal(call_core(&w.c.node[1], &response, "KeyGenPreproc", &p.base), GRPC_NOT_FOUND);
	assert_non_null(strstr(client_said.message, "NewMpcEpoch"));
	assert_int_equal(call_core(&w.c.node[1], &response, "GetEpochResult", &id_message(&EPOCH)->base), GRPC_NOT_FOUND);
	buf_free(&response);
}

static void an_epoch_is_set_up_once(void **state)
{
	(void)state;
	Kms__V1__NewMpcEpochRequest m = KMS__V1__NEW_MPC_EPOCH_REQUEST__INIT;
	Kms__V1__PreviousEpochInfo previous = KMS__V1__PREVIOUS_EPOCH_INFO__INIT;
	const id32 older = {{ 8 , [30] = 0, [31] = 0, [29] = 0, [1] = 0 }}, nowhere = {{ 7, [31] = 99 }}, next = {{ 8, [31] = 2 }};

	cluster_new_epoch(&w.c, &EPOCH);
	m.epoch_id = id_message(&EPOCH);
	cluster_call_all(&w.c, "NewMpcEpoch", &m.base, GRPC_ALREADY_EXISTS);
	m.epoch_id = id_message(&older);
	cluster_call_all(&w.c, "NewMpcEpoch", &m.base, GRPC_INVALID_ARGUMENT);
	m.epoch_id = id_message(&next);
	m.context_id = id_message(&nowhere);
	cluster_call_all(&w.c, "NewMpcEpoch", &m.base, GRPC_NOT_FOUND);
	m.context_id = NULL;
	m.previous_epoch = &previous;
	cluster_call_all(&w.c, "NewMpcEpoch", &m.base, GRPC_INVALID_ARGUMENT);
	m.domain = domain_message("ProtocolConfig");
	cluster_call_all(&w.c, "NewMpcEpoch", &m.base, GRPC_INVALID_ARGUMENT);       /* previous_epoch names no epoch */
}

static void deal_a_key(void)
{
	cluster_new_key(&w.c, &w.c.prep, &w.c.key, 1);
	samples_make(&w.s, &w.c.node[3], &w.c.key);
	samples_make_big(&w.fresh, &w.c.node[2], &w.c.key);
	w.has_key = true;
}

static void everybody_has_signed_the_same(const id32 *key, const char *const type[static 2])
{
	buf response[N + 1] = { 0 };
	arena a = arena_with_limit(1 << 20);
	Kms__V1__KeyGenResult *first = NULL, *m;

	cluster_results(&w.c, response, "GetKeyGenResult", key, GRPC_OK);
	for (party i = 1; i <= N; i++) {
		assert_ok(pb_unpack(&a, &m, &kms__v1__key_gen_result__descriptor, buf_slice(&response[i])));
		if (!first) first = m;
		assert_int_equal(m->n_key_digests, 2);
		for (size_t k = 0; k < 2; k++) {
			assert_string_equal(m->key_digests[k]->key_type, type[k]);
			assert_true(slice_eq_var(pb_slice(m->key_digests[k]->digest), pb_slice(first->key_digests[k]->digest)));
			buf file = published_by(&w.c.node[i], type[k], key);
			uint8_t digest[KEY_DIGEST_BYTES];
			tkms_key_digest(digest, buf_slice(&file));
			assert_true(slice_eq_var(slice_of(digest, sizeof digest), pb_slice(m->key_digests[k]->digest)));
			buf_free(&file);
		}
		buf_free(&response[i]);
	}
	arena_free(&a);
}

static void a_key_is_dealt_and_everybody_has_signed_the_same(void **state)
{
	(void)state;
	deal_a_key();
	everybody_has_signed_the_same(&w.c.key, (const char *const[]){ "PublicKey", "CompressedXofKeySet" });
}

/* Each makes the ServerKey from what was dealt. */
static void it_may_be_dealt_to_be_published_uncompressed(void **state)
{
	(void)state;
	id32 prep, key;

	ask_uncompressed(true);
	cluster_new_key(&w.c, &prep, &key, 1);
	ask_uncompressed(false);
	everybody_has_signed_the_same(&key, (const char *const[]){ "ServerKey", "PublicKey" });
}

/* ---- decrypting ------------------------------------------------------------------------------------------------------ */

static void every_type_in_every_format_is_decrypted_for_everybody(void **state)
{
	(void)state;
	decrypts(w.s.item, w.s.value, SAMPLES);
}

static void every_type_in_every_format_is_decrypted_for_one_user(void **state)
{
	(void)state;
	opened *o = calloc(N, sizeof *o);

	assert_non_null(o);
	assert_int_equal(ask_as_user(o, w.s.item, SAMPLES), N);
	reconstructs(o, N, w.s.value, SAMPLES, 0);
	reconstructs(o + 1, 3, w.s.value, SAMPLES, 0);
	reconstructs(o, 3, w.s.value, SAMPLES, 0);
	forget(o, N);
}


static void the_same_ciphertext_may_be_asked_for_again_and_twice_at_once(void **state)
{
	(void)state;
	const size_t k = sample_of(BIG_COMPRESSED, 4);
	const client_item twice[] = { w.s.item[k], w.s.item[k], w.s.item[sample_of(BIG_EXPANDED, 0)] };
	const plaintext want[] = { w.s.value[k], w.s.value[k], w.s.value[sample_of(BIG_EXPANDED, 0)] };

	decrypts(&w.s.item[k], &w.s.value[k], 1);
	decrypts(&w.s.item[k], &w.s.value[k], 1);
	decrypts(twice, want, 3);
}

/* ---- one that is gone ---------------------------------------------------------------------------------------------- */

enum { BIG = 2 * SAMPLE_TYPES };                     /* samples of big formats come first, and are quick */

static Kms__V1__HealthStatus health_of(party i, unsigned *reachable)
{
	Kms__V1__Empty empty = KMS__V1__EMPTY__INIT;
	Kms__V1__HealthStatusResponse *m;
	arena a = arena_with_limit(1 << 20);
	buf response = { 0 };

	assert_int_equal(call_core(&w.c.node[i], &response, "GetHealthStatus", &empty.base), GRPC_OK);
	assert_ok(pb_unpack(&a, &m, &kms__v1__health_status_response__descriptor, buf_slice(&response)));
	assert_int_equal(m->node_type, KMS__V1__NODE_TYPE__NODE_TYPE_THRESHOLD);
	const Kms__V1__PeersFromContext *p = m->peers_from_all_contexts[0];
	assert_int_equal(p->my_party_id, i);
	assert_int_equal(p->threshold_required, N / 3 + 1);
	assert_int_equal(p->n_peers, N - 1);
	*reachable = p->nodes_reachable;
	const Kms__V1__HealthStatus status = p->status;
	buf_free(&response);
	arena_free(&a);
	return status;
}

static void health_tells_who_can_be_reached(void **state)
{
	(void)state;
	unsigned reachable;

	cluster_wait_linked(&w.c);
	assert_int_equal(health_of(1, &reachable), KMS__V1__HEALTH_STATUS__HEALTH_STATUS_OPTIMAL);
	assert_int_equal(reachable, N);
	cluster_kill(&w.c, 4);
	UNTIL(health_of(1, &reachable) != KMS__V1__HEALTH_STATUS__HEALTH_STATUS_OPTIMAL);
	assert_int_equal(health_of(1, &reachable), KMS__V1__HEALTH_STATUS__HEALTH_STATUS_HEALTHY);
	assert_int_equal(reachable, N - 1);
	assert_int_equal(cluster_metric(&w.c, 1, "arca_peer_up{party=\"4\"}"), 0);
	assert_int_equal(cluster_metric(&w.c, 1, "arca_peer_up{party=\"2\"}"), 1);
	cluster_start(&w.c, 4, NULL, NULL);
	cluster_wait_linked(&w.c);
	assert_int_equal(health_of(1, &reachable), KMS__V1__HEALTH_STATUS__HEALTH_STATUS_OPTIMAL);
}

static void three_decrypt_while_one_is_dead_and_it_is_back_by_itself(void **state)
{
	(void)state;
	const id32 id = fresh_id(1);
	opened *o = calloc(N, sizeof *o);
	buf response = { 0 };

	assert_non_null(o);
	cluster_kill(&w.c, 4);
	take_from(&w.asked, 4);
	decrypts(w.s.item, w.s.value, BIG);
	assert_int_equal(ask_as_user(o, w.s.item, 4), 3);
	reconstructs(o, 3, w.s.value, 4, 0);
	forget(o, 3);
	start_public_at(w.asked, &id, w.s.item, 3);
	FOR_EACH_IN(i, w.asked) assert_int_equal(public_result(i, &id), GRPC_OK);

	/* It was not there when the shares were sent; now it asks for them. */
	cluster_start(&w.c, 4, NULL, NULL);
	add_to(&w.asked, 4);
	cluster_wait_linked(&w.c);
	start_public_at((party_set)1 << 4, &id, w.s.item, 3);
	assert_int_equal(get_result(&w.c.node[4], &response, "GetPublicDecryptionResult", &id), GRPC_OK);
	check_plaintexts(buf_slice(&response), w.s.value, 3);
	decrypts(w.s.item, w.s.value, 2);
	buf_free(&response);
}

/* A party is killed while it waits for the others' shares, and goes on by itself; the user's answer was there and stays. */
static void what_was_acknowledged_outlives_a_kill(void **state)
{
	(void)state;
	const id32 id = fresh_id(1), uid = fresh_id(2);
	const party_set victim = (party_set)1 << 4;
	const user u = new_user();
	buf before = { 0 }, after = { 0 };

	assert_int_equal(user_decrypt(&w.c.node[4], &before, "UserDecryptSync", &uid, &w.c.key, w.s.item, 2, &u), GRPC_OK);
	start_public_at(victim, &id, w.s.item, 3);
	cluster_kill(&w.c, 4);
	cluster_start(&w.c, 4, NULL, NULL);
	cluster_wait_linked(&w.c);
	start_public_at(w.asked & ~victim, &id, w.s.item, 3);
	FOR_EACH_IN(i, w.asked) assert_int_equal(public_result(i, &id), GRPC_OK);
	assert_int_equal(get_result(&w.c.node[4], &after, "GetUserDecryptionResult", &uid), GRPC_OK);
	assert_true(slice_eq_var(buf_slice(&before), buf_slice(&after)));
	buf_free(&before), buf_free(&after);
}

/* ---- one that lies --------------------------------------------------------------------------------------------------- */

static void start_liar(party i, const char *lie)
{
	if (w.c.up[i]) cluster_kill(&w.c, i);
	cluster_start(&w.c, i, getenv("ARCA_LIAR"), lie);
	take_from(&w.asked, i);
	if (strcmp(lie, "mute")) cluster_wait_linked(&w.c);
}

static void bring_back(party i)
{
	cluster_kill(&w.c, i);
	cluster_start(&w.c, i, NULL, NULL);
	add_to(&w.asked, i);
	cluster_wait_linked(&w.c);
}

static long long lies_of_3_seen_by(party i) { return cluster_metric(&w.c, i, "arca_peer_wrong_shares_total{party=\"3\"}"); }

static void wait_until_named(party i, long long before)
{
	UNTIL(lies_of_3_seen_by(i) > before);
}

static void wrong_shares_change_nothing_and_name_their_sender(void **state)
{
	(void)state;
	opened *o = calloc(N, sizeof *o);

	assert_non_null(o);
	start_liar(3, "shares");
	const long long before = lies_of_3_seen_by(1);
	decrypts(w.fresh.item, w.fresh.value, 3);
	wait_until_named(1, before);
	wait_until_named(2, 0);
	decrypts(w.s.item, w.s.value, BIG);
	assert_true(cluster_logged(&w.c, 1, "party 3 of context"));
	assert_true(cluster_logged(&w.c, 1, "off the polynomial"));
	assert_int_equal(cluster_metric(&w.c, 1, "arca_peer_wrong_shares_total{party=\"2\"}"), 0);
	assert_int_equal(ask_as_user(o, w.s.item, 6), N);
	reconstructs(o, N, w.s.value, 6, (party_set)1 << 3);
	forget(o, N);
	bring_back(3);
}

/* Neither noise, nor another ciphertext, nor silence; and who was given another ciphertext is not called a liar. */
static void other_lies_change_nothing_either(void **state)
{
	(void)state;
	static const char *const LIES[] = { "garbage", "other", "mute", "forge" };

	for (size_t k = 0; k < COUNT(LIES); k++) {
		start_liar(3, LIES[k]);
		const long long before = lies_of_3_seen_by(1);
		decrypts(w.s.item, w.s.value, BIG);
		if (!strcmp(LIES[k], "garbage")) wait_until_named(1, before);
		if (!strcmp(LIES[k], "other")) assert_int_equal(lies_of_3_seen_by(1), before);
		bring_back(3);
	}
}

/* A liar beside a dead node is one too many: nothing is signed rather than something wrong. */
static void with_a_liar_and_a_dead_node_nothing_wrong_is_signed(void **state)
{
	(void)state;
	const id32 id = fresh_id(1);

	start_liar(3, "shares");
	cluster_kill(&w.c, 4);
	start_public_at(parties_all(N), &id, &w.fresh.item[sample_of(BIG_COMPRESSED, 1)], 2);
	for (party i = 1; i <= 2; i++) {
		assert_int_equal(public_result(i, &id), GRPC_INTERNAL);
		assert_non_null(strstr(client_said.message, "fewer than 3 of the 4 parties"));
	}
	cluster_start(&w.c, 4, NULL, NULL);
	bring_back(3);
}

/* ---- one that was asked something else ------------------------------------------------------------------------------ */

static void who_was_given_another_ciphertext_is_told_so(void **state)
{
	(void)state;
	const size_t a = sample_of(BIG_COMPRESSED, 3), b = sample_of(BIG_COMPRESSED, 4);
	const party_set first = parties_all(3), last = (party_set)1 << 4;
	const id32 id = fresh_id(1);

	start_public_at(first, &id, &w.fresh.item[a], 1);
	start_public_at(last, &id, &w.fresh.item[b], 1);
	FOR_EACH_IN(i, first) assert_int_equal(public_result(i, &id), GRPC_OK);
	assert_int_equal(public_result(4, &id), GRPC_INTERNAL);
	assert_non_null(strstr(client_said.message, "fewer than 3 of the 4 parties"));
	assert_non_null(strstr(client_said.message, "had none when they were asked"));
}

static void two_against_two_is_a_clear_failure_everywhere_and_may_be_asked_again(void **state)
{
	(void)state;
	const size_t a = sample_of(BIG_EXPANDED, 3), b = sample_of(BIG_EXPANDED, 4);
	const id32 id = fresh_id(1);

	start_public_at(parties_all(2), &id, &w.fresh.item[a], 1);
	start_public_at(parties_all(4) & ~parties_all(2), &id, &w.fresh.item[b], 1);
	for (party i = 1; i <= N; i++) assert_int_equal(public_result(i, &id), GRPC_INTERNAL);
	/* With the same ciphertext everywhere under a fresh id all is well. */
	decrypts(&w.fresh.item[a], &w.fresh.value[a], 1);
}

static void a_request_that_reached_too_few_fails_and_succeeds_when_all_are_asked(void **state)
{
	(void)state;
	const size_t k = sample_of(BIG_EXPANDED, 5);
	const id32 id = fresh_id(1);

	start_public_at(parties_all(2), &id, &w.fresh.item[k], 1);
	for (party i = 1; i <= 2; i++) {
		assert_int_equal(public_result(i, &id), GRPC_INTERNAL);
		assert_non_null(strstr(client_said.message, "within 4 s"));
	}
	start_public_at(parties_all(N), &id, &w.fresh.item[k], 1);
	for (party i = 1; i <= N; i++) assert_int_equal(public_result(i, &id), GRPC_OK);
}

/* Changes sixteen words of the ciphertext, of which half meet a zero of the key, where the form of the file stays as it is;
 * node 1 has then taken it. */
static void spoil_word(buf *file, const client_item *item, const id32 *id)
{
	enum { SPOILT = 16 * sizeof(u128) };
	grpc_status s = GRPC_INVALID_ARGUMENT;

	for (size_t at = file->n / 2; s == GRPC_INVALID_ARGUMENT; at += 100) {
		buf empty = { 0 };
		assert_true(at + SPOILT <= file->n);
		for (size_t k = 0; k < SPOILT; k++) file->p[at + k] ^= 0x5a;
		s = public_decrypt(&w.c.node[1], &empty, "PublicDecrypt", id, &w.c.key, item, 1);
		for (size_t k = 0; s == GRPC_INVALID_ARGUMENT && k < SPOILT; k++) file->p[at + k] ^= 0x5a;
		buf_free(&empty);
	}
	assert_int_equal(s, GRPC_OK);
}

/* A ciphertext that nobody made under this key: all honest nodes refuse it in the same words. */
static void noise_out_of_bound_is_the_same_error_everywhere(void **state)
{
	(void)state;
	const id32 id = fresh_id(1);
	client_item item = w.s.item[sample_of(BIG_EXPANDED, 1)];
	char first[sizeof client_said.message];
	buf spoilt = { 0 };

	buf_put_slice(&spoilt, item.file);
	item.file = buf_slice(&spoilt);
	spoil_word(&spoilt, &item, &id);
	start_public_at(parties_all(N) & ~(party_set)2, &id, &item, 1);
	for (party i = 1; i <= N; i++) {
		assert_int_equal(public_result(i, &id), GRPC_INTERNAL);
		if (i == 1) strcpy(first, client_said.message);
		assert_string_equal(client_said.message, first);
	}
	assert_non_null(strstr(first, "ciphertexts[0]"));
	buf_free(&spoilt);
}

/* By which a connector refuses the key; and where each has its share. */
static void everybody_says_that_a_dealer_knew_the_key(void **state)
{
	(void)state;
	Kms__V1__Empty empty = KMS__V1__EMPTY__INIT;
	char key[ID_TEXT], epoch[ID_TEXT];

	id_text(key, &w.c.key);
	id_text(epoch, &EPOCH);
	for (party i = 1; i <= N; i++) {
		Kms__V1__KeyMaterialAvailabilityResponse *m = NULL;
		arena a = arena_with_limit(1 << 20);
		buf response = { 0 };
		unsigned told = 0;
		assert_int_equal(call_core(&w.c.node[i], &response, "GetKeyMaterialAvailability", &empty.base), GRPC_OK);
		assert_ok(pb_unpack(&a, &m, &kms__v1__key_material_availability_response__descriptor, buf_slice(&response)));
		for (size_t k = 0; k < m->n_standings; k++)
			told += !strcmp(m->standings[k]->key_id, key) && !strcmp(m->standings[k]->epoch_id, epoch) && m->standings[k]->insecure;
		assert_int_equal(told, 1);
		buf_free(&response);
		arena_free(&a);
	}
}

/* ---- stopping and starting ---------------------------------------------------------------------------------------------- */

static void after_a_stop_of_all_everything_is_there_again(void **state)
{
	(void)state;
	const id32 id = fresh_id(1);
	buf before[N + 1] = { 0 }, after[N + 1] = { 0 }, key_before[N + 1] = { 0 }, key_after[N + 1] = { 0 };

	start_public_at(parties_all(N), &id, w.s.item, 3);
	cluster_results(&w.c, before, "GetPublicDecryptionResult", &id, GRPC_OK);
	cluster_results(&w.c, key_before, "GetInsecureKeyGenResult", &w.c.key, GRPC_OK);
	for (party i = 1; i <= N; i++) {
		if (i % 2) cluster_kill(&w.c, i);
		else assert_int_equal(cluster_stop(&w.c, i), 0);
	}
	cluster_start_all(&w.c);
	cluster_results(&w.c, after, "GetPublicDecryptionResult", &id, GRPC_OK);
	cluster_results(&w.c, key_after, "GetKeyGenResult", &w.c.key, GRPC_OK);
	cluster_results(&w.c, NULL, "GetEpochResult", &EPOCH, GRPC_OK);
	for (party i = 1; i <= N; i++) {
		assert_true(slice_eq_var(buf_slice(&before[i]), buf_slice(&after[i])));
		assert_true(slice_eq_var(buf_slice(&key_before[i]), buf_slice(&key_after[i])));
		buf_free(&before[i]), buf_free(&after[i]), buf_free(&key_before[i]), buf_free(&key_after[i]);
	}
	decrypts(w.s.item, w.s.value, BIG);
}

/* What the tests before it have made, for one that runs alone. */
static int with_key(void **state)
{
	(void)state;
	if (w.has_key) return 0;
	cluster_new_epoch(&w.c, &EPOCH);
	deal_a_key();
	return 0;
}

#define WITH_KEY(f) cmocka_unit_test_setup(f, with_key)
static const struct CMUnitTest tests[] = {
	TEST(without_an_epoch_nothing_is_decrypted_and_no_key_is_made), TEST(an_epoch_is_set_up_once),
	TEST(a_key_is_dealt_and_everybody_has_signed_the_same), TEST(it_may_be_dealt_to_be_published_uncompressed),
	WITH_KEY(everybody_says_that_a_dealer_knew_the_key),
	WITH_KEY(every_type_in_every_format_is_decrypted_for_everybody),
	WITH_KEY(every_type_in_every_format_is_decrypted_for_one_user),
	WITH_KEY(the_same_ciphertext_may_be_asked_for_again_and_twice_at_once),
	WITH_KEY(health_tells_who_can_be_reached),
	WITH_KEY(three_decrypt_while_one_is_dead_and_it_is_back_by_itself),
	WITH_KEY(what_was_acknowledged_outlives_a_kill),
	WITH_KEY(wrong_shares_change_nothing_and_name_their_sender),
	WITH_KEY(other_lies_change_nothing_either),
	WITH_KEY(with_a_liar_and_a_dead_node_nothing_wrong_is_signed),
	WITH_KEY(who_was_given_another_ciphertext_is_told_so),
	WITH_KEY(two_against_two_is_a_clear_failure_everywhere_and_may_be_asked_again),
	WITH_KEY(a_request_that_reached_too_few_fails_and_succeeds_when_all_are_asked),
	WITH_KEY(noise_out_of_bound_is_the_same_error_everywhere),
	WITH_KEY(after_a_stop_of_all_everything_is_there_again),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down);
}
