/* SPDX-License-Identifier: MIT */
/*
 * evm/kms_context.h -- a context of the KMS in parts, as they are kept: the members, the thresholds, the measurements, each
 * encoded alone as contracts encode it; and together again, for the hash that the contract keeps.
 */
#ifndef ARCA_EVM_KMS_CONTEXT_H
#define ARCA_EVM_KMS_CONTEXT_H

#include "evm/kms_events.h"

void kms_context_put_members(buf *out, const kms_context *c);
void kms_context_put_thresholds(buf *out, const kms_context *c);
void kms_context_put_pcrs(buf *out, const kms_context *c);

/* Everything in one, as the event has it: its Keccak hash is the anchor. */
void kms_context_put(buf *out, const kms_context *c);

/* Fills members, thresholds, software, measurements and anchor; ids stay.  Bytes are borrowed, lists are in the arena.
 * ERR_REQUEST: a part is malformed. */
err  kms_context_read(kms_context *out, arena *a, slice members, slice thresholds, slice software, slice pcrs);

#endif
