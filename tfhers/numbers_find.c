/* SPDX-License-Identifier: MIT */
/* tfhers/numbers_find.c -- which parameter set an object belongs to, by its numbers. */
#include "tfhers/numbers.h"

static const lat_params *const SETS[] = {
	&PARAMS_DEFAULT, &PARAMS_TEST,
#ifdef ARCA_TEST_PARAMS
	&PARAMS_MINI,
#endif
};

/* ---- keys -------------------------------------------------------------------------------------------------------- */

static bool fits_client_key(const lat_params *p, const void *value)
{
	const tf_client_key *k = value;
	tf_pbs_params want = numbers_pbs(p);
	return schema_same(&T_PBS_PARAMS, &k->key.key.standard.params, &want);
}

static bool fits_pke(const lat_params *p, const tf_pke_params *got)
{
	tf_pke_params want = numbers_pke(p, got->expansion_kind.version);
	return schema_same(&T_PKE_PARAMS, got, &want);
}

static bool fits_public_key(const lat_params *p, const void *value)
{
	return fits_pke(p, &((const tf_public_key *)value)->key.parameters);
}

static bool fits_compressed_public_key(const lat_params *p, const void *value)
{
	return fits_pke(p, &((const tf_compressed_public_key *)value)->key.parameters);
}

/* By the keyswitch and the bootstrap, which every server key has. */
static bool fits_server_key(const lat_params *p, const void *value)
{
	const tf_block_key *k = &((const tf_compressed_server_key *)value)->key.key.ap.standard;
	const tf_seeded_bsk *bsk = &k->bsk.classic.bsk;

	return k->ksk.output_lwe_size == (uint64_t)p->n + 1 && k->ksk.base_log == p->ks.base_log && k->ksk.level == p->ks.level &&
	       bsk->glwe_size == (uint64_t)p->k + 1 && bsk->polynomial_size == p->N && bsk->base_log == p->pbs.base_log &&
	       bsk->level == p->pbs.level;
}

static bool fits_plain_server_key(const lat_params *p, const void *value)
{
	const tf_plain_block *k = &((const tf_server_key *)value)->key.key.ap.standard;
	const tf_fourier *bsk = &k->bsk.bsk;

	return k->ksk.output_lwe_size == (uint64_t)p->n + 1 && k->ksk.base_log == p->ks.base_log && k->ksk.level == p->ks.level &&
	       bsk->glwe_size == (uint64_t)p->k + 1 && bsk->fourier.N == p->N && bsk->base_log == p->pbs.base_log &&
	       bsk->level == p->pbs.level;
}

static bool fits_keyset(const lat_params *p, const void *value)
{
	return fits_server_key(p, &((const tf_xof_keyset *)value)->server_key);
}

/* Sets whose bootstraps are alike differ in how many bits go in. */
static bool fits_decompression_key(const lat_params *p, const void *value)
{
	const tf_seeded_bsk *bsk = &((const tf_decomp_key *)value)->bsk.classic.bsk;

	return bsk->glwe_size == (uint64_t)p->k + 1 && bsk->polynomial_size == p->N && bsk->base_log == p->comp.br.base_log &&
	       bsk->level == p->comp.br.level && bsk->data.n == part_body_bytes(part_shape_of(p, PART_DECOMP_BSK));
}

static bool fits_crs(const lat_params *p, const void *value)
{
	const tf_crs_v2 *crs = &((const tf_crs *)value)->v2;
	return crs->d == p->pke.n && crs->B_inf == (uint64_t)1 << p->pke.noise;
}

/* ---- ciphertexts ------------------------------------------------------------------------------------------------- */

static bool fits_big(const lat_params *p, size_t words) { return words == (size_t)p->k * p->N + 1; }
static bool fits_sns(const lat_params *p, size_t words) { return words == (size_t)p->sns.k * p->sns.N + 1; }

static bool fits_bool(const lat_params *p, const void *value)
{
	return fits_big(p, ((const tf_bool *)value)->block.ct.data.n / 8);
}

static bool fits_integer(const lat_params *p, const void *value)
{
	const tf_blocks *b = &((const tf_integer *)value)->blocks;
	return b->n > 0 && fits_big(p, b->p[0].ct.data.n / 8);
}

static bool fits_compressed_bool(const lat_params *p, const void *value)
{
	const tf_compressed_block *b = &((const tf_compressed_bool *)value)->block;
	return b->variant == COMPRESSED_SEEDED && fits_big(p, b->seeded.ct.lwe_size);
}

static bool fits_compressed_integer(const lat_params *p, const void *value)
{
	const tf_compressed_blocks *b = &((const tf_compressed_integer *)value)->blocks;
	return b->variant == COMPRESSED_SEEDED && b->seeded.n > 0 && fits_big(p, b->seeded.p[0].ct.lwe_size);
}

static bool fits_squashed_bool(const lat_params *p, const void *value)
{
	return fits_sns(p, ((const tf_squashed_bool *)value)->block.ct.data.n / 16);
}

static bool fits_squashed_integer(const lat_params *p, const void *value)
{
	const tf_squashed_blocks *b = &((const tf_squashed_integer *)value)->radix.packed_blocks;
	return b->n > 0 && fits_sns(p, b->p[0].ct.data.n / 16);
}

static bool fits_glwe(const tf_packed_glwes *g, unsigned k, unsigned N, unsigned storage_bits)
{
	return g->n > 0 && g->p[0].glwe_dimension == k && g->p[0].polynomial_size == N &&
	       g->p[0].packed.log_modulus == storage_bits;
}

static bool fits_compressed_list(const lat_params *p, const void *value)
{
	return fits_glwe(&((const tf_compressed_list *)value)->inner.packed.lists, p->comp.k, p->comp.N, p->comp.storage_bits);
}

static bool fits_squashed_list(const lat_params *p, const void *value)
{
	return fits_glwe(&((const tf_squashed_list *)value)->inner.packed.lists, p->snscomp.k, p->snscomp.N, 128);
}

static bool fits_chunk(const lat_params *p, const tf_chunk *c)
{
	return c->list.lwe_size == (uint64_t)p->pke.n + 1;
}

static bool fits_compact_list(const lat_params *p, const void *value)
{
	return fits_chunk(p, &((const tf_compact_list *)value)->inner.list);
}

static bool fits_proven_list(const lat_params *p, const void *value)
{
	const tf_proved_chunks *c = &((const tf_proven_list *)value)->inner.lists;
	return c->n > 0 && fits_chunk(p, &c->p[0].list);
}

static bool (*const FITS[OBJECTS])(const lat_params *p, const void *value) = {
	[OBJECT_CLIENT_KEY] = fits_client_key,
	[OBJECT_PUBLIC_KEY] = fits_public_key,
	[OBJECT_COMPRESSED_PUBLIC_KEY] = fits_compressed_public_key,
	[OBJECT_COMPRESSED_SERVER_KEY] = fits_server_key,
	[OBJECT_XOF_KEYSET] = fits_keyset,
	[OBJECT_DECOMPRESSION_KEY] = fits_decompression_key,
	[OBJECT_SERVER_KEY] = fits_plain_server_key,
	[OBJECT_BOOL] = fits_bool,
	[OBJECT_UINT] = fits_integer,
	[OBJECT_INT] = fits_integer,
	[OBJECT_COMPRESSED_BOOL] = fits_compressed_bool,
	[OBJECT_COMPRESSED_UINT] = fits_compressed_integer,
	[OBJECT_COMPRESSED_INT] = fits_compressed_integer,
	[OBJECT_COMPACT_LIST] = fits_compact_list,
	[OBJECT_PROVEN_LIST] = fits_proven_list,
	[OBJECT_COMPRESSED_LIST] = fits_compressed_list,
	[OBJECT_SQUASHED_BOOL] = fits_squashed_bool,
	[OBJECT_SQUASHED_UINT] = fits_squashed_integer,
	[OBJECT_SQUASHED_INT] = fits_squashed_integer,
	[OBJECT_SQUASHED_LIST] = fits_squashed_list,
	[OBJECT_CRS] = fits_crs,
};

const lat_params *numbers_find(object_id id, const void *value)
{
	for (size_t i = 0; i < COUNT(SETS); i++)
		if (FITS[id](SETS[i], value)) return SETS[i];
	return NULL;
}
