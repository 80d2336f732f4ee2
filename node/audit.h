/* SPDX-License-Identifier: MIT */
/*
 * node/audit.h -- every change of state and every answered request passes this one call, with typed fields.
 *
 * Today it is a line of the log.  No field can hold a secret or a plaintext.
 */
#ifndef ARCA_NODE_AUDIT_H
#define ARCA_NODE_AUDIT_H

#include "base/id.h"
#include "node/requests.h"
#include "vault/objects.h"

typedef enum audit_event {
	AUDIT_NODE_STARTED,              /* text: version and signer        */
	AUDIT_NODE_STOPPED,
	AUDIT_VAULT_SEALED,              /* amount: objects that were plain */
	AUDIT_VAULT_REKEYED,             /* amount: objects; text: what they have now */
	AUDIT_VAULT_KEY_MADE,            /* text: the key that wraps it     */
	AUDIT_VAULT_FETCHED, AUDIT_VAULT_SENT,      /* amount: objects from, to the bucket */
	AUDIT_SIGNING_KEY_MADE,          /* text: the signer's address      */
	AUDIT_JOURNAL_CUT,               /* amount: bytes                   */
	AUDIT_MEMORY_NOT_LOCKED,
	AUDIT_REQUEST_STARTED,           /* kind, id                        */
	AUDIT_REQUEST_DONE,              /* kind, id, amount: milliseconds  */
	AUDIT_REQUEST_FAILED,            /* kind, id, text: why             */
	AUDIT_PREPROCESSING_USED,        /* id, other: the key              */
	AUDIT_KEY_STATE,                 /* id, state                       */
	AUDIT_CONTEXT_MADE,              /* id, party (0: not a member)     */
	AUDIT_CONTEXT_DESTROYED,         /* id                              */
	AUDIT_EPOCH_MADE,                /* id, other: the context          */
	AUDIT_EPOCH_DESTROYED,           /* id                              */
	AUDIT_PARTY_SUSPECTED,           /* id: the context, party, amount: times so far, text: why */
	AUDIT_PARTY_CORRUPT,             /* the same, agreed in a ceremony                          */
	AUDIT_PARTY_ODD,                 /* the same, seen by this party alone in a ceremony        */
	AUDIT_EVENTS
} audit_event;

typedef struct audit_record {
	audit_event   event;
	request_kind  kind;
	const id32   *id, *other;
	key_state     state;
	unsigned      party;
	uint64_t      amount;
	const char   *text;
} audit_record;

void audit(const audit_record *r);

#define AUDIT(...) audit(&(const audit_record){ __VA_ARGS__ })

#endif
