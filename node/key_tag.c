/* SPDX-License-Identifier: MIT */
/* node/key_tag.c -- read from the file. */
#include "node/key_tag.h"
#include "base/file.h"
#include "node/keys_internal.h"

enum { MAX_PUBLIC_KEY_WORDS = 1 << 20 };                 /* bytes of them: of production, 32 KiB */

static err tag_of(id32 *out, slice file)
{
	arena a = arena_with_limit(MAX_PUBLIC_KEY_WORDS);
	public_key pk;

	err e = tfhers_read_public_key(&pk, &a, file);
	if (e == OK && pk.tag.n != sizeof out->b)
		e = err_fail(ERR_STATE, "its published public key has a tag of %zu bytes, which is no id", pk.tag.n);
	if (e == OK) memcpy(out->b, pk.tag.p, sizeof out->b);
	arena_free(&a);
	return e;
}

err key_tag(id32 *out, keys *k, const id32 *key)
{
	char id[ID_TEXT];
	slice file;

	TRY(vault_map_public(&file, k->vault, PUB_PUBLIC_KEY, key, MAX_TFHERS_FILE));
	err e = tag_of(out, file);
	file_unmap(&file);
	if (e == OK) return OK;
	id_text(id, key);
	err_context("key %s: ", id);
	return e == ERR_NOMEM ? e : ERR_STATE;
}
