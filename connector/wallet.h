/* SPDX-License-Identifier: MIT */
/*
 * connector/wallet.h -- who pays for transactions and signs them: a key of this process, or one that a service keeps.
 *
 * The chain knows the address; that the nodes' signer and this wallet belong together is the gateway's to know.
 */
#ifndef ARCA_CONNECTOR_WALLET_H
#define ARCA_CONNECTOR_WALLET_H

#include "base/clock.h"
#include "connector/config.h"
#include "seal/sign.h"

enum { WALLET_AT_ONCE = 16 };                    /* signatures of a service that are under way, at most */

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
 * Signs the digest of a transaction.  A service that keeps the key is asked again while it is busy, three times in all, and what it
 * says counts only if it recovers to the wallet's address: so nothing is broadcast that the chain would take for somebody else's.
 * ERR_IO: it is away; others: it refuses.  out is then untouched.
 */
err  wallet_sign(secp_rsig *out, wallet *w, const hash32 *digest);

/*
 * Many: *n in, how many there are; out, how many of them are signed, the first ones, which is what numbered transactions need.  A service is
 * asked for several at once, for half as many after it was busy, and for one more after it was not.  No further one is begun once
 * the clock says until_ms (one is in any case); that is no error.  Otherwise that of one that was not signed.
 */
err  wallet_sign_all(secp_rsig *out, size_t *n, wallet *w, const hash32 *digest, const clock_source *clock, int64_t until_ms);

#endif
