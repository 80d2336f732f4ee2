/* SPDX-License-Identifier: MIT */
/*
 * tests/vault/far_memory.h -- a far store in memory that child processes share, and that harms on demand.
 *
 * Operations are counted.  Number harm_at (from 1), and with `lasting` every later one, is harmed: HARM_BEFORE fails and does nothing,
 * HARM_AFTER does it and fails, HARM_CUT gives half of the bytes and fails, HARM_DIE_BEFORE and HARM_DIE_AFTER end the process.
 */
#ifndef ARCA_TESTS_VAULT_FAR_MEMORY_H
#define ARCA_TESTS_VAULT_FAR_MEMORY_H

#include <sys/mman.h>
#include <unistd.h>
#include "base/clock.h"
#include "tests/test.h"
#include "vault/far.h"

enum { MEMORY_OBJECTS = 48, MEMORY_BYTES = 8 << 10 };

typedef enum harm { HARM_NONE, HARM_BEFORE, HARM_AFTER, HARM_CUT, HARM_DIE_BEFORE, HARM_DIE_AFTER } harm;
typedef enum conditions { CONDITIONS_KEPT, CONDITIONS_IGNORED, CONDITIONS_UNKNOWN } conditions;

typedef struct memory_object { bool there; char name[FAR_NAME]; size_t n; unsigned version; uint8_t bytes[MEMORY_BYTES]; } memory_object;

typedef struct memory {
	memory_object object[MEMORY_OBJECTS];
	unsigned versions, operations, harm_at;
	bool lasting;
	harm how;
	conditions conditions;
	int64_t date_s, now_ms;                            /* the store's clock and that of its users */
	int64_t slept_ms;                                  /* for so long the latter stood still, as a machine's that sleeps */
} memory;

static inline memory *memory_new(void)
{
	memory *m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(m != MAP_FAILED);
	m->date_s = 1700000000, m->now_ms = 1000;
	return m;
}

static inline void memory_free(memory *m) { munmap(m, sizeof *m); }

static inline void memory_harm(memory *m, unsigned at, harm how, bool lasting)
{
	m->operations = 0, m->harm_at = at, m->how = how, m->lasting = lasting;
}

static inline memory_object *memory_find(memory *m, const char *name)
{
	for (size_t i = 0; i < MEMORY_OBJECTS; i++)
		if (m->object[i].there && !strcmp(m->object[i].name, name)) return &m->object[i];
	return NULL;
}

static inline unsigned memory_count(const memory *m)
{
	unsigned n = 0;
	for (size_t i = 0; i < MEMORY_OBJECTS; i++) n += m->object[i].there;
	return n;
}

/* What happens to this operation. */
static inline harm memory_begin(memory *m)
{
	m->operations++;
	const harm h = m->harm_at && (m->operations == m->harm_at || (m->lasting && m->operations > m->harm_at)) ? m->how : HARM_NONE;
	if (h == HARM_DIE_BEFORE) _exit(0);
	return h;
}

static inline err memory_end(harm h, err e)
{
	if (h == HARM_DIE_AFTER) _exit(0);
	if (h == HARM_NONE) return e;
	err_clear();
	return err_fail(ERR_IO, "the store was told to fail");
}

static inline void memory_stamp(const memory *m, far_stamp *stamp, const memory_object *o)
{
	if (!stamp) return;
	*stamp = (far_stamp){ .date_s = m->date_s };
	if (o) snprintf(stamp->tag, sizeof stamp->tag, "\"v%u\"", o->version);
}

static inline err memory_none(const char *name) { return err_fail(ERR_NOT_FOUND, "there is no %s", name); }

static inline err memory_get(void *ctx, buf *out, far_stamp *stamp, const char *name, size_t max)
{
	memory *m = ctx;
	const harm h = memory_begin(m);
	const memory_object *o = memory_find(m, name);

	if (h != HARM_NONE) return memory_end(h, OK);
	memory_stamp(m, stamp, o);
	if (!o) return memory_none(name);
	if (o->n > max) return err_fail(ERR_REQUEST, "%s is too long", name);
	buf_put(out, o->bytes, o->n);
	return OK;
}

static inline err memory_size(void *ctx, uint64_t *out, const char *name)
{
	const harm h = memory_begin(ctx);
	const memory_object *o = memory_find(ctx, name);

	if (h != HARM_NONE) return memory_end(h, OK);
	if (!o) return memory_none(name);
	*out = o->n;
	return OK;
}

static inline err memory_get_into(void *ctx, uint8_t *room, size_t n, const char *name)
{
	const harm h = memory_begin(ctx);
	const memory_object *o = memory_find(ctx, name);

	if (o && h != HARM_BEFORE) memcpy(room, o->bytes, size_min(n, h == HARM_NONE ? o->n : o->n / 2));
	if (h != HARM_NONE) return memory_end(h, OK);
	if (!o) return memory_none(name);
	return o->n == n ? OK : err_fail(ERR_IO, "%s has another length", name);
}

static inline err memory_put(void *ctx, far_stamp *stamp, const char *name, slice bytes, far_condition condition, const char *same)
{
	memory *m = ctx;
	const harm h = memory_begin(m);
	memory_object *o = memory_find(m, name);
	far_stamp have;

	if (h == HARM_BEFORE || h == HARM_CUT) return memory_end(h, OK);
	if (m->conditions == CONDITIONS_UNKNOWN) return err_fail(ERR_UNSUPPORTED, "no conditions");
	memory_stamp(m, &have, o);
	const bool met = condition == FAR_IF_NONE ? !o : o && !strcmp(have.tag, same);
	if (!met && m->conditions == CONDITIONS_KEPT) return memory_end(h, err_fail(ERR_EXISTS, "%s is there", name));
	for (size_t i = 0; !o; i++) {
		ASSERT(i < MEMORY_OBJECTS);
		if (!m->object[i].there) o = &m->object[i];
	}
	ASSERT(bytes.n <= MEMORY_BYTES);
	o->there = true, o->n = bytes.n, o->version = ++m->versions;
	snprintf(o->name, sizeof o->name, "%s", name);
	if (bytes.n) memcpy(o->bytes, bytes.p, bytes.n);
	memory_stamp(m, stamp, o);
	return memory_end(h, OK);
}

static inline err memory_remove(void *ctx, const char *name)
{
	const harm h = memory_begin(ctx);
	memory_object *o = memory_find(ctx, name);

	if (o && h != HARM_BEFORE && h != HARM_CUT) o->there = false;
	return memory_end(h, OK);
}

static inline err memory_list(void *ctx, bool (*each)(void *arg, const char *name, uint64_t size), void *arg)
{
	memory *m = ctx;
	const harm h = memory_begin(m);

	for (size_t i = 0; i < MEMORY_OBJECTS; i++) {
		if (!m->object[i].there) continue;
		if (h != HARM_NONE && i > MEMORY_OBJECTS / 2) break;
		if (!each(arg, m->object[i].name, m->object[i].n)) return err_fail(ERR_REQUEST, "stopped");
	}
	return memory_end(h, OK);
}

static inline far_store memory_store(memory *m)
{
	return (far_store){ .ctx = m, .where = "memory", .get = memory_get, .size = memory_size, .get_into = memory_get_into, .put = memory_put,
	                    .remove = memory_remove, .list = memory_list };
}

static inline int64_t memory_now_ms(void *ctx) { return ((memory *)ctx)->now_ms; }
static inline int64_t memory_unix_ms(void *ctx) { return 1234567890123 + ((memory *)ctx)->now_ms + ((memory *)ctx)->slept_ms; }      /* not the store's */
static inline clock_source memory_clock(memory *m) { return (clock_source){ m, memory_now_ms, memory_unix_ms }; }
static inline void memory_pass(memory *m, int64_t s) { m->date_s += s, m->now_ms += 1000 * s; }

#endif
