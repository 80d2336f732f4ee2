/* SPDX-License-Identifier: MIT */
/* vault/key_state.c */
#include "vault/key_state.h"

static const char *const NAMES[] = {
	[KEY_PRE_ACTIVATION] = "pre-activation", [KEY_ACTIVE] = "active", [KEY_SUSPENDED] = "suspended",
	[KEY_DEACTIVATED] = "deactivated", [KEY_COMPROMISED] = "compromised", [KEY_DESTROYED] = "destroyed",
};

bool key_state_is(unsigned number)
{
	return number >= KEY_PRE_ACTIVATION && number <= KEY_DESTROYED;
}

const char *key_state_name(key_state s)
{
	return key_state_is(s) ? NAMES[s] : "unknown";
}

err key_state_may(key_state s, key_use use, const id32 *key)
{
	char id[ID_TEXT];

	if (s == KEY_ACTIVE || (s == KEY_DEACTIVATED && use == KEY_USE_DECRYPT)) return OK;
	id_text(id, key);
	return err_fail(ERR_STATE, "key %s is %s and may not be used to %s", id, key_state_name(s), use == KEY_USE_ENCRYPT ? "encrypt" : "decrypt");
}
