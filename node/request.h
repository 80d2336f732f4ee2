/* SPDX-License-Identifier: MIT */
/*
 * node/request.h -- what the outside may ask, decoded and checked: the only form in which a request reaches the rooms
 * that hold keys.
 *
 * A request owns the memory that its slices point into.  Whoever parses (api_*.c) fills one; the engine (engine.h) reads
 * it.  The struct holds no socket, no protobuf and no pointer into either.
 */
#ifndef ARCA_NODE_REQUEST_H
#define ARCA_NODE_REQUEST_H

#include "base/stop.h"
#include "base/trace.h"
#include "evm/eip712.h"
#include "node/backlog.h"
#include "node/requests.h"
#include "seal/enc_key.h"
#include "tkms/tkms.h"
#include "vault/objects.h"

enum {
	MAX_CIPHERTEXTS = 2048,                        /* of one request: as many as a contract can ask for */
	MAX_REQUEST_TEXT = 128,                        /* of an id or an address as text                    */
	MAX_RESHARED_KEYS = 64,                        /* of one epoch                                      */
};

/* What a key set shall be.  The numbers are those of the protocol. */
typedef struct keyset_config { uint32_t type, compute, secrets, compression; } keyset_config;
enum { KEYSET_STANDARD = 0, KEYSET_DECOMPRESSION = 1 };  /* of keyset_config.type: the other is a decompression key alone */
enum { SECRETS_NEW = 0, SECRETS_EXISTING = 1 };        /* of keyset_config.secrets */
enum { COMPRESSED_ALL = 0, COMPRESSED_NONE = 1 };      /* of keyset_config.compression */

typedef struct preproc_request {
	const lat_params *params;
	keyset_config     keyset;
} preproc_request;

typedef struct keygen_request {
	id32              preproc_id;
	const lat_params *params;                      /* NULL: those of the preprocessing */
	keyset_config     keyset;
	id32              existing;                    /* SECRETS_EXISTING: the key, of the same epoch, whose secrets the new one has */
	bool              keeps_tag;                   /* and whose tag it keeps instead of its own id */
	bool              copies;                      /* and under whose id the new key set is published, too, beside its public key */
	id32              from, to;                    /* KEYSET_DECOMPRESSION: keys of the same epoch; what is compressed under the
	                                                * one is decompressed to the other */
} keygen_request;

typedef struct decrypt_item {
	const fhe_type *type;
	ct_format       format;
	slice           file, handle;
} decrypt_item;

typedef struct decrypt_request {
	id32          key_id;
	size_t        items;
	decrypt_item *item;
	abi_word     *handle;                          /* of each item, padded to a word */

	/* User decryption only. */
	eth_address   client;
	slice         enc_key_wire;                    /* as it came: this is what is signed */
	enc_key       enc_key;
} decrypt_request;

/* A key that the new epoch shall have, and what it must be. */
typedef struct wanted_key {
	id32          key_id, preproc_id;
	const lat_params *params;
	size_t        digests;                         /* none: not compared */
	stored_digest digest[PUB_TYPES];
} wanted_key;

typedef struct epoch_request {
	bool          reshares;
	id32          from, from_context;              /* the epoch whose keys the new one gets */
	size_t        keys;                            /* none named: all of them */
	wanted_key   *key;
} epoch_request;

typedef struct request {
	request_kind  kind;
	bool          insecure;                        /* of a preprocessing or key generation: one party deals the key */
	id32          id, context_id, epoch_id;
	eip712_domain domain;
	slice         extra_data;
	size_t        schemes;                         /* of signatures asked for beside the scalar ones */
	uint32_t      scheme[MAX_SCHEMES];
	union {
		preproc_request preproc;
		keygen_request  keygen;
		decrypt_request decrypt;               /* public and user */
		epoch_request   epoch;
	};
	hash32        body;                            /* digest of every decoded field but the id: "the same body" */
	trace         traced;                          /* the span in which this node works on it */
	stop_flag    *stop;                            /* of whoever has taken it in: ends the work on it; may be NULL */
	backlog_part *waits;                           /* likewise: what of it is not computed yet        */
	arena         memory;
} request;

void request_free(request **r);

/* Of a key generation: has the key the secrets of another one? */
static inline bool keygen_is_migration(const request *r) { return r->keygen.keyset.secrets == SECRETS_EXISTING; }

/* Is it that of a decompression key between two key sets? */
static inline bool keygen_is_decompression(const request *r) { return r->keygen.keyset.type == KEYSET_DECOMPRESSION; }

/* Is the key set published as a ServerKey instead of a CompressedXofKeySet? */
static inline bool keygen_is_uncompressed(const request *r) { return r->keygen.keyset.compression == COMPRESSED_NONE; }

/* What sentences call the list of ciphertexts: its name in the message. */
const char *request_items_field(request_kind kind);

/* The digest for r->body.  The parser calls it once, before anything is filled in. */
hash32 request_body(const request *r);

/*
 * The span of what is done for a request: below the caller's, or where it has none in a trace that kind and id name, so that
 * what parties do for one request is one trace, whoever asked them.
 */
trace request_trace(const trace *above, request_kind kind, const id32 *id);

/* What a key generation must know of its preprocessing, as bytes for the table of requests, and back. */
void preproc_facts_write(buf *out, const request *preproc);
typedef struct preproc_facts { const lat_params *params; keyset_config keyset; id32 context_id, epoch_id; bool insecure; } preproc_facts;
err  preproc_facts_read(preproc_facts *out, slice bytes);

#endif
