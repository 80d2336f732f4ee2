/* SPDX-License-Identifier: MIT */
/*
 * connector/wallet.h -- who pays for transactions and signs them: a key of this process, or one that a service keeps.
 *
 * The chain knows the address; that the nodes' signer and this wallet belong together is the gateway's to know.
 */
#ifndef ARCA_CONNECTOR_WALLET_H
#define ARCA_CONNECTOR_WALLET_H

#include "connector/config.h"
#include "seal/sign.h"

typedef struct wallet wallet;

/* From private_key_file, private_key or aws_kms_config.  The text of the key is wiped in the configuration.
 * ERR_REQUEST with a sentence that has nothing of the key. */
err  wallet_new(wallet **out, connector_config *c, const rng *r);
void wallet_free(wallet **w);

const eth_address *wallet_address(const wallet *w);

/* Signs the digest of a transaction.  ERR_IO if a service that keeps the key is away. */
err  wallet_sign(secp_rsig *out, wallet *w, const hash32 *digest);

#endif
