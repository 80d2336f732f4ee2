/* SPDX-License-Identifier: MIT */
/*
 * evm/providers.h -- several providers of one chain, in the order of preference: which of them is asked.
 *
 * What belongs together (a head, and logs up to it) is one piece of work and is asked of one provider.  When it fails for a
 * reason that another provider may not have, that one is put aside for a while and the work is done again with the next.
 *
 * From time to time all are asked where they stand, and what they call a block that all should have:
 *
 *   of another chain      never asked again
 *   without old blocks    aside for the longest pause, for what it threw away does not come back; the blocks after those it has
 *   behind the others     not asked while there is one that is not
 *   of another opinion    not asked while most are of one opinion
 *   no opinion of most    nobody is believed: work fails with ERR_STATE until they agree.  Nothing is lost by waiting; by
 *                         following the wrong chain there is
 *
 * That stops one that is on another chain; one that lies tells the right names beside wrong answers.  Where work's answer matters it can
 * ask that others say the same: providers_confirm.
 *
 * One thread.
 */
#ifndef ARCA_EVM_PROVIDERS_H
#define ARCA_EVM_PROVIDERS_H

#include "evm/eth.h"

enum { MAX_PROVIDERS = 16, PROVIDER_ASIDE_MS = 1000, PROVIDER_ASIDE_MOST_MS = 60000, MAX_PROVIDER_REASON = 256 };

typedef struct providers_config {
	jrpc       **each;                   /* taken, also by a failure */
	size_t       n;
	uint64_t     chain_id;
	const clock_source *clock;
	uint64_t     lag_most;               /* blocks that one may be behind the others                          */
	uint64_t     depth;                  /* blocks below the lowest head that all should call by one name      */
	int64_t      look_ms;                /* how often they are compared; 0: never                              */
	size_t       agree;                  /* how many must say the same, with the one that is asked; 0, 1: it is believed */
} providers_config;

typedef struct providers providers;
err  providers_new(providers **out, const providers_config *config);
void providers_free(providers **p);

/* work's errors are those of evm/eth.h, or its own, which end it.  It may be called several times, and must begin anew each time. */
err  providers_try(providers *p, err (*work)(void *ctx, jrpc *r), void *ctx);

/*
 * Within work that `by` does: asks others by `same` until there are config.agree with `by`.  same gives OK if this one says what `by` said,
 * ERR_STATE if it says otherwise, or an error of evm/eth.h.  If one says otherwise and too few the same, `by` is doubted, so that the next
 * does the work; ERR_IO if too few can be asked.
 */
err  providers_confirm(providers *p, jrpc *by, err (*same)(void *ctx, jrpc *r), void *ctx);

typedef enum provider_state { PROVIDER_GOOD, PROVIDER_ASIDE, PROVIDER_BEHIND, PROVIDER_DISAGREES, PROVIDER_OTHER_CHAIN } provider_state;
const char *provider_state_name(provider_state s);

typedef struct provider_view {
	const char    *name;
	provider_state state;
	uint64_t       head;                 /* when last compared; 0: not yet */
	const char    *reason;               /* the sentence of its last failure; "" */
} provider_view;

/* Borrowed until the next call with p. */
provider_view providers_view(const providers *p, size_t i);
size_t        providers_count(const providers *p);

#endif
