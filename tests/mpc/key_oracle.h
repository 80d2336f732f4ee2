/* SPDX-License-Identifier: MIT */
/*
 * tests/mpc/key_oracle.h -- whoever has all shares looks at the whole key: its bits, and each coefficient of each row.
 *
 * It has its own order of rows, its own messages and its own products, by the schoolbook: nothing of mpc/row_shares.h or
 * lattice/key_product.h.
 */
#ifndef ARCA_TESTS_MPC_KEY_ORACLE_H
#define ARCA_TESTS_MPC_KEY_ORACLE_H

#include "tests/mpc/joint_world.h"

/* The seven secrets from the shares of `who`: all on one polynomial of degree t, scalars, 0 or 1; otherwise the test fails. */
void oracle_secrets(secret_keys *out, const world *w, party_set who);

/* The samples of a need, by all members of `who`: on one polynomial of degree t and scalar, else the test fails.  As signed
 * numbers of its ring; free() them. */
i128 *oracle_samples(const world *w, unsigned need, party_set who);

/* The noise of each coefficient of a part, row by row: body - sum of a S - M; free() it. */
i128 *oracle_noise(const secret_keys *keys, const seeded_keyset *set, key_part part);

/* What row `row` covers: sum of a S for masks a. */
void oracle_product(u128 *sum, const u128 *masks, const uint8_t *bits, const part_shape *s);
/* Its message. */
void oracle_message(u128 *m, const secret_keys *keys, const part_shape *s, size_t row);
/* A row of a part as words of 128 bits: mask, then body. */
void oracle_row(u128 *out, const part_shape *s, const seeded_part *part, size_t row);

/* Fails the test unless these are TUniform(b): all within the bound; mean, mean square and chi-square as in a right generator's
 * output but for once in 10^7. */
void oracle_is_tuniform(const char *name, const i128 *e, size_t count, unsigned b);

/*
 * Everything about the key that the honest of a run hold: secrets, the same bodies at all, and in every part the noise of
 * coefficient i is sample i of the part's need, put and taken once by each; it is TUniform, and neighbours are independent.
 * keys: to be freed by the caller.
 */
void oracle_whole_key(secret_keys *keys, const play *x);

#endif
