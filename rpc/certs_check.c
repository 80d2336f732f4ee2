/* SPDX-License-Identifier: MIT */
/* rpc/certs_check.c -- reading certificates of others, and whether they may pass for somebody. */
#include "rpc/certs.h"
#include "rpc/tls_openssl.h"
#include <time.h>

void certs_certificate_free(certs_certificate **c)
{
	X509_free(*c);
	*c = NULL;
}

err certs_read(certs_certificate **out, const char *what, slice pem)
{
	if (pem.n > CERTS_PEM_MAX) return err_fail(ERR_REQUEST, "%s is longer than %d bytes", what, CERTS_PEM_MAX);
	BIO *in = BIO_new_mem_buf(pem.n ? (const char *)pem.p : "", (int)pem.n);
	X509 *first = in ? PEM_read_bio_X509(in, NULL, tls_no_password, NULL) : NULL;
	X509 *second = first ? PEM_read_bio_X509(in, NULL, tls_no_password, NULL) : NULL;
	BIO_free(in);
	ERR_clear_error();
	bool one = first && !second;
	X509_free(second);
	if (one) {
		*out = first;
		return OK;
	}
	if (!first) return err_fail(ERR_REQUEST, "%s is not a certificate in PEM", what);
	X509_free(first);
	return err_fail(ERR_REQUEST, "%s holds several certificates; exactly one is expected", what);
}

err certs_read_ca(certs_certificate **out, const char *what, slice pem)
{
	X509 *c;
	const char *why = NULL;

	TRY(certs_read(&c, what, pem));
	uint32_t flags = X509_get_extension_flags(c);
	if (!(flags & EXFLAG_CA)) why = "is not a CA certificate: its basicConstraints do not say so";
	else if (!(X509_get_key_usage(c) & KU_KEY_CERT_SIGN)) why = "may not sign certificates: its keyUsage does not say so";
	else if (X509_self_signed(c, 1) != 1) why = "is not signed by its own key";
	else if (flags & EXFLAG_INVALID) why = "has extensions that cannot be read";
	ERR_clear_error();
	if (why) {
		X509_free(c);
		return err_fail(ERR_REQUEST, "%s %s", what, why);
	}
	*out = c;
	return OK;
}

err certs_name(char out[static CERTS_NAME_MAX + 1], const certs_certificate *c)
{
	const X509_NAME *subject = X509_get_subject_name(c);
	char name[CERTS_NAME_MAX + 1] = "";
	int first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	if (first < 0) return err_fail(ERR_REQUEST, "the certificate names nobody: it has no CN");
	if (X509_NAME_get_index_by_NID(subject, NID_commonName, first) >= 0)
		return err_fail(ERR_REQUEST, "the certificate has more than one CN");
	const ASN1_STRING *text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first));
	size_t n = (size_t)ASN1_STRING_length(text);
	if (n <= CERTS_NAME_MAX) memcpy(name, ASN1_STRING_get0_data(text), n);
	if (n > CERTS_NAME_MAX || strlen(name) != n || !certs_name_ok(name))
		return err_fail(ERR_REQUEST, "the certificate's CN is not a party's name: 1 to %d letters, digits, '.', '-' "
		                "or '_'", CERTS_NAME_MAX);
	memcpy(out, name, sizeof name);
	return OK;
}

static int64_t seconds(const ASN1_TIME *t)
{
	struct tm parts = { 0 };
	return ASN1_TIME_to_tm(t, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

void certs_life(int64_t *from_s, int64_t *until_s, const certs_certificate *c)
{
	*from_s = seconds(X509_get0_notBefore(c));
	*until_s = seconds(X509_get0_notAfter(c));
}

err certs_der(buf *out, const certs_certificate *c)
{
	unsigned char *der = NULL;
	int n = i2d_X509(c, &der);
	if (n <= 0) return err_fail(ERR_INTERNAL, "libcrypto failed to write a certificate");
	buf_put(out, der, (size_t)n);
	OPENSSL_free(der);
	return OK;
}

bool certs_same(const certs_certificate *a, const certs_certificate *b)
{
	return X509_cmp(a, b) == 0;
}

static bool has_dns_name(const X509 *c, const char *name)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(c, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(all) && !found; i++) {         /* -1 if there are none */
		int kind;
		const ASN1_STRING *text = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all, i), &kind);
		found = kind == GEN_DNS && slice_eq_var(slice_str(name),
		        slice_of(ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text)));
	}
	GENERAL_NAMES_free(all);
	return found;
}

/* What libcrypto's path validation says of leaf, with ca as the only one to be trusted and nothing in between. */
static int verify(X509 *leaf, X509 *ca, bool server, int64_t unix_ms)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int why = X509_V_ERR_OUT_OF_MEM;

	if (store && ctx && X509_STORE_add_cert(store, ca) == 1 && X509_STORE_CTX_init(ctx, store, leaf, NULL) == 1) {
		X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);
		X509_VERIFY_PARAM_set_depth(p, 0);                     /* certificates between leaf and CA */
		X509_VERIFY_PARAM_set_time(p, (time_t)(unix_ms / 1000));
		X509_VERIFY_PARAM_set_purpose(p, server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
		why = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
		if (why == X509_V_OK && X509_STORE_CTX_get_error_depth(ctx) > 1) why = X509_V_ERR_CERT_CHAIN_TOO_LONG;
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
	return why;
}

static err refuse(const char *name, int why)
{
	switch (why) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return err_fail(ERR_REQUEST, "the certificate of %s, or its CA's, has expired; make a new one", name);
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return err_fail(ERR_REQUEST, "the certificate of %s, or its CA's, is not valid yet; compare the clocks",
		                name);
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		return err_fail(ERR_REQUEST, "the certificate of %s is not signed by the CA certificate that we have for it; "
		                "compare the two", name);
	case X509_V_ERR_INVALID_PURPOSE:
		return err_fail(ERR_REQUEST, "the certificate of %s is not meant for this end of a connection: look at its "
		                "extendedKeyUsage", name);
	default:
		return err_fail(ERR_REQUEST, "the certificate of %s does not verify: %s", name,
		                X509_verify_cert_error_string(why));
	}
}

err certs_check(const certs_certificate *leaf, const certs_certificate *ca, const char *name, bool server, int64_t unix_ms)
{
	char cn[CERTS_NAME_MAX + 1];

	TRY(certs_name(cn, leaf));
	if (strcmp(cn, name) != 0)
		return err_fail(ERR_REQUEST, "the certificate is that of %s, but %s was expected; is the address right?",
		                cn, name);
	if (!has_dns_name(leaf, name))
		return err_fail(ERR_REQUEST, "the certificate of %s does not carry that name among its DNS names", name);

	/* libcrypto's counters of references and caches of extensions are not const */
	X509 *x = (X509 *)(uintptr_t)leaf, *anchor = (X509 *)(uintptr_t)ca;
	if (X509_get_extension_flags(x) & EXFLAG_CA)
		return err_fail(ERR_REQUEST, "%s shows a CA certificate; it must show one that its CA signed", name);
	int why = verify(x, anchor, server, unix_ms);
	return why == X509_V_OK ? OK : refuse(name, why);
}
