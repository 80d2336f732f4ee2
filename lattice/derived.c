/* SPDX-License-Identifier: MIT */
/*
 * lattice/derived.c -- open and verify, or lock and make.
 *
 * Nothing is synced: writing gigabytes to a disk takes longer than making them, and whether the file is whole after a loss
 * of power is what every opening verifies anyway.
 */
#include "lattice/derived.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "base/file.h"
#include "base/hex.h"
#include "lattice/layout.h"
#include "lattice/memory.h"

static const char MAGIC[8] = "ARCADRV\n";
static const char UNFINISHED[] = ".unfinished";

struct derived {
	eval_keys keys;
	uint8_t  *map;
	size_t    bytes;
	int       fd;                   /* with a shared lock: the file is in use */
};

/* What an opening is about. */
typedef struct opening {
	const char *folder;
	char path[PATH_MAX];
	const seeded_keyset *set;
	key_layout layout;
	size_t bytes;                   /* of the file                                         */
	buf    prefix;                  /* the header up to the digests: what it must begin with */
	pool  *cores;
	const progress *told;
	const derived_news *news;
} opening;

static void say(const opening *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(const opening *o, const char *format, ...)
{
	char sentence[PATH_MAX + 256];
	va_list args;

	if (!o->news) return;
	va_start(args, format);
	vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	o->news->say(o->news->ctx, sentence);
}

static err io_failed(const char *doing, const char *path)
{
	return err_fail(ERR_IO, "cannot %s %s: %s", doing, path, strerror(errno));
}

/* ---- the header -------------------------------------------------------------------------------------------------- */

enum { MAGIC_AT = 0, VERSION_AT = 8, NAME_ROOM = 32 };

static void put_name(buf *b, const char *name)
{
	uint8_t room[NAME_ROOM] = { 0 };
	ASSERT(strlen(name) < sizeof room);
	memcpy(room, name, strlen(name));
	buf_put(b, room, sizeof room);
}

static const char *kernel_name(const part_layout *p)
{
	return p->form.kernel ? p->form.kernel->name : "words";
}

/* Everything that decides the bytes of the keys. */
static void put_prefix(buf *b, const key_layout *l, const hash32 *digest, size_t bytes)
{
	buf_put(b, MAGIC, sizeof MAGIC);
	buf_put_u32(b, DERIVED_VERSION);
	buf_put_u32(b, l->which);
	buf_put(b, digest->b, sizeof digest->b);
	put_name(b, l->params->name);
	buf_put_u64(b, bytes);
	buf_put_u64(b, l->parts);
	for (size_t i = 0; i < l->parts; i++) {
		const part_layout *p = &l->part[i];
		buf_put_u32(b, p->part);
		buf_put_u32(b, p->form.engine);
		put_name(b, kernel_name(p));
		buf_put_u64(b, p->items);
		buf_put_u64(b, p->item_bytes);
		buf_put_u64(b, p->check_bytes);
		buf_put_u64(b, p->unit);
	}
}

/* The kernel's layout, whether the 64-bit keys are exact, and the version stand in the name, so that machines with other
 * processors, other uses and other builds may share a folder. */
static err put_path(opening *o, const hash32 *digest)
{
	char hex[2 * sizeof digest->b + 1];
	const char *kernel = "words", *kind = "";

	hex_write(hex, slice_of(digest->b, sizeof digest->b));
	for (size_t i = 0; i < o->layout.parts; i++) {
		if (o->layout.part[i].form.kernel) kernel = kernel_name(&o->layout.part[i]);
		if (o->layout.part[i].form.engine == ENGINE_F64) kind = "-f64";
	}
	if (snprintf(o->path, sizeof o->path, "%s/%.32s-%x-%s%s-%d.keys", o->folder, hex, o->layout.which, kernel, kind,
	             DERIVED_VERSION) < PATH_MAX - 32)
		return OK;
	return err_fail(ERR_REQUEST, "the path %.60s… is too long", o->folder);
}

/* ---- verification ------------------------------------------------------------------------------------------------ */

typedef struct verification {
	const opening *o;
	const uint8_t *block;
	const uint8_t *digests;
	pthread_mutex_t lock;
	uint64_t  done;
	atomic_size_t wrong;            /* 1 + a unit whose digest is wrong */
} verification;

static void release(slice s)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = round_up((uintptr_t)s.p, page);
	const uintptr_t end = ((uintptr_t)s.p + s.n) / page * page;
	if (begin < end) (void)madvise((void *)begin, end - begin, MADV_DONTNEED);
}

static void verify_unit(void *ctx, size_t i)
{
	verification *v = ctx;
	const unit_view u = key_layout_unit(&v->o->layout, v->block, i);

	if (v->wrong) return;
	const hash32 h = unit_digest(&u);
	if (memcmp(h.b, v->digests + i * sizeof h.b, sizeof h.b) != 0) v->wrong = i + 1;
	release(u.items);
	pthread_mutex_lock(&v->lock);
	v->done += u.items.n;
	progress_tell(v->o->told, v->done, v->o->layout.bytes);
	pthread_mutex_unlock(&v->lock);
}

/* One unit of each part is made again: a file of a program that makes them otherwise is noticed even if nobody thought of
 * changing the version. */
static err first_units_agree(bool *agree, const opening *o, const uint8_t *digests)
{
	*agree = true;
	for (size_t i = 0; i < o->layout.parts; i++) {
		hash32 h;
		TRY(key_layout_remake(&h, &o->layout, o->layout.part[i].first_unit, o->set));
		if (memcmp(h.b, digests + o->layout.part[i].first_unit * sizeof h.b, sizeof h.b) != 0) *agree = false;
	}
	return OK;
}

/* What is wrong with the file, as the end of a sentence; NULL if nothing is. */
static err verify(const char **wrong, const opening *o, const uint8_t *file)
{
	const size_t n = o->prefix.n, digests = o->layout.units * sizeof(hash32);
	bool agree;

	*wrong = NULL;
	if (memcmp(file, MAGIC, sizeof MAGIC) != 0) *wrong = "is no file of derived keys";
	else if (load32(file + VERSION_AT) != DERIVED_VERSION) *wrong = "is of another version";
	else if (memcmp(file, o->prefix.p, n) != 0)
		*wrong = "was made from another key set or for another engine, or its header is damaged";
	if (*wrong) return OK;
	const hash32 h = sha256(slice_of(file, n + digests));
	if (memcmp(file + n + digests, h.b, sizeof h.b) != 0) *wrong = "has a damaged header";
	if (*wrong) return OK;
	TRY(first_units_agree(&agree, o, file + n));
	if (!agree) *wrong = "was made by a program that prepares keys in another way";
	if (*wrong) return OK;

	verification v = { .o = o, .block = file + DERIVED_HEADER, .digests = file + n };
	pthread_mutex_init(&v.lock, NULL);
	pool_each(o->cores, o->layout.units, verify_unit, &v);
	pthread_mutex_destroy(&v.lock);
	progress_tell(o->told, o->layout.bytes, o->layout.bytes);           /* checks and gaps are no items */
	if (v.wrong) *wrong = key_layout_unit(&o->layout, v.block, v.wrong - 1).part->shape.bits == 128
		? "has changed bytes in the squash key" : "has changed bytes in a 64-bit key";
	return OK;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static err use(derived **out, const opening *o, int fd)
{
	derived *d = calloc(1, sizeof *d);

	if (!d) return err_fail(ERR_NOMEM, "no memory for a key");
	d->bytes = o->bytes;
	d->map = mmap(NULL, o->bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (d->map == MAP_FAILED) {
		const int why = errno;
		free(d);
		errno = why;
		if (errno == ENOMEM)
			return err_fail(ERR_NOMEM, "%s has %zu MB, more than this process may map", o->path, o->bytes / 1000000);
		return io_failed("map", o->path);
	}
	d->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	(void)flock(d->fd, LOCK_SH | LOCK_NB);  /* without it the file may be removed, and serves until it is closed */
	(void)madvise(d->map, o->bytes, MADV_HUGEPAGE);
	(void)madvise(d->map + HUGE_PAGE, HUGE_PAGE, MADV_POPULATE_READ);
	if (o->news && !memory_is_huge(d->map)) say(o, "%s is used in small pages: its file system has no huge ones", o->path);
	*out = d;
	return OK;
}

/* Somebody else's file, or one that others can write to, is not believed: its digests would be theirs too. */
static const char *refused(const opening *o, const struct stat *s)
{
	if (!S_ISREG(s->st_mode)) return "is not a regular file";
	if (s->st_uid != geteuid() && s->st_uid != 0) return "belongs to another user";
	if (s->st_mode & (S_IWGRP | S_IWOTH)) return "can be written to by others";
	if ((uintmax_t)s->st_size != o->bytes) return "has another size: it was cut off, or is of another version";
	return NULL;
}

/* *out stays NULL if there is no file or none that can be used. */
static err open_existing(derived **out, opening *o)
{
	const char *wrong;
	struct stat s;
	derived *d = NULL;
	const int fd = open(o->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) return errno == ENOENT ? OK : io_failed("open", o->path);
	err e = fstat(fd, &s) ? io_failed("read", o->path) : OK;
	wrong = e == OK ? refused(o, &s) : NULL;
	if (e == OK && !wrong) e = use(&d, o, fd);
	if (e == OK && !wrong) e = verify(&wrong, o, d->map);
	close(fd);
	if (e != OK || wrong) derived_close(&d);
	if (wrong) say(o, "%s %s; it is made anew", o->path, wrong);
	*out = d;
	return e;
}

/* ---- making ------------------------------------------------------------------------------------------------------ */

/* Under the lock nobody writes: what is unfinished was left by a crash. */
static void remove_unfinished(const char *folder)
{
	DIR *dir = opendir(folder);

	if (!dir) return;
	for (struct dirent *f; (f = readdir(dir)); ) {
		const size_t n = strlen(f->d_name), end = sizeof UNFINISHED - 1;
		if (n > end && strcmp(f->d_name + n - end, UNFINISHED) == 0) unlinkat(dirfd(dir), f->d_name, 0);
	}
	closedir(dir);
}

static err reserve(const opening *o, int fd)
{
	struct statvfs s;

	if (fstatvfs(fd, &s)) return io_failed("ask for free space for", o->path);
	const uint64_t room = (uint64_t)s.f_bavail * s.f_frsize;
	if (room < o->bytes)
		return err_fail(ERR_IO, "the keys that the node works with take %zu MB in %s, where %" PRIu64 " MB are free",
		                o->bytes / 1000000, o->folder, room / 1000000);
	errno = posix_fallocate(fd, 0, (off_t)o->bytes);
	return errno == 0 ? OK : io_failed("reserve space for", o->path);
}

/* The header comes last: without it nothing is a file of keys. */
static err write_file(const opening *o, int fd)
{
	AUTO(buf) header = { 0 };
	hash32 *digests = calloc(o->layout.units, sizeof *digests);

	if (!digests) return err_fail(ERR_NOMEM, "no memory for %zu digests", o->layout.units);
	err e = reserve(o, fd);
	if (e == OK) e = key_layout_store(digests, fd, DERIVED_HEADER, &o->layout, o->set, o->cores, o->told);
	buf_put(&header, o->prefix.p, o->prefix.n);
	buf_put(&header, digests, o->layout.units * sizeof *digests);
	free(digests);
	TRY(e);
	const hash32 h = sha256(buf_slice(&header));
	buf_put(&header, h.b, sizeof h.b);
	ASSERT(header.n <= DERIVED_HEADER);
	errno = EIO;                            /* a short write sets none */
	if (pwrite(fd, header.p, header.n, 0) != (ssize_t)header.n) return io_failed("write", o->path);
	return fchmod(fd, 0644) ? io_failed("set the permissions of", o->path) : OK;
}

static err make(derived **out, const opening *o)
{
	char temporary[PATH_MAX + sizeof UNFINISHED];

	TRY(memory_ask(o->bytes, "the file of keys that the node works with"));
	remove_unfinished(o->folder);
	(void)unlink(o->path);                  /* one that cannot be used: its space may be needed */
	snprintf(temporary, sizeof temporary, "%s%s", o->path, UNFINISHED);
	const int fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) return io_failed("create", temporary);
	err e = write_file(o, fd);
	if (e == OK && rename(temporary, o->path)) e = io_failed("rename into", o->path);
	if (e != OK) unlink(temporary);
	if (e == OK) say(o, "%s is made: %zu MB", o->path, o->bytes / 1000000);
	if (e == OK) e = use(out, o, fd);
	close(fd);
	return e;
}

static err lock(int *fd, const opening *o)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s/lock", o->folder) >= PATH_MAX)
		return err_fail(ERR_REQUEST, "the path %.60s… is too long", o->folder);
	*fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd < 0) return io_failed("open", path);
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0) return OK;
	say(o, "another process prepares keys in %s; waiting for it", o->folder);
	while (flock(*fd, LOCK_EX))
		if (errno != EINTR) {
			err e = io_failed("lock", path);
			close(*fd);
			return e;
		}
	return OK;
}

static err open_or_make(derived **out, opening *o)
{
	int fd = -1;

	TRY(open_existing(out, o));
	if (*out) return OK;
	TRY(lock(&fd, o));
	err e = open_existing(out, o);          /* whoever had the lock may have made it */
	if (e == OK && !*out) e = make(out, o);
	close(fd);
	return e;
}

err derived_open(derived **out, const char *folder, const hash32 *digest, const seeded_keyset *set, unsigned which,
                 exactness how, pool *p, const progress *told, const derived_news *news)
{
	opening o = { .folder = folder, .set = set, .layout = key_layout_of(set->params, which, how), .cores = p, .told = told,
	              .news = news };
	derived *d = NULL;

	TRY(key_layout_present(&o.layout, set));
	TRY(dir_make(folder, 0755));
	TRY(put_path(&o, digest));
	o.bytes = DERIVED_HEADER + o.layout.bytes;
	put_prefix(&o.prefix, &o.layout, digest, o.bytes);
	err e = open_or_make(&d, &o);
	if (e == OK) e = key_layout_open(&d->keys, &o.layout, d->map + DERIVED_HEADER, set);
	buf_free(&o.prefix);
	if (e != OK) derived_close(&d);
	*out = d;
	return e;
}

void derived_close(derived **dp)
{
	derived *d = *dp;

	if (!d) return;
	eval_keys_free(&d->keys);
	munmap(d->map, d->bytes);
	if (d->fd >= 0) close(d->fd);
	free(d);
	*dp = NULL;
}

/* ---- tidying ----------------------------------------------------------------------------------------------------- */

enum { NAME_DIGITS = 32 };              /* of a digest, in the name of a file */

static bool is_left_over(const char *name, const hash32 *keep, size_t n)
{
	static const char end[] = ".keys";
	const size_t length = strlen(name);
	char hex[2 * sizeof keep->b + 1];

	if (length < NAME_DIGITS + sizeof end || strcmp(name + length - (sizeof end - 1), end) != 0) return false;
	if (name[NAME_DIGITS] != '-' || strspn(name, "0123456789abcdef") != NAME_DIGITS) return false;
	for (size_t i = 0; i < n; i++) {
		hex_write(hex, slice_of(keep[i].b, sizeof keep[i].b));
		if (memcmp(hex, name, NAME_DIGITS) == 0) return false;
	}
	return true;
}

static bool remove_unused(int dir, const char *name)
{
	const int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const bool gone = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && unlinkat(dir, name, 0) == 0;

	if (fd >= 0) close(fd);
	return gone;
}

void derived_tidy(const char *folder, const hash32 *keep, size_t n, const derived_news *news)
{
	const opening o = { .folder = folder, .news = news };
	DIR *dir = opendir(folder);
	const int lock = dir ? openat(dirfd(dir), "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC) : -1;

	if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
		for (struct dirent *f; (f = readdir(dir)); )
			if (is_left_over(f->d_name, keep, n) && remove_unused(dirfd(dir), f->d_name))
				say(&o, "%s/%s belonged to a key that is gone, and is removed", folder, f->d_name);
	if (lock >= 0) close(lock);
	if (dir) closedir(dir);
}

const eval_keys *derived_keys(const derived *d)
{
	return &d->keys;
}

size_t derived_bytes(const lat_params *params, unsigned which, exactness how)
{
	return DERIVED_HEADER + key_layout_of(params, which, how).bytes;
}
