/* SPDX-License-Identifier: MIT */
/* tkms/coprocess.c -- expand, squash, compress: each format is a prefix of the same chain. */
#include "tkms/coprocess.h"
#include "lattice/compact.h"
#include "lattice/compress.h"
#include "lattice/squash.h"

static const unsigned PARTS_OF[CT_FORMATS] = {
	[SMALL_EXPANDED]   = COMPACT_EXPAND_PARTS,
	[SMALL_COMPRESSED] = COMPACT_EXPAND_PARTS | COMPRESS64_PARTS,
	[BIG_EXPANDED]     = COMPACT_EXPAND_PARTS | SQUASH_PARTS,
	[BIG_COMPRESSED]   = COMPACT_EXPAND_PARTS | SQUASH_PARTS | COMPRESS128_PARTS,
};

err coprocessor_new(coprocessor *out, const seeded_keyset *set, ct_format format)
{
	return eval_keys_new(&out->keys, set, PARTS_OF[format]);
}

void coprocessor_free(coprocessor *c)
{
	eval_keys_free(&c->keys);
}

/* Blocks first .. first + out.count - 1 of all that were pushed, which run through the chunks without gaps. */
static err expand(lwe64_run out, const coprocessor *c, pool *cores, const client_list *list, size_t first, bool boolean)
{
	for (size_t l = 0; l < list->lists && out.count; l++) {
		const size_t held = compact_blocks_most(&list->list[l]);
		if (first >= held) {
			first -= held;
			continue;
		}
		lwe64_run here = out;
		here.count = size_min(out.count, held - first);
		TRY(compact_expand(here, &c->keys, &list->list[l], first, boolean, cores));
		out.w = lwe64_at(out, here.count);
		out.count -= here.count;
		first = 0;
	}
	ASSERT(out.count == 0);                   /* the reader counts the blocks of all values against those of all chunks */
	return OK;
}

static err convert(ciphertext *ct, arena *a, const coprocessor *c, pool *cores)
{
	const lat_params *p = c->keys.params;

	switch (ct->format) {
	case SMALL_EXPANDED:
		return OK;
	case SMALL_COMPRESSED:
		return compress64_var(&ct->packed64, a, &c->keys, ct->lwe64);
	case BIG_EXPANDED:
	case BIG_COMPRESSED:
		ct->lwe128 = (lwe128_run){ squashed_count(ct->blocks), p->sns.k * p->sns.N, NULL };
		TRY(arena_new(a, &ct->lwe128.w, ct->lwe128.count * (ct->lwe128.dim + 1)));
		TRY(squash_var(ct->lwe128, &c->keys, ct->lwe64, cores));
		return ct->format == BIG_EXPANDED ? OK : compress128_var(&ct->packed128, a, &c->keys, ct->lwe128);
	case CT_FORMATS:
		break;
	}
	assert_failed("a format of the enum", __FILE__, __LINE__);
}

/* The largest value has 128 blocks; each passes through at most one array of every kind. */
static size_t arena_for(const lat_params *p, size_t blocks)
{
	const size_t small = (size_t)p->k * p->N + 1, big = (size_t)p->sns.k * p->sns.N + 1;
	const size_t packed = (size_t)(p->comp.k + 1) * p->comp.N * 8 + (size_t)(p->snscomp.k + 1) * p->snscomp.N * 16;
	return blocks * (small * 8 + big * 16) + 4 * packed + (1 << 20);
}

static err one_value(coprocessor *c, pool *cores, const client_list *list, ct_format format, size_t i, size_t first,
                     err (*each)(void *, size_t, const fhe_type *, slice), void *ctx)
{
	const data_kind *kind = &list->value[i];
	const bool boolean = kind->id == DATA_BOOL;
	const fhe_type *type = boolean || kind->id == DATA_UNSIGNED ? fhe_type_by_blocks_var(boolean, kind->blocks) : NULL;
	if (!type) return each(ctx, i, NULL, (slice){ 0 });

	const lat_params *p = c->keys.params;
	arena a = arena_with_limit(arena_for(p, kind->blocks));
	ciphertext ct = { .params = p, .format = format, .boolean = boolean, .blocks = kind->blocks, .tag = list->tag,
	                  .lwe64 = { kind->blocks, p->k * p->N, NULL } };
	buf file = { 0 };

	err e = arena_new(&a, &ct.lwe64.w, ct.lwe64.count * (ct.lwe64.dim + 1));
	if (e == OK) e = expand(ct.lwe64, c, cores, list, first, boolean);
	if (e == OK) e = convert(&ct, &a, c, cores);
	if (e == OK) {
		tfhers_write_ciphertext(&file, &ct);
		e = each(ctx, i, type, buf_slice(&file));
	}
	buf_free(&file);
	arena_free(&a);
	return e;
}

err coprocess_list(coprocessor *c, pool *cores, slice list_file, ct_format format,
                   err (*each)(void *ctx, size_t i, const fhe_type *type, slice file), void *ctx)
{
	arena a = arena_with_limit(2 * list_file.n + (1 << 20));
	client_list list;
	size_t first = 0;

	err e = tfhers_read_list(&list, &a, list_file);
	if (e == OK && list.list[0].n != c->keys.params->pke.n)
		e = err_fail(ERR_REQUEST, "the list was encrypted to a public key of dimension %u; this key set's has %u",
		             list.list[0].n, c->keys.params->pke.n);
	for (size_t i = 0; e == OK && i < list.values; i++) {
		e = one_value(c, cores, &list, format, i, first, each, ctx);
		first += list.value[i].blocks;
	}
	arena_free(&a);
	return e;
}
