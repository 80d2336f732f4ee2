/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "rpc/certs.h"
#include "rpc/tls_openssl.h"

enum { DAY_MS = 86400000 };

static int64_t unix_ms = (int64_t)1800000000 * 1000;
static int64_t test_unix(void *ctx) { (void)ctx; return unix_ms; }
static const clock_source TEST_CLOCK = { NULL, test_unix, test_unix };

static certs_pair make_ca(const char *name, unsigned days)
{
	certs_pair p = { 0 };
	assert_ok(certs_make_ca(&p, name, days, &TEST_CLOCK));
	return p;
}

static certs_pair make_leaf(const certs_pair *ca, const char *name, unsigned days)
{
	certs_pair p = { 0 };
	assert_ok(certs_make_leaf(&p, ca, name, NULL, 0, days, &TEST_CLOCK));
	return p;
}

static certs_certificate *read_pair(const certs_pair *p)
{
	certs_certificate *c = NULL;
	assert_ok(certs_read(&c, "it", buf_slice(&p->certificate_pem)));
	return c;
}

static void a_ca_is_one_and_its_leaf_passes_at_both_ends(void **state)
{
	(void)state;
	AUTO(certs_pair) ca = make_ca("node-1", 3650), leaf = make_leaf(&ca, "node-1", 365);
	certs_certificate *c, *l = read_pair(&leaf);
	char name[CERTS_NAME_MAX + 1];

	assert_ok(certs_read_ca(&c, "the CA", buf_slice(&ca.certificate_pem)));
	assert_ok(certs_name(name, l));
	assert_string_equal(name, "node-1");
	assert_ok(certs_check(l, c, "node-1", true, unix_ms));
	assert_ok(certs_check(l, c, "node-1", false, unix_ms));
	assert_true(certs_same(c, c));
	assert_false(certs_same(c, l));
	certs_certificate_free(&c);
	certs_certificate_free(&l);
	assert_null(c);
}

static void each_kind_says_what_it_is_for(void **state)
{
	(void)state;
	AUTO(certs_pair) ca = make_ca("node-1", 10), leaf = make_leaf(&ca, "node-1", 10);
	certs_certificate *c = read_pair(&ca), *l = read_pair(&leaf);

	assert_true(X509_get_ext(c, X509_get_ext_by_NID(c, NID_basic_constraints, -1)) != NULL);
	assert_int_equal(X509_EXTENSION_get_critical(X509_get_ext(c, X509_get_ext_by_NID(c, NID_basic_constraints, -1))), 1);
	assert_int_equal(X509_get_pathlen(c), 0);
	assert_int_equal(X509_get_key_usage(c), KU_DIGITAL_SIGNATURE | KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	assert_int_equal(X509_get_key_usage(l), KU_DIGITAL_SIGNATURE);
	assert_int_equal(X509_get_extension_flags(l) & EXFLAG_CA, 0);
	assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(l)), 256);
	assert_int_not_equal(X509_NAME_cmp(X509_get_subject_name(l), X509_get_issuer_name(l)), 0);
	certs_certificate_free(&c);
	certs_certificate_free(&l);
}

static void a_leaf_of_another_ca_of_the_same_name_is_refused(void **state)
{
	(void)state;
	AUTO(certs_pair) ca = make_ca("node-1", 10), twin = make_ca("node-1", 10), leaf = make_leaf(&twin, "node-1", 10);
	certs_certificate *c = read_pair(&ca), *l = read_pair(&leaf);
	assert_int_equal(certs_check(l, c, "node-1", true, unix_ms), ERR_REQUEST);
	assert_non_null(strstr(err_text(), "not signed by the CA certificate that we have for it"));
	err_clear();
	certs_certificate_free(&c);
	certs_certificate_free(&l);
}

static void a_ca_certificate_does_not_pass_for_its_party(void **state)
{
	(void)state;
	AUTO(certs_pair) ca = make_ca("node-1", 10);
	certs_certificate *c = read_pair(&ca);
	assert_err(ERR_REQUEST, certs_check(c, c, "node-1", true, unix_ms));
	certs_certificate_free(&c);
}

static void a_leaf_does_not_sign_leaves(void **state)
{
	(void)state;
	AUTO(certs_pair) ca = make_ca("node-1", 10), leaf = make_leaf(&ca, "node-1", 10);
	certs_pair none = { 0 };
	certs_certificate *c = NULL;
	assert_err(ERR_REQUEST, certs_make_leaf(&none, &leaf, "node-1", NULL, 0, 5, &TEST_CLOCK));
	assert_err(ERR_REQUEST, certs_read_ca(&c, "it", buf_slice(&leaf.certificate_pem)));
	assert_null(none.key_pem.p);
	assert_null(c);
}

static void a_leaf_passes_for_exactly_its_name(void **state)
{
	(void)state;
	static const char *const others[] = { "node-2", "node-", "node-11", "NODE-1", "", "node-1." };
	const char *const extra[] = { "node-2", "*.example.org" };
	certs_pair leaf = { 0 };
	AUTO(certs_pair) ca = make_ca("node-1", 10);
	assert_ok(certs_make_leaf(&leaf, &ca, "node-1", extra, COUNT(extra), 10, &TEST_CLOCK));
	certs_certificate *c = read_pair(&ca), *l = read_pair(&leaf);

	assert_ok(certs_check(l, c, "node-1", true, unix_ms));
	for (unsigned i = 0; i < COUNT(others); i++) assert_err(ERR_REQUEST, certs_check(l, c, others[i], true, unix_ms));
	certs_pair_free(&leaf);
	certs_certificate_free(&c);
	certs_certificate_free(&l);
}

static void a_certificate_is_valid_between_its_times_only(void **state)
{
	(void)state;
	AUTO(certs_pair) ca = make_ca("node-1", 10), leaf = make_leaf(&ca, "node-1", 3);
	certs_certificate *c = read_pair(&ca), *l = read_pair(&leaf);
	int64_t from_s, until_s;

	certs_life(&from_s, &until_s, l);
	assert_int_equal(from_s, unix_ms / 1000 - CERTS_SLACK_S);
	assert_int_equal(until_s, unix_ms / 1000 + 3 * DAY_MS / 1000);
	assert_ok(certs_check(l, c, "node-1", true, from_s * 1000));
	assert_ok(certs_check(l, c, "node-1", true, until_s * 1000 - 1000));
	assert_int_equal(certs_check(l, c, "node-1", true, from_s * 1000 - 1000), ERR_REQUEST);
	assert_non_null(strstr(err_text(), "not valid yet"));
	assert_int_equal(certs_check(l, c, "node-1", true, until_s * 1000 + 1000), ERR_REQUEST);
	assert_non_null(strstr(err_text(), "has expired"));
	err_clear();
	certs_certificate_free(&c);
	certs_certificate_free(&l);
}

static void a_leaf_does_not_outlive_its_ca(void **state)
{
	(void)state;
	AUTO(certs_pair) ca = make_ca("node-1", 10), leaf = make_leaf(&ca, "node-1", 365);
	certs_certificate *c = read_pair(&ca), *l = read_pair(&leaf);
	int64_t from_s, ca_until_s, until_s;
	certs_life(&from_s, &ca_until_s, c);
	certs_life(&from_s, &until_s, l);
	assert_int_equal(until_s, ca_until_s);
	certs_certificate_free(&c);
	certs_certificate_free(&l);
}

/* A leaf as another tool might make it: names and purpose are chosen. */
static certs_certificate *odd_leaf(const certs_pair *ca, const char *cn, const char *second_cn, const char *san,
                                   const char *purpose)
{
	const char *const names[] = { cn, second_cn };
	certs_certificate *issuer = read_pair(ca);
	BIO *in = BIO_new_mem_buf(ca->key_pem.p, (int)ca->key_pem.n);
	EVP_PKEY *ca_key = PEM_read_bio_PrivateKey(in, NULL, tls_no_password, NULL), *key = EVP_EC_gen("P-256");
	X509 *c = X509_new();
	time_t now = (time_t)(unix_ms / 1000);
	X509V3_CTX ctx;

	assert_non_null(ca_key);
	X509_set_version(c, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c), 7);
	X509_time_adj_ex(X509_getm_notBefore(c), -1, 0, &now);
	X509_time_adj_ex(X509_getm_notAfter(c), 1, 0, &now);
	X509_NAME *subject = X509_get_subject_name(c);
	for (unsigned i = 0; i < 2; i++)
		if (names[i]) X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const uint8_t *)names[i], -1, -1, 0);
	X509_set_issuer_name(c, X509_get_subject_name(issuer));
	X509_set_pubkey(c, key);
	X509V3_set_ctx(&ctx, issuer, c, NULL, NULL, 0);
	const char *const values[] = { san, purpose };
	const int nids[] = { NID_subject_alt_name, NID_ext_key_usage };
	for (unsigned i = 0; i < 2; i++) {
		X509_EXTENSION *e = values[i] ? X509V3_EXT_conf_nid(NULL, &ctx, nids[i], values[i]) : NULL;
		assert_true(!values[i] || e);
		if (e) X509_add_ext(c, e, -1);
		X509_EXTENSION_free(e);
	}
	assert_true(X509_sign(c, ca_key, EVP_sha256()) > 0);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	BIO_free(in);
	certs_certificate_free(&issuer);
	return c;
}

static void names_and_purposes_of_other_tools_are_judged(void **state)
{
	(void)state;
	AUTO(certs_pair) ca = make_ca("node-1", 10);
	certs_certificate *c = read_pair(&ca);
	static const struct { const char *cn, *second, *san, *purpose; bool server, client; } CASES[] = {
		{ "node-1", NULL, "DNS:node-1", NULL, true, true },
		{ "node-1", NULL, "DNS:*.x.org,DNS:node-1", "serverAuth,clientAuth", true, true },
		{ "node-1", NULL, "DNS:node-1", "clientAuth", false, true },
		{ "node-1", NULL, "DNS:node-1", "serverAuth", true, false },
		{ "node-1", NULL, "DNS:node-1", "codeSigning", false, false },
		{ "node-1", NULL, NULL, NULL, false, false },
		{ "node-1", NULL, "DNS:node-2", NULL, false, false },
		{ "node-1", NULL, "DNS:node-1x", NULL, false, false },
		{ "node-1", NULL, "email:node-1", NULL, false, false },
		{ "node-2", NULL, "DNS:node-1", NULL, false, false },
		{ "node-1", "node-2", "DNS:node-1", NULL, false, false },
		{ "node-1", "node-1", "DNS:node-1", NULL, false, false },
		{ NULL, NULL, "DNS:node-1", NULL, false, false },
	};
	for (unsigned i = 0; i < COUNT(CASES); i++) {
		certs_certificate *l = odd_leaf(&ca, CASES[i].cn, CASES[i].second, CASES[i].san, CASES[i].purpose);
		for (unsigned server = 0; server < 2; server++) {
			err e = certs_check(l, c, "node-1", server, unix_ms);
			assert_int_equal(e, (server ? CASES[i].server : CASES[i].client) ? OK : ERR_REQUEST);
			assert_true(e == OK || err_text()[0]);
			err_clear();
		}
		certs_certificate_free(&l);
	}
	certs_certificate_free(&c);
}

static void a_changed_certificate_is_not_the_ca_s(void **state)
{
	(void)state;
	AUTO(certs_pair) ca = make_ca("node-1", 10), leaf = make_leaf(&ca, "node-1", 10);
	certs_certificate *c = read_pair(&ca), *l = read_pair(&leaf);
	buf der = { 0 };
	unsigned refused = 0;

	assert_ok(certs_der(&der, l));
	for (size_t i = 0; i < der.n; i++) {
		der.p[i] ^= 1;
		const uint8_t *p = der.p;
		X509 *x = d2i_X509(NULL, &p, (long)der.n);
		/* The unsigned bytes of a certificate are its outer header and the encoding of the signature. */
		if (!x || certs_check(x, c, "node-1", true, unix_ms) != OK) refused++;
		X509_free(x);
		der.p[i] ^= 1;
	}
	assert_int_equal(refused, der.n);
	err_clear();
	ERR_clear_error();
	buf_free(&der);
	certs_certificate_free(&c);
	certs_certificate_free(&l);
}

static void what_is_not_one_certificate_is_refused(void **state)
{
	(void)state;
	AUTO(certs_pair) ca = make_ca("node-1", 10);
	AUTO(buf) two = { 0 };
	AUTO(buf) large = { 0 };
	certs_certificate *c = NULL;

	buf_put_slice(&two, buf_slice(&ca.certificate_pem));
	buf_put_slice(&two, buf_slice(&ca.certificate_pem));
	memset(buf_grow(&large, CERTS_PEM_MAX + 1), '\n', CERTS_PEM_MAX + 1);
	assert_err(ERR_REQUEST, certs_read(&c, "it", buf_slice(&two)));
	assert_err(ERR_REQUEST, certs_read(&c, "it", buf_slice(&large)));
	assert_err(ERR_REQUEST, certs_read(&c, "it", (slice){ 0 }));
	assert_err(ERR_REQUEST, certs_read(&c, "it", slice_str("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")));
	assert_err(ERR_REQUEST, certs_read(&c, "it", buf_slice(&ca.key_pem)));
	assert_null(c);
}

static void a_ca_certificate_that_another_key_signed_is_refused(void **state)
{
	(void)state;
	AUTO(certs_pair) ca = make_ca("node-1", 10);
	certs_certificate *c = read_pair(&ca), *bad = NULL;
	AUTO(buf) der = { 0 };
	AUTO(buf) pem = { 0 };
	char *text = NULL;

	assert_ok(certs_der(&der, c));
	der.p[der.n - 1] ^= 1;                       /* of the signature */
	const uint8_t *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);
	BIO *out = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_X509(out, x), 1);
	const long n = BIO_get_mem_data(out, &text);
	buf_put(&pem, text, (size_t)n);
	assert_err(ERR_REQUEST, certs_read_ca(&bad, "it", buf_slice(&pem)));
	assert_null(bad);
	BIO_free(out);
	X509_free(x);
	certs_certificate_free(&c);
}

static void names_and_lives_that_make_no_sense_are_refused(void **state)
{
	(void)state;
	char longest[CERTS_NAME_MAX + 2];
	certs_pair p = { 0 };
	memset(longest, 'a', sizeof longest);
	longest[CERTS_NAME_MAX + 1] = '\0';
	static const char *const bad[] = { "", "a b", "a/b", "a\n", "\xc3\xa4", "*.a", "a,CN=b" };
	for (unsigned i = 0; i < COUNT(bad); i++) assert_err(ERR_REQUEST, certs_make_ca(&p, bad[i], 10, &TEST_CLOCK));
	assert_err(ERR_REQUEST, certs_make_ca(&p, longest, 10, &TEST_CLOCK));
	longest[CERTS_NAME_MAX] = '\0';
	assert_ok(certs_make_ca(&p, longest, 10, &TEST_CLOCK));
	certs_pair_free(&p);
	assert_err(ERR_REQUEST, certs_make_ca(&p, "a", 0, &TEST_CLOCK));
	assert_err(ERR_REQUEST, certs_make_ca(&p, "a", CERTS_DAYS_MAX + 1, &TEST_CLOCK));
	assert_null(p.key_pem.p);
}

TESTS(TEST(a_ca_is_one_and_its_leaf_passes_at_both_ends),
      TEST(each_kind_says_what_it_is_for),
      TEST(a_leaf_of_another_ca_of_the_same_name_is_refused),
      TEST(a_ca_certificate_does_not_pass_for_its_party),
      TEST(a_leaf_does_not_sign_leaves),
      TEST(a_leaf_passes_for_exactly_its_name),
      TEST(a_certificate_is_valid_between_its_times_only),
      TEST(a_leaf_does_not_outlive_its_ca),
      TEST(names_and_purposes_of_other_tools_are_judged),
      TEST(a_changed_certificate_is_not_the_ca_s),
      TEST(what_is_not_one_certificate_is_refused),
      TEST(a_ca_certificate_that_another_key_signed_is_refused),
      TEST(names_and_lives_that_make_no_sense_are_refused))
