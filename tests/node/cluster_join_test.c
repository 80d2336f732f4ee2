/* SPDX-License-Identifier: MIT */
/*
 * Keys that go to other parties, as processes, one of them published uncompressed: a party that missed their making gets its
 * shares, and one that missed how a key got another set, or a key between two was made, gets that; of four parties one leaves
 * and two join; a party that gives and one that gets are killed while it happens; four become seven, and seven four, while one
 * of those who leave lies and another dies.
 */
#include <stdlib.h>
#include "base/file.h"
#include "tests/node/cluster.h"

enum { NODES = 7, TIMEOUT_S = 3, KEYS = 2 };

/* Of each key. */
static const char *const KEY_SET_TYPE[KEYS] = { "CompressedXofKeySet", "ServerKey" };

static const test_context
	FOUR = { {{ 7, [31] = 1 }}, 4, 1, { 1, 2, 3, 4 } },
	FIVE = { {{ 7, [31] = 2 }}, 5, 1, { 6, 2, 3, 4, 5 } },
	SEVEN = { {{ 7, [31] = 3 }}, 7, 2, { 7, 6, 5, 4, 3, 2, 1 } },
	OTHERS = { {{ 7, [31] = 4 }}, 4, 1, { 1, 3, 5, 7 } };

static struct world {
	void *top;
	test_cluster c;
	samples s[KEYS];
	id32 key[KEYS], between;                         /* a decompression key */
	size_t at;                                       /* the next ciphertext */
	bool   copied;                                   /* another key has what was added to the second one */
} w;

static id32 epoch(uint8_t number) { return (id32){{ 8, [31] = number }}; }

/* ---- contexts --------------------------------------------------------------------------------------------------------- */

static void make_keys(void)
{
	id32 prep;

	for (unsigned k = 0; k < KEYS; k++) {
		ask_uncompressed(k == 1);
		cluster_new_key(&w.c, &prep, &w.key[k], 1);
		samples_make_big_of(&w.s[k], &w.c.node[1], &w.key[k], KEY_SET_TYPE[k]);
	}
	ask_uncompressed(false);
}

static int set_up(void **state)
{
	const id32 first = epoch(1);

	(void)state;
	if (folder_make(&w.top)) return -1;
	cluster_make(&w.c, w.top, NODES, 0, TIMEOUT_S);
	for (party i = 1; i <= NODES; i++) cluster_start(&w.c, i, NULL, NULL);
	cluster_tell(&w.c, &FOUR), cluster_tell(&w.c, &FIVE), cluster_tell(&w.c, &SEVEN), cluster_tell(&w.c, &OTHERS);
	cluster_wait_linked_everywhere(&w.c);
	cluster_only(&w.c, test_context_nodes(&FOUR));
	cluster_new_epoch(&w.c, &first);
	cluster_kill(&w.c, 4);
	make_keys();                                     /* of three */
	cluster_start(&w.c, 4, NULL, NULL);
	cluster_only(&w.c, parties_all(NODES));
	cluster_wait_linked_everywhere(&w.c);
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	samples_free(&w.s[1]);
	return cluster_take_down(&w.top, &w.c, &w.s[0]);
}

/* ---- resharing -------------------------------------------------------------------------------------------------------- */

/* Asks these nodes; none waits. */
static void reshare(party_set who, const test_context *old, uint8_t from, const test_context *new, uint8_t to)
{
	const id32 old_epoch = epoch(from), new_epoch = epoch(to);

	cluster_reshare(&w.c, who, old, &old_epoch, new, &new_epoch);
}

/* Each of `who` has made the epoch, or given to it, and speaks of so many keys. */
static void has_result(party_set who, uint8_t number, size_t keys)
{
	const id32 id = epoch(number);

	FOR_EACH_IN(i, who) {
		arena a = arena_with_limit(1 << 20);
		Kms__V1__EpochResultResponse *m;
		buf response = { 0 };
		const grpc_status s = get_result(&w.c.node[i], &response, "GetEpochResult", &id);
		if (s != GRPC_OK) print_error("node %u: %s\n", i, client_said.message);
		assert_int_equal(s, GRPC_OK);
		assert_ok(pb_unpack(&a, &m, &kms__v1__epoch_result_response__descriptor, buf_slice(&response)));
		assert_int_equal(m->n_reshare_responses, keys);
		buf_free(&response);
		arena_free(&a);
	}
}

static bool there(party i, const char *folder, const char *type, const id32 *in, const id32 *id)
{
	return cluster_has(&w.c, i, folder, type, in ? in : id, in ? id : NULL);
}

static unsigned files_of(party i)
{
	unsigned n = 0;

	for (unsigned k = 0; k < KEYS; k++)
		n += there(i, "PUB", "PublicKey", NULL, &w.key[k]) + there(i, "PUB", KEY_SET_TYPE[k], NULL, &w.key[k]);
	return n;
}

static bool has_files(party i) { return files_of(i) == 2 * KEYS; }

static grpc_status start_decryption(party i, const id32 *id, const test_context *c, uint8_t number, unsigned k, size_t item)
{
	const id32 in = epoch(number);
	return samples_ask(&w.s[k], item, &w.c.node[i], id, &(sample_place){ &c->id, &in, &w.key[k] });
}

/* All of `who` are asked, for a value under each key, and each has the right ones. */
static void decrypts(party_set who, const test_context *c, uint8_t number)
{
	const size_t item = w.at++ % (2 * SAMPLE_TYPES);

	for (unsigned k = 0; k < KEYS; k++) {
		const id32 id = fresh_id(1);
		FOR_EACH_IN(i, who) assert_int_equal(start_decryption(i, &id, c, number, k, item), GRPC_OK);
		FOR_EACH_IN(i, who) samples_right(&w.s[k], item, &w.c.node[i], &id);
	}
}

/* It answers for the keys as if it had been there when they were made, and serves what the others do. */
static void knows_the_keys(party i)
{
	assert_true(has_files(i));
	for (unsigned k = 0; k < KEYS; k++) {
		buf response = { 0 }, mine = published_by(&w.c.node[i], KEY_SET_TYPE[k], &w.key[k]),
		    first = published_by(&w.c.node[1], KEY_SET_TYPE[k], &w.key[k]);
		const grpc_status s = get_result(&w.c.node[i], &response, "GetKeyGenResult", &w.key[k]);
		if (s != GRPC_OK) print_error("node %u: %s\n", i, client_said.message);
		assert_int_equal(s, GRPC_OK);
		assert_true(slice_eq_var(buf_slice(&mine), buf_slice(&first)));
		buf_free(&response), buf_free(&mine), buf_free(&first);
	}
}

static void answered(party i, const char *method, const id32 *id)
{
	buf response = { 0 };
	const grpc_status s = get_result(&w.c.node[i], &response, method, id);

	if (s != GRPC_OK) print_error("node %u: %s\n", i, client_said.message);
	assert_int_equal(s, GRPC_OK);
	buf_free(&response);
}

static bool has_decompression_key(party i)
{
	if (!there(i, "PUB", "DecompressionKey", NULL, &w.between)) return false;
	buf mine = published_by(&w.c.node[i], "DecompressionKey", &w.between), first = published_by(&w.c.node[2], "DecompressionKey", &w.between);
	assert_true(slice_eq_var(buf_slice(&mine), buf_slice(&first)));
	buf_free(&mine), buf_free(&first);
	answered(i, "GetKeyGenResult", &w.between);
	return true;
}

/* Of the second key: all serve the same, and what is signed is the compressed form. */
static void has_both_sets(party i)
{
	static const char *const TYPE[] = { "PublicKey", "CompressedXofKeySet" };
	arena a = arena_with_limit(1 << 20);
	Kms__V1__KeyGenResult *m;
	buf response = { 0 };

	assert_true(there(i, "PRIV", "AddedKeySet", NULL, &w.key[1]) && there(i, "PUB", "ServerKey", NULL, &w.key[1]));
	assert_false(there(i, "PRIV", "UnfinishedAddition", NULL, &w.key[1]));
	assert_int_equal(get_result(&w.c.node[i], &response, "GetKeyGenResult", &w.key[1]), GRPC_OK);
	assert_ok(pb_unpack(&a, &m, &kms__v1__key_gen_result__descriptor, buf_slice(&response)));
	assert_int_equal(m->n_key_digests, COUNT(TYPE));
	for (size_t k = 0; k < COUNT(TYPE); k++) {
		uint8_t digest[KEY_DIGEST_BYTES];
		buf file = published_by(&w.c.node[i], TYPE[k], &w.key[1]);
		tkms_key_digest(digest, buf_slice(&file));
		assert_string_equal(m->key_digests[k]->key_type, TYPE[k]);
		assert_true(slice_eq_var(pb_slice(m->key_digests[k]->digest), slice_of(digest, sizeof digest)));
		buf_free(&file);
	}
	buf_free(&response);
	arena_free(&a);
}

static unsigned parts_of(party i, const char *type, const id32 *in)
{
	unsigned n = 0;

	for (unsigned k = 0; k < KEYS; k++) n += there(i, "PRIV", type, in, &w.key[k]);
	return n;
}

/* ---- what happens ------------------------------------------------------------------------------------------------------- */

static void who_missed_keys_gets_its_shares_and_their_files(void **state)
{
	(void)state;
	const id32 to = epoch(2);

	assert_int_equal(files_of(4), 0);
	reshare(test_context_nodes(&FOUR), &FOUR, 1, &FOUR, 2);
	has_result(test_context_nodes(&FOUR), 2, KEYS);
	knows_the_keys(4);
	assert_int_equal(parts_of(4, "UnfinishedKey", &to), 0);
	decrypts(test_context_nodes(&FOUR), &FOUR, 2);
}

/* Three parties give the second key a compressed set, and make a key from the first to it, while the fourth is away. */
static void a_key_gets_another_set_and_a_key_between_two_is_made_and_one_party_misses_that(void **state)
{
	(void)state;
	const party_set three = parties_all(3);
	const id32 prep = fresh_id(3), key = fresh_id(4), between = fresh_id(3), in = epoch(2);

	cluster_kill(&w.c, 4);
	ask_in_epoch(&in);
	FOR_EACH_IN(i, three) assert_int_equal(start_preproc_existing(&w.c.node[i], &prep, 1), GRPC_OK);
	FOR_EACH_IN(i, three) answered(i, "GetKeyGenPreprocResult", &prep);
	FOR_EACH_IN(i, three) assert_int_equal(start_keygen_copied(&w.c.node[i], &key, &prep, &w.key[1]), GRPC_OK);
	FOR_EACH_IN(i, three) answered(i, "GetKeyGenResult", &key);
	w.copied = true;
	w.between = fresh_id(4);
	FOR_EACH_IN(i, three) assert_int_equal(start_preproc_between(&w.c.node[i], &between, 1), GRPC_OK);
	FOR_EACH_IN(i, three) answered(i, "GetKeyGenPreprocResult", &between);
	FOR_EACH_IN(i, three)
		assert_int_equal(start_keygen_between(&w.c.node[i], &w.between, &between, &w.key[0], &w.key[1]), GRPC_OK);
	FOR_EACH_IN(i, three) answered(i, "GetKeyGenResult", &w.between);
	ask_in_epoch(NULL);
	cluster_start(&w.c, 4, NULL, NULL);
	cluster_wait_linked_everywhere(&w.c);
	FOR_EACH_IN(i, three) has_both_sets(i);
	assert_false(there(4, "PUB", "CompressedXofKeySet", NULL, &w.key[1]) || has_decompression_key(4));
}

static void of_four_parties_one_leaves_and_two_join(void **state)
{
	(void)state;
	const party_set one = (party_set)1 << 1;

	assert_int_equal(files_of(5), 0);
	reshare(test_context_nodes(&FOUR) | test_context_nodes(&FIVE), &FOUR, 2, &FIVE, 3);
	decrypts(test_context_nodes(&FOUR), &FOUR, 2);                     /* meanwhile */
	has_result(one, 3, 0);
	has_result(test_context_nodes(&FIVE), 3, KEYS + w.copied);
	knows_the_keys(5), knows_the_keys(6);
	FOR_EACH_IN(i, test_context_nodes(&FIVE)) {
		has_both_sets(i);
		assert_true(has_decompression_key(i));
	}
	cluster_kill(&w.c, 4);
	cluster_start(&w.c, 4, NULL, NULL);
	cluster_wait_linked_everywhere(&w.c);
	has_both_sets(4);
	assert_true(has_decompression_key(4));
	const id32 to = epoch(3);
	assert_int_equal(parts_of(4, "UnfinishedKey", &to), 0);
	decrypts(test_context_nodes(&FIVE), &FIVE, 3);
	decrypts(test_context_nodes(&FOUR), &FOUR, 2);
}

static long long answers_until_s(party i, const id32 *in)
{
	char name[200], id[ID_TEXT];

	id_text(id, in);
	snprintf(name, sizeof name, "arca_epoch_answers_until_seconds{epoch=\"%s\"}", id);
	return cluster_metric(&w.c, i, name);
}

static bool has_logged_destroyed(party i, const id32 *in)
{
	char line[200], id[ID_TEXT];

	id_text(id, in);
	snprintf(line, sizeof line, "audit: epoch %s destroyed", id);
	return cluster_logged(&w.c, i, line);
}

/* It has no later epoch: what the new ones have said counts, also after a stop, and its last epoch goes with the others. */
static void who_left_keeps_its_shares_for_a_time_and_not_longer(void **state)
{
	(void)state;
	const party_set one = (party_set)1 << 1;
	const id32 first = epoch(1), last = epoch(2);

	assert_true(parts_of(1, "GivenKey", &last) == KEYS && parts_of(1, "GivenKey", &first) == KEYS);
	assert_true(answers_until_s(1, &first) > 0 && answers_until_s(1, &last) > 0);
	cluster_kill(&w.c, 1);
	setenv("ARCA_NODE__THRESHOLD__EPOCH_GRACE", "1", 1);
	cluster_start(&w.c, 1, NULL, NULL);
	unsetenv("ARCA_NODE__THRESHOLD__EPOCH_GRACE");
	cluster_wait_linked_everywhere(&w.c);
	for (unsigned k = 0; k < 10 && !has_logged_destroyed(1, &last); k++) {}
	assert_true(has_logged_destroyed(1, &last) && has_logged_destroyed(1, &first));
	for (uint8_t n = 1; n <= 2; n++) {
		const id32 in = epoch(n);
		assert_false(there(1, "PRIV", "EpochData", NULL, &in) || parts_of(1, "FheKeyInfo", &in) || parts_of(1, "GivenKey", &in));
	}
	assert_true(has_files(1));
	assert_int_equal(start_decryption(1, &last, &FOUR, 2, 0, 0), GRPC_NOT_FOUND);
	decrypts(test_context_nodes(&FOUR) & ~one, &FOUR, 2);              /* the others keep theirs for a day */
	cluster_kill(&w.c, 1);
	cluster_start(&w.c, 1, NULL, NULL);
	cluster_wait_linked_everywhere(&w.c);
}

/* Of five that have the key one dies while it gives it away, and of seven that get it one that is new. */
static void who_dies_in_the_middle_takes_nothing_away(void **state)
{
	(void)state;
	const party_set dead = (party_set)1 << 6 | (party_set)1 << 7, all = parties_all(NODES);
	const id32 to = epoch(4);

	reshare(all, &FIVE, 3, &SEVEN, 4);
	cluster_wait_for(&w.c, 7, "PRIV", "UsedSession", &to, NULL);
	FOR_EACH_IN(i, dead) cluster_kill(&w.c, i);
	has_result(all & ~dead, 4, KEYS + w.copied);
	decrypts(all & ~dead, &SEVEN, 4);
	FOR_EACH_IN(i, dead) cluster_start(&w.c, i, NULL, NULL);
	cluster_wait_linked_everywhere(&w.c);
	FOR_EACH_IN(i, dead) assert_int_equal(there(i, "PRIV", "EpochData", NULL, &to) * KEYS, parts_of(i, "FheKeyInfo", &to));
	assert_int_equal(has_files(7), there(7, "PRIV", "EpochData", NULL, &to));
	decrypts(test_context_nodes(&FIVE), &FIVE, 3);
	/* Once more: the two that missed it get theirs. */
	reshare(all, &SEVEN, 4, &SEVEN, 5);
	has_result(all, 5, KEYS + w.copied);
	knows_the_keys(7);
	decrypts(all, &SEVEN, 5);
}

static void seven_become_four_while_of_those_who_leave_one_lies_and_one_dies(void **state)
{
	(void)state;
	const party_set liar = (party_set)1 << 2, dead = (party_set)1 << 4;
	const id32 to = epoch(6);

	cluster_kill(&w.c, 2);
	cluster_start(&w.c, 2, getenv("ARCA_LIAR"), "session");
	cluster_wait_linked_everywhere(&w.c);
	reshare(parties_all(NODES), &SEVEN, 5, &OTHERS, 6);
	cluster_wait_for(&w.c, 7, "PRIV", "UsedSession", &to, NULL);
	cluster_kill(&w.c, 4);
	has_result(test_context_nodes(&OTHERS), 6, KEYS + w.copied);
	has_result(parties_all(NODES) & ~test_context_nodes(&OTHERS) & ~liar & ~dead, 6, 0);
	decrypts(test_context_nodes(&OTHERS), &OTHERS, 6);
}

static const struct CMUnitTest tests[] = {
	TEST(who_missed_keys_gets_its_shares_and_their_files),
	TEST(a_key_gets_another_set_and_a_key_between_two_is_made_and_one_party_misses_that), TEST(of_four_parties_one_leaves_and_two_join),
	TEST(who_left_keeps_its_shares_for_a_time_and_not_longer),
	TEST(who_dies_in_the_middle_takes_nothing_away),
	TEST(seven_become_four_while_of_those_who_leave_one_lies_and_one_dies),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down);
}
