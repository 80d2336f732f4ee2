/* SPDX-License-Identifier: MIT */
/*
 * store/sqlite.c -- the embedded database: one file, many readers, one writer at a time.
 *
 * WAL with synchronous=FULL: a commit is on disk when it is answered.  Writers of this process take turns, first come first served; for
 * one of another process they wait up to five seconds.  The file and those beside it are readable by their owner only, and there are
 * no others: what SQLite would put into temporary files it keeps in memory.
 */
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MS = 5000, BUSY_STEP_US = 500, LOOK_MS = 50 };

typedef struct lite {
	sqlite3 *db;
	store_cache cache;
	char *path;                          /* for sentences */
	dev_t device;                        /* which file it is, for bells within this process */
	ino_t file;
	bool  of_no_use;
	buf   rang;                          /* channels that ring at commit, each with its final zero */

	/* Of a bell: */
	bell_cord *cord;
	int64_t seen;                        /* the file's counter when it was last looked at */
	struct lite *next;
} lite;

/* Bells of this process: a commit rings those of its file. */
static pthread_mutex_t bells_lock = PTHREAD_MUTEX_INITIALIZER;
static lite *bells;

/* Turns of writers: SQLite would have each look again and again whether the lock is free, and some would never meet it so.  A file has
 * one of these, which others may share. */
enum { TURNS = 16 };
typedef struct turn { pthread_mutex_t lock; pthread_cond_t next; uint64_t tickets, called; } turn;
static turn turns[TURNS] = { [0 ... TURNS - 1] = { .lock = PTHREAD_MUTEX_INITIALIZER, .next = PTHREAD_COND_INITIALIZER } };

/* ---- failures ----------------------------------------------------------------------------------------------------- */

static err failed(lite *l, const char *what)
{
	const int code = sqlite3_extended_errcode(l->db);
	const char *text = sqlite3_errmsg(l->db);

	switch (code & 0xff) {
	case SQLITE_CONSTRAINT: case SQLITE_TOOBIG: case SQLITE_MISMATCH: case SQLITE_RANGE:
		return err_fail(ERR_REQUEST, "%s: %s", what, text);
	case SQLITE_NOTADB: case SQLITE_CORRUPT:
		l->of_no_use = true;
		return err_fail(ERR_STATE, "%s: %s; is %s the database?", what, text, l->path);
	case SQLITE_NOMEM:
		return err_fail(ERR_NOMEM, "%s: %s", what, text);
	case SQLITE_ERROR: case SQLITE_MISUSE: case SQLITE_SCHEMA:
		return err_fail(ERR_INTERNAL, "%s: %s", what, text);
	case SQLITE_IOERR: case SQLITE_CANTOPEN:
		l->of_no_use = true;
		return err_fail(ERR_IO, "%s: %s: %s; file and folder must be this user's, on a disk that works and can be written", what, l->path, text);
	case SQLITE_READONLY:
		return err_fail(ERR_IO, "%s: %s: %s; file and folder must be this user's, and mounted for writing", what, l->path, text);
	case SQLITE_FULL:
		return err_fail(ERR_IO, "%s: %s: %s; free some space", what, l->path, text);
	default:                                             /* busy, locked */
		return err_fail(ERR_IO, "%s: %s", what, text);
	}
}

static err script(void *db, const char *text)
{
	lite *l = db;
	return sqlite3_exec(l->db, text, NULL, NULL, NULL) == SQLITE_OK ? OK : failed(l, "sqlite");
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

/* SELECT pg_notify($1, ''): as on PostgreSQL the channel rings when the transaction commits. */
static void notify(sqlite3_context *c, int n, sqlite3_value **v)
{
	lite *l = sqlite3_user_data(c);
	const char *channel = (const char *)sqlite3_value_text(v[0]);

	(void)n;
	if (channel) buf_put(&l->rang, channel, strlen(channel) + 1);
	sqlite3_result_null(c);
}

/* Another writer is at it, which takes a few milliseconds. */
static int wait_for_writer(void *ctx, int times)
{
	(void)ctx;
	usleep(BUSY_STEP_US);
	return times < BUSY_MS * 1000 / BUSY_STEP_US;
}

static void close_lite(void *db)
{
	lite *l = db;

	pthread_mutex_lock(&bells_lock);
	for (lite **at = &bells; *at; at = &(*at)->next)
		if (*at == l) {
			*at = l->next;
			break;
		}
	pthread_mutex_unlock(&bells_lock);
	for (size_t i = 0; i < STORE_STATEMENTS; i++) sqlite3_finalize(l->cache.prepared[i]);
	sqlite3_close(l->db);
	buf_free(&l->rang);
	free(l->path);
	free(l);
}

/* The first of all connections changes the file to WAL, for which it must be alone; nobody waits for that by himself. */
static err use_wal(lite *l)
{
	int code;

	for (int i = 0; (code = sqlite3_exec(l->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL)) != SQLITE_OK; i++)
		if ((code & 0xff) != SQLITE_BUSY || !wait_for_writer(NULL, i)) return failed(l, "sqlite");
	return OK;
}

/* Made for its owner only.  A file that is there is not opened: closing it would end the locks of this process's connections to it
 * (fcntl(2)), and another process that comes and goes would take itself for the last one and remove the log under their hands. */
static err prepare_file(lite *l, const char *path, unsigned how)
{
	static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
	struct stat st;
	int fd = -1;

	pthread_mutex_lock(&making);                 /* who is behind us finds it closed */
	bool there = stat(path, &st) == 0;
	const bool makes = !there && errno == ENOENT && !(how & STORE_AS_IS);
	if (makes && ((fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) >= 0 || errno == EEXIST))
		there = stat(path, &st) == 0;
	err e = there ? OK : err_fail(ERR_IO, "sqlite: %s: %s; its folder must be there and be this user's, and mounted for writing", path, strerror(errno));
	if (fd >= 0) close(fd);
	pthread_mutex_unlock(&making);
	if (e == OK) l->device = st.st_dev, l->file = st.st_ino;
	return e;
}

static err open_lite(const store_driver *self, void **db, const char *url, unsigned how)
{
	const char *path = url + strlen("sqlite:");
	lite *l = calloc(1, sizeof *l);
	err e = OK;

	(void)self;
	if (l) l->path = strdup(path);
	if (!l || !l->path) {
		free(l);
		return err_fail(ERR_NOMEM, "no memory for a database");
	}
	if ((e = prepare_file(l, path, how)) == OK &&
	    sqlite3_open_v2(path, &l->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK)
		e = l->db ? failed(l, path) : err_fail(ERR_NOMEM, "no memory for a database");
	if (e == OK) {
		sqlite3_busy_handler(l->db, wait_for_writer, NULL);
		sqlite3_limit(l->db, SQLITE_LIMIT_LENGTH, 2 * MAX_STORE_VALUE);
		sqlite3_create_function(l->db, "pg_notify", 2, SQLITE_UTF8, l, notify, NULL, NULL);
		if (!(how & STORE_AS_IS)) e = use_wal(l);
		if (e == OK) e = script(l, "PRAGMA trusted_schema = OFF; PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY");
	}
	if (e == OK) e = script(l, how & STORE_LAZY ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL");
	if (e == OK) *db = l;
	else close_lite(l);
	return e;
}

static bool broken(void *db) { return ((lite *)db)->of_no_use; }

/* ---- values ------------------------------------------------------------------------------------------------------- */

static err prepared(sqlite3_stmt **out, lite *l, const store_sql *sql)
{
	void **at = store_cache_at(&l->cache, sql);

	if (!*at && sqlite3_prepare_v3(l->db, sql->text, -1, SQLITE_PREPARE_PERSISTENT, (sqlite3_stmt **)at, NULL) != SQLITE_OK)
		return failed(l, sql->name);
	*out = *at;
	return OK;
}

static int bind_one(sqlite3_stmt *q, int at, const store_value *v)
{
	buf list = { 0 };
	int code;

	switch (v->type) {
	case STORE_INT:   return sqlite3_bind_int64(q, at, v->i);
	case STORE_BOOL:  return sqlite3_bind_int64(q, at, v->b);
	case STORE_TEXT:  return sqlite3_bind_text(q, at, (const char *)v->bytes.p, (int)v->bytes.n, SQLITE_STATIC);
	case STORE_BYTES: return v->bytes.n ? sqlite3_bind_blob(q, at, v->bytes.p, (int)v->bytes.n, SQLITE_STATIC) : sqlite3_bind_zeroblob(q, at, 0);
	case STORE_LIST:
		store_list_write(&list, v->list);
		code = sqlite3_bind_blob(q, at, list.p, (int)list.n, SQLITE_TRANSIENT);
		buf_free(&list);
		return code;
	case STORE_NULL:
		break;
	}
	return sqlite3_bind_null(q, at);
}

/* $7 is a name to SQLite: the value goes where that name stands. */
static err bind(lite *l, sqlite3_stmt *q, const store_sql *sql, const store_value *param, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		char name[16];
		snprintf(name, sizeof name, "$%u", i + 1);
		const int at = sqlite3_bind_parameter_index(q, name);
		if (at > 0 && bind_one(q, at, &param[i]) != SQLITE_OK) return failed(l, sql->name);
	}
	return OK;
}

static err keep_bytes(slice *out, arena *memory, const void *p, int n)
{
	uint8_t *copy = NULL;

	if (n > 0) {
		TRY(arena_new(memory, &copy, (size_t)n));
		memcpy(copy, p, (size_t)n);
	}
	*out = slice_of(copy, (size_t)n);
	return OK;
}

static err read_one(store_value *out, arena *memory, sqlite3_stmt *q, int at)
{
	switch (sqlite3_column_type(q, at)) {
	case SQLITE_INTEGER: *out = store_int(sqlite3_column_int64(q, at)); return OK;
	case SQLITE_NULL:    *out = store_null(); return OK;
	case SQLITE_TEXT:
		out->type = STORE_TEXT;
		return keep_bytes(&out->bytes, memory, sqlite3_column_text(q, at), sqlite3_column_bytes(q, at));
	default:
		out->type = STORE_BYTES;
		return keep_bytes(&out->bytes, memory, sqlite3_column_blob(q, at), sqlite3_column_bytes(q, at));
	}
}

/* ---- turns -------------------------------------------------------------------------------------------------------- */

static turn *await_turn(const lite *l)
{
	turn *t = &turns[l->file % TURNS];

	pthread_mutex_lock(&t->lock);
	for (const uint64_t mine = t->tickets++; t->called != mine; pthread_cond_wait(&t->next, &t->lock)) { }
	pthread_mutex_unlock(&t->lock);
	return t;
}

static void end_turn(turn *t)
{
	if (!t) return;
	pthread_mutex_lock(&t->lock);
	t->called++;
	pthread_cond_broadcast(&t->next);
	pthread_mutex_unlock(&t->lock);
}

/* ---- queries and batches ------------------------------------------------------------------------------------------ */

static void ring(lite *l)
{
	const char *channel = (const char *)l->rang.p, *end = channel + l->rang.n;

	pthread_mutex_lock(&bells_lock);
	for (; channel < end; channel += strlen(channel) + 1)
		for (lite *b = bells; b; b = b->next)
			if (b->device == l->device && b->file == l->file) bell_pull_channel(b->cord, channel);
	pthread_mutex_unlock(&bells_lock);
	buf_clear(&l->rang);
}

/* The rows are gathered in `values` first, as their number is not known. */
static err fetch(lite *l, store_rows *out, buf *values, sqlite3_stmt *q, const store_sql *sql)
{
	int code;

	out->columns = (unsigned)sqlite3_column_count(q);
	while ((code = sqlite3_step(q)) == SQLITE_ROW) {
		for (unsigned i = 0; i < out->columns; i++) {
			store_value v = { 0 };
			TRY(read_one(&v, &out->memory, q, (int)i));
			buf_put(values, &v, sizeof v);
		}
		out->n++;
	}
	if (code != SQLITE_DONE) return failed(l, sql->name);
	out->changed = sqlite3_stmt_readonly(q) ? 0 : sqlite3_changes64(l->db);
	if (values->n == 0) return OK;
	TRY(arena_new(&out->memory, &out->value, values->n / sizeof *out->value));
	memcpy(out->value, values->p, values->n);
	return OK;
}

static err query(void *db, store_rows *out, const store_sql *sql, const store_value *param, unsigned n)
{
	lite *l = db;
	sqlite3_stmt *q = NULL;
	buf values = { 0 };

	buf_clear(&l->rang);
	TRY(prepared(&q, l, sql));
	err e = bind(l, q, sql, param, n);
	turn *t = sqlite3_stmt_readonly(q) ? NULL : await_turn(l);
	if (e == OK) e = fetch(l, out, &values, q, sql);
	buf_free(&values);
	sqlite3_reset(q);
	end_turn(t);
	sqlite3_clear_bindings(q);
	if (e == OK && l->rang.n) ring(l);
	return e;
}

static err run_op(lite *l, store_op *op)
{
	sqlite3_stmt *q = NULL;
	int code;

	TRY(prepared(&q, l, op->sql));
	err e = bind(l, q, op->sql, op->param, op->params);
	if (e == OK) {
		while ((code = sqlite3_step(q)) == SQLITE_ROW) { }
		if (code != SQLITE_DONE) e = failed(l, op->sql->name);
		else op->changed = sqlite3_stmt_readonly(q) ? 0 : sqlite3_changes64(l->db);
	}
	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
	return e;
}

static err batch(void *db, store_op *ops, size_t n, size_t *bad)
{
	lite *l = db;

	buf_clear(&l->rang);
	turn *t = await_turn(l);
	err e = script(l, "BEGIN IMMEDIATE");
	for (size_t i = 0; i < n && e == OK; i++) e = run_op(l, &ops[*bad = i]);
	if (e == OK) e = script(l, "COMMIT");
	if (e != OK && !sqlite3_get_autocommit(l->db) && sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
		l->of_no_use = true;
	end_turn(t);
	if (e == OK && l->rang.n) ring(l);
	return e;
}

static err now_ms(void *db, int64_t *out)
{
	(void)db;
	*out = clock_unix_ms(clock_system());
	return OK;
}

/* ---- bells -------------------------------------------------------------------------------------------------------- */

static const store_sql COUNTER = { "data_version", "PRAGMA data_version" };

static err counter(lite *l, int64_t *out)
{
	store_rows rows = { .memory = arena_with_limit(1 << 12) };

	TRY(query(l, &rows, &COUNTER, NULL, 0));
	store_row row = store_row_of(&rows, 0);
	*out = row_int(&row);
	store_rows_free(&rows);
	return OK;
}

static err listen_lite(void *db, const char *const *channel, unsigned n, bell_cord *cord)
{
	lite *l = db;

	(void)channel, (void)n;
	TRY(counter(l, &l->seen));
	l->cord = cord;
	pthread_mutex_lock(&bells_lock);
	l->next = bells, bells = l;
	pthread_mutex_unlock(&bells_lock);
	return OK;
}

/* Commits of other connections move the counter, of this process or of others. */
static err hear(void *db, int64_t wait_ms)
{
	lite *l = db;
	const int64_t end = wait_ms < 0 ? INT64_MAX : clock_now_ms(clock_system()) + wait_ms;

	for (;;) {
		const int64_t left = end - clock_now_ms(clock_system());
		int64_t now = 0;

		(void)bell_poll(l->cord, -1, left < LOOK_MS ? (left > 0 ? left : 0) : LOOK_MS);
		TRY(counter(l, &now));
		if (now != l->seen) bell_pull(l->cord, UINT64_MAX >> (64 - l->cord->n));
		l->seen = now;
		if (atomic_load(&l->cord->bits) || left <= 0) return OK;
	}
}

const store_driver STORE_DRIVER_SQLITE = {
	.dialect = STORE_SQLITE, .begin_alone = "BEGIN IMMEDIATE",
	.open = open_lite, .close = close_lite, .broken = broken, .query = query, .batch = batch, .script = script, .now_ms = now_ms,
	.listen = listen_lite, .hear = hear,
};
