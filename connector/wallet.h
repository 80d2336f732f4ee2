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

/*
 * From private_key_file, private_key or aws_kms_config.  The text of the key is wiped in the configuration, and so are the credentials
 * in environment, where AWS's tools look for them, too.  A key of AWS KMS says its address now.  ERR_REQUEST with a sentence that has
 * nothing of the key: what the operator must put right; ERR_IO: the service is away.
 */
err  wallet_new(wallet **out, connector_config *c, char **environment, const rng *r);
void wallet_free(wallet **w);

const eth_address *wallet_address(const wallet *w);

/*
 * Signs the digest of a transaction.  A service that keeps the key is asked again while it is busy, for seconds at most, and what it
 * says counts only if it recovers to the wallet's address: so nothing is broadcast that the chain would take for somebody else's.
 * ERR_IO: it is away; others: it refuses.  out is then untouched.
 */
err  wallet_sign(secp_rsig *out, wallet *w, const hash32 *digest);

#endif
