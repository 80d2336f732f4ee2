/* SPDX-License-Identifier: MIT */
/* tests/store/faults.c -- see faults.h. */
#include "tests/store/faults.h"

#include <stdlib.h>
#include <unistd.h>

typedef struct faulty { faults *f; void *db; bool lost; } faulty;

static err lost(faulty *x)
{
	x->lost = true;
	return err_fail(ERR_IO, "the connection was cut by the test");
}

/* What happens before the call; *after: what does behind it. */
static err before(faulty *x, bool *after)
{
	faults *f = x->f;

	atomic_fetch_add(&f->calls, 1);
	*after = false;
	while (atomic_load(&f->hangs)) usleep(1000);
	if (atomic_load(&f->closed)) return lost(x);
	if (atomic_load(&f->fail_at) <= 0 || atomic_fetch_sub(&f->fail_at, 1) != 1) return OK;
	switch (f->how) {
	case FAULT_REFUSED:     return err_fail(ERR_IO, "refused by the test");
	case FAULT_LOST_BEFORE: return lost(x);
	case FAULT_LOST_AFTER:  *after = true; break;
	case FAULT_LATE:        usleep(20000); break;
	case FAULT_NONE:        break;
	}
	return OK;
}

static err open_faulty(const store_driver *self, void **db, const char *url, unsigned how)
{
	faults *f = (faults *)(uintptr_t)self;
	faulty *x = calloc(1, sizeof *x);

	ASSERT(x);
	x->f = f;
	err e = atomic_load(&f->closed) ? err_fail(ERR_IO, "closed by the test") : f->real->open(f->real, &x->db, url, how);
	if (e != OK) {
		free(x);
		return e;
	}
	atomic_fetch_add(&f->opened, 1);
	*db = x;
	return OK;
}

static void close_faulty(void *db)
{
	faulty *x = db;
	x->f->real->close(x->db);
	free(x);
}

static bool broken(void *db)
{
	faulty *x = db;
	return x->lost || x->f->real->broken(x->db);
}

static err query(void *db, store_rows *out, const store_sql *sql, const store_value *param, unsigned n)
{
	faulty *x = db;
	bool after;

	TRY(before(x, &after));
	TRY(x->f->real->query(x->db, out, sql, param, n));
	return after ? lost(x) : OK;
}

static err batch(void *db, store_op *ops, size_t n, size_t *bad)
{
	faulty *x = db;
	bool after;

	TRY(before(x, &after));
	TRY(x->f->real->batch(x->db, ops, n, bad));
	return after ? lost(x) : OK;
}

static err script(void *db, const char *text)
{
	faulty *x = db;
	bool after;

	TRY(before(x, &after));
	TRY(x->f->real->script(x->db, text));
	return after ? lost(x) : OK;
}

static err now_ms(void *db, int64_t *out)
{
	faulty *x = db;
	bool after;

	TRY(before(x, &after));
	return x->f->real->now_ms(x->db, out);
}

static err listen_faulty(void *db, const char *const *channel, unsigned n, bell_cord *cord)
{
	faulty *x = db;
	return x->f->real->listen(x->db, channel, n, cord);
}

static err hear(void *db, int64_t wait_ms)
{
	faulty *x = db;
	return x->f->real->hear(x->db, wait_ms);
}

faults faults_around(store_dialect d)
{
	const store_driver *real = d == STORE_SQLITE ? &STORE_DRIVER_SQLITE : &STORE_DRIVER_POSTGRES;
	store_driver driver = *real;

	driver.open = open_faulty, driver.close = close_faulty, driver.broken = broken, driver.query = query, driver.batch = batch;
	driver.script = script, driver.now_ms = now_ms, driver.listen = listen_faulty, driver.hear = hear;
	return (faults){ .driver = driver, .real = real };
}
