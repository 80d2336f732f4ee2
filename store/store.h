/* SPDX-License-Identifier: MIT */
/*
 * store/store.h -- one database interface, two drivers: SQLite in this process, or a PostgreSQL server.
 *
 *   store *s = NULL;
 *   TRY(store_open(&s, &(store_config){ .url = "sqlite:connector.db" }));        or a URL or conninfo of libpq
 *   TRY(store_migrate(s, MIGRATIONS, COUNT(MIGRATIONS)));
 *   store_value who[] = { store_bytes(id) };
 *   TRY(store_query(&rows, s, &SQL_FIND, who, 1));                              one statement, which may write
 *   store_op ops[] = { { &SQL_TAKE, who, 1 }, { &SQL_NOTE, what, 2 } };
 *   TRY(store_batch(s, ops, 2, NULL));                                           all of them in one commit, or none
 *
 * A transaction is a batch, or the one statement of a query: there is no other, so none is ever left open.  What must be
 * decided from data that others change is decided inside a statement (INSERT ... ON CONFLICT, UPDATE ... WHERE ... RETURNING).
 *
 * Statements stand in .sql files; store/embed makes C of them when arca is built.  Parameters are $1, $2 ... in both
 * dialects.  Types in the database: what a parameter becomes, the server tells; times (timestamptz) are int64
 * milliseconds since 1970, words of an enum are text.
 *
 * Failures, of every function here:
 *   ERR_IO         the database is away, locked or full.  For a while nothing is to be had; the same call may be made again.  After
 *                  a batch the outcome may be unknown (the connection broke while it was committed): what is repeated must do no
 *                  harm when it is done twice
 *   ERR_REQUEST    this row will never be taken: a constraint forbids it, a value is too long or malformed
 *   ERR_STATE      the database is of a newer program, or not ours
 *   ERR_INTERNAL   our bug: SQL that does not fit the tables
 *
 * A connection that broke is made anew by the next call, but not more often than the back-off allows (100 ms, doubling to
 * 5 s); between two tries calls fail at once.  PostgreSQL: synchronous commit as the server has it.  SQLite: WAL with
 * synchronous=FULL.  So what was answered OK outlives a loss of power.
 *
 * A store is one connection; threads may share it, and then take turns.
 */
#ifndef ARCA_STORE_STORE_H
#define ARCA_STORE_STORE_H

#include "base/base.h"
#include "base/clock.h"

enum {
	MAX_STORE_URL = 2048,
	MAX_STORE_VALUE = 16 << 20,          /* bytes of one value, in either direction            */
	MAX_STORE_LIST = 4096,               /* elements of a list                                 */
	MAX_STORE_RESULT = 256 << 20,        /* bytes of one result; LIMIT keeps it far below      */
	MAX_STORE_PARAMS = 40,
	MAX_STORE_BATCH = 1 << 17,           /* statements                                         */
};

typedef struct store store;
typedef enum store_dialect { STORE_SQLITE, STORE_POSTGRES, STORE_DIALECTS } store_dialect;

/* ---- values --------------------------------------------------------------------------------------------------- */

typedef enum store_type { STORE_NULL, STORE_INT, STORE_BOOL, STORE_BYTES, STORE_TEXT, STORE_LIST } store_type;

/* Borrows. */
typedef struct store_list { const slice *item; size_t n; } store_list;
typedef struct store_value {
	store_type type;
	union {
		int64_t    i;
		bool       b;
		slice      bytes;            /* STORE_BYTES and STORE_TEXT           */
		store_list list;             /* of byte strings (bytea[])            */
	};
} store_value;

static inline store_value store_null(void) { return (store_value){ .type = STORE_NULL }; }
static inline store_value store_int(int64_t i) { return (store_value){ .type = STORE_INT, .i = i }; }
static inline store_value store_bool(bool b) { return (store_value){ .type = STORE_BOOL, .b = b }; }
static inline store_value store_bytes(slice s) { return (store_value){ .type = STORE_BYTES, .bytes = s }; }
static inline store_value store_text(const char *s) { return (store_value){ .type = STORE_TEXT, .bytes = slice_str(s) }; }
static inline store_value store_many(store_list l) { return (store_value){ .type = STORE_LIST, .list = l }; }

/* ---- rows ----------------------------------------------------------------------------------------------------- */

/* The answer to a query; everything read from it is borrowed and lives until store_rows_free. */
typedef struct store_rows {
	size_t       n;                      /* rows                                 */
	unsigned     columns;
	store_value *value;                  /* n * columns                          */
	int64_t      changed;                /* rows that the statement wrote        */
	arena        memory;
} store_rows;

void store_rows_free(store_rows *r);

/*
 * Reads one row from left to right, as a reader reads bytes: what is not of the expected type or size refuses the row, and
 * once refused it stays refused and yields zeros, so that one broken row can be told from the others.
 */
typedef struct store_row { const store_value *v; unsigned n, at; bool refused; arena *memory; } store_row;

store_row  store_row_of(store_rows *rows, size_t i);
bool       row_ok(const store_row *r);                                   /* nothing refused, all columns read     */
bool       row_null(store_row *r);                                       /* is the next one NULL?  If so, skips it */
int64_t    row_int(store_row *r);
bool       row_bool(store_row *r);
slice      row_bytes(store_row *r, size_t least, size_t most);
slice      row_text(store_row *r, size_t most);
store_list row_list(store_row *r, size_t most);

/* ---- statements ----------------------------------------------------------------------------------------------- */

/* Prepared once a connection, known by its address: lives as long as the store. */
typedef struct store_sql { const char *name, *text; } store_sql;

/* What store/embed makes of .sql files: the statement of that name in that dialect, or in both (dialect NULL). */
typedef struct store_source { const char *name, *dialect, *text; } store_source;
const char *store_source_find(const store_source *sources, size_t n, const char *name, store_dialect d);   /* must be there */

typedef struct store_migration { int64_t number; const char *dialect, *name, *text; } store_migration;

/* ---- the database --------------------------------------------------------------------------------------------- */

typedef struct store_config {
	const char *url;                     /* "sqlite:PATH", "postgres://...", "postgresql://..." or "key=value ..."   */
	const clock_source *clock;           /* NULL: the database's time (PostgreSQL) or this machine's (SQLite)         */
	bool lazy;                           /* what is committed may be gone when a machine or a server crashes (not a process of ours): for
	                                        what is then done anew.  Commits do not wait for the disk, and keep their order */
	bool as_is;                          /* for who looks at what others made: no file is made, and none is changed by opening it */
	const struct store_driver *driver;   /* NULL: as the url says; tests put one in between (store/store_internal.h)  */
} store_config;

/* The url, which may hold a password, appears in no sentence.  ERR_REQUEST: it cannot be read. */
err  store_open(store **out, const store_config *config);
void store_free(store **s);

store_dialect store_dialect_of(const store *s);

/* Where the database is, without user and password: "sqlite:/var/lib/arca/connector.db", "postgres host:5432/name". */
err  store_place(buf *out, const char *url);

/*
 * What a process must be able to reach for this database, then and whenever a connection is made anew: for who closes the rest to
 * itself (base/sandbox.h).  For PostgreSQL what libpq reads, by its url, its variables of the environment and its custom; files that
 * are not there stand in it, too.  Freed by store_reach_free.  ERR_REQUEST: the url cannot be read.
 */
enum { STORE_READABLE = 10, STORE_PORTS = 8 };
typedef struct store_reach {
	const char *folder;                  /* written: SQLite's files come and go there; NULL: none */
	const char *readable[STORE_READABLE];
	unsigned    files;                   /* and folders among them */
	unsigned    port[STORE_PORTS], ports;        /* TCP, of servers */
	bool        any_port;                /* which ones is not to be known now */
	arena       memory;
} store_reach;
err  store_reach_of(store_reach *out, const char *url);
void store_reach_free(store_reach *r);

/* Brings the tables up to the last migration: those that were not applied yet, in order and in one transaction; any number of
 * processes may do so at once.  ERR_STATE: the database has more than these. */
err  store_migrate(store *s, const store_migration *m, size_t n);

/* Are the tables those of the last migration?  Nothing is changed.  ERR_NOT_FOUND: there are none; ERR_STATE: the database is of an older
 * program, or of a newer one. */
err  store_migrated(store *s, const store_migration *m, size_t n);

/* Milliseconds since 1970.  On PostgreSQL the server's clock, compared with ours of steady pace once a minute: so machines agree
 * on leases, and a jump of this machine's clock moves nothing.  Once known it is known while the database is away. */
err  store_now_ms(int64_t *out, store *s);

/* Requires: *out is empty.  One statement, committed if it wrote something. */
err  store_query(store_rows *out, store *s, const store_sql *sql, const store_value *params, unsigned n);

typedef struct store_op {
	const store_sql   *sql;
	const store_value *param;
	unsigned           params;
	int64_t            changed;          /* out: rows that it wrote              */
} store_op;

/*
 * All statements in this order in one transaction; on PostgreSQL in one round trip (pipeline mode).  After ERR_REQUEST nothing was
 * done and *bad, unless NULL, is the index of the statement that was refused.
 */
err  store_batch(store *s, store_op *ops, size_t n, size_t *bad);

/* One statement with each of the rows of parameters, in one transaction: store_batch for the usual case. */
err  store_exec_many(store *s, const store_sql *sql, const store_value *params, unsigned per_row, size_t rows, size_t *bad);

#endif
