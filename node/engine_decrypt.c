/* SPDX-License-Identifier: MIT */
/*
 * node/engine_decrypt.c -- public and user decryption by one node: every ciphertext on its own, side by side on the cores;
 * then the signatures over all.
 */
#include <pthread.h>
#include "node/engine.h"
#include "node/replies.h"
#include "seal/signcrypt.h"

enum { WHY = 400 };

/* One request at work.  Ciphertexts are independent: item i writes value[i] and sealed[i] only. */
typedef struct work {
	const engine      *engine;
	const request     *request;
	const secret_keys *keys;
	hash32             link;               /* user decryption */
	plaintext         *value;
	buf               *sealed;             /* user decryption */
	pthread_mutex_t    lock;               /* of the first failure, by index */
	err                failed;
	size_t             failed_at;
	char               why[WHY];
} work;

static err decrypt_one(work *w, size_t i)
{
	const decrypt_request *d = &w->request->decrypt;
	const decrypt_item *item = &d->item[i];

	TRY(tkms_decrypt(&w->value[i], w->keys, item->type, item->format, item->file));
	if (w->request->kind == REQUEST_USER_DECRYPT)
		signcrypt(w->engine->signer, &w->sealed[i], &d->enc_key, &d->client, &w->link, item->type->number,
		          slice_of(w->value[i].bytes, item->type->bytes), w->engine->random);
	return OK;
}

/* On a thread of the pool, whose sentence must be carried over to the thread that waits. */
static void decrypt_item_of(void *ctx, size_t i)
{
	work *w = ctx;

	err e = decrypt_one(w, i);
	if (e == OK) return;
	pthread_mutex_lock(&w->lock);
	if (w->failed == OK || i < w->failed_at) {
		w->failed = e;
		w->failed_at = i;
		snprintf(w->why, sizeof w->why, "%s", err_text());
	}
	pthread_mutex_unlock(&w->lock);
	err_clear();
}

static err decrypt_all(work *w)
{
	const size_t n = w->request->decrypt.items;

	pthread_mutex_init(&w->lock, NULL);
	pool_each(w->engine->cores, n, decrypt_item_of, w);
	pthread_mutex_destroy(&w->lock);
	if (w->failed == OK) return OK;
	return err_fail(w->failed, "%s[%zu]: %s", request_items_field(w->request->kind), w->failed_at, w->why);
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
