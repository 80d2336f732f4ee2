/* SPDX-License-Identifier: MIT */
/* share/prss_ledger.c -- every input of a pseudo-random function that was evaluated, and what for: a growing hash table. */
#include "share/prss_state.h"

#ifdef ARCA_CHECKS
#include <pthread.h>
#include <stdlib.h>

/* Compared as bytes: no padding. */
typedef struct input {
	uint64_t party_and_keys, ctr;
	uint32_t domain, width;
	uint8_t  sid[32];
} input;

typedef struct entry {
	input    in;
	unsigned drawn, published, masks;
} entry;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool     kept;
static entry   *table;                       /* room is a power of two; free places have all counts 0 */
static size_t   room, used, reused;

static entry *place_of(entry *in_table, size_t places, const input *in)
{
	uint64_t h = 0;

	for (size_t i = 0; i < sizeof *in; i += 8) h = (h ^ load64((const uint8_t *)in + i)) * 0x9e3779b97f4a7c15, h ^= h >> 29;
	for (;; h++) {
		entry *e = &in_table[h & (places - 1)];
		if (!(e->drawn | e->published | e->masks) || memcmp(&e->in, in, sizeof *in) == 0) return e;
	}
}

static void grow(void)
{
	const size_t places = room ? 2 * room : 1024;
	entry *bigger = calloc(places, sizeof *bigger);

	ASSERT(bigger);
	for (size_t i = 0; i < room; i++)
		if (table[i].drawn | table[i].published | table[i].masks) *place_of(bigger, places, &table[i].in) = table[i];
	free(table);
	table = bigger, room = places;
}

uint64_t prss_ledger_id(party me, const id32 *epoch, const uint8_t (*r)[PRSS_KEY], unsigned held)
{
	uint8_t id[8];
	xof x = xof_shake256();

	xof_absorb(&x, slice_str("ARCA ledger"));
	xof_absorb_u64(&x, me);
	xof_absorb(&x, id_slice(epoch));
	xof_absorb(&x, slice_of(r, (size_t)held * PRSS_KEY));
	xof_squeeze(&x, id, sizeof id);
	wipe(&x, sizeof x);
	return load64(id);
}

void prss_ledger_note(const prss *p, slice sid, prss_domain domain, unsigned width, uint64_t ctr, ledger_use use)
{
	input in = { .party_and_keys = p->ledger_id, .ctr = ctr, .domain = domain, .width = width };

	ASSERT(sid.n <= sizeof in.sid);
	memcpy(in.sid, sid.p, sid.n);
	pthread_mutex_lock(&lock);
	if (kept) {
		if (4 * used >= 3 * room) grow();
		entry *e = place_of(table, room, &in);
		used += !(e->drawn | e->published | e->masks);
		e->in = in;
		reused += use == LEDGER_DRAWN && (e->drawn || e->published);
		e->drawn += use == LEDGER_DRAWN, e->published += use == LEDGER_PUBLISHED, e->masks += use == LEDGER_MASK;
	}
	pthread_mutex_unlock(&lock);
}

void prss_ledger_reset(void)
{
	pthread_mutex_lock(&lock);
	free(table);
	table = NULL, room = used = reused = 0, kept = true;
	pthread_mutex_unlock(&lock);
}

size_t prss_ledger_count(void)
{
	pthread_mutex_lock(&lock);
	const size_t n = used;
	pthread_mutex_unlock(&lock);
	return n;
}

size_t prss_ledger_reused(void)
{
	pthread_mutex_lock(&lock);
	const size_t n = reused;
	pthread_mutex_unlock(&lock);
	return n;
}
#endif
