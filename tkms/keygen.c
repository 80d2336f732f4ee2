/* SPDX-License-Identifier: MIT */
/* tkms/keygen.c -- make a set, write its files, and try them before anybody else does. */
#include "tkms/keygen.h"
#include "lattice/compact.h"
#include "lattice/keygen.h"
#include "sym/dsep.h"
#include "tkms/trial.h"

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
	if (e == OK) e = tkms_try_keyset(buf_slice(&f.public_key), buf_slice(&f.xof_keyset), &secret, cores, random);
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
