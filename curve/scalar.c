/* SPDX-License-Identifier: MIT */
/* curve/scalar.c -- the library's arithmetic on keys, and what becomes of 0. */
#include "curve/scalar.h"
#include <secp256k1.h>
#include "base/ct.h"

static const uint8_t Q[SECP_SK] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
	0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
};

secp_scalar secp_scalar_of(uint64_t x)
{
	secp_scalar a = { { 0 } };

	for (unsigned i = 0; i < 8; i++) a.b[SECP_SK - 1 - i] = (uint8_t)(x >> 8 * i);
	return a;
}

secp_scalar secp_scalar_of_sk(const secp_sk *sk)
{
	secp_scalar a;

	memcpy(a.b, sk->b, sizeof a.b);
	return a;
}

uint64_t secp_scalar_is_zero(const secp_scalar *a)
{
	static const secp_scalar ZERO;

	return ct_bytes_eq(a->b, ZERO.b, sizeof a->b);
}

bool secp_sk_of_scalar(secp_sk *out, const secp_scalar *a)
{
	uint64_t zero = secp_scalar_is_zero(a);

	DECLASSIFY(&zero, sizeof zero, "whether a scalar is 0 tells nothing about one that is not");
	if (zero) return false;
	memcpy(out->b, a->b, sizeof out->b);
	return true;
}

secp_scalar secp_scalar_random(const rng *r)
{
	secp_sk sk;

	secp_sk_random(&sk, r);
	const secp_scalar a = secp_scalar_of_sk(&sk);
	wipe(&sk, sizeof sk);
	return a;
}

/* out = x - q, which is right where no borrow is left.  Returns the borrow. */
static uint64_t minus_q(uint8_t out[static SECP_SK], const uint8_t x[static SECP_SK])
{
	uint64_t borrow = 0;

	for (unsigned i = SECP_SK; i--;) {
		const uint64_t d = (uint64_t)x[i] - Q[i] - borrow;
		out[i] = (uint8_t)d;
		borrow = d >> 63;
	}
	return borrow;
}

secp_scalar secp_scalar_reduce(const uint8_t bytes[static SECP_SK])
{
	secp_scalar a;

	/* 2^256 < 2 q: once is enough. */
	const uint64_t below = ct_mask(minus_q(a.b, bytes));
	ct_bytes_move(below, a.b, bytes, sizeof a.b);
	return a;
}

bool secp_scalar_read(secp_scalar *out, const uint8_t bytes[static SECP_SK])
{
	secp_scalar less;
	uint64_t below = minus_q(less.b, bytes);

	wipe(&less, sizeof less);
	DECLASSIFY(&below, sizeof below, "whether 32 bytes are a number below the order, which those of a secret are");
	if (!below) return false;
	memcpy(out->b, bytes, sizeof out->b);
	return true;
}

/* a, or 1 in place of 0, as the library's key. */
static uint64_t without_zero(secp_scalar *out, const secp_scalar *a)
{
	const secp_scalar one = secp_scalar_of(1);
	const uint64_t zero = secp_scalar_is_zero(a);

	*out = *a;
	ct_bytes_move(zero, out->b, one.b, sizeof out->b);
	return zero;
}

static void zero_where(uint64_t mask, secp_scalar *a)
{
	static const secp_scalar ZERO;

	ct_bytes_move(mask, a->b, ZERO.b, sizeof a->b);
}

secp_scalar secp_scalar_add(const secp_scalar *a, const secp_scalar *b)
{
	secp_scalar sum;
	const uint64_t zero = without_zero(&sum, a);

	/* Of two numbers below q the library refuses a sum of 0 only, and promises nothing of what it leaves then. */
	const int answer = secp256k1_ec_seckey_tweak_add(secp256k1_context_static, sum.b, b->b);
	zero_where(ct_is_zero((uint64_t)answer), &sum);
	ct_bytes_move(zero, sum.b, b->b, sizeof sum.b);
	return sum;
}

static secp_scalar negative(const secp_scalar *a)
{
	secp_scalar n;
	const uint64_t zero = without_zero(&n, a);
	const int answer = secp256k1_ec_seckey_negate(secp256k1_context_static, n.b);

	zero_where(zero | ct_is_zero((uint64_t)answer), &n);
	return n;
}

secp_scalar secp_scalar_sub(const secp_scalar *a, const secp_scalar *b)
{
	secp_scalar n = negative(b);
	const secp_scalar difference = secp_scalar_add(a, &n);

	wipe(&n, sizeof n);
	return difference;
}

secp_scalar secp_scalar_mul(const secp_scalar *a, const secp_scalar *b)
{
	secp_scalar product, factor;
	const uint64_t zero = without_zero(&product, a) | without_zero(&factor, b);
	const int answer = secp256k1_ec_seckey_tweak_mul(secp256k1_context_static, product.b, factor.b);

	zero_where(zero | ct_is_zero((uint64_t)answer), &product);
	wipe(&factor, sizeof factor);
	return product;
}

/* a^(q - 2), from the highest bit down. */
secp_scalar secp_scalar_inv(const secp_scalar *a)
{
	secp_scalar power = secp_scalar_of(1);

	for (unsigned bit = 0; bit < 8 * SECP_SK; bit++) {
		const unsigned byte = Q[bit / 8] - (bit / 8 == SECP_SK - 1 ? 2u : 0u);
		power = secp_scalar_mul(&power, &power);
		if (byte >> (7 - bit % 8) & 1) power = secp_scalar_mul(&power, a);
	}
	return power;
}
