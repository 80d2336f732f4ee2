/* SPDX-License-Identifier: MIT */
/* evm/tx.c -- a list of nine members; signed, of twelve.  [EIP-1559, EIP-2718] */
#include "evm/tx.h"
#include "evm/rlp.h"

enum { TYPE = 2 };

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
}

hash32 tx_digest(const evm_tx *tx)
{
	AUTO(buf) content = { 0 }, signed_part = { 0 };

	put_members(&content, tx);
	buf_put_u8(&signed_part, TYPE);
	rlp_put_list(&signed_part, buf_slice(&content));
	return keccak256(buf_slice(&signed_part));
}

void tx_write(buf *raw, const evm_tx *tx, const secp_rsig *sig)
{
	AUTO(buf) content = { 0 };

	put_members(&content, tx);
	rlp_put_u64(&content, sig->b[64] - 27u);
	rlp_put_number(&content, slice_of(sig->b, 32));
	rlp_put_number(&content, slice_of(sig->b + 32, 32));
	buf_put_u8(raw, TYPE);
	rlp_put_list(raw, buf_slice(&content));
}

void tx_sign(buf *raw, const evm_tx *tx, const signer *by)
{
	const hash32 digest = tx_digest(tx);
	const secp_rsig sig = sign_external(by, &digest);
	tx_write(raw, tx, &sig);
}
