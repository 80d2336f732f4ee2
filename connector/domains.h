/* SPDX-License-Identifier: MIT */
/*
 * connector/domains.h -- do the contracts check signatures under the names that the configuration has?
 *
 * Nodes sign under a domain that we tell them (EIP-712: name, version, chain, contract).  With a letter that differs a contract finds
 * an unknown signer in every answer, and nothing says why.  So the contracts are asked first (eip712Domain, ERC-5267).
 */
#ifndef ARCA_CONNECTOR_DOMAINS_H
#define ARCA_CONNECTOR_DOMAINS_H

#include "connector/config.h"
#include "evm/providers.h"

/*
 * Of Decryption and KMSGeneration, and of ProtocolConfig where that is; ethereum: the chain of the latter two where it is
 * another, NULL where nobody asks there.  OK also for one that does not say.  ERR_STATE with a sentence: it says something
 * else, or there is no contract; other errors are those of providers_try.
 */
err  domains_check(providers *gateway, providers *ethereum, const connector_config *c);

#endif
