/* SPDX-License-Identifier: MIT */
/* connector/key_place.c */
#include "connector/key_place.h"
#include <limits.h>
#include <stdlib.h>
#include "store/store.h"

static bool lies_in(const char *folder, const char *file)
{
	char in[PATH_MAX], at[PATH_MAX];

	if (!realpath(folder, in) || !realpath(file, at)) return false;      /* what is not there is told by who needs it */
	const size_t n = strlen(in);
	return strncmp(at, in, n) == 0 && (n == 1 || at[n] == '/');
}

void key_place_look(buf *told, const connector_config *c)
{
	const char *key = c->sender.private_key_file;
	store_reach r;

	if (!key || !key[0]) return;
	if (store_reach_of(&r, c->database_url) != OK) {
		err_clear();
		return;
	}
	if (r.folder && lies_in(r.folder, key))
		buf_printf(told, "private_key_file: %s lies in the folder of the database, which the sandbox leaves open and backups take along", key);
	store_reach_free(&r);
}
