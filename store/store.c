/* SPDX-License-Identifier: MIT */
/* store/store.c -- which driver, taking turns, opening anew what broke, and limits on what goes in. */
#include "store/store_internal.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/utf8.h"

enum { RETRY_FIRST_MS = 100, RETRY_MOST_MS = 5000, TIME_GOOD_MS = 60000 };

struct store {
	const store_driver *driver;
	const clock_source *clock;           /* NULL: the database's time */
	char *url;
	unsigned how;                        /* it is opened */
	pthread_mutex_t turn;
	void *db;                            /* NULL: not connected       */
	store_backoff backoff;
	buf   away;                          /* why it is not connected   */

	pthread_mutex_t time;                /* of what follows: the database's time when our clock of steady pace showed that */
	int64_t time_ms, time_steady_ms;
	bool    time_known;
};

/* ---- back-off, cache --------------------------------------------------------------------------------------------- */

bool store_backoff_may(const store_backoff *b, int64_t now_ms) { return b->delay_ms == 0 || now_ms >= b->next_ms; }

void store_backoff_failed(store_backoff *b, int64_t now_ms)
{
	b->delay_ms = b->delay_ms == 0 ? RETRY_FIRST_MS : 2 * b->delay_ms;
	if (b->delay_ms > RETRY_MOST_MS) b->delay_ms = RETRY_MOST_MS;
	b->next_ms = now_ms + b->delay_ms;
}

void **store_cache_at(store_cache *c, const store_sql *sql)
{
	size_t at = ((uintptr_t)sql / sizeof *sql) % STORE_STATEMENTS;

	while (c->sql[at] && c->sql[at] != sql) at = (at + 1) % STORE_STATEMENTS;
	if (!c->sql[at]) {
		ASSERT(c->used < STORE_STATEMENTS - 1);
		c->sql[at] = sql, c->used++;
	}
	return &c->prepared[at];
}

static const char *const DIALECT[STORE_DIALECTS] = { "sqlite", "postgres" };

const char *store_source_find(const store_source *sources, size_t n, const char *name, store_dialect d)
{
	const char *found = NULL;

	for (size_t i = 0; i < n; i++)
		if (strcmp(sources[i].name, name) == 0 && (!sources[i].dialect || strcmp(sources[i].dialect, DIALECT[d]) == 0))
			found = sources[i].text;
	ASSERT(found);
	return found;
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

err store_driver_for(const store_driver **out, const store_config *config)
{
	const char *url = config->url ? config->url : "";

	if (strlen(url) > MAX_STORE_URL) return err_fail(ERR_REQUEST, "database url: longer than %d bytes", MAX_STORE_URL);
	if (config->driver) *out = config->driver;
	else if (strncmp(url, "sqlite:", 7) == 0 && url[7]) *out = &STORE_DRIVER_SQLITE;
	else if (strncmp(url, "postgres://", 11) == 0 || strncmp(url, "postgresql://", 13) == 0 || strchr(url, '=')) *out = &STORE_DRIVER_POSTGRES;
	else return err_fail(ERR_REQUEST, "database url: it begins with neither sqlite: nor postgres://, and is no list of key=value either");
	return OK;
}

err store_open(store **out, const store_config *config)
{
	const store_driver *driver;
	buf place = { 0 };

	TRY(store_driver_for(&driver, config));
	TRY(store_place(&place, config->url));               /* it can be read */
	buf_free(&place);
	store *s = calloc(1, sizeof *s);
	if (!s || !(s->url = strdup(config->url))) {
		free(s);
		return err_fail(ERR_NOMEM, "no memory for a database");
	}
	s->driver = driver;
	s->clock = config->clock;
	s->how = (config->lazy ? STORE_LAZY : 0) | (config->as_is ? STORE_AS_IS : 0);
	pthread_mutex_init(&s->turn, NULL);
	pthread_mutex_init(&s->time, NULL);
	*out = s;
	return OK;
}

static void disconnect(store *s)
{
	if (s->db) s->driver->close(s->db);
	s->db = NULL;
}

void store_free(store **s)
{
	if (!s || !*s) return;
	disconnect(*s);
	wipe((*s)->url, strlen((*s)->url));
	free((*s)->url);
	buf_free(&(*s)->away);
	pthread_mutex_destroy(&(*s)->turn);
	pthread_mutex_destroy(&(*s)->time);
	free(*s);
	*s = NULL;
}

store_dialect store_dialect_of(const store *s) { return s->driver->dialect; }

/* ---- one turn ----------------------------------------------------------------------------------------------------- */

static err begin_turn(store *s)
{
	const int64_t now = clock_now_ms(clock_system());
	err e = OK;

	pthread_mutex_lock(&s->turn);
	if (s->db) return OK;
	if (!store_backoff_may(&s->backoff, now))
		e = err_fail(ERR_IO, "the database is away, and will be tried again in %lld ms; it said: %s", (long long)(s->backoff.next_ms - now),
		             buf_str(&s->away));
	else if ((e = s->driver->open(s->driver, &s->db, s->url, s->how)) != OK) {
		store_backoff_failed(&s->backoff, now);
		buf_clear(&s->away);
		buf_put_str(&s->away, err_text());
	}
	if (e != OK) pthread_mutex_unlock(&s->turn);
	return e;
}

/* A connection that breaks is made anew at once the first time, and after a wait when that does not help. */
static err end_turn(store *s, err e)
{
	if (e == OK) s->backoff = (store_backoff){ 0 };
	else if (s->driver->broken(s->db)) {
		buf_clear(&s->away);
		buf_put_str(&s->away, err_text());
		disconnect(s);
		if (s->backoff.delay_ms) store_backoff_failed(&s->backoff, clock_now_ms(clock_system()));
		else s->backoff.delay_ms = RETRY_FIRST_MS / 2;
	}
	pthread_mutex_unlock(&s->turn);
	return e;
}

/* ---- what goes in ------------------------------------------------------------------------------------------------- */

static err fits(const store_sql *sql, const store_value *v, unsigned i)
{
	size_t n = 0;

	if (v->type == STORE_BYTES || v->type == STORE_TEXT) n = v->bytes.n;
	if (v->type == STORE_LIST) {
		if (v->list.n > MAX_STORE_LIST)
			return err_fail(ERR_REQUEST, "%s: value %u: a list of %zu, more than %d", sql->name, i + 1, v->list.n, MAX_STORE_LIST);
		for (size_t k = 0; k < v->list.n; k++) n += 4 + v->list.item[k].n;
	}
	if (n > MAX_STORE_VALUE) return err_fail(ERR_REQUEST, "%s: value %u: %zu bytes, more than %d", sql->name, i + 1, n, MAX_STORE_VALUE);
	if (v->type == STORE_TEXT && (memchr(v->bytes.p, 0, v->bytes.n) || !utf8_ok(v->bytes)))
		return err_fail(ERR_REQUEST, "%s: value %u: is no text", sql->name, i + 1);
	return OK;
}

static err all_fit(const store_sql *sql, const store_value *param, unsigned n)
{
	ASSERT(n <= MAX_STORE_PARAMS);
	for (unsigned i = 0; i < n; i++) TRY(fits(sql, &param[i], i));
	return OK;
}

err store_query(store_rows *out, store *s, const store_sql *sql, const store_value *params, unsigned n)
{
	TRY(all_fit(sql, params, n));
	TRY(begin_turn(s));
	out->memory = arena_with_limit(MAX_STORE_RESULT);
	err e = s->driver->query(s->db, out, sql, params, n);
	if (e != OK) store_rows_free(out);
	return end_turn(s, e);
}

err store_batch(store *s, store_op *ops, size_t n, size_t *bad)
{
	size_t where = 0;
	err e = OK;

	ASSERT(n <= MAX_STORE_BATCH);
	if (n == 0) return OK;
	for (size_t i = 0; i < n && e == OK; i++) e = all_fit(ops[i].sql, ops[i].param, ops[i].params), where = i;
	if (e == OK) {
		TRY(begin_turn(s));
		e = end_turn(s, s->driver->batch(s->db, ops, n, &where));
	}
	if (e != OK && bad) *bad = where;
	return e;
}

err store_exec_many(store *s, const store_sql *sql, const store_value *params, unsigned per_row, size_t rows, size_t *bad)
{
	store_op *ops = calloc(rows ? rows : 1, sizeof *ops);

	if (!ops) return err_fail(ERR_NOMEM, "no memory for %zu rows", rows);
	for (size_t i = 0; i < rows; i++) ops[i] = (store_op){ .sql = sql, .param = params + i * per_row, .params = per_row };
	err e = store_batch(s, ops, rows, bad);
	free(ops);
	return e;
}

/* ---- time --------------------------------------------------------------------------------------------------------- */

err store_now_ms(int64_t *out, store *s)
{
	const int64_t steady = clock_now_ms(clock_system());
	int64_t now;

	if (s->clock) {
		*out = clock_unix_ms(s->clock);
		return OK;
	}
	pthread_mutex_lock(&s->time);
	const int64_t age = steady - s->time_steady_ms, guess = s->time_ms + age;
	const bool known = s->time_known;
	pthread_mutex_unlock(&s->time);
	if (!known || age > TIME_GOOD_MS) {
		err e = begin_turn(s);
		if (e == OK) e = end_turn(s, s->driver->now_ms(s->db, &now));
		if (e == OK) {
			pthread_mutex_lock(&s->time);
			s->time_ms = *out = now, s->time_steady_ms = steady, s->time_known = true;
			pthread_mutex_unlock(&s->time);
			return OK;
		}
		if (!known) return e;
		err_clear();                                 /* the pace of our clock is good enough while it is away */
	}
	*out = guess;
	return OK;
}

/* ---- migrations --------------------------------------------------------------------------------------------------- */

static const store_sql THERE[STORE_DIALECTS] = {
	[STORE_SQLITE] = { "migrations there", "SELECT count(*) FROM sqlite_master WHERE name = 'schema_migrations'" },
	[STORE_POSTGRES] = { "migrations there", "SELECT count(*) FROM (SELECT to_regclass('schema_migrations') AS t) AS s WHERE t IS NOT NULL" },
};
static const store_sql APPLIED = { "migrations", "SELECT coalesce(max(number), 0) FROM schema_migrations" };
static const store_sql APPLY = { "migration", "INSERT INTO schema_migrations (number, name) VALUES ($1, $2)" };

static err ask_number(int64_t *out, store *s, const store_sql *sql)
{
	store_rows rows = { .memory = arena_with_limit(1 << 16) };

	TRY(s->driver->query(s->db, &rows, sql, NULL, 0));
	store_row row = store_row_of(&rows, 0);
	*out = row_int(&row);
	store_rows_free(&rows);
	return OK;
}

static err newer(int64_t have, int64_t last)
{
	return err_fail(ERR_STATE, "the database has migration %lld, and this program knows %lld: it is of a newer arca", (long long)have, (long long)last);
}

/* Where nothing is missing nothing is written: a standby may be looked at. */
static err apply_missing(store *s, const store_migration *m, size_t n)
{
	const char *dialect = DIALECT[s->driver->dialect];
	int64_t there = 0, have = 0, last = 0;

	TRY(ask_number(&there, s, &THERE[s->driver->dialect]));
	if (!there) TRY(s->driver->script(s->db, "CREATE TABLE schema_migrations (number bigint PRIMARY KEY, name text NOT NULL)"));
	TRY(ask_number(&have, s, &APPLIED));
	for (size_t i = 0; i < n; i++) {
		if (strcmp(m[i].dialect, dialect) != 0) continue;
		last = m[i].number;
		if (last <= have) continue;
		err e = s->driver->script(s->db, m[i].text);
		if (e != OK) {
			if (!there) err_context("the tables cannot be made; is this an empty database, and ours? ");
			err_context("migration %lld (%s): ", (long long)last, m[i].name);
			return e;
		}
		store_rows none = { .memory = arena_with_limit(1 << 16) };
		TRY(s->driver->query(s->db, &none, &APPLY, (store_value[]){ store_int(last), store_text(m[i].name) }, 2));
		store_rows_free(&none);
	}
	return have > last ? newer(have, last) : OK;
}

err store_migrate(store *s, const store_migration *m, size_t n)
{
	TRY(begin_turn(s));
	err e = s->driver->script(s->db, s->driver->begin_alone);
	if (e == OK && (e = apply_missing(s, m, n)) == OK) e = s->driver->script(s->db, "COMMIT");
	if (e != OK) disconnect(s);                      /* which rolls back, and keeps the sentence */
	else return end_turn(s, OK);
	pthread_mutex_unlock(&s->turn);
	return e;
}

static err compare(store *s, const store_migration *m, size_t n)
{
	const char *dialect = DIALECT[s->driver->dialect];
	int64_t there = 0, have = 0, last = 0;

	for (size_t i = 0; i < n; i++)
		if (strcmp(m[i].dialect, dialect) == 0) last = m[i].number;
	TRY(ask_number(&there, s, &THERE[s->driver->dialect]));
	if (!there) return err_fail(ERR_NOT_FOUND, "the database has no tables of arca");
	TRY(ask_number(&have, s, &APPLIED));
	if (have > last) return newer(have, last);
	return have == last ? OK : err_fail(ERR_STATE, "the database has migration %lld, and this program wants %lld: it is of an older arca; what uses it "
	                                    "brings it up to date when it starts with this version",
	                                    (long long)have, (long long)last);
}

err store_migrated(store *s, const store_migration *m, size_t n)
{
	TRY(begin_turn(s));
	return end_turn(s, compare(s, m, n));
}
