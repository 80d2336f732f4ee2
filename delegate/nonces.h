/* SPDX-License-Identifier: MIT */
/*
 * delegate/nonces.h -- which authorizations were used: on disk before anything comes of them, forgotten when they have ended.
 *
 *   file     "ARCANON1" | u64 forgotten | records          integers little-endian
 *   record   name (16) | u64 expires | check (8)
 *
 * A name is the beginning of SHA-256(chain, nonce), expires in seconds since 1970, check the beginning of SHA-256(name, expires).
 * Records are appended and synced, many callers by one sync; a record that a crash left in pieces was never reported as used.
 * When most of them have ended the file is written anew without those, and `forgotten` is then at least their latest end: what
 * ended by then is refused whatever the clock says, so that a clock set back opens no door.
 *
 * The file is not sealed with the vault.  It tells nothing: names are hashes of what the gateway drew at random.  And whoever can write
 * it could as well put an older sealed one back; against that only a counter outside of the disk would help.  What is gained by it is
 * a replay within DELEGATE_WINDOW_S, which gives the same reader the same secret again.
 *
 * Any thread.
 */
#ifndef ARCA_DELEGATE_NONCES_H
#define ARCA_DELEGATE_NONCES_H

#include "base/base.h"
#include "base/clock.h"
#include "sym/keccak.h"

enum { MAX_NONCES = 1 << 20, NONCE_RECORD = 32, NONCE_HEADER = 16 };

typedef struct nonces nonces;

/* Makes the file (0600) if there is none.  ERR_STATE: it is another kind of file; ERR_IO. */
err  nonces_open(nonces **out, const char *path, const clock_source *clock);
void nonces_free(nonces **n);                      /* NULL-safe; nobody uses it any more */

/*
 * OK, once: the caller may act.  ERR_EXISTS: it was used before.  ERR_STATE: it ended before something that was forgotten.
 * ERR_EXHAUSTED: MAX_NONCES have not ended yet.  ERR_IO: it is used up, but nobody may act.
 */
err  nonces_use(nonces *n, uint32_t chain_id, const hash32 *nonce, uint64_t expires_s);

/* How many are remembered. */
size_t nonces_count(nonces *n);

#endif
