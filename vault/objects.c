/* SPDX-License-Identifier: MIT */
/*
 * vault/objects.c -- stored objects, field by field.
 *
 * Every u32 that the code calls a tag is the number of a version of the type that follows.
 */
#include "vault/objects.h"
#include "tfhers/envelope.h"
#include "vault/wire.h"

/* ---- the signing key ---------------------------------------------------------------------------------------- */

static const char PRIVATE_KEY[] = "PrivateSigKey", PUBLIC_KEY[] = "PublicSigKey", UNIFIED_KEY[] = "UnifiedPublicSigKey";

void private_key_write(buf *out, const secp_sk *sk)
{
	tfhers_envelope_write(out, PRIVATE_KEY);
	buf_put_u32(out, 0);
	wire_put(out, slice_of(sk->b, sizeof sk->b));
}

err private_key_read(secp_sk *out, slice file)
{
	reader r;

	TRY(wire_open(&r, PRIVATE_KEY, file));
	wire_expect(&r, 0);
	slice scalar = wire_read(&r, SECP_SK);
	TRY(wire_close(&r, PRIVATE_KEY));
	if (scalar.n != SECP_SK)
		return err_fail(ERR_REQUEST, "the %s has %zu bytes of key instead of %d", PRIVATE_KEY, scalar.n, SECP_SK);
	return secp_sk_read(out, scalar.p);
}

static void put_public_key(buf *out, const secp_pk *pk)
{
	buf_put_u32(out, 0);
	wire_put(out, slice_of(pk->b, sizeof pk->b));
}

void public_key_write(buf *out, const secp_pk *pk)
{
	tfhers_envelope_write(out, PUBLIC_KEY);
	put_public_key(out, pk);
}

err public_key_read(secp_pk *out, slice file)
{
	reader r;

	TRY(wire_open(&r, PUBLIC_KEY, file));
	wire_expect(&r, 0);
	slice point = wire_read(&r, SECP_PK);
	TRY(wire_close(&r, PUBLIC_KEY));
	return secp_pk_read(out, point);
}

/* Of ECDSA the key is a versioned object in itself. */
void unified_public_key_write(buf *out, uint32_t scheme, slice key)
{
	ASSERT(scheme < MAX_SCHEMES && key.n == scheme_key_bytes(scheme));
	tfhers_envelope_write(out, UNIFIED_KEY);
	buf_put_u32(out, 0);
	buf_put_u32(out, scheme);
	if (scheme == SCHEME_ECDSA256K1) buf_put_u32(out, 0);
	wire_put(out, key);
}

err unified_public_key_read(uint32_t *scheme, slice *key, slice file)
{
	secp_pk point;
	reader r;

	TRY(wire_open(&r, UNIFIED_KEY, file));
	wire_expect(&r, 0);
	const uint32_t s = read_u32(&r);
	if (s == SCHEME_ECDSA256K1) wire_expect(&r, 0);
	const slice k = wire_read(&r, MAX_TYPED_KEY);
	TRY(wire_close(&r, UNIFIED_KEY));
	if (s >= MAX_SCHEMES) return err_fail(ERR_REQUEST, "the %s is of scheme %u, which does not exist", UNIFIED_KEY, s);
	if (k.n != scheme_key_bytes(s))
		return err_fail(ERR_REQUEST, "the %s has %zu bytes of key; one of %s has %zu", UNIFIED_KEY, k.n, scheme_name(s), scheme_key_bytes(s));
	if (s == SCHEME_ECDSA256K1) TRY(secp_pk_read(&point, k));
	*scheme = s;
	*key = k;
	return OK;
}

/* ---- what was signed about a key ---------------------------------------------------------------------------- */

static const char METADATA[] = "KeyGenMetadata";

enum { METADATA_CURRENT = 0, METADATA_INNER_VERSION = 3 };

static void put_digests(buf *out, const key_metadata *m)
{
	buf_put_u64(out, m->digests);
	for (size_t i = 0; i < m->digests; i++) {
		buf_put_u32(out, 0);
		buf_put_u32(out, m->digest[i].type);
		wire_put(out, m->digest[i].digest);
	}
}

void key_metadata_write(buf *out, const key_metadata *m)
{
	tfhers_envelope_write(out, METADATA);
	buf_put_u32(out, 0);
	buf_put_u32(out, METADATA_CURRENT);
	buf_put_u32(out, METADATA_INNER_VERSION);
	buf_put_slice(out, id_slice(&m->key_id));
	buf_put_slice(out, id_slice(&m->prep_id));
	put_digests(out, m);
	buf_put_u8(out, m->has_extra_data);
	if (m->has_extra_data) wire_put(out, m->extra_data);
	wire_put(out, m->external_signature);
	buf_put_u64(out, m->signatures);
	for (size_t i = 0; i < m->signatures; i++) {
		buf_put_u32(out, 0);
		buf_put_u32(out, 0);
		buf_put_u32(out, m->signature[i].scheme);
		wire_put(out, m->signature[i].bytes);
	}
}

static void read_digests(reader *r, key_metadata *m)
{
	uint64_t n = read_u64(r);

	if (n > COUNT(m->digest)) r->refused = true;
	for (uint64_t i = 0; i < n && !r->refused; i++) {
		wire_expect(r, 0);
		uint32_t type = read_u32(r);
		if (type >= PUB_TYPES || (i && type <= m->digest[i - 1].type)) r->refused = true;
		m->digest[m->digests++] = (stored_digest){ (pub_type)type, wire_read(r, 64) };
	}
}

static void read_signatures(reader *r, key_metadata *m)
{
	uint64_t n = read_u64(r);

	if (n > COUNT(m->signature)) r->refused = true;
	for (uint64_t i = 0; i < n && !r->refused; i++) {
		wire_expect(r, 0);
		wire_expect(r, 0);
		uint32_t scheme = read_u32(r);
		m->signature[m->signatures++] = (stored_signature){ scheme, wire_read(r, MAX_STORED_SIGNATURE) };
	}
}

err key_metadata_read(key_metadata *out, slice file)
{
	reader r;
	key_metadata m = { 0 };

	TRY(wire_open(&r, METADATA, file));
	wire_expect(&r, 0);
	wire_expect(&r, METADATA_CURRENT);
	wire_expect(&r, METADATA_INNER_VERSION);
	wire_read_id(&r, &m.key_id);
	wire_read_id(&r, &m.prep_id);
	read_digests(&r, &m);
	uint8_t present = read_u8(&r);
	if (present > 1) r.refused = true;
	m.has_extra_data = present;
	if (present) m.extra_data = wire_read(&r, MAX_EXTRA_DATA);
	m.external_signature = wire_read(&r, MAX_STORED_SIGNATURE);
	read_signatures(&r, &m);
	TRY(wire_close(&r, METADATA));
	*out = m;
	return OK;
}

void prep_payload_write(buf *out, const id32 *prep, slice extra_data)
{
	tfhers_envelope_write(out, "PrepKeygenSignedPayload");
	buf_put_u32(out, 0);
	buf_put_slice(out, id_slice(prep));
	wire_put(out, extra_data);
}

void keygen_payload_write(buf *out, const key_metadata *m)
{
	tfhers_envelope_write(out, "KeygenSignedPayload");
	buf_put_u32(out, 0);
	buf_put_slice(out, id_slice(&m->prep_id));
	buf_put_slice(out, id_slice(&m->key_id));
	put_digests(out, m);
	wire_put(out, m->extra_data);
}

/* ---- what this node knows of a key -------------------------------------------------------------------------- */

/* The second only for keys with marks, so that a key without any has one encoding. */
enum { KEY_RECORD_VERSION = 2, KEY_RECORD_MARKED = 3, KEY_MARKS = KEY_INSECURE | KEY_RESHARED };

void key_record_write(buf *out, const key_record *r)
{
	buf_put_u8(out, r->marks ? KEY_RECORD_MARKED : KEY_RECORD_VERSION);
	if (r->marks) buf_put_u8(out, r->marks);
	buf_put_u8(out, (uint8_t)r->state);
	buf_put_u32(out, r->fhe_parameter);
	buf_put_u64(out, (uint64_t)r->created_ms);
	buf_put_slice(out, hash32_slice(&r->body));
	key_metadata_write(out, &r->metadata);
}

err key_record_read(key_record *out, slice file)
{
	reader r = reader_of(file);
	key_record k = { 0 };

	const uint8_t version = read_u8(&r);
	const bool marked = version == KEY_RECORD_MARKED;
	if (marked) k.marks = read_u8(&r);
	const uint8_t state = read_u8(&r);
	k.fhe_parameter = read_u32(&r);
	k.created_ms = (int64_t)read_u64(&r);
	const slice body = read_bytes(&r, sizeof k.body.b);
	if (!read_ok(&r)) return err_fail(ERR_REQUEST, "the key record is cut short after %zu bytes", file.n);
	if (version != KEY_RECORD_VERSION && !marked)
		return err_fail(ERR_REQUEST, "the key record has version %u; this program reads versions %d and %d", version,
		                KEY_RECORD_VERSION, KEY_RECORD_MARKED);
	if (marked && (k.marks == 0 || (k.marks & ~KEY_MARKS)))
		return err_fail(ERR_REQUEST, "the key record has the marks %u, which this program does not know", k.marks);
	if (!key_state_is(state)) return err_fail(ERR_REQUEST, "the key record names the state %u, which does not exist", state);
	k.state = (key_state)state;
	memcpy(k.body.b, body.p, body.n);
	TRY(key_metadata_read(&k.metadata, read_bytes(&r, read_left(&r))));
	*out = k;
	return OK;
}

/* ---- a party's part of a key -------------------------------------------------------------------------------- */

enum { OWN_PART_VERSION = 'P' };           /* no version of a key record */

void own_part_write(buf *out, const key_record *k, slice share)
{
	buf record = { 0 };

	key_record_write(&record, k);
	buf_put_u8(out, OWN_PART_VERSION);
	wire_put(out, buf_slice(&record));
	wire_put(out, share);
	buf_free(&record);
}

err own_part_read(key_record *out, slice *share, slice file)
{
	reader r = reader_of(file);

	const uint8_t version = read_u8(&r);
	const slice record = wire_read(&r, MAX_KEY_RECORD), part = wire_read(&r, MAX_OWN_PART);
	if (version != OWN_PART_VERSION) return err_fail(ERR_REQUEST, "this is no party's part of a key");
	TRY(wire_close(&r, "part of a key"));
	TRY(key_record_read(out, record));
	*share = part;
	return OK;
}
