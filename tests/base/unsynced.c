/* SPDX-License-Identifier: MIT */
/*
 * tests/base/unsynced.c -- in place of the C library's, for programs that store much: nothing is brought to the disk.  What they
 * read back comes from the system's memory, also after a process of theirs was killed.  Whether all is synced that must be is asked
 * by those that look at syncs (tests/base/file_faults_test.c, tests/node/journal_test.c, tests/node/journal_crash_test.c).
 */
#include <unistd.h>

int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}
