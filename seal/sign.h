/* SPDX-License-Identifier: MIT */
/*
 * seal/sign.h -- who said it: the two signatures of a node and the address by which chains know it.
 *
 *   internal   over SHA-256(dsep || message), 64 bytes r || s: checked by other nodes and inside signcryption
 *   external   over a Keccak digest (EIP-712, see evm/), 65 bytes r || s || v: checked by wallets and contracts
 *   address    the last 20 bytes of Keccak-256(x || y) of the public key
 *
 * Time: constant in the secret key.
 */
#ifndef ARCA_SEAL_SIGN_H
#define ARCA_SEAL_SIGN_H

#include "curve/secp.h"
#include "sym/keccak.h"

typedef struct eth_address { uint8_t b[20]; } eth_address;

static inline bool eth_address_eq_var(eth_address a, eth_address b) { return memcmp(a.b, b.b, sizeof a.b) == 0; }

eth_address address_of(const secp_pk *pk);

/* A signing key at work: the secret in guarded memory, its public side beside it.  May be shared by threads. */
typedef struct signer signer;
err  signer_new(signer **out, const secp_sk *sk, const rng *r);       /* copies sk; r blinds the arithmetic */
void signer_free(signer **s);
const secp_pk     *signer_pk(const signer *s);
const eth_address *signer_address(const signer *s);

/* The seed of the node's key under another scheme (seal/typed.h): secret, wiped by the caller. */
enum { SIGNER_SEED = 32 };
void signer_seed(uint8_t out[static SIGNER_SEED], const signer *s, uint32_t scheme);

/* Requires: dsep is a string of 8 characters.  Digest and signing: time constant in the message. */
hash32    sign_internal_digest(const char *dsep, slice message);
secp_sig  sign_internal(const signer *s, const char *dsep, slice message);
bool      sign_internal_ok_var(const secp_pk *by, const secp_sig *sig, const char *dsep, slice message);

secp_rsig sign_external(const signer *s, const hash32 *digest);
/* *by = the address that signed; false, and by untouched, if nobody did. */
bool      sign_external_by_var(eth_address *by, const secp_rsig *sig, const hash32 *digest);

#endif
