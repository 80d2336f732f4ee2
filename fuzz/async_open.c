/* SPDX-License-Identifier: MIT */
/*
 * Messages of a peer to a party with two openings, between turns of the clock: whatever comes, no value comes out that
 * fewer than 2t + 1 parties can have sent, and quotas hold.  Of the input, byte 0 of each piece says: its length, 0 for a turn.
 */
#include "fuzz/fuzz.h"
#include "fuzz/sevens.h"
#include "mpc/async_open.h"

enum { EARLY = 8, EARLY_BYTES = 20000, ANSWERS = 6, MOST_PIECES = 64 };

static void on_send(void *ctx, party_set to, slice record) { (void)ctx; ASSERT(to && record.n >= 33); }
static void on_done(void *ctx, const hash32 *h, const u128 *secret, uint32_t elements, party_set wrong)
{
	(void)ctx, (void)h, (void)secret, (void)elements, (void)wrong;
	ASSERT(false);                               /* two parties of four cannot make a third believe anything */
}
static void on_suspect(void *ctx, party who, open_suspicion why, const hash32 *h) { (void)ctx, (void)why, (void)h; ASSERT(who == 2); }
static void on_stuck(void *ctx, const hash32 *h, party_set without) { (void)ctx, (void)h, (void)without; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const open_limits limits = { .openings = 2, .early = EARLY, .early_bytes = EARLY_BYTES, .late = 1, .kept = 1, .kept_bytes = 1000,
	                             .answers = ANSWERS, .early_ms = 100, .pull_ms = 30, .late_ms = 50 };
	const open_hooks hooks = { NULL, on_send, on_done, on_suspect, on_stuck };
	static const uint8_t mine[2 * 64];
	async_open *o;
	reader r = reader_of(slice_of(data, size));
	int64_t now = 0;

	ASSERT(async_open_new(&o, 4, 1, 4, 1, &limits, &hooks, &SEVENS, now) == OK);
	ASSERT(async_open_begin(o, &(hash32){ { 1 } }, slice_of(mine, 64), false) == OPEN_BEGUN);
	ASSERT(async_open_begin(o, &(hash32){ { 2 } }, slice_of(mine, 128), true) == OPEN_BEGUN);
	for (unsigned pieces = 0; pieces < MOST_PIECES && read_left(&r); pieces++) {
		const size_t n = size_min(4 * (size_t)read_u8(&r), read_left(&r));
		if (n) async_open_message(o, 2, read_bytes(&r, n));
		else   async_open_turn(o, now += 10);
		const open_counts c = async_open_counts(o);
		ASSERT(c.early <= EARLY && c.open == 2 && c.gone <= (uint64_t)(now / 30 + 1) * ANSWERS);
	}
	async_open_free(&o);
	return 0;
}
