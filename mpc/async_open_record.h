/* SPDX-License-Identifier: MIT */
/* mpc/async_open_record.h -- the records of mpc/async_open.h as bytes; used by it and by those who lie in tests. */
#ifndef ARCA_MPC_ASYNC_OPEN_RECORD_H
#define ARCA_MPC_ASYNC_OPEN_RECORD_H

#include "base/base.h"
#include "sym/keccak.h"

typedef enum open_kind { OPEN_SHARES = 1, OPEN_PULL, OPEN_GONE } open_kind;

enum { OPEN_HEAD = 1 + 32, OPEN_SHARES_HEAD = OPEN_HEAD + 4 };

typedef struct open_record {
	open_kind kind;
	hash32    h;
	uint32_t  elements;                          /* OPEN_SHARES: 1 .. MAX_OPEN_ELEMENTS, in `share` */
	slice     share;
} open_record;

/* The next record, its share borrowed.  False, and nothing more can be read, if it is malformed. */
bool open_record_read(open_record *out, reader *r, size_t element_bytes);

/* Heads without and with an element count. */
void open_head_write(uint8_t out[static OPEN_HEAD], open_kind kind, const hash32 *h);
void open_shares_head_write(uint8_t out[static OPEN_SHARES_HEAD], const hash32 *h, uint32_t elements);

#endif
