/* SPDX-License-Identifier: MIT */
/* tkms/keygen.c -- make a set, write its files, and try them before anybody else does. */
#include "tkms/keygen.h"
#include "base/file.h"
#include "lattice/compact.h"
#include "lattice/keygen.h"
#include "tkms/server_key.h"
#include "tkms/trial.h"

/* ---- digests ---------------------------------------------------------------------------------------------------- */

enum { PIECE = 8 << 20 };                      /* of whole pages */

xof tkms_key_digest_begin(void) { return dsep_begin("PDAT_KEY"); }

void tkms_key_digest_end(uint8_t out[static KEY_DIGEST_BYTES], xof *x)
{
	const hash32 h = xof_squeeze32(x);
	memcpy(out, h.b, sizeof h.b);
}

void tkms_key_digest(uint8_t out[static KEY_DIGEST_BYTES], slice file)
{
	xof x = tkms_key_digest_begin();
	xof_absorb(&x, file);
	tkms_key_digest_end(out, &x);
}

void tkms_key_digest_view(uint8_t out[static KEY_DIGEST_BYTES], slice view)
{
	xof x = tkms_key_digest_begin();

	for (size_t at = 0; at < view.n; at += PIECE) {
		const slice piece = slice_of(view.p + at, size_min(PIECE, view.n - at));
		xof_absorb(&x, piece);
		file_view_release(piece);
	}
	tkms_key_digest_end(out, &x);
}

void tkms_key_digest_draft(uint8_t out[static KEY_DIGEST_BYTES], const draft *d)
{
	const slice all = draft_slice(d);
	xof x = tkms_key_digest_begin();

	for (size_t at = 0; at < all.n; at += PIECE) {
		const slice piece = slice_of(all.p + at, size_min(PIECE, all.n - at));
		xof_absorb(&x, piece);
		draft_release(d, at, piece.n);
	}
	tkms_key_digest_end(out, &x);
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

void key_files_free(key_files *f)
{
	buf_free(&f->client_key);
	buf_free(&f->public_key);
	draft_free(&f->xof_keyset);
	*f = (key_files){ 0 };
}

err tkms_public_key_file(buf *out, const seeded_keyset *set, const id32 *key_id)
{
	const unsigned n = set->params->pke.n;
	arena a = arena_with_limit(2 * n * sizeof(uint64_t) + 4096);
	public_key key = { .params = set->params, .tag = id_slice(key_id) };

	err e = arena_new(&a, &key.mask, n);
	if (e == OK) e = arena_new(&a, &key.body, n);
	if (e == OK) {
		compact_key_expand(key.mask, key.body, &set->part[PART_PKE], n);
		tfhers_write_public_key(out, &key);
	}
	arena_free(&a);
	return e;
}

static keyset_layout layout_of(const lat_params *params)
{
	return tfhers_keyset_layout(params, PUBLIC_SEED_BYTES, sizeof(id32));
}

size_t tkms_keyset_bytes(const lat_params *params)
{
	return layout_of(params).bytes;
}

void tkms_keyset_places(uint8_t *where[static KEY_PARTS], uint8_t *file, const lat_params *params)
{
	const keyset_layout layout = layout_of(params);

	for (key_part i = 0; i < KEY_PARTS; i++) where[i] = layout.at[i] ? file + layout.at[i] : NULL;
}

void tkms_keyset_frame(uint8_t *file, const seeded_keyset *set, const id32 *key_id)
{
	tfhers_frame_keyset(file, set, id_slice(key_id));
}

/* The key set's file, whose bodies are made where they stay.  *set borrows from it. */
static err make_keyset(seeded_keyset *set, draft *room, const secret_keys *secret, const uint8_t seed[static PUBLIC_SEED_BYTES],
                       const id32 *key_id, pool *cores, const rng *random, const progress *told)
{
	uint8_t *where[KEY_PARTS];

	ASSERT(draft_slice(room).n == tkms_keyset_bytes(secret->params));
	tkms_keyset_places(where, draft_bytes(room), secret->params);
	TRY(public_set_fill(set, where, secret, seed, random, cores, told));
	tkms_keyset_frame(draft_bytes(room), set, key_id);
	return OK;
}

/* Trying comes last: until then, the pages of the key set were given back. */
static err make_files(key_files *f, const secret_keys *secret, const uint8_t seed[static PUBLIC_SEED_BYTES], const id32 *key_id,
                      const id32 *tag, slice kept, pool *cores, const rng *random, const progress *told)
{
	seeded_keyset set;

	TRY(make_keyset(&set, f->xof_keyset, secret, seed, tag, cores, random, told));
	if (kept.n) buf_put_slice(&f->public_key, kept);
	else TRY(tkms_public_key_file(&f->public_key, &set, tag));
	tfhers_write_client_key(&f->client_key, secret, id_slice(key_id));
	tkms_key_digest(f->public_key_digest, buf_slice(&f->public_key));
	tkms_key_digest_draft(f->xof_keyset_digest, f->xof_keyset);
	err e = tkms_try_keyset(buf_slice(&f->public_key), draft_slice(f->xof_keyset), secret, cores, random);
	draft_release(f->xof_keyset, 0, draft_slice(f->xof_keyset).n);
	return e;
}

/* The room is gone from whoever had it. */
static err make_set(key_files *out, draft **room, pool *cores, const secret_keys *secret, const uint8_t seed[static PUBLIC_SEED_BYTES],
                    const id32 *key_id, const id32 *tag, slice kept, const rng *random, const progress *told)
{
	key_files f = { .xof_keyset = *room };

	*room = NULL;
	err e = make_files(&f, secret, seed, key_id, tag, kept, cores, random, told);
	if (e == OK) *out = f;
	else key_files_free(&f);
	return e;
}

static void draw_seed(uint8_t seed[static PUBLIC_SEED_BYTES], const rng *random)
{
	rng_fill(random, seed, PUBLIC_SEED_BYTES);
	DECLASSIFY(seed, PUBLIC_SEED_BYTES, "the seed of the masks is published with the key set");
}

err tkms_keygen_from(key_files *out, draft **room, pool *cores, const secret_keys *secret, const id32 *key_id, const id32 *tag,
                     slice kept, const rng *random, const progress *told)
{
	uint8_t seed[PUBLIC_SEED_BYTES];

	draw_seed(seed, random);
	return make_set(out, room, cores, secret, seed, key_id, tag, kept, random, told);
}

err tkms_keygen_into(key_files *out, draft **room, pool *cores, const lat_params *params, const id32 *key_id,
                     const rng *random, const progress *told)
{
	uint8_t seed[PUBLIC_SEED_BYTES];
	secret_keys secret = { 0 };

	draw_seed(seed, random);
	err e = secret_keys_generate(&secret, params, random);
	if (e == OK) e = make_set(out, room, cores, &secret, seed, key_id, key_id, (slice){ 0 }, random, told);
	draft_free(room);
	secret_keys_free(&secret);
	return e;
}

/* ---- uncompressed ------------------------------------------------------------------------------------------------ */

static err fill_uncompressed(draft *room, const key_files *f, pool *cores)
{
	seeded_keyset set;
	slice tag;
	id32 id;

	TRY(tfhers_read_keyset(&set, &tag, draft_slice(f->xof_keyset)));
	ASSERT(tag.n == sizeof id);
	memcpy(id.b, tag.p, sizeof id);
	return tkms_server_key_fill(room, &set, &id, cores, NULL);
}

static err try_uncompressed(const draft *room, const key_files *f, pool *cores, const rng *random)
{
	AUTO(secret_keys) secret = { 0 };
	slice tag;

	TRY(tfhers_read_client_key(&secret, &tag, buf_slice(&f->client_key)));
	err e = tkms_try_keyset(buf_slice(&f->public_key), draft_slice(room), &secret, cores, random);
	draft_release(room, 0, draft_slice(room).n);
	return e;
}

err tkms_keygen_uncompress(key_files *f, draft **room, pool *cores, const rng *random)
{
	err e = fill_uncompressed(*room, f, cores);

	if (e == OK) e = try_uncompressed(*room, f, cores, random);
	if (e == OK) {
		tkms_key_digest_draft(f->xof_keyset_digest, *room);
		draft_free(&f->xof_keyset);
		f->xof_keyset = *room;
		*room = NULL;
	}
	draft_free(room);
	return e;
}

err tkms_keygen(key_files *out, pool *cores, const lat_params *params, const id32 *key_id, const rng *random,
                const progress *told)
{
	draft *room;

	TRY(draft_in_memory(&room, tkms_keyset_bytes(params)));
	return tkms_keygen_into(out, &room, cores, params, key_id, random, told);
}
