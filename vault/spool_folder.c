/* SPDX-License-Identifier: MIT */
/* vault/spool_folder.c -- which preprocessing there is, and its removal: the key always goes first. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hex.h"
#include "vault/spool_internal.h"

static const char ENDING[] = ".spool";

static err path_fits(int n, const vault *v)
{
	if (n >= 0 && n < PATH_MAX) return OK;
	return err_fail(ERR_REQUEST, "the path of the vault, %.60s…, is too long", vault_private_folder(v));
}

err spool_folder(char out[static PATH_MAX], const vault *v, const id32 *epoch)
{
	char text[ID_TEXT];

	id_text(text, epoch);
	return path_fits(snprintf(out, PATH_MAX, "%s/%s/%s", vault_private_folder(v), priv_type_name(PRIV_PREPROCESSING), text), v);
}

err spool_samples(char out[static PATH_MAX], const vault *v, const id32 *epoch, const id32 *id)
{
	char folder[PATH_MAX], text[ID_TEXT];

	TRY(spool_folder(folder, v, epoch));
	id_text(text, id);
	return path_fits(snprintf(out, PATH_MAX, "%s/%s%s", folder, text, ENDING), v);
}

static err has_samples(bool *out, vault *v, const id32 *epoch, const id32 *id)
{
	char path[PATH_MAX];
	struct stat s;

	TRY(spool_samples(path, v, epoch, id));
	*out = lstat(path, &s) == 0;
	return *out || errno == ENOENT ? OK : err_fail(ERR_IO, "cannot look for %s: %s", path, strerror(errno));
}

err spool_exists(bool *out, vault *v, const id32 *epoch, const id32 *id)
{
	bool key, samples;

	TRY(vault_has_private(&key, v, PRIV_PREPROCESSING, epoch, id));
	TRY(has_samples(&samples, v, epoch, id));
	*out = key && samples;
	return OK;
}

err spool_remove(vault *v, const id32 *epoch, const id32 *id)
{
	char path[PATH_MAX];

	TRY(vault_remove_private(v, PRIV_PREPROCESSING, epoch, id));
	TRY(spool_samples(path, v, epoch, id));
	return unlink(path) == 0 || errno == ENOENT ? OK : err_fail(ERR_IO, "cannot remove %s: %s", path, strerror(errno));
}

/* The id whose key or samples have this name. */
static bool id_of_name(id32 *id, const char *name)
{
	const size_t digits = ID_TEXT - 1;

	return strlen(name) >= digits && hex_read(id->b, sizeof id->b, slice_of(name, digits)) &&
	       (!name[digits] || !strcmp(name + digits, ENDING));
}

/* Of an epoch: everything, or only what is without a key or without samples. */
static err remove_some(vault *v, const id32 *epoch, bool all)
{
	char path[PATH_MAX];
	err e = OK;

	TRY(spool_folder(path, v, epoch));
	DIR *dir = opendir(path);
	if (!dir) return errno == ENOENT ? OK : err_fail(ERR_IO, "cannot list %s: %s", path, strerror(errno));
	while (e == OK) {
		bool usable = false;
		id32 id;
		errno = 0;
		const struct dirent *d = readdir(dir);
		if (!d && errno) e = err_fail(ERR_IO, "cannot list %s: %s", path, strerror(errno));
		if (!d) break;
		if (!id_of_name(&id, d->d_name)) continue;
		if (!all) e = spool_exists(&usable, v, epoch, &id);
		if (e == OK && !usable) e = spool_remove(v, epoch, &id);
	}
	closedir(dir);
	return e;
}

err spool_remove_epoch(vault *v, const id32 *epoch) { return remove_some(v, epoch, true); }

err spool_clean(vault *v)
{
	id32 *epoch;
	size_t epochs;
	err e = OK;

	TRY(vault_list_epochs(&epoch, &epochs, v, PRIV_PREPROCESSING));
	for (size_t i = 0; i < epochs && e == OK; i++) e = remove_some(v, &epoch[i], false);
	free(epoch);
	return e;
}
