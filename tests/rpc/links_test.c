/* SPDX-License-Identifier: MIT */
#include <malloc.h>
#include "tests/test.h"
#include "tests/rpc/links_world.h"

/* ---- what tests wait for -------------------------------------------------------------------------------------- */

static bool a_up(void *ctx) { return node_health(((pair *)ctx)->a, 2).up; }
static bool a_down(void *ctx) { return !a_up(ctx); }
static bool a_has_error(void *ctx) { return node_health(((pair *)ctx)->a, 2).error[0] != '\0'; }

static size_t some_size(void)
{
	static const size_t SIZES[] = { 8, 64, 1000, LINK_BODY_MAX, LINK_BODY_MAX + 1, 40000, 200000 };
	return test_below(4) ? 8 + test_below(200) : SIZES[test_below(COUNT(SIZES))];
}

/* ---- frames --------------------------------------------------------------------------------------------------- */

static void frames_of_all_lengths_arrive_in_both_directions_and_lanes(void **state)
{
	(void)state;
	static const size_t SIZES[] = { 8, 9, 100, LINK_BODY_MAX - 4, LINK_BODY_MAX, LINK_BODY_MAX + 1, 65536,
		LINKS_URGENT_MAX };
	pair p = pair_new(false);
	for (unsigned i = 0; i < COUNT(SIZES); i++) {
		for (unsigned lane = 0; lane < LINKS_LANES; lane++) {
			assert_ok(node_send(p.a, 2, lane, SIZES[i]));
			assert_ok(node_send(p.b, 1, lane, SIZES[i]));
		}
	}
	assert_ok(node_send(p.a, 2, LINKS_BULK, LINKS_BULK_MAX));
	assert_true(world_until(all_arrived, &p));
	links_health h = node_health(p.a, 2);
	assert_int_equal(h.frames_out, 2 * COUNT(SIZES) + 1);
	assert_int_equal(node_health(p.b, 1).frames_in, h.frames_out);
	assert_int_equal(node_health(p.b, 1).bytes_in, h.bytes_out);
	/* Records of TLS have 22 bytes more than they carry, and those of a lane a header; a handshake has a few kilobytes. */
	assert_in_range(h.wire_out, h.bytes_out, h.bytes_out + h.bytes_out / 100 + 16384);
	assert_true(h.up && h.heard);
	assert_string_equal(h.error, "");
	assert_string_equal(h.name, "node-2");
	pair_free(&p);
}

static void frames_that_are_too_long_or_for_nobody_are_refused(void **state)
{
	(void)state;
	pair p = pair_new(false);
	static const uint8_t large[LINKS_URGENT_MAX + 1];
	assert_err(ERR_REQUEST, links_send(p.a->links, 2, LINKS_URGENT, (slice){ 0 }, slice_of(large, sizeof large), 0));
	assert_err(ERR_REQUEST, links_send(p.a->links, 2, LINKS_URGENT, slice_of(large, sizeof large), (slice){ 0 }, 0));
	assert_err(ERR_REQUEST, links_send(p.a->links, 2, LINKS_URGENT, slice_of(large, 1), slice_of(large, LINKS_URGENT_MAX), 0));
	assert_err(ERR_NOT_FOUND, links_send(p.a->links, 3, LINKS_URGENT, slice_of(large, 1), (slice){ 0 }, 0));
	assert_err(ERR_NOT_FOUND, links_send(p.a->links, 0, LINKS_URGENT, slice_of(large, 1), (slice){ 0 }, 0));
	links_health h;
	assert_err(ERR_NOT_FOUND, links_health_of(p.a->links, &h, 3));
	pair_free(&p);
}

static void frames_of_one_turn_share_their_writes(void **state)
{
	(void)state;
	enum { FRAMES = 1000, BYTES = FRAMES * (64 + LINK_HEADER) };
	pair p = pair_new(false);
	assert_true(world_until(both_up, &p));
	world_pass(50);
	uint64_t before = node_health(p.a, 2).writes;
	for (unsigned i = 0; i < FRAMES; i++) assert_ok(node_send(p.a, 2, LINKS_URGENT, 64));
	assert_true(world_until(all_arrived, &p));
	/* Full records of TLS, one more at the end of each chunk; and those of the connection in the other direction. */
	assert_in_range(node_health(p.a, 2).writes - before, BYTES / 16384, BYTES / 16384 + 8);
	pair_free(&p);
}

static bool urgent_there(void *ctx)
{
	const pair *p = ctx;
	return p->b->from[1][LINKS_URGENT] == p->a->next_out[2][LINKS_URGENT];
}

static void urgent_frames_pass_a_large_one(void **state)
{
	(void)state;
	pair p = pair_new(false);
	assert_true(world_until(both_up, &p));
	assert_ok(node_send(p.a, 2, LINKS_BULK, LINKS_BULK_MAX));
	world_turn();
	assert_int_equal(p.b->from[1][LINKS_BULK], 0);
	for (unsigned i = 0; i < 100; i++) assert_ok(node_send(p.a, 2, LINKS_URGENT, 1000));
	assert_true(world_until(urgent_there, &p));
	assert_int_equal(p.b->from[1][LINKS_BULK], 0);
	assert_true(node_peer(p.b, 1)->inflow[LINKS_BULK].got < LINKS_BULK_MAX / 2);
	assert_true(world_until(all_arrived, &p));
	pair_free(&p);
}

static void a_flood_of_urgent_frames_does_not_starve_bulk(void **state)
{
	(void)state;
	enum { BYTES = 900000 };
	pair p = pair_new(false);
	assert_true(world_until(both_up, &p));
	const link_outflow *o = node_peer(p.a, 2)->outflow;
	for (unsigned i = 0; i < 2 * BYTES / 1000; i++) assert_ok(node_send(p.a, 2, i % 2, 1000));
	while (o[LINKS_URGENT].sent < BYTES / 2) reactor_turn(world_reactor, 0);
	assert_in_range(o[LINKS_BULK].sent, 64 << 10, o[LINKS_URGENT].sent / 2);
	assert_true(world_until(all_arrived, &p));

	assert_ok(node_send(p.a, 2, LINKS_BULK, 1 << 20));
	unsigned turns = 0;
	for (; p.b->from[1][LINKS_BULK] == BYTES / 1000 && turns < 2000; turns++) {
		while (node_send(p.a, 2, LINKS_URGENT, 8000) == OK) ;        /* there is always one waiting */
		err_clear();
		world_turn();
	}
	assert_int_equal(p.b->from[1][LINKS_BULK], BYTES / 1000 + 1);
	assert_true(node_health(p.a, 2).queued[LINKS_URGENT] > 0);
	pair_free(&p);
}

/* ---- cuts ----------------------------------------------------------------------------------------------------- */

static void a_cut_after_any_number_of_bytes_loses_and_repeats_nothing(void **state)
{
	(void)state;
	pair p = pair_new(true);
	for (unsigned bytes = 1; bytes < 12000; bytes += 37) {
		p.to_b->left = bytes;                /* of whatever connection is there: greeting, frames, acknowledgements */
		for (unsigned i = 0; i < 3; i++) assert_ok(node_send(p.a, 2, i % LINKS_LANES, 8 + test_below(3000)));
		assert_true(world_until(all_arrived, &p));
		if (bytes % 5 == 0) cutter_cut(p.to_b);
	}
	assert_true(node_health(p.a, 2).connects > 50);
	assert_int_equal(node_health(p.a, 2).restarts, 0);
	assert_int_equal(p.a->downs, p.a->ups - node_health(p.a, 2).up);
	pair_free(&p);
}

static void random_cuts_in_both_directions_lose_and_repeat_nothing(void **state)
{
	(void)state;
	pair p = pair_new(true);
	for (unsigned turn = 0; turn < 4000; turn++) {
		for (unsigned i = 0; i < test_below(4); i++) {
			node *from = test_below(2) ? p.a : p.b;
			if (node_send(from, from == p.a ? 2 : 1, (links_lane)test_below(2), some_size()) != OK) err_clear();
		}
		if (test_below(40) == 0) p.to_a->left = 1 + test_below(100000);
		if (test_below(40) == 0) p.to_b->left = 1 + test_below(100000);
		if (test_below(200) == 0) cutter_cut(test_below(2) ? p.to_a : p.to_b);
		world_turn();
	}
	p.to_a->left = p.to_b->left = UINT64_MAX;
	assert_true(world_until(all_arrived, &p));
	assert_true(p.to_a->cuts > 20 && p.to_b->cuts > 20);
	assert_true(p.a->next_out[2][LINKS_URGENT] > 1000);
	pair_free(&p);
}

static void a_large_frame_gets_through_although_no_connection_lives_long_enough(void **state)
{
	(void)state;
	pair p = pair_new(true);
	assert_ok(node_send(p.a, 2, LINKS_BULK, 20 << 20));
	for (unsigned i = 0; i < 20000 && p.b->from[1][LINKS_BULK] == 0; i++) {
		if (p.to_b->left == UINT64_MAX) p.to_b->left = 1 << 20;
		world_turn();
	}
	assert_int_equal(p.b->from[1][LINKS_BULK], 1);
	assert_true(p.to_b->cuts >= 19);
	pair_free(&p);
}

/* ---- restarts ------------------------------------------------------------------------------------------------- */

static unsigned fixed_port;
static void on_fixed_port(links_config *c) { c->port = fixed_port; }

static node *restart(node *n)
{
	unsigned number = n->number;
	fixed_port = links_port(n->links);
	node_free(&n);
	n = node_new_with(number, &world_who[number], on_fixed_port);
	for (unsigned i = 1; i <= WORLD_NODES; i++) n->gaps_allowed[i] = true;
	return n;
}

static void a_receiver_that_restarts_gets_what_it_had_not_acknowledged_and_what_follows(void **state)
{
	(void)state;
	pair p = pair_new(false);
	assert_true(world_until(both_up, &p));
	for (unsigned round = 0; round < 5; round++) {
		assert_ok(node_send(p.a, 2, LINKS_BULK, 30 << 20));           /* it dies in the midst of it */
		for (unsigned i = 0; i < 100; i++) assert_ok(node_send(p.a, 2, LINKS_BULK, 50));
		while (node_peer(p.b, 1)->inflow[LINKS_BULK].got == 0) world_turn();
		uint64_t old = p.b->next_in[1][LINKS_BULK];
		p.b = restart(p.b);
		for (unsigned i = 0; i < 100; i++) assert_ok(node_send(p.a, 2, LINKS_URGENT, 50));
		node_meet(p.b, 1, links_port(p.a->links));
		assert_true(world_until(all_arrived, &p));
		assert_in_range(p.b->from[1][LINKS_BULK], 100, 101);         /* the torn frame only whole */
		assert_true(p.b->next_in[1][LINKS_BULK] == old + 101);
		assert_true(p.b->from[1][LINKS_URGENT] >= 100);
	}
	assert_int_equal(p.a->restarts, 5);
	assert_int_equal(node_health(p.a, 2).restarts, 5);
	pair_free(&p);
}

static void a_sender_that_restarts_begins_anew(void **state)
{
	(void)state;
	pair p = pair_new(false);
	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < 300; i++) assert_ok(node_send(p.a, 2, i % 2, some_size()));
		assert_true(world_until(all_arrived, &p));
		assert_true(world_until(both_up, &p));       /* b has seen this process, too */
		assert_ok(node_send(p.a, 2, LINKS_BULK, 30 << 20));
		while (node_peer(p.b, 1)->inflow[LINKS_BULK].got == 0) world_turn();
		p.a = restart(p.a);
		memset(p.b->next_in, 0, sizeof p.b->next_in);
		node_meet(p.a, 2, links_port(p.b->links));
	}
	assert_true(world_until(both_up, &p));
	assert_int_equal(p.b->restarts, 5);
	pair_free(&p);
}

/* ---- back-pressure -------------------------------------------------------------------------------------------- */

static void who_does_not_take_frames_makes_the_sender_s_queue_full_and_no_more(void **state)
{
	(void)state;
	pair p = pair_new(false);
	const size_t *queued = p.a->config.queued, *held = p.b->config.held;
	unsigned refused = 0;
	assert_true(world_until(both_up, &p));
	p.b->full[LINKS_BULK] = true;
	for (unsigned turn = 0; turn < 3000 && refused < 100; turn++) {
		err e = OK;
		for (unsigned i = 0; i < 10 && e == OK; i++) e = node_send(p.a, 2, LINKS_BULK, 100000);
		refused += e == ERR_EXHAUSTED;
		err_clear();
		world_turn();
	}
	assert_int_equal(refused, 100);
	links_health h = node_health(p.a, 2);
	assert_int_equal(h.exhausted, 100);
	assert_in_range(h.queued[LINKS_BULK], queued[LINKS_BULK] - 200000, queued[LINKS_BULK]);
	assert_in_range(node_peer(p.b, 1)->inflow[LINKS_BULK].held, held[LINKS_BULK] - 200000, held[LINKS_BULK] + 200000);

	/* the other lane goes on, and the connection is not silent */
	for (unsigned i = 0; i < 100; i++) assert_ok(node_send(p.a, 2, LINKS_URGENT, 100));
	assert_true(world_until(urgent_there, &p));
	world_pass(2 * p.a->config.silence_ms);
	assert_int_equal(p.a->downs, 0);
	assert_int_equal(p.b->from[1][LINKS_BULK], 0);

	p.b->full[LINKS_BULK] = false;
	links_resume(p.b->links, 1);
	assert_true(world_until(all_arrived, &p));
	pair_free(&p);
}

/* ---- a peer whose socket nobody reads --------------------------------------------------------------------------- */

static void small_queues(links_config *c)
{
	c->queued[LINKS_URGENT] = LINKS_URGENT_MAX + (64 << 10);
	c->queued[LINKS_BULK] = LINKS_BULK_MAX + (256 << 10);
}

/* Frames of so many bytes until the lane is full, several turns in between; how many it took. */
static unsigned fill(node *n, unsigned to, links_lane lane, size_t size)
{
	unsigned taken = 0;

	for (unsigned full = 0; full < 20; world_turn()) {
		err e = OK;
		while ((e = node_send(n, to, lane, size)) == OK) taken++;
		assert_int_equal(e, ERR_EXHAUSTED);
		full++;
		err_clear();
		assert_true(node_health(n, to).queued[lane] <= n->config.queued[lane]);
	}
	return taken;
}

static bool drained(void *ctx)
{
	const links_health h = node_health(((pair *)ctx)->a, 2);
	return all_arrived(ctx) && !h.queued[LINKS_URGENT] && !h.queued[LINKS_BULK];
}

static bool three_has_all(void *ctx)
{
	const node *const *n = ctx;
	return n[1]->from[1][LINKS_URGENT] == n[0]->next_out[3][LINKS_URGENT] && n[1]->from[1][LINKS_BULK] == n[0]->next_out[3][LINKS_BULK];
}

/* Towards node 2 bytes stay where they are.  Its lanes fill up, each for itself, and then refuse; what is queued stays within
 * its bound for as long as that lasts; node 3 notices nothing; and afterwards everything that was taken arrives, once. */
static void a_peer_that_does_not_read_fills_its_own_queues_and_nothing_else(void **state)
{
	(void)state;
	pair p = { node_new_with(1, &world_who[1], small_queues), node_new(2), NULL, NULL };
	node *three = node_new(3);
	node *ends[] = { p.a, three };

	p.to_b = cutter_new(links_port(p.b->links));
	node_meet(p.a, 2, p.to_b->port);
	node_meet(p.b, 1, links_port(p.a->links));
	node_meet(p.a, 3, links_port(three->links));
	node_meet(three, 1, links_port(p.a->links));
	assert_true(world_until(both_up, &p));
	cutter_stall(p.to_b, true);

	const struct mallinfo2 before = mallinfo2();
	const unsigned bulk = fill(p.a, 2, LINKS_BULK, 100000);
	assert_ok(node_send(p.a, 2, LINKS_URGENT, 100));         /* a lane that is full leaves room in the other */
	const unsigned urgent = fill(p.a, 2, LINKS_URGENT, 1000);
	links_health h = node_health(p.a, 2);
	assert_int_equal(h.exhausted, 40);
	assert_int_equal(h.frames_out, bulk + urgent + 1);
	for (unsigned lane = 0; lane < LINKS_LANES; lane++)
		assert_in_range(h.queued[lane], p.a->config.queued[lane] - 101000, p.a->config.queued[lane]);
	for (unsigned i = 0; i < 50; i++) {                      /* refused is refused: nothing is kept */
		assert_err(ERR_EXHAUSTED, node_send(p.a, 2, LINKS_BULK, 100000));
		world_turn();
	}
	const size_t bounds = p.a->config.queued[LINKS_URGENT] + p.a->config.queued[LINKS_BULK];
	const size_t used = mallinfo2().uordblks + mallinfo2().hblkhd, had = before.uordblks + before.hblkhd;
	assert_true(used <= had + bounds + bounds / 3 + (1 << 20));      /* records lie whole in chunks of four */

	for (unsigned i = 0; i < 200; i++) assert_ok(node_send(p.a, 3, i % 2, 5000));
	assert_true(world_until(three_has_all, ends));
	assert_int_equal(node_health(p.a, 3).exhausted, 0);
	world_pass(2 * p.a->config.silence_ms);                  /* the connection is given up, the queue is not */
	assert_true(p.a->downs > 0);
	assert_int_equal(node_health(p.a, 2).queued[LINKS_BULK], h.queued[LINKS_BULK]);
	assert_int_equal(node_health(p.a, 2).dropped, 0);
	assert_true(node_health(p.a, 3).up);

	cutter_stall(p.to_b, false);
	assert_true(world_until(drained, &p));
	assert_int_equal(p.b->from[1][LINKS_BULK], bulk);
	assert_int_equal(p.b->from[1][LINKS_URGENT], urgent + 1);
	for (unsigned i = 0; i < 10; i++) assert_ok(node_send(p.a, 2, i % 2, 100000));
	assert_true(world_until(drained, &p));
	node_free(&three);
	pair_free(&p);
}

static void what_is_held_survives_a_cut(void **state)
{
	(void)state;
	pair p = pair_new(true);
	assert_true(world_until(both_up, &p));
	p.b->full[LINKS_BULK] = p.b->full[LINKS_URGENT] = true;
	for (unsigned i = 0; i < 500; i++) assert_ok(node_send(p.a, 2, i % 2, 5000));
	for (unsigned i = 0; i < 10; i++) {
		world_pass(200);
		cutter_cut(p.to_b);
	}
	assert_int_equal(p.b->from[1][LINKS_BULK] + p.b->from[1][LINKS_URGENT], 0);
	assert_true(node_peer(p.b, 1)->inflow[LINKS_BULK].held > 0);
	p.b->full[LINKS_BULK] = p.b->full[LINKS_URGENT] = false;
	links_resume(p.b->links, 1);
	assert_true(world_until(all_arrived, &p));
	links_resume(p.b->links, 7);                                   /* nobody */
	pair_free(&p);
}

static void what_waits_for_a_peer_that_is_down_is_bounded_and_dropped_in_the_end(void **state)
{
	(void)state;
	pair p = { node_new(1), NULL, NULL, NULL };
	const unsigned port = world_dead_port();
	node_meet(p.a, 2, port);
	while (node_send(p.a, 2, LINKS_URGENT, 10000) == OK) ;
	assert_non_null(strstr(err_text(), "is down"));
	err_clear();
	size_t queued = node_health(p.a, 2).queued[LINKS_URGENT];
	assert_true(queued <= p.a->config.queued[LINKS_URGENT] && queued > p.a->config.queued[LINKS_URGENT] - 20000);
	assert_true(world_until(a_has_error, &p));
	assert_non_null(strstr(node_health(p.a, 2).error, "Connection refused"));

	world_pass(p.a->config.keep_ms / 2);
	assert_int_equal(node_health(p.a, 2).queued[LINKS_URGENT], queued);
	world_pass(p.a->config.keep_ms);
	assert_int_equal(node_health(p.a, 2).queued[LINKS_URGENT], 0);
	assert_int_equal(node_health(p.a, 2).dropped, queued);

	fixed_port = port;
	p.b = node_new_with(2, &world_who[2], on_fixed_port);
	p.b->gaps_allowed[1] = true;
	node_meet(p.b, 1, links_port(p.a->links));
	assert_true(world_until(a_up, &p));
	for (unsigned i = 0; i < 10; i++) assert_ok(node_send(p.a, 2, LINKS_URGENT, 100));
	assert_true(world_until(all_arrived, &p));
	assert_int_equal(p.b->from[1][LINKS_URGENT], 10);
	pair_free(&p);
}

static void who_was_cut_off_for_too_long_is_back_without_what_was_dropped(void **state)
{
	(void)state;
	pair p = pair_new(true);
	for (unsigned i = 0; i < 50; i++) assert_ok(node_send(p.a, 2, LINKS_BULK, 30000));
	assert_true(world_until(all_arrived, &p));
	const unsigned port = p.to_b->to;
	p.to_b->to = world_dead_port();
	cutter_cut(p.to_b);
	for (unsigned i = 0; i < 50; i++) assert_ok(node_send(p.a, 2, LINKS_BULK, 30000));
	world_pass(p.a->config.keep_ms + 2 * p.a->config.retry_most_ms);
	assert_true(node_health(p.a, 2).dropped > 0);
	p.b->gaps_allowed[1] = true;
	p.to_b->to = port;
	for (unsigned i = 0; i < 50; i++) assert_ok(node_send(p.a, 2, LINKS_BULK, 30000));
	assert_true(world_until(all_arrived, &p));
	assert_int_equal(p.b->from[1][LINKS_BULK], 100);
	assert_int_equal(p.a->restarts, 0);
	pair_free(&p);
}

/* ---- time ----------------------------------------------------------------------------------------------------- */

static void the_wait_between_attempts_grows_to_its_most_and_starts_again_after_success(void **state)
{
	(void)state;
	pair p = { node_new(1), NULL, NULL, NULL };
	const unsigned port = world_dead_port();
	node_meet(p.a, 2, port);
	const link_peer *k = node_peer(p.a, 2);
	int64_t expected = 10;
	for (unsigned i = 0; i < 60; i++) {
		int64_t before = k->wait_ms;
		while (k->wait_ms == before && before < 1000) world_turn();
		expected = expected + (expected * 10 + 99) / 100;
		if (expected > 1000) expected = 1000;
		assert_int_equal(k->wait_ms, i == 0 ? k->wait_ms : expected);
		if (i == 0) expected = k->wait_ms;
		if (before >= 1000) break;
		assert_in_range(k->retry.at_ms - world_ms, 0, before + before / 4 + 1);
	}
	assert_int_equal(k->wait_ms, 1000);
	fixed_port = port;
	p.b = node_new_with(2, &world_who[2], on_fixed_port);
	node_meet(p.b, 1, links_port(p.a->links));
	assert_true(world_until(a_up, &p));
	assert_int_equal(k->wait_ms, 10);
	pair_free(&p);
}

static void a_silent_connection_is_given_up_and_nothing_is_lost(void **state)
{
	(void)state;
	pair p = pair_new(true);
	assert_true(world_until(both_up, &p));
	world_pass(100);
	cutter_stall(p.to_b, true);
	for (unsigned i = 0; i < 10; i++) assert_ok(node_send(p.a, 2, LINKS_URGENT, 100));
	int64_t began = world_ms;
	assert_true(world_until(a_down, &p));
	assert_in_range(world_ms - began, p.a->config.silence_ms - p.a->config.ping_ms - 100, p.a->config.silence_ms + 100);
	assert_non_null(strstr(node_health(p.a, 2).error, "has said nothing"));
	world_pass(100);
	assert_false(node_health(p.b, 1).heard);     /* at the other end it is noticed, too */
	cutter_stall(p.to_b, false);
	assert_true(world_until(all_arrived, &p));
	assert_int_equal(p.a->downs, 1);
	pair_free(&p);
}

static void a_connection_without_frames_stays(void **state)
{
	(void)state;
	pair p = pair_new(false);
	assert_true(world_until(both_up, &p));
	world_pass(10 * p.a->config.silence_ms);
	assert_true(both_up(&p));
	assert_int_equal(p.a->ups, 1);
	assert_int_equal(node_health(p.a, 2).connects, 1);
	pair_free(&p);
}

static void the_latency_is_that_of_a_ping_and_its_answer(void **state)
{
	(void)state;
	pair p = pair_new(false);
	const link_peer *k = node_peer(p.a, 2);
	assert_int_equal(node_health(p.a, 2).latency_us, -1);
	for (unsigned i = 0; i < 100000 && !(k->out && k->out->ping_token); i++) reactor_turn(world_reactor, 1), world_ms++;
	assert_true(k->out && k->out->ping_token);
	world_us += 1234567;
	for (unsigned i = 0; i < 100000 && k->out->ping_token; i++) reactor_turn(world_reactor, 1), world_ms++;
	links_health h = node_health(p.a, 2);
	assert_int_equal(h.latency_us, 1234567);
	assert_int_equal(links_latency_ms(&h), 1235);
	world_pass(p.a->config.ping_ms + 100);       /* the next one, in no time */
	assert_int_equal(node_health(p.a, 2).latency_us, 0);
	pair_free(&p);
}

/* ---- peers come and go ---------------------------------------------------------------------------------------- */

static void a_peer_that_moves_keeps_its_queue(void **state)
{
	(void)state;
	pair p = pair_new(false);
	assert_true(world_until(both_up, &p));
	node_meet(p.a, 2, links_port(p.b->links));   /* nothing new */
	world_pass(100);
	assert_int_equal(p.a->ups, 1);
	const unsigned port = world_dead_port();
	node_meet(p.a, 2, port);
	assert_false(node_health(p.a, 2).up);
	assert_int_equal(p.a->downs, 1);
	for (unsigned i = 0; i < 100; i++) assert_ok(node_send(p.a, 2, LINKS_BULK, 1000));
	world_pass(100);
	node_meet(p.a, 2, links_port(p.b->links));
	assert_true(world_until(all_arrived, &p));
	assert_true(both_up(&p));
	pair_free(&p);
}

static bool node_knows(const node *n, unsigned number)
{
	links_health h;
	const bool known = links_health_of(n->links, &h, number) == OK;

	err_clear();
	return known;
}

static void a_dropped_peer_is_gone_and_may_come_back(void **state)
{
	(void)state;
	pair p = pair_new(false);
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned i = 0; i < 100; i++) assert_ok(node_send(p.a, 2, LINKS_BULK, 10000));
		for (unsigned i = 0; i < round; i++) world_turn();
		links_drop_peer(p.a->links, 2);
		links_drop_peer(p.a->links, 2);
		assert_false(node_knows(p.a, 2));
		node_meet(p.a, 2, links_port(p.b->links));
		p.b->gaps_allowed[1] = true;
		assert_true(world_until(both_up, &p));
	}
	assert_ok(node_send(p.a, 2, LINKS_BULK, 10000));
	assert_true(world_until(all_arrived, &p));
	links_drop_peer(p.b->links, 1);              /* now the receiver forgets, and refuses until it knows again */
	world_pass(100);
	assert_false(node_health(p.a, 2).up);
	assert_ok(node_send(p.a, 2, LINKS_BULK, 10000));
	node_meet(p.b, 1, links_port(p.a->links));
	assert_true(world_until(all_arrived, &p));
	pair_free(&p);
}

static void peers_that_make_no_sense_are_refused(void **state)
{
	(void)state;
	node *n = node_new(1);
	slice ca = buf_slice(&world_who[2].ca.certificate_pem), leaf = buf_slice(&world_who[2].leaf.certificate_pem);
	char host[LINKS_HOST_MAX + 2];
	memset(host, 'h', sizeof host);
	host[LINKS_HOST_MAX + 1] = '\0';
	const links_peer BAD[] = {
		{ 0, "node-2", "127.0.0.1", 5, ca }, { 2, "", "127.0.0.1", 5, ca }, { 2, "node 2", "127.0.0.1", 5, ca },
		{ 2, "node-2", "", 5, ca }, { 2, "node-2", host, 5, ca }, { 2, "node-2", "a b", 5, ca }, { 2, "node-2", "http://a", 5, ca },
		{ 2, "node-2", "127.0.0.1", 0, ca }, { 2, "node-2", "127.0.0.1", 65536, ca },
		{ 2, "node-2", "127.0.0.1", 5, leaf }, { 2, "node-2", "127.0.0.1", 5, { 0 } },
	};
	for (unsigned i = 0; i < COUNT(BAD); i++) assert_err(ERR_REQUEST, links_put_peer(n->links, &BAD[i]));
	const links_peer good = { 2, "node-2", "127.0.0.1", 5, ca }, same = { 3, "node-2", "127.0.0.2", 6, ca };
	assert_ok(links_put_peer(n->links, &good));
	assert_err(ERR_EXISTS, links_put_peer(n->links, &same));
	assert_false(node_knows(n, 3));
	assert_string_equal(node_health(n, 2).endpoint, "127.0.0.1:5");
	node_free(&n);
}

static void a_configuration_that_makes_no_sense_is_refused(void **state)
{
	(void)state;
	node *n = node_new(1);
	links *l = NULL;
	links_config c;
	for (unsigned i = 0; i < 12; i++) {
		c = n->config;
		switch (i) {
		case 0: c.name = "node 1"; break;
		case 1: c.name = "node-2"; break;            /* not what the certificate says */
		case 2: c.key_pem = buf_slice(&world_who[2].leaf.key_pem); break;
		case 3: c.certificate_pem = (slice){ 0 }; break;
		case 4: c.queued[LINKS_BULK] = LINKS_BULK_MAX; break;
		case 5: c.half_open = 0; break;
		case 6: c.silence_ms = 2 * c.ping_ms; break;
		case 7: c.retry_most_ms = c.retry_ms - 1; break;
		case 8: c.retry_percent = 99; break;
		case 9: c.held[LINKS_URGENT] = 16383; break;
		case 10: c.name = NULL; break;
		default: c.handshake_ms = 0;
		}
		assert_err(ERR_REQUEST, links_new(&l, &c));
	}
	c = n->config;
	c.port = links_port(n->links);
	assert_err(ERR_IO, links_new(&l, &c));
	assert_null(l);
	links_free(&l);
	node_free(&n);
}

static void a_name_of_a_host_is_looked_up(void **state)
{
	(void)state;
	pair p = { node_new(1), node_new(2), NULL, NULL };
	const links_peer named = { 2, "node-2", "localhost", links_port(p.b->links),
		buf_slice(&world_who[2].ca.certificate_pem) };
	assert_ok(links_put_peer(p.a->links, &named));
	node_meet(p.b, 1, links_port(p.a->links));
	for (unsigned i = 0; i < 5000 && !node_health(p.a, 2).up; i++) reactor_turn(world_reactor, 10), world_ms += 5;
	assert_true(node_health(p.a, 2).up);
	links_drop_peer(p.a->links, 2);
	assert_ok(links_put_peer(p.a->links, &named));           /* and dropped while it is being looked up */
	pair_free(&p);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(frames_of_all_lengths_arrive_in_both_directions_and_lanes),
		TEST(frames_that_are_too_long_or_for_nobody_are_refused),
		TEST(frames_of_one_turn_share_their_writes),
		TEST(urgent_frames_pass_a_large_one),
		TEST(a_flood_of_urgent_frames_does_not_starve_bulk),
		TEST(a_cut_after_any_number_of_bytes_loses_and_repeats_nothing),
		TEST(random_cuts_in_both_directions_lose_and_repeat_nothing),
		TEST(a_large_frame_gets_through_although_no_connection_lives_long_enough),
		TEST(a_receiver_that_restarts_gets_what_it_had_not_acknowledged_and_what_follows),
		TEST(a_sender_that_restarts_begins_anew),
		TEST(who_does_not_take_frames_makes_the_sender_s_queue_full_and_no_more),
		TEST(a_peer_that_does_not_read_fills_its_own_queues_and_nothing_else),
		TEST(what_is_held_survives_a_cut),
		TEST(what_waits_for_a_peer_that_is_down_is_bounded_and_dropped_in_the_end),
		TEST(who_was_cut_off_for_too_long_is_back_without_what_was_dropped),
		TEST(the_wait_between_attempts_grows_to_its_most_and_starts_again_after_success),
		TEST(a_silent_connection_is_given_up_and_nothing_is_lost),
		TEST(a_connection_without_frames_stays),
		TEST(the_latency_is_that_of_a_ping_and_its_answer),
		TEST(a_peer_that_moves_keeps_its_queue),
		TEST(a_dropped_peer_is_gone_and_may_come_back),
		TEST(peers_that_make_no_sense_are_refused),
		TEST(a_configuration_that_makes_no_sense_is_refused),
		TEST(a_name_of_a_host_is_looked_up),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), world_begin, world_end);
}
