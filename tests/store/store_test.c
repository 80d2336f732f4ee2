/* SPDX-License-Identifier: MIT */
/* tests/store/store_test.c -- the same behaviour on every database, and while connections break. */
#include "tests/store/faults.h"
#include "tests/store/databases.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

static const store_migration TABLES[] = {
	{ 1, "sqlite", "first",
	  "CREATE TABLE thing (name text PRIMARY KEY, n integer CHECK (n < 1000), b integer, raw blob, many blob, at integer);" },
	{ 1, "postgres", "first",
	  "CREATE TYPE word AS ENUM ('one', 'two'); CREATE TABLE thing (name text PRIMARY KEY, n smallint CHECK (n < 1000), b boolean, raw bytea,"
	  "many bytea[], at timestamptz, w word);" },
	{ 2, "sqlite", "second", "ALTER TABLE thing ADD COLUMN w text CHECK (w IN ('one', 'two'));" },
	{ 2, "postgres", "second", "ALTER TABLE thing ADD COLUMN more integer;" },
};
static const store_sql PUT = { "put", "INSERT INTO thing (name, n, b, raw, many, at, w) VALUES ($1, $2, $3, $4, $5, $6, $7)" };
static const store_sql NAME = { "name", "INSERT INTO thing (n, name) VALUES ($2, $1) ON CONFLICT DO NOTHING" };
static const store_sql ALL = { "all", "SELECT name, n, b, raw, many, at, w FROM thing ORDER BY name" };
static const store_sql ADD = { "add", "UPDATE thing SET n = n + $1 WHERE n >= $2 RETURNING name" };
static const store_sql COUNT_ALL = { "count", "SELECT count(*) FROM thing" };
static const store_sql RING = { "ring", "SELECT pg_notify($1, '')" };
static const store_sql NONSENSE = { "nonsense", "SELECT no_such_column FROM thing" };

static const store_dialect *dialect_of(void **state) { return *state; }

static store *fresh(void **state)
{
	store *s = NULL;
	assert_ok(store_open(&s, &(store_config){ .url = test_database(*dialect_of(state)) }));
	assert_ok(store_migrate(s, TABLES, COUNT(TABLES)));
	return s;
}

static int64_t count(store *s)
{
	store_rows rows = { 0 };
	assert_ok(store_query(&rows, s, &COUNT_ALL, NULL, 0));
	store_row row = store_row_of(&rows, 0);
	const int64_t n = row_int(&row);
	assert_true(row_ok(&row));
	store_rows_free(&rows);
	return n;
}

/* ---- values ------------------------------------------------------------------------------------------------------- */

static void every_type_comes_back_as_it_was(void **state)
{
	AUTO(store) *s = fresh(state);
	const slice items[] = { slice_str("a"), slice_str(""), slice_of("\0\xff", 2) };
	const store_value full[] = { store_text("full \xc3\xa9"), store_int(-5), store_bool(true), store_bytes(slice_of("\0x", 2)),
	                             store_many((store_list){ items, 3 }), store_int(1763786000123), store_text("two") };
	const store_value empty[] = { store_text("empty"), store_int(0), store_bool(false), store_bytes(slice_of(NULL, 0)),
	                              store_many((store_list){ NULL, 0 }), store_int(0), store_text("one") };
	const store_value none[] = { store_text("none"), store_null(), store_null(), store_null(), store_null(), store_null(), store_null() };
	store_op ops[] = { { &PUT, full, 7, 0 }, { &PUT, empty, 7, 0 }, { &PUT, none, 7, 0 } };
	store_rows rows = { 0 };

	assert_ok(store_batch(s, ops, 3, NULL));
	for (int i = 0; i < 3; i++) assert_int_equal(ops[i].changed, 1);
	assert_ok(store_query(&rows, s, &ALL, NULL, 0));
	assert_int_equal(rows.n, 3);

	store_row r = store_row_of(&rows, 0);
	assert_true(slice_eq_var(row_text(&r, 100), slice_str("empty")));
	assert_int_equal(row_int(&r), 0);
	assert_false(row_bool(&r));
	assert_int_equal(row_bytes(&r, 0, 10).n, 0);
	assert_int_equal(row_list(&r, 10).n, 0);
	assert_int_equal(row_int(&r), 0);
	assert_true(slice_eq_var(row_text(&r, 100), slice_str("one")));
	assert_true(row_ok(&r));

	r = store_row_of(&rows, 1);
	assert_true(slice_eq_var(row_text(&r, 100), full[0].bytes));
	assert_int_equal(row_int(&r), -5);
	assert_true(row_bool(&r));
	assert_true(slice_eq_var(row_bytes(&r, 2, 2), full[3].bytes));
	store_list l = row_list(&r, 3);
	assert_int_equal(l.n, 3);
	for (size_t i = 0; i < l.n; i++) assert_true(slice_eq_var(l.item[i], items[i]));
	assert_int_equal(row_int(&r), 1763786000123);
	assert_true(slice_eq_var(row_text(&r, 100), slice_str("two")));
	assert_true(row_ok(&r));

	r = store_row_of(&rows, 2);
	(void)row_text(&r, 100);
	for (int i = 1; i < 7; i++) assert_true(row_null(&r));
	assert_true(row_ok(&r));
	store_rows_free(&rows);
}

static void a_row_of_another_shape_refuses_itself(void **state)
{
	AUTO(store) *s = fresh(state);
	store_rows rows = { 0 };
	store_row r;

	assert_ok(store_batch(s, &(store_op){ &NAME, (store_value[]){ store_text("x"), store_int(7) }, 2, 0 }, 1, NULL));
	assert_ok(store_query(&rows, s, &ALL, NULL, 0));
	r = store_row_of(&rows, 0);                              /* a text is no number   */
	assert_int_equal(row_int(&r), 0);
	assert_true(r.refused);
	assert_int_equal(row_text(&r, 10).n, 0);                 /* and it stays refused  */
	r = store_row_of(&rows, 0);                              /* longer than expected  */
	assert_int_equal(row_text(&r, 0).n, 0);
	assert_true(r.refused);
	r = store_row_of(&rows, 0);                              /* NULL is no byte string */
	(void)row_text(&r, 10), (void)row_int(&r);
	assert_true(row_null(&r));
	assert_int_equal(row_bytes(&r, 0, 10).n, 0);
	assert_true(r.refused);
	r = store_row_of(&rows, 0);                              /* columns left over     */
	(void)row_text(&r, 10);
	assert_false(row_ok(&r));
	store_rows_free(&rows);
}

/* ---- transactions ------------------------------------------------------------------------------------------------- */

static void a_batch_is_done_wholly_or_not_at_all(void **state)
{
	AUTO(store) *s = fresh(state);
	const store_value a[] = { store_text("a"), store_int(1) }, b[] = { store_text("b"), store_int(5000) }, c[] = { store_text("c"), store_int(2) };
	store_op ops[] = { { &NAME, a, 2, 0 }, { &NAME, b, 2, 0 }, { &NAME, c, 2, 0 } };
	size_t bad = 99;

	assert_err(ERR_REQUEST, store_batch(s, ops, 3, &bad));           /* 5000 is forbidden by a CHECK */
	assert_int_equal(bad, 1);
	assert_int_equal(count(s), 0);
	ops[1].param = c;
	assert_ok(store_batch(s, ops, 3, &bad));
	assert_int_equal(ops[0].changed + ops[1].changed, 2);
	assert_int_equal(ops[2].changed, 0);                             /* it was there already         */
	assert_int_equal(count(s), 2);
}

static void a_value_that_no_column_takes_is_a_broken_row(void **state)
{
	AUTO(store) *s = fresh(state);
	const store_value wrong[] = { store_text("a"), store_int(1), store_null(), store_null(), store_null(), store_null(), store_text("three") };
	const store_value zero[] = { (store_value){ .type = STORE_TEXT, .bytes = slice_of("a\0b", 3) }, store_int(1) };
	const store_value latin[] = { store_text("\xe9"), store_int(1) };
	static uint8_t long_bytes[MAX_STORE_VALUE + 1];
	const store_value too_long[] = { store_bytes(slice_of(long_bytes, sizeof long_bytes)), store_int(1) };
	store_rows rows = { 0 };

	assert_err(ERR_REQUEST, store_query(&rows, s, &PUT, wrong, 7));
	assert_err(ERR_REQUEST, store_query(&rows, s, &NAME, zero, 2));
	assert_err(ERR_REQUEST, store_query(&rows, s, &NAME, latin, 2));
	assert_err(ERR_REQUEST, store_query(&rows, s, &NAME, too_long, 2));
	assert_err(ERR_INTERNAL, store_query(&rows, s, &NONSENSE, NULL, 0));
	assert_int_equal(count(s), 0);                                   /* and the connection is as good as before */
}

static void a_statement_with_many_rows_is_one_commit(void **state)
{
	AUTO(store) *s = fresh(state);
	static char name[500][8];
	static store_value v[500][2];
	store_rows rows = { 0 };
	size_t bad;

	for (int i = 0; i < 500; i++) {
		snprintf(name[i], sizeof name[i], "%d", i);
		v[i][0] = store_text(name[i]), v[i][1] = store_int(i);
	}
	assert_ok(store_exec_many(s, &NAME, v[0], 2, 500, &bad));
	assert_int_equal(count(s), 500);
	assert_ok(store_query(&rows, s, &ADD, (store_value[]){ store_int(1), store_int(498) }, 2));
	assert_int_equal(rows.n, 2);
	assert_int_equal(rows.changed, 2);
	store_rows_free(&rows);
	v[7][1] = store_int(70000);                                      /* too great for the column */
	v[7][0] = store_text("new");
	assert_err(ERR_REQUEST, store_exec_many(s, &NAME, v[0], 2, 500, &bad));
	assert_int_equal(bad, 7);
	assert_int_equal(count(s), 500);
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static void *migrate(void *url)
{
	AUTO(store) *s = NULL;
	err e = store_open(&s, &(store_config){ .url = url });
	if (e == OK) e = store_migrate(s, TABLES, COUNT(TABLES));
	return (void *)(uintptr_t)e;
}

static void many_may_migrate_at_once(void **state)
{
	const char *url = test_database(*dialect_of(state));
	pthread_t t[4];
	void *e;

	for (size_t i = 0; i < COUNT(t); i++) assert_int_equal(pthread_create(&t[i], NULL, migrate, (void *)(uintptr_t)url), 0);
	for (size_t i = 0; i < COUNT(t); i++) {
		pthread_join(t[i], &e);
		assert_int_equal((uintptr_t)e, OK);
	}
}

enum { WRITERS = 4, WRITTEN = 50 };
typedef struct writer { const char *url; char initial; pthread_t thread; err e; } writer;

/* Single statements and batches, on a connection of its own; every fifth one is refused. */
static void *write_all(void *arg)
{
	writer *w = arg;
	AUTO(store) *s = NULL;

	w->e = store_open(&s, &(store_config){ .url = w->url });
	for (unsigned i = 0; i < WRITTEN && w->e == OK; i++) {
		char name[16];
		store_rows rows = { 0 };
		snprintf(name, sizeof name, "%c%u", w->initial, i);
		const store_value v[] = { store_text(name), store_int(i % 5 ? (int)i : 1000) };
		store_op op = { &NAME, v, 2, 0 };
		const err e = i % 2 ? store_batch(s, &op, 1, NULL) : store_query(&rows, s, &NAME, v, 2);
		store_rows_free(&rows);
		if (e != (i % 5 ? OK : ERR_REQUEST)) w->e = e == OK ? ERR_INTERNAL : e;
		else err_clear();
	}
	return NULL;
}

static void writers_of_one_process_all_have_their_turns(void **state)
{
	const char *url = test_database(*dialect_of(state));
	AUTO(store) *s = NULL;
	writer w[WRITERS];

	assert_ok(store_open(&s, &(store_config){ .url = url }));
	assert_ok(store_migrate(s, TABLES, COUNT(TABLES)));
	for (size_t i = 0; i < WRITERS; i++) {
		w[i] = (writer){ .url = url, .initial = (char)('a' + i) };
		assert_int_equal(pthread_create(&w[i].thread, NULL, write_all, &w[i]), 0);
	}
	for (size_t i = 0; i < WRITERS; i++) {
		pthread_join(w[i].thread, NULL);
		assert_int_equal(w[i].e, OK);
	}
	assert_int_equal(count(s), WRITERS * WRITTEN / 5 * 4);
}

static void the_database_of_a_newer_program_is_refused(void **state)
{
	AUTO(store) *s = fresh(state);
	static const store_migration broken[] = { { 1, "sqlite", "1", "" }, { 1, "postgres", "1", "" }, { 2, "sqlite", "2", "" }, { 2, "postgres", "2", "" },
		{ 3, "sqlite", "third", "CREATE TABLE half (a int); NOT SQL;" }, { 3, "postgres", "third", "CREATE TABLE half (a int); NOT SQL;" } };
	static const store_sql HALF = { "half", "SELECT a FROM half" };
	store_rows rows = { 0 };

	assert_ok(store_migrate(s, TABLES, COUNT(TABLES)));              /* nothing is left to do */
	assert_err(ERR_STATE, store_migrate(s, TABLES, 2));
	assert_err(ERR_INTERNAL, store_migrate(s, broken, COUNT(broken)));
	assert_err(ERR_INTERNAL, store_query(&rows, s, &HALF, NULL, 0)); /* nothing of it stayed  */
	assert_ok(store_migrate(s, TABLES, COUNT(TABLES)));
}

static void a_url_is_never_repeated_with_its_password(void **state)
{
	(void)state;
	static const char *const bad[] = { "postgres://me:sesame@[/x", "host=x password='sesame", "mysql://me:sesame@x/y", "" };
	AUTO(store) *s = NULL;
	buf place = { 0 };

	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(store_open(&s, &(store_config){ .url = bad[i] }), ERR_REQUEST);
		assert_null(strstr(err_text(), "sesame"));
		err_clear();
	}
	assert_ok(store_place(&place, "postgres://me:sesame@db.example:7000/queue"));
	assert_string_equal(buf_str(&place), "postgres db.example:7000/queue");
	buf_free(&place);
	assert_ok(store_open(&s, &(store_config){ .url = "postgres://me:sesame@127.0.0.1:1/queue" }));
	int64_t now;
	assert_int_equal(store_now_ms(&now, s), ERR_IO);
	assert_null(strstr(err_text(), "sesame"));
	assert_int_equal(store_now_ms(&now, s), ERR_IO);                 /* at once: it was tried just now */
	assert_non_null(strstr(err_text(), "will be tried again"));
	err_clear();
}

static void a_file_of_a_database_is_its_owners_only(void **state)
{
	(void)state;
	const char *url = test_database(STORE_SQLITE);
	AUTO(store) *s = NULL;
	struct stat st;
	char wal[256];

	assert_ok(store_open(&s, &(store_config){ .url = url }));
	assert_ok(store_migrate(s, TABLES, COUNT(TABLES)));
	assert_int_equal(stat(url + 7, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(wal, sizeof wal, "%s-wal", url + 7);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* Who holds a lock that keeps others from the whole file; 0: nobody. */
static pid_t holder(const char *path)
{
	enum { SHARED_FIRST = 0x40000002, SHARED_BYTES = 510 };           /* of SQLite's file format */
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = SHARED_FIRST, .l_len = SHARED_BYTES };
	const int fd = open(path, O_RDWR);

	if (fd < 0 || fcntl(fd, F_GETLK, &l) != 0) return -1;
	close(fd);
	return l.l_type == F_UNLCK ? 0 : l.l_pid;
}

/* Or another process that looks at the database and goes would take itself for the last one, and remove the log with its commits. */
static void a_second_connection_leaves_the_first_its_locks(void **state)
{
	(void)state;
	const char *url = test_database(STORE_SQLITE);
	AUTO(store) *s = NULL, *t = NULL;
	int status = -1;

	assert_ok(store_open(&s, &(store_config){ .url = url }));
	assert_ok(store_migrate(s, TABLES, COUNT(TABLES)));
	assert_ok(store_open(&t, &(store_config){ .url = url }));
	assert_int_equal(count(t), 0);
	const pid_t other = fork();                                       /* locks are between processes */
	assert_true(other >= 0);
	if (other == 0) _exit(holder(url + 7) == getppid() ? 0 : 1);
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(status, 0);
}

/* ---- connections that break --------------------------------------------------------------------------------------- */

static void a_connection_that_was_cut_is_made_anew(void **state)
{
	(void)state;
	const char *url = test_database(STORE_POSTGRES);
	AUTO(store) *s = NULL;
	store_op op = { &NAME, (store_value[]){ store_text("a"), store_int(1) }, 2, 0 };

	assert_ok(store_open(&s, &(store_config){ .url = url }));
	assert_ok(store_migrate(s, TABLES, COUNT(TABLES)));
	assert_int_equal(count(s), 0);
	test_database_cut(url);
	assert_err(ERR_IO, store_batch(s, &op, 1, NULL));
	assert_ok(store_batch(s, &op, 1, NULL));                         /* at once, and prepared anew */
	assert_int_equal(count(s), 1);
}

/* Whatever fails, what is repeated until it is OK is done, and done once. */
static void what_fails_may_be_repeated(void **state)
{
	static const fault hows[] = { FAULT_REFUSED, FAULT_LOST_BEFORE, FAULT_LOST_AFTER, FAULT_LATE };
	const char *url = test_database(*dialect_of(state));
	faults f = faults_around(*dialect_of(state));
	AUTO(store) *s = NULL;
	int64_t expected = 0;
	char name[32];

	assert_ok(store_open(&s, &(store_config){ .url = url, .driver = &f.driver }));
	assert_ok(store_migrate(s, TABLES, COUNT(TABLES)));
	for (size_t h = 0; h < COUNT(hows); h++) {
		for (int at = 1; at <= 3; at++) {
			f.how = hows[h], f.fail_at = at;
			for (int i = 0; i < 3; i++) {
				snprintf(name, sizeof name, "%zu-%d-%d", h, at, i);
				store_op ops[] = { { &NAME, (store_value[]){ store_text(name), store_int(i) }, 2, 0 } };
				err e = store_batch(s, ops, 1, NULL);
				if (e != OK) {
					assert_int_equal(e, ERR_IO);
					e = store_batch(s, ops, 1, NULL);
					assert_int_equal(ops[0].changed, hows[h] == FAULT_LOST_AFTER ? 0 : 1);
				}
				assert_ok(e);
				expected++;
			}
			assert_int_equal(count(s), expected);
		}
	}
	assert_true(f.opened > 6);
}

static void a_database_that_is_away_is_not_asked_all_the_time(void **state)
{
	faults f = faults_around(*dialect_of(state));
	const char *url = test_database(*dialect_of(state));
	AUTO(store) *s = NULL;
	int64_t now;
	unsigned refused = 0;

	assert_ok(store_open(&s, &(store_config){ .url = url, .driver = &f.driver }));
	assert_ok(store_now_ms(&now, s));
	f.closed = true;
	store_rows rows = { 0 };
	for (; refused < 1000; refused++) {
		assert_int_equal(store_query(&rows, s, &COUNT_ALL, NULL, 0), ERR_IO);
		err_clear();
	}
	assert_true(f.calls < 10);
	assert_int_equal(f.opened, 1);
	assert_ok(store_now_ms(&now, s));                                /* which does not depend on it any more */
}

static void the_time_is_the_databases_or_the_tests(void **state)
{
	AUTO(store) *s = fresh(state);
	int64_t a, b;

	assert_ok(store_now_ms(&a, s));
	assert_ok(store_now_ms(&b, s));
	assert_true(b >= a && b - a < 60000);
	assert_true(llabs(a - clock_unix_ms(clock_system())) < 60000);   /* the server is on this machine */
}

/* A notification reaches whoever listens; that it is `ring` makes no other statement of it. */
static void statements_may_ring(void **state)
{
	AUTO(store) *s = fresh(state);
	store_op ops[] = { { &RING, (store_value[]){ store_text("somebody") }, 1, 0 } };
	assert_ok(store_batch(s, ops, 1, NULL));
}

static store_dialect SQLITE = STORE_SQLITE, POSTGRES = STORE_POSTGRES;
#define ON(f, d) { .name = #f ", on " #d, .test_func = f, .initial_state = &d }
#define BOTH(f) ON(f, SQLITE), ON(f, POSTGRES)

TESTS(
	BOTH(every_type_comes_back_as_it_was),
	BOTH(a_row_of_another_shape_refuses_itself),
	BOTH(a_batch_is_done_wholly_or_not_at_all),
	BOTH(a_value_that_no_column_takes_is_a_broken_row),
	BOTH(a_statement_with_many_rows_is_one_commit),
	BOTH(many_may_migrate_at_once),
	BOTH(writers_of_one_process_all_have_their_turns),
	BOTH(the_database_of_a_newer_program_is_refused),
	TEST(a_url_is_never_repeated_with_its_password),
	TEST(a_file_of_a_database_is_its_owners_only),
	TEST(a_second_connection_leaves_the_first_its_locks),
	TEST(a_connection_that_was_cut_is_made_anew),
	BOTH(what_fails_may_be_repeated),
	BOTH(a_database_that_is_away_is_not_asked_all_the_time),
	BOTH(the_time_is_the_databases_or_the_tests),
	BOTH(statements_may_ring))
