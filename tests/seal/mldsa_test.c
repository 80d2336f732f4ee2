/* SPDX-License-Identifier: MIT */
#include "tests/kat/kat.h"
#include "seal/mldsa.h"
#include "seal/mldsa_poly.h"
#include "sym/keccak.h"

static const struct { const mldsa *set; const char *kat; } SETS[] = {
	{ &MLDSA_44, "mldsa44.kat" }, { &MLDSA_65, "mldsa65.kat" }, { &MLDSA_87, "mldsa87.kat" },
};

static void assert_hash(const kat *k, const char *name, const uint8_t *bytes, size_t n)
{
	uint8_t expected[32], got[32];
	kat_bytes(k, name, expected, sizeof expected);
	shake256(got, sizeof got, slice_of(bytes, n));
	assert_memory_equal(got, expected, sizeof got);
}

static void all_sets_agree_with_other_implementations(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(SETS); i++) {
		const mldsa *p = SETS[i].set;
		unsigned records = 0;
		kat k = kat_open(SETS[i].kat);
		for (; kat_next(&k); records++) {
			uint8_t pk[MLDSA_MAX_PK], sig[MLDSA_MAX_SIG], seed[32], m[32];
			kat_bytes(&k, "seed", seed, 32), kat_bytes(&k, "message", m, 32);
			mldsa_public_key(p, pk, seed);
			assert_hash(&k, "pk.hash", pk, mldsa_pk_bytes(p));
			mldsa_sign(p, sig, seed, slice_of(m, 8), slice_of(m + 8, 24));
			assert_hash(&k, "sig.hash", sig, mldsa_sig_bytes(p));
			assert_true(mldsa_verify_var(p, slice_of(pk, mldsa_pk_bytes(p)), slice_of(m, 20), slice_of(m + 20, 12),
			                             slice_of(sig, mldsa_sig_bytes(p))));
		}
		assert_int_equal(records, 13);
		kat_close(&k);
	}
}

/* A key, a message and its signature; ok() is about what they have become. */
typedef struct signed_message {
	const mldsa *p;
	uint8_t      pk[MLDSA_MAX_PK], sig[MLDSA_MAX_SIG], message[40];
} signed_message;

static void sign_something(signed_message *s, const mldsa *p)
{
	uint8_t seed[32];

	rng_fill(test_rng(), seed, 32), rng_fill(test_rng(), s->message, sizeof s->message);
	s->p = p;
	mldsa_public_key(p, s->pk, seed);
	mldsa_sign(p, s->sig, seed, (slice){ 0 }, slice_of(s->message, sizeof s->message));
}

static bool ok(const signed_message *s)
{
	return mldsa_verify_var(s->p, slice_of(s->pk, mldsa_pk_bytes(s->p)), (slice){ 0 }, slice_of(s->message, sizeof s->message),
	                        slice_of(s->sig, mldsa_sig_bytes(s->p)));
}

static void flip(uint8_t *bytes, size_t n)
{
	bytes[test_below(n)] ^= (uint8_t)(1 << test_below(8));
}

static void whatever_is_changed_is_noticed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(SETS); i++) {
		const mldsa *p = SETS[i].set;
		const size_t hints = mldsa_sig_bytes(p) - p->omega - p->k;
		signed_message s, t;
		sign_something(&s, p);
		assert_true(ok(&s));
		for (unsigned round = 0; round < 12; round++) {
			t = s, flip(t.message, sizeof t.message), assert_false(ok(&t));
			t = s, flip(t.pk, 32), assert_false(ok(&t));
			t = s, flip(t.pk + 32, mldsa_pk_bytes(p) - 32), assert_false(ok(&t));
			t = s, flip(t.sig, p->challenge), assert_false(ok(&t));
			t = s, flip(t.sig + p->challenge, hints - p->challenge), assert_false(ok(&t));
			t = s, flip(t.sig + hints, p->omega + p->k), assert_false(ok(&t));
		}
		assert_true(ok(&s));
		const slice pk = slice_of(s.pk, mldsa_pk_bytes(p)), sig = slice_of(s.sig, mldsa_sig_bytes(p));
		const slice m = slice_of(s.message, sizeof s.message), none = { 0 };
		assert_false(mldsa_verify_var(p, slice_of(pk.p, pk.n - 1), none, m, sig));
		assert_false(mldsa_verify_var(p, pk, none, m, slice_of(sig.p, sig.n - 1)));
		assert_false(mldsa_verify_var(p, pk, none, m, none));
		assert_false(mldsa_verify_var(SETS[(i + 1) % COUNT(SETS)].set, pk, none, m, sig));
	}
}

/* A second encoding of the same hint would be a second signature of the same message. */
static void a_hint_has_one_encoding(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(SETS); i++) {
		const mldsa *p = SETS[i].set;
		signed_message s, t;
		uint8_t *h = t.sig + mldsa_sig_bytes(p) - p->omega - p->k, *end = h + p->omega;

		/* One with two places in the first row, and with room left. */
		do sign_something(&s, p), t = s; while (end[0] < 2 || end[p->k - 1] == p->omega);
		const uint8_t first = h[0];
		h[0] = h[1], h[1] = first, assert_false(ok(&t));         /* in the other order */
		t = s, h[1] = h[0], assert_false(ok(&t));                /* one place twice    */
		t = s, h[p->omega - 1] = 1, assert_false(ok(&t));        /* what is not used   */
		t = s, end[0] = (uint8_t)(end[1] + 1), assert_false(ok(&t));
		t = s, end[p->k - 1] = (uint8_t)(p->omega + 1), assert_false(ok(&t));
		t = s, end[p->k - 1] = 255, assert_false(ok(&t));
		t = s, assert_true(ok(&t));
	}
}

/* Under a public key of zeros, which anybody can write down, every short z is a signature: w is A z. */
static void sign_for_zeros(signed_message *s, const mldsa *p, const dsa_poly *z)
{
	uint8_t tr[64], mu[64], w1[32 * 6], *hint = s->sig + mldsa_sig_bytes(p) - p->omega - p->k;
	dsa_poly a, w, z_ntt[MLDSA_MAX_L];
	xof x = xof_shake256();

	s->p = p;
	memset(s->pk + 32, 0, mldsa_pk_bytes(p) - 32);
	shake256(tr, sizeof tr, slice_of(s->pk, mldsa_pk_bytes(p)));
	xof_absorb(&x, slice_of(tr, sizeof tr)), xof_absorb(&x, slice_of((uint8_t[]){ 0, 0 }, 2));
	xof_absorb(&x, slice_of(s->message, sizeof s->message));
	xof_squeeze(&x, mu, sizeof mu);
	x = xof_shake256();
	xof_absorb(&x, slice_of(mu, sizeof mu));
	for (unsigned j = 0; j < p->l; j++) {
		dsa_pack_centred(s->sig + p->challenge + 32u * p->z_bits * j, p->z_bits, &z[j]);
		z_ntt[j] = z[j], dsa_ntt(&z_ntt[j]);
	}
	for (uint8_t i = 0; i < p->k; i++) {
		w = (dsa_poly){ 0 };
		for (uint8_t j = 0; j < p->l; j++) dsa_sample_var(&a, s->pk, i, j), dsa_mul_add(&w, &a, &z_ntt[j]);
		dsa_ntt_inverse(&w);
		dsa_high(&a, p->gamma2, &w);
		dsa_pack(w1, p->w1_bits, &a);
		xof_absorb(&x, slice_of(w1, 32u * p->w1_bits));
	}
	xof_squeeze(&x, s->sig, p->challenge);
	memset(hint, 0, (size_t)p->omega + p->k);
}

static void a_response_must_be_below_the_bound(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(SETS); i++) {
		const mldsa *p = SETS[i].set;
		const uint32_t bound = (1u << (p->z_bits - 1)) - (uint32_t)p->tau * p->eta;
		signed_message s;
		dsa_poly z[MLDSA_MAX_L] = { 0 };
		rng_fill(test_rng(), s.pk, 32), rng_fill(test_rng(), s.message, sizeof s.message);
		for (unsigned at = 0; at < p->l; at++) {
			uint32_t *c = &z[at].c[test_below(MLDSA_N)];
			*c = at % 2 ? bound - 1 : MLDSA_Q - bound + 1, sign_for_zeros(&s, p, z), assert_true(ok(&s));
			*c = at % 2 ? bound : MLDSA_Q - bound, sign_for_zeros(&s, p, z), assert_false(ok(&s));
			*c = 0;
		}
	}
}

/* ---- the ring ----------------------------------------------------------------------------------------------------- */

static void random_poly(dsa_poly *f)
{
	for (unsigned i = 0; i < MLDSA_N; i++) f->c[i] = (uint32_t)(test_below(8) ? test_below(MLDSA_Q) : MLDSA_Q - 1);
}

static void products_by_transform_are_products_by_hand(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 10; round++) {
		dsa_poly f, g, h = { 0 };
		int64_t by_hand[MLDSA_N] = { 0 };

		random_poly(&f), random_poly(&g);
		for (unsigned i = 0; i < MLDSA_N; i++)
			for (unsigned j = 0; j < MLDSA_N; j++) {
				const int64_t x = (int64_t)f.c[i] * g.c[j] % MLDSA_Q;
				by_hand[(i + j) % MLDSA_N] += i + j < MLDSA_N ? x : -x;
			}
		dsa_ntt(&f), dsa_ntt(&g);
		dsa_mul_add(&h, &f, &g);
		dsa_ntt_inverse(&h);
		for (unsigned i = 0; i < MLDSA_N; i++)
			assert_int_equal(h.c[i], (by_hand[i] % MLDSA_Q + MLDSA_Q) % MLDSA_Q);
	}
}

/* f = the coefficients x, x + 1, ... and the last one more than once. */
static void run_of(dsa_poly *f, uint32_t x)
{
	for (unsigned i = 0; i < MLDSA_N; i++) f->c[i] = x + i < MLDSA_Q ? x + i : MLDSA_Q - 1;
}

static int32_t centred(uint32_t x)
{
	return x > MLDSA_Q / 2 ? (int32_t)x - MLDSA_Q : (int32_t)x;
}

/* All elements there are: the multiplications instead of divisions are exact. */
static void high_and_low_parts_are_those_of_the_standard(void **state)
{
	static const uint32_t GAMMA2[] = { (MLDSA_Q - 1) / 88, (MLDSA_Q - 1) / 32 };
	dsa_poly f, high, low;
	unsigned wrong = 0;

	(void)state;
	for (size_t g = 0; g < COUNT(GAMMA2); g++) {
		const int32_t gamma2 = (int32_t)GAMMA2[g];
		for (uint32_t x = 0; x < MLDSA_Q; x += MLDSA_N) {
			run_of(&f, x);
			dsa_high(&high, GAMMA2[g], &f);
			dsa_low(&low, GAMMA2[g], &f);
			for (unsigned i = 0; i < MLDSA_N; i++) {
				const int32_t r = (int32_t)f.c[i];
				int32_t r0 = r % (2 * gamma2), r1;
				if (r0 > gamma2) r0 -= 2 * gamma2;
				if (r - r0 == MLDSA_Q - 1) r1 = 0, r0--;
				else r1 = (r - r0) / (2 * gamma2);
				wrong += (int32_t)high.c[i] != r1 || centred(low.c[i]) != r0;
			}
		}
	}
	for (uint32_t x = 0; x < MLDSA_Q; x += MLDSA_N) {
		run_of(&f, x);
		dsa_power2_round(&high, &low, &f);
		for (unsigned i = 0; i < MLDSA_N; i++) {
			int32_t r0 = (int32_t)(f.c[i] % 8192);
			if (r0 > 4096) r0 -= 8192;
			wrong += (int32_t)(high.c[i] << 13) + r0 != (int32_t)f.c[i] || centred(low.c[i]) != r0;
		}
	}
	assert_int_equal(wrong, 0);
}

/* With the bit that says whether adding z changed the high part, it is found without z. */
static void a_hint_gives_the_high_part_back(void **state)
{
	static const uint32_t GAMMA2[] = { (MLDSA_Q - 1) / 88, (MLDSA_Q - 1) / 32 };

	(void)state;
	for (unsigned round = 0; round < 400; round++) {
		const uint32_t gamma2 = GAMMA2[round % 2], from = round < 20 ? MLDSA_Q - 100 * round : (uint32_t)test_below(MLDSA_Q);
		dsa_poly r, sum, high, high_of_sum;
		uint8_t hint[MLDSA_N];
		run_of(&r, from < MLDSA_Q ? from : 0);
		for (unsigned i = 0; i < MLDSA_N; i++) {
			const uint32_t z = (uint32_t)test_below(2 * gamma2 + 1);               /* -gamma2 .. gamma2 */
			sum.c[i] = (r.c[i] + MLDSA_Q + z - gamma2) % MLDSA_Q;
		}
		dsa_high(&high, gamma2, &r), dsa_high(&high_of_sum, gamma2, &sum);
		for (unsigned i = 0; i < MLDSA_N; i++) hint[i] = high.c[i] != high_of_sum.c[i];
		dsa_use_hint_var(&r, gamma2, hint);
		assert_memory_equal(&r, &high_of_sum, sizeof r);
	}
}

static void packing_comes_back(void **state)
{
	static const unsigned BITS[] = { 4, 6, 10, 18, 20 };
	uint8_t bytes[32 * 20], again[32 * 20];
	dsa_poly f, g;

	(void)state;
	for (size_t i = 0; i < COUNT(BITS); i++) {
		const unsigned d = BITS[i];
		rng_fill(test_rng(), bytes, 32 * (size_t)d);
		dsa_unpack(&f, d, bytes), dsa_pack(again, d, &f);
		assert_memory_equal(bytes, again, 32 * (size_t)d);
		if (d < 18) continue;
		dsa_unpack_centred(&g, d, bytes), dsa_pack_centred(again, d, &g);
		assert_memory_equal(bytes, again, 32 * (size_t)d);
		for (unsigned j = 0; j < MLDSA_N; j++) assert_int_equal(centred(g.c[j]), (1 << (d - 1)) - (int32_t)f.c[j]);
	}
}

static void samples_are_of_the_size_that_they_should_be(void **state)
{
	uint8_t key[64];
	dsa_poly f;

	(void)state;
	for (uint16_t nonce = 0; nonce < 40; nonce++) {
		rng_fill(test_rng(), key, sizeof key);
		for (int eta = 2; eta <= 4; eta += 2) {
			unsigned seen = 0;
			dsa_sample_short(&f, (unsigned)eta, key, nonce);
			for (unsigned i = 0; i < MLDSA_N; i++) {
				assert_in_range(centred(f.c[i]) + eta, 0, 2 * eta);
				seen |= 1u << (centred(f.c[i]) + eta);
			}
			assert_int_equal(seen, (2u << 2 * eta) - 1);
		}
		unsigned ones = 0;
		dsa_sample_ball_var(&f, 60, slice_of(key, sizeof key));
		for (unsigned i = 0; i < MLDSA_N; i++) {
			assert_true(f.c[i] <= 1 || f.c[i] == MLDSA_Q - 1);
			ones += f.c[i] != 0;
		}
		assert_int_equal(ones, 60);
	}
}

TESTS(TEST(all_sets_agree_with_other_implementations), TEST(whatever_is_changed_is_noticed), TEST(a_hint_has_one_encoding),
      TEST(a_response_must_be_below_the_bound), TEST(products_by_transform_are_products_by_hand),
      TEST(high_and_low_parts_are_those_of_the_standard), TEST(a_hint_gives_the_high_part_back), TEST(packing_comes_back),
      TEST(samples_are_of_the_size_that_they_should_be))
