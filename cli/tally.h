/* SPDX-License-Identifier: MIT */
/*
 * cli/tally.h -- what each party answered, and what may be believed of it, whatever T of them do.
 *
 *   public   a value is right if T + 1 parties signed it: one of them is honest.  Contracts want 2T + 1 signatures, and as
 *            many as come are kept for them
 *   user     2T + 1 shares on one polynomial: tkms/reconstruct.h
 */
#ifndef ARCA_CLI_TALLY_H
#define ARCA_CLI_TALLY_H

#include "cli/cluster.h"
#include "tkms/reconstruct.h"

typedef enum standing {
	STANDING_SILENT,                     /* has not answered: it may be slow, or was not waited for */
	STANDING_ABSENT,                     /* does not answer                                         */
	STANDING_REFUSED,                    /* answers that it has no value                            */
	STANDING_WRONG,                      /* its answer is not to be believed                        */
	STANDING_GOOD
} standing;

const char *standing_name(standing s);       /* "silent": in JSON */

typedef struct heard {
	standing  as;
	char      why[512];                  /* unless good or silent */
	plaintext value;                     /* public */
	secp_rsig signature;                 /* public: external */
	buf       share;                     /* user: what was sealed, opened */
} heard;

typedef struct tally {
	const cluster *net;
	heard of[MAX_PARTIES + 1];           /* by party number */
} tally;

void tally_free(tally *t);               /* wipes */

void tally_note(tally *t, unsigned from, standing as, const char *why);
void tally_value(tally *t, unsigned from, const plaintext *value, const secp_rsig *signature);
void tally_share(tally *t, unsigned from, buf *sealed);          /* is taken */

party_set tally_who(const tally *t, standing as);

/*
 * The value that most parties signed, and which ones.  ERR_BUSY while fewer than T + 1 did; ERR_INTERNAL if T + 1 parties
 * signed another: then more than T lie, and nothing is to be believed.
 */
err  tally_public(plaintext *out, party_set *who, const tally *t);

/* Marks whoever signed something else as wrong. */
void tally_blame(tally *t, const plaintext *value);

/* The value behind the shares.  ERR_BUSY while fewer than 2T + 1 came or too many of them are wrong.  Those that are off, as
 * far as is known, become wrong when there is a value. */
err  tally_user(plaintext *out, tally *t, const fhe_type *type, const hash32 *link);

#endif
