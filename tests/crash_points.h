/* SPDX-License-Identifier: MIT */
/*
 * tests/crash_points.h -- an operation that is killed at every single step of the disk.
 *
 * The operation runs in a child process that kills itself right before its k-th call that changes the disk, for k = 1, 2, ... until it
 * comes to its end.  A write is two steps: before it, and with half of it done.  Right after a call is right before the next one.  Then
 * comes what the next start does, which is killed, too: at its first step, then, going on with what that left, at its second, and so on.
 * What must hold is looked at after the first opening that is let live; another opening changes nothing.  Then the operation comes again,
 * and to its end.
 *
 * Calls are counted in place of the C library's (crash_points.c is linked into the program), of which nothing is synced: what a
 * loss of power leaves is another test's.
 */
#ifndef ARCA_TESTS_CRASH_POINTS_H
#define ARCA_TESTS_CRASH_POINTS_H

#include "tests/test.h"

typedef struct crash_story {
	const char *name;
	/* In the test's process, and a fresh folder: what there was. */
	void (*before)(void **state);
	/* In a child: the operation, beginning with the opening; it says each thing that it has done by crash_told(). */
	err  (*does)(void **state);
	/* In a child: what a start does. */
	err  (*opens)(void **state);
	/* In the test's process: told of the things are done; ended: the operation has come to its end.  Leaves all as it is. */
	void (*holds)(void **state, unsigned told, bool ended);
} crash_story;

void crash_told(void);                           /* also from far away: of all children together */

/* These bytes never lose their last name on the disk, or their place in a file, but by being overwritten. */
void crash_keeps_secret(slice needle);

/* *state: the path of a folder, which belongs to the stories. */
void crash_everywhere(void **state, const crash_story *story, size_t stories);

/* A folder a test, as TEST_IN_FOLDER; a test that fails says at which step. */
int crash_begin(void **state);
int crash_end(void **state);
#define TEST_OF_CRASHES(f) cmocka_unit_test_setup_teardown(f, crash_begin, crash_end)

#endif
