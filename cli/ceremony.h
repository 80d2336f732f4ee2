/* SPDX-License-Identifier: MIT */
/*
 * cli/ceremony.h -- a job in which every party takes part: asked of all under one id, waited for at all.
 *
 * It has come about when at least n - T parties give a result that is as it should be.  The others are named on stderr, and
 * the exit code is EXIT_PARTLY.
 */
#ifndef ARCA_CLI_CEREMONY_H
#define ARCA_CLI_CEREMONY_H

#include "cli/cli.h"
#include "cli/group.h"

enum { CEREMONY_ANSWER = 4 << 20 };

typedef struct ceremony {
	const char *what;                    /* for people: "key generation" */
	group_call  call;
	bool        quiet;                   /* no ticker */
	const char *watch;                   /* the HTTP address of a party that tells how far it is (cli/key_watch.h); NULL: none */
	/* Is this party's result right, and that of the others before it?  An error is the sentence for its refusal. */
	err       (*verify)(void *ctx, const cluster_party *p, const ProtobufCMessage *result);
	void       *ctx;
} ceremony;

/* *who: the parties that did it.  *seconds: until the last of them. */
err  ceremony_run(party_set *who, double *seconds, cli *c, const cluster *net, const ceremony *x);

#endif
