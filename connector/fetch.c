/* SPDX-License-Identifier: MIT */
/* connector/fetch.c -- the ciphertexts of one request. */
#include "connector/fetch.h"
#include <stdlib.h>
#include "connector/ask_internal.h"

void fetched_free(fetched **f)
{
	if (!*f) return;
	for (size_t i = 0; i < (*f)->room; i++) buf_free(&(*f)->bytes[i]);
	free((*f)->bytes), free((*f)->ct);
	free(*f);
	*f = NULL;
}

static err same_key(fetched *f, size_t i, const id32 *key)
{
	if (i == 0) f->key_id = *key;
	return id_eq_var(&f->key_id, key) ? OK : err_fail(ERR_REQUEST, "its ciphertexts are of different keys");
}

static err fetch_material(fetched *f, bool *kept, buckets *b, size_t i, slice material, const fetch_from *from)
{
	queue_material m;

	TRY(queue_read_material(&m, material));
	TRY(same_key(f, i, &m.key_id));
	return buckets_fetch(b, &f->bytes[i], &f->ct[i].format, kept, &m.digest, NULL, from->url, from->urls);
}

/* The format is what they attest, whatever the bucket's own header says. */
static err fetch_attested(fetched *f, bool *kept, buckets *b, size_t i, const abi_word *handle, const coprocessors *who)
{
	char name[ATTESTED_NAME];
	attested a;

	const err e = attested_find(&a, b, who, handle);
	f->unattested = e == ERR_IO;
	TRY(e);
	TRY(same_key(f, i, &a.claim.key_id));
	attested_name(name, handle);
	TRY(buckets_fetch(b, &f->bytes[i], &f->ct[i].format, kept, &a.claim.squashed, name, a.url, a.urls));
	f->ct[i].format = attested_compressed(&a.claim) ? ASK_BIG_COMPRESSED : ASK_BIG_EXPANDED;
	return OK;
}

static err fetch_each(fetched *f, buckets *b, const queue_item *item, const fetch_from *from, const abi_word *handle, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool kept = false;
		if (from->attesting) TRY(fetch_attested(f, &kept, b, i, &handle[i], from->attesting));
		else TRY(fetch_material(f, &kept, b, i, item->materials.item[i], from));
		f->ct[i].bytes = buf_slice(&f->bytes[i]);
		f->kept += kept;
		f->n = i + 1;
	}
	return OK;
}

err fetch_all(fetched **out, buckets *b, const queue_item *item, const fetch_from *from)
{
	const size_t room = ask_handle_count(item);
	fetched *f = *out = calloc(1, sizeof *f);
	abi_word *handle = calloc(room + 1, sizeof *handle);
	size_t n = 0;

	if (f) f->bytes = calloc(room + 1, sizeof *f->bytes), f->ct = calloc(room + 1, sizeof *f->ct);
	if (f && f->bytes) f->room = room;
	err e = f && handle && f->bytes && f->ct ? OK : err_fail(ERR_NOMEM, "no memory for a request");
	if (e == OK && queue_is_decryption(item->kind)) e = ask_handles(handle, &n, item);
	if (e == OK) e = fetch_each(f, b, item, from, handle, n);
	free(handle);
	return e;
}
