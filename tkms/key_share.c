/* SPDX-License-Identifier: MIT */
/* tkms/key_share.c -- one block of guarded memory, its encoding, and the forms in which it decrypts. */
#include "tkms/key_share.h"

enum { VERSION = 1, HEADER = 1 + 32 + 32 + 4 + 5 };

static size_t words_of(const lat_params *p, secret_id id, unsigned d)
{
	return secret_length(p, id) * d;
}

static size_t words_in(const lat_params *p, unsigned which, unsigned d)
{
	size_t words = 0;
	for (secret_id id = 0; id < SECRETS; id++)
		if (which & SECRET_BIT(id)) words += words_of(p, id, d);
	return words;
}

err key_share_new(key_share *out, const share_holder *holder, const lat_params *params, unsigned which)
{
	key_share k = { .holder = *holder, .params = params };

	ASSERT(parties_allowed(holder->n, holder->t) && holder->d == ring_degree(holder->n));
	ASSERT(holder->me >= 1 && holder->me <= holder->n && which <= ALL_SECRETS);
	TRY(secret_alloc(&k.memory, words_in(params, which, holder->d) * sizeof(u128)));
	u128 *at = k.memory;
	for (secret_id id = 0; id < SECRETS; id++) {
		if (!(which & SECRET_BIT(id))) continue;
		k.word[id] = at;
		at += words_of(params, id, holder->d);
	}
	*out = k;
	return OK;
}

void key_share_free(key_share *k)
{
	if (!k) return;
	secret_release(k->memory);
	*k = (key_share){ 0 };
}

/* ---- stored ----------------------------------------------------------------------------------------------------- */

void key_share_write(buf *out, const key_share *k)
{
	const share_holder *h = &k->holder;
	unsigned which = 0;

	for (secret_id id = 0; id < SECRETS; id++)
		if (k->word[id]) which |= SECRET_BIT(id);
	buf_reserve(out, HEADER + words_in(k->params, which, h->d) * sizeof(u128));
	buf_put_u8(out, VERSION);
	buf_put_slice(out, id_slice(&h->key_id));
	buf_put_slice(out, id_slice(&h->epoch_id));
	buf_put_u32(out, k->params->fhe_parameter);
	buf_put_u8(out, (uint8_t)h->n);
	buf_put_u8(out, (uint8_t)h->t);
	buf_put_u8(out, (uint8_t)h->d);
	buf_put_u8(out, h->me);
	buf_put_u8(out, (uint8_t)which);
	for (secret_id id = 0; id < SECRETS; id++)
		for (size_t i = 0; k->word[id] && i < words_of(k->params, id, h->d); i++) buf_put_u128(out, k->word[id][i]);
}

static void read_id(id32 *out, reader *r)
{
	const slice s = read_bytes(r, sizeof out->b);
	if (s.n) memcpy(out->b, s.p, s.n);
}

static err read_header(share_holder *h, const lat_params **params, unsigned *which, reader *r)
{
	const uint8_t version = read_u8(r);
	*h = (share_holder){ 0 };
	read_id(&h->key_id, r);
	read_id(&h->epoch_id, r);
	const uint32_t number = read_u32(r);
	h->n = read_u8(r);
	h->t = read_u8(r);
	h->d = read_u8(r);
	h->me = read_u8(r);
	*which = read_u8(r);

	if (!read_ok(r)) return err_fail(ERR_REQUEST, "the key share is cut short after %zu bytes", r->all.n);
	if (version != VERSION)
		return err_fail(ERR_REQUEST, "the key share has version %u; this program reads version %d", version, VERSION);
	*params = number <= INT32_MAX ? params_by_number_var((int)number) : NULL;
	if (!*params)
		return err_fail(ERR_REQUEST, "the key share is of FheParameter %u; this program knows %s", number, params_names());
	if (!parties_allowed(h->n, h->t) || h->d != ring_degree(h->n) || h->me < 1 || h->me > h->n)
		return err_fail(ERR_REQUEST, "the key share names party %u of %u with threshold %u and degree %u, which cannot be", h->me,
		                h->n, h->t, h->d);
	if (*which > ALL_SECRETS) return err_fail(ERR_REQUEST, "the key share names secrets that do not exist");
	return OK;
}

err key_share_read(key_share *out, slice file)
{
	reader r = reader_of(file);
	share_holder holder;
	const lat_params *params = NULL;
	unsigned which = 0;
	key_share k;

	if (file.n > MAX_KEY_SHARE_FILE)
		return err_fail(ERR_REQUEST, "the key share has %zu bytes; at most %d are read", file.n, MAX_KEY_SHARE_FILE);
	TRY(read_header(&holder, &params, &which, &r));
	const size_t want = words_in(params, which, holder.d) * sizeof(u128);
	if (read_left(&r) != want)
		return err_fail(ERR_REQUEST, "the key share has %zu bytes of shares; its header promises %zu", read_left(&r), want);
	TRY(key_share_new(&k, &holder, params, which));
	for (secret_id id = 0; id < SECRETS; id++)
		for (size_t i = 0; k.word[id] && i < words_of(params, id, holder.d); i++) k.word[id][i] = read_u128(&r);
	*out = k;
	return OK;
}

/* ---- online ----------------------------------------------------------------------------------------------------- */

static err prepare(online_key *k, const key_share *s)
{
	const lat_params *p = s->params;
	const unsigned d = s->holder.d;

	TRY(lwe_key_share_new(&k->sns, d, secret_length(p, SECRET_SNS), s->word[SECRET_SNS]));
	return glwe_key_share_new(&k->snscomp, d, p->snscomp.k, p->snscomp.N, s->word[SECRET_SNSCOMP]);
}

err online_key_new(online_key *out, const key_share *from)
{
	online_key k = { .holder = from->holder, .params = from->params };

	if (!from->word[SECRET_SNS] || !from->word[SECRET_SNSCOMP])
		return err_fail(ERR_STATE, "this key share came without the secrets under which ciphertexts are decrypted");
	const err e = prepare(&k, from);
	if (e != OK) {
		online_key_free(&k);
		return e;
	}
	*out = k;
	return OK;
}

void online_key_free(online_key *k)
{
	if (!k) return;
	lwe_key_share_free(&k->sns);
	glwe_key_share_free(&k->snscomp);
	*k = (online_key){ 0 };
}
