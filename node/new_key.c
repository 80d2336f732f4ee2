/* SPDX-License-Identifier: MIT */
/* node/new_key.c */
#include "node/new_key.h"
#include "node/majority.h"
#include "sym/sha2.h"
#include "tkms/server_key.h"

void new_key_clear(new_key *k)
{
	key_share_free(&k->share);
	buf_free(&k->public_key);
	draft_free(&k->keyset);
}

err new_key_uncompress(new_key *k, draft **plain, pool *cores)
{
	seeded_keyset set;
	slice tag;
	id32 id;

	err e = tfhers_read_keyset(&set, &tag, draft_slice(k->keyset));
	if (e == OK && tag.n != sizeof id) e = err_fail(ERR_REQUEST, "its tag of %zu bytes is no id", tag.n);
	if (e != OK) {
		err_context("the key set that was made: ");
		return ERR_STATE;
	}
	memcpy(id.b, tag.p, sizeof id);
	TRY(tkms_server_key_fill(*plain, &set, &id, cores, NULL));
	draft_free(&k->keyset);
	k->keyset = *plain;
	*plain = NULL;
	tkms_key_digest_draft(k->keyset_digest, k->keyset);
	return OK;
}

static hash32 digest_of(const new_key *k, const id32 *id)
{
	AUTO(sha256_stream) s = sha256_begin();

	sha256_add(&s, id_slice(id));
	sha256_add(&s, slice_of(k->public_key_digest, KEY_DIGEST_BYTES));
	sha256_add(&s, slice_of(k->keyset_digest, KEY_DIGEST_BYTES));
	return sha256_end(&s);
}

err new_key_agree(session *s, const new_key *k, const id32 *id)
{
	const hash32 mine = digest_of(k, id);
	slice all[MAX_PARTIES + 1];

	TRY(stop_forbid(s->stop));
	TRY(bcast(s, hash32_slice(&mine), sizeof mine, all));
	const party_set same = majority_of(s, all, sizeof mine);
	if (size_of_set(same) < s->n - s->t)
		return err_fail(ERR_STATE, "only %u of the %u parties have the same new key; %u must: ask again with a fresh id",
		                size_of_set(same), s->n, s->n - s->t);
	return has(same, s->me) ? OK : err_fail(ERR_STATE, "the other parties have made this key, but this one has another");
}
