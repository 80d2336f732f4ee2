/* SPDX-License-Identifier: MIT */
/*
 * aws/call.h -- one call: signed, sent, and sent again when the service was busy, failed or cut the answer.
 *
 * What may be sent again: everything here is idempotent or says so by a condition.  A conditional put that was sent twice may be
 * refused because of itself: `sent` tells, and the caller looks.  Pauses grow from 100 ms, doubled and half of it random, to 5 s.
 */
#ifndef ARCA_AWS_CALL_H
#define ARCA_AWS_CALL_H

#include "aws/aws.h"
#include "rpc/fetch_send.h"

enum { AWS_CODE = 64, AWS_MESSAGE = 256, AWS_HEADERS = 4, AWS_URL = 2048 };

typedef enum aws_service { AWS_S3, AWS_KMS } aws_service;

typedef struct aws_call {
	aws_service service;
	const char *method, *host;                     /* of AWS's own endpoint                        */
	const char *target;                            /* path and query, encoded and in order         */
	const char *header[AWS_HEADERS];               /* "name: value", NULL where there is none      */
	slice       body;
	uint8_t    *room;                              /* NULL: the answer goes to a buf               */
	size_t      max;
} aws_call;

typedef struct aws_answer {
	fetch_reply reply;                             /* status 0: there was no answer                */
	char        code[AWS_CODE];                    /* of a refusal: "NoSuchKey"; "" if it has none */
	size_t      got;                               /* bytes in room                                */
	unsigned    sent;                              /* how often                                    */
} aws_answer;

/*
 * OK: status 2xx, and the answer appended to *out or in room.  Otherwise a sentence: ERR_NOT_FOUND (404), ERR_EXISTS (412: the
 * condition was not met), ERR_STATE (refused: credentials, rights, a clock, a key that is disabled), ERR_UNSUPPORTED (501),
 * ERR_REQUEST (too long), ERR_IO (no answer, or failures until there were no more tries).
 */
err  aws_send(aws_answer *a, buf *out, aws *client, const aws_call *c);

/* Where the service is: true for AWS's own hosts, false for an endpoint of the settings. */
bool aws_is_own(const aws *client, aws_service s);
const char *aws_region(const aws *client);

/* What a service says of why it refused, printable and cut; "" if it says nothing that can be read.  For the fuzzer, too. */
void aws_refusal_read(char code[static AWS_CODE], char message[static AWS_MESSAGE], aws_service s, slice body);

#endif
