/* SPDX-License-Identifier: MIT */
/* lattice/compress.c -- packing (compress.inc for both word sizes), rounding for storage, and the way back. */
#include "lattice/compress.h"
#include "lattice/bootstrap.h"
#include "lattice/lwe.h"
#include "lattice/poly.h"
#include "lattice/scratch.h"

#define WORD uint64_t
#define ROWS w64
#define RUN lwe64_run
#define PACKED packed64
#define AT lwe64_at
#define PACK pack64
#define DIGITS digits64
#define MOD mod64
#define ROTATE poly64_rotate_var
#include "lattice/compress.inc"

#define WORD u128
#define ROWS w128
#define RUN lwe128_run
#define PACKED packed128
#define AT lwe128_at
#define PACK pack128
#define DIGITS digits128
#define MOD mod128
#define ROTATE poly128_rotate_var
#include "lattice/compress.inc"

static err fits(size_t count, unsigned most)
{
	if (count == 0) return err_fail(ERR_REQUEST, "there are no blocks to compress");
	if (count > most) return err_fail(ERR_REQUEST, "%zu blocks do not fit into one list of %u", count, most);
	return OK;
}

err compress64_var(packed64 *out, arena *a, const eval_keys *keys, lwe64_run blocks)
{
	const lat_params *p = keys->params;
	TRY(fits(blocks.count, p->comp.lwe_per_glwe));
	const size_t words = blocks.count * (blocks.dim + 1);
	AUTO(arena) scratch = arena_with_limit(SCRATCH_MAX);
	lwe64_run shifted = blocks;
	packed64 packed;

	TRY(arena_new(&scratch, &shifted.w, words));
	for (size_t i = 0; i < words; i++) shifted.w[i] = blocks.w[i] * MESSAGE_MODULUS;
	TRY(pack64(&packed, a, &keys->part[PART_COMP_PKSK], shifted));

	const unsigned dropped = 64 - p->comp.storage_bits;
	for (size_t i = 0; i < (size_t)packed.k * packed.N + packed.bodies; i++)
		packed.w[i] = (packed.w[i] + ((uint64_t)1 << (dropped - 1))) >> dropped << dropped;
	*out = packed;
	return OK;
}

err compress128_var(packed128 *out, arena *a, const eval_keys *keys, lwe128_run blocks)
{
	TRY(fits(blocks.count, keys->params->snscomp.lwe_per_glwe));
	return pack128(out, a, &keys->part[PART_SNSCOMP_PKSK], blocks);
}

/* ---- and back ---------------------------------------------------------------------------------------------------- */

typedef struct unpacking {
	lwe64_run out;
	const eval_keys *keys;
	packed64  ct;
	const uint64_t *lut;
} unpacking;

static err unpack_slot(void *ctx, size_t i)
{
	const unpacking *u = ctx;
	const unsigned dim = u->ct.k * u->ct.N;
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	uint64_t *lwe;
	uint32_t *switched;

	TRY(arena_new(&a, &lwe, dim + 1));
	TRY(arena_new(&a, &switched, dim + 1));
	packed64_extract(lwe, u->ct, (unsigned)i);
	modulus_switch_var(switched, lwe, dim, u->keys->params->N, MS_STANDARD);
	return bootstrap64_var(lwe64_at(u->out, i), switched, u->lut, &u->keys->part[PART_DECOMP_BSK]);
}

err decompress64_var(lwe64_run out, const eval_keys *keys, packed64 ct, pool *p)
{
	const lat_params *params = keys->params;
	static const uint8_t identity[MESSAGE_MODULUS] = { 0, 1, 2, 3 };
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	uint64_t *lut;

	ASSERT(out.count <= ct.bodies && out.dim == params->k * params->N);
	ASSERT(ct.k == params->comp.k && ct.N == params->comp.N);
	TRY(arena_new(&a, &lut, params->N));
	lut64(lut, params->N, identity, MESSAGE_MODULUS, DELTA_LOG_64);
	unpacking u = { out, keys, ct, lut };
	return pool_try(p, out.count, unpack_slot, &u);
}
