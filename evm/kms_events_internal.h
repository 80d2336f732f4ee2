/* SPDX-License-Identifier: MIT */
/* evm/kms_events_internal.h -- the parts of a context, as the event and what is kept of it both hold them. */
#ifndef ARCA_EVM_KMS_EVENTS_INTERNAL_H
#define ARCA_EVM_KMS_EVENTS_INTERNAL_H

#include "evm/kms_events.h"

void kms_context_next_members(kms_context *c, arena *a, abi_part *p);
void kms_context_next_thresholds(kms_context *c, abi_part *p);
void kms_context_next_pcrs(kms_context *c, arena *a, abi_part *p);

#endif
