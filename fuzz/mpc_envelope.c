/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as envelopes from a peer, one after another as in a stream, put into an inbox with small quotas.  What is read is
 * what is written; nothing is kept beyond the quotas.
 */
#include "fuzz/fuzz.h"
#include "mpc/inbox.h"

static int64_t now(void *ctx) { (void)ctx; return 0; }
static void no_wait(void *ctx, pthread_cond_t *c, pthread_mutex_t *held, int64_t until) { (void)ctx, (void)c, (void)held, (void)until; }
static void no_wake(void *ctx, pthread_cond_t *c) { (void)ctx, (void)c; }

/* One envelope off the front of the stream; what follows its header as far as it goes is the body. */
static bool next(envelope *e, slice *stream)
{
	AUTO(buf) again = { 0 };
	size_t body;
	envelope whole;

	if (stream->n < ENVELOPE_HEADER || !envelope_read_header(e, &body, stream->p)) return false;
	if (body > stream->n - ENVELOPE_HEADER) return false;
	const slice bytes = slice_of(stream->p, ENVELOPE_HEADER + body);
	ASSERT(envelope_read(&whole, bytes));
	ASSERT(whole.round == e->round && whole.from == e->from && whole.to == e->to && whole.type == e->type);
	envelope_write(&again, &whole);
	ASSERT(slice_eq_var(buf_slice(&again), bytes));
	*e = whole;
	*stream = slice_of(stream->p + bytes.n, stream->n - bytes.n);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const inbox_limits SMALL = { 4, 4, 1 << 12, 1 << 13, 1000 };
	const session_id open = { { 0x53 } };
	slice stream = slice_of(data, size);
	inbox *in = NULL;
	box *x = NULL;
	envelope e;
	uint64_t kept = 0;

	ASSERT(inbox_new(&in, 1, 4, &SMALL, (wait_source){ NULL, now, no_wait, no_wake }) == OK);
	ASSERT(box_open(&x, in, &open) == OK);
	while (next(&e, &stream)) kept += inbox_put(in, (party)(1 + e.round % 4), &e) == INBOX_KEPT;
	ASSERT(kept <= 4 * SMALL.peer_bytes / 40);               /* a message of no bytes costs more than 40 */
	box_begin_round(x, 2);
	box_close(&x);
	inbox_free(&in);
	err_clear();
	return 0;
}
