/* SPDX-License-Identifier: MIT */
/*
 * node/journal_ahead.c -- zeros behind the last record, over which the next ones are written.
 *
 * The sync of a file that grew brings its length and its new blocks to the disk as well, which takes several times as long
 * as that of bytes alone, written over such as the disk has.  Hence zeros are written and synced before they are needed, on
 * the journal's thread.  Appends go on meanwhile; one that overtakes the zeros waits until a step of them is written.
 *
 * Zeros in front of a large group are as many bytes to write again, for one sync: they are written behind small ones alone.
 * Nothing but speed depends on them: on a full disk there are none, until that much was appended that half of them would
 * have been used up.
 */
#include "node/journal_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a step.  Never written to, but not const, for then they would be in the program's file. */
static uint8_t zeros[JOURNAL_AHEAD_STEP];

int journal_put_zeros(int fd, uint64_t at)
{
	return journal_put_at(fd, at, slice_of(zeros, sizeof zeros));
}

bool journal_wants_zeros(const journal *j)
{
	return !j->broken && j->small && j->size >= j->fill_from && j->filled - j->size < JOURNAL_AHEAD / 2;
}

/* errno, or 0. */
static int step(journal *j, int fd)
{
	const uint64_t at = j->filled;

	j->filling = true;
	pthread_mutex_unlock(&j->lock);
	const int error = journal_put_zeros(fd, at);
	pthread_mutex_lock(&j->lock);
	j->filling = false;
	if (!error) j->filled = at + JOURNAL_AHEAD_STEP;
	pthread_cond_broadcast(&j->changed);
	return error;
}

/*
 * The file once more: through each opening the system tells once that something did not reach the disk, and what is told to
 * a sync of zeros must not be kept from the append that it concerns.  -1 if it cannot be had, or is not there any more.
 */
static int open_again(const journal *j)
{
	struct stat ours, named;
	const int fd = open(j->path, O_WRONLY | O_CLOEXEC);

	if (fd < 0) return -1;
	if (!fstat(j->fd, &ours) && !fstat(fd, &named) && ours.st_dev == named.st_dev && ours.st_ino == named.st_ino) return fd;
	close(fd);
	errno = ENOENT;
	return -1;
}

void journal_fill_ahead(journal *j)
{
	pthread_mutex_unlock(&j->lock);
	const int fd = open_again(j);
	int error = fd < 0 ? errno : 0;
	pthread_mutex_lock(&j->lock);
	while (!error && !j->closing && j->filled < j->size + JOURNAL_AHEAD) error = step(j, fd);
	const bool closing = j->closing;
	pthread_mutex_unlock(&j->lock);
	if (!error && !closing && fdatasync(fd)) error = errno;
	if (fd >= 0) close(fd);
	pthread_mutex_lock(&j->lock);
	if (error) j->fill_from = j->size + JOURNAL_AHEAD / 2;
}
