/* SPDX-License-Identifier: MIT */
/*
 * bench/parties.h -- n parties in this process: a key of production size dealt among them, their shared randomness, and
 * values encrypted under the key.  Whoever measures has the key whole: rows that use it say insecure-key.
 */
#ifndef ARCA_BENCH_PARTIES_H
#define ARCA_BENCH_PARTIES_H

#include "share/prss.h"
#include "tkms/key_share.h"

/* The secrets under which squashed ciphertexts are; the others of the set stay zero. */
typedef struct bench_key {
	share_holder holder;               /* of nobody: me is 0 */
	secret_keys  secret;
} bench_key;

err  bench_key_new(bench_key *out, unsigned n, unsigned t, const id32 *key_id, const id32 *epoch_id);
void bench_key_free(bench_key *k);

/* out[1 .. n]: each party's share, of ONLINE_SECRETS.  key_share_free each, also after an error. */
err  bench_key_deal(key_share *out, const bench_key *k);

/* A euint64 in the format big-compressed: 16 blocks of four bits in one GLWE. */
enum { BENCH_BLOCKS = 16 };
size_t bench_list_words(void);         /* mask and bodies */
void bench_encrypt(u128 *w, const bench_key *k, uint64_t value);

/* p[1 .. n]: what each party holds of one fresh set-up, for rings of degree d.  prss_free each, also after an error. */
err  bench_prss(prss **p, unsigned n, unsigned t, unsigned d, const id32 *epoch_id);

#endif
