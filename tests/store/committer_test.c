/* SPDX-License-Identifier: MIT */
/* tests/store/committer_test.c -- many small transactions in few commits, each of them whole, none lost while the database is away. */
#include "store/committer.h"
#include "tests/store/databases.h"
#include "tests/store/faults.h"

#include <pthread.h>

#include "tests/test.h"

static const store_migration TABLES[] = {
	{ 1, "sqlite", "first", "CREATE TABLE thing (n integer PRIMARY KEY CHECK (n < 10000), text text);" },
	{ 1, "postgres", "first", "CREATE TABLE thing (n bigint PRIMARY KEY CHECK (n < 10000), text text);" },
};
static const store_sql PUT = { "put", "INSERT INTO thing (n, text) VALUES ($1, $2) ON CONFLICT DO NOTHING" };
static const store_sql COUNT_ALL = { "count", "SELECT count(*), count(text) FROM thing" };

/* What the callbacks saw. */
typedef struct seen {
	pthread_mutex_t lock;
	pthread_cond_t  more;
	size_t  done, refused, cancelled;
	size_t  bad;
	int64_t changed;
	bool    in_order;
	size_t  next;
} seen;
typedef struct one { seen *all; size_t n; } one;

static void on_done(void *ctx, err e, size_t bad, const int64_t *changed, size_t n)
{
	const one *o = ctx;
	seen *s = o->all;

	pthread_mutex_lock(&s->lock);
	s->done++;
	if (e == OK) {
		for (size_t i = 0; i < n; i++) s->changed += changed[i];
		if (o->n < s->next) s->in_order = false;
		s->next = o->n;
	}
	if (e == ERR_REQUEST) s->refused++, s->bad = bad;
	if (e == ERR_CANCELLED) s->cancelled++;
	if (e != OK && !err_text()[0]) s->in_order = false;
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
}

static void wait_for(seen *s, size_t done)
{
	pthread_mutex_lock(&s->lock);
	while (s->done < done) pthread_cond_wait(&s->more, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

typedef struct world { faults f; const char *url; store *db; store_committer *c; seen s; one each[1000]; } world;

static world *begin(void **state)
{
	static world w;
	const store_dialect d = *(const store_dialect *)*state;

	memset(&w, 0, sizeof w);
	w.f = faults_around(d), w.url = test_database(d), w.s.in_order = true;
	pthread_mutex_init(&w.s.lock, NULL);
	pthread_cond_init(&w.s.more, NULL);
	for (size_t i = 0; i < COUNT(w.each); i++) w.each[i] = (one){ &w.s, i };
	assert_ok(store_open(&w.db, &(store_config){ .url = w.url }));
	assert_ok(store_migrate(w.db, TABLES, COUNT(TABLES)));
	assert_ok(store_committer_new(&w.c, &(store_config){ .url = w.url, .driver = &w.f.driver }));
	return &w;
}

static void end(world *w)
{
	store_committer_free(&w->c);
	store_free(&w->db);
	pthread_mutex_destroy(&w->s.lock);
	pthread_cond_destroy(&w->s.more);
}

/* Group i puts one row, and a second one that the committer must have copied: the text lives on this stack. */
static err submit(world *w, size_t i, int64_t n)
{
	char text[32];
	snprintf(text, sizeof text, "row %zu", i);
	const store_value a[] = { store_int(n), store_text(text) }, b[] = { store_int(-n - 1), store_null() };
	store_op ops[] = { { &PUT, a, 2, 0 }, { &PUT, b, 2, 0 } };
	return store_committer_submit(w->c, ops, 2, on_done, &w->each[i]);
}

static void assert_rows(world *w, int64_t n, int64_t texts)
{
	store_rows rows = { 0 };
	assert_ok(store_query(&rows, w->db, &COUNT_ALL, NULL, 0));
	store_row r = store_row_of(&rows, 0);
	assert_int_equal(row_int(&r), n);
	assert_int_equal(row_int(&r), texts);
	store_rows_free(&rows);
}

static void small_groups_share_commits(void **state)
{
	world *w = begin(state);

	assert_false(store_committer_behind(w->c));
	w->f.closed = true;                                      /* so that all wait when it begins */
	for (size_t i = 0; i < 1000; i++) assert_ok(submit(w, i, (int64_t)i));
	assert_int_equal(store_committer_waiting(w->c), 1000);
	UNTIL(store_committer_behind(w->c));
	w->f.closed = false;
	wait_for(&w->s, 1000);
	assert_false(store_committer_behind(w->c));
	assert_int_equal(w->s.changed, 2000);
	assert_true(w->s.in_order);
	assert_true(w->f.calls < 20);
	assert_rows(w, 2000, 1000);
	end(w);
}

static void a_group_that_is_refused_does_not_hold_up_the_others(void **state)
{
	world *w = begin(state);

	w->f.closed = true;                                      /* so that all are of one commit */
	for (size_t i = 0; i < 50; i++) assert_ok(submit(w, i, i == 20 || i == 30 ? 10000 : (int64_t)i));
	w->f.closed = false;
	wait_for(&w->s, 50);
	assert_int_equal(w->s.refused, 2);
	assert_int_equal(w->s.bad, 0);
	assert_int_equal(w->s.changed, 96);
	assert_true(w->s.in_order);
	assert_rows(w, 96, 48);
	end(w);
}

static void nothing_is_lost_while_the_database_is_away(void **state)
{
	static const fault hows[] = { FAULT_REFUSED, FAULT_LOST_BEFORE, FAULT_LOST_AFTER, FAULT_LATE };
	world *w = begin(state);

	for (size_t h = 0; h < COUNT(hows); h++) {
		w->f.how = hows[h], w->f.fail_at = 1;
		for (size_t i = 10 * h; i < 10 * h + 10; i++) assert_ok(submit(w, i, (int64_t)i));
		wait_for(&w->s, 10 * h + 10);
	}
	assert_int_equal(w->s.refused + w->s.cancelled, 0);
	assert_rows(w, 80, 40);
	end(w);
}

static void what_could_not_be_committed_is_told_so_at_the_end(void **state)
{
	world *w = begin(state);

	w->f.closed = true;
	for (size_t i = 0; i < 20; i++) assert_ok(submit(w, i, (int64_t)i));
	store_committer_free(&w->c);
	assert_int_equal(w->s.done, 20);
	assert_int_equal(w->s.cancelled, 20);
	assert_rows(w, 0, 0);
	end(w);
}

static void what_waits_at_the_end_is_committed(void **state)
{
	world *w = begin(state);

	for (size_t i = 0; i < 300; i++) assert_ok(submit(w, i, (int64_t)i));
	store_committer_free(&w->c);
	assert_int_equal(w->s.done, 300);
	assert_int_equal(w->s.cancelled, 0);
	assert_rows(w, 600, 300);
	end(w);
}

static void no_more_wait_than_may(void **state)
{
	world *w = begin(state);
	err e = OK;
	size_t n = 0;

	w->f.closed = true;
	for (; n <= COMMITTER_WAITING && e == OK; n++) e = submit(w, 0, 1);
	assert_err(ERR_EXHAUSTED, e);
	assert_int_equal(n, COMMITTER_WAITING + 1);
	end(w);
	assert_int_equal(w->s.done, COMMITTER_WAITING);
}

static store_dialect SQLITE = STORE_SQLITE, POSTGRES = STORE_POSTGRES;
#define ON(f, d) { .name = #f ", on " #d, .test_func = f, .initial_state = &d }
#define BOTH(f) ON(f, SQLITE), ON(f, POSTGRES)

TESTS(
	BOTH(small_groups_share_commits),
	BOTH(a_group_that_is_refused_does_not_hold_up_the_others),
	BOTH(nothing_is_lost_while_the_database_is_away),
	BOTH(what_could_not_be_committed_is_told_so_at_the_end),
	BOTH(what_waits_at_the_end_is_committed),
	ON(no_more_wait_than_may, SQLITE))
