/* SPDX-License-Identifier: MIT */
/* delegate/generate_internal.h -- what an honest party hashes in a generation, for those who are not honest (tests). */
#ifndef ARCA_DELEGATE_GENERATE_INTERNAL_H
#define ARCA_DELEGATE_GENERATE_INTERNAL_H

#include "delegate/generate.h"

/* Of the attempt of this number, from 0. */
hash32 generate_sid(const session *s, const generate_terms *terms, uint32_t number);

/* What dealer i commits itself to by. */
hash32 generate_commitment(const hash32 *sid, party i, slice head);

#endif
