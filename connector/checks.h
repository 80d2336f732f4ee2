/* SPDX-License-Identifier: MIT */
/*
 * connector/checks.h -- what the contracts say of requests: may they be answered, by whom, and where are the ciphertexts?
 *
 *   public decryption    not answered yet (isDecryptionDone); each handle allowed for decryption by the ACL of its chain
 *   user decryption      the transaction that asked for it went to the gateway's contract itself, is of the same user and key, and names
 *                        a contract for each handle; the user (or user's contract) signed that key for those contracts, so that no
 *                        provider can put its own in its place; user and contract are allowed each handle, or the delegator and
 *                        the contract are, and the user is their delegate
 *                        (RFC-016, v0.15: nobody has checked such a request) its time; the signature of user or user's contract; that the
 *                        user did not take it back; each handle the user's, or delegated; a right of one of the allowed contracts
 *   others               nothing
 *   all of v0.15         the context, and the epoch, that extra data name (connector/contexts.h)
 *
 * A whole batch is asked in a message or two for each chain.  What is not allowed may be allowed later: chains are not equally fast.
 * One thread, except where it says otherwise.
 */
#ifndef ARCA_CONNECTOR_CHECKS_H
#define ARCA_CONNECTOR_CHECKS_H

#include <stdatomic.h>
#include "connector/announced.h"
#include "connector/ask.h"
#include "connector/coprocessors.h"

enum { MAX_CHECK_REASON = 400 };

/* The greater one stands when there are several. */
typedef enum check_verdict { CHECK_GO, CHECK_AWAY, CHECK_LATER, CHECK_NEVER, CHECK_DONE } check_verdict;

/* What was looked at, for metrics.  The time that a signed request has is part of what was signed. */
typedef enum check_type { CHECK_ACL, CHECK_SIGNATURE, CHECK_COPRO_CONSENSUS, CHECK_KMS_CONTEXT, CHECK_NETWORK, CHECK_TYPES } check_type;
const char *check_type_name(check_type t);       /* "copro_consensus" */

typedef struct checked { check_verdict verdict; check_type type; char why[MAX_CHECK_REASON]; } checked;

typedef struct checks checks;

/* Connects to nothing yet.  ERR_REQUEST: a URL is none. */
err  checks_new(checks **out, const connector_config *c, const clock_source *clock, const atomic_bool *stop);
void checks_free(checks **k);

/* out[i] for each item.  CHECK_AWAY: of those who needed a provider that failed, or name what is not final yet; ERR_NOMEM. */
err  checks_run(checks *k, checked *out, const queue_item *items, size_t n);

/* Do the contracts check signatures as the configuration says (connector/domains.h)?  Asked until it is known that they do. */
err  checks_domains(checks *k);

/* Who signs for the KMS, read anew once a minute.  An older list stays when the chain is away; an error only without any: ERR_STATE: it
 * names none, or too many; those of providers_try. */
err  checks_signers(checks *k, ask_signers *out);

/* Somebody signs who is not in that list: the next one asks again, unless that was some seconds ago. */
void checks_doubt_signers(checks *k);

/* Whose attestations count, read anew every copro_registry_refresh and to be released.  An older list stays while the chain is away,
 * and no longer once the gateway's configuration says that nothing can be believed. */
err  checks_coprocessors(checks *k, coprocessors **out);

/* What a new epoch takes over, to be freed. */
err  checks_epoch_material(checks *k, epoch_material **out, const queue_item *item);

/* What ProtocolConfig announced as a new context and the one before, or as that of an epoch; to be freed. */
err  checks_announced(checks *k, announced **out, const queue_item *item);

/* The buckets of the coprocessors that stand in a material, as far as the gateway's configuration has them: read once.  The texts
 * stay until checks_free.  n: in room, out how many. */
err  checks_buckets(checks *k, const char **url, size_t *n, const queue_material *m);

#endif
