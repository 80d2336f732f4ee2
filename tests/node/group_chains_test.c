/* SPDX-License-Identifier: MIT */
/*
 * Keys of two chains that nodes share go to the parties of another context with one epoch, the one after the other.  If the second
 * cannot go, the first has gone and stays where it is, the request fails, and the next epoch takes the second.
 */
#include "tests/delegate/group_oracle.h"
#include "tests/node/shared_key.h"

enum { NODES = 5, FIRST = SHARED_KEY_CHAIN, SECOND = 421614 };

static const test_context OLD = { {{ 7, [31] = 1 }}, 4, 1, { 1, 2, 3, 4 } }, NEW = { {{ 7, [31] = 2 }}, 4, 1, { 5, 2, 3, 4 } };

static struct world { void *top; test_cluster c; char first[70], second[70]; } w;

static id32 epoch(uint8_t number) { return (id32){{ 8, [31] = number }}; }

/* Until these have it; key: what it must be. */
static void wait_for_key(char key[static 70], party_set who, unsigned chain)
{
	assert_true(shared_key_comes(key, &w.c, who, chain, 0, 60));
}

/* They have shares that make it up, of one epoch. */
static void share_the_key(const test_context *k, unsigned chain)
{
	static group_record r[NODES + 1];
	group_share held[NODES + 1];
	AUTO(secp) *curve = NULL;

	assert_ok(secp_new(&curve, test_rng()));
	for (party i = 1; i <= k->n; i++) assert_true(shared_key_share_of(&held[i], &r[i], &w.c, k->node[i - 1u], chain));
	const char *wrong = group_violated(&r[1].key, held, parties_all(k->n), curve);
	if (wrong) fail_msg("%s", wrong);
	for (party i = 1; i <= k->n; i++) assert_int_equal(r[i].key.epoch, r[1].key.epoch);
}

static int begin(void)
{
	if (folder_make(&w.top)) return -1;
	cluster_make(&w.c, w.top, NODES, 0, 2);
	cluster_add_delegation(&w.c, FIRST, 3600);
	cluster_add_chain(&w.c, SECOND);
	for (party i = 1; i <= NODES; i++) cluster_start(&w.c, i, NULL, NULL);
	cluster_tell(&w.c, &OLD), cluster_tell(&w.c, &NEW);
	cluster_wait_linked_everywhere(&w.c);
	return 0;
}

static void end(void)
{
	cluster_unmake(&w.c);
	folder_remove(&w.top);
}

static bool keys_come(void)
{
	const party_set who = test_context_nodes(&OLD);

	w.first[0] = w.second[0] = '\0';
	return shared_key_comes(w.first, &w.c, who, FIRST, 0, 20) && shared_key_comes(w.second, &w.c, who, SECOND, 0, 20);
}

static int set_up(void **state)
{
	const id32 first = epoch(1);

	(void)state;
	for (unsigned tries = 1;; tries++) {
		if (begin()) return -1;
		if (keys_come()) break;                      /* if not, one was late, and would get its share in an hour */
		assert_true(tries < 5);
		end();
	}
	cluster_only(&w.c, test_context_nodes(&OLD));
	cluster_new_epoch(&w.c, &first);
	cluster_only(&w.c, parties_all(NODES));
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	end();
	return 0;
}

/* The second chain's shares at three of the old parties, out of the way or back. */
static void hide_second(const char *from, const char *to)
{
	for (party i = 2; i <= 4; i++) {
		char command[1600];
		const char *home = w.c.folder[i];

		cluster_kill(&w.c, i);
		snprintf(command, sizeof command, "mv %.299s/%s/$(cat %.299s/second) %.299s/%s/", home, from, home, home, to);
		assert_int_equal(system(command), 0);
	}
	for (party i = 2; i <= 4; i++) cluster_start(&w.c, i, NULL, NULL);
	cluster_wait_linked_everywhere(&w.c);
}

/* Notes beside each vault what the second chain's key is called there. */
static void find_second(void)
{
	static group_record r;
	group_share held;

	for (party i = 1; i <= 4; i++) {
		char path[320], id[ID_TEXT];

		assert_true(shared_key_share_of(&held, &r, &w.c, i, SECOND));
		id_text(id, &r.key.key_id);
		snprintf(path, sizeof path, "%.299s/second", w.c.folder[i]);
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		fprintf(f, "%s\n", id);
		fclose(f);
		snprintf(path, sizeof path, "%.299s/aside", w.c.folder[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
}

/* Of all nodes, who says that the epoch is there; sentence: what at least one of the others says. */
static party_set move(uint8_t number, const char *sentence)
{
	const id32 from = epoch(1), to = epoch(number);
	party_set out = 0;
	bool said = !sentence;

	cluster_reshare(&w.c, parties_all(NODES), &OLD, &from, &NEW, &to);
	for (party i = 1; i <= NODES; i++) {
		buf response = { 0 };
		if (get_result(&w.c.node[i], &response, "GetEpochResult", &to) == GRPC_OK) add_to(&out, i);
		else print_message("# node %u: %s\n", i, client_said.message), said |= sentence && strstr(client_said.message, sentence);
		buf_free(&response);
	}
	assert_true(said);
	return out;
}

static void what_could_not_go_goes_with_the_next_epoch(void **state)
{
	(void)state;
	assert_string_not_equal(w.first, w.second);
	find_second();
	hide_second("PRIV/DelegationShare", "aside");
	assert_true((move(2, "delegation key of chain 421614: ") & test_context_nodes(&NEW)) == 0);
	wait_for_key(w.first, test_context_nodes(&NEW), FIRST);          /* it has gone */
	share_the_key(&NEW, FIRST);
	assert_false(shared_key_of(&w.c, 5, SECOND).there);
	wait_for_key(w.second, test_context_nodes(&OLD), SECOND);        /* and the other stays */
	hide_second("aside", "PRIV/DelegationShare");
	share_the_key(&OLD, SECOND);

	assert_true((move(3, NULL) & test_context_nodes(&NEW)) == test_context_nodes(&NEW));
	wait_for_key(w.first, test_context_nodes(&NEW), FIRST);
	wait_for_key(w.second, test_context_nodes(&NEW), SECOND);
	share_the_key(&NEW, FIRST);
	share_the_key(&NEW, SECOND);
	for (unsigned k = 0; shared_key_files(&w.c, 1, "DelegationShare"); k++) {
		assert_true(k < 1200);
		usleep(50000);                               /* whoever leaves is told in the end */
	}
	assert_non_null(strstr(shared_key_of(&w.c, 1, FIRST).said, "other parties"));
	assert_non_null(strstr(shared_key_of(&w.c, 1, SECOND).said, "other parties"));
}

static const struct CMUnitTest tests[] = { TEST(what_could_not_go_goes_with_the_next_epoch) };

int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down); }
