/* SPDX-License-Identifier: MIT */
/*
 * evm/kms_context.h -- a context of the KMS in parts, as they are kept: the members, the thresholds, the measurements, each
 * encoded alone as contracts encode it; and together again, for the hash that the contract keeps.  And the extra data of a request,
 * which name a context, or an epoch too.
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

/*
 * Extra data of v0.15: nothing, or a byte 0 and anything behind: whichever is current; a byte 1 and a context; a byte 2, a context and an
 * epoch.  What is longer is tolerated.
 */
typedef struct kms_named { bool context, epoch; id32 context_id, epoch_id; } kms_named;

/* ERR_REQUEST: another first byte, too short, or the context 0: contracts refuse it, too. */
err  kms_extra_read(kms_named *out, slice extra);

#endif
