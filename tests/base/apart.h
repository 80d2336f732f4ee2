/* SPDX-License-Identifier: MIT */
/* tests/base/apart.h -- what a process does to itself for good is tried in a child: its verdict, and what it wrote to its standard error. */
#ifndef ARCA_TESTS_BASE_APART_H
#define ARCA_TESTS_BASE_APART_H

#include <sys/wait.h>
#include <unistd.h>
#include "tests/test.h"

enum { APART_LOG = 8192 };

/* What the function answers, below 256, or minus the signal that ended the child. */
static inline int apart(char log[static APART_LOG], int (*what)(void *), void *arg)
{
	int ends[2], how;
	size_t n = 0;
	ssize_t got;

	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		_exit(what(arg));
	}
	close(ends[1]);
	while (n < APART_LOG - 1 && (got = read(ends[0], log + n, APART_LOG - 1 - n)) > 0) n += (size_t)got;
	log[n] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(pid, &how, 0), pid);
	return WIFSIGNALED(how) ? -WTERMSIG(how) : WEXITSTATUS(how);
}

#endif
