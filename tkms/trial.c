/* SPDX-License-Identifier: MIT */
/* tkms/trial.c -- one byte travels as a client's value does. */
#include "tkms/trial.h"
#include "lattice/compress.h"
#include "lattice/decrypt.h"
#include "lattice/engine.h"
#include "tkms/coprocess.h"
#include "tkms/encrypt.h"

typedef struct trial {
	const secret_keys *keys;
	const plaintext   *value;
	const coprocessor *computer;
	ct_format          format;
} trial;

static err same_value(const trial *t, const uint8_t *value, const char *way)
{
	if (memcmp(value, t->value->bytes, t->value->type->bytes) == 0) return OK;
	return err_fail(ERR_INTERNAL, "the new key set is wrong: a value that went through %s came back changed", way);
}

/* From the compressed list back to single blocks, with the decompression key. */
static err decompresses_to_value(const trial *t, slice file)
{
	const unsigned dim = t->keys->params->k * t->keys->params->N;
	arena a = arena_with_limit((size_t)16 << 20);
	uint8_t value[FHE_MAX_BYTES];
	ciphertext ct;

	err e = tfhers_read_ciphertext(&ct, &a, file);
	lwe64_run blocks = { t->value->type->blocks, dim, NULL };
	if (e == OK) e = arena_new(&a, &blocks.w, blocks.count * (dim + 1));
	if (e == OK) e = decompress64_var(blocks, &t->computer->keys, ct.packed64, NULL);
	if (e == OK) e = decrypt_lwe64(value, t->keys, blocks, blocks.count, false);
	if (e == OK) e = same_value(t, value, "the decompression key");
	arena_free(&a);
	return e;
}

static err decrypts_to_value(void *ctx, size_t i, const fhe_type *type, slice file)
{
	const trial *t = ctx;
	plaintext p;

	(void)i;
	TRY(tkms_decrypt(&p, t->keys, type, t->format, file));
	TRY(same_value(t, p.bytes, ct_format_name(t->format)));
	return t->format == SMALL_COMPRESSED ? decompresses_to_value(t, file) : OK;
}

/*
 * Every key that computes on values.  The squash key in the form for squashing takes gigabytes; for the two squashes of a
 * trial the engine that makes rows when it needs them will do, where there is a choice.
 */
static err computer_new(coprocessor *out, const seeded_keyset *set, pool *cores)
{
	const unsigned parts = coprocessor_parts(FORMAT_BIT(SMALL_COMPRESSED) | FORMAT_BIT(BIG_COMPRESSED)) | DECOMPRESS64_PARTS;
	const bool choice = engine_for(set->params, PART_SNS_BSK, EXACT) == ENGINE_LIMBS;

	if (!choice) return eval_keys_new(&out->keys, set, parts, APPROXIMATE, cores, NULL);
	const boot_form form = boot_form_of(set->params, PART_SNS_BSK, ENGINE_NTT, NULL);
	TRY(eval_keys_new(&out->keys, set, parts & ~PART_BIT(PART_SNS_BSK), APPROXIMATE, cores, NULL));
	err e = part_present(set, PART_SNS_BSK);
	if (e == OK) e = boot_key_new(&out->keys.boot[PART_SNS_BSK], &form, NULL, NULL, &set->part[PART_SNS_BSK]);
	if (e != OK) eval_keys_free(&out->keys);
	return e;
}

err tkms_try_keyset(slice public_key_file, slice keyset_file, const secret_keys *keys, pool *cores, const rng *random)
{
	static const ct_format way[] = { SMALL_COMPRESSED, BIG_COMPRESSED };
	plaintext value = { .type = fhe_type_by_number_var(FHE_UINT8) };
	coprocessor computer = { 0 };
	seeded_keyset set;
	slice tag;
	buf list = { 0 };

	rng_fill(random, value.bytes, 1);
	TRY(tfhers_read_keyset(&set, &tag, keyset_file));
	err e = tkms_encrypt(&list, public_key_file, &value, 1, random);
	if (e == OK) e = computer_new(&computer, &set, cores);
	for (size_t i = 0; e == OK && i < COUNT(way); i++) {
		trial t = { keys, &value, &computer, way[i] };
		e = coprocess_list(&computer, cores, buf_slice(&list), way[i], decrypts_to_value, &t);
	}
	coprocessor_free(&computer);
	buf_free(&list);
	return e;
}
