/* SPDX-License-Identifier: MIT */
/*
 * The end of old shares: parties 1 and 2 keep superseded epochs until they are told to destroy them, parties 3 and 4 for a second.
 * What an epoch had is looked for in the files and in the memory of parties before and after (T-EPOCH).
 */
#include <stdlib.h>
#include "tests/node/cluster.h"
#include "tests/node/samples.h"
#include "tests/node/traces.h"

enum { N = 4, T = 1, TIMEOUT_S = 3, KEYS = 2, TOLD = 1, TIMED = 3, MANY = 256 };

static const id32 FIRST = {{ 8, [31] = 1 }}, PARTLY = {{ 8, [31] = 2 }}, LAST = {{ 8, [31] = 3 }};

static struct world {
	void *top;
	test_cluster c;
	samples s;
	id32 prep[KEYS], key[KEYS];
	traces *old[N + 1], *now;                        /* of TOLD and TIMED: of the first two epochs; of TIMED: of the last */
} w;

static void start(party i)
{
	/* For the child, which inherits it. */
	if (i >= TIMED) setenv("ARCA_NODE__THRESHOLD__EPOCH_GRACE", "1", 1);
	cluster_start(&w.c, i, NULL, NULL);
	unsetenv("ARCA_NODE__THRESHOLD__EPOCH_GRACE");
}

static int set_up(void **state)
{
	(void)state;
	if (folder_make(&w.top)) return -1;
	cluster_make(&w.c, w.top, N, T, TIMEOUT_S);
	for (party i = 1; i <= N; i++) start(i);
	cluster_wait_linked(&w.c);
	cluster_new_epoch(&w.c, &FIRST);
	for (unsigned i = 0; i < KEYS; i++) cluster_new_key(&w.c, &w.prep[i], &w.key[i], 1);
	samples_make_big(&w.s, &w.c.node[1], &w.key[0]);
	for (party i = TOLD; i <= TIMED; i += TIMED - TOLD) traces_new(&w.old[i]);
	traces_new(&w.now);
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	for (party i = 1; i <= N; i++) traces_free(&w.old[i]);
	traces_free(&w.now);
	return cluster_take_down(&w.top, &w.c, &w.s);
}

/* ---- asking --------------------------------------------------------------------------------------------------------- */

/* Of the first epoch: so many of its keys; 0: all. */
static void reshare(const id32 *to, unsigned keys)
{
	Kms__V1__NewMpcEpochRequest m = KMS__V1__NEW_MPC_EPOCH_REQUEST__INIT;
	Kms__V1__PreviousEpochInfo previous = KMS__V1__PREVIOUS_EPOCH_INFO__INIT;
	Kms__V1__KeyInfo key = KMS__V1__KEY_INFO__INIT, *list[] = { &key };

	m.epoch_id = id_message(to);
	m.domain = domain_message("ProtocolConfig");
	m.previous_epoch = &previous;
	previous.epoch_id = id_message(&FIRST);
	previous.context_id = id_message(&ID_DEFAULT_CONTEXT);
	previous.keys_info = list, previous.n_keys_info = keys;
	assert_true(keys <= 1);
	key.key_id = id_message(&w.key[0]);
	key.preproc_id = id_message(&w.prep[0]);
	key.key_parameters = (Kms__V1__FheParameter)1;
	cluster_call_all(&w.c, "NewMpcEpoch", &m.base, GRPC_OK);
	cluster_results(&w.c, NULL, "GetEpochResult", to, GRPC_OK);
}

static grpc_status start_decryption(party i, const id32 *id, const id32 *epoch, size_t item)
{
	return samples_ask(&w.s, item, &w.c.node[i], id, &(sample_place){ .epoch = epoch, .key = &w.key[0] });
}

static void all_decrypt(const id32 *epoch)
{
	const id32 id = fresh_id(1);

	for (party i = 1; i <= N; i++) assert_int_equal(start_decryption(i, &id, epoch, 0), GRPC_OK);
	cluster_results(&w.c, NULL, "GetPublicDecryptionResult", &id, GRPC_OK);
}

static void refuses(party i, const id32 *epoch)
{
	const id32 id = fresh_id(1);
	assert_int_equal(start_decryption(i, &id, epoch, 0), GRPC_NOT_FOUND);
}

static void destroy_at(party i, const id32 *epoch, grpc_status want)
{
	Kms__V1__DestroyMpcEpochRequest m = KMS__V1__DESTROY_MPC_EPOCH_REQUEST__INIT;
	buf response = { 0 };

	m.epoch_id = id_message(epoch);
	assert_int_equal(call_core(&w.c.node[i], &response, "DestroyMpcEpoch", &m.base), want);
	buf_free(&response);
}

/* Then it can be done again, and a start goes on with it. */
static void disk_stops_in_the_middle_of(party i, const id32 *destroyed)
{
	cluster_limit_files(&w.c, i, 1);
	destroy_at(i, destroyed, GRPC_INTERNAL);
	cluster_limit_files(&w.c, i, RLIM_INFINITY);
}

/* ---- looking -------------------------------------------------------------------------------------------------------- */

static void note(traces *t, party i, const id32 *epoch, unsigned keys)
{
	buf b = test_read(cluster_object(&w.c, i, "PRIV", "EpochData", epoch, NULL));
	traces_add_epoch(t, buf_slice(&b));
	buf_free(&b);
	for (unsigned k = 0; k < keys; k++) {
		b = test_read(cluster_object(&w.c, i, "PRIV", "FheKeyInfo", epoch, &w.key[k]));
		traces_add_part(t, buf_slice(&b));
		buf_free(&b);
	}
}

static void is_found(const traces *t, party i)
{
	const traces_found disk = traces_in_folder(t, w.c.folder[i]), memory = traces_in_process(t, w.c.node[i].pid);

	if (disk.words < MANY || memory.words < MANY)
		print_error("party %u: %zu and %zu words, %zu and %zu keys in its files and memory\n", i, disk.words, memory.words, disk.keys,
		            memory.keys);
	assert_true(disk.words >= MANY && disk.keys > 0);
	assert_true(memory.words >= MANY && memory.keys > 0);
}

/* What becomes of memory is seen in optimised code only, and without sanitizers: these keep locals, and what was freed. */
static void is_nowhere(const traces *t, party i)
{
	const traces_found disk = traces_in_folder(t, w.c.folder[i]), memory = traces_in_process(t, w.c.node[i].pid);

	assert_int_equal(disk.words + disk.keys, 0);
	if (!LEFTOVERS_SEEN) return;
	assert_int_equal(memory.words, 0);
	assert_int_equal(memory.keys, 0);
}

static bool has_logged_of(party i, const char *what, const id32 *epoch, const char *more)
{
	char line[200], id[ID_TEXT];

	id_text(id, epoch);
	snprintf(line, sizeof line, "%s %s%s", what, id, more);
	return cluster_logged(&w.c, i, line);
}

static void wait_until_destroyed(party i, const id32 *epoch)
{
	bool yes = false;
	for (unsigned k = 0; k < 10 && !yes; k++) yes = has_logged_of(i, "audit: epoch", epoch, " destroyed");
	assert_true(yes);
}

/* From about now on, for so long. */
static void is_superseded_until(party i, const id32 *superseded, long long grace_s)
{
	const long long now_s = clock_unix_ms(clock_system()) / 1000;
	char name[200], id[ID_TEXT];

	id_text(id, superseded);
	snprintf(name, sizeof name, "arca_epoch_answers_until_seconds{epoch=\"%s\"}", id);
	const long long until_s = cluster_metric(&w.c, i, name);
	assert_true(until_s <= now_s + grace_s && until_s > now_s + grace_s - 600);
	id_text(id, &LAST);
	snprintf(name, sizeof name, "arca_epoch_answers_until_seconds{epoch=\"%s\"}", id);
	assert_int_equal(cluster_metric(&w.c, i, name), -1);
}

/* ---- tests -------------------------------------------------------------------------------------------------------------- */

static void a_key_that_was_left_out_keeps_its_epoch(void **state)
{
	(void)state;

	reshare(&PARTLY, 1);
	for (party i = TIMED; i <= N; i++)
		assert_true(has_logged_of(i, "epoch", &FIRST, " stays, with the old shares of all its keys: 1 of 2"));
	all_decrypt(&FIRST);
	all_decrypt(&PARTLY);
	for (party i = TOLD; i <= TIMED; i += TIMED - TOLD) {
		note(w.old[i], i, &FIRST, KEYS);
		note(w.old[i], i, &PARTLY, 1);
		is_found(w.old[i], i);
	}
}

static void superseded_epochs_go_when_their_time_is_over_and_nothing_of_them_is_left(void **state)
{
	(void)state;

	reshare(&LAST, 0);
	for (party i = TIMED; i <= N; i++) {
		wait_until_destroyed(i, &FIRST);
		wait_until_destroyed(i, &PARTLY);
		refuses(i, &FIRST), refuses(i, &PARTLY);
		assert_int_equal(cluster_metric(&w.c, i, "kms_operations_total{operation=\"destroy_mpc_epoch\"}"), 2);
		destroy_at(i, &LAST, GRPC_FAILED_PRECONDITION);
	}
	is_nowhere(w.old[TIMED], TIMED);
	note(w.now, TIMED, &LAST, KEYS);
	is_found(w.now, TIMED);
	all_decrypt(&LAST);
}

static void who_keeps_them_longer_answers_until_they_are_destroyed_and_nothing_is_left_then(void **state)
{
	(void)state;
	const id32 id = fresh_id(1);

	is_found(w.old[TOLD], TOLD);
	is_superseded_until(TOLD, &FIRST, 86400);
	is_superseded_until(TOLD, &PARTLY, 86400);
	assert_int_equal(start_decryption(TOLD, &id, &FIRST, 1), GRPC_OK);
	/* It waits for parties that have nothing of that epoch any more, and what is at work in an epoch ends. */
	for (party i = 1; i < TIMED; i++) {
		disk_stops_in_the_middle_of(i, &FIRST);
		destroy_at(i, &FIRST, GRPC_OK);
		disk_stops_in_the_middle_of(i, &PARTLY);
	}
	cluster_kill(&w.c, 2);
	start(2);
	cluster_wait_linked(&w.c);
	assert_false(cluster_has(&w.c, 2, "PRIV", "EpochData", &PARTLY, NULL));
	assert_false(cluster_has(&w.c, 2, "PRIV", "FheKeyInfo", &PARTLY, &w.key[0]));
	destroy_at(TOLD, &PARTLY, GRPC_OK);
	for (party i = 1; i < TIMED; i++) refuses(i, &FIRST), refuses(i, &PARTLY);
	buf response = { 0 };
	assert_int_not_equal(get_result(&w.c.node[TOLD], &response, "GetPublicDecryptionResult", &id), GRPC_OK);
	buf_free(&response);
	is_nowhere(w.old[TOLD], TOLD);
	all_decrypt(&LAST);
}

static void nothing_comes_back_after_a_stop(void **state)
{
	(void)state;

	cluster_kill(&w.c, TIMED);
	assert_int_equal(cluster_stop(&w.c, TOLD), 0);
	start(TIMED), start(TOLD);
	cluster_wait_linked(&w.c);
	is_nowhere(w.old[TIMED], TIMED);
	is_nowhere(w.old[TOLD], TOLD);
	all_decrypt(&LAST);
}

static const struct CMUnitTest tests[] = {
	TEST(a_key_that_was_left_out_keeps_its_epoch), TEST(superseded_epochs_go_when_their_time_is_over_and_nothing_of_them_is_left),
	TEST(who_keeps_them_longer_answers_until_they_are_destroyed_and_nothing_is_left_then), TEST(nothing_comes_back_after_a_stop),
};

int main(int argc, char **argv)
{
	setenv("ARCA_NODE__INTERNAL_CONFIG__CORE_DUMPS", "true", 1);         /* it looks into the memory of nodes */
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down);
}
