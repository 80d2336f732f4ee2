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
	joint_trial t = { .value.type = fhe_type_by_number_var(FHE_UINT128), .made = "key set" };
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

err joint_trial_decompression(joint_trial *out, const decompression_files *files, slice seed, pool *cores)
{
	joint_trial t = { .value.type = fhe_type_by_number_var(FHE_UINT128), .made = "decompression key", .ways = 1,
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
	return err_fail(ERR_INTERNAL, "the new %s is wrong: a value that went through %s came back changed", t->made, t->way[i]);
}
