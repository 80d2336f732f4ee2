/* SPDX-License-Identifier: MIT */
/*
 * share/oracle.h -- slow decoders, each by another idea than code.c.  They define what code.c must answer.
 *
 *   over the field GF(2^d)    Berlekamp and Welch: a linear system for the error locator (oracle_welch.c)
 *                             Gao: the Euclidean algorithm on the interpolating polynomial (oracle_gao.c)
 *   over the ring             lifting: the field decoder on one binary digit after another (oracle_lift.c)
 *                             all subsets of D + 1 parties (oracle_subsets.c)
 *
 * No cache, no table, no shared code beyond ring/.  Variable time; words are opened values.
 */
#ifndef ARCA_SHARE_ORACLE_H
#define ARCA_SHARE_ORACLE_H

#include "ring/gf.h"
#include "share/share.h"

/*
 * f[0 .. D]: the polynomial of degree <= D from which y[i], i in present, differs in at most at_most places; false if
 * there is none.  Requires: |present| >= D + 1 + 2 at_most, so that there is at most one.
 */
typedef bool field_decoder(gf *f, const gf_field *K, unsigned D, const gf *y, party_set present, unsigned at_most);

field_decoder oracle_welch_var;
field_decoder oracle_gao_var;

/* As code_decode_var, with f of D + 1 places always. */
bool oracle_lift_var(gr *f, party_set *wrong, const ring *R, unsigned D, const gr *y, party_set present, unsigned liars,
                     field_decoder *decode);
bool oracle_subsets_var(gr *f, party_set *wrong, const ring *R, unsigned D, const gr *y, party_set present, unsigned liars);

#endif
