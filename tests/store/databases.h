/* SPDX-License-Identifier: MIT */
/*
 * tests/store/databases.h -- fresh, empty databases for tests: a file, or one on a private PostgreSQL server (tests/tools/postgres),
 * which all test programs of a build that run at the same time share, and which goes with the last of them.
 */
#ifndef ARCA_TESTS_STORE_DATABASES_H
#define ARCA_TESTS_STORE_DATABASES_H

#include "store/store.h"

/* The url of a new one; on the server, the one that was given out before is gone then.  Fails the test if there can be none. */
const char *test_database(store_dialect d);

/* A database on a server of this program's own, and kill -9 of that server, which is back in a second. */
const char *test_database_alone(void);
void test_database_kill(void);

/* Ends every connection to the database of this url but the one that says so. */
void test_database_cut(const char *url);

#endif
