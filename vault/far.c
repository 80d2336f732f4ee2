/* SPDX-License-Identifier: MIT */
/* vault/far.c -- what is kept elsewhere, too: around each put and removal, and at the opening for all. */
#include "vault/far.h"
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "base/file.h"
#include "base/hex.h"
#include "vault/vault_internal.h"

enum { MAX_OBJECTS = 1 << 18, MAX_MARK_FILE = 256 };

static const uint64_t MAX_BYTES[] = { [SIDE_PUBLIC] = (uint64_t)16 << 30, [SIDE_PRIVATE] = (uint64_t)512 << 20 };

static const char *folder_of(const vault *v, vault_side side) { return side == SIDE_PUBLIC ? v->public_folder : v->private_folder; }
static mode_t folder_mode(vault_side side) { return side == SIDE_PUBLIC ? PUBLIC_FOLDER_MODE : PRIVATE_FOLDER_MODE; }
static mode_t file_mode(vault_side side) { return side == SIDE_PUBLIC ? PUBLIC_FILE_MODE : PRIVATE_FILE_MODE; }

/* A preprocessing that came back could be used twice. */
static bool is_kept(vault_side side, unsigned type) { return side == SIDE_PUBLIC || type != PRIV_PREPROCESSING; }

/* ---- names ----------------------------------------------------------------------------------------------------------- */

/* False: it is kept here only. */
static bool name_of(char out[static FAR_NAME], const vault *v, vault_side side, const char *path)
{
	const char *folder = folder_of(v, side), *local = priv_type_name(PRIV_PREPROCESSING);
	const size_t n = strlen(folder), ending = sizeof ERASING - 1;

	if (!v->far[side]) return false;
	ASSERT(!strncmp(path, folder, n) && path[n] == '/' && strlen(path + n + 1) < FAR_NAME);
	snprintf(out, FAR_NAME, "%s", path + n + 1);
	const size_t length = strlen(out);
	if (length > ending && !strcmp(out + length - ending, ERASING)) out[length - ending] = '\0';
	return side == SIDE_PUBLIC || strncmp(out, local, strlen(local)) || out[strlen(local)] != '/';
}

/* Where an object is, comparable byte by byte. */
typedef struct place { uint8_t type, has_epoch; id32 epoch, id; uint8_t pad[6]; uint64_t size; } place;

static int by_place(const void *a, const void *b) { return memcmp(a, b, offsetof(place, pad)); }

static unsigned types_of(vault_side side) { return side == SIDE_PUBLIC ? (unsigned)PUB_TYPES : (unsigned)PRIV_TYPES; }

static const char *type_name(vault_side side, unsigned t)
{
	return side == SIDE_PUBLIC ? pub_type_name((pub_type)t) : priv_type_name((priv_type)t);
}

/* False: no object of a vault has such a name. */
static bool read_name(place *out, vault_side side, const char *name)
{
	const size_t digits = ID_TEXT - 1;

	*out = (place){ 0 };
	for (unsigned t = 0; t < types_of(side); t++) {
		const char *type = type_name(side, t);
		const size_t n = strlen(type);
		if (strncmp(name, type, n) || name[n] != '/' || !is_kept(side, t)) continue;
		const char *rest = name + n + 1;
		const size_t left = strlen(rest);
		out->type = (uint8_t)t;
		if (left == digits) return hex_read(out->id.b, sizeof out->id.b, slice_of(rest, digits));
		out->has_epoch = 1;
		return side == SIDE_PRIVATE && left == 2 * digits + 1 && rest[digits] == '/' &&
		       hex_read(out->epoch.b, sizeof out->epoch.b, slice_of(rest, digits)) &&
		       hex_read(out->id.b, sizeof out->id.b, slice_of(rest + digits + 1, digits));
	}
	return false;
}

static err path_of(char out[static PATH_MAX], const vault *v, vault_side side, const place *p)
{
	return vault_path(out, folder_of(v, side), type_name(side, p->type), p->has_epoch ? &p->epoch : NULL, &p->id);
}

/* ---- one object ------------------------------------------------------------------------------------------------------- */

/* Of n bytes, into its place here. */
static err fetch(vault *v, vault_side side, const char *name, const char *path, uint64_t n)
{
	const far_store *s = v->far[side];
	bool existed;
	draft *d = NULL;

	if (n > MAX_BYTES[side]) return err_fail(ERR_STATE, "%s/%s has %ju bytes: no object is so long", s->where, name, (uintmax_t)n);
	TRY(vault_make_parent(path, folder_mode(side)));
	if (n == 0) return file_write_once(path, (slice){ 0 }, file_mode(side), &existed);
	TRY(draft_new(&d, path, (size_t)n, file_mode(side)));
	err e = s->get_into(s->ctx, draft_bytes(d), (size_t)n, name);
	if (e == OK) e = draft_keep(d, &existed);
	draft_free(&d);
	return e;
}

/* Somebody put it before, perhaps this node, which did not hear that it was done: what is there counts. */
static err take_theirs(bool *existed, vault *v, vault_side side, const char *name, const char *path, slice bytes)
{
	const far_store *s = v->far[side];
	slice file = { 0 };
	uint64_t n;

	TRY(s->size(s->ctx, &n, name));
	TRY(fetch(v, side, name, path, n));
	*existed = n != bytes.n;
	if (*existed || !n) return OK;
	TRY(file_map(&file, path, bytes.n));
	*existed = !slice_eq_var(file, bytes);
	file_unmap(&file);
	return OK;
}

/* What was being removed under this name goes first. */
static err finish_removal(vault *v, vault_side side, const char *path)
{
	char erasing[PATH_MAX];

	if (side == SIDE_PUBLIC || snprintf(erasing, sizeof erasing, "%s" ERASING, path) >= PATH_MAX || !file_exists(erasing)) return OK;
	TRY(far_remove(v, side, erasing));
	return vault_erase_file(erasing);
}

err far_begin(bool *there, bool *existed, vault *v, vault_side side, const char *path, slice bytes)
{
	char name[FAR_NAME];

	*there = *existed = false;
	if (v->far[side]) pthread_mutex_lock(&v->putting[side]);
	if (!name_of(name, v, side, path)) return OK;
	if ((*there = *existed = file_exists(path))) return OK;
	TRY(lease_check(v->lease));
	TRY(finish_removal(v, side, path));
	const far_store *s = v->far[side];
	far_stamp stamp;
	err e = s->put(s->ctx, &stamp, name, bytes, FAR_IF_NONE, NULL);
	if (e != ERR_EXISTS) return e;
	err_clear();
	*there = true;
	return take_theirs(existed, v, side, name, path, bytes);
}

void far_end(vault *v, vault_side side)
{
	if (v->far[side]) pthread_mutex_unlock(&v->putting[side]);
}

err far_may_remove(vault *v, vault_side side, const char *path)
{
	char name[FAR_NAME];

	return name_of(name, v, side, path) ? lease_check(v->lease) : OK;
}

err far_remove(vault *v, vault_side side, const char *path)
{
	char name[FAR_NAME];

	if (!name_of(name, v, side, path)) return OK;
	TRY(lease_check(v->lease));
	return v->far[side]->remove(v->far[side]->ctx, name);
}

/* What is there now, if it is not these bytes already. */
static err replace_if_same(const far_store *s, const char *name, slice bytes)
{
	AUTO(buf) old = { 0 };
	far_stamp now;

	err e = s->get(s->ctx, &old, &now, name, (size_t)MAX_BYTES[SIDE_PRIVATE]);
	if (e != OK && e != ERR_NOT_FOUND) return e;
	if (e == OK && slice_eq_var(buf_slice(&old), bytes)) return OK;
	err_clear();
	far_stamp stamp;
	return s->put(s->ctx, &stamp, name, bytes, e == OK ? FAR_IF_SAME : FAR_IF_NONE, now.tag);
}

/* Nobody else writes there as long as there is the lease: who is told that it is another's has written it himself. */
err far_replace(vault *v, const char *path, slice bytes)
{
	char name[FAR_NAME];

	if (!name_of(name, v, SIDE_PRIVATE, path)) return OK;
	TRY(lease_check(v->lease));
	err e = replace_if_same(v->far[SIDE_PRIVATE], name, bytes);
	if (e != ERR_EXISTS) return e;
	err_clear();
	return replace_if_same(v->far[SIDE_PRIVATE], name, bytes);
}

/* ---- the mark of sealing ------------------------------------------------------------------------------------------------ */

static const id32 NOBODY;

static err mark_names(char name[static FAR_NAME], char path[static PATH_MAX], const vault *v)
{
	char id[ID_TEXT];

	id_text(id, &NOBODY);
	snprintf(name, FAR_NAME, SEALED_FOLDER "/%s", id);
	return vault_path(path, v->private_folder, SEALED_FOLDER, NULL, &NOBODY);
}

err far_mark(vault *v)
{
	const far_store *s = v->far[SIDE_PRIVATE];
	char name[FAR_NAME], path[PATH_MAX];
	AUTO(buf) mark = { 0 };
	bool empty;

	if (!s) return OK;
	TRY(mark_names(name, path, v));
	err e = s->get(s->ctx, &mark, NULL, name, MAX_MARK_FILE);
	if (e == ERR_NOT_FOUND) {
		err_clear();
		return OK;
	}
	if (e == OK) e = at_rest_check_mark(v, buf_slice(&mark));
	if (e != OK) err_context("%s/%s: ", s->where, name);
	TRY(e);
	if (file_exists(path)) return OK;              /* it is compared with the key, too */
	TRY(vault_is_empty(&empty, v));
	if (!empty)
		return err_fail(ERR_STATE, "%s has the private objects of a vault that is not sealed, and %s those of one that is: are they of one "
		                "node? Give the node an empty folder, or another prefix. Nothing was changed", v->private_folder, s->where);
	TRY(vault_make_parent(path, PRIVATE_FOLDER_MODE));
	return file_write_atomic(path, buf_slice(&mark), PRIVATE_FILE_MODE);
}

static err send_mark(vault *v)
{
	const far_store *s = v->far[SIDE_PRIVATE];
	char name[FAR_NAME], path[PATH_MAX];
	AUTO(buf) mark = { 0 };
	far_stamp stamp;

	TRY(mark_names(name, path, v));
	TRY(file_read(&mark, path, MAX_MARK_FILE));
	err e = s->put(s->ctx, &stamp, name, buf_slice(&mark), FAR_IF_NONE, NULL);
	if (e != ERR_EXISTS) return e;
	err_clear();                                   /* far_mark has seen that it is of the same key */
	return OK;
}

/* ---- all ------------------------------------------------------------------------------------------------------------------- */

typedef struct listing { vault_side side; buf places; bool too_many; } listing;

static bool note(void *arg, const char *name, uint64_t size)
{
	listing *l = arg;
	place p;

	if (!read_name(&p, l->side, name)) return true;
	p.size = size;
	l->too_many = l->places.n / sizeof p == MAX_OBJECTS;
	if (!l->too_many) buf_put(&l->places, &p, sizeof p);
	return !l->too_many;
}

static err list(listing *l, const vault *v)
{
	const far_store *s = v->far[l->side];

	err e = s->list(s->ctx, note, l);
	if (l->too_many) e = err_fail(ERR_REQUEST, "%s has more than %d objects", s->where, MAX_OBJECTS);
	TRY(e);
	if (l->places.n) qsort(l->places.p, l->places.n / sizeof(place), sizeof(place), by_place);
	return OK;
}

static err fetch_missing(vault *v, uint64_t *count, const listing *l)
{
	const place *p = (const place *)(const void *)l->places.p;

	for (size_t i = 0; i < l->places.n / sizeof *p; i++) {
		char path[PATH_MAX], name[FAR_NAME];
		struct stat s;
		TRY(path_of(path, v, l->side, &p[i]));
		if (lstat(path, &s) == 0 && (uint64_t)s.st_size == p[i].size) continue;
		ASSERT(name_of(name, v, l->side, path));
		if (file_exists(path))
			return err_fail(ERR_STATE, "%s has %jd bytes and %s/%s has %ju: one of them is damaged. Look which, and remove that one",
			                path, (intmax_t)s.st_size, v->far[l->side]->where, name, (uintmax_t)p[i].size);
		TRY(fetch(v, l->side, name, path, p[i].size));
		TRY(lease_refresh(v->lease));
		++*count;
	}
	return OK;
}

static err send_file(vault *v, vault_side side, const char *path)
{
	const far_store *s = v->far[side];
	char name[FAR_NAME];
	slice file = { 0 };
	struct stat st;
	far_stamp stamp;

	if (!name_of(name, v, side, path)) return OK;
	if (lstat(path, &st)) return err_fail(ERR_IO, "cannot look at %s", path);
	if (st.st_size) TRY(file_map(&file, path, (size_t)MAX_BYTES[side]));
	/* Private objects of a vault that is elsewhere, too, were all sealed before. */
	err e = side == SIDE_PUBLIC || !file.n || sealed_begins(file) ? s->put(s->ctx, &stamp, name, file, FAR_IF_NONE, NULL)
	      : err_fail(ERR_STATE, "%s is not sealed; it does not leave this machine", path);
	if (file.p) file_unmap(&file);
	return e;
}

/* If it is not there. */
static err send_missing(vault *v, uint64_t *count, const listing *l, const place *p)
{
	char path[PATH_MAX];

	if (l->places.n && bsearch(p, l->places.p, l->places.n / sizeof *p, sizeof *p, by_place)) return OK;
	TRY(path_of(path, v, l->side, p));
	++*count;
	TRY(send_file(v, l->side, path));
	return lease_refresh(v->lease);
}

static err send_folder(vault *v, uint64_t *count, const listing *l, place *p)
{
	char path[PATH_MAX];
	id32 *id = NULL;
	size_t ids = 0;

	TRY(vault_path(path, folder_of(v, l->side), type_name(l->side, p->type), p->has_epoch ? &p->epoch : NULL, NULL));
	err e = vault_list_ids(&id, &ids, path, DT_REG);
	for (size_t i = 0; e == OK && i < ids; i++) {
		p->id = id[i];
		e = send_missing(v, count, l, p);
	}
	free(id);
	return e;
}

static err send_all(vault *v, uint64_t *count, const listing *l)
{
	err e = OK;

	for (unsigned t = 0; e == OK && t < types_of(l->side); t++) {
		char path[PATH_MAX];
		id32 *epoch = NULL;
		size_t epochs = 0;
		if (!is_kept(l->side, t)) continue;
		e = send_folder(v, count, l, &(place){ .type = (uint8_t)t });
		if (e != OK || l->side == SIDE_PUBLIC) continue;
		e = vault_path(path, folder_of(v, l->side), type_name(l->side, t), NULL, NULL);
		if (e == OK) e = vault_list_ids(&epoch, &epochs, path, DT_DIR);
		for (size_t i = 0; e == OK && i < epochs; i++)
			e = send_folder(v, count, l, &(place){ .type = (uint8_t)t, .has_epoch = 1, .epoch = epoch[i] });
		free(epoch);
	}
	return e;
}

static err sync_side(vault *v, vault_opened *what, vault_side side)
{
	listing l = { .side = side };

	if (!v->far[side]) return OK;
	if (side == SIDE_PRIVATE) TRY(send_mark(v));
	err e = list(&l, v);
	if (e == OK) e = fetch_missing(v, &what->fetched, &l);
	if (e == OK) e = send_all(v, &what->sent, &l);
	buf_free(&l.places);
	return e;
}

err far_sync(vault *v, vault_opened *what)
{
	if (!v->lease) return OK;
	TRY(sync_side(v, what, SIDE_PRIVATE));
	return sync_side(v, what, SIDE_PUBLIC);
}
