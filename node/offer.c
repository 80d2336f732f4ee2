/* SPDX-License-Identifier: MIT */
/* node/offer.c -- see offer.h. */
#include "node/offer.h"
#include "tfhers/tfhers.h"

enum { OFFER_VERSION = 1 };

static uint8_t *put(uint8_t *at, const void *bytes, size_t n)
{
	memcpy(at, bytes, n);
	return at + n;
}

static void write_key(uint8_t *at, const offered_key *k)
{
	at = put(at, k->key_id.b, sizeof k->key_id.b);
	at = put(at, k->prep_id.b, sizeof k->prep_id.b);
	store32(at, (uint32_t)k->params->fhe_parameter);
	at[4] = k->marks;
	at[5] = (uint8_t)k->files;
	at += 6;
	for (unsigned i = 0; i < k->files; i++, at += OFFER_FILE_BYTES) {
		at[0] = (uint8_t)k->file[i].type;
		store64(at + 1, k->file[i].bytes);
		memcpy(at + 9, k->file[i].digest.b, sizeof k->file[i].digest.b);
	}
}

void offer_write(uint8_t out[static OFFER_BYTES], const offer *x)
{
	memset(out, 0, OFFER_BYTES);
	if (!x) return;
	ASSERT(x->keys <= MAX_RESHARED_KEYS);
	out[0] = OFFER_VERSION;
	out[1] = (uint8_t)x->keys;
	for (unsigned i = 0; i < x->keys; i++) write_key(out + 2 + i * OFFER_KEY_BYTES, &x->key[i]);
}

static bool read_file(offered_file *out, const uint8_t *at)
{
	out->type = (pub_type)at[0];
	out->bytes = load64(at + 1);
	memcpy(out->digest.b, at + 9, sizeof out->digest.b);
	return at[0] < PUB_TYPES && out->bytes > 0 && out->bytes <= MAX_TFHERS_FILE;
}

static bool read_key(offered_key *k, const uint8_t *at)
{
	memcpy(k->key_id.b, at, sizeof k->key_id.b);
	memcpy(k->prep_id.b, at + 32, sizeof k->prep_id.b);
	at += 64;
	const uint32_t number = load32(at);
	k->params = number <= INT32_MAX ? params_by_number_var((int)number) : NULL;
	k->marks = at[4];
	k->files = at[5];
	at += 6;
	if (!k->params || k->files > MAX_OFFER_FILES) return false;
	for (unsigned i = 0; i < k->files; i++, at += OFFER_FILE_BYTES) {
		if (!read_file(&k->file[i], at)) return false;
		if (i && k->file[i].type <= k->file[i - 1].type) return false;
	}
	return true;
}

bool offer_read(offer *out, slice bytes)
{
	uint8_t again[OFFER_BYTES];

	if (bytes.n != OFFER_BYTES || bytes.p[0] != OFFER_VERSION || bytes.p[1] > MAX_RESHARED_KEYS) return false;
	*out = (offer){ .keys = bytes.p[1] };
	for (unsigned i = 0; i < out->keys; i++) {
		if (!read_key(&out->key[i], bytes.p + 2 + i * OFFER_KEY_BYTES)) return false;
		if (i && memcmp(out->key[i].key_id.b, out->key[i - 1].key_id.b, sizeof(id32)) <= 0) return false;
	}
	offer_write(again, out);
	return memcmp(again, bytes.p, sizeof again) == 0;        /* what nobody reads is 0 */
}

pub_type offer_key_set_type(const offered_key *k)
{
	for (unsigned i = 0; i < k->files; i++)
		if (k->file[i].type == PUB_SERVER_KEY) return PUB_SERVER_KEY;
	return PUB_COMPRESSED_XOF_KEY_SET;
}

/* ---- what was asked for ------------------------------------------------------------------------------------------- */

static bool has_digest(const offered_key *k, const stored_digest *want)
{
	for (unsigned i = 0; i < k->files; i++)
		if (k->file[i].type == want->type && slice_eq_var(hash32_slice(&k->file[i].digest), want->digest)) return true;
	return false;
}

static err check_wanted(const offered_key *k, const wanted_key *want)
{
	if (!id_eq_var(&k->prep_id, &want->preproc_id))
		return err_fail(ERR_REQUEST, "preproc_id is not that of the key's preprocessing");
	if (k->params->fhe_parameter != want->params->fhe_parameter)
		return err_fail(ERR_REQUEST, "key_parameters: the key does not have the parameters %s", want->params->name);
	for (size_t i = 0; i < want->digests; i++)
		if (!has_digest(k, &want->digest[i]))
			return err_fail(ERR_REQUEST, "key_digests[%zu] is not that of the key's published file", i);
	return OK;
}

static const offered_key *find(const offer *x, const id32 *key)
{
	for (unsigned i = 0; i < x->keys; i++)
		if (id_eq_var(&x->key[i].key_id, key)) return &x->key[i];
	return NULL;
}

err offer_is_wanted(const offer *x, const request *r)
{
	char id[ID_TEXT];

	for (size_t i = 0; i < r->epoch.keys; i++) {
		const wanted_key *want = &r->epoch.key[i];
		const offered_key *k = find(x, &want->key_id);
		id_text(id, &want->key_id);
		err e = k ? check_wanted(k, want) : err_fail(ERR_NOT_FOUND, "key_id: there is no key %s in that epoch", id);
		if (e == OK) continue;
		err_context("previous_epoch: keys_info[%zu]: ", i);
		return e;
	}
	if (!r->epoch.keys || x->keys == r->epoch.keys) return OK;
	return err_fail(ERR_REQUEST, "previous_epoch: there are other keys than keys_info names");
}
