/* SPDX-License-Identifier: MIT */
/*
 * evm/eip712.h -- typed data that a wallet or a contract can check (EIP-712).
 *
 *   digest     Keccak(0x1901 || separator || struct hash)
 *   struct     Keccak(Keccak(type string) || one word a member); eip712_begin, a put a member, eip712_end
 *   separator  the struct hash of the domain; the domain comes with each request and is never built in
 *
 *   eip712_struct s = eip712_begin("Mail(address to,bytes contents)");
 *   eip712_put_address(&s, &to);
 *   eip712_put_bytes(&s, contents);
 *   hash32 digest = eip712_digest(&domain, &s);
 *
 * Everything here is public.
 */
#ifndef ARCA_EVM_EIP712_H
#define ARCA_EVM_EIP712_H

#include "evm/abi.h"

enum { MAX_DOMAIN_TEXT = 1024, DOMAIN_SALT = 32 };

/* name and version are borrowed.  The domain's type names just the members that it has. */
typedef struct eip712_domain {
	slice       name, version;
	abi_word    chain_id;
	bool        without_contract;
	eth_address contract;
	bool        salted;
	uint8_t     salt[DOMAIN_SALT];
} eip712_domain;

/* The parts of a domain as they stand in a request. */
typedef struct eip712_domain_parts {
	slice name, version;
	slice chain_id;                    /* big-endian, at most 32 bytes  */
	slice contract;                    /* text with EIP-55 checksum     */
	bool  salted;                      /* usually not                   */
	slice salt;                        /* 32 bytes                      */
} eip712_domain_parts;

/* Checks everything; ERR_REQUEST names the part that is wrong.  Text longer than MAX_DOMAIN_TEXT is refused. */
err    eip712_domain_read(eip712_domain *out, const eip712_domain_parts *parts);
hash32 eip712_separator(const eip712_domain *d);

typedef struct eip712_struct { xof words; } eip712_struct;

eip712_struct eip712_begin(const char *type);
void   eip712_put_word(eip712_struct *s, const abi_word *w);              /* uint256, bytes32, uint8 ...    */
void   eip712_put_id(eip712_struct *s, const uint8_t id[static 32]);      /* the same, from an id           */
void   eip712_put_address(eip712_struct *s, const eth_address *a);
void   eip712_put_bytes(eip712_struct *s, slice content);                 /* bytes, string                  */
void   eip712_put_addresses(eip712_struct *s, const eth_address *a, size_t n);          /* address[] */
void   eip712_put_words(eip712_struct *s, const abi_word *w, size_t n);   /* bytes32[], T[] of struct hashes */
hash32 eip712_end(eip712_struct *s);

/* Ends s. */
hash32 eip712_digest(const eip712_domain *d, eip712_struct *s);
/* The same in a domain whose separator is known. */
hash32 eip712_digest_in(const hash32 *separator, eip712_struct *s);

#endif
