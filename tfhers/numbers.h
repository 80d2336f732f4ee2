/* SPDX-License-Identifier: MIT */
/*
 * tfhers/numbers.h -- a parameter set as TFHE-rs writes it, and which set the numbers of an object are.
 *
 * Writers fill objects with these; readers build the object they would have written and compare (schema_expect), so
 * what is accepted and what is written cannot drift apart.  Gaussian noise, multi-bit bootstraps, KeySwitch32 and
 * moduli other than 2^64 and 2^128 are no part of any set.
 */
#ifndef ARCA_TFHERS_NUMBERS_H
#define ARCA_TFHERS_NUMBERS_H

#include "lattice/lattice.h"
#include "tfhers/tables.h"

tf_modulus numbers_modulus(unsigned bits);
tf_noise   numbers_noise(unsigned bound_log2);
tf_atomic  numbers_pattern(void);
tf_expand  numbers_casting(uint32_t version);

tf_pbs_params     numbers_pbs(const lat_params *p);
tf_pke_params     numbers_pke(const lat_params *p, uint32_t expand_version);
tf_pke_params     numbers_rerand(const lat_params *p, uint32_t expand_version);
tf_ks_params      numbers_cast(const lat_params *p);
tf_comp_params    numbers_comp(const lat_params *p);
tf_ns_params      numbers_ns(const lat_params *p);
tf_ns_comp_params numbers_ns_comp(const lat_params *p);

enum { MAX_DEGREE = MESSAGE_MODULUS * CARRY_MODULUS - 1,                     /* of a block with carries  */
       FRESH_DEGREE = MESSAGE_MODULUS - 1,                                   /* of one without           */
       SERVER_DEGREE = MAX_DEGREE - (CARRY_MODULUS - 1) };                   /* as server keys state it  */

/*
 * The first parameter set of this build (in the order default, test, mini) that has the numbers of an object; NULL if
 * none has.  What it looks at identifies a set; everything else is for the reader to compare.  Objects that do not
 * depend on the dimensions in which mini differs from default fit both, and a squashed list of mini looks like one of
 * test: who has a key compares dimensions, not sets.
 */
const lat_params *numbers_find(object_id id, const void *value);

/* ERR_REQUEST: "<what> has the numbers of no parameter set (default, test)". */
err numbers_unknown(const char *what);

/* "parameter set test": for schema_expect. */
typedef struct set_text { char text[40]; } set_text;
set_text numbers_text(const lat_params *p);

/* ERR_REQUEST if a tag is longer than MAX_TAG. */
err numbers_check_tag(const char *what, slice tag);

#endif
