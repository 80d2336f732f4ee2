/* SPDX-License-Identifier: MIT */
/* base/secret_file.c -- where a secret comes from, and who else could have read it there. */
#include "base/secret_file.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OTHERS = 077, WORLD = 07 };

/* One byte more than any secret has shows one that is too long.  All room at once: a buf that moves wipes nothing. */
static err read_all(buf *out, int fd, const char *where, const char *what, size_t max)
{
	const size_t before = out->n;
	ssize_t got = 1;

	buf_reserve(out, max + 1);
	while (out->n - before <= max && got) {
		got = read(fd, out->p + out->n, max + 1 - (out->n - before));
		if (got < 0 && errno != EINTR) break;
		if (got > 0) out->n += (size_t)got;
	}
	if (got >= 0 && out->n - before <= max) return OK;
	err e = got < 0 ? err_fail(ERR_IO, "cannot read %s from %s: %s", what, where, strerror(errno))
	                : err_fail(ERR_REQUEST, "%s is longer than %zu bytes and is not %s", where, max, what);
	wipe(out->p + before, out->n - before);
	out->n = before;
	return e;
}

static err check_file(int fd, const char *path, const char *what, mode_t refused)
{
	struct stat s;

	if (fstat(fd, &s)) return err_fail(ERR_IO, "cannot look at %s: %s", path, strerror(errno));
	if (!S_ISREG(s.st_mode)) return err_fail(ERR_REQUEST, "%s is not a regular file; %s must be in one", path, what);
	if (s.st_mode & refused)
		return err_fail(ERR_REQUEST, "%s holds %s but has the permissions %03o; make another key if somebody may "
		                "have read it, or else: chmod 600 '%s'", path, what, (unsigned)(s.st_mode & 0777), path);
	if (refused == OTHERS && s.st_uid != geteuid())
		return err_fail(ERR_REQUEST, "%s holds %s but belongs to user %ju; it must be this user's, %ju", path, what,
		                (uintmax_t)s.st_uid, (uintmax_t)geteuid());
	return OK;
}

static err from_file(buf *out, const char *path, const char *what, size_t max, mode_t refused)
{
	/* O_NONBLOCK: opening a pipe, which is refused, does not wait for its writer. */
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return err_fail(errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "cannot open %s, which should hold %s: %s", path, what,
		                strerror(errno));
	err e = check_file(fd, path, what, refused);
	if (e == OK) e = read_all(out, fd, path, what, max);
	close(fd);
	return e;
}

/* A credential's owner and its group are systemd's choice: it may have given this user the right to read by a list, which shows as
 * that of a group. */
unsigned secret_mode_refused(const char *path)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	const size_t n = folder ? strlen(folder) : 0;

	return n && strncmp(path, folder, n) == 0 && path[n] == '/' && !strstr(path + n, "..") ? WORLD : OTHERS;
}

err secret_from_file(buf *out, const char *path, const char *what, size_t max)
{
	return from_file(out, path, what, max, secret_mode_refused(path));
}

err secret_from_descriptor(buf *out, int fd, const char *what, size_t max)
{
	char where[40];

	snprintf(where, sizeof where, "descriptor %d", fd);
	err e = read_all(out, fd, where, what, max);
	close(fd);
	return e;
}

err secret_from_credential(buf *out, char *path, const char *folder, const char *name, const char *what, size_t max)
{
	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return err_fail(ERR_REQUEST, "\"%s\" is not the name of a credential", name);
	if (!folder || !*folder)
		return err_fail(ERR_REQUEST, "there are no credentials ($CREDENTIALS_DIRECTORY is not set), so none is called %s: start the node "
		                "by systemd, with LoadCredential= or LoadCredentialEncrypted=", name);
	if (snprintf(path, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
		return err_fail(ERR_REQUEST, "the path of the credential %.60s… is too long", name);
	return from_file(out, path, what, max, WORLD);
}
