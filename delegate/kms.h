/* SPDX-License-Identifier: MIT */
/*
 * delegate/kms.h -- the KMS itself: a protocol key and a gateway for each chain, one wallet that signs answers.
 *
 * A request is looked at in this order, and the first thing that is wrong is the answer: its shape; the chain; the salt; the
 * signature, which must be the gateway's; the points; the RSA key.  Only then does the protocol key do something.  Which of the
 * two texts the gateway signed decides which text is signed in return (typed.h).  And each key has a state (vault/key_state.h): one
 * that may not be used so is 503, also for whoever asks for it to encrypt.
 *
 * Any thread.  Time: constant in the protocol keys.
 */
#ifndef ARCA_DELEGATE_KMS_H
#define ARCA_DELEGATE_KMS_H

#include "base/clock.h"
#include "delegate/group.h"
#include "delegate/key_counts.h"
#include "delegate/nonces.h"
#include "delegate/request.h"
#include "seal/sign.h"
#include "vault/key_state.h"

enum { MAX_DELEGATE_CHAINS = 64 };

typedef struct delegate_chain {
	uint32_t    id;
	eth_address gateway;
	secp_sk     key;                           /* copied; the caller wipes its own */
	key_state   state;                         /* of this key */
	bool        shared;                        /* there is no such key: nodes have, or will have, shares of one (group.h) */
} delegate_chain;

typedef struct delegate_kms delegate_kms;

/* wallet and r are borrowed, and r is asked on every thread that answers, as rng_os may be.  ERR_REQUEST: no chains, too many, one
 * twice, the zero address as a gateway, or a key in no state. */
err  delegate_kms_new(delegate_kms **out, const delegate_chain *chain, size_t chains, const signer *wallet, const rng *r);
void delegate_kms_free(delegate_kms **k);

/* Where used authorizations of the second form are kept, borrowed; without it that form is answered 503.  Before it serves. */
void delegate_kms_remember(delegate_kms *k, nonces *used, const clock_source *clock);

/* Where answers are counted over restarts, borrowed; without it they are counted from the start on.  Before it serves. */
void delegate_kms_count_in(delegate_kms *k, key_counts *counts);
/* Each key gives at most so many answers a second, and what is asked beyond that is answered 503; what one second did not use the next one
 * may.  0: as many as there are.  Before it serves. */
void delegate_kms_limit(delegate_kms *k, int64_t answers_per_second);

/* Appends the answer, JSON, whatever it is, and returns its HTTP status. */
unsigned delegate_answer(delegate_kms *k, buf *out, const delegate_call *c);
/* The same of the second form (request_v1.h).  A nonce is used up by the first request that is in order; asked again: 409. */
unsigned delegate_answer_v1(delegate_kms *k, buf *out, const delegate_call *c);
/* chain_id NULL: the one chain, if it is one.  prefixed: sign the text with 0x. */
unsigned delegate_public_key(delegate_kms *k, buf *out, const char *chain_id, bool prefixed);

/* ---- keys that are shared: any thread, at any time ----------------------------------------------------------------- */

/* From now on this is the key of its chain, in this state, with this node's share; NULL: it has none, and combines only.  What is
 * being made of the former one is finished.  What was whole here is shared from now on, and wiped.  ERR_REQUEST: there is no such chain
 * or state, or a key that is whole is another one; ERR_STATE: it is no share of this key. */
err  delegate_kms_put_share(delegate_kms *k, const group_key *key, key_state state, const group_share *share);
/* The key itself, for the party that shares it out; the caller wipes it.  ERR_NOT_FOUND: it is not whole, or not here. */
err  delegate_kms_whole(delegate_kms *k, secp_sk *out, uint32_t chain_id);
bool delegate_kms_is_whole(delegate_kms *k, uint32_t chain_id);
/* why: ends a sentence that begins with "the key of chain N"; static. */
void delegate_kms_drop_share(delegate_kms *k, uint32_t chain_id, const char *why);

/* As delegate_answer_v1, with this node's part of the answer: group_partial_write, sealed to the reader, who combines. */
unsigned delegate_answer_partial(delegate_kms *k, buf *out, const delegate_call *c);

/* Appends the answer to another node's ask (ask.h), which only a node that may combine gets.  False: it is no such frame. */
bool     delegate_answer_ask(delegate_kms *k, buf *out, bool may_combine, slice frame);

/* What is public about the chain's key (description.h), signed by the wallet. */
unsigned delegate_describe(delegate_kms *k, buf *out, const char *chain_id);

/* Appends {"error":"..."}. */
void     delegate_error(buf *out, const char *sentence);

/* What is counted, for Prometheus. */
void     delegate_kms_metrics(buf *out, delegate_kms *k);

#endif
