/* SPDX-License-Identifier: MIT */
/*
 * connector/ask.h -- a request as messages for a node, and a node's answer as the response that a contract will take.
 *
 *   public decryption   PublicDecrypt    the values as words, one after the other
 *   user decryption     UserDecrypt      the payload as bytes, as the node signed it (kms-service 0.1, "BC")
 *   prep keygen, keygen, crsgen          KeyGenPreproc, KeyGen, CrsGen
 *   new epoch           NewMpcEpoch      each key that it took over, signed anew (v0.15)
 *   new context         NewMpcContext    that the node knows it (v0.15)
 *   PRSS init, reshare  NewMpcEpoch      a node has epochs instead: the first one, and one for each resharing; no response
 *   aborts, ends                         no response
 *
 * The node's signature is checked over exactly what the contract will hash, under the domain of the configuration, and must be of
 * one of the signers that the contracts know.  What comes from a node is not trusted: it has bounds and is read into an arena.
 */
#ifndef ARCA_CONNECTOR_ASK_H
#define ARCA_CONNECTOR_ASK_H

#include "connector/config.h"
#include "connector/item.h"
#include "connector/material.h"

enum { MAX_ASK_ANSWER = 64 << 20, MAX_ASK_SIGNERS = 256 };

/* A ciphertext, in the order of the request's handles. */
typedef enum ask_format { ASK_BIG_COMPRESSED = 2, ASK_BIG_EXPANDED = 3 } ask_format;
typedef struct ask_ciphertext { slice bytes; ask_format format; } ask_ciphertext;

/* Who may have signed: the contracts' list. */
typedef struct ask_signers { eth_address address[MAX_ASK_SIGNERS]; size_t n; } ask_signers;

/* How a kind of request is asked; result NULL: the acknowledgement is all there is. */
typedef struct ask_path { const char *send, *result; } ask_path;
ask_path ask_path_of(queue_kind kind);

/* Does it make an epoch of which the chain wants to know nothing?  Does it end something? */
bool ask_makes_epoch(queue_kind kind);
bool ask_ends(queue_kind kind);

/* The epoch that such a request makes.  Ids of epochs grow (node/epochs.h): the first one, and behind it in the order of resharings. */
id32 ask_epoch_of(const queue_item *item);

/* The id by which the request's shard is chosen: that of its preprocessing where there is one. */
const id32 *ask_shard_id(const queue_item *item);

/* Appends the message.  key_id: of the ciphertexts.  item->epoch_id of a decryption: where its key is, zero: in the first epoch;
 * item->previous_epoch_id of a resharing likewise; item->epoch_id of a key to be made: zero while there is the first epoch.
 * ERR_REQUEST: there is no such request (handles without types, an id of nobody); ERR_UNSUPPORTED: no node answers this kind. */
err  ask_write(buf *out, const queue_item *item, const connector_config *c, const id32 *key_id, const ask_ciphertext *ct, size_t n);

/* The same of a new epoch (v0.15), which takes over these keys.  ERR_REQUEST: there are none, and no contract takes an empty answer. */
err  ask_write_epoch(buf *out, const queue_item *item, const connector_config *c, const epoch_material *m);

/* A context for NewMpcContext (v0.15).  ERR_REQUEST: its texts or its threshold are not such as a message can have. */
err  ask_write_context(buf *out, const kms_context *c);

/* Appends the question for the result. */
void ask_write_poll(buf *out, const queue_item *item);

/* Is this the answer of a node that is not in the epoch's context?  It has given its shares away and has no key to attest: there is no
 * response. */
bool ask_gave_only(const queue_item *item, slice answer);

/*
 * *out = the response, in the arena.  ERR_REQUEST: it is not the answer to this request, or not signed by one of the signers;
 * *wrong_signature tells the latter.
 */
err  ask_read(queue_item *out, bool *wrong_signature, arena *a, const queue_item *item, const connector_config *c,
              const ask_signers *signers, slice answer);

#endif
