/* SPDX-License-Identifier: MIT */
/* delegate/key_counts.c -- counts that are added to without a lock; whoever comes to the end of what the file says writes it. */
#include "delegate/key_counts.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "base/hex.h"
#include "base/log.h"

enum { RECORD = SECP_PK + 8, HEADER = 8, MAX_FILE = HEADER + MAX_KEY_COUNTS * RECORD };

static const char MAGIC[HEADER + 1] = "ARCACNT1";

struct key_count {
	key_counts   *of;
	secp_pk  P;
	_Atomic uint64_t given, kept;              /* kept: what the file says, or would */
};

struct key_counts {
	pthread_mutex_t lock;                      /* of keys, and of the file */
	char     *path;
	bool      failing;                         /* the last time it could not be written */
	_Atomic size_t keys;
	key_count key[MAX_KEY_COUNTS];
};

/* ---- the file ---------------------------------------------------------------------------------------------------- */

static bool take(key_counts *t, slice file)
{
	if (file.n < HEADER || memcmp(file.p, MAGIC, HEADER) != 0 || (file.n - HEADER) % RECORD != 0) return false;
	for (const uint8_t *p = file.p + HEADER; p < file.p + file.n; p += RECORD) {
		key_count *k = &t->key[t->keys++];
		k->of = t;
		memcpy(k->P.b, p, sizeof k->P.b);
		k->given = k->kept = load64(p + SECP_PK);
	}
	return true;
}

static err load(key_counts *t)
{
	AUTO(buf) file = { 0 };
	const err e = file_read(&file, t->path, MAX_FILE);

	if (e == ERR_NOT_FOUND) {
		err_clear();
		return OK;
	}
	if (e != OK && e != ERR_REQUEST) return e;
	if (e == OK && take(t, buf_slice(&file))) return OK;
	err_clear();
	log_warn("%s is no file of counts: how many answers keys have given is counted anew", t->path);
	return OK;
}

/* Nobody who answers waits for a disk: a killed process has written it, and of a loss of power it may know the counts of before. */
static err write_unsynced(const char *path, slice bytes)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	const bool good = fd >= 0 && pwrite(fd, bytes.p, bytes.n, 0) == (ssize_t)bytes.n && ftruncate(fd, (off_t)bytes.n) == 0;
	const int why = errno;

	if (fd >= 0) close(fd);
	return good ? OK : err_fail(ERR_IO, "%s: cannot be written: %s", path, strerror(why));
}

/* Requires: the lock.  ahead 0: it is the end. */
static void save(key_counts *t, uint64_t ahead)
{
	AUTO(buf) file = { 0 };

	buf_put(&file, MAGIC, HEADER);
	for (size_t i = 0; i < t->keys; i++) {
		key_count *k = &t->key[i];
		if (ahead == 0 || atomic_load(&k->given) + ahead / 2 >= atomic_load(&k->kept)) atomic_store(&k->kept, atomic_load(&k->given) + ahead);
		buf_put(&file, k->P.b, sizeof k->P.b);
		buf_put_u64(&file, atomic_load(&k->kept));
	}
	const err e = ahead ? write_unsynced(t->path, buf_slice(&file)) : file_write_atomic(t->path, buf_slice(&file), 0600);
	if (e != OK && !t->failing) log_err(LOG_WARN, "how many answers keys have given will not be known after a restart", e);
	t->failing = e != OK;
	err_clear();
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

err key_counts_open(key_counts **out, const char *path)
{
	key_counts *t = calloc(1, sizeof *t);

	if (t) t->path = strdup(path);
	if (!t || !t->path) {
		free(t);
		return err_fail(ERR_NOMEM, "no memory for counts of answers");
	}
	pthread_mutex_init(&t->lock, NULL);
	const err e = load(t);
	if (e == OK) *out = t;
	else key_counts_free(&t);
	return e;
}

static bool changed(const key_counts *t)
{
	for (size_t i = 0; i < t->keys; i++)
		if (atomic_load(&t->key[i].given) != atomic_load(&t->key[i].kept)) return true;
	return false;
}

void key_counts_free(key_counts **tp)
{
	key_counts *t = *tp;

	if (!t) return;
	if (changed(t)) save(t, 0);
	pthread_mutex_destroy(&t->lock);
	free(t->path);
	free(t);
	*tp = NULL;
}

/* ---- counting ---------------------------------------------------------------------------------------------------- */

static void warn(const key_count *k, uint64_t n)
{
	char text[2 * SECP_PK + 1];

	hex_write(text, slice_of(k->P.b, sizeof k->P.b));
	log_warn("the delegation key 0x%s has given %ju answers; %s (doc/operate.md, \"Another key\")", text, (uintmax_t)n,
	         n >= KEY_COUNT_ALARM ? "2^24 are a reason for another key" : "prepare another key before they are 2^24");
}

static key_count *find(key_counts *t, const secp_pk *P)
{
	for (size_t i = 0; i < t->keys; i++)
		if (memcmp(t->key[i].P.b, P->b, sizeof P->b) == 0) return &t->key[i];
	if (t->keys == MAX_KEY_COUNTS) return NULL;
	key_count *k = &t->key[t->keys++];
	k->of = t;
	k->P = *P;
	return k;
}

key_count *key_counts_find(key_counts *t, const secp_pk *P)
{
	pthread_mutex_lock(&t->lock);
	key_count *k = find(t, P);
	pthread_mutex_unlock(&t->lock);
	if (k && key_count_given(k) >= KEY_COUNT_WARNING) warn(k, key_count_given(k));
	return k;
}

void key_count_add(key_count *k)
{
	const uint64_t n = atomic_fetch_add_explicit(&k->given, 1, memory_order_relaxed) + 1;

	if (n == KEY_COUNT_WARNING || n == KEY_COUNT_ALARM) warn(k, n);
	/* One writes; the others have half of a step until it matters. */
	if (n + KEY_COUNT_STEP / 2 < atomic_load_explicit(&k->kept, memory_order_relaxed) || pthread_mutex_trylock(&k->of->lock) != 0) return;
	if (n + KEY_COUNT_STEP / 2 >= atomic_load(&k->kept)) save(k->of, KEY_COUNT_STEP);
	pthread_mutex_unlock(&k->of->lock);
}

uint64_t key_count_given(const key_count *k) { return atomic_load(&k->given); }
