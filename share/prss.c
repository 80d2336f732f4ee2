/* SPDX-License-Identifier: MIT */
/* share/prss.c -- keys kept, and shares as weighted sums over the sets of their holder. */
#include "share/prss_state.h"
#include <stdlib.h>

unsigned prss_output_count(unsigned t, prss_domain domain)
{
	ASSERT(domain == PRSS_PSI || domain == PRSS_CHI || domain == PRSS_ZETA);     /* a mask has no Check */
	return domain == PRSS_CHI ? t : 1;
}

/* What a set with these outputs and weight w adds to the share of party i. */
static gr contribution(const ring *R, unsigned t, party i, prss_domain domain, const gr *outputs, gr w)
{
	gr y;

	if (R->k == 64) w = gr_narrow(w);
	if (domain == PRSS_ZETA) return gr_scale(R, outputs[0].c[0], w);
	if (domain == PRSS_PSI) return gr_mul(R, outputs[0], w);
	y = outputs[t - 1];                              /* chi_1 a + ... + chi_t a^t at the point a of party i */
	for (unsigned j = t - 1; j--;) y = gr_add(R, outputs[j], gr_times_point(R, i, y));
	return gr_mul(R, gr_times_point(R, i, y), w);
}

/* Calls each(ctx, set number, outputs of the set) for all sets held. */
static void for_each_set(const prss *p, const ring *R, prss_domain domain, const uint8_t *sid, uint64_t ctr,
                         void (*each)(void *ctx, unsigned set, const gr *outputs), void *ctx)
{
	const unsigned count = prss_output_count(p->t, domain);
	gr outputs[PRF_VALUES];
	prf_values v;

	ASSERT(R->d == p->d);
	for (size_t q = 0; q < p->quads; q += PRF_QUADS) {
		const size_t quads = size_min(PRF_QUADS, p->quads - q);
		prf_draw(&v, p->key + q, quads, R, count, domain, sid, ctr);
		for (unsigned k = 0; k < AES_QUAD * quads && AES_QUAD * q + k < p->held; k++) {
			for (unsigned j = 0; j < count; j++) outputs[j] = prf_value(&v, k, j);
			each(ctx, (unsigned)(AES_QUAD * q) + k, outputs);
		}
	}
	wipe(outputs, sizeof outputs);
	wipe(&v, sizeof v);
}

typedef struct sum {
	const prss *p;
	const ring *R;
	prss_domain domain;
	gr          total;
} sum;

static void add_set(void *ctx, unsigned set, const gr *outputs)
{
	sum *s = ctx;
	s->total = gr_add(s->R, s->total, contribution(s->R, s->p->t, s->p->me, s->domain, outputs, s->p->weight[set]));
}

static share draw(const prss *p, const ring *R, prss_domain domain, const uint8_t sid[static PRSS_SID], uint64_t ctr)
{
	sum s = { p, R, domain, GR_ZERO };

	prss_ledger_note(p, slice_of(sid, PRSS_SID), domain, R->k / 64, ctr, LEDGER_DRAWN);
	for_each_set(p, R, domain, sid, ctr, add_set, &s);
	const share mine = { s.total };
	wipe(&s, sizeof s);
	return mine;
}

share prss_next(const prss *p, const ring *R, const uint8_t sid[static PRSS_SID], uint64_t ctr)
{
	return draw(p, R, PRSS_PSI, sid, ctr);
}

share prss_z_next(const prss *p, const ring *R, const uint8_t sid[static PRSS_SID], uint64_t ctr)
{
	return draw(p, R, PRSS_ZETA, sid, ctr);
}

share przs_next(const prss *p, const ring *R, const uint8_t sid[static PRSS_SID], uint64_t ctr)
{
	return draw(p, R, PRSS_CHI, sid, ctr);
}

typedef struct list {
	gr      *out;
	unsigned each;
} list;

static void put_set(void *ctx, unsigned set, const gr *outputs)
{
	const list *l = ctx;
	memcpy(l->out + (size_t)set * l->each, outputs, l->each * sizeof *outputs);
}

void prss_outputs(gr *out, const prss *p, const ring *R, prss_domain domain, const uint8_t sid[static PRSS_SID], uint64_t ctr)
{
	list l = { out, prss_output_count(p->t, domain) };

	prss_ledger_note(p, slice_of(sid, PRSS_SID), domain, R->k / 64, ctr, LEDGER_PUBLISHED);
	for_each_set(p, R, domain, sid, ctr, put_set, &l);
}

gr prss_share_of(const ring *R, unsigned n, unsigned t, party i, prss_domain domain, const gr *outputs_of_all_sets)
{
	const unsigned count = prss_output_count(t, domain);
	const gr *outputs = outputs_of_all_sets;
	gr y = GR_ZERO;

	for (party_set A = parties_all(n - t); A; A = prss_set_after(A, n), outputs += count)
		if (has(A, i)) y = gr_add(R, y, contribution(R, t, i, domain, outputs, prss_weight(R, n, A, i)));
	return y;
}

/* ---- made and freed ---------------------------------------------------------------------------------------------- */

static void set_keys(prss *p, const id32 *epoch, const uint8_t (*r)[PRSS_KEY])
{
	const ring *R = ring_of(128, p->d);
	uint8_t key[AES128_KEY];
	unsigned j = 0;

	for (party_set A = parties_all(p->n - p->t); A; A = prss_set_after(A, p->n)) {
		if (!has(A, p->me)) continue;
		prf_key(key, PRF_LABEL, epoch, A, r[j]);
		aes_quad_set(p->key + j / AES_QUAD, j % AES_QUAD, key);
		prf_key(key, PRF_LABEL_MASK, epoch, A, r[j]);
		aes_quad_set(p->mask_key + j / AES_QUAD, j % AES_QUAD, key);
		p->weight[j] = prss_weight(R, p->n, A, p->me);
		j++;
	}
	wipe(key, sizeof key);
}

static err fill(prss *p, const id32 *epoch, const uint8_t (*r)[PRSS_KEY])
{
	void *keys;

	TRY(secret_alloc(&keys, 2 * p->quads * sizeof(aes_quad)));
	p->key = keys, p->mask_key = p->key + p->quads;
	p->weight = calloc(p->held, sizeof *p->weight);
	if (!p->weight) return err_fail(ERR_NOMEM, "the weights of %u sets of parties do not fit into memory", p->held);
	set_keys(p, epoch, r);
	p->ledger_id = prss_ledger_id(p->me, epoch, r, p->held);
	return prss_mask_weights_new(&p->small, p->weight, p->held, p->d);
}

err prss_new(prss **out, unsigned n, unsigned t, unsigned d, party me, const id32 *epoch, const uint8_t (*r)[PRSS_KEY])
{
	ASSERT(parties_allowed(n, t) && t <= PRF_VALUES && has(parties_all(n), me) && n < ring_of(128, d)->points);
	AUTO(prss) *p = calloc(1, sizeof *p);
	if (!p) return err_fail(ERR_NOMEM, "no memory for a party's keys of pseudo-random sharing");
	p->n = n, p->t = t, p->d = d, p->me = me, p->held = binomial(n - 1, t);
	p->quads = (p->held + AES_QUAD - 1) / AES_QUAD;
	TRY(fill(p, epoch, r));
	*out = p, p = NULL;
	return OK;
}

void prss_free(prss **p)
{
	if (!*p) return;
	secret_release((*p)->key);
	prss_mask_weights_free(&(*p)->small);
	free((*p)->weight);
	free(*p);
	*p = NULL;
}

unsigned prss_held(const prss *p) { return p->held; }
