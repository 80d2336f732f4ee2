/* SPDX-License-Identifier: MIT */
/* node/audit.c -- one line an event. */
#include "node/audit.h"
#include "base/log.h"

void audit(const audit_record *r)
{
	const char *kind = request_kind_name(r->kind), *text = r->text ? r->text : "";
	const unsigned long long amount = r->amount;
	char id[ID_TEXT] = "", other[ID_TEXT] = "";

	if (r->id) id_text(id, r->id);
	if (r->other) id_text(other, r->other);
	switch (r->event) {
	case AUDIT_NODE_STARTED:       log_info("audit: node started: %s", text); break;
	case AUDIT_NODE_STOPPED:       log_info("audit: node stopped"); break;
	case AUDIT_VAULT_SEALED:       log_warn("audit: %llu objects of the private vault were plain and are sealed now", amount); break;
	case AUDIT_VAULT_REKEYED:      log_warn("audit: %llu objects of the private vault %s", amount, text); break;
	case AUDIT_VAULT_KEY_MADE:     log_warn("audit: the vault had no key; a new one was made, wrapped by %s of KMS", text); break;
	case AUDIT_VAULT_FETCHED:      log_warn("audit: %llu objects that the folders lacked were fetched from the bucket", amount); break;
	case AUDIT_VAULT_SENT:         log_warn("audit: %llu objects that the bucket lacked were sent there", amount); break;
	case AUDIT_SIGNING_KEY_MADE:   log_warn("audit: there was no signing key; a new one was made: %s", text); break;
	case AUDIT_JOURNAL_CUT:        log_warn("audit: %llu bytes of an unfinished record were cut off the journal", amount); break;
	case AUDIT_MEMORY_NOT_LOCKED:
		log_warn("audit: the limit on locked memory (ulimit -l) is too small: secret keys are guarded but may be swapped to disk");
		break;
	case AUDIT_REQUEST_STARTED:    log_info("audit: %s %s started", kind, id); break;
	case AUDIT_REQUEST_DONE:       log_info("audit: %s %s done in %llu ms", kind, id, amount); break;
	case AUDIT_REQUEST_FAILED:     log_warn("audit: %s %s failed: %s", kind, id, text); break;
	case AUDIT_PREPROCESSING_USED: log_info("audit: preprocessing %s used by key %s", id, other); break;
	case AUDIT_KEY_STATE:          log_info("audit: key %s is %s", id, key_state_name(r->state)); break;
	case AUDIT_CONTEXT_MADE:
		if (r->party) log_info("audit: context %s made; this node is party %u", id, r->party);
		else log_info("audit: context %s made; this node is not in it", id);
		break;
	case AUDIT_CONTEXT_DESTROYED:  log_info("audit: context %s destroyed", id); break;
	case AUDIT_EPOCH_MADE:         log_info("audit: epoch %s made in context %s", id, other); break;
	case AUDIT_EPOCH_DESTROYED:    log_info("audit: epoch %s destroyed", id); break;
	case AUDIT_PARTY_SUSPECTED:
		log_warn("audit: party %u of context %s is at fault: %s (%llu times so far)", r->party, id, text, amount);
		break;
	case AUDIT_PARTY_CORRUPT:
		log_warn("audit: party %u of context %s failed in a ceremony, as all parties have seen: %s", r->party, id, text);
		break;
	case AUDIT_PARTY_ODD:
		log_info("audit: party %u of context %s in a ceremony: %s (%llu times so far)", r->party, id, text, amount);
		break;
	case AUDIT_EVENTS:             break;
	}
}
