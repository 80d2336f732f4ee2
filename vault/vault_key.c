/* SPDX-License-Identifier: MIT */
/* vault/vault_key.c -- where the key comes from, and who else could have read it there. */
#include "vault/vault_key.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hex.h"

enum { OTHERS = 077, WORLD = 07, MAX_KEY_TEXT = 2 + 2 * AES256_KEY + 2 };          /* 0x, digits, an end of line */

static err parse(vault_key *out, slice text, const char *where)
{
	uint8_t half[AES256_KEY / 2];

	if (hex_read(half, sizeof half, text)) {
		wipe(half, sizeof half);
		return err_fail(ERR_REQUEST, "%s holds 32 hexadecimal digits: that is half a key for the vault", where);
	}
	if (text.n == AES256_KEY) {
		memcpy(out->b, text.p, AES256_KEY);
		return OK;
	}
	slice digits = text;
	while (digits.n && (digits.p[digits.n - 1] == '\n' || digits.p[digits.n - 1] == '\r')) digits.n--;
	if (text.n <= MAX_KEY_TEXT && hex_read(out->b, sizeof out->b, digits)) return OK;
	return err_fail(ERR_REQUEST, "%s holds no key for the vault: 32 bytes are wanted, or 64 hexadecimal digits, as from: "
	                "openssl rand -hex 32", where);
}

/* One byte more than any key has shows one that is too long. */
static err read_key(vault_key *out, int fd, const char *where)
{
	uint8_t text[MAX_KEY_TEXT + 1];
	size_t n = 0;
	ssize_t got = 1;

	while (n < sizeof text && got) {
		got = read(fd, text + n, sizeof text - n);
		if (got < 0 && errno != EINTR) break;
		if (got > 0) n += (size_t)got;
	}
	err e = got < 0 ? err_fail(ERR_IO, "cannot read the key of the vault from %s: %s", where, strerror(errno))
	                : parse(out, slice_of(text, n), where);
	wipe(text, sizeof text);
	return e;
}

static err check_file(int fd, const char *path, mode_t refused)
{
	struct stat s;

	if (fstat(fd, &s)) return err_fail(ERR_IO, "cannot look at %s: %s", path, strerror(errno));
	if (!S_ISREG(s.st_mode)) return err_fail(ERR_REQUEST, "%s is not a regular file; the key of the vault must be in one", path);
	if (s.st_mode & refused)
		return err_fail(ERR_REQUEST, "%s holds the key of the vault but has the permissions %03o; make another key if somebody may "
		                "have read it, or else: chmod 600 '%s'", path, (unsigned)(s.st_mode & 0777), path);
	if (refused == OTHERS && s.st_uid != geteuid())
		return err_fail(ERR_REQUEST, "%s holds the key of the vault but belongs to user %ju; it must be this user's, %ju", path,
		                (uintmax_t)s.st_uid, (uintmax_t)geteuid());
	return OK;
}

static err from_file(vault_key *out, const char *path, mode_t refused)
{
	/* O_NONBLOCK: opening a pipe, which is refused, does not wait for its writer. */
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return err_fail(errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "cannot open %s, which should hold the key of the vault: %s", path,
		                strerror(errno));
	err e = check_file(fd, path, refused);
	if (e == OK) e = read_key(out, fd, path);
	close(fd);
	return e;
}

err vault_key_from_file(vault_key *out, const char *path) { return from_file(out, path, OTHERS); }

err vault_key_from_descriptor(vault_key *out, int fd)
{
	char where[40];

	snprintf(where, sizeof where, "descriptor %d", fd);
	err e = read_key(out, fd, where);
	close(fd);
	return e;
}

/* Its owner and its group are systemd's choice: it may have given this user the right to read by a list, which shows as that of a
 * group. */
err vault_key_from_credential(vault_key *out, const char *folder, const char *name)
{
	char path[PATH_MAX];

	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return err_fail(ERR_REQUEST, "\"%s\" is not the name of a credential", name);
	if (!folder || !*folder)
		return err_fail(ERR_REQUEST, "there are no credentials ($CREDENTIALS_DIRECTORY is not set), so none is called %s: start the node "
		                "by systemd, with LoadCredential= or LoadCredentialEncrypted=", name);
	if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
		return err_fail(ERR_REQUEST, "the path of the credential %.60s… is too long", name);
	return from_file(out, path, WORLD);
}
