/* SPDX-License-Identifier: MIT */
/* Seeds, shared secrets, nonces, intermediate polynomials and plaintexts of seal/ and curve/ do not stay behind. */
#include "tests/curve/script.h"
#include "tests/sym/leftover.h"
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>
#include "seal/mldsa.h"
#include "seal/mldsa_poly.h"
#include "seal/mlkem_poly.h"
#include "seal/signcrypt.h"
#include "seal/typed.h"

static const mlkem *const P = &MLKEM_512;
static uint8_t d[32], z[32], m[32], ss[32], ek[MLKEM_512_EK], dk[MLKEM_512_DK], ct[MLKEM_512_CT];

static void watch_poly(const char *name, const poly *f, unsigned from)
{
	leftover_watch(name, f->c + from, LEFTOVER_BYTES);
}

static void sha3_512_of(uint8_t out[static 64], slice a, slice b)
{
	uint8_t both[64];
	memcpy(both, a.p, a.n);
	memcpy(both + a.n, b.p, b.n);
	sha3_512(out, slice_of(both, a.n + b.n));
}

static void fresh_key(void)
{
	leftover_forget();
	rng_fill(test_rng(), d, 32), rng_fill(test_rng(), z, 32), rng_fill(test_rng(), m, 32);
	mlkem_keygen(P, ek, dk, d, z);
}

/* d and z, the seed of the noise, the secret polynomials in both forms. */
static void watch_key(void)
{
	uint8_t seeds[64];
	poly s;

	sha3_512_of(seeds, slice_of(d, 32), slice_of(&P->k, 1));
	leftover_watch("d", d, 32);
	leftover_watch("z", z, 32);
	leftover_watch("sigma", seeds + 32, 32);
	leftover_watch("the encoded key", dk, 32);
	for (unsigned j = 0; j < P->k; j++) {
		poly_decode(&s, 12, dk + 384 * j);
		watch_poly("s", &s, 0);
	}
}

/* m, ss, the seed of the noise, the secret polynomials of an encryption. */
static void watch_message(void)
{
	const hash32 h = sha3_256(slice_of(ek, sizeof ek));
	uint8_t both[64];
	poly f;

	sha3_512_of(both, slice_of(m, 32), hash32_slice(&h));
	leftover_watch("m", m, 32);
	leftover_watch("ss", both, 32);
	leftover_watch("r", both + 32, 32);
	for (uint8_t i = 0; i < P->k; i++) {
		poly_noise(&f, P->eta1, both + 32, i);
		poly_ntt(&f);
		watch_poly("y", &f, 0);
	}
	poly_decode(&f, 1, m);
	poly_decompress(&f, 1);
	watch_poly("m as a polynomial", &f, 0);
}

/* What decryption computes: s^T u, m as a polynomial of bits, and the end of the ciphertext that m encrypts to. */
static void watch_decryption(void)
{
	poly u, s, sum = { 0 };

	for (unsigned j = 0; j < P->k; j++) {
		poly_decode(&u, P->du, ct + 32u * P->du * j);
		poly_decompress(&u, P->du);
		poly_ntt(&u);
		poly_decode(&s, 12, dk + 384 * j);
		poly_mul_add(&sum, &s, &u);
	}
	poly_ntt_inverse(&sum);
	watch_poly("s^T u", &sum, 0);
	poly_decode(&u, 1, m);
	watch_poly("m as bits", &u, 0);
	poly_decode(&u, P->dv, ct + 32u * P->du * P->k);
	watch_poly("the ciphertext again, as a polynomial", &u, MLKEM_N - LEFTOVER_BYTES / 2);
	leftover_watch("the ciphertext again", ct + sizeof ct - LEFTOVER_BYTES, LEFTOVER_BYTES);
}

/* What key generation and decryption leave would be covered by the hashing that follows, so it is looked for there. */
static bool look_when_hashing;

hash32 __real_sha3_256(slice bytes);
hash32 __wrap_sha3_256(slice bytes);
hash32 __wrap_sha3_256(slice bytes)
{
	if (look_when_hashing) leftover_look();
	return __real_sha3_256(bytes);
}

xof __real_xof_sha3_512(void);
xof __wrap_xof_sha3_512(void);
xof __wrap_xof_sha3_512(void)
{
	if (look_when_hashing) leftover_look();
	return __real_xof_sha3_512();
}

static void make_key(void) { mlkem_keygen(P, ek, dk, d, z); }
static void encapsulate(void) { mlkem_encaps(P, ct, ss, ek, m); }
static void decapsulate(void) { mlkem_decaps(P, ss, dk, ct); }

static void ml_kem_leaves_no_secret(void **state)
{
	uint8_t both[MLKEM_SEED + MLKEM_512_CT], rejected[32];

	(void)state;
	fresh_key();
	watch_key();
	look_when_hashing = true;
	assert_null(leftover_after(make_key));
	look_when_hashing = false;

	leftover_forget();
	watch_message();
	assert_null(leftover_after(encapsulate));

	leftover_forget();
	watch_key();
	watch_decryption();
	look_when_hashing = true;
	assert_null(leftover_after(decapsulate));
	look_when_hashing = false;

	/* The last byte is flipped: it decrypts to m and is refused. */
	leftover_forget();
	watch_key();
	watch_message();
	watch_decryption();
	ct[sizeof ct - 1] ^= 1;
	memcpy(both, z, 32);
	memcpy(both + 32, ct, sizeof ct);
	shake256(rejected, sizeof rejected, slice_of(both, sizeof both));
	leftover_watch("J(z || ct)", rejected, sizeof rejected);
	assert_null(leftover_after(decapsulate));
	assert_memory_equal(ss, rejected, 32);
}

static poly noise;
static void draw_noise(void) { poly_noise(&noise, 3, d, 7); }

static void noise_leaves_neither_bits_nor_state(void **state)
{
	uint8_t input[33], bits[192];

	(void)state;
	fresh_key();
	memcpy(input, d, 32);
	input[32] = 7;
	shake256(bits, sizeof bits, slice_of(input, sizeof input));
	leftover_watch("the first bits", bits, 32);
	leftover_watch("the bits of the last block", bits + 136, 32);
	assert_null(leftover_after(draw_noise));
	assert_true(noise.c[0] == (MLKEM_Q + (bits[0] & 1) + (bits[0] >> 1 & 1) + (bits[0] >> 2 & 1) - (bits[0] >> 3 & 1)
	                           - (bits[0] >> 4 & 1) - (bits[0] >> 5 & 1)) % MLKEM_Q);
}

static enc_key to;
static dec_key own;
static signer *node;
static secp_sk sk;
static const eth_address USER = { { 1 } };
static const hash32 LINK = { { 2 } };
static uint8_t text[40];
static buf wire, plain;
static script drawn;

static void generate(void)
{
	const rng r = script_rng(&drawn);
	enc_key_generate(&to, &own, &r);
}

static void send_answer(void)
{
	const rng r = script_rng(&drawn);
	signcrypt(node, &wire, &to, &USER, &LINK, 2, slice_of(text, sizeof text), &r);
}

static void open_answer(void)
{
	int32_t type;
	assert_ok(unsigncrypt(&plain, &type, &own, signer_pk(node), &USER, &LINK, buf_slice(&wire)));
}

static void refuse_answer(void)
{
	int32_t type;
	assert_int_equal(unsigncrypt(&plain, &type, &own, signer_pk(node), &USER, &LINK, buf_slice(&wire)), ERR_REQUEST);
}

static void signcryption_leaves_no_secret(void **state)
{
	static uint8_t seeds[64], fresh[32 + GCM_NONCE];

	(void)state;
	fresh_key();
	rng_fill(test_rng(), text, sizeof text);
	secp_sk_random(&sk, test_rng());
	assert_ok(signer_new(&node, &sk, test_rng()));

	memcpy(seeds, d, 32);
	memcpy(seeds + 32, z, 32);
	drawn = (script){ seeds, sizeof seeds };
	watch_key();
	assert_null(leftover_after(generate));
	assert_memory_equal(own.dk, dk, sizeof dk);

	memcpy(fresh, m, 32);
	drawn = (script){ fresh, sizeof fresh };
	buf_reserve(&wire, 2000);
	leftover_forget();
	watch_message();
	leftover_watch("plaintext", text, sizeof text);
	assert_null(leftover_after(send_answer));

	buf_reserve(&plain, 2000);
	watch_key();
	assert_null(leftover_after(open_answer));
	assert_memory_equal(plain.p, text, sizeof text);
	wire.p[wire.n - 1] ^= 1;
	assert_null(leftover_after(refuse_answer));
	err_clear();
	signer_free(&node);
	buf_free(&wire), buf_free(&plain);
}

static const mldsa *const DSA = &MLDSA_44;
static uint8_t dsa_pk[MLDSA_MAX_PK], dsa_sig[MLDSA_MAX_SIG];

static void watch_dsa(const char *name, dsa_poly *f)
{
	leftover_watch(name, f->c, LEFTOVER_BYTES);
	dsa_ntt(f);
	leftover_watch(name, f->c, LEFTOVER_BYTES);
}

/* What comes from the seed: rho', K, the short vectors; from K and the message: the seed of the nonces, and the first of them. */
static void watch_dsa_key(slice message)
{
	uint8_t expanded[128], tr[64], mu[64], rho2[64], zeros[32] = { 0 };
	dsa_poly f;
	xof x = xof_shake256();

	leftover_watch("seed", d, 32);
	xof_absorb(&x, slice_of(d, 32)), xof_absorb(&x, slice_of((uint8_t[]){ DSA->k, DSA->l }, 2));
	xof_squeeze(&x, expanded, sizeof expanded);
	leftover_watch("rho'", expanded + 32, 32);
	leftover_watch("K", expanded + 96, 32);
	dsa_sample_short(&f, DSA->eta, expanded + 32, 0), watch_dsa("s1", &f);
	dsa_sample_short(&f, DSA->eta, expanded + 32, DSA->l), watch_dsa("s2", &f);
	if (!message.n) return;
	shake256(tr, sizeof tr, slice_of(dsa_pk, mldsa_pk_bytes(DSA)));
	x = xof_shake256();
	xof_absorb(&x, slice_of(tr, 64)), xof_absorb(&x, slice_of(zeros, 2)), xof_absorb(&x, message);
	xof_squeeze(&x, mu, 64);
	x = xof_shake256();
	xof_absorb(&x, slice_of(expanded + 96, 32)), xof_absorb(&x, slice_of(zeros, 32)), xof_absorb(&x, slice_of(mu, 64));
	xof_squeeze(&x, rho2, 64);
	leftover_watch("rho''", rho2, 32);
	dsa_sample_mask(&f, DSA->z_bits, rho2, 0), watch_dsa("y", &f);
}

static void dsa_key(void) { mldsa_public_key(DSA, dsa_pk, d); }
static void dsa_sign(void) { mldsa_sign(DSA, dsa_sig, d, (slice){ 0 }, slice_of(text, sizeof text)); }

static void ml_dsa_leaves_no_secret(void **state)
{
	(void)state;
	leftover_forget();
	rng_fill(test_rng(), d, 32), rng_fill(test_rng(), text, sizeof text);
	watch_dsa_key((slice){ 0 });
	assert_null(leftover_after(dsa_key));
	leftover_forget();
	watch_dsa_key(slice_of(text, sizeof text));
	assert_null(leftover_after(dsa_sign));
}

static uint32_t scheme_at_work;
static void sign_typed(void) { typed_sign(dsa_sig, node, scheme_at_work, "PUBL_DEC", slice_str("m")); }
static void key_typed(void) { typed_key(dsa_pk, node, scheme_at_work); }

static void derived_seeds_do_not_stay_behind(void **state)
{
	uint8_t seed[SIGNER_SEED];

	(void)state;
	leftover_forget();
	secp_sk_random(&sk, test_rng());
	assert_ok(signer_new(&node, &sk, test_rng()));
	for (scheme_at_work = SCHEME_ED25519; scheme_at_work <= SCHEME_MLDSA44; scheme_at_work++) {
		leftover_forget();
		leftover_watch("key", sk.b, sizeof sk.b);
		signer_seed(seed, node, scheme_at_work);
		leftover_watch("seed", seed, sizeof seed);
		wipe(seed, sizeof seed);
		assert_null(leftover_after(sign_typed));
		assert_null(leftover_after(key_typed));
	}
	signer_free(&node);
}

static secp *blinded;

static void new_context(void)
{
	const rng r = script_rng(&drawn);
	assert_ok(secp_new(&blinded, &r));
}

static void new_signer(void)
{
	const rng r = script_rng(&drawn);
	assert_ok(signer_new(&node, &sk, &r));
}

static bool is_mapped(const void *p)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	return msync((void *)((uintptr_t)p / page * page), 1, MS_ASYNC) == 0 || errno != ENOMEM;
}

static void a_signer_keeps_its_key_to_itself_and_gives_it_back(void **state)
{
	static uint8_t blinding[32];

	(void)state;
	leftover_forget();
	rng_fill(test_rng(), blinding, sizeof blinding);
	secp_sk_random(&sk, test_rng());
	leftover_watch("blinding", blinding, sizeof blinding);
	leftover_watch("key", sk.b, sizeof sk.b);
	drawn = (script){ blinding, sizeof blinding };
	assert_null(leftover_after(new_context));
	secp_free(&blinded);
	drawn = (script){ blinding, sizeof blinding };
	assert_null(leftover_after(new_signer));

	const void *secret = node;
	assert_true(is_mapped(secret));
	signer_free(&node);
	assert_null(node);
	assert_false(is_mapped(secret));
}

TESTS(TEST(what_is_left_behind_is_found), TEST(ml_kem_leaves_no_secret), TEST(noise_leaves_neither_bits_nor_state),
      TEST(signcryption_leaves_no_secret), TEST(ml_dsa_leaves_no_secret), TEST(derived_seeds_do_not_stay_behind),
      TEST(a_signer_keeps_its_key_to_itself_and_gives_it_back))
