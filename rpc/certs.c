/* SPDX-License-Identifier: MIT */
/* rpc/certs.c -- making certificates, by libcrypto.  Reading and judging them is in rpc/certs_check.c. */
#include "rpc/certs.h"
#include "rpc/tls_openssl.h"

enum { SERIAL = 16, SECONDS_A_DAY = 86400, X509_V3 = 2 };

void certs_pair_free(certs_pair *p)
{
	buf_free(&p->certificate_pem);
	buf_free(&p->key_pem);
}

bool certs_name_ok(const char *name)
{
	size_t n = 0;
	for (; name[n] && n <= CERTS_NAME_MAX; n++) {
		char c = name[n];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!letter && c != '.' && c != '-' && c != '_') return false;
	}
	return n >= 1 && n <= CERTS_NAME_MAX;
}

static err check_wish(const char *name, unsigned days)
{
	if (!certs_name_ok(name))
		return err_fail(ERR_REQUEST, "a party's name has 1 to %d letters, digits, '.', '-' or '_'", CERTS_NAME_MAX);
	if (days == 0 || days > CERTS_DAYS_MAX)
		return err_fail(ERR_REQUEST, "a certificate is valid for 1 to %d days, not %u", CERTS_DAYS_MAX, days);
	return OK;
}

static err failed(const char *what)
{
	ERR_clear_error();
	return err_fail(ERR_INTERNAL, "libcrypto failed to %s", what);
}

/* ---- the parts of a certificate ------------------------------------------------------------------------------- */

static bool set_name(X509_NAME *to, int nid, const char *text)
{
	return X509_NAME_add_entry_by_NID(to, nid, MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0) == 1;
}

static bool set_serial(X509 *c)
{
	uint8_t bytes[SERIAL];
	rng_fill(rng_os(), bytes, sizeof bytes);
	bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);                /* positive, and always of this length */
	BIGNUM *n = BN_bin2bn(bytes, sizeof bytes, NULL);
	bool ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(c));
	BN_free(n);
	return ok;
}

static bool extend(X509 *c, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, issuer, c, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	bool ok = e && X509_add_ext(c, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok;
}

static bool push_name(GENERAL_NAMES *all, const char *name)
{
	GENERAL_NAME *one = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	bool ok = one && text && ASN1_STRING_set(text, name, -1) == 1;
	if (ok) GENERAL_NAME_set0_value(one, GEN_DNS, text);           /* one owns text from here on */
	else ASN1_IA5STRING_free(text);
	ok = ok && sk_GENERAL_NAME_push(all, one) > 0;
	if (!ok) GENERAL_NAME_free(one);
	return ok;
}

static bool set_dns_names(X509 *c, const char *name, const char *const *extra, size_t n)
{
	GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();
	bool ok = all && push_name(all, name);
	for (size_t i = 0; ok && i < n; i++) ok = push_name(all, extra[i]);
	ok = ok && X509_add1_ext_i2d(c, NID_subject_alt_name, all, 0, 0) == 1;
	GENERAL_NAMES_free(all);
	return ok;
}

static bool set_life(X509 *c, X509 *issuer, unsigned days, const clock_source *clock)
{
	time_t now = (time_t)(clock_unix_ms(clock ? clock : clock_system()) / 1000);
	bool ok = X509_time_adj_ex(X509_getm_notBefore(c), 0, -CERTS_SLACK_S, &now) &&
	          X509_time_adj_ex(X509_getm_notAfter(c), (int)days, 0, &now);
	if (ok && issuer && ASN1_TIME_compare(X509_get0_notAfter(c), X509_get0_notAfter(issuer)) > 0)
		ok = X509_set1_notAfter(c, X509_get0_notAfter(issuer)) == 1;
	return ok;
}

/* What both kinds share.  issuer: NULL for a CA, which is its own. */
static X509 *begin(EVP_PKEY *key, X509 *issuer, const char *name, unsigned days, const clock_source *clock)
{
	X509 *c = X509_new();
	/* The CA's name differs from the leaf's, which would otherwise look as if it had signed itself. */
	bool ok = c && X509_set_version(c, X509_V3) == 1 && set_serial(c) && set_life(c, issuer, days, clock) &&
	          (issuer || set_name(X509_get_subject_name(c), NID_organizationalUnitName, "CA")) &&
	          set_name(X509_get_subject_name(c), NID_commonName, name) &&
	          X509_set_issuer_name(c, X509_get_subject_name(issuer ? issuer : c)) == 1 && X509_set_pubkey(c, key) == 1;
	if (ok) return c;
	X509_free(c);
	return NULL;
}

/* ---- PEM ------------------------------------------------------------------------------------------------------ */

static bool take(buf *out, BIO *from)
{
	char *p;
	long n = BIO_get_mem_data(from, &p);
	if (n <= 0) return false;
	buf_put(out, p, (size_t)n);
	return true;
}

static err write_pair(certs_pair *out, X509 *c, EVP_PKEY *key)
{
	certs_pair made = { 0 };
	BIO *a = BIO_new(BIO_s_mem()), *b = BIO_new(BIO_s_secmem());   /* freed, the second is wiped */
	bool ok = a && b && PEM_write_bio_X509(a, c) == 1 && take(&made.certificate_pem, a) &&
	          PEM_write_bio_PKCS8PrivateKey(b, key, NULL, NULL, 0, NULL, NULL) == 1 && take(&made.key_pem, b);
	BIO_free(a);
	BIO_free(b);
	if (!ok) {
		certs_pair_free(&made);
		return failed("write a certificate");
	}
	*out = made;
	return OK;
}

static err read_key(EVP_PKEY **out, slice pem)
{
	if (pem.n > CERTS_PEM_MAX) return err_fail(ERR_REQUEST, "the key is longer than %d bytes", CERTS_PEM_MAX);
	BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, tls_no_password, NULL) : NULL;
	BIO_free(in);
	if (key) {
		*out = key;
		return OK;
	}
	ERR_clear_error();
	return err_fail(ERR_REQUEST, "the CA's key is not an unencrypted private key in PEM");
}

/* ---- the two kinds -------------------------------------------------------------------------------------------- */

err certs_make_ca(certs_pair *out, const char *name, unsigned days, const clock_source *clock)
{
	TRY(check_wish(name, days));
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *c = key ? begin(key, NULL, name, days, clock) : NULL;
	bool ok = c && extend(c, c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	          extend(c, c, NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign") &&
	          set_dns_names(c, name, NULL, 0) &&
	          extend(c, c, NID_subject_key_identifier, "hash") && X509_sign(c, key, EVP_sha256()) > 0;
	err e = ok ? write_pair(out, c, key) : failed("make a CA certificate");
	X509_free(c);
	EVP_PKEY_free(key);
	return e;
}

static err sign_leaf(certs_pair *out, X509 *ca, EVP_PKEY *ca_key, const char *name, const char *const *extra, size_t n,
                     unsigned days, const clock_source *clock)
{
	if (X509_check_private_key(ca, ca_key) != 1) {
		ERR_clear_error();
		return err_fail(ERR_REQUEST, "the CA's key is not the key of its certificate");
	}
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *c = key ? begin(key, ca, name, days, clock) : NULL;
	bool ok = c && extend(c, ca, NID_basic_constraints, "critical,CA:FALSE") &&
	          extend(c, ca, NID_key_usage, "critical,digitalSignature") &&
	          extend(c, ca, NID_ext_key_usage, "serverAuth,clientAuth") && set_dns_names(c, name, extra, n) &&
	          extend(c, ca, NID_subject_key_identifier, "hash") &&
	          extend(c, ca, NID_authority_key_identifier, "keyid") && X509_sign(c, ca_key, EVP_sha256()) > 0;
	err e = ok ? write_pair(out, c, key) : failed("make a certificate");
	X509_free(c);
	EVP_PKEY_free(key);
	return e;
}

err certs_make_leaf(certs_pair *out, const certs_pair *ca, const char *name, const char *const *extra, size_t n,
                    unsigned days, const clock_source *clock)
{
	certs_certificate *issuer;
	EVP_PKEY *key = NULL;

	TRY(check_wish(name, days));
	for (size_t i = 0; i < n; i++)
		if (!certs_name_ok(strncmp(extra[i], "*.", 2) == 0 ? extra[i] + 2 : extra[i]))
			return err_fail(ERR_REQUEST, "DNS name %zu of the certificate has characters that do not belong there",
			                i + 1);
	TRY(certs_read_ca(&issuer, "the CA certificate", buf_slice(&ca->certificate_pem)));
	err e = read_key(&key, buf_slice(&ca->key_pem));
	if (e == OK) {
		e = sign_leaf(out, issuer, key, name, extra, n, days, clock);
		EVP_PKEY_free(key);
	}
	certs_certificate_free(&issuer);
	return e;
}
