/* SPDX-License-Identifier: MIT */
/*
 * share/bivar.h -- polynomials F(X, Y) of degree <= t in each variable, as (t + 1)^2 coefficients, that of X^a Y^b at
 * [a (t + 1) + b].  A dealer's secret is F(0, 0).
 */
#ifndef ARCA_SHARE_BIVAR_H
#define ARCA_SHARE_BIVAR_H

#include "share/share.h"

/* Uniform over R with F(0, 0) = secret. */
void bivar_sample(gr *F, const ring *R, unsigned t, gr secret, const rng *random);

/* The t + 1 coefficients of F(X, gr_point(i)), and of F(gr_point(i), Y). */
void bivar_row(gr *row, const ring *R, const gr *F, unsigned t, party i);
void bivar_col(gr *col, const ring *R, const gr *F, unsigned t, party i);

#endif
