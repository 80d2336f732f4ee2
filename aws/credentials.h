/* SPDX-License-Identifier: MIT */
/*
 * aws/credentials.h -- who we are to AWS.
 *
 * From one of three places, as the key of a vault (base/secret_file.h), in the form that AWS's own tools read:
 *
 *   [default]
 *   aws_access_key_id = AKIA...
 *   aws_secret_access_key = ...
 *   aws_session_token = ...            for credentials that expire
 *
 * or, if none is named, from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, whose values are wiped in the
 * environment once they are read.  A file or credential is read again when AWS says that the token has expired; whoever renews it
 * replaces the file.  Roles, metadata services and web identities are not asked.
 */
#ifndef ARCA_AWS_CREDENTIALS_H
#define ARCA_AWS_CREDENTIALS_H

#include "base/base.h"

enum { AWS_KEY_ID = 128, AWS_SECRET = 128, AWS_TOKEN = 4096, AWS_MAX_CREDENTIALS = 8192 };

typedef struct aws_credentials { char key_id[AWS_KEY_ID + 1], secret[AWS_SECRET + 1], token[AWS_TOKEN + 1]; } aws_credentials;

typedef struct aws_credentials_source {
	const char *file, *credential;                 /* NULL or "": not there   */
	int         descriptor;                        /* -1: none                */
	char      **environment;                       /* NULL: not looked into   */
} aws_credentials_source;

/* ERR_REQUEST with a sentence, which has nothing of the text.  The caller wipes *out. */
err  aws_credentials_parse(aws_credentials *out, slice text, const char *where);
err  aws_credentials_read(aws_credentials *out, const aws_credentials_source *from);

#endif
