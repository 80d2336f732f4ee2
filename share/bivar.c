/* SPDX-License-Identifier: MIT */
/* share/bivar.c -- a square of coefficients, read along its lines and its columns. */
#include "share/bivar.h"

void bivar_sample(gr *F, const ring *R, unsigned t, gr secret, const rng *random)
{
	const unsigned w = t + 1;

	F[0] = secret;
	for (unsigned c = 1; c < w * w; c++) F[c] = gr_random(R, random);
}

void bivar_row(gr *row, const ring *R, const gr *F, unsigned t, party i)
{
	const unsigned w = t + 1;

	for (unsigned a = 0; a < w; a++) row[a] = gr_eval_at(R, &F[a * w], t, i);
}

void bivar_col(gr *col, const ring *R, const gr *F, unsigned t, party i)
{
	const unsigned w = t + 1;

	for (unsigned b = 0; b < w; b++) {
		gr y = F[t * w + b];

		for (unsigned a = t; a--;) y = gr_add(R, gr_times_point(R, i, y), F[a * w + b]);
		col[b] = y;
	}
}
