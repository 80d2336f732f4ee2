/* SPDX-License-Identifier: MIT */
/* vault/sealed.c -- header, keys, and chunks that know their number and whether they are the last. */
#include "vault/sealed.h"
#include "base/hex.h"
#include "sym/dsep.h"

enum { SEALED_VERSION = 1, CHUNK_IN_FILE = SEALED_CHUNK + GCM_TAG };

static const char MAGIC[] = "ARCASEAL", KEY_ID[] = "ARCA_KID", OBJECT_KEY[] = "ARCA_OBJ";

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static void key_id(uint8_t out[static SEALED_KEY_ID], const vault_key *k)
{
	shake256_dsep(out, SEALED_KEY_ID, KEY_ID, slice_of(k->b, sizeof k->b));
	DECLASSIFY(out, SEALED_KEY_ID, "a hash of a key that nobody can guess tells which key it is, and nothing else");
}

void vault_key_id(char out[static KEY_ID_TEXT], const vault_key *k)
{
	uint8_t id[SEALED_KEY_ID];

	key_id(id, k);
	hex_write(out, slice_of(id, sizeof id));
}

static void object_key(uint8_t out[static AES256_KEY], const vault_key *k, const uint8_t salt[static SEALED_SALT])
{
	xof x = dsep_begin(OBJECT_KEY);

	xof_absorb(&x, slice_of(k->b, sizeof k->b));
	xof_absorb(&x, slice_of(salt, SEALED_SALT));
	xof_squeeze(&x, out, AES256_KEY);
	wipe(&x, sizeof x);
}

/* ---- what a chunk is bound to ----------------------------------------------------------------------------------- */

/* Requires: the object's header, which is public. */
static void reader_begin(sealed_reader *r, const vault_key *k, const sealed_place *place, const uint8_t header[static SEALED_HEADER],
                         uint64_t left)
{
	const size_t type = strlen(place->type);
	uint8_t *at = r->bound;

	ASSERT(type <= SEALED_TYPE);
	*r = (sealed_reader){ .left = left };
	memcpy(at, header, SEALED_HEADER), at += SEALED_HEADER;
	*at++ = (uint8_t)type;
	memcpy(at, place->type, type), at += type;
	*at++ = place->epoch != NULL;
	if (place->epoch) memcpy(at, place->epoch->b, sizeof place->epoch->b);
	at += sizeof place->id->b;
	memcpy(at, place->id->b, sizeof place->id->b), at += sizeof place->id->b;
	r->bound_n = (size_t)(at - r->bound);
	object_key(r->key, k, header + SEALED_HEADER - SEALED_SALT);
}

static void chunk_nonce(uint8_t out[static GCM_NONCE], uint64_t number, bool last)
{
	memset(out, 0, GCM_NONCE);
	store64(out, number);
	out[8] = last;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

void sealed_write(buf *out, const vault_key *k, const sealed_place *place, slice plain, const rng *random)
{
	const uint64_t chunks = (plain.n + SEALED_CHUNK - 1) / SEALED_CHUNK;
	uint8_t header[SEALED_HEADER], nonce[GCM_NONCE];
	sealed_reader r;

	ASSERT(plain.n);
	memcpy(header, MAGIC, SEALED_MAGIC);
	header[SEALED_MAGIC] = SEALED_VERSION;
	key_id(header + SEALED_MAGIC + 1, k);
	rng_fill(random, header + SEALED_HEADER - SEALED_SALT, SEALED_SALT);
	DECLASSIFY(header, sizeof header, "the salt stands in the file");
	reader_begin(&r, k, place, header, 0);
	buf_reserve(out, sizeof header + plain.n + chunks * GCM_TAG);
	buf_put(out, header, sizeof header);
	for (uint64_t i = 0; i < chunks; i++) {
		const slice chunk = slice_of(plain.p + i * SEALED_CHUNK, size_min(SEALED_CHUNK, plain.n - i * SEALED_CHUNK));
		chunk_nonce(nonce, i, i == chunks - 1);
		aes256_gcm_seal(buf_grow(out, chunk.n + GCM_TAG), r.key, nonce, slice_of(r.bound, r.bound_n), chunk);
	}
	sealed_end(&r);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

bool sealed_begins(slice file)
{
	return file.n >= SEALED_MAGIC && memcmp(file.p, MAGIC, SEALED_MAGIC) == 0;
}

err sealed_key_id(char out[static KEY_ID_TEXT], slice file)
{
	if (!sealed_begins(file)) return err_fail(ERR_STATE, "this is not sealed, or its beginning is damaged");
	if (file.n < SEALED_HEADER) return err_fail(ERR_STATE, "this is cut short after %zu bytes", file.n);
	if (file.p[SEALED_MAGIC] != SEALED_VERSION)
		return err_fail(ERR_STATE, "this is sealed in version %u; this program reads version %d", file.p[SEALED_MAGIC], SEALED_VERSION);
	hex_write(out, slice_of(file.p + SEALED_MAGIC + 1, SEALED_KEY_ID));
	return OK;
}

err sealed_begin(sealed_reader *r, uint64_t *n, const vault_key *k, const sealed_place *place, slice header, uint64_t file_bytes)
{
	char need[KEY_ID_TEXT], have[KEY_ID_TEXT];

	TRY(sealed_key_id(need, header));
	vault_key_id(have, k);
	if (strcmp(need, have)) return err_fail(ERR_STATE, "this is sealed with the key %s; the one that was given is %s", need, have);
	const uint64_t body = file_bytes - SEALED_HEADER, chunks = (body + CHUNK_IN_FILE - 1) / CHUNK_IN_FILE;
	if (file_bytes <= SEALED_HEADER || body - (chunks - 1) * CHUNK_IN_FILE <= GCM_TAG)
		return err_fail(ERR_STATE, "this is cut short: no sealed object has %llu bytes", (unsigned long long)file_bytes);
	reader_begin(r, k, place, header.p, body);
	*n = body - chunks * GCM_TAG;
	return OK;
}

size_t sealed_next(const sealed_reader *r)
{
	return (size_t)(r->left < CHUNK_IN_FILE ? r->left : CHUNK_IN_FILE);
}

err sealed_chunk(sealed_reader *r, uint8_t *out, slice chunk)
{
	uint8_t nonce[GCM_NONCE];

	ASSERT(chunk.n && chunk.n == sealed_next(r));
	chunk_nonce(nonce, r->number, chunk.n == r->left);
	if (!aes256_gcm_open(out, r->key, nonce, slice_of(r->bound, r->bound_n), chunk))
		return err_fail(ERR_STATE, "this is damaged, or another object's: what is sealed in its chunk %llu does not open; restore it "
		                "from a copy", (unsigned long long)r->number);
	r->number++, r->left -= chunk.n;
	return OK;
}

void sealed_end(sealed_reader *r) { wipe(r, sizeof *r); }

err sealed_read(buf *out, const vault_key *k, const sealed_place *place, slice file, size_t max)
{
	const size_t before = out->n;
	sealed_reader r;
	uint64_t n;

	TRY(sealed_begin(&r, &n, k, place, slice_of(file.p, size_min(file.n, SEALED_HEADER)), file.n));
	err e = n > max ? err_fail(ERR_REQUEST, "this has %llu bytes; at most %zu are read", (unsigned long long)n, max) : OK;
	uint8_t *p = e == OK ? buf_grow(out, (size_t)n) : NULL;
	for (size_t at = SEALED_HEADER, next; e == OK && (next = sealed_next(&r)); at += next, p += next - GCM_TAG)
		e = sealed_chunk(&r, p, slice_of(file.p + at, next));
	if (e != OK && out->n > before) wipe(out->p + before, out->n - before);
	if (e != OK) out->n = before;
	sealed_end(&r);
	return e;
}
