/* SPDX-License-Identifier: MIT */
/*
 * node/frames.h -- what parties tell each other besides protocols, as bytes.
 *
 *   announcement   u8 what | request id (32) | u32 attempt | u8 phase                                    (node/announce.h)
 *   deal header    u8 2 | u64 bytes of the public key's file | u64 of the key set's | digest (32) of each | the share
 *                                                                                              (node/engine_deal.c)
 *
 * Little-endian.  Readers accept what the writers make, and nothing else.
 */
#ifndef ARCA_NODE_FRAMES_H
#define ARCA_NODE_FRAMES_H

#include "node/used_sids.h"
#include "tkms/key_share.h"
#include "tkms/keygen.h"

/* PHASE_THERE: an answer; what the ceremony makes is there already. */
typedef enum announced_phase { PHASE_WAITING = 1, PHASE_BEGINNING = 2, PHASE_THERE = 3 } announced_phase;

typedef struct announcement {
	attempted what;
	id32      request;
	uint32_t  attempt;                               /* from 1 */
	announced_phase phase;
} announcement;

enum { ANNOUNCEMENT_BYTES = 1 + 32 + 4 + 1 };

void announcement_write(uint8_t out[static ANNOUNCEMENT_BYTES], const announcement *a);
[[nodiscard]] bool announcement_read(announcement *out, slice bytes);

/* While a key is dealt, the first byte of what the dealer says. */
typedef enum deal_word { DEAL_WAIT = 1, DEAL_HEADER = 2 } deal_word;

typedef struct deal_header {
	size_t  public_key_bytes, keyset_bytes;
	uint8_t public_key_digest[KEY_DIGEST_BYTES], keyset_digest[KEY_DIGEST_BYTES];
	slice   share;                                   /* a file of tkms/key_share.h, borrowed */
} deal_header;

enum { MAX_DEAL_HEADER = 1 + 2 * 8 + 2 * KEY_DIGEST_BYTES + MAX_KEY_SHARE_FILE };

void deal_header_write(buf *out, const deal_header *h);
[[nodiscard]] bool deal_header_read(deal_header *out, slice bytes);

#endif
