/* SPDX-License-Identifier: MIT */
/* delegate/nonces.c -- a hash table in memory, a log on disk, one writer at a time. */
#include "delegate/nonces.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "sym/sha2.h"

enum { NAME = 16, CHECKED = 8, FIRST_ROOM = 1 << 10, SPARE_RECORDS = 4096, RETRY_MS = 1000,
       MAX_FILE = NONCE_HEADER + NONCE_RECORD * (2 * MAX_NONCES + 2 * SPARE_RECORDS) };

static const char MAGIC[8] = "ARCANON1";

typedef struct entry { uint8_t name[NAME]; uint64_t expires; } entry;          /* expires 0: none */

/* Somebody whose record is not on disk yet. */
typedef struct waiting {
	struct waiting *next;
	bool done;
	err  result;
} waiting;

struct nonces {
	pthread_mutex_t lock;
	pthread_cond_t  written;
	const clock_source *clock;
	char    *path;
	int      fd;
	uint64_t forgotten, end;                   /* end: bytes of the file that are synced */
	entry   *table;
	size_t   room, count;                      /* room: a power of two, more than count */
	size_t   records, kept;                    /* in the file now, and when it was last written anew */
	int64_t  tidied_ms;
	buf      pending;
	waiting *queue;
	bool     writing;
	bool     replaced;                         /* the name may be another file's than fd's by now: it is written anew before it is relied on */
};

/* ---- the table ------------------------------------------------------------------------------------------------ */

/* Where the name is, or would be. */
static entry *place(entry *table, size_t room, const uint8_t name[static NAME])
{
	size_t i = (size_t)load64(name) & (room - 1);

	while (table[i].expires && memcmp(table[i].name, name, NAME) != 0) i = (i + 1) & (room - 1);
	return &table[i];
}

/* A new table with what ends at `from` or later. */
static err renew(nonces *n, size_t room, uint64_t from)
{
	entry *table = calloc(room, sizeof *table);
	size_t count = 0;

	if (!table) return err_fail(ERR_NOMEM, "no memory for the nonces of delegations");
	for (size_t i = 0; i < n->room; i++) {
		if (n->table[i].expires == 0 || n->table[i].expires < from) continue;
		*place(table, room, n->table[i].name) = n->table[i];
		count++;
	}
	free(n->table);
	n->table = table;
	n->room = room;
	n->count = count;
	return OK;
}

/* Requires: it is not there. */
static err insert(nonces *n, const entry *e)
{
	if (2 * (n->count + 1) > n->room) TRY(renew(n, 2 * n->room, 0));
	*place(n->table, n->room, e->name) = *e;
	n->count++;
	return OK;
}

/* What has ended, so that the table is half empty at least. */
static err forget(nonces *n)
{
	const uint64_t now_s = (uint64_t)(clock_unix_ms(n->clock) / 1000);
	size_t left = 0, room = FIRST_ROOM;

	for (size_t i = 0; i < n->room; i++)
		if (n->table[i].expires >= now_s && n->table[i].expires) left++;
	while (room < 4 * left) room *= 2;
	TRY(renew(n, room, now_s));
	if (now_s > n->forgotten + 1) n->forgotten = now_s - 1;
	return OK;
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

static void put_record(buf *out, const entry *e)
{
	const size_t at = out->n;

	buf_put(out, e->name, NAME);
	buf_put_u64(out, e->expires);
	const hash32 h = sha256(slice_of(out->p + at, NAME + 8));
	buf_put(out, h.b, CHECKED);
}

static bool take_record(entry *out, slice record)
{
	const hash32 h = sha256(slice_of(record.p, NAME + 8));

	if (memcmp(h.b, record.p + NAME + 8, CHECKED) != 0) return false;
	memcpy(out->name, record.p, NAME);
	out->expires = load64(record.p + NAME);
	return out->expires != 0;
}

static err failed(const nonces *n) { return err_fail(ERR_IO, "%s: cannot be written: %s", n->path, strerror(errno)); }

static err rewrite(nonces *n)
{
	AUTO(buf) all = { 0 };

	buf_put(&all, MAGIC, sizeof MAGIC);
	buf_put_u64(&all, n->forgotten);
	for (size_t i = 0; i < n->room; i++)
		if (n->table[i].expires) put_record(&all, &n->table[i]);
	n->replaced = true;                        /* also after a failure, for it may have come after the change of names */
	TRY(file_write_atomic(n->path, buf_slice(&all), 0600));
	const int fd = open(n->path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) return failed(n);
	n->replaced = false;
	if (n->fd >= 0) close(n->fd);
	n->fd = fd;
	n->end = all.n;
	n->records = n->kept = n->count;
	return OK;
}

static err append(nonces *n, slice records)
{
	for (size_t at = 0; at < records.n;) {
		const ssize_t w = pwrite(n->fd, records.p + at, records.n - at, (off_t)(n->end + at));
		if (w < 0 && errno == EINTR) continue;
		if (w < 0) return failed(n);
		at += (size_t)w;
	}
	if (fdatasync(n->fd) != 0) return failed(n);
	n->end += records.n;
	n->records += records.n / NONCE_RECORD;
	return OK;
}

static err load(nonces *n)
{
	AUTO(buf) all = { 0 };
	entry x;

	err e = file_read(&all, n->path, MAX_FILE);
	if (e == ERR_NOT_FOUND) {
		err_clear();
		return rewrite(n);
	}
	TRY(e);
	if (all.n < NONCE_HEADER || memcmp(all.p, MAGIC, sizeof MAGIC) != 0)
		return err_fail(ERR_STATE, "%s: this is no list of nonces; put it aside if it does not belong here", n->path);
	n->forgotten = load64(all.p + sizeof MAGIC);
	for (size_t at = NONCE_HEADER; at + NONCE_RECORD <= all.n; at += NONCE_RECORD)
		if (take_record(&x, slice_of(all.p + at, NONCE_RECORD)) && !place(n->table, n->room, x.name)->expires) TRY(insert(n, &x));
	return rewrite(n);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

void nonces_free(nonces **np)
{
	nonces *n = *np;

	if (!n) return;
	ASSERT(!n->queue && !n->writing);
	if (n->fd >= 0) close(n->fd);
	pthread_mutex_destroy(&n->lock);
	pthread_cond_destroy(&n->written);
	buf_free(&n->pending);
	free(n->table);
	free(n->path);
	free(n);
	*np = NULL;
}

err nonces_open(nonces **out, const char *path, const clock_source *clock)
{
	nonces *n = calloc(1, sizeof *n);

	if (n) n->path = strdup(path);
	if (!n || !n->path) {
		free(n);
		return err_fail(ERR_NOMEM, "no memory for the nonces of delegations");
	}
	n->clock = clock;
	n->fd = -1;
	pthread_mutex_init(&n->lock, NULL);
	pthread_cond_init(&n->written, NULL);
	err e = renew(n, FIRST_ROOM, 0);
	if (e == OK) e = load(n);
	if (e != OK) {
		nonces_free(&n);
		return e;
	}
	*out = n;
	return OK;
}

/* ---- using one: under the lock, but while one writes for all ------------------------------------------------------- */

/* The record of everybody who waits.  Only one thread is here at a time. */
static err write_all(nonces *n, slice records)
{
	if (!n->replaced && n->records < 2 * n->kept + SPARE_RECORDS) return append(n, records);
	pthread_mutex_lock(&n->lock);              /* the table is what is written; it holds the new records, too */
	err e = forget(n);
	if (e == OK) e = rewrite(n);
	pthread_mutex_unlock(&n->lock);
	return e;
}

static void write_for_all(nonces *n)
{
	AUTO(buf) records = n->pending;
	waiting *all = n->queue;

	n->pending = (buf){ 0 };
	n->queue = NULL;
	n->writing = true;
	pthread_mutex_unlock(&n->lock);
	const err e = write_all(n, buf_slice(&records));
	pthread_mutex_lock(&n->lock);
	n->writing = false;
	for (waiting *next; all; all = next) {
		next = all->next;
		all->result = e;
		all->done = true;
	}
	pthread_cond_broadcast(&n->written);
}

/* Are there as many as there may be, although those that ended are gone? */
static bool full(nonces *n)
{
	const int64_t now = clock_now_ms(n->clock);

	if (n->count < MAX_NONCES) return false;
	if (n->writing || (n->tidied_ms && now - n->tidied_ms < RETRY_MS)) return true;
	n->tidied_ms = now;
	if (forget(n) != OK || rewrite(n) != OK) err_clear();
	return n->count >= MAX_NONCES;
}

static err take(nonces *n, const entry *e)
{
	waiting w = { 0 };

	if (e->expires <= n->forgotten) return err_fail(ERR_STATE, "the authorization ended before others that are forgotten");
	if (place(n->table, n->room, e->name)->expires) return err_fail(ERR_EXISTS, "the nonce was used before");
	if (full(n)) return err_fail(ERR_EXHAUSTED, "%d authorizations were used and have not ended yet; ask later", MAX_NONCES);
	TRY(insert(n, e));
	put_record(&n->pending, e);
	w.next = n->queue;
	n->queue = &w;
	while (!w.done) {
		if (n->writing) pthread_cond_wait(&n->written, &n->lock);
		else write_for_all(n);
	}
	if (w.result == OK) return OK;
	return err_fail(w.result, "the nonce could not be written to disk");
}

err nonces_use(nonces *n, uint32_t chain_id, const hash32 *nonce, uint64_t expires_s)
{
	uint8_t text[4 + sizeof nonce->b];
	entry e = { .expires = expires_s };

	store32(text, chain_id);
	memcpy(text + 4, nonce->b, sizeof nonce->b);
	const hash32 name = sha256(slice_of(text, sizeof text));
	memcpy(e.name, name.b, NAME);
	pthread_mutex_lock(&n->lock);
	const err result = take(n, &e);
	pthread_mutex_unlock(&n->lock);
	return result;
}

size_t nonces_count(nonces *n)
{
	pthread_mutex_lock(&n->lock);
	const size_t count = n->count;
	pthread_mutex_unlock(&n->lock);
	return count;
}
