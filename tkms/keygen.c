/* SPDX-License-Identifier: MIT */
/* tkms/keygen.c -- make a set, write its files, and try them before anybody else does. */
#include "tkms/keygen.h"
#include "lattice/compact.h"
#include "lattice/compress.h"
#include "lattice/decrypt.h"
#include "lattice/keygen.h"
#include "sym/dsep.h"
#include "tkms/coprocess.h"
#include "tkms/encrypt.h"

void tkms_key_digest(uint8_t out[static KEY_DIGEST_BYTES], slice file)
{
	hash32 h = dsep_hash("PDAT_KEY", file);
	memcpy(out, h.b, sizeof h.b);
}

void key_files_free(key_files *f)
{
	buf_free(&f->client_key);
	buf_free(&f->public_key);
	buf_free(&f->xof_keyset);
	*f = (key_files){ 0 };
}

static err write_public_key(buf *out, const seeded_keyset *set, slice tag)
{
	const unsigned n = set->params->pke.n;
	arena a = arena_with_limit(2 * n * sizeof(uint64_t) + 4096);
	public_key key = { .params = set->params, .tag = tag };

	err e = arena_new(&a, &key.mask, n);
	if (e == OK) e = arena_new(&a, &key.body, n);
	if (e == OK) {
		compact_key_expand(key.mask, key.body, &set->part[PART_PKE], n);
		tfhers_write_public_key(out, &key);
	}
	arena_free(&a);
	return e;
}

/* ---- the trial -------------------------------------------------------------------------------------------------- */

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

/* One byte travels as a client's value does.  The way to the two compressed formats passes through the two others, and
 * back from the small one through the decompression key: every key that computes on values has its turn. */
static err try_files(const key_files *f, const secret_keys *keys, pool *cores, const rng *random)
{
	plaintext value = { .type = fhe_type_by_number_var(FHE_UINT8) };
	seeded_keyset set;
	eval_keys decompression = { 0 };
	slice tag;
	buf list = { 0 };

	rng_fill(random, value.bytes, 1);
	TRY(tfhers_read_keyset(&set, &tag, buf_slice(&f->xof_keyset)));
	err e = tkms_encrypt(&list, buf_slice(&f->public_key), &value, 1, random);
	if (e == OK) e = eval_keys_new(&decompression, &set, DECOMPRESS64_PARTS);
	if (e == OK) e = try_format(&(trial){ keys, &value, SMALL_COMPRESSED, &decompression }, &set, cores, buf_slice(&list));
	eval_keys_free(&decompression);
	if (e == OK) e = try_format(&(trial){ keys, &value, BIG_COMPRESSED, NULL }, &set, cores, buf_slice(&list));
	buf_free(&list);
	return e;
}

/* ---- the set ---------------------------------------------------------------------------------------------------- */

err tkms_keygen(key_files *out, pool *cores, const lat_params *params, const id32 *key_id, const rng *random,
                const progress *told)
{
	key_files f = { 0 };
	secret_keys secret = { 0 };
	public_set pub = { 0 };
	const slice tag = id_slice(key_id);

	err e = keys_generate(&secret, &pub, params, random, cores, told);
	if (e == OK) {
		tfhers_write_client_key(&f.client_key, &secret, tag);
		tfhers_write_keyset(&f.xof_keyset, &pub.set, tag);
		e = write_public_key(&f.public_key, &pub.set, tag);
	}
	public_set_free(&pub);
	if (e == OK) e = try_files(&f, &secret, cores, random);
	if (e == OK) {
		tkms_key_digest(f.public_key_digest, buf_slice(&f.public_key));
		tkms_key_digest(f.xof_keyset_digest, buf_slice(&f.xof_keyset));
		*out = f;
	} else {
		key_files_free(&f);
	}
	secret_keys_free(&secret);
	return e;
}
