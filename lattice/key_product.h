/* SPDX-License-Identifier: MIT */
/*
 * lattice/key_product.h -- the masks of a row times the secret key: what covers message and noise in public key parts.
 *
 *   A_0 S_0 + .. + A_{k-1} S_{k-1}   in Z/2^bits[X] / (X^N + 1), an inner product where N = 1
 *
 * The key is loaded once for all rows of a part.  It is made of bits, so that ring/ntt.h takes two or three primes, and a row
 * of the largest part about 50 us.  Words are u128 for either word size: for 64 bits the upper half of a result says nothing.
 *
 * Time: constant in the key.  What is allocated lies in an arena, which wipes it.
 */
#ifndef ARCA_LATTICE_KEY_PRODUCT_H
#define ARCA_LATTICE_KEY_PRODUCT_H

#include "lattice/keys.h"
#include "ring/ntt.h"

/* Read by any number of threads. */
typedef struct key_product {
	part_shape        shape;
	const uint8_t    *bits;                         /* of the key, for N = 1 */
	const ntt_kernel *kernel;
	ntt_shape         ntt;
	void             *factor;
} key_product;

/* For one thread. */
typedef struct row_work {
	u128 *mask;                                     /* of the last row: shape.mask words */
	u128 *sum;                                      /* its product: shape.body words     */
	void *scratch;
} row_work;

/* The products of the rows of a part.  keys, which it borrows, have the part's output key.  ERR_NOMEM. */
err key_product_new(key_product *out, arena *a, const secret_keys *keys, part_shape shape);
err row_work_new(row_work *out, arena *a, const key_product *p);

/* The next n words of a part, those of 64 bits widened with their sign. */
void key_product_masks(u128 *mask, size_t n, unsigned bits, mask_stream *masks);

/* Draws the masks of the next row. */
void key_product_next(const key_product *p, row_work *w, mask_stream *masks);

#endif
