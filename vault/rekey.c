/* SPDX-License-Identifier: MIT */
/*
 * vault/rekey.c -- another key for a sealed vault, or none.
 *
 * Each object is opened with the key before, sealed with the new one, opened again, put elsewhere, and then exchanged for the old file
 * in one step.  So every object has one of two forms at any moment, and its header says which; the mark says that there are two.
 */
#include "base/file.h"
#include "base/hex.h"
#include "vault/vault_internal.h"

/* Its old form is overwritten: whoever finds the key before must not find what it opens. */
static err put_in_place(const char *path, slice bytes)
{
	char old[PATH_MAX];

	TRY(file_write_exchange(old, sizeof old, path, bytes, PRIVATE_FILE_MODE));
	return vault_erase_file(old);
}

static err not_ours(const char *path, const at_rest_file *f)
{
	if (!f->sealed)
		return err_fail(ERR_STATE, "%s is not sealed, but the vault was: somebody has put it there, or it is damaged; restore it from a copy", path);
	return err_fail(ERR_STATE, "%s is sealed with the key %s, which was not given; restore it from a copy", path, f->key_id);
}

static err seal_anew(vault *v, uint64_t *changed, const char *path, const sealed_place *place)
{
	AUTO(buf) plain = { 0 }, sealed = { 0 }, again = { 0 };
	char new[KEY_ID_TEXT], former[KEY_ID_TEXT];
	at_rest_file f;

	vault_key_id(new, v->key);
	vault_key_id(former, v->former);
	TRY(at_rest_look(&f, path));
	if (f.bytes == 0 || (f.sealed && !strcmp(f.key_id, new))) return OK;
	if (!f.sealed || strcmp(f.key_id, former)) return not_ours(path, &f);
	TRY(at_rest_open_file(&plain, v->former, path, place));
	sealed_write(&sealed, v->key, place, buf_slice(&plain), &v->random);
	TRY(sealed_read(&again, v->key, place, buf_slice(&sealed), plain.n));
	ASSERT(slice_eq_var(buf_slice(&again), buf_slice(&plain)));
	TRY(far_replace(v, path, buf_slice(&sealed)));
	TRY(put_in_place(path, buf_slice(&sealed)));
	++*changed;
	return v->lease ? lease_refresh(v->lease) : OK;
}

static err open_for_good(vault *v, uint64_t *changed, const char *path, const sealed_place *place)
{
	AUTO(buf) plain = { 0 };
	at_rest_file f;

	TRY(at_rest_look(&f, path));
	if (!f.sealed) return OK;
	TRY(at_rest_open_file(&plain, v->former, path, place));
	TRY(put_in_place(path, buf_slice(&plain)));
	++*changed;
	return OK;
}

static err to_another(vault *v, uint64_t *changed)
{
	uint8_t says[MAX_MARK] = { MARK_CHANGING };
	char former[KEY_ID_TEXT];

	vault_key_id(former, v->former);
	ASSERT(hex_read(says + 1, SEALED_KEY_ID, slice_str(former)));
	TRY(at_rest_write_mark(v, v->key, slice_of(says, sizeof says)));
	TRY(at_rest_each(v, changed, seal_anew));
	says[0] = MARK_WHOLE;
	return at_rest_write_mark(v, v->key, slice_of(says, 1));
}

static err to_none(vault *v, uint64_t *changed)
{
	static const uint8_t opening = MARK_OPENING;

	TRY(at_rest_write_mark(v, v->former, slice_of(&opening, 1)));
	TRY(at_rest_each(v, changed, open_for_good));
	return at_rest_remove_mark(v);
}

err rekey(vault *v, uint64_t *changed) { return v->key ? to_another(v, changed) : to_none(v, changed); }
