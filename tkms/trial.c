/* SPDX-License-Identifier: MIT */
/* tkms/trial.c -- one byte travels as a client's value does. */
#include "tkms/trial.h"
#include "lattice/compress.h"
#include "lattice/decrypt.h"
#include "lattice/engine.h"
#include "tkms/encrypt.h"
#include "tkms/trial_zeros.h"

typedef struct trial {
	const secret_keys *keys;
	const plaintext   *value;
	const coprocessor *computer;
	lwe64_run          zeros;
	ct_format          format;
} trial;

static err same_value(const trial *t, const uint8_t *value, const char *way)
{
	if (memcmp(value, t->value->bytes, t->value->type->bytes) == 0) return OK;
	return err_fail(ERR_INTERNAL, "the new key set is wrong: a value that went through %s came back changed", way);
}

/* From the compressed list back to single blocks, with the decompression key, and zeros on top. */
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
	if (e == OK) trial_add(blocks, t->zeros);
	if (e == OK) e = decrypt_lwe64(value, t->keys, blocks, blocks.count, false);
	if (e == OK) e = same_value(t, value, "decompression, re-randomisation and the zeros of the pseudo-random function");
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
 * A squash key in the form for squashing takes gigabytes, and the schoolbook has no form but is slow: for the few values of a
 * trial, the engine that makes rows when it needs them does better than both.
 */
static bool makes_rows(const lat_params *p, key_part part, exactness how)
{
	if (part_shape_of(p, part).kind != KIND_BSK || !engine_can(p, part, ENGINE_NTT)) return false;
	return part == PART_SNS_BSK || engine_for(p, part, how) == ENGINE_SCHOOLBOOK;
}

static err row_maker(eval_keys *keys, const seeded_keyset *set, key_part part)
{
	const boot_form form = boot_form_of(set->params, part, ENGINE_NTT, NULL);

	TRY(part_present(set, part));
	return boot_key_new(&keys->boot[part], &form, NULL, NULL, &set->part[part]);
}

err trial_keys_new(eval_keys *out, const seeded_keyset *set, unsigned parts, exactness how, pool *cores)
{
	unsigned made = 0;

	for (key_part part = 0; part < KEY_PARTS; part++)
		if ((parts & PART_BIT(part)) && makes_rows(set->params, part, how)) made |= PART_BIT(part);
	TRY(eval_keys_new(out, set, parts & ~made, how, cores, NULL));
	err e = OK;
	for (key_part part = 0; part < KEY_PARTS && e == OK; part++)
		if (made & PART_BIT(part)) e = row_maker(out, set, part);
	if (e != OK) eval_keys_free(out);
	return e;
}

err trial_computer_new(coprocessor *out, const seeded_keyset *set, exactness how, pool *cores)
{
	const unsigned formats = FORMAT_BIT(SMALL_COMPRESSED) | FORMAT_BIT(BIG_COMPRESSED);
	return trial_keys_new(&out->keys, set, coprocessor_parts(formats) | DECOMPRESS64_PARTS, how, cores);
}

err tkms_try_keyset(slice public_key_file, slice keyset_file, const secret_keys *keys, pool *cores, const rng *random)
{
	static const ct_format way[] = { SMALL_COMPRESSED, BIG_COMPRESSED };
	plaintext value = { .type = fhe_type_by_number_var(FHE_UINT8) };
	coprocessor computer = { 0 };
	lwe64_run zeros;
	seeded_keyset set;
	slice tag;
	buf list = { 0 };

	rng_fill(random, value.bytes, 1);
	TRY(tfhers_read_keyset(&set, &tag, keyset_file));
	AUTO(arena) a = arena_with_limit(trial_zeros_memory(set.params, value.type->blocks));
	err e = trial_zeros(&zeros, &a, &set, value.type->blocks, APPROXIMATE, cores, random);
	if (e == OK) e = tkms_encrypt(&list, public_key_file, &value, 1, random);
	if (e == OK) e = trial_computer_new(&computer, &set, APPROXIMATE, cores);
	for (size_t i = 0; e == OK && i < COUNT(way); i++) {
		trial t = { keys, &value, &computer, zeros, way[i] };
		e = coprocess_list(&computer, cores, buf_slice(&list), way[i], decrypts_to_value, &t);
	}
	coprocessor_free(&computer);
	buf_free(&list);
	return e;
}
