/* SPDX-License-Identifier: MIT */
/*
 * A delegation key that nodes share goes with their other keys to the parties of another context: one leaves and two join, then some come
 * back; who leaves has nothing left of it, who lost its share is made whole, and whoever is killed while it happens, the key is there.
 */
#include <stdlib.h>
#include "tests/delegate/group_oracle.h"
#include "tests/node/shared_key.h"
#include "tests/node/traces.h"

enum { NODES = 6 };

static const test_context FOUR = { {{ 7, [31] = 1 }}, 4, 1, { 1, 2, 3, 4 } }, FIVE = { {{ 7, [31] = 2 }}, 5, 1, { 5, 2, 3, 4, 6 } };

static struct world { void *top; test_cluster c; char key[70]; uint8_t epochs, last; } w;      /* epochs: so many were asked for; last: the newest that is there */

static id32 epoch(uint8_t number) { return (id32){{ 8, [31] = number }}; }

/* Until these have the key, of an epoch from here on. */
static void wait_for_key(party_set who, long least)
{
	assert_true(shared_key_comes(w.key, &w.c, who, SHARED_KEY_CHAIN, least, 60));
}

static int begin(void)
{
	if (folder_make(&w.top)) return -1;
	cluster_make(&w.c, w.top, NODES, 0, 2);
	cluster_add_delegation(&w.c, SHARED_KEY_CHAIN, 3600);
	for (party i = 1; i <= NODES; i++) cluster_start(&w.c, i, NULL, NULL);
	cluster_tell(&w.c, &FOUR), cluster_tell(&w.c, &FIVE);
	cluster_wait_linked_everywhere(&w.c);
	return 0;
}

static void end(void)
{
	cluster_unmake(&w.c);
	folder_remove(&w.top);
}

static int set_up(void **state)
{
	const id32 first = epoch(1);

	(void)state;
	for (unsigned tries = 1;; tries++) {
		if (begin()) return -1;
		/* They make the key as soon as they are linked, and who is late gets a share with the next refresh, in an hour. */
		if (shared_key_comes(w.key, &w.c, test_context_nodes(&FOUR), SHARED_KEY_CHAIN, 0, 20)) break;
		assert_true(tries < 5);
		w.key[0] = '\0';
		end();
	}
	cluster_only(&w.c, test_context_nodes(&FOUR));
	cluster_new_epoch(&w.c, &first);
	cluster_only(&w.c, parties_all(NODES));
	w.epochs = w.last = 1;
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	end();
	return 0;
}

/* By a new epoch that is asked for. */
static void begin_move(party_set who, const test_context *from, const test_context *to)
{
	const id32 old = epoch(w.last), new = epoch(++w.epochs);

	cluster_reshare(&w.c, who, from, &old, to, &new);
}

/* Of these: those that have made it, or given to it. */
static party_set who_moved(party_set who)
{
	const id32 id = epoch(w.epochs);
	party_set out = 0;

	FOR_EACH_IN(i, who) {
		buf response = { 0 };
		if (get_result(&w.c.node[i], &response, "GetEpochResult", &id) == GRPC_OK) add_to(&out, i);
		else print_message("# node %u: %s\n", i, client_said.message);
		buf_free(&response);
	}
	if (out) w.last = w.epochs;
	return out;
}

static void move(party_set who, const test_context *from, const test_context *to)
{
	begin_move(who, from, to);
	assert_true(who_moved(who) == who);
}

/* The parties have shares that make up the key, of one epoch. */
static void share_the_key(const test_context *k)
{
	static group_record r[NODES + 1];
	group_share held[NODES + 1];
	AUTO(secp) *curve = NULL;
	party_set with = 0;

	assert_ok(secp_new(&curve, test_rng()));
	for (unsigned i = 0; i < k->n; i++) {
		const party number = (party)(i + 1);
		assert_true(shared_key_share(&held[number], &r[number], &w.c, k->node[i]));
		assert_int_equal(held[number].index, number);
		add_to(&with, number);
	}
	const char *wrong = group_violated(&r[first_of(with)].key, held, with, curve);
	if (wrong) fail_msg("%s", wrong);
	FOR_EACH_IN(i, with) assert_int_equal(r[i].key.epoch, r[first_of(with)].key.epoch);
}

static void has_left(party i)
{
	const shared_key s = shared_key_at(&w.c, i);

	assert_false(s.there);
	assert_non_null(strstr(s.said, "other parties"));
	assert_int_equal(shared_key_files(&w.c, i, "DelegationShare"), 0);
}

static void cannot_be_destroyed(party i, const test_context *k)
{
	Kms__V1__DestroyMpcContextRequest m = KMS__V1__DESTROY_MPC_CONTEXT_REQUEST__INIT;
	buf response = { 0 };

	m.context_id = id_message(&k->id);
	assert_int_equal(call_core(&w.c.node[i], &response, "DestroyMpcContext", &m.base), GRPC_FAILED_PRECONDITION);
	assert_non_null(strstr(client_said.message, "share the delegation key of chain 31337"));
	buf_free(&response);
}

static void who_joins_gets_a_share_and_who_leaves_has_nothing_left(void **state)
{
	static group_record r;
	traces *old[NODES + 1];
	group_share held;

	(void)state;
	FOR_EACH_IN(i, test_context_nodes(&FOUR)) {
		assert_true(shared_key_share(&held, &r, &w.c, i));
		traces_new(&old[i]);
		traces_add_key(old[i], slice_of(held.s.b, sizeof held.s.b));
		assert_true(traces_in_folder(old[i], w.c.folder[i]).keys > 0);
	}
	FOR_EACH_IN(i, test_context_nodes(&FIVE) & ~test_context_nodes(&FOUR)) assert_false(shared_key_at(&w.c, i).there);
	move(parties_all(NODES), &FOUR, &FIVE);
	wait_for_key(test_context_nodes(&FIVE), 1);
	share_the_key(&FIVE);
	has_left(1);
	cannot_be_destroyed(2, &FIVE);
	FOR_EACH_IN(i, test_context_nodes(&FOUR)) {
		assert_int_equal(traces_in_folder(old[i], w.c.folder[i]).keys, 0);
		if (LEFTOVERS_SEEN) assert_int_equal(traces_in_process(old[i], w.c.node[i].pid).keys, 0);
		traces_free(&old[i]);
	}
	for (party i = 1; i <= NODES; i++) cluster_kill(&w.c, i);
	for (party i = 1; i <= NODES; i++) cluster_start(&w.c, i, NULL, NULL);
	wait_for_key(test_context_nodes(&FIVE), 1);
	has_left(1);
}

static void who_lost_its_share_says_so_and_has_one_after_the_next_epoch(void **state)
{
	enum { LOST = 5 };
	char command[700];

	(void)state;
	cluster_kill(&w.c, LOST);
	snprintf(command, sizeof command, "rm -r %.299s/PRIV/DelegationShare %.299s/PRIV/DelegationKey", w.c.folder[LOST], w.c.folder[LOST]);
	assert_int_equal(system(command), 0);
	cluster_start(&w.c, LOST, NULL, NULL);
	cluster_wait_linked_everywhere(&w.c);
	for (unsigned k = 0; !strstr(shared_key_at(&w.c, LOST).said, "has lost"); k++) {
		assert_true(k < 600);
		usleep(50000);
	}
	move(test_context_nodes(&FIVE), &FIVE, &FIVE);
	wait_for_key(test_context_nodes(&FIVE), 2);
	share_the_key(&FIVE);
}

/* It changes what it sends in ceremonies.  It stays, and is named; the others have what they need. */
static void who_lies_while_it_moves_is_named_and_the_key_goes(void **state)
{
	enum { LIAR = 4 };
	const party_set honest = parties_all(NODES) & ~((party_set)1 << LIAR);

	(void)state;
	if (!getenv("ARCA_LIAR")) return;                    /* it is built where keys may be dealt */
	cluster_kill(&w.c, LIAR);
	cluster_start(&w.c, LIAR, getenv("ARCA_LIAR"), "session");
	cluster_wait_linked_everywhere(&w.c);
	begin_move(parties_all(NODES), &FIVE, &FOUR);
	assert_true(who_moved(honest & test_context_nodes(&FOUR)) == (honest & test_context_nodes(&FOUR)));
	wait_for_key(honest & test_context_nodes(&FOUR), 3);
	assert_true(cluster_logged(&w.c, 2, "party 4 of context"));
	assert_true(who_moved(honest) == honest);            /* those who leave, too */
	cluster_kill(&w.c, LIAR);
	cluster_start(&w.c, LIAR, NULL, NULL);
	cluster_wait_linked_everywhere(&w.c);
	move(test_context_nodes(&FOUR), &FOUR, &FOUR);
	wait_for_key(test_context_nodes(&FOUR), 4);
	share_the_key(&FOUR);
	move(parties_all(NODES), &FOUR, &FIVE);
}

/* Until it has none of the old shares, which nobody has asked it for. */
static void wait_until_erased(party i)
{
	for (unsigned k = 0; shared_key_files(&w.c, i, "DelegationShare") || shared_key_at(&w.c, i).there; k++) {
		assert_true(k < 1200);
		usleep(50000);                               /* it is told when the others are linked */
	}
}

/* The others move the key while it is dead, and are started again before it comes. */
static void move_without(party away, const test_context *from, const test_context *to)
{
	const party_set others = parties_all(NODES) & ~((party_set)1 << away);
	static group_record r;
	group_share held;
	traces *old;

	assert_true(shared_key_share(&held, &r, &w.c, away));
	traces_new(&old);
	traces_add_key(old, slice_of(held.s.b, sizeof held.s.b));
	cluster_kill(&w.c, away);
	move(others, from, to);
	FOR_EACH_IN(i, others) cluster_kill(&w.c, i), cluster_start(&w.c, i, NULL, NULL);
	cluster_start(&w.c, away, NULL, NULL);
	wait_until_erased(away);
	assert_int_equal(traces_in_folder(old, w.c.folder[away]).keys, 0);
	if (LEFTOVERS_SEEN) assert_int_equal(traces_in_process(old, w.c.node[away].pid).keys, 0);
	traces_free(&old);
	cluster_wait_linked_everywhere(&w.c);
}

static void who_misses_that_the_key_goes_is_told_and_erases_its_share(void **state)
{
	enum { LEAVES = 6, STAYS = 3 };

	(void)state;
	move_without(LEAVES, &FIVE, &FOUR);
	has_left(LEAVES);
	move_without(STAYS, &FOUR, &FIVE);
	assert_non_null(strstr(shared_key_at(&w.c, STAYS).said, "at the next refresh"));
	move(test_context_nodes(&FIVE), &FIVE, &FIVE);
	wait_for_key(test_context_nodes(&FIVE), 0);
	share_the_key(&FIVE);
}

/* Epochs until all of the new parties are in one: who was just started may come too late to the first. */
static void move_until_all_are_there(const test_context *from, const test_context *to, bool moved)
{
	for (unsigned tries = 0; tries < 10; tries++) {
		const party_set who = test_context_nodes(to) | (moved ? 0 : test_context_nodes(from));
		begin_move(who, moved ? to : from, to);
		const party_set there = who_moved(who);
		moved |= there != 0;
		if ((there & test_context_nodes(to)) == test_context_nodes(to)) return;
	}
	fail_msg("in ten epochs not all parties were together");
}

/*
 * One that leaves, one that stays or one that joins, at some moment; the next epoch heals it.  An epoch that too few came to in time is
 * asked for again, as its sentence says.
 */
static void whoever_is_killed_while_it_moves_the_key_is_there(void **state)
{
	static const party KILLED[] = { 6, 3, 1 };
	const unsigned rounds = test_is_long() ? 20 : 1, first = (unsigned)test_below(COUNT(KILLED));

	(void)state;
	for (unsigned k = 0; k < rounds; k++) {
		const test_context *from = k % 2 == 0 ? &FIVE : &FOUR, *to = k % 2 == 0 ? &FOUR : &FIVE;
		const party who = KILLED[(first + k) % COUNT(KILLED)];
		const party_set live = test_context_nodes(to) & ~((party_set)1 << who);
		begin_move(parties_all(NODES), from, to);
		usleep((useconds_t)test_below(1500000));     /* some moment */
		cluster_kill(&w.c, who);
		const party_set moved = who_moved(live);
		assert_true(!moved || size_of_set(moved) + 1 >= to->n);
		cluster_start(&w.c, who, NULL, NULL);
		cluster_wait_linked_everywhere(&w.c);
		wait_for_key(moved ? moved : test_context_nodes(from) & ~((party_set)1 << who), 0);
		move_until_all_are_there(from, to, moved != 0);
		wait_for_key(test_context_nodes(to), 0);
		share_the_key(to);
	}
}

static const struct CMUnitTest tests[] = {
	TEST(who_joins_gets_a_share_and_who_leaves_has_nothing_left), TEST(who_lost_its_share_says_so_and_has_one_after_the_next_epoch),
	TEST(who_lies_while_it_moves_is_named_and_the_key_goes), TEST(who_misses_that_the_key_goes_is_told_and_erases_its_share),
	TEST(whoever_is_killed_while_it_moves_the_key_is_there),
};

int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down); }
