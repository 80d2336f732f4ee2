/* SPDX-License-Identifier: MIT */
/*
 * share/prss.h -- pseudo-random secret sharing: shares of random values that cost no message.
 *
 * For each set A of n - t parties its members hold a key r_A; every t corrupt parties miss at least one.  f_A is the
 * polynomial of degree t with f_A(0) = 1 that vanishes at the points of all parties outside A, so
 *
 *     <s>_i = sum over A containing i of psi_A(ctr) f_A(gr_point(i))
 *
 * is party i's share of s = sum of psi_A(ctr), uniform to whoever misses a key.  Sets are in lexicographic order of their
 * sorted members.  C = C(n, t) sets in all, C(n-1, t) of which contain a given party.
 *
 * The functions psi_A and their kin are AES in CBC-MAC on two blocks (mpc-protocols 2.6):
 *
 *     K_A  = SHAKE256("ARCA_KA\0" || epoch || bitmask(A) as u64le || r_A)[0..16)        bit i of the mask: party i
 *     PRF_A(sid, blk) = E(E(sid) xor blk)      blk = dom || lane || j || w || ctr (12 bytes le), w = k/64
 *
 *     psi, chi_j in R     k = 128: coefficient l is the block of lane l, little-endian
 *                         k = 64: coefficients 2l and 2l + 1 are the lower and the upper half of the block of lane l
 *     zeta in Z/2^k       k = 128: the block of lane 0; k = 64: of the block with counter floor(ctr / 2), the lower half if
 *                         ctr is even and the upper one if it is odd
 *     j                   1 .. t in chi_j, 0 elsewhere
 *
 * Masks of decryptions use a key of their own (label "ARCA_KM\0") and three blocks:  E(sid_A xor blk),
 * sid_A = E(E(h0) xor h1), where h = h0 || h1 is the identity of the ciphertext.  phi is -2^110 plus the lower 111 bits of the
 * block of domain 3, lane 0, w = 2.
 *
 * A (key, sid, domain, width, counter) must never serve two uses: the caller's sid is fresh for every session, and recorded
 * before the first value is drawn.  Builds with checks keep a ledger (prss_ledger_*).
 *
 * Time: constant in keys and values.
 */
#ifndef ARCA_SHARE_PRSS_H
#define ARCA_SHARE_PRSS_H

#include "base/id.h"
#include "share/share.h"
#include "sym/keccak.h"

enum { PRSS_KEY = 16, PRSS_SID = 16 };

typedef enum prss_domain { PRSS_PSI = 1, PRSS_CHI = 2, PRSS_PHI = 3, PRSS_ZETA = 4, PRSS_NU = 5 } prss_domain;

/* ---- the sets: public ---------------------------------------------------------------------------------------- */

/* out[0 .. binomial(n, t)): every set of n - t parties, in order. */
void prss_sets(party_set *out, unsigned n, unsigned t);
/* f_A(gr_point(i)), the weight of set A at party i.  Requires: i in A. */
gr   prss_weight(const ring *R, unsigned n, party_set A, party i);

/* ---- what one party holds for one epoch ----------------------------------------------------------------------- */

typedef struct prss prss;

/* r[j]: the key of the j-th set that contains me, in order; copied.  d: degree of the rings.  ERR_NOMEM. */
err  prss_new(prss **out, unsigned n, unsigned t, unsigned d, party me, const id32 *epoch, const uint8_t (*r)[PRSS_KEY]);
void prss_free(prss **p);                            /* wipes; NULL-safe */
unsigned prss_held(const prss *p);                   /* C(n-1, t): how many keys */

/* Any thread.  Requires: R has the degree d. */
share prss_next(const prss *p, const ring *R, const uint8_t sid[static PRSS_SID], uint64_t ctr);     /* uniform in R       */
share prss_z_next(const prss *p, const ring *R, const uint8_t sid[static PRSS_SID], uint64_t ctr);   /* uniform in Z/2^k   */
share przs_next(const prss *p, const ring *R, const uint8_t sid[static PRSS_SID], uint64_t ctr);     /* zero, of degree 2t */

/*
 * The masks of blocks first .. first + count - 1 of the ciphertext with identity h:
 *
 *     <E>_i = sum over A of (phi_A(2 block) + phi_A(2 block + 1)) f_A(gr_point(i)),  phi uniform on [-2^110, 2^110)
 *
 * added to w[0 .. count * d), elements of GR(2^128, d) one after another.  A mask has no Check: what it hides would be
 * published.
 */
void prss_mask_add(const prss *p, u128 *w, const hash32 *h, uint32_t first, size_t count);

/* |E| <= 2 C 2^110. */
enum { PRSS_MASK_LOG = 110 };

/* ---- Check, for values that are thrown away afterwards --------------------------------------------------------- */

/* This party's PRF outputs for the counter, one element for each of its sets in order (PSI, ZETA), or t of them (CHI).
 * Requires: domain is not PRSS_PHI (ASSERTed: a mask has no Check). */
void prss_outputs(gr *out, const prss *p, const ring *R, prss_domain domain, const uint8_t sid[static PRSS_SID], uint64_t ctr);
/* Outputs of one set at prss_outputs: 1, or t for CHI. */
unsigned prss_output_count(unsigned t, prss_domain domain);

/* Party i's share, from the agreed outputs of every set, in order. */
gr   prss_share_of(const ring *R, unsigned n, unsigned t, party i, prss_domain domain, const gr *outputs_of_all_sets);

/* ---- the ledger: builds with the option `checks`, for tests ---------------------------------------------------- */

#ifdef ARCA_CHECKS
/*
 * Forgets everything, and keeps the ledger from now on: of every party in the process, through restarts (a party whose keys
 * are the same is the same).  Nothing is kept before the first call.
 *
 * An input (party and keys, sid, domain, width, counter) serves one use if it is drawn at most once by prss_next, prss_z_next
 * or przs_next, and not after prss_outputs has published it.  What was drawn may be published once it is thrown away, and
 * masks may repeat: their sid is the ciphertext.
 */
void     prss_ledger_reset(void);
size_t   prss_ledger_count(void);                    /* inputs evaluated */
size_t   prss_ledger_reused(void);                   /* inputs that served a second use: 0 in a sound run */
#endif

#endif
