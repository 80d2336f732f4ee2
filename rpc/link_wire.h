/* SPDX-License-Identifier: MIT */
/*
 * rpc/link_wire.h -- the records of a link: what is said inside TLS.  Integers are little-endian.
 *
 *   record    u16 bytes of the body | u8 kind | u8 flags | body
 *
 *   HELLO     dialler, first:  16 bytes name of the stream, for each lane u64 where it begins
 *   WELCOME   answer to it:    16 bytes name of the process, for each lane u64 at, for each lane u64 until
 *   PIECE     dialler:         of a frame, see below
 *   ACK       acceptor:        for each lane u64 at, for each lane u64 until
 *   PING      dialler:         u64 token              PONG      acceptor: the same token
 *   FILLER    dialler:         u64 token, throw-away bytes; flag LAST asks for an answer
 *   FILLED    acceptor:        the same token
 *
 * A lane is a stream of PIECE records, and a place in it is the number of bytes of records before it, headers included;
 * a stream keeps its name and its places over all connections.  `at` is the place up to which the acceptor has the
 * stream for good, `until` the place that the dialler may not pass.  Both are ends of records.
 *
 * A frame is one whole piece, or one that opens it, whose body begins with u32 total bytes of the frame, and others
 * that continue it.  Whoever meets a stream for the first time may meet it in the middle of a frame whose beginning
 * was acknowledged by somebody before him: he drops the rest of it.
 */
#ifndef ARCA_RPC_LINK_WIRE_H
#define ARCA_RPC_LINK_WIRE_H

#include "rpc/links.h"

#define LINK_PROTOCOL "arca-link/1"          /* ALPN: whoever changes a record changes the number */

enum {
	LINK_ID = 16,
	LINK_HEADER = 4, LINK_TOTAL = 4,
	LINK_BODY_MAX = (16 << 10) - LINK_HEADER,        /* a full record fills a record of TLS exactly */
	LINK_RECORD_MAX = LINK_HEADER + LINK_BODY_MAX,
	LINK_CONTROL_MAX = 64,                           /* any record but PIECE and FILLER */
};

typedef enum link_kind {
	LINK_HELLO = 1, LINK_WELCOME, LINK_PIECE, LINK_ACK, LINK_PING, LINK_PONG, LINK_FILLER, LINK_FILLED,
} link_kind;

typedef enum link_part { LINK_WHOLE, LINK_OPENS, LINK_CONTINUES } link_part;

typedef struct link_record {
	link_kind  kind;
	size_t     size;                     /* of the record, header included */
	uint8_t    id[LINK_ID];              /* HELLO, WELCOME */
	uint64_t   at[LINKS_LANES];          /* HELLO, WELCOME, ACK */
	uint64_t   until[LINKS_LANES];       /* WELCOME, ACK */
	links_lane lane;                     /* PIECE and what follows */
	link_part  part;
	uint32_t   total;                    /* of the frame; 0 in a piece that continues */
	slice      bytes;
	uint64_t   token;                    /* PING, PONG, FILLER, FILLED */
	bool       last;                     /* FILLER */
} link_record;

typedef enum link_read { LINK_READ, LINK_PARTIAL, LINK_MALFORMED } link_read;

/* The record at the beginning of `from`, whose bytes it borrows. */
link_read link_record_read(link_record *out, slice from);

/* The length that a frame of one lane may have. */
static inline size_t link_frame_max(links_lane lane) { return lane == LINKS_URGENT ? LINKS_URGENT_MAX : LINKS_BULK_MAX; }

/* ---- writing -------------------------------------------------------------------------------------------------- */

void link_put_hello(buf *b, const uint8_t stream[LINK_ID], const uint64_t at[LINKS_LANES]);
void link_put_welcome(buf *b, const uint8_t process[LINK_ID], const uint64_t at[LINKS_LANES],
                      const uint64_t until[LINKS_LANES]);
void link_put_ack(buf *b, const uint64_t at[LINKS_LANES], const uint64_t until[LINKS_LANES]);
void link_put_token(buf *b, link_kind kind, uint64_t token);

/* FILLER with n bytes; the bytes are zero.  Requires: n <= LINK_BODY_MAX - 8. */
void link_put_filler(buf *b, uint64_t token, size_t n, bool last);

/* The header of a piece with n bytes of a frame, and the total behind it if the piece opens one.  Returns its length. */
size_t link_piece_header(uint8_t *out, links_lane lane, link_part part, size_t n, size_t total);

/* The size of the record that p begins with.  Requires: two bytes. */
static inline size_t link_record_size(const uint8_t *p) { return LINK_HEADER + (size_t)(p[0] | p[1] << 8); }

#endif
