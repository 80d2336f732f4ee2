/* SPDX-License-Identifier: MIT */
/* node/key_records.c -- records of published files that have no secret: lists that grow in front and never shrink. */
#include <stdlib.h>
#include "node/keys_internal.h"

static void held_free(held_record **hp)
{
	if (!*hp) return;
	buf_free(&(*hp)->bytes);
	free(*hp);
	*hp = NULL;
}

void records_free(record_list *l)
{
	for (held_record *h = l->first, *next; h; h = next) {
		next = h->next;
		held_free(&h);
	}
	l->first = NULL;
}

static err held_read(held_record **out, const record_list *l, const id32 *key, slice record)
{
	held_record *h = calloc(1, sizeof *h);

	if (!h) return err_fail(ERR_NOMEM, "no memory for the record of a key");
	buf_put_slice(&h->bytes, record);
	err e = key_record_read(&h->record, buf_slice(&h->bytes));
	if (e == OK && !(id_eq_var(&h->record.metadata.key_id, key) && l->fits(&h->record.metadata)))
		e = err_fail(ERR_STATE, "the stored record is not that of this %s", l->what);
	if (e != OK) held_free(&h);
	else *out = h;
	return e;
}

static void join(keys *k, record_list *l, held_record *h)
{
	pthread_mutex_lock(&k->lock);
	h->next = l->first;
	l->first = h;
	pthread_mutex_unlock(&k->lock);
}

/* What joins comes in front, so the rest of the list stays as it is. */
const held_record *records_first(keys *k, const record_list *l)
{
	pthread_mutex_lock(&k->lock);
	const held_record *h = l->first;
	pthread_mutex_unlock(&k->lock);
	return h;
}

const key_record *records_find(keys *k, const record_list *l, const id32 *key)
{
	const held_record *h = records_first(k, l);

	while (h && !id_eq_var(&h->record.metadata.key_id, key)) h = h->next;
	return h ? &h->record : NULL;
}

err records_load(keys *k, record_list *l, const id32 *epoch, const id32 *key)
{
	held_record *h = NULL;
	buf bytes = { 0 };
	char id[ID_TEXT];

	err e = vault_get_private(&bytes, k->vault, l->type, epoch, key, MAX_KEY_RECORD);
	if (e == OK) e = held_read(&h, l, key, buf_slice(&bytes));
	if (e == OK) e = key_verify_published(k->vault, &h->record.metadata);
	if (e == OK) join(k, l, h), h = NULL;
	held_free(&h);
	buf_free(&bytes);
	if (e == OK) return OK;
	id_text(id, key);
	err_context("%s %s: ", l->what, id);
	return e == ERR_IO || e == ERR_NOMEM ? e : ERR_STATE;
}

err records_store(keys *k, record_list *l, const key_record *record, err (*put)(void *ctx, keys *k, const key_record *record, slice bytes),
                  void *ctx)
{
	held_record *h = NULL;
	buf bytes = { 0 };

	key_record_write(&bytes, record);
	/* Read before anything is written: what this node cannot load again must not exist. */
	err e = held_read(&h, l, &record->metadata.key_id, buf_slice(&bytes));
	if (e == OK) e = put(ctx, k, record, buf_slice(&bytes));
	if (e == OK) join(k, l, h), h = NULL;
	held_free(&h);
	buf_free(&bytes);
	return e;
}
