/* SPDX-License-Identifier: MIT */
/*
 * delegate/whole_key.h -- a private key of the delegation KMS as a vault keeps it: a chain's protocol key, or the wallet.
 *
 *   u8 version | u8 kind | u8 state (vault/key_state.h) | chain u32 (0 of a wallet) | ms since 1970 u64, when the vault took it | key (32)
 *
 * Integers are little-endian.  The place of a chain's key in the vault follows from the chain's number: there is one.
 */
#ifndef ARCA_DELEGATE_WHOLE_KEY_H
#define ARCA_DELEGATE_WHOLE_KEY_H

#include "base/id.h"
#include "curve/secp.h"
#include "vault/key_state.h"

typedef enum whole_key_kind { WHOLE_KEY_CHAIN = 1, WHOLE_KEY_WALLET } whole_key_kind;

/* Secret; wiped by its owner. */
typedef struct whole_key {
	whole_key_kind kind;
	uint32_t  chain_id;
	key_state state;
	int64_t   taken_ms;
	secp_sk   sk;
} whole_key;

enum { WHOLE_KEY_BYTES = 3 + 4 + 8 + SECP_SK };

id32 whole_key_place(whole_key_kind kind, uint32_t chain_id);

void whole_key_write(buf *out, const whole_key *k);
/* ERR_REQUEST: not that. */
err  whole_key_read(whole_key *out, slice bytes);

#endif
