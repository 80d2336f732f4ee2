/* SPDX-License-Identifier: MIT */
/*
 * What a peer may say on a link, in either role.  The first byte chooses ours and how willing we are.  Whatever it says:
 * no more than the window and one frame is held of a lane, places never go back, and what we send consists of records.
 */
#include "fuzz/fuzz.h"
#include "rpc/link_inflow.h"
#include "rpc/link_outflow.h"

enum { DIALLED = 1, UNWILLING = 2, WINDOW = 40000, FRAMES = 40 };

static unsigned taken;

static bool take(void *ctx, links_lane lane, slice frame)
{
	const uint8_t *how = ctx;
	uint8_t sum = 0;
	ASSERT(frame.n <= link_frame_max(lane));
	for (size_t i = 0; i < frame.n; i++) sum ^= frame.p[i];        /* all of it can be read */
	taken++;
	return !(*how & UNWILLING) || (taken + sum) % 3 == 0;
}

/* We accepted: pieces come in. */
static void accepting(slice said, uint8_t how)
{
	link_taker taker = { take, &how };
	link_inflow in[LINKS_LANES];
	link_record r;
	const char *why = NULL;

	for (links_lane i = 0; i < LINKS_LANES; i++) link_inflow_init(&in[i], i, WINDOW);
	for (; !why && link_record_read(&r, said) == LINK_READ; said.p += r.size, said.n -= r.size) {
		ASSERT(r.size <= said.n && r.size >= LINK_HEADER && r.size <= LINK_RECORD_MAX);
		link_inflow *f = &in[r.kind == LINK_PIECE ? r.lane : LINKS_URGENT];
		uint64_t before = f->at;
		if (r.kind == LINK_HELLO && r.at[0] < UINT64_MAX / 4) link_inflow_begin(f, r.at[0]);
		if (r.kind == LINK_PIECE) {
			why = link_inflow_piece(f, &r, &taker);
			ASSERT(f->at == before + (why ? 0 : r.size));
		}
		if (r.kind == LINK_PING) link_inflow_offer(f, &taker);
		uint64_t until = link_inflow_until(f);
		ASSERT(until >= f->until && until >= f->at && until <= f->at + WINDOW);
		f->until = until;
		ASSERT(f->held <= WINDOW + link_frame_max(f->lane) + LINK_RECORD_MAX);
		ASSERT(!f->open || f->got < f->open->n);
	}
	for (links_lane i = 0; i < LINKS_LANES; i++) link_inflow_free(&in[i]);
}

/* We dialled: places come in while frames go out. */
static void dialling(slice said)
{
	static const uint8_t frame[50000];
	link_outflow out;
	link_record r;
	unsigned frames = 0;

	link_outflow_init(&out, LINKS_BULK);
	for (; link_record_read(&r, said) == LINK_READ; said.p += r.size, said.n -= r.size) {
		const slice body = slice_of(frame, r.token % sizeof frame);
		if (frames++ < FRAMES) ASSERT(link_outflow_add(&out, (slice){ 0 }, body) == OK);
		uint64_t acked = out.acked;
		bool ok = r.kind == LINK_WELCOME ? link_outflow_resume(&out, r.at[0])
		        : r.kind == LINK_ACK ? link_outflow_ack(&out, r.at[0]) : true;
		if (ok && (r.kind == LINK_WELCOME || r.kind == LINK_ACK)) out.until = r.until[0];
		ASSERT(out.acked >= acked && out.acked <= out.sent && out.sent <= out.end);

		slice s = link_outflow_next(&out, r.at[1] % 100000);
		link_record mine;
		ASSERT(s.n == 0 || (out.sent + s.n <= out.until && out.sent + s.n <= out.end));
		for (size_t at = 0; at < s.n; at += mine.size)
			ASSERT(link_record_read(&mine, slice_of(s.p + at, s.n - at)) == LINK_READ && mine.kind == LINK_PIECE);
		if (s.n) link_outflow_sent(&out, s.n);
	}
	link_outflow_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0) return 0;
	const slice said = slice_of(data + 1, size - 1);
	if (data[0] & DIALLED) dialling(said);
	else accepting(said, data[0]);
	err_clear();
	return 0;
}
