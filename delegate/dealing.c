/* SPDX-License-Identifier: MIT */
/* delegate/dealing.c */
#include "delegate/dealing.h"
#include "base/ct.h"
#include "delegate/tagged.h"

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static uint8_t *put(uint8_t *out, const void *p, size_t n)
{
	memcpy(out, p, n);
	return out + n;
}

static uint8_t *put_knowledge(uint8_t *out, const knowledge *p)
{
	return put(put(out, p->R.b, sizeof p->R.b), p->z.b, sizeof p->z.b);
}

void dealer_begin(dealer *d, uint8_t *head, const deal_terms *x, party i, const secp_scalar *secret, const secp *curve, const rng *r)
{
	secp_pk A[FELDMAN_TERMS];
	knowledge known;
	secp_sk f_0;

	*d = (dealer){ .i = i };
	feldman_random(&d->f, x->T, secret, r);
	feldman_commit(A, &d->f, curve);
	ASSERT(secp_sk_of_scalar(&f_0, &d->f.a[0]));
	knowledge_prove(&known, x->sid, i, &f_0, &A[0], curve, r);
	wipe(&f_0, sizeof f_0);
	for (unsigned k = 0; k <= x->T; k++) head = put(head, A[k].b, sizeof A[k].b);
	head = put_knowledge(head, &known);

	secp_sk_random(&d->r, r);
	d->K = secp_pk_of(curve, &d->r);
	knowledge_prove(&known, x->sid, i, &d->r, &d->K, curve, r);
	put_knowledge(put(head, d->K.b, sizeof d->K.b), &known);
}

/* share xor a hash of the point that dealer and receiver share; the same both ways. */
static void seal_share(uint8_t out[static SECP_SK], const uint8_t in[static SECP_SK], const deal_terms *x, party i, party j,
                       const secp_pk *K, const secp_pk *D)
{
	AUTO(sha256_stream) h = tagged_begin("arca/dkg/share/v1");

	sha256_add(&h, hash32_slice(x->sid));
	hash_u16(&h, i);
	hash_u16(&h, j);
	sha256_add(&h, slice_of(K->b, sizeof K->b));
	sha256_add(&h, slice_of(D->b + 1, sizeof D->b - 1));
	hash32 pad = sha256_end(&h);
	for (size_t b = 0; b < SECP_SK; b++) out[b] = in[b] ^ pad.b[b];
	wipe(&pad, sizeof pad);
}

void dealer_seal(uint8_t *sealed, const dealer *d, const deal_terms *x)
{
	memset(sealed, 0, x->n * (size_t)SECP_SK);
	FOR_EACH_IN(j, x->to) {
		secp_scalar share = feldman_share(&d->f, j);
		secp_pk D = secp_pk_times(&x->E[j], &d->r);
		seal_share(sealed + (j - 1u) * SECP_SK, share.b, x, d->i, j, &d->K, &D);
		wipe(&share, sizeof share);
		wipe(&D, sizeof D);
	}
	DECLASSIFY(sealed, x->n * (size_t)SECP_SK, "shares behind hashes of points that only dealer and receiver know");
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static bool read_known_point(secp_pk *out, reader *r) { return secp_pk_read(out, read_bytes(r, SECP_PK)) == OK; }

static bool read_knowledge(knowledge *p, reader *r)
{
	if (!read_known_point(&p->R, r)) return false;
	const slice z = read_bytes(r, SECP_SK);
	return z.p && secp_scalar_read(&p->z, z.p);
}

static bool parse(dealt *d, knowledge *of_secret, knowledge *of_r, const deal_terms *x, slice message)
{
	reader r = reader_of(message);

	if (message.n != deal_bytes(x->n, x->T)) return false;
	for (unsigned k = 0; k <= x->T; k++) if (!read_known_point(&d->A[k], &r)) return false;
	if (!read_knowledge(of_secret, &r) || !read_known_point(&d->K, &r) || !read_knowledge(of_r, &r)) return false;
	d->sealed = read_bytes(&r, x->n * (size_t)SECP_SK);
	return read_done(&r);
}

bool dealt_read(dealt *out, const deal_terms *x, party i, slice message)
{
	knowledge of_secret, of_r;
	dealt d;

	ASSERT(x->T <= FELDMAN_DEGREE && x->n <= MAX_PARTIES);
	if (!parse(&d, &of_secret, &of_r, x, message)) {
		err_clear();
		return false;
	}
	if (!knowledge_ok_var(&of_secret, x->sid, i, &d.A[0]) || !knowledge_ok_var(&of_r, x->sid, i, &d.K)) return false;
	*out = d;
	return true;
}

/* ---- receiving --------------------------------------------------------------------------------------------------- */

/* What D opens, if it is f_i(j). */
static bool open_with(secp_scalar *share, const dealt *d, const deal_terms *x, party i, party j, const secp_pk *D, const secp *curve)
{
	uint8_t bytes[SECP_SK];
	secp_pk Y;
	secp_sk s;

	seal_share(bytes, d->sealed.p + (j - 1u) * SECP_SK, x, i, j, &d->K, D);
	const bool read = secp_scalar_read(share, bytes) && secp_sk_of_scalar(&s, share);
	wipe(bytes, sizeof bytes);
	if (!read) return false;
	const secp_pk is = secp_pk_of(curve, &s);
	wipe(&s, sizeof s);
	return feldman_public_var(&Y, d->A, x->T, j) && memcmp(Y.b, is.b, sizeof Y.b) == 0;
}

bool dealt_open(secp_scalar *share, const dealt *d, const deal_terms *x, party i, party j, const secp_sk *e, const secp *curve)
{
	secp_pk D = secp_pk_times(&d->K, e);
	const bool right = open_with(share, d, x, i, j, &D, curve);

	wipe(&D, sizeof D);
	return right;
}

static hash32 complaint_context(const deal_terms *x, party i, party j)
{
	AUTO(sha256_stream) h = tagged_begin("arca/dkg/complaint/v1");

	sha256_add(&h, hash32_slice(x->sid));
	hash_u16(&h, i);
	hash_u16(&h, j);
	return sha256_end(&h);
}

void complaint_write(uint8_t *out, const dealt *d, const deal_terms *x, party i, party j, const secp_sk *e, const secp *curve, const rng *r)
{
	const hash32 ctx = complaint_context(x, i, j);
	const secp_pk D = secp_pk_times(&d->K, e);
	dleq p;

	dleq_prove(&p, &ctx, e, &x->E[j], &d->K, &D, curve, r);
	*out = i;
	put(put(put(out + 1, D.b, sizeof D.b), p.c.b, sizeof p.c.b), p.z.b, sizeof p.z.b);
	DECLASSIFY(out, COMPLAINT_BYTES, "a complaint is published, and what it opens is of a dealer that has lied");
}

complaint_verdict complaint_judge(const uint8_t *complaint, const dealt *d, const deal_terms *x, party j, const secp *curve)
{
	const party i = complaint[0];
	const hash32 ctx = complaint_context(x, i, j);
	reader r = reader_of(slice_of(complaint + 1, COMPLAINT_BYTES - 1));
	secp_scalar share;
	secp_pk D;
	dleq p;

	if (!read_known_point(&D, &r)) {
		err_clear();
		return COMPLAINT_FALSE;
	}
	const slice c = read_bytes(&r, SECP_SK), z = read_bytes(&r, SECP_SK);
	if (!secp_scalar_read(&p.c, c.p) || !secp_scalar_read(&p.z, z.p) || !dleq_ok_var(&p, &ctx, &x->E[j], &d->K, &D))
		return COMPLAINT_FALSE;
	return open_with(&share, d, x, i, j, &D, curve) ? COMPLAINT_FALSE : COMPLAINT_RIGHT;
}
