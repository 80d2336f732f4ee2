/* SPDX-License-Identifier: MIT */
/*
 * cli/group.h -- the same question to every party of a cluster at once; answers are taken as they come.
 *
 * A thread a party starts the job there and waits for its result.  The asker takes one answer after the other, decides when
 * it has enough, and leaves: parties that are down, slow or silent then cost nothing.  What an answer says is not looked at
 * here; a party that failed is an answer too, with a sentence.
 */
#ifndef ARCA_CLI_GROUP_H
#define ARCA_CLI_GROUP_H

#include "cli/client.h"
#include "cli/cluster.h"

/* What is asked.  All of it is borrowed, and the same for everybody. */
typedef struct group_call {
	const char *start;                   /* the method that begins a job, or answers at once if there is no `fetch` */
	const char *fetch;                   /* the method that gives its result; NULL: none                            */
	const ProtobufCMessage *request;     /* of `start` */
	const ProtobufCMessageDescriptor *result;        /* of `fetch`, else of `start`; NULL: the answer is empty      */
	id32        id;                      /* of the job */
	int64_t     timeout_ms;
	size_t      most_answer;             /* bytes */
	party_set   whom;                    /* 0: everybody */
} group_call;

typedef struct group_answer {
	const cluster_party *party;
	err         e;                       /* OK, or why there is no message            */
	char        why[512];
	bool        unavailable;             /* it did not answer, or not in time         */
	grpc_status code;                    /* of the last call                          */
	const ProtobufCMessage *message;
	double      seconds;                 /* that it took                              */
} group_answer;

typedef struct group group;

/* The parties' addresses are looked at first: a malformed one is an error. */
err  group_ask(group **out, const cluster *net, const group_call *what);

/*
 * The next answer that was not given before; NULL after wait_ms without one (-1: as long as it takes), or when every party
 * has answered.  Valid until group_free.
 */
const group_answer *group_next(group *g, int64_t wait_ms);
size_t group_waiting(group *g);          /* parties whose answer was not given yet */

/* Stops the waiting and releases every answer.  NULL-safe. */
void group_free(group **g);

#endif
