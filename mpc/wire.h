/* SPDX-License-Identifier: MIT */
/*
 * mpc/wire.h -- what a network does for protocols, and the bytes that it carries.
 *
 * A wire takes envelopes and returns at once; delivery is its worry.  Envelopes that arrive go to inbox_put() together
 * with the number of the party whose certificate the connection showed.  A wire never calls a protocol, and knows none.
 *
 *   envelope   version u8 = 1, type u8, from u8, to u8, length u32, round u64, sid (16), body (length bytes)
 *
 * Integers are little-endian.
 */
#ifndef ARCA_MPC_WIRE_H
#define ARCA_MPC_WIRE_H

#include "share/party.h"

enum { SID_BYTES = 16 };

/* Which session a message belongs to (mpc/sid.h). */
typedef struct session_id { uint8_t b[SID_BYTES]; } session_id;

static inline bool sid_eq_var(const session_id *a, const session_id *b) { return memcmp(a->b, b->b, SID_BYTES) == 0; }

/* MSG_VALUE: a broadcast value for a party that its sender left out (mpc/bcast.c).  MSG_OPENING: an asynchronous opening. */
typedef enum msg_type { MSG_ROUND = 1, MSG_VALUE = 2, MSG_OPENING = 3 } msg_type;

enum { WIRE_VERSION = 1, ENVELOPE_HEADER = 32, MAX_BODY = 1 << 24 };

typedef struct envelope {
	session_id sid;
	uint64_t   round;                /* from 1                                    */
	party      from, to;
	uint8_t    type;
	slice      body;                 /* borrowed; at most MAX_BODY bytes          */
} envelope;

/* Requires: the body is at most MAX_BODY bytes. */
void envelope_write(buf *out, const envelope *e);
void envelope_write_header(uint8_t out[static ENVELOPE_HEADER], const envelope *e);

/* False: not an envelope, or not all of one.  The body is borrowed from `bytes`.  Every accepted string is what
 * envelope_write makes of the envelope. */
[[nodiscard]] bool envelope_read(envelope *e, slice bytes);

/* For streams.  e without its body, whose length follows the header; false: malformed, or a body too long. */
[[nodiscard]] bool envelope_read_header(envelope *e, size_t *body, const uint8_t header[static ENVELOPE_HEADER]);

typedef struct wire {
	void *ctx;
	/* Queues a copy and returns.  A peer that cannot be reached is no error: its messages are lost.  Any thread. */
	err (*send)(void *ctx, party to, const envelope *e);
} wire;

#endif
