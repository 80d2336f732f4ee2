/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "rpc/tls.h"
#include "rpc/tls_openssl.h"
#include <stdlib.h>

/* ---- two ends of a cable, of memory --------------------------------------------------------------------------- */

typedef struct cable {
	transport t;
	struct cable *other;
	buf    in;                           /* what has arrived */
	size_t taken;
	size_t patience;                     /* bytes that one read or write moves; 0: any */
	bool   tired, ended, cut, closed;    /* tired: the next operation waits */
	unsigned writes;
} cable;

static io cable_shake(transport *t)
{
	(void)t;
	return IO_DONE;
}

static bool rest(cable *c)
{
	c->tired = c->patience && !c->tired;
	return c->tired;
}

static io cable_read(transport *t, uint8_t *out, size_t room, size_t *got)
{
	cable *c = (cable *)(void *)t;
	size_t n = size_min(room, c->in.n - c->taken);
	if (c->cut) return IO_END;
	if (n == 0) return c->ended ? IO_END : IO_WAIT_READ;
	if (rest(c)) return IO_WAIT_READ;
	if (c->patience) n = size_min(n, c->patience);
	memcpy(out, c->in.p + c->taken, n);
	c->taken += n;
	*got = n;
	return IO_DONE;
}

static io cable_write(transport *t, size_t *put, const uint8_t *p, size_t n)
{
	cable *c = (cable *)(void *)t;
	if (c->cut || c->other->closed) return IO_BROKEN;
	if (rest(c)) return IO_WAIT_WRITE;
	if (c->patience) n = size_min(n, c->patience);
	c->writes++;
	buf_put(&c->other->in, p, n);
	*put = n;
	return IO_DONE;
}

static void cable_finish(transport *t)
{
	((cable *)(void *)t)->other->ended = true;
}

static void cable_close(transport *t)
{
	((cable *)(void *)t)->closed = true;
}

static err cable_make(void *ctx, transport **out, int fd, bool server)
{
	cable *ends = ctx;
	(void)fd;
	*out = &ends[server].t;
	return OK;
}

static void cable_init(cable ends[2])
{
	static const transport_ops ops = { cable_shake, cable_read, cable_write, cable_finish, cable_close };
	memset(ends, 0, 2 * sizeof *ends);
	for (unsigned i = 0; i < 2; i++) {
		ends[i].t = (transport){ &ops, -1 };
		ends[i].other = &ends[!i];
	}
}

/* ---- two parties ---------------------------------------------------------------------------------------------- */

typedef struct party {
	certs_pair ca, leaf;
	tls *tls;
	certs_certificate *ca_certificate;
} party;

static party alice, bob, mallory;        /* mallory has bob's name, and a CA of his own */

static void party_make(party *p, const char *name)
{
	assert_ok(certs_make_ca(&p->ca, name, 10, NULL));
	assert_ok(certs_make_leaf(&p->leaf, &p->ca, name, NULL, 0, 10, NULL));
	assert_ok(tls_new(&p->tls, buf_slice(&p->leaf.certificate_pem), buf_slice(&p->leaf.key_pem), "test/1"));
	assert_ok(certs_read_ca(&p->ca_certificate, "the CA", buf_slice(&p->ca.certificate_pem)));
}

static void party_free(party *p)
{
	tls_free(&p->tls);
	certs_pair_free(&p->ca);
	certs_pair_free(&p->leaf);
	certs_certificate_free(&p->ca_certificate);
}

/* Whom a side expects, and what it saw. */
typedef struct expectation {
	const party *who;
	const char *name;
	bool server;                         /* the one who is judged is the server */
	unsigned asked;
} expectation;

static err judge(void *ctx, const certs_certificate *leaf)
{
	expectation *x = ctx;
	x->asked++;
	return certs_check(leaf, x->who->ca_certificate, x->name, x->server, clock_unix_ms(clock_system()));
}

typedef struct meeting {
	cable cables[2];
	expectation expects[2];
	tls_site sites[2];
	transport_maker under;
	transport *t[2];                     /* client, server */
	io ends[2];
} meeting;

static void meet(meeting *m, const party *client, const party *server)
{
	const party *who[2] = { client, server };
	memset(m, 0, sizeof *m);
	cable_init(m->cables);
	m->under = (transport_maker){ cable_make, m->cables };
	for (unsigned i = 0; i < 2; i++) {
		m->expects[i] = (expectation){ who[!i], who[!i] == &alice ? "alice" : "bob", i == 0, 0 };
		m->sites[i] = (tls_site){ who[i]->tls, judge, &m->expects[i], &m->under };
		assert_ok(tls_make(&m->sites[i], &m->t[i], -1, i == 1));
		m->ends[i] = IO_WAIT_READ;
	}
}

static bool waits(io i)
{
	return i == IO_WAIT_READ || i == IO_WAIT_WRITE;
}

static void shake_hands(meeting *m)
{
	for (unsigned turn = 0; turn < 100000; turn++)
		for (unsigned i = 0; i < 2; i++)
			if (waits(m->ends[i])) m->ends[i] = m->t[i]->ops->shake(m->t[i]);
}

static void part(meeting *m)
{
	for (unsigned i = 0; i < 2; i++) {
		m->t[i]->ops->close(m->t[i]);
		assert_true(m->cables[i].closed);
		buf_free(&m->cables[i].in);
	}
}

/* Everything of `text` from one side to the other, in whatever steps the cable allows; nothing arrives untold. */
static void tell(meeting *m, unsigned from, slice text)
{
	size_t put = 0, got = 0;
	uint8_t *heard = malloc(text.n);
	assert_non_null(heard);
	for (unsigned turn = 0; got < text.n && turn < 1000000; turn++) {
		size_t n = 0;
		if (put < text.n && m->t[from]->ops->write(m->t[from], &n, text.p + put, text.n - put) == IO_DONE) put += n;
		n = 0;
		if (m->t[!from]->ops->read(m->t[!from], heard + got, text.n - got, &n) == IO_DONE) got += n;
		assert_true(got <= put);
	}
	assert_int_equal(got, text.n);
	assert_memory_equal(heard, text.p, text.n);
	free(heard);
}

static io hear(meeting *m, unsigned who)
{
	uint8_t some[64];
	size_t n;
	return m->t[who]->ops->read(m->t[who], some, sizeof some, &n);
}

static void two_that_know_each_other_talk_however_the_bytes_come(void **state)
{
	(void)state;
	static const size_t PATIENCES[] = { 0, 1, 7, 1000 };
	static uint8_t text[50000];
	rng_fill(test_rng(), text, sizeof text);
	for (unsigned i = 0; i < COUNT(PATIENCES); i++) {
		meeting m;
		meet(&m, &alice, &bob);
		m.cables[0].patience = m.cables[1].patience = PATIENCES[i];
		shake_hands(&m);
		assert_int_equal(m.ends[0], IO_DONE);
		assert_int_equal(m.ends[1], IO_DONE);
		assert_int_equal(m.expects[0].asked, 1);
		assert_int_equal(m.expects[1].asked, 1);
		tell(&m, 0, slice_of(text, PATIENCES[i] == 1 ? 500 : sizeof text));
		tell(&m, 1, slice_str("hello"));
		m.t[0]->ops->finish(m.t[0]);
		while (waits(hear(&m, 1)) && m.cables[1].in.n > m.cables[1].taken) ;
		io end = hear(&m, 1);                /* the farewell goes as far as it goes at once */
		assert_true(end == IO_END || (end == IO_BROKEN && PATIENCES[i]));
		if (end == IO_END) assert_string_equal(tls_why(m.t[1]), "");
		part(&m);
	}
}

/* A reason is in some words; the side that refuses has its judge's, the other one that of the alert. */
static void expect_refusal(const party *client, const party *server, unsigned refuses, const char *words)
{
	meeting m;
	meet(&m, client, server);
	for (unsigned i = 0; i < 2; i++)             /* both expect alice and bob, whoever comes */
		m.expects[i] = (expectation){ i ? &alice : &bob, i ? "alice" : "bob", i == 0, 0 };
	shake_hands(&m);
	assert_int_equal(m.ends[refuses], IO_BROKEN);
	assert_non_null(strstr(tls_why(m.t[refuses]), words));
	io last = m.ends[!refuses];
	if (last == IO_DONE) last = hear(&m, !refuses);        /* a client is done before it is judged */
	assert_int_equal(last, IO_BROKEN);
	assert_non_null(strstr(tls_why(m.t[!refuses]), "refused our certificate"));
	assert_int_equal(hear(&m, 0), IO_BROKEN);
	assert_int_equal(hear(&m, 1), IO_BROKEN);
	part(&m);
}

static void a_wrong_ca_is_refused_by_either_side_with_a_reason(void **state)
{
	(void)state;
	expect_refusal(&alice, &mallory, 0, "not signed by the CA certificate");
	expect_refusal(&mallory, &bob, 1, "but alice was expected");
}

static void a_wrong_name_is_refused_by_either_side_with_a_reason(void **state)
{
	(void)state;
	expect_refusal(&alice, &alice, 0, "that of alice, but bob was expected");
	expect_refusal(&bob, &bob, 1, "that of bob, but alice was expected");
}

/* ---- others: raw libssl --------------------------------------------------------------------------------------- */

/* libssl as a client of our server, over the client's end of the cable. */
typedef struct raw { SSL_CTX *ctx; SSL *ssl; BIO *in, *out; } raw;

static int trust_anybody(X509_STORE_CTX *store, void *arg)
{
	(void)store, (void)arg;
	return 1;
}

static raw raw_client(const party *who, int version, const char *protocol)
{
	raw r = { .ctx = SSL_CTX_new(TLS_client_method()), .in = BIO_new(BIO_s_mem()), .out = BIO_new(BIO_s_mem()) };
	uint8_t alpn[16] = { (uint8_t)strlen(protocol) };
	memcpy(alpn + 1, protocol, alpn[0]);
	SSL_CTX_set_min_proto_version(r.ctx, version);
	SSL_CTX_set_max_proto_version(r.ctx, version);
	SSL_CTX_set_cert_verify_callback(r.ctx, trust_anybody, NULL);
	if (alpn[0]) SSL_CTX_set_alpn_protos(r.ctx, alpn, 1u + alpn[0]);
	if (who) {
		BIO *pem = BIO_new_mem_buf(who->leaf.certificate_pem.p, (int)who->leaf.certificate_pem.n);
		BIO *key = BIO_new_mem_buf(who->leaf.key_pem.p, (int)who->leaf.key_pem.n);
		X509 *x = PEM_read_bio_X509(pem, NULL, NULL, NULL);
		EVP_PKEY *k = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
		assert_int_equal(SSL_CTX_use_certificate(r.ctx, x), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(r.ctx, k), 1);
		X509_free(x), EVP_PKEY_free(k), BIO_free(pem), BIO_free(key);
	}
	r.ssl = SSL_new(r.ctx);
	SSL_set_bio(r.ssl, r.in, r.out);
	SSL_set_connect_state(r.ssl);
	return r;
}

/* Bytes between libssl and the server. */
static void raw_turn(raw *r, meeting *m)
{
	char *p;
	(void)SSL_do_handshake(r->ssl);
	long n = BIO_get_mem_data(r->out, &p);
	if (n > 0) buf_put(&m->cables[1].in, p, (size_t)n);
	(void)BIO_reset(r->out);
	if (waits(m->ends[1])) m->ends[1] = m->t[1]->ops->shake(m->t[1]);
	cable *mine = &m->cables[0];
	if (mine->in.n > mine->taken) BIO_write(r->in, mine->in.p + mine->taken, (int)(mine->in.n - mine->taken));
	mine->taken = mine->in.n;
}

static void raw_meets(const party *who, int version, const char *protocol, io wanted, const char *words)
{
	meeting m;
	meet(&m, &alice, &bob);
	raw r = raw_client(who, version, protocol);
	for (unsigned i = 0; i < 10; i++) raw_turn(&r, &m);
	assert_int_equal(m.ends[1], wanted);
	assert_non_null(strstr(tls_why(m.t[1]), words));
	assert_int_equal(m.expects[1].asked, wanted == IO_DONE);
	SSL_free(r.ssl);
	SSL_CTX_free(r.ctx);
	ERR_clear_error();
	part(&m);
}

static void only_tls_1_3_with_a_certificate_and_our_protocol_is_spoken(void **state)
{
	(void)state;
	raw_meets(&alice, TLS1_3_VERSION, "test/1", IO_DONE, "");
	raw_meets(&alice, TLS1_2_VERSION, "test/1", IO_BROKEN, "no version of TLS");
	raw_meets(NULL, TLS1_3_VERSION, "test/1", IO_BROKEN, "no certificate was shown");
	raw_meets(&alice, TLS1_3_VERSION, "test/2", IO_BROKEN, "not this protocol");
}

static void one_who_offers_no_protocol_is_refused(void **state)
{
	(void)state;
	meeting m;
	meet(&m, &alice, &bob);
	raw r = raw_client(&alice, TLS1_3_VERSION, "");
	for (unsigned i = 0; i < 10; i++) raw_turn(&r, &m);
	assert_int_equal(m.ends[1], IO_BROKEN);
	assert_non_null(strstr(tls_why(m.t[1]), "not this protocol"));
	SSL_free(r.ssl);
	SSL_CTX_free(r.ctx);
	part(&m);
}

static void no_tickets_are_given_out(void **state)
{
	(void)state;
	meeting m;
	meet(&m, &alice, &bob);
	raw r = raw_client(&alice, TLS1_3_VERSION, "test/1");
	char byte;
	for (unsigned i = 0; i < 10; i++) raw_turn(&r, &m);
	assert_int_equal(m.ends[1], IO_DONE);
	assert_true(SSL_read(r.ssl, &byte, 1) <= 0);          /* reads whatever came after the handshake */
	assert_int_equal(SSL_SESSION_has_ticket(SSL_get0_session(r.ssl)), 0);
	assert_int_equal(SSL_SESSION_is_resumable(SSL_get0_session(r.ssl)), 0);
	SSL_free(r.ssl);
	SSL_CTX_free(r.ctx);
	ERR_clear_error();
	part(&m);
}

static void what_is_not_tls_is_refused(void **state)
{
	(void)state;
	static const char TEXTS[][24] = { "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff garbage garbage", "" };
	for (unsigned i = 0; i < COUNT(TEXTS); i++) {
		meeting m;
		meet(&m, &alice, &bob);
		buf_put(&m.cables[1].in, TEXTS[i], sizeof TEXTS[i]);
		m.ends[1] = m.t[1]->ops->shake(m.t[1]);
		assert_int_equal(m.ends[1], IO_BROKEN);
		assert_true(tls_why(m.t[1])[0] != '\0');
		assert_int_equal(m.expects[1].asked, 0);
		part(&m);
	}
}

static void a_changed_byte_after_the_handshake_breaks_the_connection(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		meeting m;
		size_t n;
		meet(&m, &alice, &bob);
		shake_hands(&m);
		size_t from = m.cables[1].in.n;
		assert_int_equal(m.t[0]->ops->write(m.t[0], &n, (const uint8_t *)"secret words", 12), IO_DONE);
		m.cables[1].in.p[from + test_below(m.cables[1].in.n - from)] ^= (uint8_t)(1 << test_below(8));
		io got = hear(&m, 1);
		assert_true(got == IO_BROKEN || got == IO_WAIT_READ);         /* waits: the length has grown */
		part(&m);
	}
}

static void a_handshake_that_is_cut_anywhere_ends_on_both_sides(void **state)
{
	(void)state;
	for (size_t after = 0; after < 6; after++) {
		meeting m;
		meet(&m, &alice, &bob);
		for (unsigned step = 0; step < after; step++)
			if (waits(m.ends[step % 2])) m.ends[step % 2] = m.t[step % 2]->ops->shake(m.t[step % 2]);
		bool done[2] = { m.ends[0] == IO_DONE, m.ends[1] == IO_DONE };
		m.cables[0].cut = m.cables[1].cut = true;
		for (unsigned i = 0; i < 2; i++) {
			if (waits(m.ends[i])) m.ends[i] = m.t[i]->ops->shake(m.t[i]);
			if (waits(m.ends[i])) m.ends[i] = m.t[i]->ops->shake(m.t[i]);
			if (!done[i]) assert_int_equal(m.ends[i], IO_BROKEN);
			if (!done[i]) assert_non_null(strstr(tls_why(m.t[i]), "cut during the handshake"));
			assert_int_equal(hear(&m, i), IO_BROKEN);
			assert_non_null(strstr(tls_why(m.t[i]), "cut"));
		}
		part(&m);
	}
}

static void many_small_writes_of_one_call_are_one_record(void **state)
{
	(void)state;
	static uint8_t text[16384];
	meeting m;
	size_t n;
	meet(&m, &alice, &bob);
	shake_hands(&m);
	unsigned before = m.cables[0].writes;
	assert_int_equal(m.t[0]->ops->write(m.t[0], &n, text, sizeof text), IO_DONE);
	assert_int_equal(n, sizeof text);
	assert_int_equal(m.cables[0].writes - before, 1);
	part(&m);
}

/* Records of TLS with so many bytes, of all that came over this end of the cable. */
static unsigned records_of(const cable *c, size_t n)
{
	unsigned count = 0;
	for (size_t at = 0, size; at + 5 <= c->in.n; at += 5 + size) {
		size = (size_t)c->in.p[at + 3] << 8 | c->in.p[at + 4];
		count += size == n;
	}
	return count;
}

static void keys_are_changed_after_their_life_and_nobody_notices(void **state)
{
	(void)state;
	static uint8_t text[60000];
	rng_fill(test_rng(), text, sizeof text);
	for (unsigned life = 1; life < 4; life++) {
		meeting m;
		tls_set_key_life(alice.tls, life);
		meet(&m, &alice, &bob);
		shake_hands(&m);
		tell(&m, 0, slice_of(text, sizeof text));
		tell(&m, 1, slice_of(text, 1000));
		for (size_t at = 0; at < 1000; at += 50) tell(&m, 0, slice_of(text + at, 50));
		/* The text is four records and twenty; a change of keys is one of 5 bytes, with its type and its tag. */
		assert_int_equal(records_of(&m.cables[1], 5 + 1 + 16), (24 - 1) / life);
		assert_int_equal(records_of(&m.cables[0], 5 + 1 + 16), 0);
		part(&m);
	}
	tls_set_key_life(alice.tls, 1 << 23);
}

static void a_key_that_is_not_the_certificate_s_is_refused(void **state)
{
	(void)state;
	tls *t = NULL;
	slice pem = buf_slice(&alice.leaf.certificate_pem), key = buf_slice(&alice.leaf.key_pem);
	assert_err(ERR_REQUEST, tls_new(&t, pem, buf_slice(&bob.leaf.key_pem), "test/1"));
	assert_err(ERR_REQUEST, tls_new(&t, pem, pem, "test/1"));
	assert_err(ERR_REQUEST, tls_new(&t, key, key, "test/1"));
	assert_err(ERR_REQUEST, tls_new(&t, (slice){ 0 }, key, "test/1"));
	assert_err(ERR_REQUEST, tls_new(&t, pem, (slice){ 0 }, "test/1"));
	assert_null(t);
	tls_free(&t);
	char name[CERTS_NAME_MAX + 1];
	assert_ok(certs_name(name, tls_certificate(alice.tls)));
	assert_string_equal(name, "alice");
}

static int before(void **state)
{
	(void)state;
	party_make(&alice, "alice");
	party_make(&bob, "bob");
	party_make(&mallory, "bob");
	return 0;
}

static int after(void **state)
{
	(void)state;
	party_free(&alice);
	party_free(&bob);
	party_free(&mallory);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(two_that_know_each_other_talk_however_the_bytes_come),
		TEST(a_wrong_ca_is_refused_by_either_side_with_a_reason),
		TEST(a_wrong_name_is_refused_by_either_side_with_a_reason),
		TEST(only_tls_1_3_with_a_certificate_and_our_protocol_is_spoken),
		TEST(one_who_offers_no_protocol_is_refused),
		TEST(no_tickets_are_given_out),
		TEST(what_is_not_tls_is_refused),
		TEST(a_changed_byte_after_the_handshake_breaks_the_connection),
		TEST(a_handshake_that_is_cut_anywhere_ends_on_both_sides),
		TEST(many_small_writes_of_one_call_are_one_record),
		TEST(keys_are_changed_after_their_life_and_nobody_notices),
		TEST(a_key_that_is_not_the_certificate_s_is_refused),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), before, after);
}
