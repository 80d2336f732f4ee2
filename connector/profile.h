/* SPDX-License-Identifier: MIT */
/*
 * connector/profile.h -- which contracts a connector serves, and what follows from that: one row for each generation of them.
 *
 *                    gateway-v0.11                            v0.15
 *   requests         all on the gateway's chain               decryptions there; keys, contexts and epochs on a host chain
 *   ciphertexts      the digest stands in the event, where    an event names handles; in each bucket stands what a coprocessor
 *                    coprocessors agreed on it                 attests, and enough of them must attest the same
 *   nodes            one context, one epoch                   extra data name them, and ProtocolConfig must know them
 *   clean-up         decryptions that are done are deleted    nothing is deleted; what is too old is given up
 *
 * Who must know in which of the two worlds it is asks for the fact, never for the name.
 */
#ifndef ARCA_CONNECTOR_PROFILE_H
#define ARCA_CONNECTOR_PROFILE_H

#include "evm/kms712.h"
#include "evm/kms_events.h"

typedef struct connector_profile {
	const char       *name;
	kms_chain_profile events;            /* whose rows of KMS_EVENTS are followed                                 */
	kms712_profile    structs;           /* under which keys and CRSs are signed                                   */
	bool              host_chain;        /* keys, contexts and epochs are asked for, and answered, on a second chain */
	bool              attested;          /* ciphertexts are what coprocessors attest                               */
	bool              contexts;          /* requests are of a context and an epoch                                 */
	bool              keeps;             /* nothing is deleted                                                     */
} connector_profile;

extern const connector_profile PROFILE_GATEWAY, PROFILE_V015;

/* NULL: there is none of this name.  "v0.11" is another name of "gateway-v0.11". */
const connector_profile *connector_profile_of(const char *name);

#endif
