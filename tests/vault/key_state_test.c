/* SPDX-License-Identifier: MIT */
/* What a key may do in each state of its life. */
#include "vault/key_state.h"
#include "tests/test.h"

static void a_key_is_used_as_its_state_allows(void **state)
{
	static const struct { key_state state; bool encrypt, decrypt; } TABLE[] = {
		{ KEY_PRE_ACTIVATION, false, false }, { KEY_ACTIVE, true, true }, { KEY_SUSPENDED, false, false },
		{ KEY_DEACTIVATED, false, true }, { KEY_COMPROMISED, false, false }, { KEY_DESTROYED, false, false },
	};
	const id32 id = {{ 4 }};

	(void)state;
	for (size_t i = 0; i < COUNT(TABLE); i++) {
		const err e = key_state_may(TABLE[i].state, KEY_USE_ENCRYPT, &id);
		assert_int_equal(e, TABLE[i].encrypt ? OK : ERR_STATE);
		if (e != OK) assert_non_null(strstr(err_text(), key_state_name(TABLE[i].state)));
		assert_int_equal(key_state_may(TABLE[i].state, KEY_USE_DECRYPT, &id), TABLE[i].decrypt ? OK : ERR_STATE);
		err_clear();
	}
}

static void a_state_that_does_not_exist_allows_nothing(void **state)
{
	const id32 id = {{ 4 }};

	(void)state;
	for (unsigned n = 0; n < 256; n++) {
		const key_state s = (key_state)n;
		assert_int_equal(key_state_is(n), n >= KEY_PRE_ACTIVATION && n <= KEY_DESTROYED);
		if (key_state_is(n)) continue;
		assert_string_equal(key_state_name(s), "unknown");
		assert_err(ERR_STATE, key_state_may(s, KEY_USE_ENCRYPT, &id));
		assert_err(ERR_STATE, key_state_may(s, KEY_USE_DECRYPT, &id));
	}
}

TESTS(TEST(a_key_is_used_as_its_state_allows), TEST(a_state_that_does_not_exist_allows_nothing))
