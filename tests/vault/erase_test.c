/* SPDX-License-Identifier: MIT */
/* Private objects are overwritten before they are gone: a second name for the same file shows what became of its bytes. */
#include <signal.h>
#include <sys/resource.h>
#include "base/file.h"
#include "tests/vault/folder.h"
#include "vault/vault.h"

enum { BYTES = 150001 };                             /* more than is written at once, and no multiple of it */

static const id32 ONE = {{ [31] = 1 }}, EPOCH = {{ [0] = 8, [31] = 1 }};

#define ONE_TEXT "0000000000000000000000000000000000000000000000000000000000000001"
static const char OBJECT[] = "PRIV/FheKeyInfo/0800000000000000000000000000000000000000000000000000000000000001/" ONE_TEXT;

static uint8_t secret_bytes[BYTES];

static slice secret(void)
{
	memset(secret_bytes, 0x5a, BYTES);
	return slice_of(secret_bytes, BYTES);
}

static vault *open_vault(void **state)
{
	vault *v = NULL;
	assert_ok(vault_open(&v, below(state, "PUB"), below(state, "PRIV")));
	return v;
}

static void put(vault *v)
{
	bool existed;
	assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, secret(), &existed));
	assert_false(existed);
}

static void is_all(void **state, const char *name, uint8_t value)
{
	buf b = test_read(below(state, name));

	assert_int_equal(b.n, BYTES);
	for (size_t i = 0; i < b.n; i++) assert_int_equal(b.p[i], value);
	buf_free(&b);
}

static void what_is_removed_is_overwritten(void **state)
{
	vault *v = open_vault(state);

	put(v);
	assert_int_equal(link(below(state, OBJECT), below(state, "second name")), 0);
	is_all(state, "second name", 0x5a);
	assert_ok(vault_remove_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE));
	is_all(state, "second name", 0);
	assert_false(file_exists(below(state, OBJECT)));
	assert_ok(vault_remove_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE));
	put(v);
	is_all(state, OBJECT, 0x5a);
	vault_free(&v);
}

static void what_is_public_is_not(void **state)
{
	vault *v = open_vault(state);
	bool existed;

	assert_ok(vault_put_public(v, PUB_PUBLIC_KEY, &ONE, secret(), &existed));
	assert_int_equal(link(below(state, "PUB/PublicKey/" ONE_TEXT), below(state, "second name")), 0);
	assert_ok(vault_remove_public(v, PUB_PUBLIC_KEY, &ONE));
	is_all(state, "second name", 0x5a);
	vault_free(&v);
}

/* Half an erasure, and half a write: what each leaves beside the object. */
static void what_a_crash_left_is_overwritten_at_the_next_opening(void **state)
{
	static const char *const ENDINGS[] = { ".erasing", ".unfinished-aB3xYz" };
	vault *v = open_vault(state);

	put(v);
	vault_free(&v);
	for (size_t i = 0; i < COUNT(ENDINGS); i++) {
		char left[300];
		snprintf(left, sizeof left, "%s%s", OBJECT, ENDINGS[i]);
		assert_ok(file_write_atomic(below(state, left), secret(), 0600));
		assert_int_equal(link(below(state, left), below(state, "second name")), 0);
		v = open_vault(state);
		assert_false(file_exists(below(state, left)));
		is_all(state, "second name", 0);
		is_all(state, OBJECT, 0x5a);
		vault_free(&v);
		assert_int_equal(unlink(below(state, "second name")), 0);
	}
}

/* A crash between the two steps of file_link_once: the object is there, and has a second name. */
static void what_was_written_is_not_erased_with_the_name_it_was_written_under(void **state)
{
	vault *v = open_vault(state);
	char left[300];

	snprintf(left, sizeof left, "%s.unfinished-aB3xYz", OBJECT);
	put(v);
	vault_free(&v);
	assert_int_equal(link(below(state, OBJECT), below(state, left)), 0);
	v = open_vault(state);
	assert_false(file_exists(below(state, left)));
	is_all(state, OBJECT, 0x5a);
	vault_free(&v);
}

/* A limit stands for a file system that has no room to copy on write. */
static void what_cannot_be_overwritten_is_said_and_is_gone_all_the_same(void **state)
{
	vault *v = open_vault(state);
	struct rlimit r;

	put(v);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	const rlim_t before = r.rlim_cur;
	r.rlim_cur = BYTES / 2;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
	assert_err(ERR_IO, vault_remove_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE));
	r.rlim_cur = before;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
	assert_false(file_exists(below(state, OBJECT)));
	vault_free(&v);
	v = open_vault(state);
	vault_free(&v);
}

TESTS(TEST_IN_FOLDER(what_is_removed_is_overwritten), TEST_IN_FOLDER(what_is_public_is_not),
      TEST_IN_FOLDER(what_a_crash_left_is_overwritten_at_the_next_opening),
      TEST_IN_FOLDER(what_was_written_is_not_erased_with_the_name_it_was_written_under),
      TEST_IN_FOLDER(what_cannot_be_overwritten_is_said_and_is_gone_all_the_same))
