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

unsigned coprocessor_parts(unsigned formats)
{
	unsigned parts = 0;

	for (ct_format f = 0; f < CT_FORMATS; f++)
		if (formats & FORMAT_BIT(f)) parts |= PARTS_OF[f];
	return parts;
}

err coprocessor_new(coprocessor *out, const seeded_keyset *set, unsigned formats, pool *cores, const progress *told)
{
	return eval_keys_new(&out->keys, set, coprocessor_parts(formats), APPROXIMATE, cores, told);
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

/* ---- values that go together ---------------------------------------------------------------------------------------- */

/* Neighbours of one kind pass the keys together.  At most so many blocks, or one value: what bounds the memory. */
enum { GROUP_BLOCKS = 128 };

typedef struct group {
	size_t first, values;                    /* of the list */
	size_t block, blocks;                    /* likewise    */
	bool   boolean;
} group;

static const fhe_type *type_of(const data_kind *kind)
{
	const bool boolean = kind->id == DATA_BOOL;
	return boolean || kind->id == DATA_UNSIGNED ? fhe_type_by_blocks_var(boolean, kind->blocks) : NULL;
}

/* From value `first` on, which is of a type that is decrypted. */
static group group_from(const client_list *list, size_t first, size_t block)
{
	group g = { .first = first, .block = block, .boolean = list->value[first].id == DATA_BOOL };

	for (size_t i = first; i < list->values; i++) {
		const data_kind *kind = &list->value[i];
		if (!type_of(kind) || (kind->id == DATA_BOOL) != g.boolean) break;
		if (g.values && g.blocks + kind->blocks > GROUP_BLOCKS) break;
		g.values++;
		g.blocks += kind->blocks;
	}
	return g;
}

/* Everything that is done to all values of a group at once: *small, and *big if the format is big.  Only booleans have an
 * odd number of blocks, and they have one: each is squashed alone, as the pairs of the others are. */
static err convert_group(lwe64_run *small, lwe128_run *big, arena *a, const coprocessor *c, pool *cores, const client_list *list,
                         const group *g, ct_format format)
{
	const lat_params *p = c->keys.params;

	*small = (lwe64_run){ g->blocks, p->k * p->N, NULL };
	TRY(arena_new(a, &small->w, small->count * (small->dim + 1)));
	TRY(expand(*small, c, cores, list, g->block, g->boolean));
	if (ct_format_is_small(format)) return OK;
	*big = (lwe128_run){ g->boolean ? g->blocks : squashed_count(g->blocks), p->sns.k * p->sns.N, NULL };
	TRY(arena_new(a, &big->w, big->count * (big->dim + 1)));
	return g->boolean ? squash_single_var(*big, &c->keys, *small, cores) : squash_var(*big, &c->keys, *small, cores);
}

static err compress(ciphertext *ct, arena *a, const coprocessor *c, pool *cores)
{
	switch (ct->format) {
	case SMALL_COMPRESSED: return compress64_var(&ct->packed64, a, &c->keys, ct->lwe64, cores);
	case BIG_COMPRESSED:   return compress128_var(&ct->packed128, a, &c->keys, ct->lwe128, cores);
	case SMALL_EXPANDED:
	case BIG_EXPANDED:     return OK;
	case CT_FORMATS:       break;
	}
	assert_failed("a format of the enum", __FILE__, __LINE__);
}

/* What goes to a file. */
typedef struct outlet {
	err  (*each)(void *, size_t, const fhe_type *, slice);
	void  *ctx;
} outlet;

static err finish_value(const outlet *out, ciphertext *ct, const coprocessor *c, pool *cores, size_t i, const fhe_type *type)
{
	const lat_params *p = c->keys.params;
	const size_t packed = (size_t)(p->comp.k + 1) * p->comp.N * 8 + (size_t)(p->snscomp.k + 1) * p->snscomp.N * 16;
	arena a = arena_with_limit(packed + (1 << 16));
	buf file = { 0 };

	err e = compress(ct, &a, c, cores);
	if (e == OK) {
		tfhers_write_ciphertext(&file, ct);
		e = out->each(out->ctx, i, type, buf_slice(&file));
	}
	buf_free(&file);
	arena_free(&a);
	return e;
}

static size_t arena_for(const lat_params *p, const group *g)
{
	const size_t small = (size_t)p->k * p->N + 1, big = (size_t)p->sns.k * p->sns.N + 1;
	return g->blocks * (small * 8 + big * 16) + (1 << 16);
}

static err one_group(const outlet *out, const coprocessor *c, pool *cores, const client_list *list, const group *g,
                     ct_format format)
{
	arena a = arena_with_limit(arena_for(c->keys.params, g));
	lwe64_run small;
	lwe128_run big = { 0 };
	size_t at = 0, at_big = 0;

	err e = convert_group(&small, &big, &a, c, cores, list, g, format);
	for (size_t i = g->first; e == OK && i < g->first + g->values; i++) {
		const size_t blocks = list->value[i].blocks, squashes = squashed_count(blocks);
		ciphertext ct = { .params = c->keys.params, .format = format, .boolean = g->boolean, .blocks = blocks, .tag = list->tag,
		                  .lwe64 = { blocks, small.dim, lwe64_at(small, at) } };
		if (big.w) ct.lwe128 = (lwe128_run){ squashes, big.dim, lwe128_at(big, at_big) };
		e = finish_value(out, &ct, c, cores, i, type_of(&list->value[i]));
		at += blocks, at_big += squashes;
	}
	arena_free(&a);
	return e;
}

/* ---- a list ----------------------------------------------------------------------------------------------------------- */

static err every_value(const outlet *out, const coprocessor *c, pool *cores, const client_list *list, ct_format format)
{
	size_t block = 0;

	for (size_t i = 0; i < list->values;) {
		if (!type_of(&list->value[i])) {
			TRY(out->each(out->ctx, i, NULL, (slice){ 0 }));
			block += list->value[i++].blocks;
			continue;
		}
		const group g = group_from(list, i, block);
		TRY(one_group(out, c, cores, list, &g, format));
		i += g.values, block += g.blocks;
	}
	return OK;
}

err coprocess_list(const coprocessor *c, pool *cores, slice list_file, ct_format format,
                   err (*each)(void *ctx, size_t i, const fhe_type *type, slice file), void *ctx)
{
	arena a = arena_with_limit(2 * list_file.n + (1 << 20));
	client_list list;

	err e = tfhers_read_list(&list, &a, list_file);
	if (e == OK && list.list[0].n != c->keys.params->pke.n)
		e = err_fail(ERR_REQUEST, "the list was encrypted to a public key of dimension %u; this key set's has %u",
		             list.list[0].n, c->keys.params->pke.n);
	if (e == OK) e = every_value(&(outlet){ each, ctx }, c, cores, &list, format);
	arena_free(&a);
	return e;
}
