/* SPDX-License-Identifier: MIT */
/*
 * delegate/delegate.h -- the delegation KMS: it hands over the secret under which something was encrypted, never sees what.
 *
 * Whoever encrypts picks k and publishes K = k G beside the ciphertext; the key of that is derived from the x of
 * S = k P = d K, P = d G being the KMS's public key.  Who wants to read sends K and an RSA key.  If the gateway, which decides
 * who may read, has signed both, the KMS answers with x(S), sealed to the RSA key.
 *
 * Against whom: without the gateway's signature nobody gets an answer, and no answer helps anybody but the owner of the RSA
 * key.  Each answer is a value of the static Diffie-Hellman function of d at a chosen point; on this curve about 2^24 chained
 * ones would take 12 bits off the 128 of the discrete logarithm, which is why answers are counted (key_counts.h).  A request can be
 * replayed; the answer is the same to the same reader.  An authorization of the second form (request_v1.h) serves once.  One
 * node holds d here, and everything hangs on it.
 *
 * Read in this order:
 *   ecies.h    from x(S) to the plaintext and back           record.h   a ciphertext with its K and nonce, as a file
 *   rsa.h      the reader's key                              typed.h    what gateway and KMS sign, in three historical forms
 *   request.h  the one door for bytes from outside           kms.h      keys, authorisation, answers
 *   typed_v1.h request_v1.h nonces.h   the same for authorizations that end and serve once
 *   key_counts.h   how many answers each key has given
 *   http.h     its routes                                    key_file.h private keys on disk
 *   on_chain.h whether a contract knows it                   whole_key.h the same in a vault
 *   client.h   the asker's side
 * and, where several nodes share d (node/ knows which ones):
 *   feldman.h  shares of a scalar            dleq.h     proofs
 *   group.h    a key of which each has a share, and partial answers
 *   description.h  what is published of it   ask.h      how nodes ask each other
 *   combiner.h one node answers for all      parts.h    or the reader combines
 *   dealing.h  one party's part of such a key;  receiver.h  what all do with it
 *   generate.h a key that nobody ever had;      regroup.h   new shares of a key
 *   group_record.h, group_ceremony.h            what is kept, and how one comes from what is kept to what is kept next
 *   group_move.h   the same where the parties change
 */
#ifndef ARCA_DELEGATE_DELEGATE_H
#define ARCA_DELEGATE_DELEGATE_H

#include "delegate/ask.h"
#include "delegate/client.h"
#include "delegate/client_v1.h"
#include "delegate/combiner.h"
#include "delegate/description.h"
#include "delegate/dleq.h"
#include "delegate/ecies.h"
#include "delegate/feldman.h"
#include "delegate/group.h"
#include "delegate/http.h"
#include "delegate/key_counts.h"
#include "delegate/key_file.h"
#include "delegate/kms.h"
#include "delegate/nonces.h"
#include "delegate/on_chain.h"
#include "delegate/parts.h"
#include "delegate/record.h"
#include "delegate/request.h"
#include "delegate/request_v1.h"
#include "delegate/rsa.h"
#include "delegate/typed.h"
#include "delegate/typed_v1.h"
#include "delegate/whole_key.h"

#endif
