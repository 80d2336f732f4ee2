/* SPDX-License-Identifier: MIT */
/* cli/decrypt.h -- one decryption from the command line to the terminal: shared by decrypt.c, which asks, and
 * decrypt_report.c, which tells. */
#ifndef ARCA_CLI_DECRYPT_H
#define ARCA_CLI_DECRYPT_H

#include "cli/cli.h"
#include "cli/group.h"
#include "cli/tally.h"
#include "cli/value.h"
#include "cli/verify.h"

enum { HANDLE_BYTES = 32 };

typedef struct job {
	cli        *c;
	cluster     net;
	input       file;
	ct_format   format;
	id32        key, epoch;
	uint8_t     handle[HANDLE_BYTES];
	asked       asked;
	Kms__V1__SigningSchemeType scheme[MAX_SCHEMES];        /* asked.scheme, as messages have it */
	bool        user;
	reader_keys me;                      /* user */
	int64_t     timeout_ms;
	ticker      shown;

	tally       heard;
	plaintext   value;
	party_set   signers;                 /* those whose answers make the value */
} job;

/* The value goes to stdout, whoever was wrong or absent to stderr. */
err report_value(const job *j);

/* Why there is no value, after error e: a sentence, and the exit code. */
err report_failure(const job *j, err e);

#endif
