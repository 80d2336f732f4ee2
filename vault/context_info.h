/* SPDX-License-Identifier: MIT */
/*
 * vault/context_info.h -- who the parties of a cluster are, as it is stored ("Context" objects).
 *
 * The file is a `safe_serialize` envelope of type kms::ContextInfo, whose body is versioned as other implementations write
 * it: ids and addresses are public, so is everything else here.
 *
 * Readers borrow from the file, take what has to be laid out from the arena, check every length and count, and refuse
 * trailing bytes with ERR_REQUEST.
 */
#ifndef ARCA_VAULT_CONTEXT_INFO_H
#define ARCA_VAULT_CONTEXT_INFO_H

#include "seal/sign.h"
#include "share/party.h"
#include "vault/objects.h"

enum {
	MAX_CONTEXT_FILE = 4 << 20,
	MAX_CONTEXT_TEXT = 2048,                       /* of an identity, a URL, a version's tag */
	MAX_CA_CERT = 16 << 10,
	MAX_EXTRA_ADDRESSES = 64,
	MAX_PCR_SETS = 64,
	MAX_PCR = 64,                                  /* bytes of one measurement */
};

typedef struct scheme_digest { uint32_t scheme; slice digest; } scheme_digest;

typedef struct node_info {
	slice    mpc_identity, external_url, public_storage_url;
	uint32_t party_id;
	bool     has_ca_cert, has_prefix;
	slice    ca_cert, public_storage_prefix;
	size_t   addresses;
	const eth_address *address;                    /* further keys that may transact for the node */
	size_t   digests;
	scheme_digest digest[MAX_SCHEMES];             /* who signs, by scheme; that of ECDSA is the address */
} node_info;

typedef struct software_version {
	uint32_t major, minor, patch;
	bool     has_tag;
	slice    tag;
} software_version;

typedef struct pcr_values { slice pcr[3]; } pcr_values;

typedef struct context_info {
	id32     id;
	software_version version;
	uint32_t threshold;
	size_t   nodes, pcr_sets;
	const node_info  *node;
	const pcr_values *pcrs;
} context_info;

void context_info_write(buf *out, const context_info *c);
err  context_info_read(context_info *out, arena *a, slice file);

/* The ECDSA address among the digests; false if there is none. */
bool node_info_address(eth_address *out, const node_info *n);

/* "1", "1.2" or "1.2.3-tag". */
err  software_version_read(software_version *out, slice text);

#endif
