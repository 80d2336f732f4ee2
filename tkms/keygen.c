/* SPDX-License-Identifier: MIT */
/* tkms/keygen.c -- make a set, write its files, and try them before anybody else does. */
#include "tkms/keygen.h"
#include "lattice/compact.h"
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
} trial;

static err decrypts_to_value(void *ctx, size_t i, const fhe_type *type, slice file)
{
	const trial *t = ctx;
	plaintext p;

	(void)i;
	TRY(tkms_decrypt(&p, t->keys, type, t->format, file));
	if (memcmp(p.bytes, t->value->bytes, sizeof p.bytes) != 0)
		return err_fail(ERR_INTERNAL, "the new key set is wrong: a value that went through %s came back changed",
		                ct_format_name(t->format));
	return OK;
}

/* One byte of the caller's choice travels as a client's value does, in each format. */
static err try_files(const key_files *f, const secret_keys *keys, pool *cores, const rng *random)
{
	plaintext value = { .type = fhe_type_by_number_var(FHE_UINT8) };
	seeded_keyset set;
	slice tag;
	buf list = { 0 };

	rng_fill(random, value.bytes, 1);
	TRY(tfhers_read_keyset(&set, &tag, buf_slice(&f->xof_keyset)));
	err e = tkms_encrypt(&list, buf_slice(&f->public_key), &value, 1, random);
	for (ct_format format = 0; e == OK && format < CT_FORMATS; format++) {
		trial t = { keys, &value, format };
		coprocessor c;
		e = coprocessor_new(&c, &set, format);
		if (e != OK) break;
		e = coprocess_list(&c, cores, buf_slice(&list), format, decrypts_to_value, &t);
		coprocessor_free(&c);
	}
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
