/* SPDX-License-Identifier: MIT */
/*
 * tkms/reconstruct.h -- user decryption at the user: from the parties' signcrypted shares to the plaintexts.
 *
 * What a party signcrypts for one ciphertext is u64 count | count elements of GR(2^128, d), its masked shares.  The user
 * believes no single answer:
 *
 *   1. an answer counts if degree, link, types, packing factors and element counts are what the user itself knows: the
 *      answers that count therefore agree in them;
 *   2. an element is accepted if at least 2t + 1 answers that count lie on one polynomial of degree t: t + 1 of them are
 *      honest, so it is theirs;
 *   3. the opened coefficients pass tkms/finish.h.
 *
 * Time: constant in what was opened; the shares of at most t liars may show in which decoder runs.
 */
#ifndef ARCA_TKMS_RECONSTRUCT_H
#define ARCA_TKMS_RECONSTRUCT_H

#include "sym/keccak.h"
#include "tkms/finish.h"
#include "tkms/partial.h"

/* ---- what is signcrypted ---------------------------------------------------------------------------------------- */

/* Two 2-bit blocks travel in one, a bool's alone: the packing_factor of answers. */
uint32_t packing_factor_of(const fhe_type *type);

/* Appends the share vector of one ciphertext. */
void share_vector_write(buf *out, const masked *m, unsigned d);

/* ---- what the user does ------------------------------------------------------------------------------------------ */

/* One ciphertext in one answer. */
typedef struct user_share {
	int      fhe_type;               /* the one inside the signcryption; the answer's outer one must be checked to be equal */
	uint32_t packing_factor;
	slice    vector;                 /* as signcrypted */
} user_share;

/* One party's answer.  The caller has checked who signed it: `from` is the party whose key that is. */
typedef struct user_answer {
	party    from;
	uint32_t degree;
	hash32   link;
	size_t   slots;
	const user_share *slot;
} user_answer;

/* What the user knows without any answer. */
typedef struct user_request {
	unsigned n, t;
	hash32   link;
	size_t   slots;                  /* ciphertexts, in order */
	const fhe_type *const *type;
} user_request;

/*
 * out[0 .. r->slots) = the plaintexts.  *wrong (may be NULL) = parties none of whose answers fit, whose answers contradict
 * each other, or who are off the accepted polynomials; it is set on failure too, as far as it is known.  ERR_REQUEST with a
 * sentence if there are too few good answers, or a ciphertext is refused (its place stands in front); out is then wiped.
 */
err reconstruct(plaintext *out, party_set *wrong, const user_request *r, const user_answer *answer, size_t answers);

#endif
