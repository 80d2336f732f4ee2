/* SPDX-License-Identifier: MIT */
/* lattice/key_product.c -- bits as polynomials for ring/ntt.h; masks of 64 bits are widened, with their sign. */
#include "lattice/key_product.h"

err key_product_new(key_product *out, arena *a, const secret_keys *keys, part_shape s)
{
	key_product p = { .shape = s, .bits = keys->bit[s.to] };
	u128 *words;
	void *scratch;

	ASSERT(p.bits);
	if (s.N > 1) {
		p.kernel = ntt_chosen();
		p.ntt = ntt_shape_for(s.k, s.N, 1, s.bits - 1, 0);
		TRY(arena_new(a, &words, s.mask));
		/* A client multiplies its noise with a public key the other way round: the key has its last bit first. */
		for (size_t i = 0; i < s.mask; i++) words[i] = p.bits[s.kind == KIND_COMPACT ? s.mask - 1 - i : i];
		TRY(arena_new_bytes(a, &p.factor, p.kernel->factor_bytes(p.ntt), 1));
		TRY(arena_new_bytes(a, &scratch, p.kernel->scratch_bytes(p.ntt), 1));
		p.kernel->load(p.ntt, p.factor, scratch, words);
	}
	*out = p;
	return OK;
}

err row_work_new(row_work *out, arena *a, const key_product *p)
{
	TRY(arena_new(a, &out->mask, p->shape.mask));
	TRY(arena_new(a, &out->sum, p->shape.body));
	return p->kernel ? arena_new_bytes(a, &out->scratch, p->kernel->scratch_bytes(p->ntt), 1) : OK;
}

void key_product_masks(u128 *mask, size_t n, unsigned bits, mask_stream *masks)
{
	if (bits == 128) {
		mask_u128s(masks, mask, n);
		return;
	}
	/* They come into the second half and are spread from the first on. */
	uint64_t *narrow = (uint64_t *)mask + n;
	mask_u64s(masks, narrow, n);
	for (size_t i = 0; i < n; i++) mask[i] = (u128)(i128)(int64_t)narrow[i];
}

void key_product_next(const key_product *p, row_work *w, mask_stream *masks)
{
	const part_shape *s = &p->shape;

	key_product_masks(w->mask, s->mask, s->bits, masks);
	if (p->kernel) {
		p->kernel->product(p->ntt, w->sum, w->scratch, p->factor, w->mask, 0, s->N);
		return;
	}
	u128 sum = 0;
	for (size_t i = 0; i < s->mask; i++) sum += w->mask[i] & (0 - (u128)p->bits[i]);
	w->sum[0] = sum;
}
