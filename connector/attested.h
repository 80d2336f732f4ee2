/* SPDX-License-Identifier: MIT */
/*
 * connector/attested.h -- which ciphertext is that of a handle, where the chain does not say it: what enough coprocessors attest.
 *
 * All buckets are asked at once, by a HEAD for the object of the handle.  An attestation counts if it is signed for this handle by one
 * of the coprocessors; what most of them say is believed once as many as the gateway's configuration wants have said the same, each
 * counted once.  Then the rest is not waited for, if no other claim could reach as many.  A bucket is never trusted: who lies alone, is
 * silent or slow costs time and nothing else.
 */
#ifndef ARCA_CONNECTOR_ATTESTED_H
#define ARCA_CONNECTOR_ATTESTED_H

#include "connector/bucket.h"
#include "connector/coprocessors.h"
#include "evm/attestation.h"

enum { ATTESTED_NAME = 80 };

/* The name of a handle's ciphertext in every bucket. */
void attested_name(char out[static ATTESTED_NAME], const abi_word *handle);

/* What one said, and in which bucket: an index of coprocessors.bucket. */
typedef struct attested_voice { attestation said; size_t bucket; } attested_voice;

/* The claim that most signers make, the smaller of two as bytes, and how many they are. */
size_t attested_most(attested_claim *out, const attested_voice *voice, size_t n);

typedef struct attested {
	attested_claim claim;
	const char    *url[MAX_COPROCESSORS];      /* the buckets that hold it, of `who` */
	size_t         urls;
} attested;

/* ERR_IO with a sentence: too few say the same, and it may be otherwise later. */
err  attested_find(attested *out, buckets *b, const coprocessors *who, const abi_word *handle);

#endif
