/* SPDX-License-Identifier: MIT */
/* tests/vault/vaults.h -- a vault in the test's folder, and writers into it that die. */
#ifndef ARCA_TESTS_VAULT_VAULTS_H
#define ARCA_TESTS_VAULT_VAULTS_H

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include "tests/vault/folder.h"
#include "vault/vault.h"

static const id32 ONE = {{ [31] = 1 }}, TWO = {{ [31] = 2 }}, EPOCH = {{ [0] = 8, [31] = 1 }};

static inline vault *open_vault(void **state)
{
	vault *v = NULL;
	assert_ok(vault_open(&v, below(state, "PUB"), below(state, "PRIV")));
	return v;
}

/* For a child process, which ends if it cannot. */
static inline vault *open_vault_or_exit(void **state)
{
	vault *v = NULL;
	if (vault_open(&v, below(state, "PUB"), below(state, "PRIV")) != OK) _exit(1);
	return v;
}

/* `writes` writes for ever in a child, and puts a byte into `end` for each object: somewhere behind a random one of the first
 * `most` it is killed. */
static inline void kill_while(void **state, void (*writes)(void **state, unsigned round, int end), unsigned round, unsigned most)
{
	int ends[2], how;
	char tick;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	const pid_t writer = fork();
	if (writer == 0) writes(state, round, ends[1]);
	for (uint64_t i = test_below(most) + 1; i; i--) assert_int_equal(read(ends[0], &tick, 1), 1);
	kill(writer, SIGKILL);
	waitpid(writer, &how, 0);
	assert_true(WIFSIGNALED(how));
	close(ends[0]), close(ends[1]);
}

#endif
