/* SPDX-License-Identifier: MIT */
/* vault/at_rest.c -- private objects between memory and disk: sealed if the vault has a key.  vault_internal.h says how. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "base/hex.h"
#include "vault/vault_internal.h"

enum { MAX_PRIVATE_OBJECT = 256 << 20 };

/* ---- one object ------------------------------------------------------------------------------------------------- */

/* Nothing is written for nothing: what has no place would lose its name unerased, and outlive the object of which it is a copy. */
static err write_new(const char *path, slice bytes, bool *existed)
{
	if (!file_exists(path)) return file_write_once(path, bytes, PRIVATE_FILE_MODE, existed);
	TRY(vault_sync_parent(path));          /* whoever created it may have failed before this */
	*existed = true;
	return OK;
}

err at_rest_write(vault *v, const char *path, const sealed_place *place, slice bytes, bool *existed)
{
	AUTO(buf) sealed = { 0 };
	bool there;

	if (v->key && bytes.n) {
		sealed_write(&sealed, v->key, place, bytes, &v->random);
		bytes = buf_slice(&sealed);
	}
	err e = far_begin(&there, existed, v, SIDE_PRIVATE, path, bytes);
	if (e == OK && !there) e = write_new(path, bytes, existed);
	far_end(v, SIDE_PRIVATE);
	return e;
}

/* Fewer than n only at the end of the file. */
static err read_up_to(size_t *got, uint8_t *out, size_t n, int fd)
{
	*got = 0;
	while (*got < n) {
		const ssize_t some = read(fd, out + *got, n - *got);
		if (some < 0 && errno == EINTR) continue;
		if (some < 0) return err_fail(ERR_IO, "cannot read: %s", strerror(errno));
		if (some == 0) break;
		*got += (size_t)some;
	}
	return OK;
}

static err read_chunks(uint8_t *out, sealed_reader *r, int fd)
{
	uint8_t *chunk = malloc(size_max(sealed_next(r), 1));
	err e = chunk ? OK : err_fail(ERR_NOMEM, "no memory to read it");
	size_t got;

	for (size_t next; e == OK && (next = sealed_next(r)); out += next - GCM_TAG) {
		e = read_up_to(&got, chunk, next, fd);
		if (e == OK && got < next) e = err_fail(ERR_IO, "this became shorter while it was read");
		if (e == OK) e = sealed_chunk(r, out, slice_of(chunk, next));
	}
	free(chunk);
	return e;
}

static err read_sealed(buf *out, const vault_key *k, const sealed_place *place, int fd, size_t max)
{
	const size_t before = out->n;
	uint8_t header[SEALED_HEADER];
	struct stat s;
	size_t got = 0;
	sealed_reader r = { 0 };
	uint64_t n = 0;

	if (fstat(fd, &s)) return err_fail(ERR_IO, "cannot look at it: %s", strerror(errno));
	if (!S_ISREG(s.st_mode)) return err_fail(ERR_REQUEST, "this is not a regular file");
	TRY(read_up_to(&got, header, sizeof header, fd));
	TRY(sealed_begin(&r, &n, k, place, slice_of(header, got), (uint64_t)s.st_size));
	err e = n > max ? err_fail(ERR_REQUEST, "this has %llu bytes; at most %zu are read", (unsigned long long)n, max) : OK;
	if (e == OK) e = read_chunks(buf_grow(out, (size_t)n), &r, fd);
	if (e != OK && out->n > before) wipe(out->p + before, out->n - before), out->n = before;
	sealed_end(&r);
	return e;
}

static err read_plain(buf *out, const char *path, size_t max)
{
	const size_t before = out->n;

	TRY(file_read(out, path, max));
	const slice file = slice_of(out->p + before, out->n - before);
	if (file.n == 0 || !sealed_begins(file)) return OK;
	out->n = before;
	return err_fail(ERR_STATE, "%s is sealed, but the vault was given no key (private_vault.keychain)", path);
}

err at_rest_read(buf *out, const vault *v, const char *path, const sealed_place *place, size_t max)
{
	if (!v->key) return read_plain(out, path, max);
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) return err_fail(ERR_NOT_FOUND, "%s: there is no such file", path);
	if (fd < 0) return err_fail(ERR_IO, "cannot open %s: %s", path, strerror(errno));
	err e = read_sealed(out, v->key, place, fd, max);
	close(fd);
	if (e != OK) err_context("%s: ", path);
	return e;
}

/* ---- every object ----------------------------------------------------------------------------------------------- */

static err each_in_folder(vault *v, uint64_t *count, at_rest_act f, priv_type t, const id32 *epoch)
{
	char path[PATH_MAX];
	id32 *id = NULL;
	size_t ids = 0;

	err e = vault_list_private(&id, &ids, v, t, epoch);
	for (size_t i = 0; e == OK && i < ids; i++) {
		e = vault_private_path(path, v, t, epoch, &id[i]);
		if (e == OK) e = f(v, count, path, &(sealed_place){ priv_type_name(t), epoch, &id[i] });
	}
	free(id);
	return e;
}

err at_rest_each(vault *v, uint64_t *count, at_rest_act f)
{
	err e = OK;

	for (unsigned t = 0; e == OK && t < PRIV_TYPES; t++) {
		id32 *epoch = NULL;
		size_t epochs = 0;
		e = each_in_folder(v, count, f, (priv_type)t, NULL);
		if (e == OK) e = vault_list_epochs(&epoch, &epochs, v, (priv_type)t);
		for (size_t i = 0; e == OK && i < epochs; i++) e = each_in_folder(v, count, f, (priv_type)t, &epoch[i]);
		free(epoch);
	}
	return e;
}

err at_rest_look(at_rest_file *out, const char *path)
{
	uint8_t header[SEALED_HEADER];
	struct stat s;
	size_t got = 0;

	*out = (at_rest_file){ 0 };
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) return err_fail(ERR_IO, "cannot open %s: %s", path, strerror(errno));
	err e = fstat(fd, &s) ? err_fail(ERR_IO, "cannot look at it: %s", strerror(errno)) : read_up_to(&got, header, sizeof header, fd);
	close(fd);
	out->sealed = e == OK && sealed_begins(slice_of(header, got));
	if (out->sealed) e = sealed_key_id(out->key_id, slice_of(header, got));
	if (e != OK) {
		err_context("%s: ", path);
		return e;
	}
	out->bytes = (uint64_t)s.st_size;
	return OK;
}

err at_rest_open_file(buf *out, const vault_key *k, const char *path, const sealed_place *place)
{
	AUTO(buf) sealed = { 0 };

	TRY(file_read(&sealed, path, MAX_PRIVATE_OBJECT));
	err e = sealed_read(out, k, place, buf_slice(&sealed), MAX_PRIVATE_OBJECT);
	if (e != OK) err_context("%s: ", path);
	return e;
}

static err refuse_sealed(vault *v, uint64_t *count, const char *path, const sealed_place *place)
{
	at_rest_file f;

	(void)count, (void)place;
	TRY(at_rest_look(&f, path));
	if (!f.sealed) return OK;
	return err_fail(ERR_STATE, "%s is sealed, but %s/%s, which says with which key, is missing: restore it from a copy", path,
	                v->private_folder, SEALED_FOLDER);
}

/* The plain file goes when the sealed one, which was opened again, has its place on the disk. */
static err seal_one(vault *v, uint64_t *count, const char *path, const sealed_place *place)
{
	AUTO(buf) plain = { 0 }, sealed = { 0 }, again = { 0 };
	char old[PATH_MAX];
	at_rest_file f;

	TRY(at_rest_look(&f, path));
	if (f.sealed || f.bytes == 0) return OK;
	TRY(file_read(&plain, path, MAX_PRIVATE_OBJECT));
	sealed_write(&sealed, v->key, place, buf_slice(&plain), &v->random);
	TRY(sealed_read(&again, v->key, place, buf_slice(&sealed), plain.n));
	ASSERT(slice_eq_var(buf_slice(&again), buf_slice(&plain)));
	TRY(file_write_exchange(old, sizeof old, path, buf_slice(&sealed), PRIVATE_FILE_MODE));
	TRY(vault_erase_file(old));
	++*count;
	return OK;
}

/* ---- the mark --------------------------------------------------------------------------------------------------- */

static const id32 NOBODY;
static const sealed_place MARK = { SEALED_FOLDER, NULL, &NOBODY };

static err mark_path(char out[static PATH_MAX], const vault *v)
{
	return vault_path(out, v->private_folder, MARK.type, MARK.epoch, MARK.id);
}

err at_rest_write_mark(vault *v, const vault_key *k, slice says)
{
	AUTO(buf) sealed = { 0 };
	char path[PATH_MAX];

	TRY(mark_path(path, v));
	TRY(vault_make_parent(path, PRIVATE_FOLDER_MODE));
	sealed_write(&sealed, k, &MARK, says, &v->random);
	if (v->changing) TRY(far_replace(v, path, buf_slice(&sealed)));
	TRY(file_write_atomic(path, buf_slice(&sealed), PRIVATE_FILE_MODE));
	v->has_mark = true, v->whole = says.p[0] == MARK_WHOLE;
	return OK;
}

static err write_mark(vault *v, uint8_t state) { return at_rest_write_mark(v, v->key, slice_of(&state, 1)); }

err at_rest_remove_mark(vault *v)
{
	char path[PATH_MAX];

	TRY(mark_path(path, v));
	TRY(vault_remove_file(path));                  /* whole or absent at any moment: it holds no secret */
	v->has_mark = false;
	return OK;
}

static bool is_key(const vault_key *k, const char *id)
{
	char have[KEY_ID_TEXT];

	if (k) vault_key_id(have, k);
	return k && !strcmp(have, id);
}

/* Who opens a sealed vault without its key, or with another, loses nothing by it. */
static err another_key(const vault *v, const char *need)
{
	char have[KEY_ID_TEXT];

	if (!v->key)
		return err_fail(ERR_STATE, "the vault is sealed: it opens with the key %s, but none was given; name it in "
		                "private_vault.keychain. Nothing was changed", need);
	vault_key_id(have, v->key);
	return err_fail(ERR_STATE, "the vault is sealed with the key %s; the one that was given is %s. Nothing was changed", need, have);
}

/* A mark of the vault's key. */
static err read_own(bool *whole, bool *changing, const vault *v, slice says)
{
	char before[KEY_ID_TEXT];

	*whole = says.p[0] == MARK_WHOLE;
	*changing = says.p[0] == MARK_CHANGING;
	if (!*changing) return OK;
	hex_write(before, slice_of(says.p + 1, says.n - 1));
	if (is_key(v->former, before)) return OK;
	return err_fail(ERR_STATE, "the vault is on its way from the key %s to this one: name that one in private_vault.keychain.former until "
	                "it has arrived. Nothing was changed", before);
}

/* A mark of the key before: it is whole, or being opened for good. */
static err read_former(bool *changing, const vault *v, slice says)
{
	*changing = says.p[0] == MARK_WHOLE || (says.p[0] == MARK_OPENING && !v->key);
	if (*changing) return OK;
	return err_fail(ERR_STATE, "what was begun with the key in private_vault.keychain.former is not done yet: open the vault with the keys "
	                "of then first. Nothing was changed");
}

static err read_mark(bool *whole, bool *changing, const vault *v, slice mark)
{
	AUTO(buf) says = { 0 };
	char need[KEY_ID_TEXT];

	TRY(sealed_key_id(need, mark));
	const bool own = is_key(v->key, need);
	if (!own && !is_key(v->former, need)) return another_key(v, need);
	TRY(sealed_read(&says, own ? v->key : v->former, &MARK, mark, MAX_MARK));
	if (says.p[0] == MARK_CHANGING && says.n != MAX_MARK) return err_fail(ERR_STATE, "the mark of sealing names no key");
	*whole = false;
	return own ? read_own(whole, changing, v, buf_slice(&says)) : read_former(changing, v, buf_slice(&says));
}

err at_rest_check_mark(const vault *v, slice mark)
{
	bool whole, changing;
	return read_mark(&whole, &changing, v, mark);
}

err at_rest_check(vault *v)
{
	AUTO(buf) mark = { 0 };
	char path[PATH_MAX];

	TRY(mark_path(path, v));
	err e = file_read(&mark, path, SEALED_HEADER + MAX_MARK + GCM_TAG);
	v->has_mark = e != ERR_NOT_FOUND;
	if (!v->has_mark) {
		err_clear();
		return v->key || v->former ? at_rest_each(v, NULL, refuse_sealed) : OK;
	}
	TRY(e);
	e = read_mark(&v->whole, &v->changing, v, buf_slice(&mark));
	if (e != OK) err_context("%s: ", path);
	return e;
}

err at_rest_begin(vault *v, uint64_t *sealed)
{
	*sealed = 0;
	if (!v->key || v->whole) return OK;
	if (!v->has_mark) TRY(write_mark(v, MARK_BEGUN));
	TRY(at_rest_each(v, sealed, seal_one));
	return write_mark(v, MARK_WHOLE);
}
