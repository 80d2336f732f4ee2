/* SPDX-License-Identifier: MIT */
/*
 * node/engine_decompression.c -- a key from the compressed lists of one key set to the values of another: made by one node, and
 * what is mapped, signed and stored of any.
 *
 * It has no secret of its own, and no part at any party.  A value passes through it before it is published.
 */
#include "base/file.h"
#include "node/engine.h"
#include "node/replies.h"

static err in_field(err e, const char *field)
{
	if (e != OK) err_context("%s: ", field);
	return e;
}

static err map_from(decompression_files *f, keys *k, const request *r)
{
	TRY(keys_map_published(&f->from_public_key, k, PUB_PUBLIC_KEY, &r->epoch_id, &r->keygen.from));
	return keys_map_key_set(&f->from_keyset, k, &r->epoch_id, &r->keygen.from);
}

err engine_between_open(decompression_files *out, const engine *e, const request *r)
{
	decompression_files f = { 0 };

	err failed = in_field(map_from(&f, e->keys, r), "from_keyset_id_decompression_only");
	if (failed == OK)
		failed = in_field(keys_map_key_set(&f.to_keyset, e->keys, &r->epoch_id, &r->keygen.to), "to_keyset_id_decompression_only");
	if (failed == OK) *out = f;
	else engine_between_close(&f);
	return failed;
}

void engine_between_close(decompression_files *f)
{
	slice *mapped[] = { &f->from_public_key, &f->from_keyset, &f->to_keyset };

	for (size_t i = 0; i < COUNT(mapped); i++)
		if (mapped[i]->n) file_unmap(mapped[i]);
	*f = (decompression_files){ 0 };
}

err engine_store_decompression(const engine *e, buf *response, const request *r, draft *file, const uint8_t *digest, uint8_t marks)
{
	key_record record = {
		.state = KEY_ACTIVE,
		.marks = marks,
		.fhe_parameter = r->keygen.params->fhe_parameter,
		.created_ms = clock_unix_ms(e->clock),
		.body = r->body,
		.metadata = { .key_id = r->id, .prep_id = r->keygen.preproc_id, .digests = 1,
		              .digest = { { PUB_DECOMPRESSION_KEY, slice_of(digest, KEY_DIGEST_BYTES) } } },
	};
	signatures made;

	engine_sign_key(&made, e, r, &record.metadata);
	TRY(keys_create_decompression(e->keys, &r->epoch_id, file, &record));
	reply_keygen(response, &record.metadata);
	return OK;
}

/* ---- by one node ----------------------------------------------------------------------------------------------------- */

static err make_in(draft *room, decompression_files *files, const engine *e, const request *r, const progress *told)
{
	const secret_keys *from, *to;

	TRY(engine_older_key(&from, e, r, "from_keyset_id_decompression_only", &r->keygen.from));
	TRY(engine_older_key(&to, e, r, "to_keyset_id_decompression_only", &r->keygen.to));
	TRY(decompression_make(room, from, to, e->cores, e->random, told));
	files->key = draft_slice(room);
	return decompression_try(files, to, e->cores, e->random);
}

static err make(draft *room, const engine *e, const request *r)
{
	key_step step = key_step_begin(e->making, e->clock, &KEY_MADE, &r->id);
	const progress told = key_step_progress(&step);
	decompression_files files;

	err failed = engine_between_open(&files, e, r);
	if (failed == OK) {
		failed = make_in(room, &files, e, r, &told);
		engine_between_close(&files);
	}
	key_step_end(&step);
	return failed;
}

err engine_decompression(const engine *e, buf *response, const request *r)
{
	uint8_t digest[KEY_DIGEST_BYTES];
	draft *room = NULL;

	TRY(keys_draft_decompression(&room, e->keys, &r->id, r->keygen.params));
	err failed = make(room, e, r);
	if (failed == OK) failed = stop_forbid(r->stop);
	if (failed == OK) {
		tkms_key_digest_draft(digest, room);
		failed = engine_store_decompression(e, response, r, room, digest, 0);
	}
	draft_free(&room);
	return failed;
}
