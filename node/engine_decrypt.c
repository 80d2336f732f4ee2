/* SPDX-License-Identifier: MIT */
/*
 * node/engine_decrypt.c -- public and user decryption by one node: every ciphertext on its own, side by side on the cores;
 * then the signatures over all (answers.h).
 */
#include "node/answers.h"
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
	return arena_with_limit((r->decrypt.items + 1) * (sizeof(plaintext) + sizeof(buf) + 256));
}

err engine_public_decrypt(const engine *e, buf *response, const request *r)
{
	arena a = work_memory(r);
	work w;

	err done = begin(&w, &a, e, r);
	if (done == OK) done = decrypt_all(&w);
	if (done == OK) done = answer_public(e, response, r, w.value);
	arena_free(&a);
	return done;
}

err engine_user_decrypt(const engine *e, buf *response, const request *r)
{
	const decrypt_request *d = &r->decrypt;
	arena a = work_memory(r);
	work w;

	err done = begin(&w, &a, e, r);
	if (done == OK) done = arena_new(&a, &w.sealed, d->items);
	if (done == OK) {
		w.link = kms712_link(&r->domain, d->enc_key_wire, d->handle, d->items, &d->client);
		done = decrypt_all(&w);
	}
	if (done == OK) answer_user(e, response, r, &w.link, w.sealed, &CENTRALIZED);
	for (size_t i = 0; w.sealed && i < d->items; i++) buf_free(&w.sealed[i]);
	arena_free(&a);
	return done;
}
