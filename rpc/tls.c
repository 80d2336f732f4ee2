/* SPDX-License-Identifier: MIT */
/*
 * rpc/tls.c -- libssl without blocking, its bytes through another transport.
 *
 * libssl asks for "again, when readable" in the middle of a write and the reverse; each operation passes that on.  Its
 * queue of errors belongs to the thread: it is empty before each operation and read only after a failure.
 */
#include "rpc/tls.h"
#include "rpc/tls_openssl.h"
#include <pthread.h>
#include <stdlib.h>

enum { WHY = 256, READ_AHEAD = 64 << 10, KEY_LIFE = 1 << 23 };

static const char SUITES[] = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
static const char GROUPS[] = "X25519:P-256:P-384";

struct tls {
	SSL_CTX *side[2];                    /* client, server */
	uint8_t  protocol[32];               /* ALPN: its length, its name */
	uint64_t key_life;                   /* records */
};

typedef struct tls_transport {
	transport t;                         /* the first field */
	const tls_site *site;
	transport *under;
	SSL *ssl;
	bool over, shaken;                   /* the connection is of no use any more; the handshake is complete */
	uint64_t key_life, records;          /* written under the present key */
	char why[WHY];
} tls_transport;

static tls_transport *tls_of(transport *t)
{
	return (tls_transport *)(void *)t;
}

/* ---- the transport under libssl ------------------------------------------------------------------------------- */

static int bio_read(BIO *b, char *out, size_t room, size_t *got)
{
	transport *under = BIO_get_data(b);
	BIO_clear_retry_flags(b);
	io i = under->ops->read(under, (uint8_t *)out, room, got);
	if (i == IO_DONE) return 1;
	if (i == IO_WAIT_READ) BIO_set_retry_read(b);
	if (i == IO_WAIT_WRITE) BIO_set_retry_write(b);
	if (i == IO_END) BIO_set_flags(b, BIO_FLAGS_IN_EOF);
	return 0;
}

static int bio_write(BIO *b, const char *p, size_t n, size_t *put)
{
	transport *under = BIO_get_data(b);
	BIO_clear_retry_flags(b);
	io i = under->ops->write(under, put, (const uint8_t *)p, n);
	if (i == IO_DONE) return 1;
	if (i == IO_WAIT_READ) BIO_set_retry_read(b);
	if (i == IO_WAIT_WRITE) BIO_set_retry_write(b);
	return 0;
}

static long bio_ctrl(BIO *b, int command, long larg, void *parg)
{
	(void)larg, (void)parg;
	if (command == BIO_CTRL_EOF) return BIO_test_flags(b, BIO_FLAGS_IN_EOF) != 0;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *bio_method;

static void make_bio_method(void)
{
	bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "transport");
	ASSERT(bio_method);
	BIO_meth_set_read_ex(bio_method, bio_read);
	BIO_meth_set_write_ex(bio_method, bio_write);
	BIO_meth_set_ctrl(bio_method, bio_ctrl);
}

/* ---- who we are ----------------------------------------------------------------------------------------------- */

static int judge(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	tls_transport *x = SSL_get_app_data(ssl);
	const X509 *leaf = X509_STORE_CTX_get0_cert(store);
	(void)arg;

	err e = leaf ? x->site->judge(x->site->ctx, leaf) : err_fail(ERR_REQUEST, "no certificate was shown");
	if (e == OK) {
		X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	snprintf(x->why, sizeof x->why, "%s", err_text());
	err_clear();
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *offered,
                           unsigned offered_n, void *arg)
{
	const tls *t = arg;
	unsigned char *chosen;
	(void)ssl;
	if (SSL_select_next_proto(&chosen, n, t->protocol, 1u + t->protocol[0], offered, offered_n) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* The certificate, and behind it those that lead to the CA. */
static bool use_chain(SSL_CTX *c, slice pem)
{
	BIO *in = BIO_new_mem_buf(pem.n ? (const char *)pem.p : "", (int)pem.n);
	X509 *x = in ? PEM_read_bio_X509(in, NULL, tls_no_password, NULL) : NULL;
	bool ok = x && SSL_CTX_use_certificate(c, x) == 1;
	X509_free(x);
	while (ok && (x = PEM_read_bio_X509(in, NULL, tls_no_password, NULL))) {
		ok = SSL_CTX_add0_chain_cert(c, x) == 1;
		if (!ok) X509_free(x);
	}
	BIO_free(in);
	ERR_clear_error();
	return ok;
}

/* Of the certificate that is there already.  NULL, or why not. */
static const char *use_key(SSL_CTX *c, slice pem)
{
	BIO *in = BIO_new_mem_buf(pem.n ? (const char *)pem.p : "", (int)pem.n);
	EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, tls_no_password, NULL) : NULL;
	const char *why = !key ? "our key is not an unencrypted private key in PEM" :
	                  SSL_CTX_use_PrivateKey(c, key) != 1 || SSL_CTX_check_private_key(c) != 1 ? "our key is not that of our certificate" : NULL;
	EVP_PKEY_free(key);
	BIO_free(in);
	ERR_clear_error();
	return why;
}

static bool configure(tls *t, SSL_CTX *c, bool server)
{
	SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_read_ahead(c, 1);
	SSL_CTX_set_default_read_buffer_len(c, READ_AHEAD);
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(c, judge, NULL);
	if (server) SSL_CTX_set_alpn_select_cb(c, choose_protocol, t);
	else if (SSL_CTX_set_alpn_protos(c, t->protocol, 1u + t->protocol[0]) != 0) return false;
	return SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) == 1 && SSL_CTX_set_num_tickets(c, 0) == 1 &&
	       SSL_CTX_set_ciphersuites(c, SUITES) == 1 && SSL_CTX_set1_groups_list(c, GROUPS) == 1;
}

err tls_new(tls **out, slice certificate_pem, slice key_pem, const char *protocol)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const size_t n = strlen(protocol);

	ASSERT(n >= 1 && n < sizeof ((tls *)NULL)->protocol);
	if (certificate_pem.n > CERTS_PEM_MAX || key_pem.n > CERTS_PEM_MAX)
		return err_fail(ERR_REQUEST, "our certificate or its key is longer than %d bytes", CERTS_PEM_MAX);
	pthread_once(&once, make_bio_method);
	tls *t = calloc(1, sizeof *t);
	if (!t) return err_fail(ERR_NOMEM, "no memory for TLS");
	t->key_life = KEY_LIFE;
	t->protocol[0] = (uint8_t)n;
	memcpy(t->protocol + 1, protocol, n);

	const char *why = NULL;
	for (int i = 0; i < 2 && !why; i++) {
		SSL_CTX *c = t->side[i] = SSL_CTX_new(i ? TLS_server_method() : TLS_client_method());
		if (!c || !configure(t, c, i)) why = "libssl cannot be set up for TLS 1.3";
		else if (!use_chain(c, certificate_pem)) why = "our certificate is not one in PEM that libssl takes";
		else why = use_key(c, key_pem);
	}
	ERR_clear_error();
	if (why) {
		tls_free(&t);
		return err_fail(ERR_REQUEST, "%s", why);
	}
	*out = t;
	return OK;
}

void tls_free(tls **tp)
{
	tls *t = *tp;
	if (!t) return;
	SSL_CTX_free(t->side[0]);
	SSL_CTX_free(t->side[1]);
	free(t);
	*tp = NULL;
}

void tls_set_key_life(tls *t, uint64_t records)
{
	t->key_life = records;
}

const certs_certificate *tls_certificate(const tls *t)
{
	return SSL_CTX_get0_certificate(t->side[0]);
}

/* ---- what went wrong ------------------------------------------------------------------------------------------ */

/* What the other side said before it closed: it knows more than we do. */
static const char *alert_text(int reason)
{
	switch (reason) {
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
	case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
		return "the other side refused our certificate: does it know our name and CA certificate? its log says more";
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		return "no certificate was shown";
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_WRONG_SSL_VERSION:
	case SSL_R_NO_PROTOCOLS_AVAILABLE:
		return "the two sides share no version of TLS; 1.3 is the only one allowed";
	case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
	case SSL_R_NO_APPLICATION_PROTOCOL:
		return "the other side speaks TLS, but not this protocol: is it the right port, and the same version?";
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
		return "the other side does not speak TLS";
	default:
		return NULL;
	}
}

static void explain(tls_transport *x)
{
	unsigned long first = ERR_peek_error();
	const char *known = first ? alert_text(ERR_GET_REASON(first)) : NULL;
	const char *reason = first ? ERR_reason_error_string(first) : NULL;

	if (x->why[0]) return;                       /* the judge's sentence */
	if (known) snprintf(x->why, sizeof x->why, "%s", known);
	else if (reason && ERR_GET_REASON(first) != SSL_R_UNEXPECTED_EOF_WHILE_READING)
		snprintf(x->why, sizeof x->why, "TLS failed: %s", reason);
	else
		snprintf(x->why, sizeof x->why, "the connection was cut%s", x->shaken ? "" : " during the handshake");
}

uint64_t tls_bytes_out(const transport *t)
{
	const tls_transport *x = (const tls_transport *)(const void *)t;
	return BIO_number_written(SSL_get_wbio(x->ssl));
}

const char *tls_why(const transport *t)
{
	return ((const tls_transport *)(const void *)t)->why;
}

/* What libssl's answer means for us.  After IO_BROKEN libssl must not be asked again. */
static io verdict(tls_transport *x, int rv)
{
	io i;
	switch (SSL_get_error(x->ssl, rv)) {
	case SSL_ERROR_NONE: i = IO_DONE; break;
	case SSL_ERROR_WANT_READ: i = IO_WAIT_READ; break;
	case SSL_ERROR_WANT_WRITE: i = IO_WAIT_WRITE; break;
	case SSL_ERROR_ZERO_RETURN: i = IO_END; break;
	default:
		explain(x);
		x->over = true;
		i = IO_BROKEN;
	}
	ERR_clear_error();
	return i;
}

/* ---- the transport -------------------------------------------------------------------------------------------- */

static io shake(transport *t)
{
	tls_transport *x = tls_of(t);
	if (x->over) return IO_BROKEN;
	if (x->shaken) return IO_DONE;
	io lower = x->under->ops->shake(x->under);
	if (lower != IO_DONE) return lower;
	ERR_clear_error();
	io i = verdict(x, SSL_do_handshake(x->ssl));
	if (i != IO_DONE) return i == IO_END ? IO_BROKEN : i;

	/* A client that offers a protocol may meet a server that does not answer to it. */
	const unsigned char *protocol;
	unsigned n;
	SSL_get0_alpn_selected(x->ssl, &protocol, &n);
	if (n == 0) {
		x->over = true;
		snprintf(x->why, sizeof x->why, "%s", alert_text(SSL_R_NO_APPLICATION_PROTOCOL));
		return IO_BROKEN;
	}
	x->shaken = true;
	return IO_DONE;
}

static io receive(transport *t, uint8_t *out, size_t room, size_t *got)
{
	tls_transport *x = tls_of(t);
	if (x->over) return IO_BROKEN;
	ERR_clear_error();
	return verdict(x, SSL_read_ex(x->ssl, out, room, got));
}

static io put_out(transport *t, size_t *put, const uint8_t *p, size_t n)
{
	tls_transport *x = tls_of(t);
	if (x->over) return IO_BROKEN;
	ERR_clear_error();
	/* One record: of several it would tell nothing while the last one waits, though the peer has answered to the first. */
	io i = verdict(x, SSL_write_ex(x->ssl, p, size_min(n, SSL3_RT_MAX_PLAIN_LENGTH), put));
	if (i == IO_DONE && ++x->records >= x->key_life) {
		x->records = 0;
		if (SSL_key_update(x->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1) x->over = true;
	}
	return i;
}

static void finish(transport *t)
{
	tls_transport *x = tls_of(t);
	if (x->shaken && !x->over) (void)SSL_shutdown(x->ssl);         /* as far as it goes at once */
	ERR_clear_error();
	x->under->ops->finish(x->under);
}

static void tls_close(transport *t)
{
	tls_transport *x = tls_of(t);
	SSL_free(x->ssl);
	x->under->ops->close(x->under);
	free(x);
}

err tls_make(void *ctx, transport **out, int fd, bool server)
{
	static const transport_ops ops = { shake, receive, put_out, finish, tls_close };
	const tls_site *site = ctx;
	const transport_maker *under = site->under ? site->under : &TRANSPORT_PLAIN;

	tls_transport *x = calloc(1, sizeof *x);
	SSL *ssl = x ? SSL_new(site->self->side[server]) : NULL;
	BIO *b = ssl ? BIO_new(bio_method) : NULL;
	if (b && under->make(under->ctx, &x->under, fd, server) == OK) {
		BIO_set_data(b, x->under);
		BIO_set_init(b, 1);
		SSL_set_bio(ssl, b, b);              /* ssl owns it */
		SSL_set_app_data(ssl, x);
		if (server) SSL_set_accept_state(ssl);
		else SSL_set_connect_state(ssl);
		x->t = (transport){ &ops, x->under->fd };
		x->site = site;
		x->key_life = site->self->key_life;
		x->ssl = ssl;
		*out = &x->t;
		return OK;
	}
	BIO_free(b);
	SSL_free(ssl);
	free(x);
	ERR_clear_error();
	return err_fail(ERR_NOMEM, "no memory for a connection");
}
