/* SPDX-License-Identifier: MIT */
/* vault/spool.c -- a spool from its beginning to its end: room, header, key; spool_records.c has what lies between. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "sym/aes.h"
#include "sym/sha2.h"
#include "vault/spool_internal.h"

enum { SPOOL_VERSION = 1, FOLDER_MODE = 0700, FILE_MODE = 0600 };
enum { MAX_KEY_FILE = 1 + 2 * 32 + 4 + SPOOL_STREAMS * (8 + 4) + 4 + SPOOL_TAG + AES256_KEY };

err spool_failed(const spool *s, const char *doing)
{
	return err_fail(ERR_IO, "cannot %s %s: %s", doing, s->path, strerror(errno));
}

/* ---- layout ------------------------------------------------------------------------------------------------------ */

static uint64_t stream_bytes(const spool_shape *shape, unsigned i)
{
	return shape->stream[i].samples * shape->stream[i].bytes + records_of(shape->stream[i].samples) * GCM_TAG;
}

static void write_header(buf *out, const id32 *epoch, const id32 *id, const spool_shape *shape)
{
	buf_put_u8(out, SPOOL_VERSION);
	buf_put_slice(out, id_slice(epoch));
	buf_put_slice(out, id_slice(id));
	buf_put_u32(out, shape->streams);
	for (unsigned i = 0; i < shape->streams; i++) {
		buf_put_u64(out, shape->stream[i].samples);
		buf_put_u32(out, (uint32_t)shape->stream[i].bytes);
	}
	buf_put_u32(out, (uint32_t)shape->tag.n);
	buf_put_slice(out, shape->tag);
}

static void lay_out(spool *s, const spool_shape *shape)
{
	ASSERT(shape->streams && shape->streams <= SPOOL_STREAMS && shape->tag.n <= SPOOL_TAG);
	s->shape = *shape, s->shape.tag = (slice){ 0 };
	for (unsigned i = 0; i < shape->streams; i++) {
		ASSERT(shape->stream[i].bytes && shape->stream[i].bytes <= SPOOL_SAMPLE && shape->stream[i].samples <= UINT32_MAX);
		s->first_record[i] = s->records, s->offset[i] = s->bytes;
		s->records += records_of(shape->stream[i].samples), s->bytes += stream_bytes(shape, i);
		s->missing += shape->stream[i].samples;
	}
	ASSERT(s->missing);
}

static err prepare(spool **out, vault *v, const id32 *epoch, const id32 *id, const spool_shape *shape)
{
	spool *s = calloc(1, sizeof *s);

	if (!s) return err_fail(ERR_NOMEM, "no memory for preprocessing");
	s->fd = -1, s->v = v, s->epoch = *epoch, s->id = *id;
	pthread_mutex_init(&s->lock, NULL);
	lay_out(s, shape);
	write_header(&s->header, epoch, id, shape);
	s->bound = sha256(buf_slice(&s->header));
	s->gone = calloc(s->records, SPOOL_RECORD / 8);
	s->left = calloc(s->records, sizeof *s->left);
	err e = s->gone && s->left ? OK : err_fail(ERR_NOMEM, "no memory for preprocessing in %llu records",
	                                           (unsigned long long)s->records);
	if (e == OK) e = secret_alloc((void **)&s->key, AES256_KEY);
	if (e == OK) e = spool_samples(s->path, v, epoch, id);
	if (e != OK) {
		spool_free(&s);
		return e;
	}
	for (unsigned i = 0; i < shape->streams; i++)
		for (uint64_t r = 0; r < records_of(shape->stream[i].samples); r++)
			s->left[s->first_record[i] + r] = (uint16_t)spool_samples_in(s, i, s->first_record[i] + r);
	*out = s;
	return OK;
}

/* ---- from beginning to end --------------------------------------------------------------------------------------- */

static err create(spool *s, const rng *random)
{
	char folder[PATH_MAX];
	bool there;

	TRY(vault_has_private(&there, s->v, PRIV_PREPROCESSING, &s->epoch, &s->id));
	TRY(spool_folder(folder, s->v, &s->epoch));
	TRY(dir_make(folder, FOLDER_MODE));
	if (!there) {
		s->fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
		if (s->fd < 0 && errno != EEXIST) return spool_failed(s, "create");
	}
	if (s->fd < 0) return err_fail(ERR_EXISTS, "%s is there already, or in the making", s->path);
	rng_fill(random, s->key, AES256_KEY);
	return file_take_room(s->fd, s->path, s->bytes);
}

err spool_new(spool **out, vault *v, const id32 *epoch, const id32 *id, const spool_shape *shape, const rng *random)
{
	spool *s = NULL;

	TRY(prepare(&s, v, epoch, id, shape));
	s->writing = true;
	err e = create(s, random);
	if (e != OK) {
		spool_free(&s);
		return e;
	}
	*out = s;
	return OK;
}

err spool_finish(spool *s)
{
	AUTO(buf) file = { 0 };
	bool existed;

	ASSERT(s->writing && !s->finished);
	if (s->missing)
		return err_fail(ERR_STATE, "%llu samples of the preprocessing are missing", (unsigned long long)s->missing);
	if (fsync(s->fd)) return spool_failed(s, "sync");
	buf_put_slice(&file, buf_slice(&s->header));
	buf_put(&file, s->key, AES256_KEY);
	TRY(vault_put_private(s->v, PRIV_PREPROCESSING, &s->epoch, &s->id, buf_slice(&file), &existed));
	if (existed) return err_fail(ERR_EXISTS, "there is a key to %s already", s->path);
	s->finished = true;
	return OK;
}

/* Nobody else uses it, and it is what the shape says; the key is in memory. */
static err claim(spool *s)
{
	AUTO(buf) file = { 0 };
	struct stat size;
	bool there = false;

	s->fd = open(s->path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0 && errno != ENOENT) return spool_failed(s, "open");
	/* Asked in this order: whoever uses it up removes the key first. */
	if (s->fd < 0) TRY(vault_has_private(&there, s->v, PRIV_PREPROCESSING, &s->epoch, &s->id));
	if (there) return err_fail(ERR_STATE, "there is a key to %s, but no such file", s->path);
	if (s->fd < 0 || flock(s->fd, LOCK_EX | LOCK_NB))
		return err_fail(ERR_NOT_FOUND, "there is no preprocessing %s, or it is in use", s->path);

	/* Whoever had the lock before has removed the key. */
	err e = vault_get_private(&file, s->v, PRIV_PREPROCESSING, &s->epoch, &s->id, MAX_KEY_FILE);
	if (e == ERR_NOT_FOUND) return err_fail(e, "there is no preprocessing %s, or it was used", s->path);
	TRY(e);
	if (fstat(s->fd, &size)) return spool_failed(s, "read");
	if (file.n != s->header.n + AES256_KEY || memcmp(file.p, s->header.p, s->header.n) || (uint64_t)size.st_size != s->bytes)
		return err_fail(ERR_STATE, "%s was made for something else, or is damaged", s->path);
	memcpy(s->key, file.p + s->header.n, AES256_KEY);
	return OK;
}

static void key_path(char out[static PATH_MAX], const spool *s)
{
	memcpy(out, s->path, PATH_MAX);
	*strrchr(out, '.') = '\0';
}

/* The name goes first: that is what counts after a crash.  Then the bytes, where the file system writes in place. */
static err erase_key(spool *s)
{
	static const uint8_t ZERO[MAX_KEY_FILE];
	char path[PATH_MAX];

	key_path(path, s);
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	err e = fd < 0 ? spool_failed(s, "open the key of") : vault_remove_private(s->v, PRIV_PREPROCESSING, &s->epoch, &s->id);
	const ssize_t n = (ssize_t)(s->header.n + AES256_KEY);
	if (e == OK && (pwrite(fd, ZERO, (size_t)n, 0) != n || fsync(fd))) e = spool_failed(s, "erase the key of");
	if (fd >= 0) close(fd);
	return e;
}

err spool_use(spool **out, vault *v, const id32 *epoch, const id32 *id, const spool_shape *shape)
{
	spool *s = NULL;

	TRY(prepare(&s, v, epoch, id, shape));
	err e = claim(s);
	if (e == OK) e = erase_key(s);
	if (e == OK && unlink(s->path)) e = spool_failed(s, "remove");
	if (e != OK) {
		spool_free(&s);
		return e;
	}
	*out = s;
	return OK;
}

/* As spool_remove, but silent: whatever brings us here has its own sentence. */
static void remove_unfinished(spool *s)
{
	char key[PATH_MAX];

	key_path(key, s);
	unlink(key);
	unlink(s->path);
}

void spool_free(spool **sp)
{
	spool *s = *sp;
	if (!s) return;
	if (s->fd >= 0 && s->writing && !s->finished) remove_unfinished(s);
	if (s->fd >= 0) close(s->fd);
	for (unsigned i = 0; i < SPOOL_OPEN; i++) spool_drop(&s->open[i]);
	secret_release(s->key);
	buf_free(&s->header);
	free(s->gone);
	free(s->left);
	pthread_mutex_destroy(&s->lock);
	free(s);
	*sp = NULL;
}
