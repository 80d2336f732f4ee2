/* SPDX-License-Identifier: MIT */
/* tkms/decompression.c -- one part of a set, between two sets, and its trial. */
#include "tkms/decompression.h"
#include "lattice/decrypt.h"
#include "lattice/keygen.h"
#include "tkms/encrypt.h"
#include "tkms/trial.h"

/* ---- made ------------------------------------------------------------------------------------------------------------ */

static keyset_layout layout_of(const lat_params *params) { return tfhers_decompression_layout(params, PUBLIC_SEED_BYTES); }

size_t decompression_bytes(const lat_params *params) { return layout_of(params).bytes; }

uint8_t *decompression_place(uint8_t *file, const lat_params *params)
{
	return file + layout_of(params).at[PART_DECOMP_BSK];
}

void decompression_frame(uint8_t *file, const seeded_keyset *set) { tfhers_frame_decompression_key(file, set); }

err decompression_make(draft *room, const secret_keys *from, const secret_keys *to, pool *cores, const rng *random,
                       const progress *told)
{
	const lat_params *params = to->params;
	const size_t bytes = part_body_bytes(part_shape_of(params, PART_DECOMP_BSK));
	secret_keys both = { .params = params };         /* borrows: not to be freed */
	seeded_keyset set = { .params = params };
	uint8_t seed[PUBLIC_SEED_BYTES];

	ASSERT(from->params == params && draft_slice(room).n == decompression_bytes(params));
	uint8_t *bodies = decompression_place(draft_bytes(room), params);
	both.bit[SECRET_COMP] = from->bit[SECRET_COMP];
	both.bit[SECRET_BIG] = to->bit[SECRET_BIG];
	rng_fill(random, seed, sizeof seed);
	DECLASSIFY(seed, sizeof seed, "the seed of the masks is published with the key");
	set.part[PART_DECOMP_BSK] = (seeded_part){
		.bodies = { bodies, bytes }, .seed = keygen_masks_among(params, seed, PART_BIT(PART_DECOMP_BSK), PART_DECOMP_BSK),
	};
	TRY(keygen_part(bodies, &both, PART_DECOMP_BSK, &set.part[PART_DECOMP_BSK].seed, random, cores, told));
	decompression_frame(draft_bytes(room), &set);
	return OK;
}

/* ---- tried ----------------------------------------------------------------------------------------------------------- */

typedef struct way {
	const decompression_files *files;
	coprocessor from;                                /* encrypts and compresses                 */
	eval_keys   to;                                  /* decompresses with the key, and squashes */
	squashed   *out;
	arena      *memory;
	pool       *cores;
} way;

/* The set of `to` with the new key in place of its own. */
static err read_sets(seeded_keyset *from, seeded_keyset *to, const decompression_files *f)
{
	seeded_keyset key;
	slice tag;

	TRY(tfhers_read_keyset(from, &tag, f->from_keyset));
	TRY(tfhers_read_keyset(to, &tag, f->to_keyset));
	TRY(tfhers_read_decompression_key(&key, f->key));
	if (from->params != to->params || key.params != to->params)
		return err_fail(ERR_REQUEST, "a decompression key leads between two key sets of the same parameters; these are %s, %s and %s",
		                from->params->name, to->params->name, key.params->name);
	to->part[PART_DECOMP_BSK] = key.part[PART_DECOMP_BSK];
	return OK;
}

static err take_in(void *ctx, size_t i, const fhe_type *type, slice file)
{
	const way *w = ctx;

	ASSERT(i == 0);
	*w->memory = arena_with_limit(squash_file_memory(w->to.params, type, file));
	return squash_file(w->out, w->memory, w->to.params, type, SMALL_COMPRESSED, file, &w->to, w->cores);
}

err decompression_way(squashed *out, arena *a, const decompression_files *files, const plaintext *value, exactness how, pool *cores,
                      const rng *random)
{
	way w = { .files = files, .out = out, .memory = a, .cores = cores };
	seeded_keyset from, to;
	buf list = { 0 };

	TRY(read_sets(&from, &to, files));
	err e = tkms_encrypt(&list, files->from_public_key, value, 1, random);
	if (e == OK) e = trial_keys_new(&w.from.keys, &from, coprocessor_parts(FORMAT_BIT(SMALL_COMPRESSED)), how, cores);
	if (e == OK) e = trial_keys_new(&w.to, &to, SMALL_FORMAT_PARTS, how, cores);
	if (e == OK) e = coprocess_list(&w.from, cores, buf_slice(&list), SMALL_COMPRESSED, take_in, &w);
	coprocessor_free(&w.from);
	eval_keys_free(&w.to);
	buf_free(&list);
	return e;
}

err decompression_try(const decompression_files *files, const secret_keys *to, pool *cores, const rng *random)
{
	plaintext value = { .type = fhe_type_by_number_var(FHE_UINT8) };
	uint8_t got[FHE_MAX_BYTES] = { 0 };
	arena a = { 0 };
	squashed ct;

	rng_fill(random, value.bytes, 1);
	err e = decompression_way(&ct, &a, files, &value, APPROXIMATE, cores, random);
	if (e == OK) e = decrypt_lwe128(got, to, ct.lwe, value.type->blocks, false);
	arena_free(&a);
	if (e != OK || memcmp(got, value.bytes, value.type->bytes) == 0) return e;
	return err_fail(ERR_INTERNAL, "the new decompression key is wrong: a value that went through it came back changed");
}
