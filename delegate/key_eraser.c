/* SPDX-License-Identifier: MIT */
/* delegate/key_eraser.c */
#include "delegate/key_eraser.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool key_file_is_gone(const char *path)
{
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char first = 0;

	if (fd < 0) return errno == ENOENT;
	const bool gone = read(fd, &first, 1) >= 0 && !first;
	close(fd);
	return gone;
}

static err failed(const key_eraser *k, const char *what)
{
	return err_fail(ERR_IO, "%s: %s: %s", k->path, what, strerror(errno));
}

err key_eraser_open(key_eraser *out, const char *path)
{
	const key_eraser k = { path, open(path, O_RDWR | O_CLOEXEC) };

	if (k.fd < 0) return failed(&k, "a key that is to be erased is in this file, which cannot be written");
	*out = k;
	return OK;
}

static err overwrite(const key_eraser *k)
{
	static const uint8_t ZEROS[MAX_KEY_FILE];
	struct stat st;

	if (fstat(k->fd, &st) != 0) return failed(k, "cannot be looked at");
	const size_t n = st.st_size > (off_t)sizeof ZEROS ? sizeof ZEROS : (size_t)st.st_size;
	if (pwrite(k->fd, ZEROS, n, 0) != (ssize_t)n || fsync(k->fd) != 0) return failed(k, "cannot be overwritten");
	if (ftruncate(k->fd, 0) != 0 || fsync(k->fd) != 0) return failed(k, "cannot be emptied");
	return OK;
}

err key_eraser_erase(key_eraser *k)
{
	if (!k->path) return OK;
	TRY(overwrite(k));
	key_eraser_close(k);
	return OK;
}

err key_eraser_go_on(const char *path)
{
	struct stat st;
	key_eraser k;

	if (!key_file_is_gone(path) || stat(path, &st) != 0 || st.st_size == 0) return OK;
	TRY(key_eraser_open(&k, path));
	const err e = key_eraser_erase(&k);
	if (e != OK) key_eraser_close(&k);
	return e;
}

void key_eraser_close(key_eraser *k)
{
	if (k->path) close(k->fd);
	*k = (key_eraser){ 0 };
}
