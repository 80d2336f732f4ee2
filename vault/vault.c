/* SPDX-License-Identifier: MIT */
/* vault/vault.c -- objects as files; who may read them; one holder at a time. */
#include "vault/vault_internal.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "base/hex.h"
#include "sym/sha2.h"
#include "vault/wrapped_key.h"

enum {
	OTHERS = 077,                                  /* the permissions that nothing private may have */
};

static const char *const PUB_NAMES[PUB_TYPES] = {
	[PUB_SERVER_KEY] = "ServerKey", [PUB_PUBLIC_KEY] = "PublicKey", [PUB_PUBLIC_KEY_METADATA] = "PublicKeyMetadata",
	[PUB_CRS] = "CRS", [PUB_VERF_KEY] = "VerfKey", [PUB_VERF_ADDRESS] = "VerfAddress",
	[PUB_DECOMPRESSION_KEY] = "DecompressionKey", [PUB_CA_CERT] = "CACert",
	[PUB_RECOVERY_MATERIAL] = "RecoveryMaterial", [PUB_COMPRESSED_XOF_KEY_SET] = "CompressedXofKeySet",
	[PUB_TYPED_VERF_KEY] = "TypedVerfKey", [PUB_TYPED_VERF_ADDRESS] = "TypedVerfAddress",
};

static const char *const PRIV_NAMES[PRIV_TYPES] = {
	[PRIV_SIGNING_KEY] = "SigningKey", [PRIV_FHE_KEY_INFO] = "FheKeyInfo", [PRIV_CRS_INFO] = "CrsInfo",
	[PRIV_FHE_PRIVATE_KEY] = "FhePrivateKey", [PRIV_PRSS_SETUP] = "PrssSetup",
	[PRIV_PRSS_SETUP_COMBINED] = "PrssSetupCombined", [PRIV_CONTEXT] = "Context", [PRIV_EPOCH_DATA] = "EpochData",
	[PRIV_UNFINISHED_KEY] = "UnfinishedKey", [PRIV_USED_SESSION] = "UsedSession", [PRIV_ATTEMPT] = "Attempt",
	[PRIV_PREPROCESSING] = "Preprocessing", [PRIV_UNFINISHED_EPOCH] = "UnfinishedEpoch",
	[PRIV_GIVEN_KEY] = "GivenKey", [PRIV_DECOMPRESSION_KEY_INFO] = "DecompressionKeyInfo",
	[PRIV_ADDED_KEY_SET] = "AddedKeySet", [PRIV_UNFINISHED_ADDITION] = "UnfinishedAddition",
	[PRIV_DELEGATION_SHARE] = "DelegationShare", [PRIV_DELEGATION_KEY] = "DelegationKey",
	[PRIV_DELEGATION_PRIVATE_KEY] = "DelegationPrivateKey",
};

const char *pub_type_name(pub_type t)
{
	return (unsigned)t < PUB_TYPES ? PUB_NAMES[t] : "unknown type";
}

const char *priv_type_name(priv_type t)
{
	return (unsigned)t < PRIV_TYPES ? PRIV_NAMES[t] : "unknown type";
}

bool pub_type_by_name_var(pub_type *out, slice name)
{
	for (unsigned t = 0; t < PUB_TYPES; t++) {
		if (!slice_eq_var(name, slice_str(PUB_NAMES[t]))) continue;
		*out = (pub_type)t;
		return true;
	}
	return false;
}

/* ---- paths -------------------------------------------------------------------------------------------------- */

/* folder, type's folder, epoch if any, id if any. */
err vault_path(char out[static PATH_MAX], const char *folder, const char *type, const id32 *epoch, const id32 *id)
{
	char epoch_text[ID_TEXT] = "", text[ID_TEXT] = "";

	if (epoch) id_text(epoch_text, epoch);
	if (id) id_text(text, id);
	int n = snprintf(out, PATH_MAX, "%s/%s%s%s%s%s", folder, type, epoch ? "/" : "", epoch_text, id ? "/" : "", text);
	if (n < 0 || n >= PATH_MAX) return err_fail(ERR_REQUEST, "the path of the vault, %.60s…, is too long", folder);
	return OK;
}

static err public_path(char out[static PATH_MAX], const vault *v, pub_type t, const id32 *id)
{
	ASSERT((unsigned)t < PUB_TYPES);
	return vault_path(out, v->public_folder, PUB_NAMES[t], NULL, id);
}

err vault_private_path(char out[static PATH_MAX], const vault *v, priv_type t, const id32 *epoch, const id32 *id)
{
	ASSERT((unsigned)t < PRIV_TYPES);
	return vault_path(out, v->private_folder, PRIV_NAMES[t], epoch, id);
}

static void parent_of(char out[static PATH_MAX], const char *path)
{
	snprintf(out, PATH_MAX, "%s", path);
	*strrchr(out, '/') = '\0';
}

err vault_make_parent(const char *path, mode_t mode)
{
	char folder[PATH_MAX];

	parent_of(folder, path);
	return dir_make(folder, mode);
}

err vault_sync_parent(const char *path)
{
	char folder[PATH_MAX];

	parent_of(folder, path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const bool synced = fd >= 0 && fsync(fd) == 0;
	err e = synced ? OK : err_fail(ERR_IO, "cannot sync %s: %s", folder, strerror(errno));
	if (fd >= 0) close(fd);
	return e;
}

err vault_remove_file(const char *path)
{
	if (unlink(path) == 0) return vault_sync_parent(path);
	return errno == ENOENT ? OK : err_fail(ERR_IO, "cannot remove %s: %s", path, strerror(errno));
}

/* ---- erasing: a private file's bytes go before its last name does ------------------------------------------------ */

err vault_erase_file(const char *path)
{
	struct stat s;

	if (lstat(path, &s) && errno == ENOENT) return OK;
	const err e = file_erase(path), synced = vault_sync_parent(path);
	return e != OK ? e : synced;
}

/* First under another name, so that a crash leaves nothing that would be read; the next opening goes on with it, on both sides. */
static err erase_object(vault *v, const char *path)
{
	char erasing[PATH_MAX];
	struct stat s;

	TRY(far_may_remove(v, SIDE_PRIVATE, path));
	if (!v->far[SIDE_PRIVATE] && lstat(path, &s) == 0 && S_ISREG(s.st_mode) && s.st_size == 0) return vault_remove_file(path);
	if (snprintf(erasing, sizeof erasing, "%s%s", path, ERASING) >= (int)sizeof erasing)
		return err_fail(ERR_REQUEST, "the path %.60s… is too long", path);
	if (rename(path, erasing))
		return errno == ENOENT ? far_remove(v, SIDE_PRIVATE, path)      /* a put may have got no further than there */
		                       : err_fail(ERR_IO, "cannot rename %s to erase it: %s", path, strerror(errno));
	err e = vault_sync_parent(path);
	if (e == OK) e = far_remove(v, SIDE_PRIVATE, erasing);
	return e == OK ? vault_erase_file(erasing) : e;
}

/* Only "there is no such file" means that there is none: whoever asks may write or remove because of the answer. */
static err is_there(bool *out, const char *path)
{
	struct stat s;

	const bool there = lstat(path, &s) == 0;
	if (!there && errno != ENOENT) return err_fail(ERR_IO, "cannot look for %s: %s", path, strerror(errno));
	*out = there;
	return OK;
}

/* ---- opening ------------------------------------------------------------------------------------------------ */

static err refuse_others(const char *path, mode_t mode)
{
	if (!(mode & OTHERS)) return OK;
	return err_fail(ERR_STATE, "%s is private but has the permissions %03o; take them back with: chmod go= '%s'",
	                path, (unsigned)(mode & 0777), path);
}

/* Is this what base/file.h leaves beside a target when it is interrupted, or erasing?  Nobody's own copy of a key has such a
 * name.  of_node: beside the folders of objects, where the wrapped key, the journal and the like are. */
static bool is_leftover(const char *name, bool of_node)
{
	static const char WRITING[] = ".unfinished-";
	enum { RANDOM_LETTERS = 6, ENDING = sizeof WRITING - 1 + RANDOM_LETTERS };
	uint8_t id[32];
	const size_t n = strlen(name), digits = of_node ? n - size_min(n, ENDING) : 2 * sizeof id;

	if (n <= digits || !digits || (!of_node && !hex_read(id, sizeof id, slice_of(name, digits)))) return false;
	const char *ending = name + digits;
	return (!of_node && !strcmp(ending, ERASING)) || (n - digits == ENDING && !strncmp(ending, WRITING, strlen(WRITING)));
}

static bool ends_in(const char *name, const char *ending)
{
	return strlen(name) >= strlen(ending) && !strcmp(name + strlen(name) - strlen(ending), ending);
}

/* Has the object that was written there its own name already?  Then this is only a second one (file_link_once), of the same bytes. */
static bool is_second_name(const char *leftover, const struct stat *s)
{
	char path[PATH_MAX];
	struct stat object;

	snprintf(path, sizeof path, "%s", leftover);
	*strrchr(path, '.') = '\0';
	return lstat(path, &object) == 0 && object.st_dev == s->st_dev && object.st_ino == s->st_ino;
}

/* NULL at the end.  A listing that breaks off must not pass for a short one. */
static err next_entry(struct dirent **out, DIR *dir, const char *path)
{
	errno = 0;
	*out = readdir(dir);
	return *out || errno == 0 ? OK : err_fail(ERR_IO, "cannot list %s: %s", path, strerror(errno));
}

enum { VAULT_DEPTH = 3 };          /* type, epoch, object */

/* Every file and folder below path: leftovers go; when `private`, nothing may be open to others. */
static err tidy(vault *v, const char *path, bool private, unsigned depth)
{
	DIR *dir = opendir(path);
	if (!dir) return err_fail(ERR_IO, "cannot list %s: %s", path, strerror(errno));

	err e = OK;
	for (struct dirent *d; e == OK && (e = next_entry(&d, dir, path)) == OK && d;) {
		char inner[PATH_MAX];
		struct stat s;
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..")) continue;
		if (snprintf(inner, sizeof inner, "%s/%s", path, d->d_name) >= (int)sizeof inner || lstat(inner, &s)) continue;
		if (S_ISREG(s.st_mode) && is_leftover(d->d_name, private && depth == 1)) {
			if (private && ends_in(d->d_name, ERASING) && (e = far_remove(v, SIDE_PRIVATE, inner)) != OK) break;
			e = private && !is_second_name(inner, &s) ? vault_erase_file(inner) : vault_remove_file(inner);
			continue;
		}
		if (private && !S_ISLNK(s.st_mode)) e = refuse_others(inner, s.st_mode);
		if (e == OK && S_ISDIR(s.st_mode) && depth < VAULT_DEPTH) e = tidy(v, inner, private, depth + 1);
	}
	closedir(dir);
	return e;
}

static const char LOCK[] = "lock";

static err lock_folder(int *out, const char *folder)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s/%s", folder, LOCK) >= (int)sizeof path)
		return err_fail(ERR_REQUEST, "the path of the vault, %.60s…, is too long", folder);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, PRIVATE_FILE_MODE);
	if (fd < 0) return err_fail(ERR_IO, "cannot write into %s: %s; it must belong to the user of the node, and be mounted for writing", folder, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return err_fail(ERR_STATE, "another process is using the vault %s; stop it first", folder);
	}
	*out = fd;
	return OK;
}

/* A name for this folder on this machine since its last start (lease.h). */
static err lease_owner(uint8_t out[static LEASE_OWNER], const vault *v)
{
	static const char BOOT[] = "/proc/sys/kernel/random/boot_id";
	enum { MAX_BOOT = 64 };
	AUTO(buf) name = { 0 };
	struct stat s;

	if (fstat(v->lock, &s)) return err_fail(ERR_IO, "cannot look at the lock of %s: %s", v->private_folder, strerror(errno));
	TRY(file_read(&name, BOOT, MAX_BOOT));
	buf_put_u64(&name, (uint64_t)s.st_dev);
	buf_put_u64(&name, (uint64_t)s.st_ino);
	const hash32 h = sha256(buf_slice(&name));
	memcpy(out, h.b, LEASE_OWNER);
	return OK;
}

static err open_far(vault *v, const vault_far *far)
{
	uint8_t owner[LEASE_OWNER];
	const far_store *leased = far->private_store ? far->private_store : far->public_store;

	if (far->private_store && !v->key)
		return err_fail(ERR_REQUEST, "private objects go to %s only sealed, and the vault has no key: name one in private_vault.keychain",
		                far->private_store->where);
	TRY(lease_owner(owner, v));
	TRY(lease_take(&v->lease, leased, owner, far->host, far->clock));
	v->far[SIDE_PUBLIC] = far->public_store, v->far[SIDE_PRIVATE] = far->private_store;
	lease_tell(v->lease, far->changed, far->ctx);
	return far_mark(v);
}

static err open_folders(vault *v, const vault_far *far)
{
	struct stat s;

	/* Public first: a parent that both share must stay open to readers. */
	TRY(dir_make(v->public_folder, PUBLIC_FOLDER_MODE));
	TRY(dir_make(v->private_folder, PRIVATE_FOLDER_MODE));
	if (stat(v->private_folder, &s)) return err_fail(ERR_IO, "cannot read %s: %s", v->private_folder, strerror(errno));
	TRY(refuse_others(v->private_folder, s.st_mode));
	TRY(lock_folder(&v->lock, v->private_folder));
	if (far && (far->private_store || far->public_store)) TRY(open_far(v, far));
	TRY(at_rest_check(v));
	TRY(tidy(v, v->private_folder, true, 1));
	return tidy(v, v->public_folder, false, 1);
}

static err take_key(vault_key **out, const vault_key *key)
{
	TRY(secret_alloc((void **)out, sizeof **out));
	**out = *key;
	return OK;
}

static err settle(vault *v, vault_opened *what)
{
	if (!v->changing) {
		TRY(at_rest_begin(v, &what->sealed));
		return far_sync(v, what);
	}
	/* What is elsewhere only has the key before, or both. */
	TRY(far_sync(v, what));
	err e = rekey(v, &what->changed);
	v->changing = false;
	return e;
}

err vault_open_with(vault **out, vault_opened *what, const vault_opening *how)
{
	*what = (vault_opened){ 0 };
	vault *v = calloc(1, sizeof *v);
	if (!v) return err_fail(ERR_NOMEM, "no memory for the vault");
	v->lock = -1;
	v->public_folder = strdup(how->public_folder);
	v->private_folder = strdup(how->private_folder);
	err e = v->public_folder && v->private_folder ? OK : err_fail(ERR_NOMEM, "no memory for the vault");
	if (how->random) v->random = *how->random;
	for (size_t i = 0; i < COUNT(v->putting); i++) pthread_mutex_init(&v->putting[i], NULL);
	if (e == OK && how->key) e = take_key(&v->key, how->key);
	if (e == OK && how->former) e = take_key(&v->former, how->former);
	if (e == OK) e = open_folders(v, how->far);
	if (e == OK) e = settle(v, what);
	secret_release(v->former);
	v->former = NULL;
	if (e != OK) {
		vault_free(&v);
		return e;
	}
	*out = v;
	return OK;
}

err vault_open_sealed(vault **out, uint64_t *sealed, const char *public_folder, const char *private_folder, const vault_key *key,
                      const rng *random)
{
	vault_opened what;

	err e = vault_open_with(out, &what, &(vault_opening){ public_folder, private_folder, .key = key, .random = random });
	*sealed = what.sealed;
	return e;
}

err vault_open(vault **out, const char *public_folder, const char *private_folder)
{
	uint64_t none;

	return vault_open_sealed(out, &none, public_folder, private_folder, NULL, NULL);
}

void vault_free(vault **vp)
{
	vault *v = *vp;
	if (!v) return;
	lease_free(&v->lease);
	if (v->lock >= 0) close(v->lock);
	for (size_t i = 0; i < COUNT(v->putting); i++) pthread_mutex_destroy(&v->putting[i]);
	secret_release(v->key);
	free(v->public_folder);
	free(v->private_folder);
	free(v);
	*vp = NULL;
}

err vault_keep(vault *v) { return v->lease ? lease_keep(v->lease) : OK; }

const char *vault_public_folder(const vault *v) { return v->public_folder; }
const char *vault_private_folder(const vault *v) { return v->private_folder; }
bool vault_is_sealed(const vault *v) { return v->key; }

/* The vault's own, which says nothing about a node. */
static bool is_own(const char *name)
{
	return !strcmp(name, LOCK) || !strcmp(name, SEALED_FOLDER) || !strcmp(name, WRAPPED_KEY_NAME);
}

/* Is there no file but the vault's own in the folder and those below? */
static err is_empty(bool *out, const char *path, unsigned depth)
{
	DIR *dir = opendir(path);
	if (!dir) return err_fail(ERR_IO, "cannot list %s: %s", path, strerror(errno));

	bool empty = true;
	err e = OK;
	for (struct dirent *d; empty && e == OK && (e = next_entry(&d, dir, path)) == OK && d;) {
		char inner[PATH_MAX];
		struct stat s;
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..") || (depth == 1 && is_own(d->d_name))) continue;
		const bool folder = snprintf(inner, sizeof inner, "%s/%s", path, d->d_name) < (int)sizeof inner &&
		                    lstat(inner, &s) == 0 && S_ISDIR(s.st_mode) && depth < VAULT_DEPTH;
		if (folder) e = is_empty(&empty, inner, depth + 1);
		else empty = false;
	}
	closedir(dir);
	if (e == OK) *out = empty;
	return e;
}

err vault_is_empty(bool *out, const vault *v) { return is_empty(out, v->private_folder, 1); }
err vault_is_fresh(bool *out, vault *v) { return vault_is_empty(out, v); }

/* ---- public ------------------------------------------------------------------------------------------------- */

err vault_put_public(vault *v, pub_type t, const id32 *id, slice bytes, bool *existed)
{
	char path[PATH_MAX];

	bool there;

	TRY(public_path(path, v, t, id));
	TRY(vault_make_parent(path, PUBLIC_FOLDER_MODE));
	err e = far_begin(&there, existed, v, SIDE_PUBLIC, path, bytes);
	if (e == OK && !there) e = file_write_once(path, bytes, PUBLIC_FILE_MODE, existed);
	far_end(v, SIDE_PUBLIC);
	return e;
}

err vault_draft_public(draft **out, vault *v, pub_type t, const id32 *id, size_t n)
{
	char path[PATH_MAX];

	TRY(public_path(path, v, t, id));
	TRY(vault_make_parent(path, PUBLIC_FOLDER_MODE));
	return draft_new(out, path, n, PUBLIC_FILE_MODE);
}

err vault_keep_public(vault *v, pub_type t, const id32 *id, draft *d, bool *existed)
{
	char path[PATH_MAX];
	bool there;

	if (!draft_has_file(d)) return vault_put_public(v, t, id, draft_slice(d), existed);
	TRY(public_path(path, v, t, id));
	err e = far_begin(&there, existed, v, SIDE_PUBLIC, path, draft_slice(d));
	if (e == OK && !there) e = draft_keep(d, existed);
	far_end(v, SIDE_PUBLIC);
	return e;
}

err vault_get_public(buf *out, vault *v, pub_type t, const id32 *id, size_t max)
{
	char path[PATH_MAX];

	TRY(public_path(path, v, t, id));
	return file_read(out, path, max);
}

err vault_map_public(slice *view, vault *v, pub_type t, const id32 *id, size_t max)
{
	char path[PATH_MAX];

	TRY(public_path(path, v, t, id));
	return file_map(view, path, max);
}

err vault_has_public(bool *out, vault *v, pub_type t, const id32 *id)
{
	char path[PATH_MAX];

	TRY(public_path(path, v, t, id));
	return is_there(out, path);
}

bool vault_public_path(char *out, size_t room, vault *v, pub_type t, const id32 *id)
{
	char path[PATH_MAX];

	if (public_path(path, v, t, id) != OK) {
		err_clear();
		return false;
	}
	if (strlen(path) >= room || !file_exists(path)) return false;
	memcpy(out, path, strlen(path) + 1);
	return true;
}

err vault_remove_public(vault *v, pub_type t, const id32 *id)
{
	char path[PATH_MAX];

	TRY(public_path(path, v, t, id));
	TRY(far_may_remove(v, SIDE_PUBLIC, path));
	TRY(far_remove(v, SIDE_PUBLIC, path));
	return vault_remove_file(path);
}

/* ---- private ------------------------------------------------------------------------------------------------ */

err vault_put_private(vault *v, priv_type t, const id32 *epoch, const id32 *id, slice bytes, bool *existed)
{
	char path[PATH_MAX];

	TRY(vault_private_path(path, v, t, epoch, id));
	TRY(vault_make_parent(path, PRIVATE_FOLDER_MODE));
	return at_rest_write(v, path, &(sealed_place){ PRIV_NAMES[t], epoch, id }, bytes, existed);
}

err vault_get_private(buf *out, vault *v, priv_type t, const id32 *epoch, const id32 *id, size_t max)
{
	char path[PATH_MAX];

	TRY(vault_private_path(path, v, t, epoch, id));
	return at_rest_read(out, v, path, &(sealed_place){ PRIV_NAMES[t], epoch, id }, max);
}

err vault_has_private(bool *out, vault *v, priv_type t, const id32 *epoch, const id32 *id)
{
	char path[PATH_MAX];

	TRY(vault_private_path(path, v, t, epoch, id));
	return is_there(out, path);
}

err vault_remove_private(vault *v, priv_type t, const id32 *epoch, const id32 *id)
{
	char path[PATH_MAX];

	TRY(vault_private_path(path, v, t, epoch, id));
	return erase_object(v, path);
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(id32));
}

err vault_list_ids(id32 **out, size_t *count, const char *path, unsigned char kind)
{
	buf found = { 0 };
	DIR *dir = opendir(path);

	if (!dir && errno != ENOENT) return err_fail(ERR_IO, "cannot list %s: %s", path, strerror(errno));
	err e = OK;
	for (struct dirent *d; dir && (e = next_entry(&d, dir, path)) == OK && d;) {
		id32 id;
		if (strlen(d->d_name) != ID_TEXT - 1 || !hex_read(id.b, sizeof id.b, slice_str(d->d_name))) continue;
		if (d->d_type == kind || d->d_type == DT_UNKNOWN) buf_put(&found, id.b, sizeof id.b);
	}
	if (dir) closedir(dir);

	id32 *ids = e == OK ? malloc(size_max(found.n, 1)) : NULL;
	if (!ids) {
		buf_free(&found);
		return e != OK ? e : err_fail(ERR_NOMEM, "no memory for the list of %s", path);
	}
	if (found.n) memcpy(ids, found.p, found.n);
	*count = found.n / sizeof *ids;
	*out = ids;
	buf_free(&found);
	qsort(ids, *count, sizeof *ids, by_bytes);
	return OK;
}

err vault_list_private(id32 **ids, size_t *count, vault *v, priv_type t, const id32 *epoch)
{
	char path[PATH_MAX];

	TRY(vault_private_path(path, v, t, epoch, NULL));
	return vault_list_ids(ids, count, path, DT_REG);
}

err vault_list_epochs(id32 **ids, size_t *count, vault *v, priv_type t)
{
	char path[PATH_MAX];

	TRY(vault_private_path(path, v, t, NULL, NULL));
	return vault_list_ids(ids, count, path, DT_DIR);
}
