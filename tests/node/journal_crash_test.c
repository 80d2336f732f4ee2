/* SPDX-License-Identifier: MIT */
/* What a kill or a loss of power leaves of the journal, in every step. */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/node/journal_samples.h"

/* In place of the C library's: of all that changes files so many steps are made until the process dies, in the middle of
 * the last one. */
static _Atomic int steps_left;

enum { DIED = 9 };

static bool last_step(void)
{
	return steps_left > 0 && --steps_left == 0;
}

/* What is read back comes from the system's memory. */
static int sync_file(int fd)
{
	(void)fd;
	if (last_step()) _exit(DIED);
	return 0;
}

int fdatasync(int fd) { return sync_file(fd); }
int fsync(int fd) { return sync_file(fd); }

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	const bool dies = last_step();
	const ssize_t put = (ssize_t)syscall(SYS_pwrite64, fd, p, dies ? n / 2 : n, at);
	if (dies) _exit(DIED);
	return put;
}

int rename(const char *from, const char *to)
{
	if (last_step()) _exit(DIED);
	return (int)syscall(SYS_rename, from, to);
}

int ftruncate(int fd, off_t n)
{
	if (last_step()) _exit(DIED);
	return (int)syscall(SYS_ftruncate, fd, n);
}

/* Loss of power: of the last group any sector may be as if it was never written, and the file may end anywhere in it, or
 * behind it with zeros. */
static void a_group_that_was_lost_anyhow_takes_nothing_else_along(void **state)
{
	enum { BEFORE = 3, TOGETHER = 6, ROUNDS = 400, ROOM = 2000 };
	buf file = { 0 }, payload = { 0 };
	size_t known, start = 0;
	uint64_t cut;

	buf_put(&file, "ARCAJNL\3", 8);
	for (unsigned i = 0; i < BEFORE + TOGETHER; i++) {
		char text[900];
		memset(text, 'x', sizeof text);
		text[1 + test_below(sizeof text - 1)] = 0;
		const request_view v = outcome(i, REQUEST_DONE, text);
		const size_t at = file.n;
		buf_clear(&payload);
		record_outcome(&payload, &v);
		frame_put(&file, buf_slice(&payload));
		if (i <= BEFORE) frame_begin_group(file.p + at);
		if (i == BEFORE) start = at;
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		buf b = { 0 };
		buf_put_slice(&b, buf_slice(&file));
		if (round % 2) b.n = start + test_below(b.n - start + 1);
		for (size_t at = start; at < b.n; at = (at / SECTOR + 1) * SECTOR)
			if (test_below(3) == 0) memset(b.p + at, 0, size_min(b.n - at, SECTOR - at % SECTOR));
		if (round % 3) memset(buf_grow(&b, ROOM), 0, ROOM);
		assert_ok(open_bytes(state, buf_slice(&b), &known, &cut));
		assert_in_range(known, BEFORE, BEFORE + TOGETHER);
		assert_true(cut <= b.n - start);
		buf_free(&b);
	}
	buf_free(&file), buf_free(&payload);
}

/* What somebody outside was told: it outlives the process. */
typedef struct acknowledged { _Atomic bool taken[64], done[64]; } acknowledged;

enum { REQUESTS = 12 };

/* What is told from here on is in front of zeros; or the process dies while they are written. */
static void wait_for_zeros(const char *path)
{
	struct stat s;
	for (unsigned k = 0; k < 2000 && stat(path, &s) == 0 && s.st_size < (off_t)JOURNAL_AHEAD; k++) usleep(100);
}

/* Takes requests in, ends some; writes down what it may tell. */
static void live(const char *path, acknowledged *told_so_far, const buf *message)
{
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;

	if (journal_open(&j, &cut, path, t) != OK) _exit(1);
	for (unsigned i = 0; i < REQUESTS; i++) {
		const id32 id = id_of(i);
		buf response = { 0 };
		if (requests_start(t, REQUEST_PUBLIC_DECRYPT, &id, &BODY, (slice){ 0 }) != OK) continue;
		if (take_in(j, i, buf_slice(message)) != OK) _exit(1);
		told_so_far->taken[i] = true;
		if (i % 3 == 2) continue;
		const request_view v = outcome(i, REQUEST_DONE, "answer");
		if (journal_outcome(j, &v) != OK) _exit(1);
		buf_put_str(&response, "answer");
		requests_finish_done(t, REQUEST_PUBLIC_DECRYPT, &id, &response);
		told_so_far->done[i] = true;
		wait_for_zeros(path);
	}
	journal_free(&j);
	requests_free(&t);
}

/* True if it died. */
static bool live_until(int step, const char *path, acknowledged *a, const buf *message)
{
	int how;

	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		steps_left = step;
		live(path, a, message);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &how, 0), pid);
	assert_true(WIFEXITED(how) && (WEXITSTATUS(how) == 0 || WEXITSTATUS(how) == DIED));
	return WEXITSTATUS(how) == DIED;
}

static void nothing_acknowledged_is_lost(const char *path, const acknowledged *a, const buf *message)
{
	requests *t = table(1000);
	journal *j = NULL;
	uint64_t cut;
	told pending = { 0 };
	buf tail = { 0 };
	found f;

	assert_ok(journal_open(&j, &cut, path, t));
	assert_ok(journal_each_pending(j, tell, &pending));
	unsigned unended = 0;
	for (unsigned i = 0; i < REQUESTS; i++) {
		const bool known = look(t, i, &f);
		if (a->taken[i]) assert_true(known);
		if (a->done[i]) assert_int_equal(f.v.state, REQUEST_DONE);
		if (known && f.v.state == REQUEST_DONE) assert_string_equal(f.text, "answer");
		unended += known && f.v.state == REQUEST_PENDING;
	}
	assert_int_equal(pending.n, unended);
	assert_int_equal(pending.bytes, unended * message->n);
	journal_free(&j);
	requests_free(&t);
	take_cut(&tail, path);
	buf_free(&tail);
}

/* Dies in every step of a life (or, with a stride, in some of them), is looked at, and lives on. */
static void die_often(void **state, size_t message_bytes, int stride)
{
	const char *path = below(state, "journal");
	acknowledged *a = mmap(NULL, sizeof *a, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	buf message = { 0 };
	int step = 1 + (int)test_below((uint64_t)stride), deaths = 0;

	assert_true(a != MAP_FAILED);
	memset(buf_grow(&message, message_bytes), 'm', message_bytes);
	for (bool died = true; died; step += stride) {
		unlink(path);
		memset(a, 0, sizeof *a);
		died = live_until(step, path, a, &message);
		nothing_acknowledged_is_lost(path, a, &message);
		for (int more = 7; live_until(more, path, a, &message); more += 5) nothing_acknowledged_is_lost(path, a, &message);
		nothing_acknowledged_is_lost(path, a, &message);
		deaths += died;
	}
	assert_true(deaths > 3);
	buf_free(&message);
	munmap(a, sizeof *a);
}

static void a_death_in_any_step_loses_nothing_that_was_acknowledged(void **state) { die_often(state, 100, 1); }

/* So large that the file is written anew meanwhile. */
static void nor_does_one_while_the_file_is_written_anew(void **state)
{
	die_often(state, JOURNAL_SLACK / 7, test_is_long() ? 1 : 11);
}

TESTS(TEST_IN_FOLDER(a_group_that_was_lost_anyhow_takes_nothing_else_along),
      TEST_IN_FOLDER(a_death_in_any_step_loses_nothing_that_was_acknowledged),
      TEST_IN_FOLDER(nor_does_one_while_the_file_is_written_anew))
