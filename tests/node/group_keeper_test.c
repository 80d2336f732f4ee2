/* SPDX-License-Identifier: MIT */
/*
 * A delegation key that four nodes share: they make it when they meet, get new shares of it by the clock, and whoever is killed when,
 * it stays the same key and answers.
 */
#include "base/hex.h"
#include "rpc/fetch.h"
#include "tests/node/cluster.h"

enum { CHAIN = 31337, N = 4 };

typedef struct seen { bool there; long epoch; char key[70]; } seen;

static seen key_at(test_cluster *c, party i)
{
	char url[80];
	buf text = { 0 };
	unsigned status = 0;
	seen s = { 0 };

	snprintf(url, sizeof url, "http://127.0.0.1:%u/v1/public-key", c->node[i].http);
	assert_ok(fetch_ask(&text, &status, url, NULL, NULL, 1 << 16, 5000));
	const char *epoch = strstr(buf_str(&text), "\"epoch\":"), *key = strstr(buf_str(&text), "\"publicKey\":");
	s.there = status == 200 && epoch && key;
	if (s.there) {
		s.epoch = strtol(epoch + strlen("\"epoch\":"), NULL, 10);
		key = strstr(key, "0x");
		memcpy(s.key, key, 2 + 66);
	}
	buf_free(&text);
	return s;
}

/* Until every node that runs has the key in this epoch or a later one. */
static seen wait_for(test_cluster *c, long epoch)
{
	seen s = { 0 };

	for (party i = 1; i <= c->n; i++)
		for (unsigned k = 0; c->up[i]; k++) {
			assert_true(k < 1200);
			s = key_at(c, i);
			if (s.there && s.epoch >= epoch) break;
			usleep(50000);                       /* it comes when it comes: there is nothing to wait on */
		}
	return s;
}

static unsigned files_of(const test_cluster *c, party i, const char *type)
{
	char command[500], line[32] = "";

	snprintf(command, sizeof command, "find %s/PRIV/%s -type f 2>/dev/null | wc -l", c->folder[i], type);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	pclose(f);
	return (unsigned)atoi(line);
}

static void *begin(test_cluster *c, unsigned refresh_secs)
{
	void *top = NULL;

	assert_int_equal(folder_make(&top), 0);
	cluster_make(c, top, N, 1, 2);
	cluster_add_delegation(c, CHAIN, refresh_secs);
	return top;
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
	const seen first = wait_for(&c, 0);
	for (party i = 1; i <= N; i++) {
		const seen s = key_at(&c, i);
		assert_string_equal(s.key, first.key);
		assert_int_equal(s.epoch, 0);
		assert_int_equal(files_of(&c, i, "DelegationShare"), 1);
		assert_int_equal(files_of(&c, i, "DelegationKey"), 1);
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
		const seen s = wait_for(&c, 0);
		if (!key[0]) memcpy(key, s.key, sizeof key);
		assert_string_equal(s.key, key);
	}
	const long epoch = wait_for(&c, 0).epoch;
	const seen s = wait_for(&c, epoch + 2);
	assert_string_equal(s.key, key);
	for (party i = 1; i <= N; i++) {
		assert_string_equal(key_at(&c, i).key, key);
		assert_true(files_of(&c, i, "DelegationShare") <= 2);       /* one, and one that is being made */
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
	const seen first = wait_for(&c, 0);
	cluster_kill(&c, 3);
	snprintf(command, sizeof command, "rm -r %s/PRIV/Delegation*", c.folder[3]);
	assert_int_equal(system(command), 0);
	cluster_start(&c, 3, NULL, NULL);
	const seen s = wait_for(&c, first.epoch + 1);
	assert_string_equal(s.key, first.key);
	assert_string_equal(key_at(&c, 3).key, first.key);
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
	assert_false(key_at(&c, 1).there);
	assert_int_equal(cluster_stop(&c, 2), 0);
	assert_int_equal(cluster_stop(&c, 1), 0);
	end(&c, top);
}

TESTS(TEST(a_node_that_waits_for_others_stops_when_it_is_told_to), TEST(nodes_that_meet_make_one_key_and_have_it_after_a_stop), TEST(who_lost_its_vault_gets_a_share_again),
      TEST(a_key_survives_kills_at_any_moment))
