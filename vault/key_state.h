/* SPDX-License-Identifier: MIT */
/*
 * vault/key_state.h -- where a key is in its life, after NIST SP 800-57 part 1, and what it may do there.
 *
 * Of keys of every kind: FHE keys (objects.h), protocol keys of the delegation KMS, whole or shared.  What protects may do so only
 * while it is active; what was protected may still be read afterwards (section 5.3.4), but not with a key that is suspended or that
 * somebody else may have.
 */
#ifndef ARCA_VAULT_KEY_STATE_H
#define ARCA_VAULT_KEY_STATE_H

#include "base/id.h"

/* The numbers are stored. */
typedef enum key_state {
	KEY_PRE_ACTIVATION = 1, KEY_ACTIVE, KEY_SUSPENDED, KEY_DEACTIVATED, KEY_COMPROMISED, KEY_DESTROYED
} key_state;

typedef enum key_use { KEY_USE_ENCRYPT, KEY_USE_DECRYPT } key_use;

bool        key_state_is(unsigned number);
const char *key_state_name(key_state s);      /* "active"; "unknown" */

/* May the key, which is in this state, be used so?  The one place that answers this.  ERR_STATE with a sentence if not. */
err  key_state_may(key_state s, key_use use, const id32 *key);

#endif
