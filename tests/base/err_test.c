/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void an_error_carries_its_sentence_and_context(void **state)
{
	(void)state;
	err e = err_fail(ERR_REQUEST, "byte %d is odd", 3);
	err_context("file %s: ", "x.bin");
	assert_int_equal(e, ERR_REQUEST);
	assert_string_equal(err_text(), "file x.bin: byte 3 is odd");
	err_clear();
	assert_string_equal(err_text(), "");
}

static void a_new_error_replaces_the_old_one(void **state)
{
	(void)state;
	err e = err_fail(ERR_IO, "first");
	e = err_fail(ERR_STATE, "second");
	assert_int_equal(e, ERR_STATE);
	assert_string_equal(err_text(), "second");
	err_clear();
}

static void a_long_sentence_is_cut_and_its_context_kept(void **state)
{
	(void)state;
	char most[600];

	memset(most, 'x', sizeof most - 1);
	most[sizeof most - 1] = '\0';
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(err_fail(ERR_IO, "%s", most), ERR_IO);
		const size_t room = strlen(err_text());
		assert_in_range(room, 400, 598);
		err_context("%.*s: ", (int)(i * 299), most);
		assert_int_equal(strlen(err_text()), room);
		err_clear();
	}
	assert_int_equal(err_fail(ERR_IO, "%s", most), ERR_IO);
	err_context("file: ");
	assert_int_equal(strncmp(err_text(), "file: xxx", 9), 0);
	err_clear();
}

enum { BORN = __LINE__ + 3, PASSED };
static err deep(unsigned levels)
{
	if (levels == 0) return err_fail(ERR_IO, "the disk is gone");
	TRY(deep(levels - 1));
	return OK;
}

static void the_trail_is_told_innermost_first_and_its_rest_counted(void **state)
{
	(void)state;
	char trail[2000] = "";

	assert_int_equal(deep(20), ERR_IO);
	assert_string_equal(err_text(), "the disk is gone");
	FILE *f = fmemopen(trail, sizeof trail, "w");
	assert_non_null(f);
	err_print_trail(f);
	fclose(f);
	char first[40], second[40];
	snprintf(first, sizeof first, "err_test.c:%d\n", BORN);
	snprintf(second, sizeof second, "err_test.c:%d\n", PASSED);
	assert_non_null(strstr(trail, first));
	assert_non_null(strstr(trail, second));
	assert_true(strstr(trail, first) < strstr(trail, second));
	assert_non_null(strstr(trail, "and 5 more"));
	err_clear();
}

static void *see_text(void *arg)
{
	*(bool *)arg = err_text()[0] == '\0';
	assert_int_equal(err_fail(ERR_BUSY, "theirs"), ERR_BUSY);
	return NULL;
}

static void an_error_belongs_to_its_thread(void **state)
{
	(void)state;
	pthread_t t;
	bool none = false;

	assert_int_equal(err_fail(ERR_IO, "ours"), ERR_IO);
	assert_int_equal(pthread_create(&t, NULL, see_text, &none), 0);
	pthread_join(t, NULL);
	assert_true(none);
	assert_string_equal(err_text(), "ours");
	err_clear();
}

static void every_error_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned a = 0; a < ERR_COUNT; a++) {
		assert_non_null(err_name((err)a));
		for (unsigned b = 0; b < a; b++) assert_string_not_equal(err_name((err)a), err_name((err)b));
	}
	assert_string_equal(err_name(ERR_COUNT), "unknown error");
}

static void broken_assertion(void) { ASSERT(1 + 1 == 3); }
static void failure_without_an_error(void) { err e = err_fail(OK, "nothing is wrong"); (void)e; }

static void a_bug_of_ours_aborts(void **state)
{
	(void)state;
	static void (*const BUGS[])(void) = { broken_assertion, failure_without_an_error };

	for (unsigned i = 0; i < COUNT(BUGS); i++) {
		int status;
		fflush(NULL);
		const pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
			signal(SIGABRT, SIG_DFL);
			if (!freopen("/dev/null", "w", stderr)) _exit(1);
			BUGS[i]();
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
}

TESTS(TEST(an_error_carries_its_sentence_and_context),
      TEST(a_new_error_replaces_the_old_one),
      TEST(a_long_sentence_is_cut_and_its_context_kept),
      TEST(the_trail_is_told_innermost_first_and_its_rest_counted),
      TEST(an_error_belongs_to_its_thread),
      TEST(every_error_has_a_name_of_its_own),
      TEST(a_bug_of_ours_aborts))
