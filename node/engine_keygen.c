/* SPDX-License-Identifier: MIT */
/*
 * node/engine_keygen.c -- preprocessing and key generation by one node, and what is signed and stored of any key.
 *
 * One node has nothing to prepare: its preprocessing is a signature over the id, so that the chain sees the same events
 * as from a cluster.  A dealer's is that, too.
 */
#include "node/engine.h"
#include "node/new_key.h"
#include "node/replies.h"

static slice rsig_slice(const secp_rsig *s)
{
	return slice_of(s->b, sizeof s->b);
}

err engine_preproc(const engine *e, buf *response, const request *r)
{
	const hash32 digest = kms712_prep_keygen(&r->domain, e->profile, &r->id, r->extra_data);
	const secp_rsig external = sign_external(e->signer, &digest);

	reply_preproc(response, r, rsig_slice(&external));
	return OK;
}

/* Digest and signature are in the order ServerKey < PublicKey < CompressedXofKeySet, and so is the stored list. */
secp_rsig engine_sign_keys(const engine *e, const request *r, const uint8_t *public_key_digest, const uint8_t *xof_keyset_digest)
{
	const kms712_key_digest digest[] = {
		{ KMS712_PUBLIC_KEY, slice_of(public_key_digest, KEY_DIGEST_BYTES) },
		{ KMS712_COMPRESSED_KEY_SET, slice_of(xof_keyset_digest, KEY_DIGEST_BYTES) },
	};
	const hash32 h = kms712_keygen(&r->domain, e->profile, &r->keygen.preproc_id, &r->id, digest, COUNT(digest), r->extra_data);

	return sign_external(e->signer, &h);
}

secp_rsig engine_sign_again(const engine *e, const request *r, const key_metadata *m)
{
	static const kms712_key_type TYPE[PUB_TYPES] = {
		[PUB_SERVER_KEY] = KMS712_SERVER_KEY, [PUB_PUBLIC_KEY] = KMS712_PUBLIC_KEY,
		[PUB_COMPRESSED_XOF_KEY_SET] = KMS712_COMPRESSED_KEY_SET,
	};
	kms712_key_digest digest[MAX_KEY_DIGESTS];

	ASSERT(m->digests <= COUNT(digest));
	for (size_t i = 0; i < m->digests; i++) digest[i] = (kms712_key_digest){ TYPE[m->digest[i].type], m->digest[i].digest };
	const hash32 h = kms712_keygen(&r->domain, e->profile, &m->prep_id, &m->key_id, digest, m->digests, r->extra_data);

	return sign_external(e->signer, &h);
}

key_record engine_key_record(const engine *e, const request *r, const uint8_t *public_key_digest, const uint8_t *xof_keyset_digest,
                             const secp_rsig *external)
{
	key_record k = {
		.state = KEY_ACTIVE,
		.fhe_parameter = r->keygen.params->fhe_parameter,
		.created_ms = clock_unix_ms(e->clock),
		.body = r->body,
		.metadata = {
			.key_id = r->id,
			.prep_id = r->keygen.preproc_id,
			.digests = 2,
			.digest = { { PUB_PUBLIC_KEY, slice_of(public_key_digest, KEY_DIGEST_BYTES) },
			            { PUB_COMPRESSED_XOF_KEY_SET, slice_of(xof_keyset_digest, KEY_DIGEST_BYTES) } },
			.has_extra_data = true,
			.extra_data = r->extra_data,
			.external_signature = rsig_slice(external),
		},
	};
	k.metadata.signatures = reply_signatures(k.metadata.signature, r, rsig_slice(external));
	return k;
}

err engine_store_part(const engine *e, buf *response, const request *r, const new_key *k, uint8_t marks)
{
	const secp_rsig external = engine_sign_keys(e, r, k->public_key_digest, k->keyset_digest);
	key_record record = engine_key_record(e, r, k->public_key_digest, k->keyset_digest, &external);

	record.marks = marks;
	TRY(keys_create_part(e->keys, &k->share, buf_slice(&k->public_key), k->keyset, &record));
	reply_keygen(response, &record.metadata);
	return OK;
}

/* Made where it stays: of the key set's file there is never a second copy, on disk or in memory. */
static err make(key_files *out, const engine *e, const request *r)
{
	key_step step = key_step_begin(e->making, e->clock, &KEY_MADE, &r->id);
	const progress told = key_step_progress(&step);
	draft *room;

	TRY(keys_draft(&room, e->keys, &r->id, r->keygen.params));
	err failed = tkms_keygen_into(out, &room, e->cores, r->keygen.params, &r->id, e->random, &told);
	key_step_end(&step);
	return failed;
}

err engine_keygen(const engine *e, buf *response, const request *r)
{
	key_files files = { 0 };

	TRY(make(&files, e, r));
	const secp_rsig external = engine_sign_keys(e, r, files.public_key_digest, files.xof_keyset_digest);
	const key_record record = engine_key_record(e, r, files.public_key_digest, files.xof_keyset_digest, &external);
	err done = keys_create(e->keys, &r->epoch_id, &files, &record);
	if (done == OK) reply_keygen(response, &record.metadata);
	key_files_free(&files);
	return done;
}
