/* SPDX-License-Identifier: MIT */
/*
 * connector/item.h -- what the connector keeps of a request and of the answer to it.
 *
 * Twenty queues, each a table: thirteen kinds of requests, as events of contracts bring them, and seven of responses, as they
 * will be sent to contracts.  The first seven kinds are the seed's profile (v0.11), the others came later (v0.15).
 *
 * In memory ids and words are as on chain, big-endian; in the tables every uint256 has its least significant byte first, as
 * the reference implementation keeps them.  The tables' names and columns are the reference's too, apart from
 *   sns_ct_materials, key_digests    lists of byte strings instead of lists of composite values (queue_material, queue_digest)
 *   prss_init                        its id is the hash of its transaction: more than one may come
 *   key_reshare_same_set             its id is keyReshareId: a key may be reshared more than once
 *   seq, chain_name, block_number, block_hash, log_index, owner, lease_until, not_before, reason      are ours, in every table
 */
#ifndef ARCA_CONNECTOR_ITEM_H
#define ARCA_CONNECTOR_ITEM_H

#include "base/id.h"
#include "base/trace.h"
#include "evm/abi.h"
#include "store/store.h"

typedef enum queue_kind {
	/* requests */
	QUEUE_PUBLIC_DECRYPTION, QUEUE_USER_DECRYPTION, QUEUE_PREP_KEYGEN, QUEUE_KEYGEN, QUEUE_CRSGEN, QUEUE_PRSS_INIT,
	QUEUE_KEY_RESHARE,
	QUEUE_ABORT_KEYGEN, QUEUE_ABORT_CRSGEN, QUEUE_NEW_CONTEXT, QUEUE_NEW_EPOCH, QUEUE_CONTEXT_DESTROYED, QUEUE_EPOCH_DESTROYED,
	/* responses */
	QUEUE_PUBLIC_DECRYPTION_RESPONSE, QUEUE_USER_DECRYPTION_RESPONSE, QUEUE_PREP_KEYGEN_RESPONSE, QUEUE_KEYGEN_RESPONSE,
	QUEUE_CRSGEN_RESPONSE, QUEUE_NEW_CONTEXT_RESPONSE, QUEUE_EPOCH_RESULT_RESPONSE,
	QUEUE_KINDS,
	QUEUE_REQUESTS = QUEUE_PUBLIC_DECRYPTION_RESPONSE, QUEUE_SEED_REQUESTS = QUEUE_ABORT_KEYGEN,
} queue_kind;

static inline bool queue_is_response(queue_kind k) { return k >= QUEUE_REQUESTS; }

const char *queue_table(queue_kind k);           /* "public_decryption_requests"                                          */
const char *queue_channel(queue_kind k);         /* "public_decryption_request_available"                                 */
const char *queue_label(queue_kind k);           /* of metrics: "public_decryption_request", "prss_init"                   */
const char *queue_event_type(queue_kind k);      /* of the seed's cursors: "PublicDecryptionRequest"; NULL for other kinds */
/* The queue of the answers; QUEUE_KINDS where none is sent, and for responses. */
queue_kind  queue_response_of(queue_kind k);
bool        queue_is_decryption(queue_kind k);   /* or the response to one */

typedef enum queue_status {
	QUEUE_PENDING, QUEUE_UNDER_PROCESS, QUEUE_COMPLETED, QUEUE_FAILED, QUEUE_ABORTED, QUEUE_STATUSES
} queue_status;
const char *queue_status_name(queue_status s);   /* as in the database: "under_process" */

typedef enum queue_chain { QUEUE_GATEWAY, QUEUE_ETHEREUM, QUEUE_CHAINS } queue_chain;
const char *queue_chain_name(queue_chain c);     /* "gateway", "ethereum" */

typedef enum queue_params { QUEUE_PARAMS_DEFAULT = 0, QUEUE_PARAMS_TEST = 1 } queue_params;   /* as in the events */

/* What an event said; borrowed.  Longer things than these are no request: the contracts allow far less. */
enum { MAX_ITEM_BYTES = 1 << 20, MAX_ITEM_LIST = 1024, MAX_ITEM_TEXT = 4096, MAX_ITEM_REASON = 1024 };

/* Where an event stands on chain.  Responses have none. */
typedef struct queue_place {
	queue_chain chain;
	uint64_t    block_number;
	hash32      block_hash, tx_hash;
	uint32_t    log_index;
} queue_place;

/*
 * One request or response.  The members of the second part are those of its kind, the others stay zero:
 *
 *   public decryption   materials (v0.11) or handles; extra_data
 *   user decryption     that, user and public_key; of the shape of RFC-016 also owners, contracts, allowed_contracts, start_s,
 *                       duration_s, signature, and rfc016 = true
 *   prep keygen         params; epoch_id (v0.11) or extra_data            id is prepKeygenId
 *   keygen              prep_keygen_id; extra_data                         id is keyId
 *   crsgen              max_bit_length, params; extra_data
 *   PRSS init           nothing: its id is its tx_hash, whatever id holds
 *   key reshare         key_id, prep_keygen_id, params                     id is keyReshareId
 *                       (epoch_id of others than prep keygen, previous_epoch_id of a reshare: the worker's, in no table)
 *   aborts, ends        nothing                                            id is what is ended
 *   new context         previous_context_id, node_params, thresholds, pcr_values (as the event encodes them), software_version
 *   new epoch           context_id, previous_context_id, previous_epoch_id, material_block
 *
 *   decryption responses     result (public: decryptedResult, user: the shares), signature, extra_data
 *   prep keygen, crsgen      signature; result is the digest of the CRS
 *   keygen                   digests, signature
 *   new context              nothing
 *   epoch result             context_id, keys, crs_list (as confirmEpochActivation takes them)
 */
typedef struct queue_item {
	queue_kind   kind;
	id32         id;
	queue_place  place;
	slice        otlp;                       /* the trace it belongs to (queue_trace); empty: none */
	int64_t      created_ms;

	store_list   materials, handles, owners, contracts, allowed_contracts, digests;
	slice        extra_data, user, public_key, signature, result, keys, crs_list;
	slice        node_params, thresholds, pcr_values, software_version;
	id32         prep_keygen_id, key_id, epoch_id, context_id, previous_context_id, previous_epoch_id;
	abi_word     max_bit_length, material_block;
	queue_params params;
	bool         rfc016;
	int64_t      start_s, duration_s;

	/* How it stands; set by what reads. */
	int64_t      seq;                        /* of its row in its table; given in the order of arrival */
	queue_status status;
	unsigned     errors;                     /* attempts that failed, or whose worker was lost       */
	bool         already_sent;               /* the node knows it: only ask for the result           */
} queue_item;

/* An element of materials: ctHandle, keyId, snsCiphertextDigest, and the addresses of coprocessors, as in the event. */
typedef struct queue_material {
	abi_word handle;
	id32     key_id;
	hash32   digest;
	slice    coprocessors;                   /* 20 bytes each */
} queue_material;
void queue_put_material(buf *out, const queue_material *m);
err  queue_read_material(queue_material *out, slice element);

/* An element of digests: the type of the key, as the contract numbers it, and the digest. */
void queue_put_digest(buf *out, uint8_t key_type, slice digest);
err  queue_read_digest(uint8_t *key_type, slice *digest, slice element);

/* The trace context as it is stored: a map with the key traceparent, and tracestate if that is not empty. */
void queue_put_trace(buf *out, slice traceparent, slice tracestate);
err  queue_read_trace(slice *traceparent, slice *tracestate, slice otlp);

/* Since it came; 0 if a clock was put back meanwhile. */
static inline uint64_t queue_age_ms(int64_t created_ms, int64_t now_ms)
{
	return now_ms > created_ms ? (uint64_t)(now_ms - created_ms) : 0;
}

/* Where an item belongs; none if nothing can be read, for requests that others wrote down may have anything there. */
trace queue_trace_of(const queue_item *item);

#endif
