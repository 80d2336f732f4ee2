/* SPDX-License-Identifier: MIT */
/* delegate/group.c */
#include "delegate/group.h"
#include "delegate/tagged.h"

enum { VERSION = 1, HEAD = 1 + 2 + 4 };

static hash32 context_of(const group_key *k, party index, const hash32 *request)
{
	AUTO(sha256_stream) h = tagged_begin("arca/dleq/ctx/v1");

	sha256_add(&h, id_slice(&k->key_id));
	hash_u32(&h, k->epoch);
	hash_u16(&h, index);
	sha256_add(&h, hash32_slice(request));
	return sha256_end(&h);
}

void group_partial_make(group_partial *out, const group_key *k, const group_share *x, const secp_pk *K, const hash32 *request,
                  const secp *curve, const rng *r)
{
	const hash32 ctx = context_of(k, x->index, request);

	ASSERT(x->index >= 1 && x->index <= k->n);
	*out = (group_partial){ .index = x->index, .epoch = k->epoch, .D = secp_pk_times(K, &x->s) };
	dleq_prove(&out->proof, &ctx, &x->s, &k->Y[x->index], K, &out->D, curve, r);
}

bool group_partial_ok_var(const group_partial *p, const group_key *k, const secp_pk *K, const hash32 *request)
{
	if (p->index < 1 || p->index > k->n || p->epoch != k->epoch) return false;
	const hash32 ctx = context_of(k, p->index, request);
	return dleq_ok_var(&p->proof, &ctx, &k->Y[p->index], K, &p->D);
}

err group_combine(secp_pk *S, const group_key *k, const group_partial *p, size_t count)
{
	secp_scalar weight[MAX_PARTIES + 1];
	secp_pk term[MAX_PARTIES];
	party_set Q = 0;

	for (size_t i = 0; i < count; i++) {
		if (p[i].index < 1 || p[i].index > k->n || p[i].epoch != k->epoch || has(Q, p[i].index))
			return err_fail(ERR_REQUEST, "a partial answer is of party %u and epoch %u, which is twice there or not of %u parties and epoch %u",
			                p[i].index, p[i].epoch, k->n, k->epoch);
		add_to(&Q, p[i].index);
	}
	if (size_of_set(Q) <= k->T)
		return err_fail(ERR_REQUEST, "%u partial answers are there, and %u are needed", size_of_set(Q), k->T + 1);
	feldman_weights(weight, Q);
	for (size_t i = 0; i < count; i++) {
		secp_sk l;
		ASSERT(secp_sk_of_scalar(&l, &weight[p[i].index]));
		term[i] = secp_pk_times(&p[i].D, &l);
	}
	const bool finite = secp_pk_sum_var(S, term, NULL, count);
	wipe(term, sizeof term);
	return finite ? OK : err_fail(ERR_REQUEST, "partial answers sum up to no point: their proofs were not looked at");
}

shared_x shared_x_of(const secp_pk *S)
{
	shared_x x;

	memcpy(x.b, S->b + 1, sizeof x.b);
	return x;
}

void group_partial_write(uint8_t out[static GROUP_PARTIAL_BYTES], const group_partial *p)
{
	const uint8_t head[] = { VERSION, 0, p->index, (uint8_t)(p->epoch >> 24), (uint8_t)(p->epoch >> 16), (uint8_t)(p->epoch >> 8),
	                         (uint8_t)p->epoch };

	memcpy(out, head, sizeof head);
	memcpy(out += sizeof head, p->D.b, sizeof p->D.b);
	memcpy(out += sizeof p->D.b, p->proof.c.b, sizeof p->proof.c.b);
	memcpy(out += sizeof p->proof.c.b, p->proof.z.b, sizeof p->proof.z.b);
}

err group_partial_read(group_partial *out, slice bytes)
{
	reader r = reader_of(bytes);
	const slice head = read_bytes(&r, HEAD), D = read_bytes(&r, SECP_PK), c = read_bytes(&r, SECP_SK), z = read_bytes(&r, SECP_SK);
	group_partial p = { 0 };

	if (!read_done(&r) || head.p[0] != VERSION)
		return err_fail(ERR_REQUEST, "%zu bytes are no partial answer: these are %d and begin with %d", bytes.n, GROUP_PARTIAL_BYTES, VERSION);
	if (head.p[1] || head.p[2] < 1 || head.p[2] > MAX_PARTIES)
		return err_fail(ERR_REQUEST, "a partial answer is of party %u, and there are at most %d", head.p[1] << 8 | head.p[2], MAX_PARTIES);
	p.index = head.p[2];
	for (unsigned i = 3; i < HEAD; i++) p.epoch = p.epoch << 8 | head.p[i];
	TRY(secp_pk_read(&p.D, D));
	if (!secp_scalar_read(&p.proof.c, c.p) || !secp_scalar_read(&p.proof.z, z.p)) {
		wipe(&p, sizeof p);
		return err_fail(ERR_REQUEST, "the proof of a partial answer is not made of scalars");
	}
	*out = p;
	wipe(&p, sizeof p);
	return OK;
}
