/* SPDX-License-Identifier: MIT */
/*
 * bench/load.h -- requests for a connector, as a gateway's chain makes them, and what each must become.
 *
 *   event         a public decryption of one ciphertext, which has a digest of its own
 *   answer        the node's: a value and a real signature over what the contract will hash, made beforehand
 *   call          what must stand in the transaction at the end
 *
 * All requests of a load are distinct, and so are their ciphertexts: they end with the request's number.  Loads are of different keys.
 */
#ifndef ARCA_BENCH_LOAD_H
#define ARCA_BENCH_LOAD_H

#include "base/id.h"
#include "evm/kms_calls.h"
#include "evm/tx.h"

enum { LOAD_CHAIN = 54321 };

typedef struct load {
	size_t       n;                          /* requests                                     */
	buf          ciphertext;                 /* of all requests but for the last eight bytes */
	hash32      *digest;                     /* of each request's ciphertext                 */
	secp_rsig   *signature;                  /* the node's                                   */
	uint32_t    *by_digest, by_digest_mask;  /* a table: number of the request + 1           */
	secp_sk      wallet_key;
	signer      *node, *wallet;
	eip712_domain domain;
	eth_address  decryption, generation, gateway_config, acl, coprocessor;
} load;

/* bytes: of each ciphertext.  Signs n answers on two threads: some tens of microseconds each. */
err  load_new(load **out, size_t n, size_t bytes);
void load_free(load **l);

void load_id(id32 *out, size_t i);
bool load_find(size_t *i, const load *l, slice id_hex);
bool load_find_digest(size_t *i, const load *l, slice digest_hex);

/* Each appends. */
void load_put_ciphertext(buf *out, const load *l, size_t i);
void load_put_log_data(buf *out, const load *l, size_t i);
void load_put_answer(buf *out, const load *l, size_t i);
void load_put_keys(buf *out);                    /* which key the node has: none that a dealer knew */
void load_put_call(buf *out, const load *l, size_t i);

/* Is this what a node must be asked?  The message of PublicDecrypt: *i is the request that it is for. */
bool load_asked(size_t *i, const load *l, slice message);

/* Is raw the transaction of the wallet that brings the answer?  *i: of which request; *nonce.  signature: that is checked too. */
err  load_check_tx(size_t *i, uint64_t *nonce, const load *l, slice raw, bool signature);

#endif
