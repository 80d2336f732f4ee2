/* SPDX-License-Identifier: MIT */
/* tkms/trial.c -- one byte travels as a client's value does. */
#include "tkms/trial.h"
#include "lattice/compress.h"
#include "lattice/decrypt.h"
#include "tkms/coprocess.h"
#include "tkms/encrypt.h"

typedef struct trial {
	const secret_keys *keys;
	const plaintext   *value;
	ct_format          format;
	const eval_keys   *decompression;
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
	if (e == OK) e = decompress64_var(blocks, t->decompression, ct.packed64, NULL);
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
	return t->decompression ? decompresses_to_value(t, file) : OK;
}

static err try_format(trial *t, const seeded_keyset *set, pool *cores, slice list)
{
	coprocessor c;

	TRY(coprocessor_new(&c, set, t->format));
	err e = coprocess_list(&c, cores, list, t->format, decrypts_to_value, t);
	coprocessor_free(&c);
	return e;
}

err tkms_try_keyset(slice public_key_file, slice keyset_file, const secret_keys *keys, pool *cores, const rng *random)
{
	plaintext value = { .type = fhe_type_by_number_var(FHE_UINT8) };
	seeded_keyset set;
	eval_keys decompression = { 0 };
	slice tag;
	buf list = { 0 };

	rng_fill(random, value.bytes, 1);
	TRY(tfhers_read_keyset(&set, &tag, keyset_file));
	err e = tkms_encrypt(&list, public_key_file, &value, 1, random);
	if (e == OK) e = eval_keys_new(&decompression, &set, DECOMPRESS64_PARTS);
	if (e == OK) e = try_format(&(trial){ keys, &value, SMALL_COMPRESSED, &decompression }, &set, cores, buf_slice(&list));
	eval_keys_free(&decompression);
	if (e == OK) e = try_format(&(trial){ keys, &value, BIG_COMPRESSED, NULL }, &set, cores, buf_slice(&list));
	buf_free(&list);
	return e;
}
