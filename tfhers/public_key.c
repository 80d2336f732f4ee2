/* SPDX-License-Identifier: MIT */
/*
 * tfhers/public_key.c -- CompactPublicKey: n mask words, n body words and the parameters of encryption.
 *
 * The word in front of the expansion kind is 1 in TFHE-rs 1.7, and clients of 1.4 refuse it.  Version 0 has the same
 * body and is read by both, so that is what we write; both are read.
 */
#include "tfhers/numbers.h"
#include "tfhers/tfhers.h"
#include "tfhers/words.h"

static tf_public_key object_for(const lat_params *p, slice words, slice tag, uint32_t expand_version)
{
	return (tf_public_key){
		.key = { .key = { .data = words, .polynomial_size = p->pke.n, .modulus = numbers_modulus(64) },
		         .parameters = numbers_pke(p, expand_version) },
		.tag = tag };
}

err tfhers_read_public_key(public_key *out, arena *a, slice file)
{
	const char *what = OBJECT[OBJECT_PUBLIC_KEY].name;
	arena none = arena_with_limit(0);                /* the type has no VECs */
	tf_public_key got;

	TRY(object_read(&got, &none, OBJECT_PUBLIC_KEY, file));
	const lat_params *p = numbers_find(OBJECT_PUBLIC_KEY, &got);
	if (!p) return numbers_unknown(what);
	const size_t n = p->pke.n;
	const slice words = got.key.key.data;
	if (words.n != 2 * n * 8)
		return err_fail(ERR_REQUEST, "%s has %zu words, %s needs %zu", what, words.n / 8, numbers_text(p).text, 2 * n);
	tf_public_key want = object_for(p, words, got.tag, got.key.parameters.expansion_kind.version);
	TRY(schema_expect(&T_PUBLIC_KEY, &got, &want, envelope_length(what), what, numbers_text(p).text));
	TRY(numbers_check_tag(what, got.tag));

	public_key key = { .params = p, .tag = got.tag };
	TRY(arena_new(a, &key.mask, n));
	TRY(arena_new(a, &key.body, n));
	words64_load(key.mask, slice_of(words.p, n * 8));
	words64_load(key.body, slice_of(words.p + n * 8, n * 8));
	*out = key;
	return OK;
}

void tfhers_write_public_key(buf *out, const public_key *key)
{
	const size_t n = key->params->pke.n;
	AUTO(buf) words = { 0 };

	buf_reserve(&words, 2 * n * 8);
	for (size_t i = 0; i < n; i++) buf_put_u64(&words, key->mask[i]);
	for (size_t i = 0; i < n; i++) buf_put_u64(&words, key->body[i]);
	tf_public_key object = object_for(key->params, buf_slice(&words), key->tag, 0);
	object_write(out, OBJECT_PUBLIC_KEY, &object);
}
