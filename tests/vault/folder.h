/* SPDX-License-Identifier: MIT */
/* tests/vault/folder.h -- a fresh folder a test, removed afterwards: TEST_IN_FOLDER(f), then (char *)*state is its path. */
#ifndef ARCA_TESTS_VAULT_FOLDER_H
#define ARCA_TESTS_VAULT_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "tests/test.h"

static inline int folder_make(void **state)
{
	char *path = strdup("/tmp/arca-test-XXXXXX");
	*state = path;
	return path && mkdtemp(path) ? 0 : -1;
}

static inline int folder_entry_remove(const char *path, const struct stat *s, int kind, struct FTW *w)
{
	(void)s, (void)kind, (void)w;
	return remove(path);
}

static inline int folder_remove(void **state)
{
	int failed = nftw(*state, folder_entry_remove, 16, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return failed;
}

/* The path of name below the test's folder; eight of them are valid at a time. */
static inline const char *below(void **state, const char *name)
{
	static char text[8][512];
	static unsigned at;
	char *p = text[at++ % COUNT(text)];
	snprintf(p, sizeof text[0], "%s/%s", (const char *)*state, name);
	return p;
}

#define TEST_IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

#endif
