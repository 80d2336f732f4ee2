/* SPDX-License-Identifier: MIT */
/*
 * lattice/keycheck.h -- decrypts the rows of public parts and says what their noise is.
 *
 * A right part is exactly TUniform(b): every value within 2^b, both ends half as likely as the rest.  The report is
 * the evidence: for a wrong key, seed or order of rows every value is out of range at once.
 *
 * Time depends on the noise, which is secret: for tests and for whoever made the keys and keeps them.
 */
#ifndef ARCA_LATTICE_KEYCHECK_H
#define ARCA_LATTICE_KEYCHECK_H

#include "lattice/keys.h"

enum { NOISE_BINS = 16 };

typedef struct noise_report {
	unsigned bound;                 /* b                                                                   */
	size_t   samples;
	size_t   outside;               /* |e| > 2^b: must be 0                                                */
	size_t   low_end, high_end;     /* e == -2^b, e == 2^b                                                 */
	uint64_t max_abs;               /* UINT64_MAX stands for everything larger                             */
	double   sum, sum_squares;      /* of e / 2^b: the mean is near 0, the mean square near 1/3 (b large)  */
	size_t   bin[NOISE_BINS];       /* of the inner values, by (e + 2^b) * NOISE_BINS / 2^(b+1)            */
} noise_report;

/*
 * Adds rows first .. first + count - 1 of a part to *report: `bodies` are theirs, `masks` is the beginning of the part.
 * Start with a zeroed report for each part.  ERR_NOMEM.
 */
err keycheck_rows(noise_report *report, const secret_keys *keys, key_part part, const mask_seed *masks,
                  const uint8_t *bodies, size_t first, size_t count);

/* The whole part.  ERR_REQUEST, naming the part, if it has another length or any noise is outside its bound. */
err keycheck_part(noise_report *report, const secret_keys *keys, const seeded_keyset *set, key_part part);

#endif
