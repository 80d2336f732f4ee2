/* SPDX-License-Identifier: MIT */
/* vault/wrapped_key.c -- the file, and where it is. */
#include "vault/wrapped_key.h"
#include <limits.h>
#include "base/file.h"
#include "base/hex.h"
#include "vault/vault_internal.h"
#include "vault/wire.h"

enum { WRAPPED_VERSION = 1 };

static const char MAGIC[] = "ARCAWRAP";

void wrapped_key_write(buf *out, const vault_key *k, slice name, slice wrapped)
{
	uint8_t id[SEALED_KEY_ID];
	char text[KEY_ID_TEXT];

	ASSERT(name.n && name.n <= WRAPPED_NAME && wrapped.n && wrapped.n <= WRAPPED_BYTES);
	vault_key_id(text, k);
	ASSERT(hex_read(id, sizeof id, slice_str(text)));
	buf_put_str(out, MAGIC);
	buf_put_u8(out, WRAPPED_VERSION);
	buf_put(out, id, sizeof id);
	wire_put(out, name);
	wire_put(out, wrapped);
}

err wrapped_key_read(wrapped_key *out, slice file)
{
	reader r = reader_of(file);
	const slice magic = read_bytes(&r, sizeof MAGIC - 1);
	const uint8_t version = read_u8(&r);
	const slice id = read_bytes(&r, SEALED_KEY_ID);

	out->name = wire_read(&r, WRAPPED_NAME);
	out->wrapped = wire_read(&r, WRAPPED_BYTES);
	if (!read_done(&r) || !slice_eq_var(magic, slice_str(MAGIC)) || !out->name.n || !out->wrapped.n ||
	    memchr(out->name.p, 0, out->name.n))
		return err_fail(ERR_STATE, "this is no wrapped key of a vault, or it is damaged; restore it from a copy");
	if (version != WRAPPED_VERSION)
		return err_fail(ERR_STATE, "this wrapped key is of version %u; this program reads version %d", version, WRAPPED_VERSION);
	hex_write(out->key_id, id);
	return OK;
}

/* ---- where it is ------------------------------------------------------------------------------------------------------- */

typedef struct places { char path[PATH_MAX]; const char *folder; const far_store *far; } places;

/* *n bytes are there, 0: nothing. */
static err absent_is_empty(err e)
{
	if (e != ERR_NOT_FOUND) return e;
	err_clear();
	return OK;
}

static err look(buf *here, buf *there, const places *p)
{
	TRY(absent_is_empty(file_read(here, p->path, MAX_WRAPPED_FILE)));
	if (p->far) TRY(absent_is_empty(p->far->get(p->far->ctx, there, NULL, WRAPPED_KEY_NAME, MAX_WRAPPED_FILE)));
	if (!here->n || !there->n || slice_eq_var(buf_slice(here), buf_slice(there))) return OK;
	return err_fail(ERR_STATE, "%s and %s/" WRAPPED_KEY_NAME " are different keys: does the folder belong to this bucket and prefix?",
	                p->path, p->far->where);
}

/* There first: whoever was earlier has made the key. */
static err keep(buf *file, const places *p, bool have_here, bool have_there)
{
	far_stamp stamp;
	bool existed;

	if (p->far && !have_there) {
		err e = p->far->put(p->far->ctx, &stamp, WRAPPED_KEY_NAME, buf_slice(file), FAR_IF_NONE, NULL);
		if (e == ERR_EXISTS) {
			err_clear();
			AUTO(buf) theirs = { 0 };
			TRY(p->far->get(p->far->ctx, &theirs, NULL, WRAPPED_KEY_NAME, MAX_WRAPPED_FILE));
			if (have_here && !slice_eq_var(buf_slice(&theirs), buf_slice(file)))
				return err_fail(ERR_STATE, "%s/" WRAPPED_KEY_NAME " is of another vault", p->far->where);
			buf_clear(file);
			buf_put_slice(file, buf_slice(&theirs));
			e = OK;
		}
		TRY(e);
	}
	if (have_here) return OK;
	TRY(dir_make(p->folder, PRIVATE_FOLDER_MODE));
	return file_write_once(p->path, buf_slice(file), PRIVATE_FILE_MODE, &existed);
}

/* A vault that is sealed has its key already. */
static err make(buf *file, const places *p, const key_service *s)
{
	char mark[PATH_MAX], text[ID_TEXT], name[FAR_NAME];
	AUTO(buf) wrapped = { 0 };
	vault_key k;
	uint64_t n;

	id_text(text, &(id32){ 0 });
	snprintf(name, sizeof name, SEALED_FOLDER "/%s", text);
	TRY(vault_path(mark, p->folder, SEALED_FOLDER, NULL, &(id32){ 0 }));
	err there = p->far ? p->far->size(p->far->ctx, &n, name) : ERR_NOT_FOUND;
	TRY(absent_is_empty(there));
	if (there == OK || file_exists(mark))
		return err_fail(ERR_STATE, "the vault is sealed, but its wrapped key, %s, is missing: restore it from a copy. Nothing was "
		                "changed", p->path);
	err e = s->new_key(s->ctx, &k, &wrapped);
	if (e == OK && wrapped.n > WRAPPED_BYTES) e = err_fail(ERR_REQUEST, "the wrapped key has %zu bytes", wrapped.n);
	if (e == OK) wrapped_key_write(file, &k, slice_str(s->name), buf_slice(&wrapped));
	wipe(&k, sizeof k);
	return e;
}

static err open_file(vault_key *out, slice file, const key_service *s)
{
	char id[KEY_ID_TEXT];
	wrapped_key w;

	TRY(wrapped_key_read(&w, file));
	TRY(s->open_key(s->ctx, out, w.name, w.wrapped));
	vault_key_id(id, out);
	if (!strcmp(id, w.key_id)) return OK;
	wipe(out, sizeof *out);
	return err_fail(ERR_STATE, "the service unwrapped the key %s; it should be %s", id, w.key_id);
}

err wrapped_key_open(vault_key *out, bool *made, const char *private_folder, const far_store *far, const key_service *service)
{
	places p = { .folder = private_folder, .far = far };
	AUTO(buf) here = { 0 };
	AUTO(buf) there = { 0 };

	if (snprintf(p.path, sizeof p.path, "%s/" WRAPPED_KEY_NAME, private_folder) >= (int)sizeof p.path)
		return err_fail(ERR_REQUEST, "the path of the vault, %.60s…, is too long", private_folder);
	TRY(look(&here, &there, &p));
	const bool have_here = here.n, have_there = there.n;
	buf *file = have_here ? &here : &there;
	const bool none = !have_here && !have_there;
	if (none) TRY(make(file, &p, service));
	TRY(keep(file, &p, have_here, have_there));
	*made = none;
	err e = open_file(out, buf_slice(file), service);
	if (e != OK) err_context("the key of the vault, %s: ", p.path);
	return e;
}
