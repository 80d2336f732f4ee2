/* SPDX-License-Identifier: MIT */
/* Records, and a lane of them from end to end without any connection: rpc/link_wire.c, link_outflow.c, link_inflow.c. */
#include "tests/test.h"
#include "rpc/link_inflow.h"
#include "rpc/link_outflow.h"
#include <stdlib.h>

enum { SMALL_WINDOW = 3000 };

/* ---- the receiving end: frames that say their number and have bytes that follow from it ----------------------- */

typedef struct sink {
	uint64_t expected;                   /* number of the next frame */
	bool     full;
	unsigned refusals;
} sink;

static void fill_frame(uint8_t *p, size_t n, uint64_t number)
{
	for (size_t i = 8; i < n; i++) p[i] = (uint8_t)(number * 31 + i * 7);
	store64(p, number);
}

static buf frame_of(uint64_t number, size_t n)
{
	buf b = { 0 };
	ASSERT(n >= 8);
	fill_frame(buf_grow(&b, n), n, number);
	return b;
}

static bool take(void *ctx, links_lane lane, slice frame)
{
	sink *s = ctx;
	(void)lane;
	if (s->full) {
		s->refusals++;
		return false;
	}
	assert_true(frame.n >= 8);
	uint8_t *copy = malloc(frame.n);
	assert_non_null(copy);
	fill_frame(copy, frame.n, s->expected);
	assert_memory_equal(copy, frame.p, frame.n);
	free(copy);
	s->expected++;
	return true;
}

/* Frame, cut in two somewhere. */
static void add(link_outflow *o, uint64_t number, size_t n)
{
	AUTO(buf) b = frame_of(number, n);
	size_t at = test_below(n + 1), before = link_outflow_kept(o);
	assert_ok(link_outflow_add(o, slice_of(b.p, at), slice_of(b.p + at, n - at)));
	assert_int_equal(link_outflow_kept(o) - before, link_outflow_cost(n));
}

/* What a connection would carry: at most `most` bytes of the lane, as they are written; returns how many. */
static size_t carry(link_outflow *o, link_inflow *i, const link_taker *taker, size_t most)
{
	slice s = link_outflow_next(o, most);
	link_record r;
	for (size_t at = 0; at < s.n; at += r.size) {
		assert_int_equal(link_record_read(&r, slice_of(s.p + at, s.n - at)), LINK_READ);
		assert_int_equal(r.kind, LINK_PIECE);
		assert_int_equal(r.lane, o->lane);
		assert_null(link_inflow_piece(i, &r, taker));
	}
	if (s.n) link_outflow_sent(o, s.n);
	return s.n;
}

static void acknowledge(link_outflow *o, link_inflow *i)
{
	i->until = link_inflow_until(i);
	assert_true(link_outflow_ack(o, i->at));
	assert_true(i->until >= o->until);
	o->until = i->until;
}

static size_t some_size(void)
{
	static const size_t SIZES[] = { 8, 9, 64, 1000, LINK_BODY_MAX - 4, LINK_BODY_MAX - 3, LINK_BODY_MAX,
		LINK_BODY_MAX + 1, 2 * LINK_BODY_MAX - 4, 2 * LINK_BODY_MAX - 3, 2 * LINK_BODY_MAX, 65536, 100000 };
	return test_below(2) ? SIZES[test_below(COUNT(SIZES))] : 8 + test_below(300);
}

/* ---- tests ---------------------------------------------------------------------------------------------------- */

static void frames_of_every_length_pass_a_lane(void **state)
{
	(void)state;
	for (unsigned lane = 0; lane < LINKS_LANES; lane++) {
		link_outflow o;
		link_inflow i;
		sink s = { 0 };
		link_taker taker = { take, &s };
		link_outflow_init(&o, lane);
		link_inflow_init(&i, lane, 1 << 20);
		link_inflow_begin(&i, 0);
		uint64_t sent = 0;
		for (size_t n = 8, step; n < 3 * LINK_BODY_MAX; n += step) {
			const size_t into = n % LINK_BODY_MAX;       /* each length around those where another piece begins */
			step = n < 300 || into < 20 || into > LINK_BODY_MAX - 20 ? 1 : 777;
			add(&o, sent++, n);
			acknowledge(&o, &i);
			while (carry(&o, &i, &taker, 1 + test_below(40000)) > 0) ;
		}
		assert_int_equal(s.expected, sent);
		acknowledge(&o, &i);
		assert_int_equal(link_outflow_kept(&o), 0);
		link_outflow_clear(&o);
		link_inflow_free(&i);
	}
}

static void the_longest_and_the_empty_frame_pass(void **state)
{
	(void)state;
	link_outflow o, ready;
	link_inflow i;
	sink s = { 0 };
	link_taker taker = { take, &s };
	static const uint8_t nothing[LINK_HEADER] = { 0, 0, LINK_PIECE, LINKS_BULK };
	buf b = frame_of(0, LINKS_BULK_MAX);

	link_outflow_init(&o, LINKS_BULK);
	link_outflow_init(&ready, LINKS_BULK);
	link_inflow_init(&i, LINKS_BULK, 1 << 20);
	link_inflow_begin(&i, 0);
	assert_ok(link_outflow_add(&ready, (slice){ 0 }, buf_slice(&b)));
	buf_free(&b);
	link_outflow_join(&o, &ready);
	assert_int_equal(link_outflow_kept(&ready), 0);
	assert_int_equal(link_outflow_kept(&o), link_outflow_cost(LINKS_BULK_MAX));
	acknowledge(&o, &i);
	while (carry(&o, &i, &taker, 1 << 16) > 0) acknowledge(&o, &i);
	assert_int_equal(s.expected, 1);

	s.full = true;                       /* it would not know what to do with nothing */
	assert_ok(link_outflow_add(&o, (slice){ 0 }, (slice){ 0 }));
	slice records = link_outflow_next(&o, 100);
	assert_int_equal(records.n, sizeof nothing);
	assert_memory_equal(records.p, nothing, sizeof nothing);
	assert_int_equal(carry(&o, &i, &taker, 100), LINK_HEADER);
	assert_int_equal(s.refusals, 1);
	link_outflow_clear(&o);
	link_inflow_free(&i);
}

/* The whole of it: sender, receiver, cuts, refusals, acknowledgements at any time. */
static void each_frame_arrives_once_whatever_happens_in_between(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 30; round++) {
		link_outflow o;
		link_inflow i;
		sink s = { 0 };
		link_taker taker = { take, &s };
		uint64_t sent = 0;
		link_outflow_init(&o, LINKS_URGENT);
		link_inflow_init(&i, LINKS_URGENT, LINK_RECORD_MAX * (1 + test_below(10)));
		link_inflow_begin(&i, 0);
		for (unsigned step = 0; step < 3000 || s.expected < sent; step++) {
			switch (test_below(step < 3000 ? 8 : 4)) {
			case 0: acknowledge(&o, &i); break;
			case 1: s.full = false; link_inflow_offer(&i, &taker); break;
			case 2: case 3: carry(&o, &i, &taker, 1 + test_below(70000)); break;
			case 4: s.full = test_below(2); break;       /* willing again, but not asked about what is held */
			case 5: assert_true(link_outflow_resume(&o, i.at)); o.until = i.until = link_inflow_until(&i); break;
			default: if (link_outflow_kept(&o) < 1 << 20) add(&o, sent++, some_size());
			}
			assert_true(i.held <= i.window + link_outflow_cost(100000));
			assert_true(i.at <= i.until && o.sent <= i.until);
		}
		assert_int_equal(s.expected, sent);
		assert_int_equal(i.held, 0);
		link_outflow_clear(&o);
		link_inflow_free(&i);
	}
}

static void a_peer_that_does_not_take_is_sent_no_more_than_its_window(void **state)
{
	(void)state;
	link_outflow o;
	link_inflow i;
	sink s = { .full = true };
	link_taker taker = { take, &s };
	link_outflow_init(&o, LINKS_BULK);
	link_inflow_init(&i, LINKS_BULK, SMALL_WINDOW);
	link_inflow_begin(&i, 0);
	for (uint64_t number = 0; number < 1000; number++) add(&o, number, 100);
	for (unsigned round = 0; round < 50; round++) {
		acknowledge(&o, &i);
		while (carry(&o, &i, &taker, 1 << 16) > 0) ;
	}
	assert_true(i.held <= SMALL_WINDOW && i.held > SMALL_WINDOW - 104);
	assert_int_equal(s.refusals, 1);             /* those behind it are not even offered */
	s.full = false;
	for (unsigned round = 0; round < 1000 && s.expected < 1000; round++) {
		link_inflow_offer(&i, &taker);
		acknowledge(&o, &i);
		while (carry(&o, &i, &taker, 1 << 16) > 0) ;
	}
	assert_int_equal(s.expected, 1000);
	link_outflow_clear(&o);
	link_inflow_free(&i);
}

static void one_who_sends_beyond_what_he_may_is_found_out(void **state)
{
	(void)state;
	link_outflow o;
	link_inflow i;
	sink s = { .full = true };
	link_taker taker = { take, &s };
	link_record r;
	link_outflow_init(&o, LINKS_BULK);
	link_inflow_init(&i, LINKS_BULK, 100);
	link_inflow_begin(&i, 0);
	i.until = link_inflow_until(&i);
	add(&o, 0, 97);
	o.until = 1000;
	slice p = link_outflow_next(&o, 1000);
	assert_int_equal(link_record_read(&r, p), LINK_READ);
	assert_int_equal(r.size, 101);
	assert_non_null(link_inflow_piece(&i, &r, &taker));
	assert_int_equal(i.held, 0);
	link_outflow_clear(&o);
	link_inflow_free(&i);
}

static void a_new_receiver_drops_the_rest_of_a_frame_it_does_not_know(void **state)
{
	(void)state;
	link_outflow o;
	link_inflow first, second;
	sink s = { 0 };
	link_taker taker = { take, &s };
	link_outflow_init(&o, LINKS_BULK);
	link_inflow_init(&first, LINKS_BULK, 1 << 20);
	link_inflow_init(&second, LINKS_BULK, 1 << 20);
	link_inflow_begin(&first, 0);
	add(&o, 0, 100000);
	add(&o, 0, 50);                              /* number 0: the first that is taken */
	add(&o, 1, 70000);
	acknowledge(&o, &first);
	for (unsigned i = 0; i < 3; i++) carry(&o, &first, &taker, 1 << 14);
	acknowledge(&o, &first);
	assert_true(o.acked > 0 && o.acked < 100000);
	link_inflow_begin(&second, o.acked);
	assert_true(link_outflow_resume(&o, second.at));
	o.until = second.until = link_inflow_until(&second);
	while (carry(&o, &second, &taker, 1 << 16) > 0) acknowledge(&o, &second);
	assert_int_equal(s.expected, 2);
	assert_int_equal(link_outflow_kept(&o), 0);
	link_outflow_clear(&o);
	link_inflow_free(&first);
	link_inflow_free(&second);
}

static void a_place_that_cannot_be_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	link_outflow o;
	link_outflow_init(&o, LINKS_URGENT);
	assert_true(link_outflow_ack(&o, 0));
	assert_true(link_outflow_resume(&o, 0));
	assert_false(link_outflow_ack(&o, 1));
	o.until = UINT64_MAX;
	for (uint64_t n = 0; n < 3000; n++) add(&o, n, 60);           /* records of 64 bytes, three chunks */
	for (unsigned i = 0; i < 2000; i++) link_outflow_sent(&o, link_outflow_next(&o, 64).n);
	assert_int_equal(o.sent, 2000 * 64);
	for (uint64_t place = 0; place < 3000 * 64; place++) {
		bool can_be = place % 64 == 0 && place >= 64 * 1000 && place <= 2000 * 64;
		if (place == 64 * 1000) assert_true(link_outflow_ack(&o, place));
		if (place < 64 * 1000 && place % 64 == 0) continue;
		uint64_t acked = o.acked, sent = o.sent;
		if (!can_be) assert_false(link_outflow_resume(&o, place));
		if (!can_be) assert_false(link_outflow_ack(&o, place));
		if (!can_be) assert_true(o.acked == acked && o.sent == sent);
	}
	assert_true(link_outflow_ack(&o, 64 * 1999));
	assert_false(link_outflow_ack(&o, 64 * 1998));
	assert_true(link_outflow_resume(&o, 64 * 1999));
	assert_int_equal(o.sent, 64 * 1999);
	link_outflow_clear(&o);
	assert_true(o.acked == o.end && o.sent == o.end);
	assert_int_equal(link_outflow_next(&o, 100).n, 0);
	add(&o, 0, 60);
	assert_int_equal(link_outflow_next(&o, 100).n, 64);
	link_outflow_clear(&o);
}

static void records_are_written_as_documented(void **state)
{
	(void)state;
	static const uint8_t id[LINK_ID] = { 1, 2, 3 };
	const uint64_t at[LINKS_LANES] = { 5, 6 }, until[LINKS_LANES] = { 7, 1ull << 40 };
	AUTO(buf) b = { 0 };
	link_record r;
	link_put_hello(&b, id, at);
	link_put_welcome(&b, id, at, until);
	link_put_ack(&b, at, until);
	link_put_token(&b, LINK_PING, 9);
	link_put_filler(&b, 11, 100, true);
	static const link_kind kinds[] = { LINK_HELLO, LINK_WELCOME, LINK_ACK, LINK_PING, LINK_FILLER };
	size_t from = 0;
	for (unsigned i = 0; i < COUNT(kinds); i++) {
		for (size_t n = 0; n < link_record_size(b.p + from); n++)
			assert_int_equal(link_record_read(&r, slice_of(b.p + from, n)), LINK_PARTIAL);
		assert_int_equal(link_record_read(&r, slice_of(b.p + from, b.n - from)), LINK_READ);
		assert_int_equal(r.kind, kinds[i]);
		if (i < 2) assert_memory_equal(r.id, id, LINK_ID);
		if (i < 3) assert_true(r.at[0] == 5 && r.at[1] == 6);
		if (i == 1 || i == 2) assert_true(r.until[0] == 7 && r.until[1] == 1ull << 40);
		if (i == 3) assert_int_equal(r.token, 9);
		if (i == 4) assert_true(r.token == 11 && r.last && r.bytes.n == 100);
		from += r.size;
	}
	assert_int_equal(from, b.n);
	static const uint8_t ping[] = { 8, 0, LINK_PING, 0, 9, 0, 0, 0, 0, 0, 0, 0 };
	from = b.n - sizeof ping - (LINK_HEADER + 8 + 100);
	assert_memory_equal(b.p + from, ping, sizeof ping);
}

static void records_that_are_not_exactly_so_are_malformed(void **state)
{
	(void)state;
	static const struct { uint8_t bytes[16]; size_t n; } BAD[] = {
		{ { 0xfd, 0x3f, LINK_PIECE, 0 }, 4 },                          /* a body one byte too long */
		{ { 0xff, 0xff, LINK_PIECE, 0 }, 4 },
		{ { 61, 0, LINK_ACK, 0 }, 4 },                                 /* longer than any but pieces are */
		{ { 0, 0, 0, 0 }, 4 }, { { 0, 0, LINK_FILLED + 1, 0 }, 4 }, { { 0, 0, 255, 0 }, 4 },
		{ { 7, 0, LINK_PING, 0 }, 11 }, { { 9, 0, LINK_PING, 0 }, 13 }, /* a token has eight bytes */
		{ { 8, 0, LINK_PING, 1 }, 12 },                                /* no flags there */
		{ { 1, 0, LINK_PIECE, 6 }, 5 }, { { 1, 0, LINK_PIECE, 8 }, 5 }, { { 1, 0, LINK_PIECE, 128 }, 5 },
		{ { 0, 0, LINK_PIECE, 4 }, 4 },                                /* continues with nothing */
		{ { 4, 0, LINK_PIECE, 2, 9, 0, 0, 0 }, 8 },                    /* opens with nothing */
		{ { 3, 0, LINK_PIECE, 2, 9, 0, 0 }, 7 },                       /* no total */
		{ { 5, 0, LINK_PIECE, 2, 1, 0, 0, 0, 7 }, 9 },                 /* nothing left to continue */
		{ { 5, 0, LINK_PIECE, 2, 1, 0, 16, 0, 7 }, 9 },                /* an urgent frame too long */
		{ { 5, 0, LINK_PIECE, 3, 1, 0, 0, 4, 7 }, 9 },                 /* a bulk frame too long */
		{ { 7, 0, LINK_FILLER, 0 }, 11 }, { { 8, 0, LINK_FILLER, 2 }, 12 },
	};
	link_record r;
	for (unsigned i = 0; i < COUNT(BAD); i++)
		assert_int_equal(link_record_read(&r, slice_of(BAD[i].bytes, BAD[i].n)), LINK_MALFORMED);
	static const uint8_t longest[] = { 5, 0, LINK_PIECE, 2, 0, 0, 16, 0, 7 };
	assert_int_equal(link_record_read(&r, slice_of(longest, sizeof longest)), LINK_READ);
	assert_int_equal(r.total, LINKS_URGENT_MAX);
}

TESTS(TEST(frames_of_every_length_pass_a_lane),
      TEST(the_longest_and_the_empty_frame_pass),
      TEST(each_frame_arrives_once_whatever_happens_in_between),
      TEST(a_peer_that_does_not_take_is_sent_no_more_than_its_window),
      TEST(one_who_sends_beyond_what_he_may_is_found_out),
      TEST(a_new_receiver_drops_the_rest_of_a_frame_it_does_not_know),
      TEST(a_place_that_cannot_be_is_refused_and_changes_nothing),
      TEST(records_are_written_as_documented),
      TEST(records_that_are_not_exactly_so_are_malformed))
