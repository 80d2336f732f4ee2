/* SPDX-License-Identifier: MIT */
/*
 * node/engine_decrypt.c -- public and user decryption by one node: every ciphertext on its own, side by side on the cores;
 * then the signatures over all.
 */
#include "node/engine.h"
#include "node/replies.h"
#include "seal/signcrypt.h"

/* One request at work.  Ciphertexts are independent: item i writes value[i] and sealed[i] only. */
typedef struct work {
	const engine      *engine;
	const request     *request;
	const secret_keys *keys;
	hash32             link;               /* user decryption */
	plaintext         *value;
	buf               *sealed;             /* user decryption */
} work;

static err decrypt_one(void *ctx, size_t i)
{
	work *w = ctx;
	const decrypt_request *d = &w->request->decrypt;
	const decrypt_item *item = &d->item[i];

	err e = tkms_decrypt(&w->value[i], w->keys, item->type, item->format, item->file);
	if (e != OK) {
		err_context("ciphertexts[%zu]: ", i);
		return e;
	}
	if (w->request->kind == REQUEST_USER_DECRYPT)
		signcrypt(w->engine->signer, &w->sealed[i], &d->enc_key, &d->client, &w->link, item->type->number,
		          slice_of(w->value[i].bytes, item->type->bytes), w->engine->random);
	return OK;
}

static err decrypt_all(work *w)
{
	return pool_try(w->engine->cores, w->request->decrypt.items, decrypt_one, w);
}

static err begin(work *w, arena *a, const engine *e, const request *r)
{
	*w = (work){ .engine = e, .request = r };
	TRY(keys_for_decryption(&w->keys, e->keys, &r->epoch_id, &r->decrypt.key_id));
	return arena_new(a, &w->value, r->decrypt.items);
}

/* Values and what is derived from them live in an arena, which wipes them. */
static arena work_memory(const request *r)
{
	return arena_with_limit((r->decrypt.items + 1) * (sizeof(plaintext) + sizeof(buf) + sizeof(user_slot) + 256));
}

/* ---- public ------------------------------------------------------------------------------------------------- */

static err sign_public(const work *w, buf *response)
{
	const request *r = w->request;
	const secp_pk *pk = signer_pk(w->engine->signer);
	buf payload = { 0 }, result = { 0 };
	err e = OK;

	for (size_t i = 0; e == OK && i < r->decrypt.items; i++) {
		const plaintext *p = &w->value[i];
		e = kms712_put_plaintext(&result, p->type->number, slice_of(p->bytes, p->type->bytes));
	}
	if (e == OK) {
		answer_public_payload(&payload, pk, w->value, r->decrypt.items, &r->id);
		const secp_sig internal = sign_internal(w->engine->signer, "PUBL_DEC", buf_slice(&payload));
		const hash32 digest = kms712_public_decrypt(&r->domain, r->decrypt.handle, r->decrypt.items, buf_slice(&result), r->extra_data);
		const secp_rsig external = sign_external(w->engine->signer, &digest);
		reply_public_decrypt(response, r, pk, w->value, slice_of(internal.b, sizeof internal.b),
		                     slice_of(external.b, sizeof external.b));
	}
	buf_free(&payload);
	buf_free(&result);
	return e;
}

err engine_public_decrypt(const engine *e, buf *response, const request *r)
{
	arena a = work_memory(r);
	work w;

	err done = begin(&w, &a, e, r);
	if (done == OK) done = decrypt_all(&w);
	if (done == OK) done = sign_public(&w, response);
	arena_free(&a);
	return done;
}

/* ---- user --------------------------------------------------------------------------------------------------- */

static void sign_user(const work *w, buf *response, user_slot *slot)
{
	const request *r = w->request;
	const decrypt_request *d = &r->decrypt;
	const secp_pk *pk = signer_pk(w->engine->signer);
	buf payload = { 0 };

	for (size_t i = 0; i < d->items; i++)
		slot[i] = (user_slot){ d->item[i].type->number, buf_slice(&w->sealed[i]), d->item[i].handle, CENTRAL_PACKING };
	answer_user_payload(&payload, pk, w->link.b, slot, d->items, CENTRAL_PARTY_ID, CENTRAL_DEGREE);
	const secp_sig internal = sign_internal(w->engine->signer, "USER_DEC", buf_slice(&payload));
	const hash32 digest = kms712_user_response(&r->domain, d->enc_key_wire, d->handle, d->items, buf_slice(&payload), r->extra_data);
	const secp_rsig external = sign_external(w->engine->signer, &digest);
	reply_user_decrypt(response, r, pk, &w->link, slot, slice_of(internal.b, sizeof internal.b),
	                   slice_of(external.b, sizeof external.b));
	buf_free(&payload);
}

err engine_user_decrypt(const engine *e, buf *response, const request *r)
{
	const decrypt_request *d = &r->decrypt;
	arena a = work_memory(r);
	user_slot *slot = NULL;
	work w;

	err done = begin(&w, &a, e, r);
	if (done == OK) done = arena_new(&a, &w.sealed, d->items);
	if (done == OK) done = arena_new(&a, &slot, d->items);
	if (done == OK) {
		w.link = kms712_link(&r->domain, d->enc_key_wire, d->handle, d->items, &d->client);
		done = decrypt_all(&w);
	}
	if (done == OK) sign_user(&w, response, slot);
	for (size_t i = 0; w.sealed && i < d->items; i++) buf_free(&w.sealed[i]);
	arena_free(&a);
	return done;
}
