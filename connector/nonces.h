/* SPDX-License-Identifier: MIT */
/*
 * connector/nonces.h -- the numbers of a wallet's transactions: each is used once, and none may be left out.
 *
 * A chain mines a wallet's transactions in the order of their numbers, so one number that is not used stalls all that are above it.
 * Hence a number that was given out and certainly not used comes first the next time.
 */
#ifndef ARCA_CONNECTOR_NONCES_H
#define ARCA_CONNECTOR_NONCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_NONCE_GAPS = 4096 };

typedef struct nonces {
	uint64_t next;                               /* no number from here on was given out */
	size_t   gaps;
	uint64_t gap[MAX_NONCE_GAPS];                /* given back, the lowest first         */
} nonces;

void     nonces_start(nonces *n, uint64_t next);

/* The lowest number that is free. */
uint64_t nonces_take(nonces *n);

/* Certainly not used.  Requires: taken and not given back; no more than MAX_NONCE_GAPS at a time. */
void     nonces_give_back(nonces *n, uint64_t nonce);

/* The chain has used all numbers below count, whoever used them. */
void     nonces_used_below(nonces *n, uint64_t count);

/* Is a number below this one free, so that it cannot be mined? */
bool     nonces_stalled(const nonces *n, uint64_t nonce);

#endif
