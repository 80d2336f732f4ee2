/* SPDX-License-Identifier: MIT */
/* connector/ask_epoch.c -- a new epoch as ProtocolConfig announces it: shares anew of all keys that there were then. */
#include "connector/ask_internal.h"
#include "rpc/pb.h"

void ask_epoch_extra(uint8_t out[static EPOCH_EXTRA], const queue_item *item)
{
	out[0] = 2;
	memcpy(out + 1, item->context_id.b, sizeof item->context_id.b);
	memcpy(out + 1 + sizeof item->context_id.b, item->id.b, sizeof item->id.b);
}

/* As nodes call them. */
static char *name_of(kms712_key_type type)
{
	static char SERVER[] = "ServerKey", PUBLIC[] = "PublicKey", COMPRESSED[] = "CompressedXofKeySet";

	return type == KMS712_SERVER_KEY ? SERVER : type == KMS712_PUBLIC_KEY ? PUBLIC : COMPRESSED;
}

typedef struct key_field {
	Kms__V1__KeyInfo   m;
	Kms__V1__KeyDigest digest[MAX_KEY_DIGESTS], *list[MAX_KEY_DIGESTS];
	id_field           id, prep;
} key_field;
typedef struct crs_field { Kms__V1__CrsInfo m; id_field id; } crs_field;

static void write_key(key_field *f, const call_key *k)
{
	kms__v1__key_info__init(&f->m);
	f->m.key_id = ask_id(&f->id, &k->key), f->m.preproc_id = ask_id(&f->prep, &k->prep);
	f->m.key_parameters = k->params == QUEUE_PARAMS_TEST ? KMS__V1__FHE_PARAMETER__test : KMS__V1__FHE_PARAMETER__default;
	for (size_t i = 0; i < k->n; i++) {
		kms__v1__key_digest__init(&f->digest[i]);
		f->digest[i].key_type = name_of(k->digest[i].type);
		f->digest[i].digest = pb_bytes(k->digest[i].digest);
		f->list[i] = &f->digest[i];
	}
	f->m.key_digests = f->list, f->m.n_key_digests = k->n;
}

static void write_crs(crs_field *f, const material_crs *c)
{
	kms__v1__crs_info__init(&f->m);
	f->m.crs_id = ask_id(&f->id, &c->id);
	f->m.crs_digest = pb_bytes(c->digest);
}

static void write_message(buf *out, const queue_item *item, const connector_config *c, Kms__V1__PreviousEpochInfo *previous)
{
	Kms__V1__NewMpcEpochRequest m = KMS__V1__NEW_MPC_EPOCH_REQUEST__INIT;
	uint8_t extra[EPOCH_EXTRA];
	id_field context, epoch, old_context, old_epoch;
	domain_field domain;

	ask_epoch_extra(extra, item);
	previous->context_id = ask_id(&old_context, &item->previous_context_id);
	previous->epoch_id = ask_id(&old_epoch, &item->previous_epoch_id);
	m.context_id = ask_id(&context, &item->context_id), m.epoch_id = ask_id(&epoch, &item->id);
	m.domain = ask_domain_message(&domain, c, item->kind);
	m.extra_data = pb_bytes(slice_of(extra, sizeof extra));
	m.previous_epoch = previous;
	pb_pack(out, &m.base);
}

err ask_write_epoch(buf *out, const queue_item *item, const connector_config *c, const epoch_material *m)
{
	arena a = arena_with_limit(MAX_MATERIAL * (sizeof(key_field) + sizeof(crs_field) + 2 * sizeof(void *)) + 4096);
	Kms__V1__PreviousEpochInfo previous = KMS__V1__PREVIOUS_EPOCH_INFO__INIT;
	key_field *key = NULL;
	crs_field *crs = NULL;

	if (m->keys + m->crss == 0) return err_fail(ERR_REQUEST, "there was no key when the epoch was announced, and no contract takes an answer without one");
	err e = arena_new(&a, &key, m->keys + 1);
	if (e == OK) e = arena_new(&a, &crs, m->crss + 1);
	if (e == OK) e = arena_new(&a, &previous.keys_info, m->keys + 1);
	if (e == OK) e = arena_new(&a, &previous.crs_info, m->crss + 1);
	if (e == OK) {
		for (size_t i = 0; i < m->keys; i++) write_key(&key[i], &m->key[i]), previous.keys_info[i] = &key[i].m;
		for (size_t i = 0; i < m->crss; i++) write_crs(&crs[i], &m->crs[i]), previous.crs_info[i] = &crs[i].m;
		previous.n_keys_info = m->keys, previous.n_crs_info = m->crss;
		write_message(out, item, c, &previous);
	}
	arena_free(&a);
	return e;
}
