/* SPDX-License-Identifier: MIT */
/*
 * vault/epoch_data.h -- what one party keeps of an epoch ("EpochData" objects): the committee, its own number in it, and
 * the keys of the pseudo-random secret sharing (share/prss.h) that were set up among its members.
 *
 * Stored: u8 version | epoch id | context id | u8 n, t, d, me | u64 made, ms since 1970 | u32 count | count keys of 16 bytes.
 * Little-endian.  The keys are secret.
 */
#ifndef ARCA_VAULT_EPOCH_DATA_H
#define ARCA_VAULT_EPOCH_DATA_H

#include "base/id.h"
#include "share/prss.h"

enum { MAX_EPOCH_FILE = 128 + MAX_PRSS_SETS * PRSS_KEY };

typedef struct epoch_data {
	id32     epoch_id, context_id;
	unsigned n, t, d;
	party    me;
	int64_t  created_ms;
	unsigned keys;                   /* binomial(n - 1, t) */
	const uint8_t (*key)[PRSS_KEY];  /* borrowed; in the order of the sets that contain me */
} epoch_data;

void epoch_data_write(buf *out, const epoch_data *e);

/* The keys are borrowed from the file.  ERR_REQUEST. */
err  epoch_data_read(epoch_data *out, slice file);

#endif
