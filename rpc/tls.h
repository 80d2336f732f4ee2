/* SPDX-License-Identifier: MIT */
/*
 * rpc/tls.h -- TLS 1.3 over any transport, both sides with certificates.
 *
 * Who may be at the other end is not decided here: the judge is shown the certificate within the handshake, and without
 * its word there is no connection.  There are no tickets and no resumption: each connection proves both identities
 * afresh.  libssl draws its randomness from libcrypto's generator.
 *
 *   tls_site site = { us, judge, ctx, NULL };
 *   transport_maker over_tls = { tls_make, &site };         for whoever takes a maker
 */
#ifndef ARCA_RPC_TLS_H
#define ARCA_RPC_TLS_H

#include "rpc/certs.h"
#include "rpc/transport.h"

/* Before libcrypto is used for anything: it keeps private keys in pages that are locked and left out of core files, as
 * base/secret.h does, and wipes all other memory before it gives it back.  False: it does not. */
bool tls_guard_keys(void);

typedef struct tls tls;                      /* who we are, and what we speak */

/* certificate_pem: our certificate, then any that lead from it to the CA's.  protocol: the ALPN name that both sides must
 * agree on.  ERR_REQUEST: the certificate cannot be read, or the key is not its own.  The key is copied into libcrypto's
 * memory and wiped with it. */
err  tls_new(tls **out, slice certificate_pem, slice key_pem, const char *protocol);
void tls_free(tls **t);                      /* NULL-safe; connections that are open stay */

/* Connections made from now on write so many records under one key, then change it; 2^23 unless it is said.  AES-GCM
 * should not be asked for more than 2^24.5.  [RFC 8446, section 5.5] */
void tls_set_key_life(tls *t, uint64_t records);

/* Our own certificate; lives as long as t. */
const certs_certificate *tls_certificate(const tls *t);

typedef struct tls_site {
	const tls *self;
	/* On the reactor's thread, during shake(): OK, or an err whose sentence tls_why() repeats. */
	err (*judge)(void *ctx, const certs_certificate *leaf);
	void *ctx;
	const transport_maker *under;        /* NULL: TRANSPORT_PLAIN */
} tls_site;

/* A transport_maker's make; its ctx is a tls_site, which stays as long as the transports do. */
err  tls_make(void *site, transport **out, int fd, bool server);

/* What broke this connection: a sentence without its subject, "" if nothing did.  Requires: t is from tls_make. */
const char *tls_why(const transport *t);

/* Bytes that this connection has written to what is under it so far: records, alerts and handshake.  Requires: the same. */
uint64_t    tls_bytes_out(const transport *t);

#endif
