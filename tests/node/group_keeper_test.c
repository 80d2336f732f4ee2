/* SPDX-License-Identifier: MIT */
/*
 * A delegation key that four nodes share: they make it when they meet, or get the one that one of them had; get new shares of it by the
 * clock, of the old ones of which nothing is left; and whoever is killed when, it stays the same key and answers.
 */
#include "base/hex.h"
#include "tests/delegate/group_oracle.h"
#include "tests/node/cluster.h"
#include "tests/node/shared_key.h"
#include "tests/node/traces.h"

enum { CHAIN = SHARED_KEY_CHAIN, N = 4 };

/* Until every node that runs has the key in this epoch or a later one. */
static shared_key wait_for(test_cluster *c, long epoch)
{
	shared_key s = { 0 };

	for (party i = 1; i <= c->n; i++)
		if (c->up[i]) UNTIL((s = shared_key_at(c, i), s.there && s.epoch >= epoch));
	return s;
}

/* Of all nodes, in one epoch; nothing is being made. */
static void share_this_key(const test_cluster *c, const secp_sk *d)
{
	static group_record r[N + 1];
	group_share held[N + 1];
	AUTO(secp) *curve = NULL;

	assert_ok(secp_new(&curve, test_rng()));
	for (party i = 1; i <= N; i++) assert_true(shared_key_share(&held[i], &r[i], c, i));
	const char *wrong = group_violated(&r[1].key, held, parties_all(N), curve);
	if (wrong) fail_msg("%s", wrong);
	const secp_sk made = group_secret(held, parties_all(N));
	assert_memory_equal(made.b, d->b, sizeof d->b);
}

static void *begin(test_cluster *c, unsigned refresh_secs)
{
	void *top = NULL;

	assert_int_equal(folder_make(&top), 0);
	cluster_make(c, top, N, 1, 2);
	cluster_add_delegation(c, CHAIN, refresh_secs);
	return top;
}

/* The key as it is told, 0x and 66 digits. */
static void *begin_import(test_cluster *c, unsigned refresh_secs, party owner, secp_sk *d, char key[static 70])
{
	AUTO(secp) *curve = NULL;
	AUTO(buf) text = { 0 };
	void *top = NULL;

	assert_int_equal(folder_make(&top), 0);
	cluster_make(c, top, N, 1, 2);
	secp_sk_random(d, test_rng());
	cluster_add_import(c, CHAIN, refresh_secs, owner, d);
	assert_ok(secp_new(&curve, test_rng()));
	const secp_pk P = secp_pk_of(curve, d);
	buf_put_str(&text, "0x");
	buf_put_hex(&text, slice_of(P.b, sizeof P.b));
	snprintf(key, 70, "%s", buf_str(&text));
	return top;
}

static long long size_of_owner_key(const test_cluster *c, party owner)
{
	char path[320];
	struct stat st;

	snprintf(path, sizeof path, "%.299s/owner.key", c->folder[owner]);
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* As it is, and as its file had it. */
static size_t whole_key_left(const test_cluster *c, party owner, const secp_sk *d)
{
	AUTO(buf) hex = { 0 };
	traces *t;

	traces_new(&t);
	traces_add_key(t, slice_of(d->b, sizeof d->b));
	buf_put_hex(&hex, slice_of(d->b, sizeof d->b));
	traces_add_key(t, buf_slice(&hex));
	const traces_found files = traces_in_folder(t, c->folder[owner]);
	const traces_found memory = LEFTOVERS_SEEN ? traces_in_process(t, c->node[owner].pid) : (traces_found){ 0 };
	traces_free(&t);
	return files.keys + memory.keys;
}

static void end(test_cluster *c, void *top)
{
	cluster_unmake(c);
	folder_remove(&top);
}

static void nodes_that_meet_make_one_key_and_have_it_after_a_stop(void **state)
{
	test_cluster c;
	void *top = begin(&c, 0);

	(void)state;
	cluster_start_all(&c);
	const shared_key first = wait_for(&c, 0);
	for (party i = 1; i <= N; i++) {
		const shared_key s = shared_key_at(&c, i);
		assert_string_equal(s.key, first.key);
		assert_int_equal(s.epoch, 0);
		assert_int_equal(shared_key_files(&c, i, "DelegationShare"), 1);
		assert_int_equal(shared_key_files(&c, i, "DelegationKey"), 1);
		assert_true(cluster_logged(&c, i, "epoch 0, is in use"));
	}
	for (party i = 1; i <= N; i++) cluster_kill(&c, i);
	cluster_start(&c, 2, NULL, NULL);                    /* alone: what it has is on its disk */
	assert_string_equal(wait_for(&c, 0).key, first.key);
	end(&c, top);
}

/* Killed at any moment of generations and refreshes, often. */
static void a_key_survives_kills_at_any_moment(void **state)
{
	enum { REFRESH_SECS = 2 };
	const unsigned rounds = test_is_long() ? 100 : test_is_short() ? 4 : 10;
	test_cluster c;
	void *top = begin(&c, REFRESH_SECS);
	char key[70] = "";

	(void)state;
	for (party i = 1; i <= N; i++) cluster_start(&c, i, NULL, NULL);
	for (unsigned k = 0; k < rounds; k++) {
		usleep((useconds_t)test_below(k < 3 ? 600000 : 2500000));        /* some moment */
		const party first = (party)(1 + test_below(N)), last = k % 3 == 2 ? N : first;
		for (party i = k % 3 == 2 ? 1 : first; i <= last; i++) cluster_kill(&c, i);
		for (party i = 1; i <= N; i++) if (!c.up[i]) cluster_start(&c, i, NULL, NULL);
		if (k < 2) continue;
		const shared_key s = wait_for(&c, 0);
		if (!key[0]) memcpy(key, s.key, sizeof key);
		assert_string_equal(s.key, key);
	}
	const long epoch = wait_for(&c, 0).epoch;
	const shared_key s = wait_for(&c, epoch + 2);
	assert_string_equal(s.key, key);
	for (party i = 1; i <= N; i++) {
		assert_string_equal(shared_key_at(&c, i).key, key);
		assert_true(shared_key_files(&c, i, "DelegationShare") <= 2);       /* one, and one that is being made */
	}
	end(&c, top);
}

/* Its disk was lost: it has the key's share again after a refresh. */
static void who_lost_its_vault_gets_a_share_again(void **state)
{
	test_cluster c;
	void *top = begin(&c, 2);
	char command[400];

	(void)state;
	cluster_start_all(&c);
	const shared_key first = wait_for(&c, 0);
	cluster_kill(&c, 3);
	snprintf(command, sizeof command, "rm -r %s/PRIV/Delegation*", c.folder[3]);
	assert_int_equal(system(command), 0);
	cluster_start(&c, 3, NULL, NULL);
	const shared_key s = wait_for(&c, first.epoch + 1);
	assert_string_equal(s.key, first.key);
	assert_string_equal(shared_key_at(&c, 3).key, first.key);
	end(&c, top);
}

/* The share that node i uses, which is found on its disk and in its memory; of which epoch. */
static long find_share(traces **t, test_cluster *c, party i)
{
	static group_record r;
	group_share held;
	long missed = -1;

	for (;; missed = r.key.epoch) {
		while (!shared_key_share(&held, &r, c, i) || shared_key_at(c, i).epoch < (long)r.key.epoch) continue;
		assert_true((long)r.key.epoch > missed);             /* there was a refresh while it was looked for */
		traces_new(t);
		traces_add_key(*t, slice_of(held.s.b, sizeof held.s.b));
		if (traces_in_folder(*t, c->folder[i]).keys && (!LEFTOVERS_SEEN || traces_in_process(*t, c->node[i].pid).keys)) return r.key.epoch;
		traces_free(t);
	}
}

static void old_shares_are_nowhere_once_new_ones_are_certified(void **state)
{
	traces *old[N + 1];
	test_cluster c;
	void *top = begin(&c, 3);
	long newest = 0;

	(void)state;
	cluster_start_all(&c);
	(void)wait_for(&c, 0);
	for (party i = 1; i <= N; i++) {
		const long epoch = find_share(&old[i], &c, i);
		if (epoch > newest) newest = epoch;
	}
	(void)wait_for(&c, newest + 1);
	for (party i = 1; i <= N; i++) {
		assert_int_equal(traces_in_folder(old[i], c.folder[i]).keys, 0);
		if (LEFTOVERS_SEEN) assert_int_equal(traces_in_process(old[i], c.node[i].pid).keys, 0);
		traces_free(&old[i]);
	}
	end(&c, top);
}

static void a_key_that_one_node_had_is_shared_and_then_had_by_nobody(void **state)
{
	enum { OWNER = 2 };
	test_cluster c;
	char key[70];
	secp_sk d;
	void *top = begin_import(&c, 3600, OWNER, &d, key);

	(void)state;
	cluster_start(&c, OWNER, NULL, NULL);                /* alone it answers with the whole key */
	assert_string_equal(wait_for(&c, 0).key, key);
	assert_true(whole_key_left(&c, OWNER, &d) > 0);
	cluster_start_all(&c);
	(void)wait_for(&c, 0);
	assert_true(cluster_logged(&c, OWNER, "this node's copy of the whole key"));
	for (party i = 1; i <= N; i++) {
		assert_string_equal(shared_key_at(&c, i).key, key);
		assert_int_equal(whole_key_left(&c, i, &d), 0);
	}
	assert_int_equal(size_of_owner_key(&c, OWNER), 0);
	share_this_key(&c, &d);
	for (party i = 1; i <= N; i++) cluster_kill(&c, i);
	cluster_start_all(&c);                               /* the empty file is still named */
	assert_string_equal(wait_for(&c, 0).key, key);
	end(&c, top);
}

/* Killed at any moment, who deals or who receives: the key answers at its owner, from the file or by shares, and in the end by shares. */
static void whoever_is_killed_during_an_import_the_key_is_there(void **state)
{
	enum { OWNER = 3, REFRESH_SECS = 2 };
	const unsigned rounds = test_is_long() ? 60 : 6;
	test_cluster c;
	char key[70];
	secp_sk d;
	void *top = begin_import(&c, REFRESH_SECS, OWNER, &d, key);

	(void)state;
	for (party i = 1; i <= N; i++) cluster_start(&c, i, NULL, NULL);
	for (unsigned k = 0; k < rounds; k++) {
		usleep((useconds_t)test_below(900000));              /* some moment */
		const party who = k % 3 == 2 ? (party)(1 + test_below(N)) : OWNER;
		cluster_kill(&c, who);
		cluster_start(&c, who, NULL, NULL);
		const shared_key s = shared_key_at(&c, OWNER);
		assert_true(s.there);
		assert_string_equal(s.key, key);
	}
	assert_string_equal(wait_for(&c, 1).key, key);
	for (party i = 1; i <= N; i++) assert_string_equal(shared_key_at(&c, i).key, key);
	assert_int_equal(size_of_owner_key(&c, OWNER), 0);
	end(&c, top);
}

static void a_node_that_waits_for_others_stops_when_it_is_told_to(void **state)
{
	test_cluster c;
	void *top = begin(&c, 2);

	(void)state;
	cluster_start(&c, 1, NULL, NULL);
	assert_int_equal(cluster_stop(&c, 1), 0);
	cluster_start(&c, 1, NULL, NULL);
	cluster_start(&c, 2, NULL, NULL);                    /* two of four make nothing */
	assert_false(shared_key_at(&c, 1).there);
	assert_int_equal(cluster_stop(&c, 2), 0);
	assert_int_equal(cluster_stop(&c, 1), 0);
	end(&c, top);
}

TESTS(TEST(a_node_that_waits_for_others_stops_when_it_is_told_to), TEST(nodes_that_meet_make_one_key_and_have_it_after_a_stop), TEST(who_lost_its_vault_gets_a_share_again),
      TEST(old_shares_are_nowhere_once_new_ones_are_certified), TEST(a_key_that_one_node_had_is_shared_and_then_had_by_nobody),
      TEST(whoever_is_killed_during_an_import_the_key_is_there),
      TEST(a_key_survives_kills_at_any_moment))
