/* SPDX-License-Identifier: MIT */
/*
 * evm/reverts.h -- why a contract refused an answer, and what that means for whoever sent it: one table.
 *
 * A refusal is four bytes that name an error, and its words.  The same four bytes reach us in three shapes, according to
 * the node's program (evm/json_rpc.h); here they are bytes.
 */
#ifndef ARCA_EVM_REVERTS_H
#define ARCA_EVM_REVERTS_H

#include "base/base.h"

typedef enum revert_verdict {
	REVERT_DONE,              /* our answer is on the chain, or nothing is left to answer: success                */
	REVERT_DONE_IF_VALID,     /* success if the epoch is valid for its context (READ_EPOCH_VALID), else failed    */
	REVERT_RETRY,             /* too early: the chain will take it later                                          */
	REVERT_RETRY_BRIEFLY,     /* the provider may be behind, or blocks were exchanged: failed if it persists      */
	REVERT_FAILED,            /* this answer will never be taken                                                  */
	REVERT_ALARM,             /* nor will others: the wallet, the key or the domain is not what contracts know    */
} revert_verdict;

typedef struct revert_row {
	uint32_t       selector;
	const char    *signature;
	revert_verdict verdict;
	const char    *help;      /* what to look at; NULL: nothing to do */
} revert_row;

extern const revert_row REVERTS[];
extern const size_t N_REVERTS;

/*
 * The row that the data of a refusal name.  No data: the row of selector 0, which says to try again (no gas, no contract,
 * or the node itself failed).  Unknown errors: the last row, REVERT_FAILED.
 */
const revert_row *revert_find(slice data);

/* Appends what the data say: "KmsNodeAlreadySigned(uint256,address)", the text of a require(), or "unknown error 01020304". */
void revert_print(buf *out, slice data);

#endif
