/* SPDX-License-Identifier: MIT */
/* Which epochs are superseded, and since when: read from keys and epochs as they come and go. */
#include "base/file.h"
#include "node/superseded.h"
#include "tests/vault/folder.h"

enum { N = 4, T = 1, ME = 2 };

static const uint8_t R_A[3][PRSS_KEY] = { { 1 }, { 2 }, { 3 } };
static const mpc_context COMMITTEE = { .id = {{ 7, [31] = 1 }}, .n = N, .t = T, .me = ME };

typedef struct world { vault *v; keys *k; epochs *e; } world;

static void open_world(world *w, void **state)
{
	*w = (world){ 0 };
	assert_ok(vault_open(&w->v, below(state, "PUB"), below(state, "PRIV")));
	assert_ok(epochs_open(&w->e, w->v, NULL));       /* there are none, so nobody looks for contexts */
	assert_ok(keys_open_parts(&w->k, w->v));
}

static void close_world(world *w)
{
	keys_free(&w->k);
	epochs_free(&w->e);
	vault_free(&w->v);
}

static id32 epoch_id(uint8_t last) { return (id32){{ 8, [31] = last }}; }
static id32 key_id(uint8_t last) { return (id32){{ 4, [31] = last }}; }

static void live_epoch(world *w, uint8_t last, int64_t made_ms)
{
	const epoch_data d = { epoch_id(last), COMMITTEE.id, N, T, ring_degree(N), ME, made_ms, COUNT(R_A), R_A };

	assert_ok(epochs_begin(w->e, &d.epoch_id, &COMMITTEE));
	assert_ok(epochs_finish(w->e, &d, &COMMITTEE));
}

/* Though it may be the only one. */
static void end_epoch(world *w, uint8_t last)
{
	const id32 id = epoch_id(last);

	assert_ok(epochs_begin_destroy_superseded(w->e, &id));
	assert_ok(keys_drop_epoch(w->k, &id));
	assert_ok(epochs_destroy(w->e, &id));
	epochs_end_destroy(w->e);
}

static void add_key(world *w, uint8_t in, uint8_t key, uint8_t marks)
{
	static const uint8_t digest[32] = { 9 };
	const share_holder holder = { key_id(key), epoch_id(in), N, T, ring_degree(N), ME };
	const key_record record = {
		.state = KEY_ACTIVE, .marks = marks, .fhe_parameter = PARAMS_TEST.fhe_parameter,
		.metadata = { .key_id = key_id(key), .digests = 1, .digest = { { PUB_COMPRESSED_XOF_KEY_SET, slice_of(digest, sizeof digest) } },
		              .external_signature = slice_str("signature") },
	};
	key_share k;

	assert_ok(key_share_new(&k, &holder, &PARAMS_TEST, ONLINE_SECRETS));
	assert_ok(keys_add_part(w->k, &k, &record));
	key_share_free(&k);
}

static succession of(world *w, uint8_t last)
{
	const id32 id = epoch_id(last);
	return succession_of(&id, w->k, w->e);
}

static bool gone(world *w, uint8_t last)
{
	const succession s = of(w, last);
	return is_superseded(&s);
}

static void an_epoch_is_superseded_when_all_its_keys_have_come_to_a_later_one(void **state)
{
	world w;

	open_world(&w, state);
	live_epoch(&w, 1, 50);
	add_key(&w, 1, 1, 0);
	assert_false(gone(&w, 1));
	add_key(&w, 2, 1, KEY_RESHARED);
	assert_false(gone(&w, 1));                         /* the epoch of these shares is still being made */
	live_epoch(&w, 2, 100);
	assert_true(gone(&w, 1));
	assert_int_equal(of(&w, 1).since_ms, 100);
	assert_false(gone(&w, 2));
	close_world(&w);
}

static void a_key_that_came_nowhere_keeps_its_epoch(void **state)
{
	world w;
	const id32 second = key_id(2);

	open_world(&w, state);
	live_epoch(&w, 1, 50);
	add_key(&w, 1, 1, 0);
	add_key(&w, 2, 1, KEY_RESHARED);
	live_epoch(&w, 2, 100);
	add_key(&w, 1, 2, 0);
	const succession s = of(&w, 1);
	assert_false(is_superseded(&s));
	assert_true(s.keys == 2 && s.left == 1 && id_eq_var(&s.stays, &second));
	add_key(&w, 2, 2, 0);                              /* of the same id, and not by resharing */
	assert_false(gone(&w, 1));
	close_world(&w);
}

static void it_counts_from_when_the_last_key_had_come_first(void **state)
{
	world w;

	open_world(&w, state);
	live_epoch(&w, 1, 50);
	add_key(&w, 1, 1, 0), add_key(&w, 1, 2, 0);
	add_key(&w, 2, 1, KEY_RESHARED);
	live_epoch(&w, 2, 100);
	add_key(&w, 3, 1, KEY_RESHARED), add_key(&w, 3, 2, KEY_RESHARED);
	live_epoch(&w, 3, 300);
	add_key(&w, 4, 1, KEY_RESHARED), add_key(&w, 4, 2, KEY_RESHARED);
	live_epoch(&w, 4, 400);
	assert_true(gone(&w, 1) && gone(&w, 2) && gone(&w, 3) && !gone(&w, 4));
	assert_int_equal(of(&w, 1).since_ms, 300);
	assert_int_equal(of(&w, 2).since_ms, 300);
	assert_int_equal(of(&w, 3).since_ms, 400);
	end_epoch(&w, 3);
	assert_int_equal(of(&w, 1).since_ms, 400);
	end_epoch(&w, 4);
	assert_false(gone(&w, 1));
	assert_false(gone(&w, 2));
	close_world(&w);
}

static void an_epoch_without_keys_has_no_successor(void **state)
{
	world w;

	open_world(&w, state);
	live_epoch(&w, 1, 50);
	add_key(&w, 2, 1, KEY_RESHARED);
	live_epoch(&w, 2, 100);
	assert_false(gone(&w, 1));
	close_world(&w);
}

static void give(world *w, uint8_t in, uint8_t key, int64_t when_ms)
{
	const id32 e = epoch_id(in), k = key_id(key);
	assert_ok(keys_given(w->k, &e, &k, when_ms));
}

/* The last epoch of a party that leaves: no later one is here. */
static void keys_that_others_got_are_superseded_though_no_later_epoch_is_here(void **state)
{
	world w;
	const id32 one = epoch_id(1), unknown = key_id(9);

	open_world(&w, state);
	live_epoch(&w, 1, 50);
	add_key(&w, 1, 1, 0), add_key(&w, 1, 2, 0);
	assert_err(ERR_NOT_FOUND, keys_given(w.k, &one, &unknown, 70));
	give(&w, 1, 1, 70);
	assert_false(gone(&w, 1));
	give(&w, 1, 2, 90), give(&w, 1, 1, 1000);          /* said twice */
	assert_true(gone(&w, 1));
	assert_int_equal(of(&w, 1).since_ms, 90);
	assert_ok(successors_readable(&one, w.k, w.e));
	assert_err(ERR_STATE, epochs_begin_destroy(w.e, &one));
	end_epoch(&w, 1);
	assert_false(file_exists(below(state, "PRIV/GivenKey/0800000000000000000000000000000000000000000000000000000000000001/"
	                               "0400000000000000000000000000000000000000000000000000000000000001")));
	close_world(&w);
}

/* Given in one epoch, and got back in another. */
static void what_came_first_counts_if_a_key_went_to_others_and_came_to_a_later_epoch(void **state)
{
	world w;

	open_world(&w, state);
	live_epoch(&w, 1, 50);
	add_key(&w, 1, 1, 0);
	add_key(&w, 2, 1, KEY_RESHARED);
	live_epoch(&w, 2, 100);
	give(&w, 1, 1, 200);
	assert_int_equal(of(&w, 1).since_ms, 100);
	give(&w, 2, 1, 300);
	end_epoch(&w, 2);
	assert_true(gone(&w, 1));                          /* although what came after it here is gone */
	assert_int_equal(of(&w, 1).since_ms, 200);
	close_world(&w);
}

/* It has new shares of its own later. */
static void a_key_that_comes_back_is_as_any_other(void **state)
{
	world w;

	open_world(&w, state);
	add_key(&w, 2, 1, KEY_RESHARED);
	live_epoch(&w, 2, 100);
	give(&w, 2, 1, 300);
	assert_true(gone(&w, 2));
	assert_int_equal(of(&w, 2).since_ms, 300);
	add_key(&w, 3, 1, KEY_RESHARED);
	live_epoch(&w, 3, 400);
	assert_int_equal(of(&w, 2).since_ms, 300);
	assert_false(gone(&w, 3));
	close_world(&w);
}

static void new_shares_must_be_readable_on_the_disk(void **state)
{
	world w;
	const id32 one = epoch_id(1), two = epoch_id(2), key = key_id(1);
	bool existed;

	open_world(&w, state);
	live_epoch(&w, 1, 50);
	add_key(&w, 1, 1, 0);
	add_key(&w, 2, 1, KEY_RESHARED);
	live_epoch(&w, 2, 100);
	assert_ok(successors_readable(&one, w.k, w.e));
	assert_ok(vault_remove_private(w.v, PRIV_FHE_KEY_INFO, &two, &key));
	assert_err(ERR_IO, successors_readable(&one, w.k, w.e));
	assert_ok(vault_put_private(w.v, PRIV_FHE_KEY_INFO, &two, &key, slice_str("P and rubbish"), &existed));
	assert_err(ERR_IO, successors_readable(&one, w.k, w.e));
	close_world(&w);
}

TESTS(TEST_IN_FOLDER(an_epoch_is_superseded_when_all_its_keys_have_come_to_a_later_one),
      TEST_IN_FOLDER(a_key_that_came_nowhere_keeps_its_epoch),
      TEST_IN_FOLDER(it_counts_from_when_the_last_key_had_come_first), TEST_IN_FOLDER(an_epoch_without_keys_has_no_successor),
      TEST_IN_FOLDER(keys_that_others_got_are_superseded_though_no_later_epoch_is_here),
      TEST_IN_FOLDER(what_came_first_counts_if_a_key_went_to_others_and_came_to_a_later_epoch),
      TEST_IN_FOLDER(a_key_that_comes_back_is_as_any_other),
      TEST_IN_FOLDER(new_shares_must_be_readable_on_the_disk))
