/* SPDX-License-Identifier: MIT */
/*
 * mpc/row_shares.h -- a party's shares of the bodies of public rows (lattice/keys.h), from its shares of secret keys and noise.
 * Nothing here sends anything.
 *
 *     B = sum over j of a_j S_j + E + M                       the masks a are public, S, E and M are shared
 *
 * is linear in what is shared, but for one kind of rows: row r < k of a bootstrap key has M = -2^x s_i S_r, a product of two
 * shared values, whose shares have degree 2t.  Bodies are packed, d coefficients in an element,
 *
 *     V = B_c + X B_(c+1) + .. + X^(d-1) B_(c+d-1),
 *
 * and opened as they are packed.  As X^u is public, a product needs one multiplication of shares for d coefficients:
 * s_i P with P = S_(r,c) + X S_(r,c+1) + ..
 *
 * A slab is some consecutive rows of one part.  Its words are those of its rows one after another; a row of more than one
 * coefficient begins a word of its own, rows of a single one share words, and the last word is filled up with zeros.
 *
 * Elements of the part's ring GR(2^bits, d) are as in share/prss_batch.h: d words of 64 or 128 bits, side by side.  Of a part
 * of 64 bits the lower halves of the keys' shares are all that enters.
 *
 * Cost of a row: a product of ring/ntt.h, k polynomials times k d.  Time: constant in shares.
 */
#ifndef ARCA_MPC_ROW_SHARES_H
#define ARCA_MPC_ROW_SHARES_H

#include "lattice/keygen.h"
#include "share/share.h"

/* Shares of a part's rows; read by any number of threads. */
typedef struct row_shares row_shares;

/*
 * word[id]: this party's shares of secret id, secret_length() elements of GR(2^128, d), borrowed (those of the two keys of
 * the part are needed).  masks: the beginning of the part, borrowed.  ERR_NOMEM.  Requires: the set has the part.
 */
err  row_shares_new(row_shares **out, const lat_params *p, key_part part, unsigned d, u128 *const word[static SECRETS],
                    const mask_seed *masks);
void row_shares_free(row_shares **x);                /* wipes; NULL-safe */

/* For one thread: as many rows at once. */
typedef struct row_shares_work row_shares_work;
err  row_shares_work_new(row_shares_work **out, const row_shares *x);
void row_shares_work_free(row_shares_work **w);      /* wipes; NULL-safe */

/* Requires everywhere: the part has these rows. */
typedef struct row_slab { size_t first, count; } row_slab;

/* How many words a slab has. */
size_t row_slab_words(const row_shares *x, row_slab slab);
/* Whether word i of the slab is of a row with a product. */
bool   row_slab_product(const row_shares *x, row_slab slab, size_t i);

/*
 * V: the linear part of all words of a slab, of degree t: everything but the products.  noise: an element for each
 * coefficient of each row.
 */
void row_shares_linear(const row_shares *x, row_shares_work *w, void *V, const void *noise, row_slab slab);

/* The factors of word i, which is one with a product: what is missing is -2^shift s P, modulo 2^bits. */
typedef struct row_factors { share s, P; unsigned shift; } row_factors;
row_factors row_shares_factors(const row_shares *x, row_slab slab, size_t i);

/* Adds the products of this party's shares: those words of V become of degree 2t. */
void row_shares_multiply(const row_shares *x, void *V, row_slab slab);

/* bodies: of the slab's rows, as they are stored, from opened words.  Variable time: they are published. */
void row_slab_unpack_var(const row_shares *x, uint8_t *bodies, const void *V, row_slab slab);

#endif
