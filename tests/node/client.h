/* SPDX-License-Identifier: MIT */
/*
 * tests/node/client.h -- the calls of the core service as a client makes them.  Every function returns the gRPC code of
 * the answer; the sentence is in client_said.
 */
#ifndef ARCA_TESTS_NODE_CLIENT_H
#define ARCA_TESTS_NODE_CLIENT_H

#include <kms.v1.pb-c.h>
#include "evm/address.h"
#include "rpc/pb.h"
#include "seal/enc_key.h"
#include "tests/node/child.h"
#include "tkms/tkms.h"

extern rpc_status client_said;

/* The signing schemes that all requests ask for; none at first. */
extern const Kms__V1__SigningSchemeType *client_schemes;
extern size_t client_schemes_n;

/* An id whose first byte is `kind` and whose last bytes count up. */
id32 fresh_id(uint8_t kind);

/* The messages refer to the given ids and to static texts: valid until the next call of the same function. */
Kms__V1__RequestId *id_message(const id32 *id);
Kms__V1__Eip712DomainMsg *domain_message(const char *name);

/* Calls a method of the core service and appends the response's bytes. */
grpc_status call_core(child *c, buf *response, const char *method, const ProtobufCMessage *request);
grpc_status call_path(child *c, buf *response, const char *path, const ProtobufCMessage *request);

/* A Get…Result call; asks again while it is UNAVAILABLE. */
grpc_status get_result(child *c, buf *response, const char *method, const id32 *id);

grpc_status start_preproc(child *c, const id32 *prep, int params);
grpc_status start_keygen(child *c, const id32 *key, const id32 *prep);

/* The same with the secrets of a key that exists, whose tag the new one keeps. */
grpc_status start_preproc_existing(child *c, const id32 *prep, int params);
grpc_status start_keygen_existing(child *c, const id32 *key, const id32 *prep, const id32 *existing);
/* And the compressed key set under that key's id, too. */
grpc_status start_keygen_copied(child *c, const id32 *key, const id32 *prep, const id32 *existing);

/* These, and those below, ask in this epoch from now on; NULL: in none that they name. */
void ask_in_epoch(const id32 *epoch);

/* A decompression key from the lists of one key to the values of another. */
grpc_status start_preproc_between(child *c, const id32 *prep, int params);
grpc_status start_keygen_between(child *c, const id32 *key, const id32 *prep, const id32 *from, const id32 *to);

/* Those for key sets ask for CompressedNone from now on, or no more; and what start_preproc and start_keygen say about that
 * (NULL: nothing). */
void ask_uncompressed(bool on);
Kms__V1__KeySetConfig *keyset_config_message(void);

/* One for whom values are decrypted: fresh keys, and as requests name them; a fresh address. */
typedef struct user { dec_key dk; enc_key ek; uint8_t wire[ENC_KEY_BYTES]; eth_address address; char text[ADDRESS_TEXT]; } user;
user new_user(void);

typedef struct client_item { int fhe_type; ct_format format; slice file, handle; } client_item;
grpc_status public_decrypt(child *c, buf *response, const char *method, const id32 *id, const id32 *key, const client_item *item, size_t n);
grpc_status user_decrypt(child *c, buf *response, const char *method, const id32 *id, const id32 *key, const client_item *item, size_t n,
                         const user *u);

/* The same as bytes that are the caller's. */
buf public_decrypt_message(const id32 *id, const id32 *key, const client_item *item, size_t n);
buf user_decrypt_message(const id32 *id, const id32 *key, const client_item *item, size_t n, const user *u);

/* Prep and key generation with test parameters until the key is there; false if the node refused or died. */
bool make_key(child *c, id32 *prep, id32 *key);

#endif
