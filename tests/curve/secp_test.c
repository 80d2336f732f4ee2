/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "base/hex.h"
#include "curve/secp.h"
#include "tests/curve/script.h"

static const char ORDER[] = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

static secp *signing;

static secp_sk sk_from(const char *hex)
{
	uint8_t b[32];
	secp_sk sk;
	assert_true(hex_read(b, 32, slice_str(hex)));
	assert_ok(secp_sk_read(&sk, b));
	return sk;
}

/* The library's blinding of a context shows in no result, so the call is watched (linked with --wrap). */
struct secp256k1_context_struct;
int __real_secp256k1_context_randomize(struct secp256k1_context_struct *context, const unsigned char *seed32);
int __wrap_secp256k1_context_randomize(struct secp256k1_context_struct *context, const unsigned char *seed32);
static uint8_t last_blinding[32];
int __wrap_secp256k1_context_randomize(struct secp256k1_context_struct *context, const unsigned char *seed32)
{
	memcpy(last_blinding, seed32, sizeof last_blinding);
	return __real_secp256k1_context_randomize(context, seed32);
}

static void signing_is_blinded_by_the_callers_randomness(void **state)
{
	uint8_t bytes[32];
	secp *s = NULL;

	(void)state;
	rng_fill(test_rng(), bytes, sizeof bytes);
	script drawn = { bytes, sizeof bytes };
	const rng r = script_rng(&drawn);
	assert_ok(secp_new(&s, &r));
	assert_int_equal(drawn.left, 0);
	assert_memory_equal(last_blinding, bytes, sizeof bytes);
	secp_free(&s);
	assert_null(s);
}

/* Zero, the order and all ones are drawn again. */
static void a_random_key_is_drawn_until_it_is_one(void **state)
{
	uint8_t bytes[4][32] = { { 0 } };
	secp_sk sk;

	(void)state;
	assert_true(hex_read(bytes[1], 32, slice_str(ORDER)));
	memset(bytes[2], 0xff, 32);
	rng_fill(test_rng(), bytes[3], 32);
	bytes[3][0] = 0x7f;
	script drawn = { bytes[0], sizeof bytes };
	const rng r = script_rng(&drawn);
	secp_sk_random(&sk, &r);
	assert_int_equal(drawn.left, 0);
	assert_memory_equal(sk.b, bytes[3], 32);
}

static void set_up_signing(void)
{
	if (!signing) assert_ok(secp_new(&signing, test_rng()));
}

/* SHA-256("Satoshi Nakamoto") under key 1: the often quoted RFC 6979 answer on this curve. */
static void signing_is_deterministic_as_in_rfc_6979(void **state)
{
	uint8_t digest[32], expected[64];
	const secp_sk one = sk_from("0000000000000000000000000000000000000000000000000000000000000001");

	(void)state;
	set_up_signing();
	assert_true(hex_read(digest, 32, slice_str("a0dc65ffca799873cbea0ac274015b9526505daaaed385155425f7337704883e")));
	assert_true(hex_read(expected, 64, slice_str(
		"934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
		"2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5")));
	const secp_sig sig = secp_sign(signing, &one, digest);
	const secp_rsig rsig = secp_sign_recoverable(signing, &one, digest);
	assert_memory_equal(sig.b, expected, 64);
	assert_memory_equal(rsig.b, expected, 64);
}

static void the_public_key_of_one_is_the_generator(void **state)
{
	uint8_t xy[64], expected[64];
	const secp_sk one = sk_from("0000000000000000000000000000000000000000000000000000000000000001");

	(void)state;
	set_up_signing();
	assert_true(hex_read(expected, 64, slice_str(
		"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
		"483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8")));
	const secp_pk pk = secp_pk_of(signing, &one);
	secp_pk_plain(xy, &pk);
	assert_memory_equal(xy, expected, 64);
	assert_int_equal(pk.b[0], 2);
	assert_memory_equal(pk.b + 1, expected, 32);
}

static void what_is_signed_verifies_and_tells_its_key(void **state)
{
	(void)state;
	set_up_signing();
	for (unsigned i = 0; i < 50; i++) {
		secp_sk sk;
		secp_pk who = { 0 };
		uint8_t digest[32];

		secp_sk_random(&sk, test_rng());
		rng_fill(test_rng(), digest, sizeof digest);
		const secp_pk pk = secp_pk_of(signing, &sk);
		secp_sig sig = secp_sign(signing, &sk, digest);
		secp_rsig rsig = secp_sign_recoverable(signing, &sk, digest);

		assert_true(rsig.b[64] == 27 || rsig.b[64] == 28);
		assert_true(secp_verify_var(&pk, &sig, digest));
		uint8_t xy[64], expected[64];
		assert_true(secp_recover_var(&who, &rsig, digest));
		assert_memory_equal(who.b, pk.b, sizeof pk.b);
		assert_true(secp_recover_plain_var(xy, &rsig, digest));
		secp_pk_plain(expected, &pk);
		assert_memory_equal(xy, expected, sizeof xy);

		digest[test_below(32)] ^= 1;
		assert_false(secp_verify_var(&pk, &sig, digest));
		assert_false(secp_recover_var(&who, &rsig, digest) && memcmp(who.b, pk.b, sizeof pk.b) == 0);
	}
}

/* s -> order - s, v -> the other: the same signature for a careless verifier. */
static void the_high_s_twin_is_refused(void **state)
{
	uint8_t order[32], digest[32] = { 9 };
	const secp_sk sk = sk_from("0101010101010101010101010101010101010101010101010101010101010101");
	secp_pk who;

	(void)state;
	set_up_signing();
	assert_true(hex_read(order, 32, slice_str(ORDER)));
	const secp_pk pk = secp_pk_of(signing, &sk);
	secp_rsig twin = secp_sign_recoverable(signing, &sk, digest);
	for (int i = 31, borrow = 0; i >= 0; i--) {
		int d = order[i] - twin.b[32 + i] - borrow;
		borrow = d < 0;
		twin.b[32 + i] = (uint8_t)d;
	}
	twin.b[64] = (uint8_t)(27 + 28 - twin.b[64]);
	secp_sig sig;
	memcpy(sig.b, twin.b, 64);
	assert_false(secp_verify_var(&pk, &sig, digest));
	assert_false(secp_recover_var(&who, &twin, digest));
}

static void only_27_and_28_are_recovery_ids(void **state)
{
	uint8_t digest[32] = { 9 };
	const secp_sk sk = sk_from("0101010101010101010101010101010101010101010101010101010101010101");
	secp_pk who;

	(void)state;
	set_up_signing();
	secp_rsig sig = secp_sign_recoverable(signing, &sk, digest);
	for (unsigned v = 0; v < 256; v++) {
		if (v == 27 || v == 28) continue;
		sig.b[64] = (uint8_t)v;
		assert_false(secp_recover_var(&who, &sig, digest));
	}

	/* Where r is so small that r + order is an x too, 29 and 30 would have a meaning.  Contracts do not know it. */
	for (uint8_t small = 1; small < 50; small++)
		for (uint8_t v = 29; v <= 30; v++) {
			secp_rsig odd = { .b = { [31] = small, [63] = 1, [64] = v } };
			assert_false(secp_recover_var(&who, &odd, digest));
		}
}

static void both_ends_multiply_to_the_same_point(void **state)
{
	const secp_sk one = sk_from("0000000000000000000000000000000000000000000000000000000000000001");
	uint8_t ab[64], ba[64], b[34] = { 0 };
	secp_point at_x, at_y;

	(void)state;
	set_up_signing();
	for (unsigned i = 0; i < 20; i++) {
		secp_sk x, y;
		secp_sk_random(&x, test_rng());
		secp_sk_random(&y, test_rng());
		const secp_pk X = secp_pk_of(signing, &x), Y = secp_pk_of(signing, &y);
		assert_ok(secp_point_read(&at_x, slice_of(X.b, sizeof X.b)));
		assert_ok(secp_point_read(&at_y, slice_of(Y.b, sizeof Y.b)));
		secp_point_mul(ab, &x, &at_y);
		secp_point_mul(ba, &y, &at_x);
		assert_memory_equal(ab, ba, sizeof ab);
		secp_point_mul(ab, &one, &at_x);
		secp_pk_plain(ba, &X);
		assert_memory_equal(ab, ba, sizeof ab);
		assert_memory_equal(at_x.xy, ba, sizeof ba);
	}
	for (size_t n = 0; n <= sizeof b; n++) assert_err(ERR_REQUEST, secp_point_read(&at_x, slice_of(b, n)));
	b[0] = 2, b[32] = 5;                                           /* no point has this x */
	assert_err(ERR_REQUEST, secp_point_read(&at_x, slice_of(b, 33)));
	assert_memory_equal(at_x.xy, ba, sizeof ba);
}

static void zero_and_the_order_are_no_keys(void **state)
{
	uint8_t b[32] = { 0 };
	secp_sk sk = { { 7 } };

	(void)state;
	assert_err(ERR_REQUEST, secp_sk_read(&sk, b));
	assert_true(hex_read(b, 32, slice_str(ORDER)));
	assert_err(ERR_REQUEST, secp_sk_read(&sk, b));
	assert_int_equal(sk.b[0], 7);
	b[31]--;
	assert_ok(secp_sk_read(&sk, b));
}

static void a_public_key_is_a_point_in_one_of_two_forms(void **state)
{
	uint8_t b[66] = { 0 };
	secp_sk sk;
	secp_pk pk, again;

	(void)state;
	set_up_signing();
	secp_sk_random(&sk, test_rng());
	pk = secp_pk_of(signing, &sk);
	b[0] = 4;
	secp_pk_plain(b + 1, &pk);
	assert_ok(secp_pk_read(&again, slice_of(b, 65)));
	assert_memory_equal(again.b, pk.b, sizeof pk.b);
	assert_ok(secp_pk_read(&again, slice_of(pk.b, 33)));
	assert_memory_equal(again.b, pk.b, sizeof pk.b);

	b[0] = (uint8_t)(6 + (b[64] & 1));                             /* hybrid */
	assert_err(ERR_REQUEST, secp_pk_read(&again, slice_of(b, 65)));
	b[0] = 4;
	for (size_t n = 0; n <= 66; n++)
		if (n != 65) assert_err(ERR_REQUEST, secp_pk_read(&again, slice_of(b, n)));
	b[40] ^= 1;                                                    /* off the curve */
	assert_err(ERR_REQUEST, secp_pk_read(&again, slice_of(b, 65)));
	memset(b + 1, 0xff, 32);                                       /* x not below the field's prime */
	b[0] = 2;
	assert_err(ERR_REQUEST, secp_pk_read(&again, slice_of(b, 33)));
}

/* The DER of r and s, either of which may need a zero in front. */
static void put_der(buf *out, const secp_sig *sig, bool high)
{
	AUTO(buf) body = { 0 };

	for (unsigned half = 0; half < 2; half++) {
		uint8_t n[33] = { 0 }, order[32];
		memcpy(n + 1, sig->b + 32 * half, 32);
		assert_true(hex_read(order, sizeof order, slice_str(ORDER)));
		if (half && high)                                          /* order - s */
			for (int i = 31, borrow = 0; i >= 0; i--) {
				const int d = order[i] - n[i + 1] - borrow;
				borrow = d < 0;
				n[i + 1] = (uint8_t)(d + (borrow ? 256 : 0));
			}
		size_t skip = 0;
		while (skip < 32 && n[skip] == 0 && n[skip + 1] < 0x80) skip++;
		buf_put_u8(&body, 2);
		buf_put_u8(&body, (uint8_t)(33 - skip));
		buf_put(&body, n + skip, 33 - skip);
	}
	buf_put_u8(out, 0x30);
	buf_put_u8(out, (uint8_t)body.n);
	buf_put_slice(out, buf_slice(&body));
}

static void a_signature_in_der_becomes_the_one_that_contracts_take(void **state)
{
	uint8_t digest[32];

	(void)state;
	set_up_signing();
	for (unsigned i = 0; i < 64; i++) {
		secp_sk sk, other;
		secp_rsig got, want;
		secp_sig sig;
		secp_sk_random(&sk, test_rng());
		secp_sk_random(&other, test_rng());
		const secp_pk pk = secp_pk_of(signing, &sk), stranger = secp_pk_of(signing, &other);
		rng_fill(test_rng(), digest, sizeof digest);
		want = secp_sign_recoverable(signing, &sk, digest);
		const secp_sig plain = secp_sign(signing, &sk, digest);
		for (unsigned high = 0; high < 2; high++) {
			AUTO(buf) der = { 0 };
			put_der(&der, &plain, high);
			assert_ok(secp_sig_read_der(&sig, buf_slice(&der)));
			assert_memory_equal(sig.b, plain.b, sizeof sig.b);
			assert_true(secp_sig_complete_var(&got, &sig, &pk, digest));
			assert_memory_equal(got.b, want.b, sizeof got.b);
			assert_false(secp_sig_complete_var(&got, &sig, &stranger, digest));
			for (size_t n = 0; n < der.n; n++) assert_err(ERR_REQUEST, secp_sig_read_der(&sig, slice_of(der.p, n)));
			buf_put_u8(&der, 0);
			assert_err(ERR_REQUEST, secp_sig_read_der(&sig, buf_slice(&der)));
		}
	}
}

static void a_public_key_in_der_is_of_this_curve_only(void **state)
{
	static const char HEAD[] = "3056301006072a8648ce3d020106052b8104000a03420004";
	uint8_t b[89] = { 0 };
	secp_sk sk;
	secp_pk pk, got;

	(void)state;
	set_up_signing();
	secp_sk_random(&sk, test_rng());
	pk = secp_pk_of(signing, &sk);
	assert_true(hex_read(b, 24, slice_str(HEAD)));
	secp_pk_plain(b + 24, &pk);
	assert_ok(secp_pk_read_der(&got, slice_of(b, 88)));
	assert_memory_equal(got.b, pk.b, sizeof pk.b);
	for (size_t n = 0; n <= sizeof b; n++)
		if (n != 88) assert_err(ERR_REQUEST, secp_pk_read_der(&got, slice_of(b, n)));
	for (size_t i = 0; i < 88; i++) {                              /* another curve, a point off it */
		b[i] ^= 1;
		assert_err(ERR_REQUEST, secp_pk_read_der(&got, slice_of(b, 88)));
		b[i] ^= 1;
	}
}

TESTS(TEST(signing_is_blinded_by_the_callers_randomness), TEST(a_random_key_is_drawn_until_it_is_one),
      TEST(signing_is_deterministic_as_in_rfc_6979), TEST(the_public_key_of_one_is_the_generator),
      TEST(what_is_signed_verifies_and_tells_its_key), TEST(the_high_s_twin_is_refused),
      TEST(only_27_and_28_are_recovery_ids), TEST(both_ends_multiply_to_the_same_point),
      TEST(zero_and_the_order_are_no_keys),
      TEST(a_public_key_is_a_point_in_one_of_two_forms),
      TEST(a_signature_in_der_becomes_the_one_that_contracts_take), TEST(a_public_key_in_der_is_of_this_curve_only))
