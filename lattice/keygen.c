/* SPDX-License-Identifier: MIT */
/* lattice/keygen.c -- rows, chunks of rows, parts, sets. */
#include "lattice/keygen.h"
#include "lattice/key_product.h"
#include "lattice/sample.h"
#include "lattice/scratch.h"
#include "sym/drbg.h"
#include <stdlib.h>

/* ---- rows -------------------------------------------------------------------------------------------------------- */

/* Rows of a switching key are ordered by input bit, then level (highest number first), then, in bootstrap keys, by the
 * polynomial of the output key. */
void row_message(u128 *message, const secret_keys *keys, const part_shape *shape, size_t row)
{
	memset(message, 0, shape->body * sizeof *message);
	if (shape->kind == KIND_COMPACT || shape->kind == KIND_ZEROS) return;

	const unsigned polynomials = shape->kind == KIND_BSK ? shape->k + 1 : 1, r = (unsigned)(row % polynomials);
	const size_t cell = row / polynomials;
	const unsigned j = shape->decomp.level - (unsigned)(cell % shape->decomp.level);
	const u128 m = (u128)keys->bit[shape->from][cell / shape->decomp.level] << (shape->bits - shape->decomp.base_log * j);

	if (shape->kind == KIND_BSK && r < shape->k) {
		const uint8_t *S_r = keys->bit[shape->to] + (size_t)r * shape->N;
		for (unsigned c = 0; c < shape->N; c++) message[c] = 0 - (m & (0 - (u128)S_r[c]));
	} else {
		message[0] = m;
	}
}

/* A part being made: what its rows have in common. */
typedef struct maker {
	const secret_keys *keys;
	const mask_seed   *masks;               /* of the first row */
	key_product        product;
} maker;

static size_t row_bytes(const part_shape *s) { return s->body * (s->bits / 8); }

static void store(uint8_t *bodies, const u128 *words, const part_shape *s)
{
	if (s->bits == 64)
		for (size_t c = 0; c < s->body; c++) store64(bodies + 8 * c, (uint64_t)words[c]);
	else
		for (size_t c = 0; c < s->body; c++) store128(bodies + 16 * c, words[c]);
}

/* Bodies hold message and noise before the mask covers them, so all of this lives and dies as a secret. */
typedef struct row_scratch {
	row_work work;
	int64_t *noise;
	u128    *body;
} row_scratch;

static err row_scratch_new(row_scratch *out, arena *a, const maker *m)
{
	TRY(row_work_new(&out->work, a, &m->product));
	TRY(arena_new(a, &out->noise, m->product.shape.body));
	return arena_new(a, &out->body, m->product.shape.body);
}

static void make_rows(uint8_t *bodies, row_scratch *w, const maker *m, size_t first, size_t count, const rng *r)
{
	const part_shape *s = &m->product.shape;

	AUTO(mask_stream) stream = mask_open(m->masks);
	mask_skip(&stream, (uint64_t)first * s->mask * (s->bits / 8));
	for (size_t row = first; row < first + count; row++, bodies += row_bytes(s)) {
		sample_tuniform(w->noise, s->body, s->noise, r);
		row_message(w->body, m->keys, s, row);
		key_product_next(&m->product, &w->work, &stream);
		for (size_t c = 0; c < s->body; c++) w->body[c] += (u128)(i128)w->noise[c] + w->work.sum[c];
		DECLASSIFY(w->body, s->body * sizeof *w->body, "bodies of public keys are published");
		store(bodies, w->body, s);
	}
}

static err maker_new(maker *m, arena *a, const secret_keys *keys, key_part part, const mask_seed *masks)
{
	const part_shape shape = part_shape_of(keys->params, part);

	ASSERT(keys->bit[shape.from]);
	*m = (maker){ .keys = keys, .masks = masks };
	return key_product_new(&m->product, a, keys, shape);
}

err keygen_rows(uint8_t *bodies, const secret_keys *keys, key_part part, const mask_seed *masks,
                size_t first, size_t count, const rng *r)
{
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	maker m;
	row_scratch w;

	TRY(maker_new(&m, &a, keys, part, masks));
	TRY(row_scratch_new(&w, &a, &m));
	ASSERT(first <= m.product.shape.rows && count <= m.product.shape.rows - first);
	make_rows(bodies, &w, &m, first, count, r);
	return OK;
}

/* ---- a part ------------------------------------------------------------------------------------------------------ */

/* A thread takes a few chunks at a time, and their scratch once; the threads wait for each other after so many. */
enum { NOISE_SEED = 32, CHUNKS_A_JOB = 4, JOBS_AT_ONCE = 32, CHUNKS_AT_ONCE = JOBS_AT_ONCE * CHUNKS_A_JOB };

typedef struct part_job {
	uint8_t *bodies;
	maker    maker;
	size_t   first, end;            /* chunks                               */
	uint8_t  noise_seeds[CHUNKS_AT_ONCE * NOISE_SEED];
} part_job;

static void chunk(const part_job *job, row_scratch *w, size_t i)
{
	const part_shape *s = &job->maker.product.shape;
	const size_t first = (job->first + i) * KEYGEN_CHUNK;

	AUTO(drbg) d = drbg_from_seed(slice_of(job->noise_seeds + i * NOISE_SEED, NOISE_SEED));
	const rng r = drbg_rng(&d);
	make_rows(job->bodies + first * row_bytes(s), w, &job->maker, first, size_min(KEYGEN_CHUNK, s->rows - first), &r);
}

static err chunks(void *ctx, size_t i)
{
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	const part_job *job = ctx;
	row_scratch w;

	TRY(row_scratch_new(&w, &a, &job->maker));
	for (size_t c = i * CHUNKS_A_JOB; c < (i + 1) * CHUNKS_A_JOB && job->first + c < job->end; c++) chunk(job, &w, c);
	return OK;
}

err keygen_part(uint8_t *bodies, const secret_keys *keys, key_part part, const mask_seed *masks, const rng *r, pool *p,
                const progress *told)
{
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	const part_shape shape = part_shape_of(keys->params, part);
	part_job job = { .bodies = bodies, .end = (shape.rows + KEYGEN_CHUNK - 1) / KEYGEN_CHUNK };
	err e = OK;

	if (job.end == 0) return OK;
	TRY(maker_new(&job.maker, &a, keys, part, masks));
	for (size_t now; e == OK && job.first < job.end; job.first += now) {
		now = size_min(CHUNKS_AT_ONCE, job.end - job.first);
		rng_fill(r, job.noise_seeds, now * NOISE_SEED);
		e = pool_try(p, (now + CHUNKS_A_JOB - 1) / CHUNKS_A_JOB, chunks, &job);
		progress_tell(told, part_body_bytes(shape) * (job.first + now) / job.end, part_body_bytes(shape));
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

mask_seed keygen_masks_among(const lat_params *params, const uint8_t seed[static PUBLIC_SEED_BYTES], unsigned parts, key_part part)
{
	mask_seed m = mask_seed_xof("TFHE_GEN", slice_of(seed, PUBLIC_SEED_BYTES));
	uint64_t at = 0;

	for (key_part before = 0; before < part; before++)
		if (parts & PART_BIT(before)) at += part_mask_bytes(part_shape_of(params, before));
	m.first = (mask_index){ .block = at / AES_BLOCK, .byte = (uint8_t)(at % AES_BLOCK) };
	return m;
}

mask_seed keygen_masks(const lat_params *params, const uint8_t seed[static PUBLIC_SEED_BYTES], key_part part)
{
	return keygen_masks_among(params, seed, ALL_PARTS, part);
}

/* Progress of a part as progress of the set. */
typedef struct within { const progress *told; uint64_t before, of; } within;

static void tell(void *ctx, uint64_t done, uint64_t of)
{
	const within *w = ctx;
	(void)of;
	progress_tell(w->told, w->before + done, w->of);
}

err public_set_fill(seeded_keyset *out, uint8_t *const where[static KEY_PARTS], const secret_keys *keys,
                    const uint8_t seed[static PUBLIC_SEED_BYTES], const rng *r, pool *p, const progress *told)
{
	const lat_params *params = keys->params;
	seeded_keyset set = { .params = params };
	within w = { .told = told };

	for (key_part part = 0; part < KEY_PARTS; part++) w.of += part_body_bytes(part_shape_of(params, part));
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const size_t bytes = part_body_bytes(part_shape_of(params, part));
		const progress here = { &w, tell };
		if (bytes == 0) continue;
		ASSERT(where[part]);
		set.part[part] = (seeded_part){ .bodies = { where[part], bytes }, .seed = keygen_masks(params, seed, part) };
		TRY(keygen_part(where[part], keys, part, &set.part[part].seed, r, p, &here));
		w.before += bytes;
	}
	*out = set;
	return OK;
}

err public_set_generate(public_set *out, const secret_keys *keys, const uint8_t seed[static PUBLIC_SEED_BYTES],
                        const rng *r, pool *p, const progress *told)
{
	public_set s = { 0 };
	uint8_t *where[KEY_PARTS];

	for (key_part part = 0; part < KEY_PARTS; part++) s.bytes += part_body_bytes(part_shape_of(keys->params, part));
	s.memory = malloc(s.bytes);
	if (!s.memory) return err_fail(ERR_NOMEM, "no memory for the %zu bytes of a public key set", s.bytes);
	uint8_t *at = s.memory;
	for (key_part part = 0; part < KEY_PARTS; part++) {
		where[part] = at;
		at += part_body_bytes(part_shape_of(keys->params, part));
	}
	err e = public_set_fill(&s.set, where, keys, seed, r, p, told);
	if (e != OK) {
		public_set_free(&s);
		return err_at(e, __FILE__, __LINE__);
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
