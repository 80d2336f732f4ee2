/* SPDX-License-Identifier: MIT */
/*
 * delegate/on_chain.h -- whether a chain's contract knows this KMS: its gateway() is the one that is believed here, and its
 * kmsPublicKey() the key that answers here, compared as points.
 */
#ifndef ARCA_DELEGATE_ON_CHAIN_H
#define ARCA_DELEGATE_ON_CHAIN_H

#include "curve/secp.h"
#include "evm/providers.h"

/* key NULL: the key is not made yet, and only the gateway is compared.  ERR_STATE with both values if the contract says something
 * else; ERR_NOT_FOUND if all is right but that it has no key yet; ERR_REQUEST if it is none of that kind; the errors of providers_try. */
err  on_chain_check(providers *p, const eth_address *contract, const eth_address *gateway, const secp_pk *key);

/* The two answers; for tests of what contracts might say.  ERR_REQUEST; ERR_STATE: no gateway; ERR_NOT_FOUND: no key. */
err  on_chain_gateway_read(eth_address *out, slice answer);
err  on_chain_key_read(secp_pk *out, slice answer);

#endif
