/* SPDX-License-Identifier: MIT */
/* Who is let in, and what becomes of those who do not keep to the protocol. */
#include "tests/test.h"
#include "tests/rpc/links_world.h"
#include "rpc/listen.h"
#include <sys/socket.h>
#include <unistd.h>

static bool b_refused(void *ctx) { return ((pair *)ctx)->b->refusals > 0; }

/* ---- identity ------------------------------------------------------------------------------------------------- */

/* a, who has that identity, calls b, who expects node-1.  It never gets anywhere. */
static void expect_no_entry(const identity *who, void (*change)(links_config *), const char *b_says)
{
	pair p = { node_new_with(1, who, change), node_new(2), NULL, NULL };
	node_meet(p.a, 2, links_port(p.b->links));
	node_meet(p.b, 1, links_port(p.a->links));
	assert_ok(node_send(p.a, 2, LINKS_URGENT, 100));
	assert_true(world_until(b_refused, &p));
	assert_non_null(strstr(p.b->refused, b_says));
	assert_non_null(strstr(p.b->refused, "127.0.0.1:"));
	world_pass(500);
	assert_false(node_health(p.a, 2).up);
	assert_non_null(strstr(node_health(p.a, 2).error, "refused our certificate"));
	assert_false(node_health(p.b, 1).heard);
	assert_int_equal(p.b->from[1][LINKS_URGENT], 0);
	assert_int_equal(p.b->approvals, 0);
	assert_true(links_totals_of(p.b->links).refused > p.b->refusals);      /* told once a second only */
	pair_free(&p);
}

static void who_is_not_a_peer_is_refused_by_the_one_it_calls(void **state)
{
	(void)state;
	expect_no_entry(&world_who[0], NULL, "that of stranger, which is none of our peers");
	expect_no_entry(&world_who[3], NULL, "that of node-3, which is none of our peers");
	expect_no_entry(&world_twin, NULL, "node-1 is not signed by the CA certificate that we have for it");
}

static void who_is_not_the_expected_one_is_refused_by_the_one_who_calls(void **state)
{
	(void)state;
	static const struct { const identity *who; const char *says; } CASES[] = {
		{ &world_who[3], "the certificate is that of node-3, but node-1 was expected" },
		{ &world_twin, "not signed by the CA certificate that we have for it" },
	};
	for (unsigned i = 0; i < COUNT(CASES); i++) {
		pair p = { node_new(2), node_new_with(1, CASES[i].who, NULL), NULL, NULL };
		node_meet(p.a, 1, links_port(p.b->links));
		node_meet(p.b, 2, links_port(p.a->links));
		assert_ok(node_send(p.a, 1, LINKS_URGENT, 100));
		world_pass(500);
		links_health h = node_health(p.a, 1);
		assert_false(h.up);
		assert_non_null(strstr(h.error, CASES[i].says));
		assert_non_null(strstr(h.error, h.endpoint));
		assert_int_equal(p.b->from[2][LINKS_URGENT], 0);
		pair_free(&p);
	}
}

static void certificates_that_have_expired_are_refused(void **state)
{
	(void)state;
	const int64_t now = world_ms;
	pair p = pair_new(true);
	assert_true(world_until(both_up, &p));
	world_ms += (int64_t)11 * 86400000;          /* the present connections die of it: no ping for days */
	world_pass(1000);
	assert_false(node_health(p.a, 2).up);
	assert_non_null(strstr(node_health(p.a, 2).error, "has expired"));
	links *l = NULL;
	assert_err(ERR_REQUEST, links_new(&l, &p.a->config));
	world_ms = now;
	pair_free(&p);
}

static void approval_is_asked_for_at_both_ends_and_can_be_withheld(void **state)
{
	(void)state;
	pair p = { node_new(1), node_new(2), NULL, NULL };
	p.b->disapproval = "its measurements are not those of a release";
	node_meet(p.a, 2, links_port(p.b->links));
	node_meet(p.b, 1, links_port(p.a->links));
	assert_true(world_until(b_refused, &p));
	assert_non_null(strstr(p.b->refused, "its measurements are not those of a release"));
	world_pass(300);
	assert_false(node_health(p.a, 2).up);
	assert_false(node_health(p.b, 1).up);
	assert_non_null(strstr(node_health(p.b, 1).error, "its measurements are not those"));
	assert_true(p.a->approvals > 0 && p.b->approvals > 0);
	p.b->disapproval = NULL;
	assert_true(world_until(both_up, &p));
	pair_free(&p);
}

static void peers_of_one_name_are_told_apart_by_their_ca(void **state)
{
	(void)state;
	node *a = node_new_with(1, &world_who[1], NULL), *twin = node_new_with(1, &world_twin, NULL), *b = node_new(2);
	const links_peer twin_peer = { 3, world_twin.name, "127.0.0.1", links_port(twin->links),
		buf_slice(&world_twin.ca.certificate_pem) };
	node_meet(b, 1, links_port(a->links));
	assert_ok(links_put_peer(b->links, &twin_peer));
	node_meet(a, 2, links_port(b->links));
	node_meet(twin, 2, links_port(b->links));
	for (unsigned i = 0; i < 10; i++) assert_ok(node_send(a, 2, LINKS_URGENT, 100));
	for (unsigned i = 0; i < 20; i++) assert_ok(node_send(twin, 2, LINKS_URGENT, 100));
	world_pass(1000);
	assert_int_equal(b->from[1][LINKS_URGENT], 10);
	assert_int_equal(b->from[3][LINKS_URGENT], 20);
	node_free(&a);
	node_free(&twin);
	node_free(&b);
}

/* ---- hostile peers -------------------------------------------------------------------------------------------- */

/* A TLS client with a good certificate, that then says what a test wants. */
typedef struct raw { tls *tls; tls_site site; transport *t; buf heard; bool ended; } raw;

static err trust_anybody(void *ctx, const certs_certificate *leaf)
{
	(void)ctx, (void)leaf;
	return OK;
}

static void raw_hear(raw *r)
{
	uint8_t some[1000];
	size_t n;
	for (;;) {
		io got = r->t->ops->read(r->t, some, sizeof some, &n);
		if (got == IO_DONE) buf_put(&r->heard, some, n);
		if (got == IO_END || got == IO_BROKEN) r->ended = true;
		if (got != IO_DONE) return;
	}
}

static void raw_new(raw *r, const identity *who, unsigned port)
{
	memset(r, 0, sizeof *r);
	assert_ok(tls_new(&r->tls, buf_slice(&who->leaf.certificate_pem), buf_slice(&who->leaf.key_pem), LINK_PROTOCOL));
	r->site = (tls_site){ r->tls, trust_anybody, NULL, NULL };
	assert_ok(tls_make(&r->site, &r->t, world_connect(port), false));
	for (unsigned i = 0; i < 1000 && r->t->ops->shake(r->t) != IO_DONE; i++) reactor_turn(world_reactor, 1);
	assert_int_equal(r->t->ops->shake(r->t), IO_DONE);
}

static void raw_say(raw *r, slice bytes)
{
	size_t n;
	for (unsigned i = 0; i < 10000 && bytes.n && !r->ended; i++) {
		io put = r->t->ops->write(r->t, &n, bytes.p, bytes.n);
		if (put == IO_DONE) bytes.p += n, bytes.n -= n;
		if (put == IO_BROKEN) r->ended = true;
		raw_hear(r);
		world_turn();
	}
	for (unsigned i = 0; i < 20; i++) world_turn(), raw_hear(r);
}

static void raw_free(raw *r)
{
	r->t->ops->close(r->t);
	tls_free(&r->tls);
	buf_free(&r->heard);
}

static void put_hello(buf *b, uint8_t stream, uint64_t urgent, uint64_t bulk)
{
	const uint8_t id[LINK_ID] = { stream };
	const uint64_t at[LINKS_LANES] = { urgent, bulk };
	link_put_hello(b, id, at);
}

static void put_piece(buf *b, links_lane lane, link_part part, size_t n, size_t total)
{
	uint8_t header[LINK_HEADER + LINK_TOTAL];
	buf_put(b, header, link_piece_header(header, lane, part, n, total));
	if (n) memset(buf_grow(b, n), 0, n);
}

/* A node 2 that knows node 1, whom the test plays. */
static node *victim(void)
{
	node *n = node_new(2);
	const unsigned port = world_dead_port();
	node_meet(n, 1, port);
	n->careless = true;
	return n;
}

static void expect_offence(buf *said, const char *words)
{
	node *n = victim();
	raw r;
	raw_new(&r, &world_who[1], links_port(n->links));
	raw_say(&r, buf_slice(said));
	assert_true(r.ended);
	assert_int_equal(n->refusals, 1);
	assert_non_null(strstr(n->refused, words));
	assert_non_null(strstr(n->refused, "which is node-1"));
	assert_false(node_health(n, 1).heard);
	raw_free(&r);
	node_free(&n);
	buf_free(said);
}

static void who_does_not_keep_to_the_protocol_is_cut_off_with_a_reason(void **state)
{
	(void)state;
	buf b = { 0 };
	buf_put_str(&b, "GET / HTTP/1.1\r\nHost: node-2\r\n\r\n garbage, far more than any record has at its beginning\r\n\r\n");
	expect_offence(&b, "not a record of this protocol");
	put_piece(&b, LINKS_URGENT, LINK_WHOLE, 10, 10);
	expect_offence(&b, "order of the protocol");
	put_hello(&b, 1, 0, 0), put_hello(&b, 1, 0, 0);
	expect_offence(&b, "order of the protocol");
	put_hello(&b, 1, 0, (uint64_t)1 << 63);
	expect_offence(&b, "a place that cannot be");
	put_hello(&b, 1, 0, 0), put_piece(&b, LINKS_BULK, LINK_OPENS, 10, 30), put_piece(&b, LINKS_BULK, LINK_WHOLE, 10, 10);
	expect_offence(&b, "pieces of its frames do not fit");
	put_hello(&b, 1, 0, 0), put_piece(&b, LINKS_BULK, LINK_WHOLE, 10, 10);
	put_piece(&b, LINKS_BULK, LINK_CONTINUES, 10, 0);
	expect_offence(&b, "pieces of its frames do not fit");
	put_hello(&b, 1, 0, 0), put_piece(&b, LINKS_BULK, LINK_OPENS, 10, 30);
	put_piece(&b, LINKS_BULK, LINK_CONTINUES, 21, 0);
	expect_offence(&b, "longer than was said");
	put_hello(&b, 1, 0, 0), link_put_token(&b, LINK_PONG, 5);
	expect_offence(&b, "what only the accepting side may say");
	put_hello(&b, 1, 0, 0), link_put_ack(&b, (uint64_t[]){ 0, 0 }, (uint64_t[]){ 0, 0 });
	expect_offence(&b, "what only the accepting side may say");
}

static void who_sends_beyond_the_window_is_cut_off(void **state)
{
	(void)state;
	node *n = victim();
	raw r;
	buf b = { 0 };
	n->full[LINKS_URGENT] = true;
	raw_new(&r, &world_who[1], links_port(n->links));
	put_hello(&b, 1, 0, 0);
	while (b.n < n->config.held[LINKS_URGENT] + 100000) put_piece(&b, LINKS_URGENT, LINK_WHOLE, 10000, 10000);
	raw_say(&r, buf_slice(&b));
	assert_true(r.ended);
	assert_non_null(strstr(n->refused, "more than it was allowed to"));
	assert_true(node_peer(n, 1)->inflow[LINKS_URGENT].held <= n->config.held[LINKS_URGENT]);
	raw_free(&r);
	node_free(&n);
	buf_free(&b);
}

static void who_asks_and_does_not_read_the_answers_is_cut_off(void **state)
{
	(void)state;
	node *n = victim();
	raw r;
	buf b = { 0 };
	raw_new(&r, &world_who[1], links_port(n->links));
	put_hello(&b, 1, 0, 0);
	while (b.n < 1 << 20) link_put_token(&b, LINK_PING, b.n);
	slice left = buf_slice(&b);
	bool cut = false;
	for (unsigned i = 0; i < 100000 && !cut; i++) {               /* the same again and again, without its beginning */
		size_t put;
		io w = r.t->ops->write(r.t, &put, left.p, left.n);
		cut = w == IO_BROKEN;
		if (w == IO_DONE) left.p += put, left.n -= put;
		if (left.n == 0) left = slice_of(b.p + 36, (b.n - 36) / 12 * 12);
		if (w != IO_DONE) world_turn();
	}
	assert_true(cut || n->refusals == 1);
	assert_non_null(strstr(n->refused, "does not read our answers"));
	raw_free(&r);
	node_free(&n);
	buf_free(&b);
}

static void one_connection_of_a_peer_takes_the_place_of_the_other(void **state)
{
	(void)state;
	node *n = victim();
	raw r[10];
	buf b = { 0 };
	put_hello(&b, 1, 0, 0);
	for (unsigned i = 0; i < COUNT(r); i++) raw_new(&r[i], &world_who[1], links_port(n->links));     /* none greets */
	for (unsigned i = 0; i < 50; i++) world_turn();
	assert_int_equal(n->links->n_strangers, 1);
	for (unsigned i = 0; i < COUNT(r); i++) raw_hear(&r[i]);
	for (unsigned i = 0; i + 1 < COUNT(r); i++) assert_true(r[i].ended);
	raw_say(&r[9], buf_slice(&b));
	assert_false(r[9].ended);
	assert_true(node_health(n, 1).heard);
	for (unsigned i = 0; i < COUNT(r); i++) raw_free(&r[i]);
	for (unsigned i = 0; i < 3; i++) {
		raw_new(&r[i], &world_who[1], links_port(n->links));
		raw_say(&r[i], buf_slice(&b));
		assert_false(r[i].ended);
		raw_hear(&r[0]);
		assert_int_equal(r[0].ended, i > 0);
	}
	for (unsigned i = 0; i < 3; i++) raw_free(&r[i]);
	assert_int_equal(n->refusals, 0);
	node_free(&n);
	buf_free(&b);
}

static void what_is_not_tls_is_turned_away(void **state)
{
	(void)state;
	pair p = pair_new(false);
	int fd = world_connect(links_port(p.b->links));
	assert_int_equal(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
	assert_true(world_until(b_refused, &p));
	assert_non_null(strstr(p.b->refused, "does not speak TLS"));
	close(fd);
	assert_true(world_until(both_up, &p));
	pair_free(&p);
}

static void a_flood_of_strangers_is_bounded_and_does_not_lock_peers_out(void **state)
{
	(void)state;
	enum { FLOOD = 300 };
	static int fd[FLOOD];
	node *b = node_new(2), *a = node_new(1);
	for (unsigned i = 0; i < FLOOD; i++) {
		fd[i] = world_connect(links_port(b->links));
		if (i % 2) assert_int_equal(send(fd[i], "\x16\x03\x01\x02\x00", 5, 0), 5);   /* a handshake begins */
		if (i % 20 == 0) world_turn();
	}
	for (unsigned i = 0; i < 20; i++) world_turn();
	assert_int_equal(b->links->n_strangers, b->config.half_open);
	assert_int_equal(links_totals_of(b->links).half_open_dropped, FLOOD - b->config.half_open);
	pair p = { a, b, NULL, NULL };
	node_meet(a, 2, links_port(b->links));
	node_meet(b, 1, links_port(a->links));
	assert_true(world_until(both_up, &p));
	world_pass(b->config.handshake_ms + 100);
	assert_int_equal(b->links->n_strangers, 0);
	assert_true(both_up(&p));
	for (unsigned i = 0; i < FLOOD; i++) close(fd[i]);
	pair_free(&p);
}

/* A listener that we play: TLS with the identity of node-2, then whatever. */
static void who_answers_what_it_must_not_is_left_with_a_reason(void **state)
{
	(void)state;
	static const struct { unsigned what; const char *says; } CASES[] = {
		{ 0, "not a record of this protocol" }, { 1, "where no record ends" }, { 2, "order of the protocol" },
		{ 3, "what only the dialling side may say" }, { 4, "where no record ends" },
	};
	for (unsigned i = 0; i < COUNT(CASES); i++) {
		node *a = node_new(1);
		int fd, conn = -1;
		unsigned port;
		raw r = { 0 };
		buf b = { 0 };
		const uint8_t id[LINK_ID] = { 7 };
		const uint64_t none[LINKS_LANES] = { 0, 0 }, some[LINKS_LANES] = { 5, 5 };
		const uint64_t much[LINKS_LANES] = { 1 << 20, 1 << 20 };
		assert_ok(listen_on(&fd, &port, "127.0.0.1", 0));
		node_meet(a, 2, port);
		for (unsigned k = 0; k < 1000 && conn < 0; k++) world_turn(), conn = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
		assert_true(conn >= 0);
		const certs_pair *leaf = &world_who[2].leaf;
		assert_ok(tls_new(&r.tls, buf_slice(&leaf->certificate_pem), buf_slice(&leaf->key_pem), LINK_PROTOCOL));
		r.site = (tls_site){ r.tls, trust_anybody, NULL, NULL };
		assert_ok(tls_make(&r.site, &r.t, conn, true));
		for (unsigned k = 0; k < 1000 && r.t->ops->shake(r.t) != IO_DONE; k++) world_turn();
		switch (CASES[i].what) {
		case 0: buf_put_str(&b, "HTTP/1.1 400 Bad Request\r\n\r\n and so on"); break;
		case 1: link_put_welcome(&b, id, some, much); break;
		case 2: link_put_ack(&b, none, much); break;
		case 3: link_put_welcome(&b, id, none, much), link_put_token(&b, LINK_PING, 1); break;
		default: link_put_welcome(&b, id, none, much), link_put_ack(&b, some, much);
		}
		assert_ok(node_send(a, 2, LINKS_BULK, 50));
		raw_say(&r, buf_slice(&b));
		assert_true(r.ended);
		assert_non_null(strstr(node_health(a, 2).error, CASES[i].says));
		assert_true(node_health(a, 2).queued[LINKS_BULK] > 0);
		raw_free(&r);
		close(fd);
		node_free(&a);
		buf_free(&b);
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(who_is_not_a_peer_is_refused_by_the_one_it_calls),
		TEST(who_is_not_the_expected_one_is_refused_by_the_one_who_calls),
		TEST(certificates_that_have_expired_are_refused),
		TEST(approval_is_asked_for_at_both_ends_and_can_be_withheld),
		TEST(peers_of_one_name_are_told_apart_by_their_ca),
		TEST(who_does_not_keep_to_the_protocol_is_cut_off_with_a_reason),
		TEST(who_sends_beyond_the_window_is_cut_off),
		TEST(who_asks_and_does_not_read_the_answers_is_cut_off),
		TEST(one_connection_of_a_peer_takes_the_place_of_the_other),
		TEST(what_is_not_tls_is_turned_away),
		TEST(a_flood_of_strangers_is_bounded_and_does_not_lock_peers_out),
		TEST(who_answers_what_it_must_not_is_left_with_a_reason),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), world_begin, world_end);
}
