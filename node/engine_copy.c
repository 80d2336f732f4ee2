/* SPDX-License-Identifier: MIT */
/* node/engine_copy.c -- a new key set under the id of the key whose secrets it has (node/keys.h, added key sets). */
#include "base/file.h"
#include "base/log.h"
#include "node/engine.h"

static err open_copy(key_copy *c, const engine *e, const request *r)
{
	const id32 *older = &r->keygen.existing;

	TRY(keys_draft_addition(&c->room, e->keys, older, r->keygen.params));
	return keys_map_published(&c->public_key, e->keys, PUB_PUBLIC_KEY, &r->epoch_id, older);
}

err engine_copy_open(key_copy *out, const engine *e, const request *r)
{
	*out = (key_copy){ 0 };
	if (!keygen_is_migration(r) || !r->keygen.copies) return OK;
	err failed = open_copy(out, e, r);
	if (failed == OK) return OK;
	engine_copy_close(out);
	err_context("existing_keyset_id: ");
	return failed;
}

void engine_copy_close(key_copy *c)
{
	if (c->public_key.n) file_unmap(&c->public_key);
	draft_free(&c->room);
	c->public_key = (slice){ 0 };
}

enum { PIECE = 8 << 20 };                      /* of whole pages */

/* From the new key's file, of which nothing stays in memory. */
static err fill(const key_copy *c, const engine *e, const request *r)
{
	uint8_t *to = draft_bytes(c->room);
	slice from;

	TRY(keys_map_published(&from, e->keys, PUB_COMPRESSED_XOF_KEY_SET, &r->epoch_id, &r->id));
	ASSERT(from.n == draft_slice(c->room).n);
	for (size_t at = 0; at < from.n; at += PIECE) {
		const slice piece = slice_of(from.p + at, size_min(PIECE, from.n - at));
		memcpy(to + at, piece.p, piece.n);
		file_view_release(piece);
		draft_release(c->room, at, piece.n);
	}
	file_unmap(&from);
	return OK;
}

static err keep(const key_copy *c, const engine *e, const request *r, const uint8_t *keyset_digest)
{
	key_record record;
	signatures made;

	TRY(fill(c, e, r));
	TRY(keys_addition(&record, e->keys, &r->epoch_id, &r->keygen.existing, keyset_digest));
	record.created_ms = clock_unix_ms(e->clock);
	engine_sign_key(&made, e, r, &record.metadata);
	return keys_add_key_set(e->keys, c->room, &record);
}

void engine_copy_keep(key_copy *c, const engine *e, const request *r, const uint8_t *keyset_digest)
{
	char older[ID_TEXT], id[ID_TEXT];

	if (!c->room || keep(c, e, r, keyset_digest) == OK) return;
	id_text(older, &r->keygen.existing);
	id_text(id, &r->id);
	log_error("key %s is made, but its key set is not published under the id of key %s, too: %s; ask for another key with "
	          "copy_compressed_key_to_original", id, older, err_text());
	err_clear();
}
