/* SPDX-License-Identifier: MIT */
/* A wallet's key that whoever may write the database may read. */
#include "connector/key_place.h"
#include "base/file.h"
#include "tests/vault/folder.h"

static bool told_of(const char *database, const char *key)
{
	const connector_config c = { .database_url = (char *)(uintptr_t)database, .sender.private_key_file = (char *)(uintptr_t)key };
	AUTO(buf) told = { 0 };

	key_place_look(&told, &c);
	if (told.n) assert_non_null(strstr(buf_str(&told), key));
	return told.n;
}

/* The sandbox would leave it open, and whoever copies the database has the key, too. */
static void the_key_of_the_wallet_does_not_belong_to_the_files_of_the_database(void **state)
{
	char database[600];

	snprintf(database, sizeof database, "sqlite:%s", below(state, "db/c.db"));
	for (const char *const *f = (const char *const[]){ "db", "db/keys", "db-keys", NULL }; *f; f++) assert_ok(dir_make(below(state, *f), 0700));
	for (const char *const *f = (const char *const[]){ "db/k", "db/keys/k", "db-keys/k", NULL }; *f; f++)
		assert_ok(file_write_atomic(below(state, *f), slice_str("1"), 0600));
	assert_int_equal(symlink(below(state, "db/k"), below(state, "db-keys/link")), 0);
	assert_true(told_of(database, below(state, "db/k")));
	assert_true(told_of(database, below(state, "db/keys/k")));
	assert_true(told_of(database, below(state, "db-keys/../db/k")));
	assert_true(told_of(database, below(state, "db-keys/link")));
	assert_false(told_of(database, below(state, "db-keys/k")));
	assert_false(told_of(database, below(state, "db/none")));
	assert_false(told_of("postgres://arca@127.0.0.1:1/arca", below(state, "db/k")));
	assert_false(told_of(database, ""));
	assert_false(told_of(database, NULL));
}

TESTS(TEST_IN_FOLDER(the_key_of_the_wallet_does_not_belong_to_the_files_of_the_database))
