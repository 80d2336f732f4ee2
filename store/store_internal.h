/* SPDX-License-Identifier: MIT */
/*
 * store/store_internal.h -- what a driver offers to store.c, and to tests that put a driver of their own in between.
 *
 * A driver does what it is asked once: opening anew, back-off, turns of threads, and limits on what goes in are store.c's.
 */
#ifndef ARCA_STORE_STORE_INTERNAL_H
#define ARCA_STORE_STORE_INTERNAL_H

#include "store/store.h"

/* What rings a bell: whoever pulls it sets bits and makes fd readable. */
typedef struct bell_cord {
	const char *const *channel;
	unsigned n;
	_Atomic uint64_t bits;
	int fd;                              /* an eventfd */
} bell_cord;

/* How a database is opened, or-ed: as the members of store_config say. */
enum { STORE_LAZY = 1, STORE_AS_IS = 2 };

typedef struct store_driver store_driver;
struct store_driver {
	store_dialect dialect;
	const char   *begin_alone;           /* begins a transaction that excludes other such ones */

	err  (*open)(const store_driver *self, void **db, const char *url, unsigned how);
	void (*close)(void *db);
	/* After a failure: is the connection of no more use? */
	bool (*broken)(void *db);
	err  (*query)(void *db, store_rows *out, const store_sql *sql, const store_value *param, unsigned n);
	/* Requires: n > 0. */
	err  (*batch)(void *db, store_op *ops, size_t n, size_t *bad);
	/* Several statements, as they stand. */
	err  (*script)(void *db, const char *text);
	err  (*now_ms)(void *db, int64_t *out);

	/* ---- for bells ---- */
	err  (*listen)(void *db, const char *const *channel, unsigned n, bell_cord *cord);
	/* Waits until something may have rung, the cord was pulled or wait_ms passed (-1: for ever). */
	err  (*hear)(void *db, int64_t wait_ms);
};

extern const store_driver STORE_DRIVER_SQLITE, STORE_DRIVER_POSTGRES;
err store_driver_for(const store_driver **out, const store_config *config);

/* ---- what drivers share ---- */

void bell_pull(bell_cord *cord, uint64_t bits);
void bell_pull_channel(bell_cord *cord, const char *channel);
/* Waits for the cord, or for fd unless that is -1; true if fd has something. */
bool bell_poll(bell_cord *cord, int fd, int64_t wait_ms);

/* Wait before a connection is tried again. */
typedef struct store_backoff { int64_t delay_ms, next_ms; } store_backoff;
bool store_backoff_may(const store_backoff *b, int64_t now_ms);
void store_backoff_failed(store_backoff *b, int64_t now_ms);

/* Prepared statements of one connection, found by the address of their text. */
enum { STORE_STATEMENTS = 1024 };
typedef struct store_cache { const store_sql *sql[STORE_STATEMENTS]; void *prepared[STORE_STATEMENTS]; unsigned used; } store_cache;
void **store_cache_at(store_cache *c, const store_sql *sql);     /* *result is NULL the first time */

/* A list as one byte string, for databases without arrays: a count, then length and bytes of each; u32. */
void store_list_write(buf *out, store_list l);
bool store_list_read(store_list *out, arena *memory, slice bytes);

#endif
