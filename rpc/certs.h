/* SPDX-License-Identifier: MIT */
/*
 * rpc/certs.h -- certificates of nodes: each party has a CA of its own, which signs the certificates it shows.
 *
 * The CA certificate is self-signed, critical basicConstraints CA with path length 0, and what other parties put into
 * their contexts; its key may stay offline.  A leaf carries the party's name (its mpc identity) as CN and as DNS name,
 * is signed by the CA directly, and serves both ends of a connection.  Keys are P-256.  All of it is PEM in memory;
 * key_pem is a secret: free it with buf_free, which wipes, and keep it in a file that only its owner reads.
 */
#ifndef ARCA_RPC_CERTS_H
#define ARCA_RPC_CERTS_H

#include "base/base.h"
#include "base/clock.h"

enum {
	CERTS_NAME_MAX = 64,                 /* letters, digits, '.', '-', '_' */
	CERTS_PEM_MAX = 64 << 10,            /* of one file */
	CERTS_DAYS_MAX = 36500,
	CERTS_CA_DAYS = 3650, CERTS_LEAF_DAYS = 365,         /* what a command may take when nothing was said */
	CERTS_SLACK_S = 3600,                /* valid from so long ago, for clocks that differ */
};

typedef struct certs_pair { buf certificate_pem, key_pem; } certs_pair;

void certs_pair_free(certs_pair *p);     /* wipes */

/* A fresh CA for the party of this name.  Its CN is the name, too. */
err  certs_make_ca(certs_pair *out, const char *name, unsigned days, const clock_source *clock);

/* A fresh leaf under a CA; extra DNS names (n of them, each may begin with "*.") besides the name.  Not valid longer
 * than the CA is. */
err  certs_make_leaf(certs_pair *out, const certs_pair *ca, const char *name, const char *const *extra, size_t n,
                     unsigned days, const clock_source *clock);

bool certs_name_ok(const char *name);

/* ---- what others made ----------------------------------------------------------------------------------------- */

typedef struct x509_st certs_certificate;            /* libcrypto's */

/* Exactly one certificate; `what` begins the sentence of a failure. */
err  certs_read(certs_certificate **out, const char *what, slice pem);
void certs_certificate_free(certs_certificate **c);

/* Is this text one CA certificate that others could trust: self-signed, may sign certificates? */
err  certs_read_ca(certs_certificate **out, const char *what, slice pem);

/* The only CN of the subject.  ERR_REQUEST if there is none, several, or one with odd characters. */
err  certs_name(char out[static CERTS_NAME_MAX + 1], const certs_certificate *c);

/* Seconds since 1970 between which it is valid. */
void certs_life(int64_t *from_s, int64_t *until_s, const certs_certificate *c);

/* Its DER. */
err  certs_der(buf *out, const certs_certificate *c);

bool certs_same(const certs_certificate *a, const certs_certificate *b);

/*
 * May the holder of leaf pass for the party `name`, whose CA is ca, at that time?  Signed by ca directly, no CA itself,
 * in its validity as ca is, name the only CN and among the DNS names, fit for that end of a connection.
 */
err  certs_check(const certs_certificate *leaf, const certs_certificate *ca, const char *name, bool server,
                 int64_t unix_ms);

#endif
