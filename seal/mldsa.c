/* SPDX-License-Identifier: MIT */
/*
 * seal/mldsa.c -- key generation, signing and verification.  The letters are those of FIPS 204, section 6.
 *
 * What a signature computes with stands in one block of memory, which is wiped as a whole.  Verification needs none: it
 * goes row by row.
 */
#include "seal/mldsa.h"
#include <stdlib.h>
#include "base/ct.h"
#include "seal/mldsa_poly.h"
#include "sym/keccak.h"

const mldsa MLDSA_44 = { .k = 4, .l = 4, .eta = 2, .tau = 39, .omega = 80, .challenge = 32, .z_bits = 18, .w1_bits = 6,
                         .gamma2 = (MLDSA_Q - 1) / 88 };
const mldsa MLDSA_65 = { .k = 6, .l = 5, .eta = 4, .tau = 49, .omega = 55, .challenge = 48, .z_bits = 20, .w1_bits = 4,
                         .gamma2 = (MLDSA_Q - 1) / 32 };
const mldsa MLDSA_87 = { .k = 8, .l = 7, .eta = 2, .tau = 60, .omega = 75, .challenge = 64, .z_bits = 20, .w1_bits = 4,
                         .gamma2 = (MLDSA_Q - 1) / 32 };

enum {
	RHO = 32, LONG = 64,                       /* bytes of rho, K; of rho', tr, mu, rho'' */
	T1_BITS = 10, T1 = 32 * T1_BITS,           /* a polynomial of t1, packed              */
	MAX_W1 = 32 * 6,
	/* Each attempt ends the search with probability 1/4 or more: after so many the coin is broken. */
	MAX_ATTEMPTS = 814,
};

static uint32_t beta(const mldsa *p) { return (uint32_t)p->tau * p->eta; }
static uint32_t gamma1(const mldsa *p) { return 1u << (p->z_bits - 1); }

typedef struct work {
	dsa_poly A[MLDSA_MAX_K][MLDSA_MAX_L];
	dsa_poly s1[MLDSA_MAX_L], s2[MLDSA_MAX_K], t0[MLDSA_MAX_K];      /* in NTT form */
	dsa_poly y[MLDSA_MAX_L], y_ntt[MLDSA_MAX_L], w[MLDSA_MAX_K];
	dsa_poly c, f, g;
	uint8_t  hint[MLDSA_MAX_K][MLDSA_N], w1[MAX_W1];
	uint8_t  rho1[LONG], K[RHO], mu[LONG], rho2[LONG];
	uint8_t  pk[MLDSA_MAX_PK];
} work;

static void work_free(work **w)
{
	wipe(*w, sizeof **w);
	free(*w);
	*w = NULL;
}

/* f = the inverse transform of a_0 b_0 + ... + a_(n-1) b_(n-1) */
static void product(dsa_poly *f, const dsa_poly *a, const dsa_poly *b, unsigned n)
{
	*f = (dsa_poly){ 0 };
	for (unsigned j = 0; j < n; j++) dsa_mul_add(f, &a[j], &b[j]);
	dsa_ntt_inverse(f);
}

/* rho, rho', K = SHAKE256(seed || k || l);  t = A s1 + s2 = t1 2^13 + t0;  pk = rho || t1 */
static work *open_key(const mldsa *p, const uint8_t seed[static MLDSA_SEED])
{
	work *w = calloc(1, sizeof *w);
	uint8_t *rho;
	xof x = xof_shake256();

	ASSERT(w);
	rho = w->pk;
	xof_absorb(&x, slice_of(seed, MLDSA_SEED));
	xof_absorb(&x, slice_of((uint8_t[]){ p->k, p->l }, 2));
	xof_squeeze(&x, rho, RHO);
	xof_squeeze(&x, w->rho1, sizeof w->rho1);
	xof_squeeze(&x, w->K, sizeof w->K);
	wipe(&x, sizeof x);
	DECLASSIFY(rho, RHO, "the seed of the matrix is part of the ML-DSA public key");
	for (uint8_t j = 0; j < p->l; j++) {
		dsa_sample_short(&w->s1[j], p->eta, w->rho1, j);
		dsa_ntt(&w->s1[j]);
	}
	for (uint8_t i = 0; i < p->k; i++) {
		for (uint8_t j = 0; j < p->l; j++) dsa_sample_var(&w->A[i][j], rho, i, j);
		dsa_sample_short(&w->s2[i], p->eta, w->rho1, (uint16_t)(p->l + i));
		product(&w->f, w->A[i], w->s1, p->l);
		dsa_add(&w->f, &w->s2[i]);
		dsa_power2_round(&w->g, &w->t0[i], &w->f);
		dsa_pack(w->pk + RHO + i * T1, T1_BITS, &w->g);
		dsa_ntt(&w->s2[i]);
		dsa_ntt(&w->t0[i]);
	}
	DECLASSIFY(w->pk, mldsa_pk_bytes(p), "the ML-DSA public key");
	return w;
}

void mldsa_public_key(const mldsa *p, uint8_t *pk, const uint8_t seed[static MLDSA_SEED])
{
	AUTO(work) *w = open_key(p, seed);
	memcpy(pk, w->pk, mldsa_pk_bytes(p));
}

/* mu = SHAKE256(SHAKE256(pk) || 0 || 0 || message): pure mode, a context of no bytes. */
static void represent(uint8_t mu[static LONG], slice pk, slice dsep, slice message)
{
	uint8_t tr[LONG];
	xof x = xof_shake256();

	shake256(tr, sizeof tr, pk);
	xof_absorb(&x, slice_of(tr, sizeof tr));
	xof_absorb(&x, slice_of((uint8_t[]){ 0, 0 }, 2));
	xof_absorb(&x, dsep);
	xof_absorb(&x, message);
	xof_squeeze(&x, mu, LONG);
	wipe(&x, sizeof x);
}

/* ---- signing ------------------------------------------------------------------------------------------------------ */

/* y, w = A y, and c~ = SHAKE256(mu || high part of w). */
static void commit(const mldsa *p, work *w, uint8_t *challenge, uint16_t kappa)
{
	xof x = xof_shake256();

	xof_absorb(&x, slice_of(w->mu, LONG));
	for (uint16_t j = 0; j < p->l; j++) {
		dsa_sample_mask(&w->y[j], p->z_bits, w->rho2, (uint16_t)(kappa + j));
		w->y_ntt[j] = w->y[j];
		dsa_ntt(&w->y_ntt[j]);
	}
	for (unsigned i = 0; i < p->k; i++) {
		product(&w->w[i], w->A[i], w->y_ntt, p->l);
		dsa_high(&w->f, p->gamma2, &w->w[i]);
		dsa_pack(w->w1, p->w1_bits, &w->f);
		xof_absorb(&x, slice_of(w->w1, 32u * p->w1_bits));
	}
	xof_squeeze(&x, challenge, p->challenge);
	wipe(&x, sizeof x);
	DECLASSIFY(challenge, p->challenge, "a hash of what cannot be guessed; in the attempt that is given out, a part of the signature");
}

/* z = y + c s1.  All ones if it would tell something about s1. */
static uint64_t respond(const mldsa *p, work *w, uint8_t *z)
{
	uint64_t refused = 0;

	for (unsigned j = 0; j < p->l; j++, z += 32u * p->z_bits) {
		product(&w->f, &w->c, &w->s1[j], 1);
		dsa_add(&w->f, &w->y[j]);
		refused |= dsa_reaches(&w->f, gamma1(p) - beta(p));
		dsa_pack_centred(z, p->z_bits, &w->f);
	}
	return refused;
}

/*
 * The verifier will have w - c s2 + c t0 and needs the high part of w - c s2, which is that of w: the hint marks where they
 * differ.  All ones if the low part would tell something about s2, or the hint cannot be given.
 */
static uint64_t hint_at(const mldsa *p, work *w)
{
	uint64_t refused = 0, ones = 0;

	for (unsigned i = 0; i < p->k; i++) {
		product(&w->f, &w->c, &w->s2[i], 1);
		dsa_sub(&w->w[i], &w->f);
		dsa_low(&w->f, p->gamma2, &w->w[i]);
		refused |= dsa_reaches(&w->f, p->gamma2 - beta(p));
		product(&w->f, &w->c, &w->t0[i], 1);
		refused |= dsa_reaches(&w->f, p->gamma2);
		dsa_add(&w->f, &w->w[i]);
		dsa_high(&w->g, p->gamma2, &w->f);
		dsa_high(&w->f, p->gamma2, &w->w[i]);
		for (unsigned n = 0; n < MLDSA_N; n++) {
			w->hint[i][n] = (uint8_t)(1 & ~ct_is_zero(w->f.c[n] ^ w->g.c[n]));
			ones += w->hint[i][n];
		}
	}
	return refused | ct_lt(p->omega, ones);
}

/* The places of the ones, row after row, then how many there are up to the end of each row. */
static void write_hint_var(const mldsa *p, uint8_t *out, uint8_t (*hint)[MLDSA_N])
{
	uint8_t ones = 0;

	memset(out, 0, p->omega);
	for (unsigned i = 0; i < p->k; i++) {
		for (unsigned n = 0; n < MLDSA_N; n++)
			if (hint[i][n]) out[ones++] = (uint8_t)n;
		out[p->omega + i] = ones;
	}
}

static bool attempt(const mldsa *p, work *w, uint8_t *sig, uint16_t kappa)
{
	uint8_t *z = sig + p->challenge, *h = z + 32u * p->z_bits * p->l;

	commit(p, w, sig, kappa);
	dsa_sample_ball_var(&w->c, p->tau, slice_of(sig, p->challenge));
	dsa_ntt(&w->c);
	uint64_t refused = respond(p, w, z);
	refused |= hint_at(p, w);
	DECLASSIFY(&refused, sizeof refused, "whether an attempt is refused does not depend on the key");
	if (refused) return false;
	DECLASSIFY(w->hint, sizeof w->hint, "the hint is part of the signature");
	write_hint_var(p, h, w->hint);
	DECLASSIFY(sig, mldsa_sig_bytes(p), "the signature is given out");
	return true;
}

void mldsa_sign(const mldsa *p, uint8_t *sig, const uint8_t seed[static MLDSA_SEED], slice dsep, slice message)
{
	static const uint8_t RND[32];              /* of the deterministic variant */
	AUTO(work) *w = open_key(p, seed);
	xof x = xof_shake256();
	unsigned tried = 0;

	represent(w->mu, slice_of(w->pk, mldsa_pk_bytes(p)), dsep, message);
	xof_absorb(&x, slice_of(w->K, sizeof w->K));
	xof_absorb(&x, slice_of(RND, sizeof RND));
	xof_absorb(&x, slice_of(w->mu, LONG));
	xof_squeeze(&x, w->rho2, LONG);
	wipe(&x, sizeof x);
	while (!attempt(p, w, sig, (uint16_t)(tried * p->l))) ASSERT(++tried < MAX_ATTEMPTS);
}

/* ---- verification ------------------------------------------------------------------------------------------------- */

/* One encoding each: places ascend within a row, what is not used is 0. */
static bool read_hint_var(const mldsa *p, uint8_t (*hint)[MLDSA_N], const uint8_t *in)
{
	unsigned at = 0;

	for (unsigned i = 0; i < p->k; i++) {
		const unsigned end = in[p->omega + i], first = at;
		if (end < at || end > p->omega) return false;
		for (; at < end; at++) {
			if (at > first && in[at] <= in[at - 1]) return false;
			hint[i][in[at]] = 1;
		}
	}
	for (; at < p->omega; at++)
		if (in[at]) return false;
	return true;
}

static bool read_response_var(const mldsa *p, dsa_poly *z, const uint8_t *in)
{
	for (unsigned j = 0; j < p->l; j++, in += 32u * p->z_bits) {
		dsa_unpack_centred(&z[j], p->z_bits, in);
		if (dsa_reaches(&z[j], gamma1(p) - beta(p))) return false;
		dsa_ntt(&z[j]);
	}
	return true;
}

/* f = row i of A z - c t1 2^13; z and c in NTT form. */
static void public_row(const mldsa *p, dsa_poly *f, const uint8_t *pk, uint8_t i, const dsa_poly *z, const dsa_poly *c)
{
	dsa_poly a, sum = { 0 };

	for (uint8_t j = 0; j < p->l; j++) {
		dsa_sample_var(&a, pk, i, j);
		dsa_mul_add(&sum, &a, &z[j]);
	}
	dsa_unpack(&a, T1_BITS, pk + RHO + i * T1);
	for (unsigned n = 0; n < MLDSA_N; n++) a.c[n] = (a.c[n] << MLDSA_D) % MLDSA_Q;
	dsa_ntt(&a);
	*f = (dsa_poly){ 0 };
	dsa_mul_add(f, &a, c);
	dsa_sub(&sum, f);
	*f = sum;
	dsa_ntt_inverse(f);
}

bool mldsa_verify_var(const mldsa *p, slice pk, slice dsep, slice message, slice sig)
{
	uint8_t mu[LONG], w1[MAX_W1], again[MLDSA_MAX_CHALLENGE], hint[MLDSA_MAX_K][MLDSA_N] = { 0 };
	dsa_poly z[MLDSA_MAX_L], c, f;

	if (pk.n != mldsa_pk_bytes(p) || sig.n != mldsa_sig_bytes(p)) return false;
	const uint8_t *response = sig.p + p->challenge;
	if (!read_hint_var(p, hint, response + 32u * p->z_bits * p->l) || !read_response_var(p, z, response)) return false;
	dsa_sample_ball_var(&c, p->tau, slice_of(sig.p, p->challenge));
	dsa_ntt(&c);
	represent(mu, pk, dsep, message);
	xof x = xof_shake256();
	xof_absorb(&x, slice_of(mu, LONG));
	for (uint8_t i = 0; i < p->k; i++) {
		public_row(p, &f, pk.p, i, z, &c);
		dsa_use_hint_var(&f, p->gamma2, hint[i]);
		dsa_pack(w1, p->w1_bits, &f);
		xof_absorb(&x, slice_of(w1, 32u * p->w1_bits));
	}
	xof_squeeze(&x, again, p->challenge);
	return memcmp(again, sig.p, p->challenge) == 0;
}
