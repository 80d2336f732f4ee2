/* SPDX-License-Identifier: MIT */
/* delegate/dleq.c */
#include "delegate/dleq.h"
#include "delegate/tagged.h"

static void add_point(sha256_stream *h, const secp_pk *P) { sha256_add(h, slice_of(P->b, sizeof P->b)); }

static secp_scalar scalar_of_hash(sha256_stream *h)
{
	hash32 x = sha256_end(h);
	const secp_scalar a = secp_scalar_reduce(x.b);

	wipe(&x, sizeof x);
	return a;
}

/* H(x xor SHA-256(random bytes), ctx, B): never 0, but for one hash in 2^256. */
static void nonce(secp_sk *k, const char *tag, const hash32 *ctx, const secp_sk *x, const secp_pk *B, const rng *r)
{
	secp_scalar a;

	do {
		hash32 fresh;
		rng_fill(r, fresh.b, sizeof fresh.b);
		fresh = sha256(hash32_slice(&fresh));
		for (size_t i = 0; i < sizeof fresh.b; i++) fresh.b[i] ^= x->b[i];
		AUTO(sha256_stream) h = tagged_begin(tag);
		sha256_add(&h, hash32_slice(&fresh));
		sha256_add(&h, hash32_slice(ctx));
		add_point(&h, B);
		a = scalar_of_hash(&h);
		wipe(&fresh, sizeof fresh);
	} while (!secp_sk_of_scalar(k, &a));
	wipe(&a, sizeof a);
}

/* k + c x */
static secp_scalar answer(const secp_sk *k, const secp_scalar *c, const secp_sk *x)
{
	secp_scalar nonce_ = secp_scalar_of_sk(k), secret = secp_scalar_of_sk(x), product = secp_scalar_mul(c, &secret);
	const secp_scalar z = secp_scalar_add(&nonce_, &product);

	wipe(&nonce_, sizeof nonce_);
	wipe(&secret, sizeof secret);
	wipe(&product, sizeof product);
	return z;
}

/* ---- knowledge --------------------------------------------------------------------------------------------------- */

static secp_scalar challenge_of_knowledge(const hash32 *sid, party i, const secp_pk *X, const secp_pk *R)
{
	AUTO(sha256_stream) h = tagged_begin("arca/dkg/pok/v1");

	sha256_add(&h, hash32_slice(sid));
	hash_u16(&h, i);
	add_point(&h, X);
	add_point(&h, R);
	return scalar_of_hash(&h);
}

void knowledge_prove(knowledge *out, const hash32 *sid, party i, const secp_sk *x, const secp_pk *X, const secp *curve, const rng *r)
{
	secp_sk k;

	nonce(&k, "arca/dkg/pok/nonce/v1", sid, x, X, r);
	out->R = secp_pk_of(curve, &k);
	const secp_scalar c = challenge_of_knowledge(sid, i, X, &out->R);
	out->z = answer(&k, &c, x);
	wipe(&k, sizeof k);
	DECLASSIFY(out, sizeof *out, "a proof is published");
}

/* z G - c X.  False: infinity. */
static bool back(secp_pk *R, const secp_scalar *z, const secp_scalar *c, const secp_pk *B, const secp_pk *X)
{
	const secp_pk P[] = { *B, secp_pk_negative(X) };
	const secp_scalar k[] = { *z, *c };

	return secp_pk_sum_var(R, P, k, COUNT(P));
}

static secp_pk generator(void)
{
	static const secp_pk G = { {
		0x02, 0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62, 0x95, 0xce, 0x87, 0x0b, 0x07,
		0x02, 0x9b, 0xfc, 0xdb, 0x2d, 0xce, 0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17, 0x98,
	} };
	return G;
}

bool knowledge_ok_var(const knowledge *p, const hash32 *sid, party i, const secp_pk *X)
{
	const secp_scalar c = challenge_of_knowledge(sid, i, X, &p->R);
	const secp_pk G = generator();
	secp_pk R;

	return back(&R, &p->z, &c, &G, X) && memcmp(R.b, p->R.b, sizeof R.b) == 0;
}

/* ---- equality ---------------------------------------------------------------------------------------------------- */

static secp_scalar challenge_of_equality(const hash32 *ctx, const secp_pk *X, const secp_pk *B, const secp_pk *D,
                                         const secp_pk *R1, const secp_pk *R2)
{
	AUTO(sha256_stream) h = tagged_begin("arca/dleq/v1");

	sha256_add(&h, hash32_slice(ctx));
	add_point(&h, X);
	add_point(&h, B);
	add_point(&h, D);
	add_point(&h, R1);
	add_point(&h, R2);
	return scalar_of_hash(&h);
}

void dleq_prove_with(dleq *out, const secp_sk *k, const hash32 *ctx, const secp_sk *x, const secp_pk *X, const secp_pk *B,
                     const secp_pk *D, const secp *curve)
{
	const secp_pk R1 = secp_pk_of(curve, k);
	secp_pk R2 = secp_pk_times(B, k);

	out->c = challenge_of_equality(ctx, X, B, D, &R1, &R2);
	out->z = answer(k, &out->c, x);
	wipe(&R2, sizeof R2);
}

void dleq_prove(dleq *out, const hash32 *ctx, const secp_sk *x, const secp_pk *X, const secp_pk *B, const secp_pk *D,
                const secp *curve, const rng *r)
{
	secp_sk k;

	nonce(&k, "arca/dleq/nonce/v1", ctx, x, B, r);
	dleq_prove_with(out, &k, ctx, x, X, B, D, curve);
	wipe(&k, sizeof k);
}

bool dleq_ok_var(const dleq *p, const hash32 *ctx, const secp_pk *X, const secp_pk *B, const secp_pk *D)
{
	const secp_pk G = generator();
	secp_pk R1, R2;

	if (!back(&R1, &p->z, &p->c, &G, X) || !back(&R2, &p->z, &p->c, B, D)) return false;
	const secp_scalar c = challenge_of_equality(ctx, X, B, D, &R1, &R2);
	return memcmp(c.b, p->c.b, sizeof c.b) == 0;
}
