/* SPDX-License-Identifier: MIT */
/* evm/tx.c -- a list of nine members, or ten; signed, three more.  [EIP-1559, EIP-2718, EIP-7702] */
#include "evm/tx.h"
#include "evm/rlp.h"

enum { TYPE = 2, TYPE_DELEGATES = 4, AUTHORIZATION = 5 };

static uint8_t type_of(const evm_tx *tx) { return tx->delegates ? TYPE_DELEGATES : TYPE; }

static void put_signature(buf *out, const secp_rsig *sig)
{
	rlp_put_u64(out, sig->b[64] - 27u);
	rlp_put_number(out, slice_of(sig->b, 32));
	rlp_put_number(out, slice_of(sig->b + 32, 32));
}

/* What the sender signs to delegate; its own number is used by the transaction before that. */
static void put_authorized(buf *out, const evm_tx *tx)
{
	rlp_put_u64(out, tx->chain_id);
	rlp_put_bytes(out, slice_of(tx->executor.b, sizeof tx->executor.b));
	rlp_put_u64(out, tx->nonce + 1);
}

static void put_authorizations(buf *out, const evm_tx *tx)
{
	AUTO(buf) one = { 0 }, all = { 0 };

	put_authorized(&one, tx);
	put_signature(&one, &tx->authorization);
	rlp_put_list(&all, buf_slice(&one));
	rlp_put_list(out, buf_slice(&all));
}

static void put_members(buf *content, const evm_tx *tx)
{
	rlp_put_u64(content, tx->chain_id);
	rlp_put_u64(content, tx->nonce);
	rlp_put_u64(content, tx->max_priority_fee);
	rlp_put_u64(content, tx->max_fee);
	rlp_put_u64(content, tx->gas);
	rlp_put_bytes(content, slice_of(tx->to.b, sizeof tx->to.b));
	rlp_put_u64(content, tx->value);
	rlp_put_bytes(content, tx->data);
	rlp_put_list(content, (slice){ 0 });                   /* no access list */
	if (tx->delegates) put_authorizations(content, tx);
}

hash32 tx_digest(const evm_tx *tx)
{
	AUTO(buf) content = { 0 }, signed_part = { 0 };

	put_members(&content, tx);
	buf_put_u8(&signed_part, type_of(tx));
	rlp_put_list(&signed_part, buf_slice(&content));
	return keccak256(buf_slice(&signed_part));
}

hash32 tx_authorization_digest(const evm_tx *tx)
{
	AUTO(buf) content = { 0 }, signed_part = { 0 };

	put_authorized(&content, tx);
	buf_put_u8(&signed_part, AUTHORIZATION);
	rlp_put_list(&signed_part, buf_slice(&content));
	return keccak256(buf_slice(&signed_part));
}

void tx_write(buf *raw, const evm_tx *tx, const secp_rsig *sig)
{
	AUTO(buf) content = { 0 };

	put_members(&content, tx);
	put_signature(&content, sig);
	buf_put_u8(raw, type_of(tx));
	rlp_put_list(raw, buf_slice(&content));
}

void tx_sign(buf *raw, const evm_tx *tx, const signer *by)
{
	const hash32 digest = tx_digest(tx);
	const secp_rsig sig = sign_external(by, &digest);
	tx_write(raw, tx, &sig);
}

static bool take_number(uint8_t out[static 32], slice *rest)
{
	slice s;

	if (!rlp_take_bytes(&s, rest) || s.n > 32 || (s.n && s.p[0] == 0)) return false;
	memset(out, 0, 32 - s.n);
	if (s.n) memcpy(out + 32 - s.n, s.p, s.n);
	return true;
}

static bool take_members(evm_tx *out, slice *rest)
{
	slice to, access;

	if (!rlp_take_u64(&out->chain_id, rest) || !rlp_take_u64(&out->nonce, rest) || !rlp_take_u64(&out->max_priority_fee, rest) ||
	    !rlp_take_u64(&out->max_fee, rest) || !rlp_take_u64(&out->gas, rest) || !rlp_take_bytes(&to, rest) || to.n != sizeof out->to.b ||
	    !rlp_take_u64(&out->value, rest) || !rlp_take_bytes(&out->data, rest) || !rlp_take_list(&access, rest) || access.n)
		return false;
	memcpy(out->to.b, to.p, to.n);
	return true;
}

static bool take_signature(secp_rsig *out, slice *rest)
{
	uint64_t parity;

	if (!rlp_take_u64(&parity, rest) || parity > 1) return false;
	out->b[64] = (uint8_t)(27 + parity);
	return take_number(out->b, rest) && take_number(out->b + 32, rest);
}

static bool take_authorizations(evm_tx *out, slice *rest)
{
	slice all, one, to;
	uint64_t chain, nonce;

	if (!rlp_take_list(&all, rest) || !rlp_take_list(&one, &all) || all.n) return false;
	if (!rlp_take_u64(&chain, &one) || chain != out->chain_id || !rlp_take_bytes(&to, &one) || to.n != sizeof out->executor.b ||
	    !rlp_take_u64(&nonce, &one) || nonce != out->nonce + 1 || !take_signature(&out->authorization, &one) || one.n)
		return false;
	memcpy(out->executor.b, to.p, to.n);
	return true;
}

bool tx_read(evm_tx *out, secp_rsig *sig, slice raw)
{
	slice rest = raw, all;

	*out = (evm_tx){ .delegates = raw.n && raw.p[0] == TYPE_DELEGATES };
	if (raw.n == 0 || raw.p[0] != type_of(out)) return false;
	rest = slice_of(raw.p + 1, raw.n - 1);
	if (!rlp_take_list(&all, &rest) || rest.n || !take_members(out, &all)) return false;
	if (out->delegates && !take_authorizations(out, &all)) return false;
	return take_signature(sig, &all) && all.n == 0;
}
