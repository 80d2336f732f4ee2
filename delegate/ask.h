/* SPDX-License-Identifier: MIT */
/*
 * delegate/ask.h -- how a node that combines asks another for its partial answer, and what that one says: frames between nodes.
 *
 *   ask      1 | number u64 | chain id u32 | epoch u32 | form u8 | the gateway's signature (65) | what it signed:
 *            form 0, 1   text as it was sent, or without 0x:  n u32, ephemeralPubKey (n) | n u32, targetPubKey (n)
 *            form 2      the second form:  contract u8, contract (20) | handle (32) | ephemeralPubKey (33) | targetKeyHash (32) |
 *                        key id (32) | nonce (32) | epoch u64 | not before u64 | expires at u64
 *   answer   2 | number u64 | verdict u8 | if it is ASK_ANSWERED: partial (104) | the node's signature (65)
 *
 * Integers little-endian.  The node signs DelegateResponseV1(request, Keccak-256 of the partial) (typed_v1.h), so that a wrong
 * partial convicts it.  Readers take what the writers make, and nothing else.
 */
#ifndef ARCA_DELEGATE_ASK_H
#define ARCA_DELEGATE_ASK_H

#include "delegate/group.h"
#include "delegate/rsa.h"
#include "delegate/typed.h"
#include "delegate/typed_v1.h"

enum { MAX_ASK_TEXT = 2 + 2 * MAX_SPKI, MAX_ASK = 512 + 2 * MAX_ASK_TEXT, ASK_ANSWER_BYTES = 1 + 8 + 1 + GROUP_PARTIAL_BYTES + SECP_RSIG };

typedef enum ask_form { ASK_TEXT_AS_SENT, ASK_TEXT_BARE, ASK_ONCE } ask_form;

typedef struct ask_frame {
	uint64_t  number;                          /* of the one who asks */
	uint32_t  chain_id, epoch;
	ask_form  form;
	secp_rsig authorization;
	slice     ephemeral, target;               /* texts, borrowed; they begin with 0x */
	delegate_v1 v1;                            /* of ASK_ONCE; chain_id among it */
} ask_frame;

void ask_write(buf *out, const ask_frame *a);
[[nodiscard]] bool ask_read(ask_frame *out, slice frame);
/* What the gateway has signed, as a digest; whether the signature is the gateway's is not looked at. */
hash32 ask_request(const ask_frame *a);

typedef enum ask_verdict {
	ASK_ANSWERED = 1, ASK_REFUSED,             /* the gateway has not signed it, or it has ended */
	ASK_OTHER_EPOCH, ASK_NO_KEY, ASK_NONCE_USED, ASK_NOT_YOU, ASK_FAILED, ASK_VERDICTS
} ask_verdict;

typedef struct ask_answer {
	uint64_t    number;
	ask_verdict verdict;
	uint8_t     partial[GROUP_PARTIAL_BYTES];  /* secret, wiped by its owner */
	secp_rsig   signature;
} ask_answer;

void ask_answer_write(buf *out, const ask_answer *a);
[[nodiscard]] bool ask_answer_read(ask_answer *out, slice frame);
/* The number alone, of what begins as an answer. */
[[nodiscard]] bool ask_answer_number(uint64_t *out, slice frame);

/* What a frame is: the first byte. */
enum { ASK_FRAME = 1, ASK_ANSWER_FRAME = 2 };

#endif
