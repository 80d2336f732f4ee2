/* SPDX-License-Identifier: MIT */
/* lattice/compress.c -- packing, rounding for storage, and the way back. */
#include "lattice/compress.h"
#include "lattice/bootstrap.h"
#include "lattice/engine.h"
#include "lattice/keyswitch.h"
#include "lattice/lwe.h"
#include "lattice/packing.h"
#include "lattice/scratch.h"

static err fits(size_t count, unsigned most)
{
	if (count == 0) return err_fail(ERR_REQUEST, "there are no blocks to compress");
	if (count > most) return err_fail(ERR_REQUEST, "%zu blocks do not fit into one list of %u", count, most);
	return OK;
}

static packing_key key_of(const eval_keys *keys, key_part part)
{
	return (packing_key){ part_shape_of(keys->params, part), &keys->seeded[part] };
}

err compress64_var(packed64 *out, arena *a, const eval_keys *keys, lwe64_run blocks, pool *p)
{
	const lat_params *params = keys->params;
	TRY(fits(blocks.count, params->comp.lwe_per_glwe));
	const size_t words = blocks.count * (blocks.dim + 1);
	AUTO(arena) scratch = arena_with_limit(SCRATCH_MAX);
	lwe64_run shifted = blocks;
	packed64 packed;

	TRY(arena_new(&scratch, &shifted.w, words));
	for (size_t i = 0; i < words; i++) shifted.w[i] = blocks.w[i] * MESSAGE_MODULUS;
	packed = (packed64){ .k = params->comp.k, .N = params->comp.N, .bodies = (unsigned)blocks.count };
	TRY(arena_new(a, &packed.w, (packed.k + 1) * (size_t)packed.N));
	TRY(packing64_var(packed.w, key_of(keys, PART_COMP_PKSK), shifted, p));

	const unsigned dropped = 64 - params->comp.storage_bits;
	for (size_t i = 0; i < (size_t)packed.k * packed.N + packed.bodies; i++)
		packed.w[i] = (packed.w[i] + ((uint64_t)1 << (dropped - 1))) >> dropped << dropped;
	*out = packed;
	return OK;
}

err compress128_var(packed128 *out, arena *a, const eval_keys *keys, lwe128_run blocks, pool *p)
{
	const lat_params *params = keys->params;
	TRY(fits(blocks.count, params->snscomp.lwe_per_glwe));
	packed128 packed = { .k = params->snscomp.k, .N = params->snscomp.N, .bodies = (unsigned)blocks.count };

	TRY(arena_new(a, &packed.w, (packed.k + 1) * (size_t)packed.N));
	TRY(packing128_var(packed.w, key_of(keys, PART_SNSCOMP_PKSK), blocks, p));
	*out = packed;
	return OK;
}

/* ---- and back ---------------------------------------------------------------------------------------------------- */

err decompress64_var(lwe64_run out, const eval_keys *keys, packed64 ct, pool *p)
{
	const lat_params *params = keys->params;
	static const uint8_t identity[MESSAGE_MODULUS] = { 0, 1, 2, 3 };
	const unsigned dim = ct.k * ct.N;
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	uint64_t *lut, *lwe;
	uint32_t *switched;

	ASSERT(out.count <= ct.bodies && ct.bodies <= ct.N && out.dim == params->k * params->N);
	ASSERT(ct.k == params->comp.k && ct.N == params->comp.N);
	TRY(arena_new(&a, &lut, params->N));
	TRY(arena_new(&a, &lwe, dim + 1));
	TRY(arena_new(&a, &switched, out.count * (dim + 1)));
	lut64(lut, params->N, identity, MESSAGE_MODULUS, DELTA_LOG_64);
	for (unsigned i = 0; i < out.count; i++) {
		packed64_extract(lwe, ct, i);
		modulus_switch_var(switched + i * (dim + 1), lwe, dim, params->N, MS_STANDARD);
	}
	return boot_rotate64(out, keys->boot[PART_DECOMP_BSK], switched, lut, p);
}
