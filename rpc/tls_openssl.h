/* SPDX-License-Identifier: MIT */
/* rpc/tls_openssl.h -- the headers of libssl and libcrypto, which claim the name ERR_STATE for a type that nobody needs. */
#ifndef ARCA_RPC_TLS_OPENSSL_H
#define ARCA_RPC_TLS_OPENSSL_H

#define ERR_STATE openssl_err_state
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#undef ERR_STATE

/* For readers of PEM, which otherwise ask on the terminal. */
static inline int tls_no_password(char *out, int room, int writing, void *ctx)
{
	(void)out, (void)room, (void)writing, (void)ctx;
	return -1;
}

#endif
