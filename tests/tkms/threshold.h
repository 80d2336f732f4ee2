/* SPDX-License-Identifier: MIT */
/*
 * tests/tkms/threshold.h -- n parties in memory, for tests of threshold decryption: key shares from the dealer, masks from
 * keys of sets that the parties never agreed on but simply have.
 */
#ifndef ARCA_TESTS_TKMS_THRESHOLD_H
#define ARCA_TESTS_TKMS_THRESHOLD_H

#include "tests/test.h"
#include "share/open.h"
#include "tkms/dealer.h"
#include "tkms/partial.h"

enum { MOST_PARTIES = 13, MOST_WORDS = MAX_SQUASHED + GR_MAX_DEGREE };

typedef struct committee { unsigned n, t; } committee;
extern const committee COMMITTEES[5];                /* (4,1) (5,1) (7,2) (10,3) (13,4) */

typedef struct parties {
	unsigned n, t, d;
	const lat_params *params;
	online_key key[MOST_PARTIES + 1];
	prss      *masks[MOST_PARTIES + 1];
	opener    *opener;
} parties;

void parties_new(parties *p, unsigned n, unsigned t, const secret_keys *keys);
void parties_free(parties *p);

/* Everybody's part; y = what all shares open to, after `liars` have changed theirs.  The number of words; *h (may be NULL). */
size_t parties_open(u128 *y, hash32 *h, const parties *p, decrypt_operation operation, const squashed *ct, party_set liars);

/* One block under SNS, or a list of `blocks` under SNSCOMP: v[i] 2^123 + noise[i], fresh masks.  In the arena. */
void encrypt_expanded(squashed *out, arena *a, const secret_keys *keys, const uint8_t *v, const i128 *noise, uint32_t blocks);
void encrypt_list(squashed *out, arena *a, const secret_keys *keys, const uint8_t *v, const i128 *noise, uint32_t blocks);

/* Secret keys alone: for tests that encrypt with them. */
void secrets_new(secret_keys *out, const lat_params *params);

#endif
