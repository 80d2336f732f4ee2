/* SPDX-License-Identifier: MIT */
/*
 * tkms/tkms.h -- what the product does with ciphertexts and keys, apart from any network.
 *
 *   keygen.h     a key set made by one node that holds the secret keys (centralized mode)
 *   server_key.h the same key set as an uncompressed ServerKey
 *   trial.h      whether the files of a key set work, tried before they are given out
 *   decrypt.h    one ciphertext file to one value, with the secret keys at hand
 *   coprocess.h  the coprocessor's part: a client's list to the four ciphertext formats
 *   encrypt.h    the client's part: values to a compact list under a public key
 *   answer.h     the payloads that a node signs, as bytes
 *
 * and with the key shared among n parties:
 *
 *   key_share.h  what one party holds of a key set
 *   dealer.h     insecure: who knows a whole key shares it out
 *   squashed.h   a ciphertext as parties decrypt it
 *   identity.h   the hash of a ciphertext to which the masks of its decryption are bound
 *   partial.h    a party's part of decrypting: masked shares
 *   finish.h     from opened elements to the plaintext, and what is refused
 *   reconstruct.h  user decryption at the user: from the parties' shares to the plaintexts
 */
#ifndef ARCA_TKMS_TKMS_H
#define ARCA_TKMS_TKMS_H

#include "tkms/keygen.h"
#include "tkms/decrypt.h"
#include "tkms/coprocess.h"
#include "tkms/encrypt.h"
#include "tkms/answer.h"

#endif
