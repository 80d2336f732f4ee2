/* SPDX-License-Identifier: MIT */
/* connector/ask_internal.h -- what writing a request and reading its answer have in common. */
#ifndef ARCA_CONNECTOR_ASK_INTERNAL_H
#define ARCA_CONNECTOR_ASK_INTERNAL_H

#include "connector/ask.h"
#include <kms.v1.pb-c.h>
#include "evm/address.h"
#include "evm/kms712.h"

enum { ASK_HANDLE_TYPE = 30 };                 /* the byte of a handle that holds the type */

/* How many handles a request of either shape names, or MAX_ITEM_LIST if those are more; and they, with room for so many. */
static inline size_t ask_handle_count(const queue_item *item)
{
	const size_t n = item->materials.n ? item->materials.n : item->handles.n;
	return n < MAX_ITEM_LIST ? n : MAX_ITEM_LIST;
}
err           ask_handles(abi_word *out, size_t *n, const queue_item *item);
eip712_domain ask_domain(const connector_config *c, queue_kind kind);
/* The request's extra data as the node is given them. */
slice         ask_extra(const connector_config *c, const queue_item *item);

/* Parts of messages, which stay as long as their fields. */
typedef struct id_field { Kms__V1__RequestId m; char text[ID_TEXT]; } id_field;
Kms__V1__RequestId *ask_id(id_field *f, const id32 *id);

typedef struct domain_field { Kms__V1__Eip712DomainMsg m; uint8_t chain_id[32]; char contract[ADDRESS_TEXT]; } domain_field;
Kms__V1__Eip712DomainMsg *ask_domain_message(domain_field *f, const connector_config *c, queue_kind kind);

/* What is signed beside an epoch's keys: the extra data that name it and its context. */
enum { EPOCH_EXTRA = 65 };
void ask_epoch_extra(uint8_t out[static EPOCH_EXTRA], const queue_item *item);

#endif
