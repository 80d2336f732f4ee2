/* SPDX-License-Identifier: MIT */
/* tkms/joint_trial.c -- a client, a coprocessor and the squash of a party, one after the other. */
#include "tkms/joint_trial.h"
#include "sym/drbg.h"
#include "tkms/encrypt.h"
#include "tkms/trial.h"
#include "tkms/trial_zeros.h"

static const ct_format FORMATS[TRIALS] = { BIG_COMPRESSED, SMALL_COMPRESSED };

static const char *const WAYS[TRIALS] = { "squash and compression", "compression, decompression, added zeros and squash" };

typedef struct making { joint_trial *trial; const coprocessor *computer; lwe64_run zeros; pool *cores; size_t i; } making;

/* What a party does with a ciphertext that it is to decrypt; where there are blocks of 64 bits, zeros are added to them. */
static err take_in(void *ctx, size_t value, const fhe_type *type, slice file)
{
	const making *m = ctx;
	const eval_keys *keys = &m->computer->keys;
	arena *a = &m->trial->memory[m->i];

	ASSERT(value == 0);
	*a = arena_with_limit(squash_file_memory(keys->params, type, file));
	squashed *ct = &m->trial->ct[m->i];
	lwe64_run plain;

	TRY(squash_read(ct, &plain, a, keys->params, type, FORMATS[m->i], file, keys, m->cores));
	if (!plain.count) return OK;
	trial_add(plain, m->zeros);
	return squash_rest(ct, &plain, 1, a, keys, m->cores);
}

static err make(joint_trial *t, const coprocessor *computer, lwe64_run zeros, slice public_key_file, const rng *random, pool *cores)
{
	making m = { t, computer, zeros, cores, 0 };
	buf list = { 0 };

	rng_fill(random, t->value.bytes, t->value.type->bytes);
	err e = tkms_encrypt(&list, public_key_file, &t->value, 1, random);
	for (; e == OK && m.i < TRIALS; m.i++) {
		e = coprocess_list(computer, cores, buf_slice(&list), FORMATS[m.i], take_in, &m);
		t->way[t->ways++] = WAYS[m.i];
	}
	buf_free(&list);
	return e;
}

/* All parties must come to the same bits: every engine is an exact one. */
err joint_trial_new(joint_trial *out, slice public_key_file, slice keyset_file, slice seed, pool *cores)
{
	joint_trial t = { .value.type = fhe_type_by_number_var(FHE_UINT128), .made = "key set is" };
	coprocessor computer = { 0 };
	lwe64_run zeros;
	seeded_keyset set;
	slice tag;

	TRY(tfhers_read_keyset(&set, &tag, keyset_file));
	AUTO(arena) a = arena_with_limit(trial_zeros_memory(set.params, t.value.type->blocks));
	AUTO(drbg) d = drbg_from_seed(seed);
	const rng random = drbg_rng(&d);
	TRY(trial_zeros(&zeros, &a, &set, t.value.type->blocks, EXACT, cores, &random));
	TRY(trial_computer_new(&computer, &set, EXACT, cores));
	err e = make(&t, &computer, zeros, public_key_file, &random, cores);
	coprocessor_free(&computer);
	if (e != OK) {
		joint_trial_free(&t);
		return e;
	}
	*out = t;
	return OK;
}

/* ---- shares -------------------------------------------------------------------------------------------------------------- */

enum { SQUASHED, COMPRESSED };

typedef struct short_way { joint_trial *trial; const eval_keys *keys; pool *cores; } short_way;

static err squash_and_compress(void *ctx, size_t value, const fhe_type *type, slice file)
{
	const short_way *w = ctx;
	const lat_params *p = w->keys->params;
	joint_trial *t = w->trial;
	squashed *plain = &t->ct[SQUASHED], *packed = &t->ct[COMPRESSED];

	ASSERT(value == 0);
	t->memory[SQUASHED] = arena_with_limit(squash_file_memory(p, type, file));
	t->memory[COMPRESSED] = arena_with_limit((size_t)(p->snscomp.k + 1) * p->snscomp.N * sizeof(u128) + 4096);
	TRY(squash_file(plain, &t->memory[SQUASHED], p, type, BIG_EXPANDED, file, w->keys, w->cores));
	*packed = (squashed){ .under = SECRET_SNSCOMP, .blocks = plain->blocks };
	return compress128_var(&packed->packed, &t->memory[COMPRESSED], w->keys, plain->lwe, w->cores);
}

err joint_trial_shares(joint_trial *out, slice public_key_file, slice keyset_file, slice seed, pool *cores)
{
	joint_trial t = { .value.type = fhe_type_by_number_var(FHE_UINT8), .made = "shares are", .ways = TRIALS,
	                  .way = { [SQUASHED] = "squash", [COMPRESSED] = "squash and compression" } };
	coprocessor computer = { 0 };
	seeded_keyset set;
	slice tag;
	buf list = { 0 };

	AUTO(drbg) d = drbg_from_seed(seed);
	const rng random = drbg_rng(&d);
	rng_fill(&random, t.value.bytes, t.value.type->bytes);
	TRY(tfhers_read_keyset(&set, &tag, keyset_file));
	err e = tkms_encrypt(&list, public_key_file, &t.value, 1, &random);
	if (e == OK) e = trial_keys_new(&computer.keys, &set, coprocessor_parts(FORMAT_BIT(BIG_COMPRESSED)), EXACT, cores);
	short_way w = { &t, &computer.keys, cores };
	if (e == OK) e = coprocess_list(&computer, cores, buf_slice(&list), BIG_EXPANDED, squash_and_compress, &w);
	coprocessor_free(&computer);
	buf_free(&list);
	if (e != OK) {
		joint_trial_free(&t);
		return e;
	}
	*out = t;
	return OK;
}

/* ---- between two sets ------------------------------------------------------------------------------------------------------ */

err joint_trial_decompression(joint_trial *out, const decompression_files *files, slice seed, pool *cores)
{
	joint_trial t = { .value.type = fhe_type_by_number_var(FHE_UINT128), .made = "decompression key is", .ways = 1,
	                  .way = { "compression under one set, this key, and the other set's squash" } };
	AUTO(drbg) d = drbg_from_seed(seed);
	const rng random = drbg_rng(&d);

	rng_fill(&random, t.value.bytes, t.value.type->bytes);
	err e = decompression_way(&t.ct[0], &t.memory[0], files, &t.value, EXACT, cores, &random);
	if (e != OK) {
		joint_trial_free(&t);
		return e;
	}
	*out = t;
	return OK;
}

void joint_trial_free(joint_trial *t)
{
	if (!t) return;
	for (size_t i = 0; i < TRIALS; i++) arena_free(&t->memory[i]);
	*t = (joint_trial){ 0 };
}

err joint_trial_came_back(const joint_trial *t, size_t i, const plaintext *got)
{
	if (got->type == t->value.type && memcmp(got->bytes, t->value.bytes, t->value.type->bytes) == 0) return OK;
	return err_fail(ERR_INTERNAL, "the new %s wrong: a value that went through %s came back changed", t->made, t->way[i]);
}
