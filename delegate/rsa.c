/* SPDX-License-Identifier: MIT */
/*
 * delegate/rsa.c -- the DER and the padding by hand, the arithmetic by libcrypto.
 *
 * libcrypto's own decoder takes most forms that BER knows, and several times as long as everything else in a request; what it makes
 * ready to encrypt once with a key is as much again as the power itself.
 */
#include "delegate/rsa.h"
#include "delegate/oaep.h"
#include <stdlib.h>
#define ERR_STATE openssl_err_state                /* a name that base/err.h has taken */
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#undef ERR_STATE

/* Says why, and leaves nothing in libcrypto's own list of errors. */
static err refuse(const char *sentence)
{
	ERR_clear_error();
	return err_fail(ERR_REQUEST, "%s", sentence);
}

/* ---- DER ---------------------------------------------------------------------------------------------------- */

enum { DER_INTEGER = 0x02, DER_BITS = 0x03, DER_NULL = 0x05, DER_OID = 0x06, DER_SEQUENCE = 0x30 };

/* The length of what follows, in its shortest form, below 64 KiB. */
static size_t read_length(reader *r)
{
	const uint8_t first = read_u8(r);
	size_t n = first;

	if (first == 0x81) {
		n = read_u8(r);
		if (n < 0x80) r->refused = true;
	} else if (first == 0x82) {
		n = (size_t)read_u8(r) << 8;
		n |= read_u8(r);
		if (n < 0x100) r->refused = true;
	} else if (first >= 0x80) {
		r->refused = true;
	}
	return n;
}

static slice read_tagged(reader *r, uint8_t tag)
{
	if (read_u8(r) != tag) r->refused = true;
	return read_bytes(r, read_length(r));
}

/* A positive integer: one zero in front exactly where its first bit would be a sign; given without it. */
static slice read_positive(reader *r)
{
	slice s = read_tagged(r, DER_INTEGER);
	const bool zero = s.n > 1 && s.p[0] == 0;

	if (s.n == 0 || (zero && !(s.p[1] & 0x80)) || (!zero && s.p[0] & 0x80)) {
		r->refused = true;
		return (slice){ 0 };
	}
	return zero ? slice_of(s.p + 1, s.n - 1) : s;
}

static bool is_rsa(slice algorithm)
{
	static const uint8_t RSA_ENCRYPTION[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
	reader r = reader_of(algorithm);
	const slice oid = read_tagged(&r, DER_OID);

	if (read_ok(&r) && read_left(&r) && read_tagged(&r, DER_NULL).n) return false;
	return read_done(&r) && slice_eq_var(oid, slice_of(RSA_ENCRYPTION, sizeof RSA_ENCRYPTION));
}

static size_t bits_of(slice s)
{
	size_t bits = 8 * s.n;
	for (uint8_t top = 0x80; top && !(s.p[0] & top); top >>= 1) bits--;
	return bits;
}

static err check_numbers(const rsa_pk *k)
{
	const size_t n_bits = bits_of(k->n), e_bits = bits_of(k->e);

	if (n_bits < RSA_BITS_LEAST || n_bits > RSA_BITS_MOST)
		return err_fail(ERR_REQUEST, "the RSA key has a modulus of %zu bits; from %d to %d are taken", n_bits, RSA_BITS_LEAST,
		                RSA_BITS_MOST);
	if (!(k->n.p[k->n.n - 1] & 1)) return err_fail(ERR_REQUEST, "the RSA key's modulus is even");
	if (e_bits < 17 || e_bits > 33 || !(k->e.p[k->e.n - 1] & 1))
		return err_fail(ERR_REQUEST, "the RSA key's exponent must be odd, at least 65537 and below 2^33");
	return OK;
}

err rsa_pk_read(rsa_pk *out, slice spki)
{
	if (spki.n > MAX_SPKI)
		return err_fail(ERR_REQUEST, "the RSA key has %zu bytes; at most %d are taken", spki.n, MAX_SPKI);
	reader file = reader_of(spki);
	reader whole = reader_of(read_tagged(&file, DER_SEQUENCE));
	const bool algorithm = is_rsa(read_tagged(&whole, DER_SEQUENCE));
	reader bits = reader_of(read_tagged(&whole, DER_BITS));
	const bool full_bytes = read_u8(&bits) == 0;
	reader key = reader_of(read_tagged(&bits, DER_SEQUENCE));
	rsa_pk k = { .n = read_positive(&key) };
	k.e = read_positive(&key);

	if (!read_done(&file) || !read_done(&whole) || !read_done(&bits) || !read_done(&key) || !full_bytes || !algorithm)
		return err_fail(ERR_REQUEST, "the RSA key is not a SubjectPublicKeyInfo of type rsaEncryption in DER");
	TRY(check_numbers(&k));
	*out = k;
	return OK;
}

/* ---- sealing ------------------------------------------------------------------------------------------------- */

/* out = block^e mod n, all as long as n.  Numbers of a BN_CTX are wiped when it is freed. */
static void raise(uint8_t *out, const rsa_pk *k, const uint8_t *block)
{
	BN_MONT_CTX *mont = BN_MONT_CTX_new();
	BN_CTX *c = BN_CTX_new();

	ASSERT(c && mont);
	BN_CTX_start(c);
	BIGNUM *n = BN_CTX_get(c), *e = BN_CTX_get(c), *x = BN_CTX_get(c);
	ASSERT(x && BN_bin2bn(k->n.p, (int)k->n.n, n) && BN_bin2bn(k->e.p, (int)k->e.n, e) && BN_bin2bn(block, (int)k->n.n, x));
	ASSERT(BN_MONT_CTX_set(mont, n, c) == 1 && BN_mod_exp_mont(x, x, e, n, c, mont) == 1);
	ASSERT(BN_bn2binpad(x, out, (int)k->n.n) == (int)k->n.n);
	BN_CTX_end(c);
	BN_CTX_free(c);
	BN_MONT_CTX_free(mont);
}

void rsa_seal(buf *out, const rsa_pk *to, slice secret, const rng *r)
{
	const size_t n = to->n.n;
	uint8_t block[RSA_MODULUS_MOST], *sealed = buf_grow(out, n);

	_Static_assert(RSA_SECRET_MOST == RSA_BITS_LEAST / 8 - OAEP_OVERHEAD, "what the header says");
	oaep_pad(block, n, secret, r);
	raise(sealed, to, block);
	wipe(block, sizeof block);
	DECLASSIFY(sealed, n, "what is sealed is sent");
}

/* ---- the reader's side --------------------------------------------------------------------------------------- */

struct rsa_sk { EVP_PKEY *key; };

/* OAEP with SHA-256 throughout. */
static bool use_oaep(EVP_PKEY_CTX *c)
{
	return EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_OAEP_PADDING) == 1
	    && EVP_PKEY_CTX_set_rsa_oaep_md_name(c, "SHA2-256", NULL) == 1
	    && EVP_PKEY_CTX_set_rsa_mgf1_md_name(c, "SHA2-256", NULL) == 1;
}

static rsa_sk *hold(EVP_PKEY *key)
{
	rsa_sk *s = malloc(sizeof *s);

	ASSERT(s);
	s->key = key;
	return s;
}

err rsa_sk_new(rsa_sk **out, unsigned bits)
{
	ASSERT(bits >= RSA_BITS_LEAST && bits <= RSA_BITS_MOST);
	EVP_PKEY *key = EVP_RSA_gen(bits);
	if (!key) return err_fail(ERR_INTERNAL, "libcrypto makes no RSA key of %u bits", bits);
	*out = hold(key);
	return OK;
}

static int no_password(char *out, int room, int writing, void *data)
{
	(void)out, (void)room, (void)writing, (void)data;
	return -1;
}

err rsa_sk_read(rsa_sk **out, slice pem)
{
	if (pem.n > MAX_RSA_PEM)
		return err_fail(ERR_REQUEST, "the private key has %zu bytes; at most %d are taken", pem.n, MAX_RSA_PEM);
	BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_password, NULL) : NULL;
	BIO_free(in);
	if (!key) return refuse("this is no private key in PEM, or it is encrypted");
	const int bits = EVP_PKEY_get_bits(key);
	if (!EVP_PKEY_is_a(key, "RSA") || bits < RSA_BITS_LEAST || bits > RSA_BITS_MOST) {
		EVP_PKEY_free(key);
		return err_fail(ERR_REQUEST, "this is not an RSA key of %d to %d bits", RSA_BITS_LEAST, RSA_BITS_MOST);
	}
	*out = hold(key);
	return OK;
}

void rsa_sk_write(buf *pem, const rsa_sk *sk)
{
	BIO *to = BIO_new(BIO_s_secmem());
	char *p;

	ASSERT(to && PEM_write_bio_PKCS8PrivateKey(to, sk->key, NULL, NULL, 0, NULL, NULL) == 1);
	const long n = BIO_get_mem_data(to, &p);
	buf_put(pem, p, (size_t)n);
	BIO_free(to);
}

void rsa_sk_free(rsa_sk **sk)
{
	if (!*sk) return;
	EVP_PKEY_free((*sk)->key);
	free(*sk);
	*sk = NULL;
}

void rsa_sk_spki(buf *der, const rsa_sk *sk)
{
	const int n = i2d_PUBKEY(sk->key, NULL);

	ASSERT(n > 0);
	uint8_t *p = buf_grow(der, (size_t)n);
	ASSERT(i2d_PUBKEY(sk->key, &p) == n);
}

static const char PUBLIC_KEY[] = "PUBLIC KEY";

void spki_write_pem(buf *pem, slice der)
{
	BIO *to = BIO_new(BIO_s_mem());
	char *p;

	ASSERT(to && PEM_write_bio(to, PUBLIC_KEY, "", der.p, (long)der.n) > 0);
	const long n = BIO_get_mem_data(to, &p);
	buf_put(pem, p, (size_t)n);
	BIO_free(to);
}

err spki_read_pem(buf *der, slice pem)
{
	char *name = NULL, *header = NULL;
	uint8_t *bytes = NULL;
	long n = 0;

	if (pem.n > MAX_RSA_PEM) return err_fail(ERR_REQUEST, "the public key has %zu bytes; at most %d are taken", pem.n, MAX_RSA_PEM);
	BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
	const bool read = in && PEM_read_bio(in, &name, &header, &bytes, &n) == 1 && strcmp(name, PUBLIC_KEY) == 0;
	if (read) buf_put(der, bytes, (size_t)n);
	BIO_free(in);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(bytes);
	return read ? OK : refuse("this is no public key in PEM; of a reader's key it is in the file that ends in .pub");
}

err rsa_open(uint8_t *out, size_t n, const rsa_sk *sk, slice sealed)
{
	uint8_t plain[RSA_MODULUS_MOST];
	size_t got = sizeof plain;
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, sk->key, NULL);

	const bool opened = c && EVP_PKEY_decrypt_init(c) == 1 && use_oaep(c) &&
	                    EVP_PKEY_decrypt(c, plain, &got, sealed.p, sealed.n) == 1;
	EVP_PKEY_CTX_free(c);
	if (opened && got == n) memcpy(out, plain, n);
	wipe(plain, sizeof plain);
	if (opened && got == n) return OK;
	if (opened) return err_fail(ERR_REQUEST, "%zu bytes were sealed to the key; %zu are wanted", got, n);
	return refuse("nothing that was sealed to this RSA key");
}
