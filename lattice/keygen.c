/* SPDX-License-Identifier: MIT */
/* lattice/keygen.c -- rows, chunks of rows, parts, sets. */
#include "lattice/keygen.h"
#include "lattice/poly.h"
#include "lattice/sample.h"
#include "lattice/scratch.h"
#include "sym/drbg.h"
#include <stdlib.h>

#define WORD uint64_t
#define W 64
#define ROWS(name) rows64_##name
#define ROW_MESSAGE row_message64
#define POLY(name) poly64_##name
#define MASKS mask_u64s
#define STORE store64
#define MOD mod64
#include "lattice/keygen.inc"

#define WORD u128
#define W 128
#define ROWS(name) rows128_##name
#define ROW_MESSAGE row_message128
#define POLY(name) poly128_##name
#define MASKS mask_u128s
#define STORE store128
#define MOD mod128
#include "lattice/keygen.inc"

err keygen_rows(uint8_t *bodies, const secret_keys *keys, key_part part, const mask_seed *masks,
                size_t first, size_t count, const rng *r)
{
	const part_shape shape = part_shape_of(keys->params, part);
	ASSERT(first <= shape.rows && count <= shape.rows - first);
	ASSERT(keys->bit[shape.from] && keys->bit[shape.to]);

	AUTO(mask_stream) stream = mask_open(masks);
	mask_skip(&stream, (uint64_t)first * shape.mask * (shape.bits / 8));
	return shape.bits == 64 ? rows64_make(bodies, keys, &shape, &stream, first, count, r)
	                        : rows128_make(bodies, keys, &shape, &stream, first, count, r);
}

/* ---- a part ------------------------------------------------------------------------------------------------------ */

enum { NOISE_SEED = 32, CHUNKS_AT_ONCE = 16 };

typedef struct part_job {
	uint8_t *bodies;
	const secret_keys *keys;
	key_part part;
	part_shape shape;
	const mask_seed *masks;
	size_t   first;                 /* chunk                                */
	uint8_t  noise_seeds[CHUNKS_AT_ONCE * NOISE_SEED];
} part_job;

static err chunk(void *ctx, size_t i)
{
	part_job *job = ctx;
	const size_t first = (job->first + i) * KEYGEN_CHUNK, row_bytes = job->shape.body * (job->shape.bits / 8);

	AUTO(drbg) d = drbg_from_seed(slice_of(job->noise_seeds + i * NOISE_SEED, NOISE_SEED));
	const rng r = drbg_rng(&d);
	return keygen_rows(job->bodies + first * row_bytes, job->keys, job->part, job->masks, first,
	                   size_min(KEYGEN_CHUNK, job->shape.rows - first), &r);
}

err keygen_part(uint8_t *bodies, const secret_keys *keys, key_part part, const mask_seed *masks, const rng *r, pool *p,
                const progress *told)
{
	const part_shape shape = part_shape_of(keys->params, part);
	const size_t chunks = (shape.rows + KEYGEN_CHUNK - 1) / KEYGEN_CHUNK;
	part_job job = { .bodies = bodies, .keys = keys, .part = part, .shape = shape, .masks = masks };
	err e = OK;

	for (size_t now; e == OK && job.first < chunks; job.first += now) {
		now = size_min(CHUNKS_AT_ONCE, chunks - job.first);
		rng_fill(r, job.noise_seeds, now * NOISE_SEED);
		e = pool_try(p, now, chunk, &job);
		progress_tell(told, part_body_bytes(shape) * (job.first + now) / chunks, part_body_bytes(shape));
	}
	wipe(&job, sizeof job);
	return e;
}

/* ---- a set ------------------------------------------------------------------------------------------------------- */

err secret_keys_generate(secret_keys *out, const lat_params *params, const rng *r)
{
	TRY(secret_keys_new(out, params));
	for (secret_id id = 0; id < SECRETS; id++) sample_bits(out->bit[id], secret_length(params, id), r);
	return OK;
}

mask_seed keygen_masks(const lat_params *params, const uint8_t seed[static PUBLIC_SEED_BYTES], key_part part)
{
	mask_seed m = mask_seed_xof("TFHE_GEN", slice_of(seed, PUBLIC_SEED_BYTES));
	uint64_t at = 0;

	for (key_part before = 0; before < part; before++) at += part_mask_bytes(part_shape_of(params, before));
	m.first = (mask_index){ .block = at / AES_BLOCK, .byte = (uint8_t)(at % AES_BLOCK) };
	return m;
}

/* Progress of a part as progress of the set. */
typedef struct within { const progress *told; uint64_t before, of; } within;

static void tell(void *ctx, uint64_t done, uint64_t of)
{
	const within *w = ctx;
	(void)of;
	progress_tell(w->told, w->before + done, w->of);
}

err public_set_generate(public_set *out, const secret_keys *keys, const uint8_t seed[static PUBLIC_SEED_BYTES],
                        const rng *r, pool *p, const progress *told)
{
	const lat_params *params = keys->params;
	public_set s = { .set.params = params };

	for (key_part part = 0; part < KEY_PARTS; part++) s.bytes += part_body_bytes(part_shape_of(params, part));
	s.memory = malloc(s.bytes);
	if (!s.memory) return err_fail(ERR_NOMEM, "no memory for the %zu bytes of a public key set", s.bytes);

	uint8_t *at = s.memory;
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const part_shape shape = part_shape_of(params, part);
		if (shape.rows == 0) continue;
		s.set.part[part] = (seeded_part){ { at, part_body_bytes(shape) }, keygen_masks(params, seed, part) };
		within w = { told, (uint64_t)(at - s.memory), s.bytes };
		const progress here = { &w, tell };
		err e = keygen_part(at, keys, part, &s.set.part[part].seed, r, p, &here);
		if (e != OK) {
			public_set_free(&s);
			return err_at(e, __FILE__, __LINE__);
		}
		at += part_body_bytes(shape);
	}
	*out = s;
	return OK;
}

err keys_generate(secret_keys *secret, public_set *pub, const lat_params *params, const rng *r, pool *p,
                  const progress *told)
{
	uint8_t seed[PUBLIC_SEED_BYTES];
	secret_keys keys = { 0 };

	rng_fill(r, seed, sizeof seed);
	TRY(secret_keys_generate(&keys, params, r));
	DECLASSIFY(seed, sizeof seed, "the seed of the masks is published with the key set");
	err e = public_set_generate(pub, &keys, seed, r, p, told);
	if (e != OK) {
		secret_keys_free(&keys);
		return err_at(e, __FILE__, __LINE__);
	}
	*secret = keys;
	return OK;
}

err keys_from_seed(secret_keys *secret, public_set *pub, const lat_params *params, slice seed, pool *p)
{
	const mask_seed from = mask_seed_xof("TFHEKGen", seed);
	AUTO(drbg) d = { mask_open(&from) };
	const rng r = drbg_rng(&d);
	return keys_generate(secret, pub, params, &r, p, NULL);
}

void public_set_free(public_set *s)
{
	if (!s) return;
	free(s->memory);
	*s = (public_set){ 0 };
}
