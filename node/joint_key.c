/* SPDX-License-Identifier: MIT */
/* node/joint_key.c -- terms, the protocols of mpc/, the files. */
#include "node/joint_key.h"
#include "node/joint_try.h"

/* All parties must have the same: they are a part of the terms. */
enum { LANES = 4, BATCH = 1 << 14, SLAB = 1 << 14 };

slice joint_numbers(void)
{
	static const uint8_t numbers[] = { 1 /* version */, LANES, BATCH >> 10, SLAB >> 10, PREPROC_CHUNK >> 16 };
	return slice_of(numbers, sizeof numbers);
}

/* ---- preprocessing ---------------------------------------------------------------------------------------------------- */

err joint_preproc_run(session *s, void *arg)
{
	const joint_preproc *j = arg;
	const preproc_job job = {
		.plan = &j->setup.plan.keygen, .tables = j->setup.tables, .record = j->setup.record, .to = spooling_sink(j->setup.spool),
		.lanes = LANES, .chunk = PREPROC_CHUNK, .batch = BATCH, .told = j->told,
	};

	TRY(terms_agree(s, &j->setup.wanted));
	return key_preproc(s, &job);
}

/* ---- the files -------------------------------------------------------------------------------------------------------- */

static err make_bodies(session *s, seeded_keyset *set, const joint_key *j)
{
	uint8_t *where[KEY_PARTS] = { 0 }, *file = draft_bytes(j->mine.keyset);
	const lat_params *params = j->setup.plan.keygen.params;
	const joint_keygen_job job = {
		.plan = &j->setup.plan.keygen, .tables = j->setup.tables, .record = j->setup.record, .from = spooling_source(j->setup.spool),
		.word = j->mine.share.word, .where = where, .lanes = LANES, .slab = SLAB, .told = j->told,
	};

	if (j->between) where[PART_DECOMP_BSK] = decompression_place(file, params);
	else tkms_keyset_places(where, file, params);
	return joint_keygen(s, set, &job);
}

enum { SLOWEST = 10, SLACK_MS = 5000 };          /* another party may need longer for what this one has just done */

static err uncompress(session *s, joint_key *j)
{
	const int64_t began_ms = box_now_ms(s->in);

	TRY(new_key_uncompress(&j->mine, &j->plain, j->cores));
	session_allow(s, SLOWEST * (box_now_ms(s->in) - began_ms) + SLACK_MS);
	return OK;
}

/* Of a decompression key there is one file, and a public key's digest is zeros. */
static err make_files(session *s, joint_key *j)
{
	new_key *mine = &j->mine;
	seeded_keyset set;

	TRY(make_bodies(s, &set, j));
	if (j->between) {
		decompression_frame(draft_bytes(mine->keyset), &set);
	} else {
		tkms_keyset_frame(draft_bytes(mine->keyset), &set, &j->tag);
		if (j->public_key.n) buf_put_slice(&mine->public_key, j->public_key);
		else TRY(tkms_public_key_file(&mine->public_key, &set, &j->tag));
		tkms_key_digest(mine->public_key_digest, buf_slice(&mine->public_key));
		if (j->plain) return uncompress(s, j);
	}
	tkms_key_digest_draft(mine->keyset_digest, mine->keyset);
	return OK;
}

/* ---- all of it -------------------------------------------------------------------------------------------------------- */

static err try_it(session *s, const joint_key *j)
{
	const slice keyset = draft_slice(j->mine.keyset);
	const joint_try t = { .share = &j->mine.share, .masks = j->setup.masks, .public_key = buf_slice(&j->mine.public_key), .keyset = keyset,
	                      .between = j->between, .cores = j->cores };

	if (j->between) j->between->key = keyset;
	err e = joint_try_run(s, &t);

	draft_release(j->mine.keyset, 0, keyset.n);
	return e;
}

err joint_key_run(session *s, void *arg)
{
	joint_key *j = arg;

	TRY(terms_agree(s, &j->setup.wanted));
	TRY(make_files(s, j));
	TRY(try_it(s, j));
	return new_key_agree(s, &j->mine, &j->setup.holder.key_id);
}
