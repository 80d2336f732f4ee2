/* SPDX-License-Identifier: MIT */
/*
 * connector/checks_internal.h -- how checks are made: checks_plan.c writes down what each request asks of which chain, checks.c asks all
 * of it and says what the answers mean.
 */
#ifndef ARCA_CONNECTOR_CHECKS_INTERNAL_H
#define ARCA_CONNECTOR_CHECKS_INTERNAL_H

#include "connector/checks.h"
#include "connector/contexts.h"
#include "connector/domains.h"
#include "connector/reads.h"

typedef struct bucket_of { eth_address who; char *url; } bucket_of;
enum { MAX_KNOWN_BUCKETS = 1024, MAX_CHECK_QUESTIONS = 8192 };

struct checks {
	const connector_config *c;
	const clock_source *clock;
	providers  *gateway, *host[CONNECTOR_MAX_CHAINS], *ethereum;       /* ethereum: of the profile's second chain; or NULL */
	contexts   *contexts;                    /* NULL: not of this profile */
	ask_signers signers;
	int64_t     signers_until_ms, signers_asked_ms;
	bool        domains_right;
	int64_t     domains_at_ms;                    /* when they may be asked again */
	coprocessors *attesting;
	int64_t     attesting_until_ms;
	bucket_of   bucket[MAX_KNOWN_BUCKETS];
	size_t      buckets;
};

/* How an answer is read. */
typedef enum probe_kind {
	PROBE_YES,                               /* yes                                                  */
	PROBE_NO,                                /* no                                                   */
	PROBE_ONE_OF,                            /* yes, of one of several: noted in *one_of             */
	PROBE_NOT_ABOVE,                         /* a number, at most limit                              */
	PROBE_SIGNATURE,                         /* ERC-1271: the contract takes the signature           */
} probe_kind;

/* What several questions of which one suffices have brought. */
typedef struct probe_group { size_t item; abi_word handle; bool yes, failed; } probe_group;

typedef struct probe {
	size_t      item;
	probe_kind  kind;
	call_read   which;
	check_verdict otherwise;                 /* unless the answer lets the request pass   */
	probe_group *one_of;
	uint64_t    limit, gas;                  /* gas 0: as the provider likes              */
	abi_word    handle;                      /* for the sentence; zero: none              */
	eth_address to;
	buf         data;
} probe;

typedef struct round {
	probe    *probe;                         /* of one chain */
	size_t    n;
	eth_call *calls;                         /* as many */
	providers *chain;
} round;

typedef struct plan {
	checks  *k;
	checked *out;
	round    gateway, host[CONNECTOR_MAX_CHAINS];
	size_t   most;                           /* questions to one chain */
	bool     away;                           /* the gateway's: each further user would wait as long for nothing */
	probe_group **group;                     /* as many as most */
	size_t   groups;
	arena   *memory;
} plan;

/* The first of the gravest stays.  Whoever is CHECK_AWAY, it is CHECK_NETWORK. */
void checks_say(checked *out, check_type type, check_verdict verdict, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* How many questions a request has at most, and those of one. */
size_t checks_questions(const queue_item *item);
void   checks_plan(plan *p, size_t item, const queue_item *it, const abi_word *handles, size_t n);

#endif
