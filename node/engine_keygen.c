/* SPDX-License-Identifier: MIT */
/*
 * node/engine_keygen.c -- preprocessing and key generation by one node, and what is signed and stored of any key.
 *
 * One node has nothing to prepare: its preprocessing is a signature over the id, so that the chain sees the same events
 * as from a cluster.  A dealer's is that, too.
 */
#include "node/engine.h"
#include "node/key_tag.h"
#include "node/new_key.h"
#include "node/replies.h"

err engine_preproc(const engine *e, buf *response, const request *r)
{
	const hash32 digest = kms712_prep_keygen(&r->domain, e->profile, &r->id, r->extra_data);
	AUTO(buf) payload = { 0 };
	signatures made;

	prep_payload_write(&payload, &r->id, r->extra_data);
	signatures_make(&made, e->signer, r, &digest, "PDAT_KEY", buf_slice(&payload));
	reply_preproc(response, r, &made);
	return OK;
}

/* What contracts check has the digests in the stored order, too: ServerKey < PublicKey < CompressedXofKeySet.  A decompression
 * key has a struct of its own. */
static hash32 typed_data(const engine *e, const request *r, const key_metadata *m)
{
	static const kms712_key_type TYPE[PUB_TYPES] = {
		[PUB_SERVER_KEY] = KMS712_SERVER_KEY, [PUB_PUBLIC_KEY] = KMS712_PUBLIC_KEY,
		[PUB_COMPRESSED_XOF_KEY_SET] = KMS712_COMPRESSED_KEY_SET,
	};
	kms712_key_digest digest[MAX_KEY_DIGESTS];

	ASSERT(m->digests > 0 && m->digests <= COUNT(digest));
	if (m->digest[0].type == PUB_DECOMPRESSION_KEY) {
		ASSERT(m->digests == 1);
		return kms712_decompression_key(&r->domain, m->digest[0].digest, m->extra_data);
	}
	for (size_t i = 0; i < m->digests; i++) digest[i] = (kms712_key_digest){ TYPE[m->digest[i].type], m->digest[i].digest };
	return kms712_keygen(&r->domain, e->profile, &m->prep_id, &m->key_id, digest, m->digests, m->extra_data);
}

void engine_sign_key(signatures *out, const engine *e, const request *r, key_metadata *m)
{
	AUTO(buf) payload = { 0 };

	m->has_extra_data = true;
	m->extra_data = r->extra_data;
	const hash32 h = typed_data(e, r, m);
	keygen_payload_write(&payload, m);
	signatures_make(out, e->signer, r, &h, "PDAT_KEY", buf_slice(&payload));
	m->external_signature = signatures_external(out);
	m->signatures = signatures_typed(m->signature, out);
}

key_record engine_key_record(const engine *e, const request *r, const uint8_t *public_key_digest, const uint8_t *keyset_digest)
{
	const stored_digest of_public = { PUB_PUBLIC_KEY, slice_of(public_key_digest, KEY_DIGEST_BYTES) };
	const bool plain = keygen_is_uncompressed(r);
	const stored_digest of_keyset = { plain ? PUB_SERVER_KEY : PUB_COMPRESSED_XOF_KEY_SET, slice_of(keyset_digest, KEY_DIGEST_BYTES) };

	return (key_record){
		.state = KEY_ACTIVE,
		.fhe_parameter = r->keygen.params->fhe_parameter,
		.created_ms = clock_unix_ms(e->clock),
		.body = r->body,
		.metadata = {
			.key_id = r->id,
			.prep_id = r->keygen.preproc_id,
			.digests = 2,
			.digest = { plain ? of_keyset : of_public, plain ? of_public : of_keyset },
		},
	};
}

err engine_store_part(const engine *e, buf *response, const request *r, const new_key *k, uint8_t marks)
{
	key_record record = engine_key_record(e, r, k->public_key_digest, k->keyset_digest);
	signatures made;

	engine_sign_key(&made, e, r, &record.metadata);
	record.marks = marks;
	TRY(keys_create_part(e->keys, &k->share, buf_slice(&k->public_key), k->keyset, &record));
	reply_keygen(response, &record.metadata);
	return OK;
}

err engine_key_tag(id32 *out, const engine *e, const request *r)
{
	*out = r->id;
	return r->keygen.keeps_tag ? key_tag(out, e->keys, &r->keygen.existing) : OK;
}

err engine_older_key(const secret_keys **out, const engine *e, const request *r, const char *field, const id32 *key)
{
	TRY(keys_for_decryption(out, e->keys, &r->epoch_id, key));
	if ((*out)->params == r->keygen.params) return OK;
	return err_fail(ERR_REQUEST, "%s: that key is for the parameters %s, not for %s", field, (*out)->params->name,
	                r->keygen.params->name);
}

/* All the room that the files take, before anything is made; *plain: for a ServerKey, if that is what was asked for. */
static err take_room(draft **room, draft **plain, const engine *e, const request *r)
{
	const lat_params *params = r->keygen.params;

	TRY(keys_draft(room, e->keys, &r->id, params));
	return keygen_is_uncompressed(r) ? keys_draft_server_key(plain, e->keys, &r->id, params) : OK;
}

/* Made where it stays: of the key set's file there is never a second copy, on disk or in memory. */
static err make(key_files *out, const engine *e, const request *r, const key_copy *copy)
{
	key_step step = key_step_begin(e->making, e->clock, &KEY_MADE, &r->id);
	const progress told = key_step_progress(&step);
	const secret_keys *existing = NULL;
	draft *room = NULL, *plain = NULL;
	id32 tag;

	err failed = engine_key_tag(&tag, e, r);
	if (failed == OK && keygen_is_migration(r)) failed = engine_older_key(&existing, e, r, "existing_keyset_id", &r->keygen.existing);
	if (failed == OK) failed = take_room(&room, &plain, e, r);
	if (failed == OK && existing)
		failed = tkms_keygen_from(out, &room, e->cores, existing, &r->id, &tag, copy->public_key, e->random, &told);
	else if (failed == OK)
		failed = tkms_keygen_into(out, &room, e->cores, r->keygen.params, &r->id, e->random, &told);
	if (failed == OK && plain) failed = tkms_keygen_uncompress(out, &plain, e->cores, e->random);
	if (failed != OK) key_files_free(out);
	draft_free(&room);
	draft_free(&plain);
	key_step_end(&step);
	return failed;
}

static err store(const engine *e, buf *response, const request *r, const key_files *files)
{
	key_record record = engine_key_record(e, r, files->public_key_digest, files->xof_keyset_digest);
	signatures made;

	engine_sign_key(&made, e, r, &record.metadata);
	TRY(keys_create(e->keys, &r->epoch_id, files, &record));
	reply_keygen(response, &record.metadata);
	return OK;
}

err engine_keygen(const engine *e, buf *response, const request *r)
{
	key_files files = { 0 };
	key_copy copy;

	if (keygen_is_decompression(r)) return engine_decompression(e, response, r);
	TRY(engine_copy_open(&copy, e, r));
	err failed = make(&files, e, r, &copy);
	if (failed == OK) failed = stop_forbid(r->stop);
	if (failed == OK) failed = store(e, response, r, &files);
	if (failed == OK) engine_copy_keep(&copy, e, r, files.xof_keyset_digest);
	key_files_free(&files);
	engine_copy_close(&copy);
	return failed;
}
