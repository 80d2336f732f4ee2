/* SPDX-License-Identifier: MIT */
/* delegate/group_record.c */
#include "delegate/group_record.h"
#include "delegate/tagged.h"

enum { VERSION = 1 };

/* ---- hashes and signatures ----------------------------------------------------------------------------------------- */

hash32 group_roster_hash(const group_roster *r)
{
	AUTO(sha256_stream) h = sha256_begin();

	sha256_add(&h, slice_str("arca/roster/v1"));
	hash_u16(&h, r->n);
	for (party i = 1; i <= r->n; i++) sha256_add(&h, slice_of(r->wallet[i].b, sizeof r->wallet[i].b));
	return sha256_end(&h);
}

hash32 group_digest(const group_key *k)
{
	AUTO(sha256_stream) h = tagged_begin("arca/dkg/final/v1");

	sha256_add(&h, id_slice(&k->key_id));
	hash_u32(&h, k->chain_id);
	hash_u32(&h, k->epoch);
	hash_u16(&h, k->n);
	hash_u16(&h, k->T + 1);
	sha256_add(&h, hash32_slice(&k->roster));
	sha256_add(&h, slice_of(k->P.b, sizeof k->P.b));
	for (party i = 1; i <= k->n; i++) sha256_add(&h, slice_of(k->Y[i].b, sizeof k->Y[i].b));
	return sha256_end(&h);
}

bool group_signed_by_var(const group_key *k, const group_roster *r, party i, const secp_rsig *sig)
{
	const hash32 digest = group_digest(k);
	eth_address by;

	return i >= 1 && i <= r->n && sign_external_by_var(&by, sig, &digest) && eth_address_eq_var(by, r->wallet[i]);
}

bool group_is_certified_var(const group_record *r, const group_roster *now, unsigned T)
{
	const hash32 is = group_roster_hash(&r->roster);
	unsigned count = 0, known = 0;

	if (!hash32_eq_var(is, r->key.roster) || r->key.n != r->roster.n || r->key.n != now->n || r->key.T != T) return false;
	FOR_EACH_IN(i, r->signers & parties_all(now->n)) {
		if (!group_signed_by_var(&r->key, &r->roster, i, &r->signature[i])) continue;
		count++;
		known += eth_address_eq_var(r->roster.wallet[i], now->wallet[i]);
	}
	return count >= r->key.n - T && known > T;
}

/* ---- bytes --------------------------------------------------------------------------------------------------------- */

void group_record_write(buf *out, const group_record *r)
{
	const group_key *k = &r->key;

	buf_put_u8(out, VERSION);
	buf_put_slice(out, id_slice(&k->key_id));
	buf_put_u32(out, k->chain_id);
	buf_put_u32(out, k->epoch);
	buf_put_u8(out, (uint8_t)k->n);
	buf_put_u8(out, (uint8_t)k->T);
	for (party i = 1; i <= k->n; i++) buf_put(out, r->roster.wallet[i].b, sizeof r->roster.wallet[i].b);
	buf_put(out, k->P.b, sizeof k->P.b);
	for (party i = 1; i <= k->n; i++) buf_put(out, k->Y[i].b, sizeof k->Y[i].b);
	buf_put_u64(out, r->signers);
	FOR_EACH_IN(i, r->signers) buf_put(out, r->signature[i].b, sizeof r->signature[i].b);
}

/* False: fewer bytes.  out: of the same size. */
static bool take(void *out, reader *r, size_t n)
{
	const slice s = read_bytes(r, n);

	if (s.p) memcpy(out, s.p, n);
	return s.p;
}

/* zero_too: a party may have none. */
static bool take_point(secp_pk *out, reader *r, bool zero_too)
{
	static const secp_pk NONE;
	const slice s = read_bytes(r, SECP_PK);

	if (zero_too && s.p && memcmp(s.p, NONE.b, s.n) == 0) {
		*out = NONE;
		return true;
	}
	return s.p && secp_pk_read(out, s) == OK;
}

static bool read_record(group_record *out, reader *r)
{
	group_key *k = &out->key;

	if (read_u8(r) != VERSION || !take(k->key_id.b, r, sizeof k->key_id.b)) return false;
	k->chain_id = read_u32(r);
	k->epoch = read_u32(r);
	k->n = read_u8(r);
	k->T = read_u8(r);
	if (!read_ok(r) || k->n > MAX_PARTIES || 3 * k->T >= k->n || !k->T) return false;
	out->roster.n = k->n;
	for (party i = 1; i <= k->n; i++) if (!take(out->roster.wallet[i].b, r, sizeof out->roster.wallet[i].b)) return false;
	if (!take_point(&k->P, r, false)) return false;
	for (party i = 1; i <= k->n; i++) if (!take_point(&k->Y[i], r, true)) return false;
	out->signers = read_u64(r);
	if (out->signers & ~parties_all(k->n)) return false;
	FOR_EACH_IN(i, out->signers) if (!take(out->signature[i].b, r, sizeof out->signature[i].b)) return false;
	k->roster = group_roster_hash(&out->roster);
	return read_done(r);
}

err group_record_read(group_record *out, slice bytes)
{
	reader r = reader_of(bytes);

	*out = (group_record){ 0 };
	if (read_record(out, &r)) return OK;
	return err_fail(ERR_REQUEST, "%zu bytes are no record of a shared key", bytes.n);
}

void group_share_write(buf *out, const group_share *held, const group_record *r)
{
	buf_put_u8(out, VERSION);
	buf_put_u8(out, held->index);
	buf_put(out, held->s.b, sizeof held->s.b);
	group_record_write(out, r);
}

err group_share_read(group_share *held, group_record *r, slice file)
{
	reader from = reader_of(file);
	const uint8_t version = read_u8(&from), index = read_u8(&from);
	const slice s = read_bytes(&from, SECP_SK);

	if (!s.p || version != VERSION)
		return err_fail(ERR_REQUEST, "%zu bytes are no share of a key", file.n);
	TRY(group_record_read(r, slice_of(file.p + from.at, file.n - from.at)));
	if (index < 1 || index > r->key.n) return err_fail(ERR_REQUEST, "a share is that of party %u of %u", index, r->key.n);
	TRY(secp_sk_read(&held->s, s.p));
	held->index = index;
	return OK;
}

bool group_share_is_right(const group_share *held, const group_key *k, const secp *curve)
{
	const secp_pk Y = secp_pk_of(curve, &held->s);

	return held->index >= 1 && held->index <= k->n && memcmp(Y.b, k->Y[held->index].b, sizeof Y.b) == 0;
}
