/* SPDX-License-Identifier: MIT */
/*
 * Keys that come to a new epoch, one of them published uncompressed: the same parties share them anew, and decrypt under the old
 * epoch and under the new one; with a party that is away, one that was asked for something else, one that is killed while it
 * happens, one whose disk is full, and one that lies.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "base/file.h"
#include "tests/node/cluster.h"
#include "tests/node/samples.h"

enum { N = 4, T = 1, TIMEOUT_S = 3, KEYS = 2 };

static struct world {
	void *top;
	test_cluster c;
	samples s;
	id32 prep[KEYS], key[KEYS];
	id32 last;                                       /* the newest epoch, which all parties that are asked have */
	size_t at;                                       /* the next ciphertext */
} w;

static const id32 FIRST = {{ 8, [31] = 1 }};

static id32 epoch_after(const id32 *x)
{
	id32 next = *x;
	next.b[31]++;
	return next;
}

static int set_up(void **state)
{
	(void)state;
	if (folder_make(&w.top)) return -1;
	cluster_make(&w.c, w.top, N, T, TIMEOUT_S);
	cluster_start_all(&w.c);
	cluster_new_epoch(&w.c, &FIRST);
	for (unsigned i = 0; i < KEYS; i++) {
		ask_uncompressed(i == 1);
		cluster_new_key(&w.c, &w.prep[i], &w.key[i], 1);
	}
	ask_uncompressed(false);
	samples_make_big(&w.s, &w.c.node[1], &w.key[0]);
	w.last = FIRST;
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	return cluster_take_down(&w.top, &w.c, &w.s);
}

/* ---- asking ----------------------------------------------------------------------------------------------------------- */

/* Ids of more than one field at a time. */
typedef struct id_field { Kms__V1__RequestId m; char text[ID_TEXT]; } id_field;

static Kms__V1__RequestId *field(id_field *f, const id32 *id)
{
	kms__v1__request_id__init(&f->m);
	id_text(f->text, id);
	f->m.request_id = f->text;
	return &f->m;
}

typedef struct refresh_message {
	Kms__V1__NewMpcEpochRequest m;
	Kms__V1__PreviousEpochInfo previous;
	Kms__V1__KeyInfo key[KEYS], *list[KEYS];
	Kms__V1__KeyDigest digest, *digests[1];
	id_field epoch, from, context, key_id[KEYS], prep_id[KEYS];
} refresh_message;

/* With so many keys named; 0: none, which means all. */
static void fill(refresh_message *x, const id32 *from, const id32 *to, unsigned keys)
{
	*x = (refresh_message){ 0 };
	kms__v1__new_mpc_epoch_request__init(&x->m);
	kms__v1__previous_epoch_info__init(&x->previous);
	x->m.epoch_id = field(&x->epoch, to);
	x->m.domain = domain_message("ProtocolConfig");
	x->m.previous_epoch = &x->previous;
	x->previous.epoch_id = field(&x->from, from);
	x->previous.context_id = field(&x->context, &ID_DEFAULT_CONTEXT);
	x->previous.keys_info = x->list, x->previous.n_keys_info = keys;
	for (unsigned i = 0; i < keys; i++) {
		Kms__V1__KeyInfo *k = x->list[i] = &x->key[i];
		kms__v1__key_info__init(k);
		k->key_id = field(&x->key_id[i], &w.key[i]);
		k->preproc_id = field(&x->prep_id[i], &w.prep[i]);
		k->key_parameters = (Kms__V1__FheParameter)1;
	}
}

static grpc_status ask(party i, const refresh_message *x)
{
	buf empty = { 0 };
	grpc_status s = call_core(&w.c.node[i], &empty, "NewMpcEpoch", &x->m.base);
	buf_free(&empty);
	return s;
}

static grpc_status epoch_at(party i, const id32 *epoch)
{
	buf response = { 0 };
	grpc_status s = get_result(&w.c.node[i], &response, "GetEpochResult", epoch);
	buf_free(&response);
	return s;
}

static void refresh_all(const id32 *to, unsigned keys)
{
	refresh_message x;

	fill(&x, &w.last, to, keys);
	cluster_call_all(&w.c, "NewMpcEpoch", &x.m.base, GRPC_OK);
}

/* ---- decrypting --------------------------------------------------------------------------------------------------------- */

static grpc_status start_decryption(party i, const id32 *id, const id32 *epoch, size_t item)
{
	return samples_ask(&w.s, item, &w.c.node[i], id, &(sample_place){ .epoch = epoch, .key = &w.key[0] });
}

/* All of `who` are asked, and each has the right value. */
static void decrypts(party_set who, const id32 *epoch)
{
	const size_t item = w.at++ % (2 * SAMPLE_TYPES);
	const id32 id = fresh_id(1);

	FOR_EACH_IN(i, who) assert_int_equal(start_decryption(i, &id, epoch, item), GRPC_OK);
	FOR_EACH_IN(i, who) samples_right(&w.s, item, &w.c.node[i], &id);
}

/* ---- files --------------------------------------------------------------------------------------------------------------- */

static bool there(party i, const char *type, const id32 *epoch, const id32 *key) { return cluster_has(&w.c, i, "PRIV", type, epoch, key); }
static unsigned files_of(party i, const char *where, const id32 *id) { return cluster_files(&w.c, i, where, id); }
static const char *path_of(party i, const char *type, const id32 *epoch, const id32 *key) { return cluster_object(&w.c, i, "PRIV", type, epoch, key); }

static void has_whole_epoch(party i, const id32 *epoch, unsigned keys)
{
	assert_true(there(i, "EpochData", epoch, NULL));
	assert_false(there(i, "UnfinishedEpoch", epoch, NULL));
	assert_int_equal(files_of(i, "PRIV/FheKeyInfo", epoch), keys);
}

static void has_nothing_of_epoch(party i, const id32 *epoch)
{
	assert_false(there(i, "EpochData", epoch, NULL));
	assert_false(there(i, "UnfinishedEpoch", epoch, NULL));
	assert_int_equal(files_of(i, "PRIV/FheKeyInfo", epoch), 0);
}

/* ---- what is asked ------------------------------------------------------------------------------------------------------- */

static void refused(const refresh_message *x, grpc_status code, const char *part)
{
	for (party i = 1; i <= N; i++) {
		assert_int_equal(ask(i, x), code);
		if (!strstr(client_said.message, part)) print_error("%s\n", client_said.message);
		assert_non_null(strstr(client_said.message, part));
	}
}

static void what_a_request_says_of_keys_must_be_true(void **state)
{
	(void)state;
	const id32 to = epoch_after(&w.last), other = {{ 7, [31] = 9 }};
	Kms__V1__CrsInfo crs = KMS__V1__CRS_INFO__INIT, *crses[] = { &crs };
	uint8_t no_digest[32] = { 1 };
	refresh_message x;

	fill(&x, &w.last, &to, 2), x.key[1].preproc_id = field(&x.prep_id[1], &w.prep[0]);
	refused(&x, GRPC_INVALID_ARGUMENT, "keys_info[1]: preproc_id");
	fill(&x, &w.last, &to, 2), x.key[0].key_parameters = (Kms__V1__FheParameter)0;
	refused(&x, GRPC_INVALID_ARGUMENT, "keys_info[0]: key_parameters");
	fill(&x, &w.last, &to, 2), x.list[1] = &x.key[0];
	refused(&x, GRPC_INVALID_ARGUMENT, "named twice");
	fill(&x, &w.last, &to, 1), x.digests[0] = &x.digest, x.key[0].key_digests = x.digests, x.key[0].n_key_digests = 1;
	kms__v1__key_digest__init(&x.digest);
	x.digest.key_type = (char *)(uintptr_t)"PublicKey", x.digest.digest = (ProtobufCBinaryData){ sizeof no_digest, no_digest };
	refused(&x, GRPC_INVALID_ARGUMENT, "keys_info[0]: key_digests[0] is not");
	fill(&x, &w.last, &to, 0), x.previous.context_id = field(&x.context, &other);
	refused(&x, GRPC_NOT_FOUND, "previous_epoch: context_id: there is no context");
	fill(&x, &w.last, &to, 0), x.previous.crs_info = crses, x.previous.n_crs_info = 1;
	refused(&x, GRPC_UNIMPLEMENTED, "crs_info");
	fill(&x, &w.last, &to, 0), x.m.domain = NULL;
	refused(&x, GRPC_INVALID_ARGUMENT, "domain is missing");
	for (party i = 1; i <= N; i++) has_nothing_of_epoch(i, &to);
}

/* A party may lack an epoch that the others have.  One that nobody has is seen when they meet. */
static void keys_of_an_epoch_that_nobody_has_are_not_reshared(void **state)
{
	(void)state;
	const id32 never = {{ 8, [30] = 9 }}, to = {{ 8, [31] = 60 }};
	refresh_message x;

	fill(&x, &never, &to, 0);
	cluster_call_all(&w.c, "NewMpcEpoch", &x.m.base, GRPC_OK);
	cluster_results(&w.c, NULL, "GetEpochResult", &to, GRPC_INTERNAL);
	assert_non_null(strstr(client_said.message, "of its context 0 have epoch"));
	for (party i = 1; i <= N; i++) has_nothing_of_epoch(i, &to);
}

/* ---- shares anew ---------------------------------------------------------------------------------------------------------- */

static Kms__V1__EpochResultResponse *epoch_result(arena *a, slice response)
{
	Kms__V1__EpochResultResponse *m;

	assert_ok(pb_unpack(a, &m, &kms__v1__epoch_result_response__descriptor, response));
	return m;
}

/* The files of the key are those that it had; the signature over them is another, for another contract. */
static void is_signed_anew(party i, const Kms__V1__KeyGenResult *k)
{
	arena a = arena_with_limit(1 << 20);
	Kms__V1__KeyGenResult *before;
	buf response = { 0 };
	id32 id;

	assert_ok(id_parse(&id, "id", slice_str(k->request_id->request_id)));
	assert_int_equal(get_result(&w.c.node[i], &response, "GetKeyGenResult", &id), GRPC_OK);
	assert_ok(pb_unpack(&a, &before, &kms__v1__key_gen_result__descriptor, buf_slice(&response)));
	assert_string_equal(k->preprocessing_id->request_id, before->preprocessing_id->request_id);
	assert_int_equal(k->n_key_digests, before->n_key_digests);
	for (size_t d = 0; d < k->n_key_digests; d++)
		assert_true(slice_eq_var(pb_slice(k->key_digests[d]->digest), pb_slice(before->key_digests[d]->digest)));
	assert_int_equal(k->external_signature.len, before->external_signature.len);
	assert_false(slice_eq_var(pb_slice(k->external_signature), pb_slice(before->external_signature)));
	buf_free(&response);
	arena_free(&a);
}

static void keys_are_shared_anew_and_both_epochs_decrypt(void **state)
{
	(void)state;
	const id32 to = epoch_after(&w.last);
	arena a = arena_with_limit(1 << 20);
	buf response[N + 1] = { 0 };

	refresh_all(&to, KEYS);
	cluster_results(&w.c, response, "GetEpochResult", &to, GRPC_OK);
	for (party i = 1; i <= N; i++) {
		const Kms__V1__EpochResultResponse *m = epoch_result(&a, buf_slice(&response[i]));
		assert_int_equal(m->n_reshare_responses, KEYS);
		for (unsigned k = 0; k < KEYS; k++) is_signed_anew(i, m->reshare_responses[k]);
		has_whole_epoch(i, &to, KEYS);
		buf before = test_read(path_of(i, "FheKeyInfo", &w.last, &w.key[0])), after = test_read(path_of(i, "FheKeyInfo", &to, &w.key[0]));
		assert_int_not_equal(before.n, 0);
		assert_memory_not_equal(before.p + before.n - 4096, after.p + after.n - 4096, 4096);
		buf_free(&before), buf_free(&after), buf_free(&response[i]);
	}
	decrypts(parties_all(N), &w.last);
	decrypts(parties_all(N), &to);
	w.last = to;
	arena_free(&a);
}

static void decryption_goes_on_meanwhile_and_an_epoch_may_follow_another(void **state)
{
	(void)state;
	const id32 to = epoch_after(&w.last);

	refresh_all(&to, 0);
	decrypts(parties_all(N), &FIRST);
	decrypts(parties_all(N), &w.last);
	cluster_results(&w.c, NULL, "GetEpochResult", &to, GRPC_OK);
	decrypts(parties_all(N), &FIRST);
	decrypts(parties_all(N), &to);
	w.last = to;
}

static void are_the_same(buf before[static N + 1], buf after[static N + 1])
{
	for (party i = 1; i <= N; i++) {
		assert_true(before[i].n && slice_eq_var(buf_slice(&before[i]), buf_slice(&after[i])));
		buf_free(&before[i]), buf_free(&after[i]);
	}
}

static void after_a_stop_of_all_every_answer_is_given_again_byte_for_byte(void **state)
{
	(void)state;
	buf before[N + 1] = { 0 }, after[N + 1] = { 0 }, key_before[N + 1] = { 0 }, key_after[N + 1] = { 0 };

	cluster_results(&w.c, before, "GetEpochResult", &w.last, GRPC_OK);
	cluster_results(&w.c, key_before, "GetKeyGenResult", &w.key[0], GRPC_OK);
	for (party i = 1; i <= N; i++) {
		if (i % 2) cluster_kill(&w.c, i);
		else assert_int_equal(cluster_stop(&w.c, i), 0);
	}
	cluster_start_all(&w.c);
	cluster_results(&w.c, after, "GetEpochResult", &w.last, GRPC_OK);
	cluster_results(&w.c, key_after, "GetKeyGenResult", &w.key[0], GRPC_OK);
	are_the_same(before, after);
	are_the_same(key_before, key_after);
	decrypts(parties_all(N), &FIRST);
	decrypts(parties_all(N), &w.last);
}

/* ---- bad days ------------------------------------------------------------------------------------------------------------- */

static const party_set THREE = 0xe;                      /* parties 1, 2, 3 */

static void flip_a_bit_of(const char *path)
{
	buf file = test_read(path);

	file.p[file.n / 2] ^= 1;
	assert_ok(file_write_atomic(path, buf_slice(&file), 0644));
	buf_free(&file);
}

/* New shares are tried with the published files before they count: who has others is told so, and nobody waits for it. */
static void who_cannot_try_its_new_shares_does_not_come_for_them_and_says_why(void **state)
{
	(void)state;
	const id32 to = epoch_after(&w.last);
	char path[600], key[ID_TEXT];

	id_text(key, &w.key[1]);
	snprintf(path, sizeof path, "%.299s/PUB/ServerKey/%s", w.c.folder[4], key);
	flip_a_bit_of(path);
	refresh_all(&to, 0);
	FOR_EACH_IN(i, THREE) assert_int_equal(epoch_at(i, &to), GRPC_OK);
	assert_int_equal(epoch_at(4, &to), GRPC_INTERNAL);
	assert_non_null(strstr(client_said.message, "ServerKey is not the one that was signed; restore it from a copy"));
	assert_non_null(strstr(client_said.message, key));
	has_nothing_of_epoch(4, &to);
	flip_a_bit_of(path);
	w.last = to;
	const id32 next = epoch_after(&to);
	refresh_all(&next, 0);
	cluster_results(&w.c, NULL, "GetEpochResult", &next, GRPC_OK);
	decrypts(parties_all(N), &next);
	w.last = next;
}

static void three_share_anew_while_one_is_away_which_is_told_so(void **state)
{
	(void)state;
	const id32 to = epoch_after(&w.last);
	refresh_message x;

	cluster_kill(&w.c, 4);
	refresh_all(&to, 0);
	cluster_results(&w.c, NULL, "GetEpochResult", &to, GRPC_OK);
	decrypts(THREE, &to);
	cluster_start(&w.c, 4, NULL, NULL);
	cluster_wait_linked(&w.c);
	fill(&x, &w.last, &to, 0);
	assert_int_equal(ask(4, &x), GRPC_OK);
	assert_int_equal(epoch_at(4, &to), GRPC_INTERNAL);
	has_nothing_of_epoch(4, &to);
	decrypts(parties_all(N), &w.last);
	w.last = to;
}

/* It has no share to give, gets one like the others, and nobody says that it lied. */
static void who_missed_an_epoch_is_whole_after_the_next(void **state)
{
	(void)state;
	const id32 to = epoch_after(&w.last);
	const party_set with_it = parties_all(N) & ~((party_set)1 << 1);
	static const char CORRUPT[] = "arca_peer_corrupt_total{party=\"4\"}";
	long long before[N + 1];

	FOR_EACH_IN(i, THREE) before[i] = cluster_metric(&w.c, i, CORRUPT);
	refresh_all(&to, 0);
	cluster_results(&w.c, NULL, "GetEpochResult", &to, GRPC_OK);
	for (party i = 1; i <= N; i++) has_whole_epoch(i, &to, KEYS);
	FOR_EACH_IN(i, THREE) assert_int_equal(cluster_metric(&w.c, i, CORRUPT), before[i]);
	cluster_kill(&w.c, 1);
	decrypts(with_it, &to);
	cluster_start(&w.c, 1, NULL, NULL);
	cluster_wait_linked(&w.c);
	w.last = to;
}

/* The epoch that all four have is still the one before. */
static void who_was_asked_for_other_keys_is_out(void **state)
{
	(void)state;
	const id32 to = {{ 8, [31] = 20 }};
	refresh_message all, one;

	fill(&all, &w.last, &to, KEYS);
	fill(&one, &w.last, &to, 1);
	for (party i = 1; i <= N; i++) assert_int_equal(ask(i, i == 4 ? &one : &all), GRPC_OK);
	FOR_EACH_IN(i, THREE) assert_int_equal(epoch_at(i, &to), GRPC_OK);
	assert_int_equal(epoch_at(4, &to), GRPC_INTERNAL);
	assert_non_null(strstr(client_said.message, "take other keys than this party was asked for"));
	has_nothing_of_epoch(4, &to);
	FOR_EACH_IN(i, THREE) has_whole_epoch(i, &to, KEYS);
	decrypts(THREE, &to);
	decrypts(parties_all(N), &w.last);
}

static void a_party_killed_in_the_middle_has_nothing_of_the_new_epoch_and_all_of_the_old(void **state)
{
	(void)state;
	/* Before the last key; before the first; before the parties have come together. */
	const char *const when[] = { "FheKeyInfo", "UsedSession", "UnfinishedEpoch" };
	id32 to = {{ 8, [31] = 30 }};

	for (size_t k = 0; k < (test_is_long() ? COUNT(when) : 1); k++, to = epoch_after(&to)) {
		refresh_all(&to, 0);
		cluster_wait_for(&w.c, 4, "PRIV", when[k], &to, NULL);
		cluster_kill(&w.c, 4);
		const bool whole = there(4, "EpochData", &to, NULL);
		decrypts(THREE, &w.last);
		cluster_results(&w.c, NULL, "GetEpochResult", &to, GRPC_OK);
		decrypts(THREE, &to);
		cluster_start(&w.c, 4, NULL, NULL);
		cluster_wait_linked(&w.c);
		if (whole) has_whole_epoch(4, &to, KEYS);
		else has_nothing_of_epoch(4, &to);
		assert_int_equal(epoch_at(4, &to) == GRPC_OK, whole);
		assert_int_equal(files_of(4, "PUB", &w.key[0]), 2);
		decrypts(parties_all(N), &w.last);
	}
}

static void a_party_whose_disk_is_full_has_nothing_of_the_new_epoch(void **state)
{
	(void)state;
	const id32 to = {{ 8, [31] = 35 }};

	cluster_limit_files(&w.c, 2, 1);
	refresh_all(&to, 0);
	for (party i = 1; i <= N; i++) assert_int_equal(epoch_at(i, &to), i == 2 ? GRPC_INTERNAL : GRPC_OK);
	cluster_limit_files(&w.c, 2, RLIM_INFINITY);
	has_nothing_of_epoch(2, &to);
	decrypts(parties_all(N) & ~((party_set)1 << 2), &to);
	decrypts(parties_all(N), &w.last);
}

static void one_that_lies_in_every_message_changes_nothing(void **state)
{
	(void)state;
	const id32 to = {{ 8, [31] = 36 }};
	const party_set honest = parties_all(N) & ~((party_set)1 << 3);

	cluster_kill(&w.c, 3);
	cluster_start(&w.c, 3, getenv("ARCA_LIAR"), "session");
	cluster_wait_linked(&w.c);
	refresh_all(&to, 0);
	FOR_EACH_IN(i, honest) assert_int_equal(epoch_at(i, &to), GRPC_OK);
	decrypts(honest, &to);
	cluster_kill(&w.c, 3);
	cluster_start(&w.c, 3, NULL, NULL);
	cluster_wait_linked(&w.c);
	decrypts(parties_all(N), &w.last);
}

static void touch(party i, const char *type, const id32 *epoch, const id32 *key, slice bytes)
{
	char parent[600];

	snprintf(parent, sizeof parent, "%s", path_of(i, type, epoch, key));
	*strrchr(parent, '/') = '\0';
	assert_true(mkdir(parent, 0700) == 0 || errno == EEXIST);
	assert_ok(file_write_atomic(path_of(i, type, epoch, key), bytes, 0600));
}

/* As a crash leaves them: all parts of an epoch without the epoch; and the epoch with its parts, beside the mark. */
static void a_start_drops_parts_of_an_unfinished_epoch_and_keeps_a_whole_one(void **state)
{
	(void)state;
	const id32 to = {{ 8, [31] = 40 }};

	buf part = test_read(path_of(4, "FheKeyInfo", &w.last, &w.key[0]));
	assert_int_equal(cluster_stop(&w.c, 4), 0);
	touch(4, "UnfinishedEpoch", &to, NULL, (slice){ 0 });
	touch(4, "FheKeyInfo", &to, &w.key[0], buf_slice(&part));
	touch(4, "UnfinishedEpoch", &w.last, NULL, (slice){ 0 });
	cluster_start(&w.c, 4, NULL, NULL);
	cluster_wait_linked(&w.c);
	has_nothing_of_epoch(4, &to);
	has_whole_epoch(4, &w.last, KEYS);
	assert_int_equal(files_of(4, "PUB", &w.key[0]), 2);
	decrypts(parties_all(N), &w.last);
	buf_free(&part);
}

static void an_old_epoch_that_is_destroyed_answers_nothing_and_leaves_no_share(void **state)
{
	(void)state;
	Kms__V1__DestroyMpcEpochRequest m = KMS__V1__DESTROY_MPC_EPOCH_REQUEST__INIT;
	const id32 id = fresh_id(1);

	m.epoch_id = id_message(&FIRST);
	cluster_call_all(&w.c, "DestroyMpcEpoch", &m.base, GRPC_OK);
	for (party i = 1; i <= N; i++) {
		assert_int_equal(files_of(i, "PRIV", &FIRST), 1);               /* the number of its last attempt */
		assert_int_equal(start_decryption(i, &id, &FIRST, 0), GRPC_NOT_FOUND);
		assert_int_equal(files_of(i, "PUB", &w.key[0]), 2);
	}
	decrypts(parties_all(N), &w.last);
	for (party i = 1; i <= N; i++) assert_int_equal(cluster_stop(&w.c, i), 0);
	cluster_start_all(&w.c);
	decrypts(parties_all(N), &w.last);
}

static const struct CMUnitTest tests[] = {
	TEST(what_a_request_says_of_keys_must_be_true), TEST(keys_of_an_epoch_that_nobody_has_are_not_reshared),
	TEST(keys_are_shared_anew_and_both_epochs_decrypt),
	TEST(decryption_goes_on_meanwhile_and_an_epoch_may_follow_another),
	TEST(after_a_stop_of_all_every_answer_is_given_again_byte_for_byte),
	TEST(who_cannot_try_its_new_shares_does_not_come_for_them_and_says_why),
	TEST(three_share_anew_while_one_is_away_which_is_told_so),
	TEST(who_missed_an_epoch_is_whole_after_the_next), TEST(who_was_asked_for_other_keys_is_out),
	TEST(a_party_killed_in_the_middle_has_nothing_of_the_new_epoch_and_all_of_the_old),
	TEST(a_party_whose_disk_is_full_has_nothing_of_the_new_epoch), TEST(one_that_lies_in_every_message_changes_nothing),
	TEST(a_start_drops_parts_of_an_unfinished_epoch_and_keeps_a_whole_one),
	TEST(an_old_epoch_that_is_destroyed_answers_nothing_and_leaves_no_share),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down);
}
