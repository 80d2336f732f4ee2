/* SPDX-License-Identifier: MIT */
/*
 * Four nodes as processes that make keys together: prepared, made, tried, decrypted with; and with one of them away, killed in
 * the middle, or asked for something else.
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include "base/file.h"
#include "tests/node/cluster.h"
#include "tests/node/samples.h"
#include "tkms/coprocess.h"
#include "tkms/encrypt.h"

enum { N = 4, T = 1, TIMEOUT_S = 3, PARAMS_TEST_NUMBER = 1, MINI = 1000 };

static struct world { void *top; test_cluster c; id32 first, second; } w;       /* keys that all have, once they are made */

static const id32 EPOCH = {{ 8, [31] = 1 }}, SECOND = {{ 8, [31] = 2 }};
static const party_set ALL = 0x1e, FIRST_THREE = 0x0e, LAST = 0x10;

static int set_up(void **state)
{
	(void)state;
	if (folder_make(&w.top)) return -1;
	cluster_make(&w.c, w.top, N, T, TIMEOUT_S);
	cluster_start_all(&w.c);
	cluster_new_epoch(&w.c, &EPOCH);
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	cluster_unmake(&w.c);
	return folder_remove(&w.top);
}

/* ---- asking ------------------------------------------------------------------------------------------------------- */

static void is(party i, grpc_status got, grpc_status want)
{
	if (got != want) print_error("node %u: %d, %s\n", i, (int)got, client_said.message);
	assert_int_equal(got, want);
}

static void ask_to_prepare(party_set who, const id32 *prep, int params)
{
	FOR_EACH_IN(i, who) is(i, start_preproc(&w.c.node[i], prep, params), GRPC_OK);
}

static void ask_to_make(party_set who, const id32 *key, const id32 *prep)
{
	FOR_EACH_IN(i, who) is(i, start_keygen(&w.c.node[i], key, prep), GRPC_OK);
}

static void results(party_set who, const char *method, const id32 *id, grpc_status want)
{
	FOR_EACH_IN(i, who) {
		buf response = { 0 };
		is(i, get_result(&w.c.node[i], &response, method, id), want);
		buf_free(&response);
	}
}

static void prepared(party_set who, const id32 *prep) { results(who, "GetKeyGenPreprocResult", prep, GRPC_OK); }
static void made(party_set who, const id32 *key) { results(who, "GetKeyGenResult", key, GRPC_OK); }

static void fails_at(party i, const char *method, const id32 *id, const char *why)
{
	results((party_set)1 << i, method, id, GRPC_INTERNAL);
	if (!strstr(client_said.message, why)) print_error("node %u: %s\n", i, client_said.message);
	assert_non_null(strstr(client_said.message, why));
}

static id32 prepare(party_set who)
{
	const id32 prep = fresh_id(3);
	ask_to_prepare(who, &prep, PARAMS_TEST_NUMBER);
	prepared(who, &prep);
	return prep;
}

static id32 make(party_set who, const id32 *prep)
{
	const id32 key = fresh_id(4);
	ask_to_make(who, &key, prep);
	made(who, &key);
	return key;
}

static err keep(void *ctx, size_t i, const fhe_type *type, slice file)
{
	(void)i, (void)type;
	buf_put_slice(ctx, file);
	return OK;
}

/* The type of key sets that are made and looked for. */
static const char *keyset_type = "CompressedXofKeySet";
static ct_format format = BIG_COMPRESSED;

static void encrypt(buf *file, plaintext *value, party by, const id32 *key)
{
	buf pk = published_by(&w.c.node[by], "PublicKey", key), keyset = published_by(&w.c.node[by], keyset_type, key);
	seeded_keyset set;
	coprocessor c;
	slice tag;
	buf list = { 0 };

	value->type = fhe_type_by_number_var(FHE_UINT16);
	rng_fill(test_rng(), value->bytes, value->type->bytes);
	assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&keyset)));
	assert_ok(tkms_encrypt(&list, buf_slice(&pk), value, 1, test_rng()));
	assert_ok(coprocessor_new(&c, &set, FORMAT_BIT(format), NULL, NULL));
	assert_ok(coprocess_list(&c, NULL, buf_slice(&list), format, keep, file));
	coprocessor_free(&c);
	buf_free(&list), buf_free(&pk), buf_free(&keyset);
}

static void check_plaintext(slice response, const plaintext *want)
{
	arena a = arena_with_limit(1 << 20);
	Kms__V1__PublicDecryptionResponse *m;

	assert_ok(pb_unpack(&a, &m, &kms__v1__public_decryption_response__descriptor, response));
	assert_int_equal(m->payload->n_plaintexts, 1);
	assert_memory_equal(m->payload->plaintexts[0]->bytes.data, want->bytes, want->type->bytes);
	arena_free(&a);
}

/* A value under what party `by` publishes of a key, decrypted by these as one of `key`. */
static void decrypts_as(party_set who, party by, const id32 *published, const id32 *key)
{
	const id32 id = fresh_id(1);
	plaintext value = { 0 };
	buf file = { 0 };

	encrypt(&file, &value, by, published);
	const client_item item = { FHE_UINT16, format, buf_slice(&file), slice_str("handle") };
	FOR_EACH_IN(i, who) {
		buf empty = { 0 };
		is(i, public_decrypt(&w.c.node[i], &empty, "PublicDecrypt", &id, key, &item, 1), GRPC_OK);
		buf_free(&empty);
	}
	FOR_EACH_IN(i, who) {
		buf response = { 0 };
		is(i, get_result(&w.c.node[i], &response, "GetPublicDecryptionResult", &id), GRPC_OK);
		check_plaintext(buf_slice(&response), &value);
		buf_free(&response);
	}
	buf_free(&file);
}

static void decrypts(party_set who, party by, const id32 *key) { decrypts_as(who, by, key, key); }

/* ---- looking into folders --------------------------------------------------------------------------------------------- */

static bool is_file(party i, const char *folder, const id32 *epoch, const id32 *id, const char *ending)
{
	char path[800], e[ID_TEXT + 1] = "", t[ID_TEXT];
	struct stat s;

	if (epoch) id_text(e, epoch);
	id_text(t, id);
	snprintf(path, sizeof path, "%s/%s/%s%s%s%s", w.c.folder[i], folder, e, epoch ? "/" : "", t, ending);
	return stat(path, &s) == 0;
}

static bool has_samples(party i, const id32 *prep) { return is_file(i, "PRIV/Preprocessing", &EPOCH, prep, ".spool"); }
static bool has_spool_key(party i, const id32 *prep) { return is_file(i, "PRIV/Preprocessing", &EPOCH, prep, ""); }

static bool has_anything_of(party i, const id32 *key)
{
	return is_file(i, "PUB/PublicKey", NULL, key, "") || is_file(i, "PUB/CompressedXofKeySet", NULL, key, "") ||
	       is_file(i, "PRIV/FheKeyInfo", &EPOCH, key, "");
}

/* In the midst of it, as the node's metrics tell. */
static void wait_until_at(party i, const char *step)
{
	char name[64];

	snprintf(name, sizeof name, "arca_key_ratio{step=\"%s\"}", step);
	UNTIL(cluster_metric(&w.c, i, name) >= 0);
}

static void bring_back(party i)
{
	cluster_start(&w.c, i, NULL, NULL);
	cluster_wait_linked(&w.c);
}

/* ---- a key ------------------------------------------------------------------------------------------------------------ */

static void all_publish_one(const char *type, const id32 *key)
{
	buf first = published_by(&w.c.node[1], type, key);

	for (party i = 2; i <= N; i++) {
		buf file = published_by(&w.c.node[i], type, key);
		assert_true(slice_eq_var(buf_slice(&file), buf_slice(&first)));
		buf_free(&file);
	}
	buf_free(&first);
}

static void all_publish_the_same(const id32 *key)
{
	all_publish_one("PublicKey", key);
	all_publish_one(keyset_type, key);
}

static void all_parties_make_a_key_that_none_of_them_has(void **state)
{
	(void)state;
	const id32 prep = prepare(ALL), key = make(ALL, &prep);

	all_publish_the_same(&key);
	decrypts(ALL, 2, &key);
	w.first = key;
	for (party i = 1; i <= N; i++) {
		assert_false(has_samples(i, &prep));
		assert_false(has_spool_key(i, &prep));
		assert_false(is_file(i, "PRIV/FhePrivateKey", &EPOCH, &key, ""));
	}
}

static id32 tag_of(party i, const char *type, const id32 *key)
{
	buf file = published_by(&w.c.node[i], type, key);
	arena a = arena_with_limit(1 << 20);
	seeded_keyset set;
	public_key pk;
	slice tag;
	id32 id;

	if (strcmp(type, "PublicKey") == 0) {
		assert_ok(tfhers_read_public_key(&pk, &a, buf_slice(&file)));
		tag = pk.tag;
	} else {
		assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&file)));
	}
	assert_int_equal(tag.n, sizeof id.b);
	memcpy(id.b, tag.p, sizeof id.b);
	arena_free(&a);
	buf_free(&file);
	return id;
}

static id32 make_uncompressed(void)
{
	ask_uncompressed(true);
	const id32 prep = prepare(ALL), key = make(ALL, &prep);
	ask_uncompressed(false);
	return key;
}

/* New public parts for old secrets, also in another form: what is under them decrypts as the old key's. */
static void secrets_that_exist_get_another_key_set(void **state)
{
	(void)state;
	const id32 old = make_uncompressed(), unknown = fresh_id(4), again = fresh_id(3), key = fresh_id(4);

	FOR_EACH_IN(i, ALL) is(i, start_preproc_existing(&w.c.node[i], &again, PARAMS_TEST_NUMBER), GRPC_OK);
	prepared(ALL, &again);
	is(1, start_keygen(&w.c.node[1], &key, &again), GRPC_INVALID_ARGUMENT);
	is(1, start_keygen_existing(&w.c.node[1], &key, &again, &unknown), GRPC_NOT_FOUND);
	FOR_EACH_IN(i, ALL) is(i, start_keygen_existing(&w.c.node[i], &key, &again, &old), GRPC_OK);
	made(ALL, &key);
	all_publish_the_same(&key);
	decrypts_as(ALL, 2, &key, &old);
	w.second = old;
	const id32 a = tag_of(3, "PublicKey", &key), b = tag_of(3, "CompressedXofKeySet", &key);
	assert_true(id_eq_var(&a, &old) && id_eq_var(&b, &old));
	buf first = published_by(&w.c.node[1], "PublicKey", &old), second = published_by(&w.c.node[1], "PublicKey", &key);
	assert_false(slice_eq_var(buf_slice(&first), buf_slice(&second)));
	buf_free(&first), buf_free(&second);
}

/* Each computes the Fourier numbers on its own, and all have the same.  Small formats: squashed with keys made from them. */
static void a_key_set_is_published_uncompressed_by_all_alike(void **state)
{
	(void)state;
	const id32 key = make_uncompressed();
	keyset_type = "ServerKey";
	all_publish_the_same(&key);
	for (format = 0; format < CT_FORMATS; format++) decrypts(ALL, 2, &key);
	const id32 a = tag_of(3, "PublicKey", &key), b = tag_of(3, "ServerKey", &key);
	assert_true(id_eq_var(&a, &key) && id_eq_var(&b, &key));
	FOR_EACH_IN(i, ALL) assert_false(is_file(i, "PUB/CompressedXofKeySet", NULL, &key, ""));
	keyset_type = "CompressedXofKeySet", format = BIG_COMPRESSED;
}

static id32 first_key(void)
{
	if (!id_is_zero_var(&w.first)) return w.first;
	const id32 prep = prepare(ALL);
	return make(ALL, &prep);
}

static id32 second_key(void) { return id_is_zero_var(&w.second) ? make_uncompressed() : w.second; }

/* From the first key to a second one, which is published uncompressed; they have tried it themselves.  It is there after a
 * crash, and nobody has a part of it. */
static void a_decompression_key_is_made_between_two_keys_that_nobody_has(void **state)
{
	(void)state;
	const id32 from = first_key(), to = second_key(), prep = fresh_id(3), key = fresh_id(4);

	FOR_EACH_IN(i, ALL) is(i, start_preproc_between(&w.c.node[i], &prep, PARAMS_TEST_NUMBER), GRPC_OK);
	prepared(ALL, &prep);
	is(1, start_keygen_between(&w.c.node[1], &key, &prep, &from, &prep), GRPC_NOT_FOUND);
	FOR_EACH_IN(i, ALL) is(i, start_keygen_between(&w.c.node[i], &key, &prep, &from, &to), GRPC_OK);
	made(ALL, &key);
	all_publish_one("DecompressionKey", &key);
	FOR_EACH_IN(i, ALL) assert_false(has_anything_of(i, &key) || has_samples(i, &prep) || has_spool_key(i, &prep));
	cluster_kill(&w.c, 2);
	bring_back(2);
	made(ALL, &key);
	all_publish_one("DecompressionKey", &key);
}

static void a_preprocessing_makes_one_key(void **state)
{
	(void)state;
	const id32 prep = prepare(ALL), key = make(ALL, &prep), second = fresh_id(4);

	for (party i = 1; i <= N; i++) {
		is(i, start_keygen(&w.c.node[i], &second, &prep), GRPC_ALREADY_EXISTS);
		is(i, start_keygen(&w.c.node[i], &key, &prep), GRPC_ALREADY_EXISTS);
		is(i, start_preproc(&w.c.node[i], &prep, PARAMS_TEST_NUMBER), GRPC_ALREADY_EXISTS);
		assert_false(has_anything_of(i, &second));
	}
}

static void a_preprocessing_survives_a_restart_of_all(void **state)
{
	(void)state;
	const id32 prep = prepare(ALL);

	for (party i = 1; i <= N; i++) {
		assert_true(has_samples(i, &prep) && has_spool_key(i, &prep));
		if (i % 2) cluster_kill(&w.c, i);
		else assert_int_equal(cluster_stop(&w.c, i), 0);
	}
	cluster_start_all(&w.c);
	prepared(ALL, &prep);
	const id32 key = make(ALL, &prep);
	decrypts(ALL, 1, &key);
}

static void two_keys_are_made_at_once(void **state)
{
	(void)state;
	const id32 one = fresh_id(3), two = fresh_id(3), a = fresh_id(4), b = fresh_id(4);

	ask_to_prepare(FIRST_THREE, &one, PARAMS_TEST_NUMBER);
	ask_to_prepare(ALL, &two, PARAMS_TEST_NUMBER);
	ask_to_prepare(LAST, &one, PARAMS_TEST_NUMBER);
	prepared(ALL, &one), prepared(ALL, &two);
	ask_to_make(FIRST_THREE, &a, &one);
	ask_to_make(ALL, &b, &two);
	ask_to_make(LAST, &a, &one);
	made(ALL, &a), made(ALL, &b);
	decrypts(ALL, 3, &a);
	decrypts(ALL, 4, &b);
}

/* ---- asked for something else ------------------------------------------------------------------------------------------- */

static void one_that_was_asked_for_other_parameters_is_out_and_told_so(void **state)
{
	(void)state;
	const id32 prep = fresh_id(3);

	ask_to_prepare(FIRST_THREE, &prep, PARAMS_TEST_NUMBER);
	ask_to_prepare(LAST, &prep, MINI);
	prepared(FIRST_THREE, &prep);
	fails_at(4, "GetKeyGenPreprocResult", &prep, "was asked for the parameters mini, and parties 1, 2, 3 for test");
	assert_false(has_samples(4, &prep));
	assert_true(cluster_logged(&w.c, 1, "was asked for another key set"));

	const id32 key = make(FIRST_THREE, &prep);
	decrypts(FIRST_THREE, 1, &key);
	is(4, start_keygen(&w.c.node[4], &key, &prep), GRPC_FAILED_PRECONDITION);
}

static void two_against_two_fails_everywhere_and_says_who_wanted_what(void **state)
{
	(void)state;
	const id32 prep = fresh_id(3);

	ask_to_prepare(0x6, &prep, PARAMS_TEST_NUMBER);
	ask_to_prepare(0x18, &prep, MINI);
	for (party i = 1; i <= N; i++) {
		fails_at(i, "GetKeyGenPreprocResult", &prep, "(1: test, 2: test, 3: mini, 4: mini)");
		assert_false(has_samples(i, &prep));
	}
}

/* Its files may not become large, as on a disk that is full: said before anything begins, with the bytes. */
static void one_without_room_for_the_samples_says_so_and_the_others_go_on(void **state)
{
	(void)state;
	struct rlimit before, little = { 256 << 10, 256 << 10 };
	const id32 prep = fresh_id(3);

	assert_int_equal(prlimit(w.c.node[4].pid, RLIMIT_FSIZE, NULL, &before), 0);
	little.rlim_max = before.rlim_max;
	assert_int_equal(prlimit(w.c.node[4].pid, RLIMIT_FSIZE, &little, NULL), 0);
	ask_to_prepare(ALL, &prep, PARAMS_TEST_NUMBER);
	fails_at(4, "GetKeyGenPreprocResult", &prep, "it takes ");
	assert_non_null(strstr(client_said.message, " bytes"));
	assert_false(has_samples(4, &prep));
	prepared(FIRST_THREE, &prep);
	assert_int_equal(prlimit(w.c.node[4].pid, RLIMIT_FSIZE, &before, NULL), 0);
	/* Too late now for this one; the next has its room. */
	const id32 next = prepare(ALL);
	assert_true(has_samples(4, &next));
}

static void keys_from_different_preprocessings_do_not_mix(void **state)
{
	(void)state;
	const id32 one = prepare(ALL), two = prepare(ALL), key = fresh_id(4);

	ask_to_make(FIRST_THREE, &key, &one);
	ask_to_make(LAST, &key, &two);
	made(FIRST_THREE, &key);
	fails_at(4, "GetKeyGenResult", &key, "for another preprocessing, than parties 1, 2, 3");
	assert_false(has_anything_of(4, &key));
	decrypts(FIRST_THREE, 1, &key);
}

/* ---- away, and killed --------------------------------------------------------------------------------------------------- */

static void three_make_a_key_while_one_is_away(void **state)
{
	(void)state;
	cluster_kill(&w.c, 4);
	const id32 prep = prepare(FIRST_THREE), key = make(FIRST_THREE, &prep);
	decrypts(FIRST_THREE, 2, &key);
	bring_back(4);
	is(4, start_keygen(&w.c.node[4], &key, &prep), GRPC_NOT_FOUND);
	/* Too late: told at once, by those who have it. */
	ask_to_prepare(LAST, &prep, PARAMS_TEST_NUMBER);
	fails_at(4, "GetKeyGenPreprocResult", &prep, "the preprocessing exists at parties");
}

static void one_that_is_killed_while_it_prepares_stops_nobody_and_comes_back(void **state)
{
	(void)state;
	const id32 prep = fresh_id(3);

	ask_to_prepare(ALL, &prep, PARAMS_TEST_NUMBER);
	wait_until_at(4, "prepared");
	assert_true(has_samples(4, &prep));
	cluster_kill(&w.c, 4);
	prepared(FIRST_THREE, &prep);
	bring_back(4);
	assert_false(has_samples(4, &prep));
	const id32 key = make(FIRST_THREE, &prep);
	decrypts(FIRST_THREE, 1, &key);

	const id32 again = prepare(ALL), whole = make(ALL, &again);
	decrypts(ALL, 4, &whole);
}

static void one_that_is_killed_while_it_makes_the_key_stops_nobody_and_publishes_nothing(void **state)
{
	(void)state;
	const id32 prep = prepare(ALL), key = fresh_id(4);

	ask_to_make(ALL, &key, &prep);
	wait_until_at(4, "made");
	assert_false(has_spool_key(4, &prep));
	cluster_kill(&w.c, 4);
	made(FIRST_THREE, &key);
	decrypts(FIRST_THREE, 3, &key);
	bring_back(4);
	assert_false(has_anything_of(4, &key));
	assert_false(has_samples(4, &prep));
	fails_at(4, "GetKeyGenResult", &key, "the node stopped while it made this key");
	is(4, start_keygen(&w.c.node[4], &key, &prep), GRPC_ALREADY_EXISTS);
}

static void copy(const char *from, const char *to)
{
	buf bytes = { 0 };

	assert_ok(file_read(&bytes, from, 64 << 20));
	assert_ok(file_write_atomic(to, buf_slice(&bytes), 0600));
	buf_free(&bytes);
}

static void path_of_samples(char path[static 800], party i, const id32 *prep, const char *ending)
{
	snprintf(path, 800, "%s%s", cluster_object(&w.c, i, "PRIV", "Preprocessing", &EPOCH, prep), ending);
}

/* As if the crash had come after the journal's word and before the samples' end: they are put back while the node is down. */
static void samples_that_a_crash_left_of_a_used_preprocessing_are_gone_after_the_start(void **state)
{
	(void)state;
	static const char *const ENDINGS[] = { "", ".spool" };
	const id32 prep = prepare(ALL);
	char kept[2][400], there[2][800];

	for (size_t k = 0; k < COUNT(ENDINGS); k++) {
		path_of_samples(there[k], 4, &prep, ENDINGS[k]);
		snprintf(kept[k], sizeof kept[k], "%s/kept%zu", w.c.folder[4], k);
		copy(there[k], kept[k]);
	}
	const id32 key = make(ALL, &prep), second = fresh_id(4);
	cluster_kill(&w.c, 4);
	for (size_t k = 0; k < COUNT(ENDINGS); k++) copy(kept[k], there[k]);
	bring_back(4);
	assert_false(has_samples(4, &prep));
	assert_false(has_spool_key(4, &prep));
	is(4, start_keygen(&w.c.node[4], &second, &prep), GRPC_ALREADY_EXISTS);
	decrypts(ALL, 4, &key);
}

/* ---- aborted -------------------------------------------------------------------------------------------------------------- */

static grpc_status abort_at(party i, const id32 *prep)
{
	const Kms__V1__RequestId *m = id_message(prep);
	buf empty = { 0 };
	const grpc_status s = call_core(&w.c.node[i], &empty, "AbortKeyGen", &m->base);
	buf_free(&empty);
	return s;
}

static void one_that_is_aborted_while_it_prepares_stops_nobody(void **state)
{
	(void)state;
	const id32 prep = fresh_id(3), unknown = fresh_id(3);

	is(4, abort_at(4, &unknown), GRPC_NOT_FOUND);
	ask_to_prepare(ALL, &prep, PARAMS_TEST_NUMBER);
	wait_until_at(4, "prepared");
	is(4, abort_at(4, &prep), GRPC_OK);
	results(LAST, "GetKeyGenPreprocResult", &prep, GRPC_ABORTED);
	assert_false(has_samples(4, &prep) || has_spool_key(4, &prep));
	is(4, abort_at(4, &prep), GRPC_NOT_FOUND);
	prepared(FIRST_THREE, &prep);
	is(1, abort_at(1, &prep), GRPC_NOT_FOUND);
}

/* One waits for the others, and would for a long time; all of them, in the midst of it. */
static void an_aborted_key_generation_leaves_nothing_but_a_used_up_preprocessing(void **state)
{
	(void)state;
	const id32 prep = prepare(ALL), key = fresh_id(4), second = fresh_id(4), alone = prepare(ALL), third = fresh_id(4);

	ask_to_make(LAST, &third, &alone);
	is(4, abort_at(4, &alone), GRPC_OK);
	results(LAST, "GetKeyGenResult", &third, GRPC_ABORTED);
	ask_to_make(ALL, &key, &prep);
	wait_until_at(4, "made");
	for (party i = 1; i <= N; i++) is(i, abort_at(i, &prep), GRPC_OK);
	results(ALL, "GetKeyGenResult", &key, GRPC_ABORTED);
	for (party i = 1; i <= N; i++) {
		assert_false(has_anything_of(i, &key));
		assert_false(has_samples(i, &prep) || has_spool_key(i, &prep));
		is(i, start_keygen(&w.c.node[i], &second, &prep), GRPC_ALREADY_EXISTS);
		is(i, abort_at(i, &prep), GRPC_NOT_FOUND);
	}
	cluster_kill(&w.c, 2);
	bring_back(2);
	results(0x4, "GetKeyGenResult", &key, GRPC_ABORTED);
}

/* Whenever it comes: a party has the key and serves it, or it has nothing; and if one has it, n - t have. */
static void an_abort_that_crosses_the_last_round_leaves_all_or_nothing(void **state)
{
	(void)state;
	const id32 prep = prepare(ALL), key = fresh_id(4);
	unsigned have = 0, aborted = 0;

	ask_to_make(ALL, &key, &prep);
	for (party i = 1; i <= N; i++) {
		grpc_status s;
		do s = abort_at(i, &prep); while (i == 1 && s == GRPC_OK && cluster_metric(&w.c, 4, "arca_key_ratio{step=\"made\"}") < 0);
		aborted += s == GRPC_OK;
	}
	for (party i = 1; i <= N; i++) {
		buf response = { 0 };
		const grpc_status s = get_result(&w.c.node[i], &response, "GetKeyGenResult", &key);
		buf_free(&response);
		assert_true(s == GRPC_OK || s == GRPC_ABORTED || s == GRPC_INTERNAL);
		assert_true(has_anything_of(i, &key) == (s == GRPC_OK));
		assert_false(has_samples(i, &prep));
		have += s == GRPC_OK;
	}
	assert_true(have == 0 || have >= N - T);
	assert_true(have + aborted <= N);
}

/* With two of four gone there is no quorum: a clear failure, and the preprocessing is used up. */
static void without_a_quorum_a_key_generation_fails_and_its_preprocessing_is_gone(void **state)
{
	(void)state;
	const id32 prep = prepare(ALL), key = fresh_id(4), second = fresh_id(4);

	cluster_kill(&w.c, 3);
	cluster_kill(&w.c, 4);
	ask_to_make(0x6, &key, &prep);
	for (party i = 1; i <= 2; i++) {
		fails_at(i, "GetKeyGenResult", &key, "of the 4 parties only 1, 2 began");
		is(i, start_keygen(&w.c.node[i], &second, &prep), GRPC_ALREADY_EXISTS);
		assert_false(has_samples(i, &prep));
		assert_false(has_anything_of(i, &key));
	}
	cluster_start_all(&w.c);
}

static void with_its_epoch_a_preprocessing_goes(void **state)
{
	(void)state;
	Kms__V1__KeyGenPreprocRequest m = KMS__V1__KEY_GEN_PREPROC_REQUEST__INIT;
	Kms__V1__DestroyMpcEpochRequest d = KMS__V1__DESTROY_MPC_EPOCH_REQUEST__INIT;
	const id32 prep = fresh_id(3);

	cluster_new_epoch(&w.c, &SECOND);
	m.request_id = id_message(&prep);
	m.epoch_id = id_message(&SECOND);
	m.params = (Kms__V1__FheParameter)PARAMS_TEST_NUMBER;
	m.domain = domain_message("KMSGeneration");
	cluster_call_all(&w.c, "KeyGenPreproc", &m.base, GRPC_OK);
	prepared(ALL, &prep);
	for (party i = 1; i <= N; i++) assert_true(is_file(i, "PRIV/Preprocessing", &SECOND, &prep, ".spool"));
	d.epoch_id = id_message(&SECOND);
	cluster_call_all(&w.c, "DestroyMpcEpoch", &d.base, GRPC_OK);
	for (party i = 1; i <= N; i++) {
		assert_false(is_file(i, "PRIV/Preprocessing", &SECOND, &prep, ".spool"));
		assert_false(is_file(i, "PRIV/Preprocessing", &SECOND, &prep, ""));
	}
}

static const struct CMUnitTest tests[] = {
	TEST(all_parties_make_a_key_that_none_of_them_has), TEST(secrets_that_exist_get_another_key_set),
	TEST(a_key_set_is_published_uncompressed_by_all_alike),
	TEST(a_decompression_key_is_made_between_two_keys_that_nobody_has), TEST(a_preprocessing_makes_one_key),
	TEST(a_preprocessing_survives_a_restart_of_all), TEST(two_keys_are_made_at_once),
	TEST(one_that_was_asked_for_other_parameters_is_out_and_told_so),
	TEST(two_against_two_fails_everywhere_and_says_who_wanted_what),
	TEST(one_without_room_for_the_samples_says_so_and_the_others_go_on), TEST(keys_from_different_preprocessings_do_not_mix),
	TEST(three_make_a_key_while_one_is_away), TEST(one_that_is_killed_while_it_prepares_stops_nobody_and_comes_back),
	TEST(one_that_is_killed_while_it_makes_the_key_stops_nobody_and_publishes_nothing),
	TEST(samples_that_a_crash_left_of_a_used_preprocessing_are_gone_after_the_start),
	TEST(one_that_is_aborted_while_it_prepares_stops_nobody),
	TEST(an_aborted_key_generation_leaves_nothing_but_a_used_up_preprocessing),
	TEST(an_abort_that_crosses_the_last_round_leaves_all_or_nothing),
	TEST(without_a_quorum_a_key_generation_fails_and_its_preprocessing_is_gone), TEST(with_its_epoch_a_preprocessing_goes),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down);
}
