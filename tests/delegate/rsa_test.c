/* SPDX-License-Identifier: MIT */
#include "tests/delegate/known.h"
#include "tests/delegate/reader.h"

static buf spki_of(unsigned bits)
{
	AUTO(rsa_sk) *sk = NULL;
	buf der = { 0 };

	assert_ok(rsa_sk_new(&sk, bits));
	rsa_sk_spki(&der, sk);
	return der;
}

static void what_is_sealed_to_a_key_opens_with_it_alone(void **state)
{
	AUTO(rsa_sk) *sk = NULL, *other = NULL;
	AUTO(buf) spki = { 0 }, sealed = { 0 }, again = { 0 };
	uint8_t secret[32], got[32] = { 0 };
	rsa_pk pk;

	(void)state;
	sk = reader_key(&spki);
	assert_ok(rsa_sk_new(&other, 2048));
	assert_ok(rsa_pk_read(&pk, buf_slice(&spki)));
	assert_int_equal(pk.n.n, 256);
	rng_fill(test_rng(), secret, sizeof secret);
	rsa_seal(&sealed, &pk, slice_of(secret, sizeof secret), test_rng());
	assert_int_equal(sealed.n, 256);
	assert_ok(rsa_open(got, sizeof got, sk, buf_slice(&sealed)));
	assert_memory_equal(got, secret, sizeof secret);
	assert_err(ERR_REQUEST, rsa_open(got, sizeof got, other, buf_slice(&sealed)));
	assert_err(ERR_REQUEST, rsa_open(got, 31, sk, buf_slice(&sealed)));
	rsa_seal(&again, &pk, slice_of(secret, sizeof secret), test_rng());
	assert_false(slice_eq_var(buf_slice(&sealed), buf_slice(&again)));
}

/* libcrypto, which opens, pads and raises by itself. */
static void assert_opens(const rsa_sk *sk, slice spki, size_t n)
{
	uint8_t secret[RSA_SECRET_MOST], got[RSA_SECRET_MOST];
	AUTO(buf) sealed = { 0 };
	rsa_pk pk;

	assert_ok(rsa_pk_read(&pk, spki));
	rng_fill(test_rng(), secret, n);
	rsa_seal(&sealed, &pk, slice_of(secret, n), test_rng());
	assert_int_equal(sealed.n, pk.n.n);
	assert_ok(rsa_open(got, n, sk, buf_slice(&sealed)));
	assert_memory_equal(got, secret, n);
}

static void every_length_is_sealed_and_to_moduli_of_odd_lengths_too(void **state)
{
	AUTO(rsa_sk) *even = NULL, *odd = NULL;
	AUTO(buf) even_spki = { 0 }, odd_spki = { 0 };

	(void)state;
	even = reader_key(&even_spki);
	for (size_t n = 1; n <= RSA_SECRET_MOST; n++) assert_opens(even, buf_slice(&even_spki), n);
	assert_ok(rsa_sk_new(&odd, 2052));
	rsa_sk_spki(&odd_spki, odd);
	for (size_t n = 1; n <= RSA_SECRET_MOST; n += 63) assert_opens(odd, buf_slice(&odd_spki), n);
}

static void a_private_key_survives_its_file(void **state)
{
	AUTO(rsa_sk) *sk = NULL, *again = NULL;
	AUTO(buf) pem = { 0 }, a = { 0 }, b = { 0 }, public = { 0 };

	(void)state;
	assert_ok(rsa_sk_new(&sk, 2048));
	rsa_sk_write(&pem, sk);
	assert_ok(rsa_sk_read(&again, buf_slice(&pem)));
	rsa_sk_spki(&a, sk);
	rsa_sk_spki(&b, again);
	assert_true(slice_eq_var(buf_slice(&a), buf_slice(&b)));
	spki_write_pem(&public, buf_slice(&a));
	buf_clear(&b);
	assert_ok(spki_read_pem(&b, buf_slice(&public)));
	assert_true(slice_eq_var(buf_slice(&a), buf_slice(&b)));
	assert_err(ERR_REQUEST, spki_read_pem(&b, buf_slice(&pem)));
	assert_err(ERR_REQUEST, spki_read_pem(&b, (slice){ 0 }));
	AUTO(rsa_sk) *none = NULL;
	assert_err(ERR_REQUEST, rsa_sk_read(&none, buf_slice(&public)));
	assert_err(ERR_REQUEST, rsa_sk_read(&none, slice_of(pem.p, pem.n / 2)));
	assert_err(ERR_REQUEST, rsa_sk_read(&none, (slice){ 0 }));
}

static void the_number_of_bits_is_that_of_the_modulus(void **state)
{
	AUTO(buf) big = spki_of(3072);
	rsa_pk pk;

	(void)state;
	assert_ok(rsa_pk_read(&pk, buf_slice(&big)));
	assert_int_equal(pk.n.n, 384);
}

/* A key of n and e as they are given, in DER. */
static void put_der(buf *out, uint8_t tag, slice content)
{
	buf_put_u8(out, tag);
	if (content.n >= 0x100) buf_put_u8(out, 0x82), buf_put_u8(out, (uint8_t)(content.n >> 8));
	else if (content.n >= 0x80) buf_put_u8(out, 0x81);
	buf_put_u8(out, (uint8_t)content.n);
	buf_put_slice(out, content);
}

static buf key_der(slice n, slice e)
{
	static const uint8_t ALGORITHM[] = { 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0 };
	AUTO(buf) numbers = { 0 }, key = { 0 }, bits = { 0 }, whole = { 0 };
	buf out = { 0 };

	put_der(&numbers, 2, n);
	put_der(&numbers, 2, e);
	put_der(&key, 0x30, buf_slice(&numbers));
	buf_put_u8(&bits, 0);
	buf_put_slice(&bits, buf_slice(&key));
	put_der(&whole, 0x30, slice_of(ALGORITHM, sizeof ALGORITHM));
	put_der(&whole, 3, buf_slice(&bits));
	put_der(&out, 0x30, buf_slice(&whole));
	return out;
}

/* n of so many bits, with or without the zero for its sign; e. */
static err read_numbers(unsigned bits, bool odd, slice e)
{
	uint8_t n[1 + RSA_MODULUS_MOST + 8] = { 0 };
	const size_t bytes = (bits + 7) / 8;
	rsa_pk pk;

	memset(n + 1, 0xff, bytes);
	n[1] = (uint8_t)(0xff >> (8 * bytes - bits));
	if (!odd) n[bytes] = 0xfe;
	AUTO(buf) der = key_der(bits % 8 ? slice_of(n + 1, bytes) : slice_of(n, bytes + 1), e);
	return rsa_pk_read(&pk, buf_slice(&der));
}

static void sizes_and_numbers_outside_the_bounds_are_refused(void **state)
{
	static const struct { uint8_t e[6]; size_t n; err what; } E[] = {
		{ { 1, 0, 1 }, 3, OK }, { { 1, 0, 3 }, 3, OK }, { { 1, 0xff, 0xff, 0xff, 0xff }, 5, OK },
		{ { 3 }, 1, ERR_REQUEST }, { { 1 }, 1, ERR_REQUEST }, { { 0 }, 1, ERR_REQUEST }, { { 0, 0xff, 0xff }, 3, ERR_REQUEST },
		{ { 1, 0, 2 }, 3, ERR_REQUEST }, { { 2, 0, 0, 0, 1 }, 5, ERR_REQUEST }, { { 0, 1, 0, 1 }, 4, ERR_REQUEST },
		{ { 0x81, 0, 1 }, 3, ERR_REQUEST }, { { 0 }, 0, ERR_REQUEST },
	};
	const slice e = slice_of(E[0].e, 3);

	(void)state;
	for (size_t i = 0; i < COUNT(E); i++) {
		assert_int_equal(read_numbers(2048, true, slice_of(E[i].e, E[i].n)), E[i].what);
		err_clear();
	}
	assert_ok(read_numbers(2048, true, e));
	assert_ok(read_numbers(2049, true, e));
	assert_ok(read_numbers(8192, true, e));
	assert_err(ERR_REQUEST, read_numbers(1024, true, e));
	assert_err(ERR_REQUEST, read_numbers(2047, true, e));
	assert_err(ERR_REQUEST, read_numbers(8193, true, e));
	assert_err(ERR_REQUEST, read_numbers(2048, false, e));
}

static void another_encoding_of_the_same_key_is_refused(void **state)
{
	AUTO(buf) der = spki_of(2048), other = { 0 };
	rsa_pk pk;

	(void)state;
	for (size_t n = 0; n < der.n; n++) assert_err(ERR_REQUEST, rsa_pk_read(&pk, slice_of(der.p, n)));
	buf_put_slice(&other, buf_slice(&der));
	buf_put_u8(&other, 0);                                       /* a byte behind the end */
	assert_err(ERR_REQUEST, rsa_pk_read(&pk, buf_slice(&other)));

	/* The outer length in three bytes where two do. */
	buf_clear(&other);
	buf_put_u8(&other, der.p[0]), buf_put_u8(&other, 0x83), buf_put_u8(&other, 0);
	buf_put(&other, der.p + 2, der.n - 2);
	assert_err(ERR_REQUEST, rsa_pk_read(&pk, buf_slice(&other)));

	/* Each bit in front of the modulus is structure, and has one right value (the last byte apart, which is of its sign). */
	for (size_t bit = 0; bit < 8 * 32; bit++) {
		der.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_err(ERR_REQUEST, rsa_pk_read(&pk, buf_slice(&der)));
		der.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_ok(rsa_pk_read(&pk, buf_slice(&der)));

	/* Parameters may be left out: then 2 bytes less, in three lengths. */
	buf_clear(&other);
	buf_put(&other, der.p, 17);
	buf_put(&other, der.p + 19, der.n - 19);
	other.p[3] = (uint8_t)(other.p[3] - 2);
	other.p[5] = (uint8_t)(other.p[5] - 2);
	assert_ok(rsa_pk_read(&pk, buf_slice(&other)));
}

static void keys_of_other_algorithms_are_refused(void **state)
{
	json_t *all = known_vector(), *m = json_member(json_member(all, "delegateAuthorization"), "message");
	AUTO(buf) der = json_hex_of(m, "targetPubKey");
	rsa_pk pk;

	(void)state;
	assert_ok(rsa_pk_read(&pk, buf_slice(&der)));
	der.p[16] = 10;                                              /* RSASSA-PSS */
	assert_err(ERR_REQUEST, rsa_pk_read(&pk, buf_slice(&der)));
	json_decref(all);
}

TESTS(TEST(what_is_sealed_to_a_key_opens_with_it_alone), TEST(every_length_is_sealed_and_to_moduli_of_odd_lengths_too),
      TEST(a_private_key_survives_its_file),
      TEST(the_number_of_bits_is_that_of_the_modulus), TEST(sizes_and_numbers_outside_the_bounds_are_refused),
      TEST(another_encoding_of_the_same_key_is_refused), TEST(keys_of_other_algorithms_are_refused))
