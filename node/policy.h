/* SPDX-License-Identifier: MIT */
/*
 * node/policy.h -- may this request be answered at all?  The one place that decides.
 *
 * Today: yes.  Only the operator's connector reaches the service port, and the connector has checked signatures and
 * access rights on chain.  A node that checks proofs against a chain's state itself does so here.
 */
#ifndef ARCA_NODE_POLICY_H
#define ARCA_NODE_POLICY_H

#include "node/request.h"

/* ERR_STATE or ERR_REQUEST with a sentence if not. */
err policy_allows(const request *r);

#endif
