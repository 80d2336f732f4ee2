/* SPDX-License-Identifier: MIT */
/*
 * tests/test.h -- a test is a sentence about behaviour, a file of tests is one program.
 *
 *   static void an_empty_slice_reads_nothing(void **state) { (void)state; ... assert_true(...); }
 *   TESTS(TEST(an_empty_slice_reads_nothing), ...)
 *
 * Each program takes --only PATTERN (shell wildcards) and --seed N.  Tests that draw random inputs take them from
 * test_rng(), whose seed is printed at the start, so that a failure can be run again.
 */
#ifndef ARCA_TESTS_TEST_H
#define ARCA_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base.h"

/* Deterministic from --seed (default: fixed). */
const rng *test_rng(void);
uint64_t   test_below(uint64_t bound);           /* uniform enough for choosing inputs */

/* How much to try: with ARCA_LONG in the environment far more than usual, otherwise with ARCA_SHORT (sanitizers) less. */
bool test_is_long(void);
bool test_is_short(void);

/* Does memory show what code leaves behind?  Not without optimisation, where structs that are returned leave copies, nor under
 * sanitizers, which keep locals in places of their own and what was freed for a while. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ || !defined __OPTIMIZE__
#define LEFTOVERS_SEEN false
#elif defined __has_feature
#define LEFTOVERS_SEEN (!__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer))
#else
#define LEFTOVERS_SEEN true
#endif

/* The path of a known answer: $ARCA_VECTORS/name, by default ../shared/vectors beside the checkout. */
const char *test_vector(const char *name);
buf         test_read(const char *path);         /* the whole file; fails the test if it cannot be read */

#define assert_ok(e) do { err e_ = (e); if (e_ != OK) { print_error("%s: %s\n", err_name(e_), err_text()); err_print_trail(stderr); } \
	assert_int_equal(e_, OK); } while (0)
#define assert_err(expected, e) do { err e_ = (e); assert_int_equal(e_, expected); assert_true(err_text()[0] != '\0'); err_clear(); } while (0)

/* Waits for what other threads or processes bring about, as long as that takes: it fails after minutes, lest it hang.  Of the thread
 * that tests. */
#define UNTIL(condition) do { unsigned turns_ = 0; for (bool yes_ = false; !yes_; until_(yes_, &turns_, #condition)) yes_ = (condition); } while (0)
void until_(bool done, unsigned *turns, const char *what);

int test_main(int argc, char **argv, const char *file, const struct CMUnitTest *tests, size_t n);
/* With something to set up before the first test and to take down after the last. */
int test_main_with(int argc, char **argv, const char *file, const struct CMUnitTest *tests, size_t n,
                   CMFixtureFunction before, CMFixtureFunction after);

#define TESTS(...) \
	static const struct CMUnitTest tests_[] = { __VA_ARGS__ }; \
	int main(int argc, char **argv) { return test_main(argc, argv, __FILE__, tests_, COUNT(tests_)); }
#define TEST(f) cmocka_unit_test(f)

#endif
