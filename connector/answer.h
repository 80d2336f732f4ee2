/* SPDX-License-Identifier: MIT */
/* connector/answer.h -- a response as the call of a contract that takes it. */
#ifndef ARCA_CONNECTOR_ANSWER_H
#define ARCA_CONNECTOR_ANSWER_H

#include "connector/item.h"
#include "evm/kms_events.h"

/* Appends the data of the call; *contract is whose.  ERR_REQUEST: the response is no answer that any contract takes. */
err answer_call(buf *data, kms_contract *contract, const queue_item *response);

#endif
