/* SPDX-License-Identifier: MIT */
/*
 * vault/objects.c -- stored objects, field by field.
 *
 * Every u32 that the code calls a tag is the number of a version of the type that follows.
 */
#include "vault/objects.h"
#include "tfhers/envelope.h"

/* ---- the pieces of versioned bodies ------------------------------------------------------------------------- */

static void put_counted(buf *out, slice s)
{
	buf_put_u64(out, s.n);
	buf_put_slice(out, s);
}

static slice read_counted(reader *r, size_t max)
{
	uint64_t n = read_u64(r);
	if (n > max) r->refused = true;
	return r->refused ? (slice){ 0 } : read_bytes(r, (size_t)n);
}

/* Refuses a tag that is not the version we know. */
static void expect_tag(reader *r, uint32_t version)
{
	if (read_u32(r) != version) r->refused = true;
}

static void read_id(reader *r, id32 *out)
{
	slice s = read_bytes(r, sizeof out->b);
	if (s.n) memcpy(out->b, s.p, s.n);
}

static err open_object(reader *body, const char *name, slice file)
{
	slice found;

	TRY(envelope_read(&found, body, file));
	if (!slice_eq_var(found, slice_str(name)))
		return err_fail(ERR_REQUEST, "a %s is wanted, this is a %.*s", name, (int)found.n, (const char *)found.p);
	return OK;
}

static err close_object(const reader *r, const char *name)
{
	if (read_done(r)) return OK;
	return err_fail(ERR_REQUEST, "the %s is malformed: it %s at byte %zu", name,
	                read_ok(r) ? "should end" : "cannot be read", r->at);
}

/* ---- the signing key ---------------------------------------------------------------------------------------- */

static const char PRIVATE_KEY[] = "PrivateSigKey", PUBLIC_KEY[] = "PublicSigKey", UNIFIED_KEY[] = "UnifiedPublicSigKey";

void private_key_write(buf *out, const secp_sk *sk)
{
	envelope_write(out, PRIVATE_KEY);
	buf_put_u32(out, 0);
	put_counted(out, slice_of(sk->b, sizeof sk->b));
}

err private_key_read(secp_sk *out, slice file)
{
	reader r;

	TRY(open_object(&r, PRIVATE_KEY, file));
	expect_tag(&r, 0);
	slice scalar = read_counted(&r, SECP_SK);
	TRY(close_object(&r, PRIVATE_KEY));
	if (scalar.n != SECP_SK)
		return err_fail(ERR_REQUEST, "the %s has %zu bytes of key instead of %d", PRIVATE_KEY, scalar.n, SECP_SK);
	return secp_sk_read(out, scalar.p);
}

static void put_public_key(buf *out, const secp_pk *pk)
{
	buf_put_u32(out, 0);
	put_counted(out, slice_of(pk->b, sizeof pk->b));
}

void public_key_write(buf *out, const secp_pk *pk)
{
	envelope_write(out, PUBLIC_KEY);
	put_public_key(out, pk);
}

void unified_public_key_write(buf *out, const secp_pk *pk)
{
	envelope_write(out, UNIFIED_KEY);
	buf_put_u32(out, 0);
	buf_put_u32(out, SCHEME_ECDSA256K1);
	put_public_key(out, pk);
}

err public_key_read(secp_pk *out, slice file)
{
	reader r;

	TRY(open_object(&r, PUBLIC_KEY, file));
	expect_tag(&r, 0);
	slice point = read_counted(&r, SECP_PK);
	TRY(close_object(&r, PUBLIC_KEY));
	return secp_pk_read(out, point);
}

/* ---- what was signed about a key ---------------------------------------------------------------------------- */

static const char METADATA[] = "KeyGenMetadata";

enum { METADATA_CURRENT = 0, METADATA_INNER_VERSION = 3 };

void key_metadata_write(buf *out, const key_metadata *m)
{
	envelope_write(out, METADATA);
	buf_put_u32(out, 0);
	buf_put_u32(out, METADATA_CURRENT);
	buf_put_u32(out, METADATA_INNER_VERSION);
	buf_put_slice(out, id_slice(&m->key_id));
	buf_put_slice(out, id_slice(&m->prep_id));
	buf_put_u64(out, m->digests);
	for (size_t i = 0; i < m->digests; i++) {
		buf_put_u32(out, 0);
		buf_put_u32(out, m->digest[i].type);
		put_counted(out, m->digest[i].digest);
	}
	buf_put_u8(out, m->has_extra_data);
	if (m->has_extra_data) put_counted(out, m->extra_data);
	put_counted(out, m->external_signature);
	buf_put_u64(out, m->signatures);
	for (size_t i = 0; i < m->signatures; i++) {
		buf_put_u32(out, 0);
		buf_put_u32(out, 0);
		buf_put_u32(out, m->signature[i].scheme);
		put_counted(out, m->signature[i].bytes);
	}
}

static void read_digests(reader *r, key_metadata *m)
{
	uint64_t n = read_u64(r);

	if (n > COUNT(m->digest)) r->refused = true;
	for (uint64_t i = 0; i < n && !r->refused; i++) {
		expect_tag(r, 0);
		uint32_t type = read_u32(r);
		if (type >= PUB_TYPES || (i && type <= m->digest[i - 1].type)) r->refused = true;
		m->digest[m->digests++] = (stored_digest){ (pub_type)type, read_counted(r, 64) };
	}
}

static void read_signatures(reader *r, key_metadata *m)
{
	uint64_t n = read_u64(r);

	if (n > COUNT(m->signature)) r->refused = true;
	for (uint64_t i = 0; i < n && !r->refused; i++) {
		expect_tag(r, 0);
		expect_tag(r, 0);
		uint32_t scheme = read_u32(r);
		m->signature[m->signatures++] = (stored_signature){ scheme, read_counted(r, MAX_STORED_SIGNATURE) };
	}
}

err key_metadata_read(key_metadata *out, slice file)
{
	reader r;
	key_metadata m = { 0 };

	TRY(open_object(&r, METADATA, file));
	expect_tag(&r, 0);
	expect_tag(&r, METADATA_CURRENT);
	expect_tag(&r, METADATA_INNER_VERSION);
	read_id(&r, &m.key_id);
	read_id(&r, &m.prep_id);
	read_digests(&r, &m);
	uint8_t present = read_u8(&r);
	if (present > 1) r.refused = true;
	m.has_extra_data = present;
	if (present) m.extra_data = read_counted(&r, MAX_EXTRA_DATA);
	m.external_signature = read_counted(&r, MAX_STORED_SIGNATURE);
	read_signatures(&r, &m);
	TRY(close_object(&r, METADATA));
	*out = m;
	return OK;
}

/* ---- what this node knows of a key -------------------------------------------------------------------------- */

enum { KEY_RECORD_VERSION = 2 };

static const char *const STATE_NAMES[] = {
	[KEY_PRE_ACTIVATION] = "pre-activation", [KEY_ACTIVE] = "active", [KEY_SUSPENDED] = "suspended",
	[KEY_DEACTIVATED] = "deactivated", [KEY_COMPROMISED] = "compromised", [KEY_DESTROYED] = "destroyed",
};

static bool is_state(unsigned s)
{
	return s >= KEY_PRE_ACTIVATION && s <= KEY_DESTROYED;
}

const char *key_state_name(key_state s)
{
	return is_state(s) ? STATE_NAMES[s] : "unknown";
}

void key_record_write(buf *out, const key_record *r)
{
	buf_put_u8(out, KEY_RECORD_VERSION);
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

	uint8_t version = read_u8(&r), state = read_u8(&r);
	k.fhe_parameter = read_u32(&r);
	k.created_ms = (int64_t)read_u64(&r);
	const slice body = read_bytes(&r, sizeof k.body.b);
	if (!read_ok(&r)) return err_fail(ERR_REQUEST, "the key record is cut short after %zu bytes", file.n);
	if (version != KEY_RECORD_VERSION)
		return err_fail(ERR_REQUEST, "the key record has version %u; this program reads version %d", version, KEY_RECORD_VERSION);
	if (!is_state(state)) return err_fail(ERR_REQUEST, "the key record names the state %u, which does not exist", state);
	k.state = (key_state)state;
	memcpy(k.body.b, body.p, body.n);
	TRY(key_metadata_read(&k.metadata, read_bytes(&r, read_left(&r))));
	*out = k;
	return OK;
}
