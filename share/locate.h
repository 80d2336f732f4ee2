/* SPDX-License-Identifier: MIT */
/* share/locate.h -- which places of a word over GF(2^d) are wrong.  Inside code.c and for tests; variable time. */
#ifndef ARCA_SHARE_LOCATE_H
#define ARCA_SHARE_LOCATE_H

#include "ring/gf.h"
#include "share/party.h"

/*
 * z[i] is the symbol of party i, for i in G; not all on one polynomial of degree <= D.  The one set of at most
 * at_most parties without whom they would be, or the empty set if there is none.  Requires: D + 1 + 2 at_most <= |G|.
 */
party_set locate_errors_var(const gf_field *K, unsigned D, const gf *z, party_set G, unsigned at_most);

#endif
