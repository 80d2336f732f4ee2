/* SPDX-License-Identifier: MIT */
/*
 * seal/mlkem.c -- K-PKE and the transform around it.  The letters are those of FIPS 203, sections 5 and 6.
 *
 * The matrix A is never held: each entry is sampled where it is multiplied.
 */
#include "seal/mlkem.h"
#include "base/ct.h"
#include "seal/mlkem_poly.h"
#include "sym/keccak.h"

const mlkem MLKEM_512 = { .k = 2, .eta1 = 3, .eta2 = 2, .du = 10, .dv = 4 };
const mlkem MLKEM_768 = { .k = 3, .eta1 = 2, .eta2 = 2, .du = 10, .dv = 4 };
const mlkem MLKEM_1024 = { .k = 4, .eta1 = 2, .eta2 = 2, .du = 11, .dv = 5 };

enum { POLY12 = 32 * 12, HASH = 32 };                    /* bytes of an encoded polynomial; of H, G's halves, J */

/* (a, b) = G(x || y) = SHA3-512 in two halves */
static void G(uint8_t a[static HASH], uint8_t b[static HASH], slice x, slice y)
{
	xof g = xof_sha3_512();
	xof_absorb(&g, x);
	xof_absorb(&g, y);
	xof_squeeze(&g, a, HASH);
	xof_squeeze(&g, b, HASH);
	wipe(&g, sizeof g);
}

/* ek = t || rho, dk = s, with t = A s + e (all in NTT form). */
static void pke_keygen(const mlkem *p, uint8_t *ek, uint8_t *dk, const uint8_t d[static MLKEM_SEED])
{
	uint8_t rho[HASH], sigma[HASH];
	poly s[MLKEM_MAX_K], t, a;

	G(rho, sigma, slice_of(d, MLKEM_SEED), slice_of(&p->k, 1));
	DECLASSIFY(rho, sizeof rho, "the seed of the matrix is part of the ML-KEM public key");
	for (uint8_t i = 0; i < p->k; i++) {
		poly_noise(&s[i], p->eta1, sigma, i);
		poly_ntt(&s[i]);
		poly_encode(dk + i * POLY12, 12, &s[i]);
	}
	for (uint8_t i = 0; i < p->k; i++) {
		poly_noise(&t, p->eta1, sigma, (uint8_t)(p->k + i));
		poly_ntt(&t);
		for (uint8_t j = 0; j < p->k; j++) {
			poly_sample_var(&a, rho, i, j);
			poly_mul_add(&t, &a, &s[j]);
		}
		poly_encode(ek + i * POLY12, 12, &t);
	}
	memcpy(ek + p->k * POLY12, rho, sizeof rho);
	wipe(sigma, sizeof sigma);
	wipe(s, sizeof s);
}

/* ct = (u, v): u = A^T y + e_1, v = t^T y + e_2 + m (q/2), rounded to du and dv bits. */
static void pke_encrypt(const mlkem *p, uint8_t *ct, const uint8_t *ek, const uint8_t m[static MLKEM_SEED],
                        const uint8_t r[static HASH])
{
	const uint8_t *rho = ek + p->k * POLY12;
	poly y[MLKEM_MAX_K], sum, a;

	for (uint8_t i = 0; i < p->k; i++) {
		poly_noise(&y[i], p->eta1, r, i);
		poly_ntt(&y[i]);
	}
	for (uint8_t i = 0; i < p->k; i++) {
		sum = (poly){ 0 };
		for (uint8_t j = 0; j < p->k; j++) {
			poly_sample_var(&a, rho, j, i);
			poly_mul_add(&sum, &a, &y[j]);
		}
		poly_ntt_inverse(&sum);
		poly_noise(&a, p->eta2, r, (uint8_t)(p->k + i));
		poly_add(&sum, &a);
		poly_compress(&sum, p->du);
		poly_encode(ct, p->du, &sum);
		ct += 32u * p->du;
	}
	sum = (poly){ 0 };
	for (uint8_t j = 0; j < p->k; j++) {
		poly_decode(&a, 12, ek + j * POLY12);
		poly_mul_add(&sum, &a, &y[j]);
	}
	poly_ntt_inverse(&sum);
	poly_noise(&a, p->eta2, r, (uint8_t)(2 * p->k));
	poly_add(&sum, &a);
	poly_decode(&a, 1, m);
	poly_decompress(&a, 1);
	poly_add(&sum, &a);
	poly_compress(&sum, p->dv);
	poly_encode(ct, p->dv, &sum);
	wipe(y, sizeof y);
	wipe(&a, sizeof a);
	wipe(&sum, sizeof sum);
}

/* m = v - s^T u, rounded to one bit. */
static void pke_decrypt(const mlkem *p, uint8_t m[static MLKEM_SEED], const uint8_t *dk, const uint8_t *ct)
{
	poly u, s, sum = { 0 };

	for (uint8_t j = 0; j < p->k; j++) {
		poly_decode(&u, p->du, ct);
		poly_decompress(&u, p->du);
		poly_ntt(&u);
		poly_decode(&s, 12, dk + j * POLY12);
		poly_mul_add(&sum, &s, &u);
		ct += 32u * p->du;
	}
	poly_ntt_inverse(&sum);
	poly_decode(&u, p->dv, ct);
	poly_decompress(&u, p->dv);
	poly_sub(&u, &sum);
	poly_compress(&u, 1);
	poly_encode(m, 1, &u);
	wipe(&s, sizeof s);
	wipe(&u, sizeof u);
	wipe(&sum, sizeof sum);
}

bool mlkem_ek_valid_var(const mlkem *p, const uint8_t *ek)
{
	for (unsigned i = 0; i < p->k; i++)
		if (!poly_encoding_canonical_var(ek + i * POLY12)) return false;
	return true;
}

/* dk = s || ek || H(ek) || z */
void mlkem_keygen(const mlkem *p, uint8_t *ek, uint8_t *dk, const uint8_t d[static MLKEM_SEED],
                  const uint8_t z[static MLKEM_SEED])
{
	const size_t n = mlkem_ek_bytes(p);

	pke_keygen(p, ek, dk, d);
	DECLASSIFY(ek, n, "the ML-KEM public key");
	const hash32 h = sha3_256(slice_of(ek, n));
	uint8_t *rest = dk + p->k * POLY12;
	memcpy(rest, ek, n);
	memcpy(rest + n, h.b, sizeof h.b);
	memcpy(rest + n + sizeof h.b, z, MLKEM_SEED);
}

void mlkem_encaps(const mlkem *p, uint8_t *ct, uint8_t ss[static MLKEM_SS], const uint8_t *ek,
                  const uint8_t m[static MLKEM_SEED])
{
	uint8_t r[HASH];
	const hash32 h = sha3_256(slice_of(ek, mlkem_ek_bytes(p)));

	G(ss, r, slice_of(m, MLKEM_SEED), hash32_slice(&h));
	pke_encrypt(p, ct, ek, m, r);
	DECLASSIFY(ct, mlkem_ct_bytes(p), "the ML-KEM ciphertext is sent");
	wipe(r, sizeof r);
}

void mlkem_decaps(const mlkem *p, uint8_t ss[static MLKEM_SS], const uint8_t *dk, const uint8_t *ct)
{
	const uint8_t *ek = mlkem_dk_ek(p, dk), *h = ek + mlkem_ek_bytes(p), *z = h + HASH;
	const size_t n = mlkem_ct_bytes(p);
	uint8_t m[MLKEM_SEED], r[HASH], rejected[MLKEM_SS], again[MLKEM_MAX_CT];

	DECLASSIFY(ek, mlkem_ek_bytes(p) + HASH, "the copy of the public key inside the ML-KEM secret key");
	pke_decrypt(p, m, dk, ct);
	G(ss, r, slice_of(m, sizeof m), slice_of(h, HASH));
	pke_encrypt(p, again, ek, m, r);

	/* If ct is not what m encrypts to: J(z || ct) = SHAKE256. */
	xof j = xof_shake256();
	xof_absorb(&j, slice_of(z, MLKEM_SEED));
	xof_absorb(&j, slice_of(ct, n));
	xof_squeeze(&j, rejected, sizeof rejected);
	ct_bytes_move(~ct_bytes_eq(ct, again, n), ss, rejected, MLKEM_SS);

	wipe(m, sizeof m);
	wipe(r, sizeof r);
	wipe(again, sizeof again);
	wipe(&j, sizeof j);
	wipe(rejected, sizeof rejected);
}
