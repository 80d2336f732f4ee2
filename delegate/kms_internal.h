/* SPDX-License-Identifier: MIT */
/* delegate/kms_internal.h -- the KMS's insides, for its files. */
#ifndef ARCA_DELEGATE_KMS_INTERNAL_H
#define ARCA_DELEGATE_KMS_INTERNAL_H

#include <stdatomic.h>
#include "delegate/kms.h"
#include "delegate/nonces.h"

enum { KMS_STATUSES = 10 };

typedef struct kms_chain {
	delegate_chain c;
	secp_pk pk;
	hash32  key_id;
	_Atomic uint64_t answers;
	_Atomic typed_text likely;                 /* which text its gateway signed last: tried first */
} kms_chain;

struct delegate_kms {                              /* in guarded memory */
	const signer *wallet;
	nonces *used;                              /* NULL: nothing that serves once is answered */
	const clock_source *clock;
	size_t chains;
	_Atomic uint64_t ended[KMS_STATUSES];
	kms_chain chain[];
};

/* Counts it, and hands it on. */
unsigned kms_count(delegate_kms *k, unsigned status);
/* Puts the thread's error into the answer and forgets it.  What is not the asker's fault says nothing of ours, but to the log. */
unsigned kms_refuse(buf *out, err e, unsigned status);
/* Not given: the one chain, if it is one.  ERR_REQUEST. */
err      kms_find_chain(kms_chain **out, delegate_kms *k, bool given, uint32_t id);
/* 0x and the digits. */
void     kms_put_hex(buf *out, const void *p, size_t n);
/* Appends x(d K), sealed.  ERR_REQUEST: K is no point, or nothing can be sealed to this key. */
err      kms_seal_secret(buf *sealed, const kms_chain *c, slice K, const rsa_pk *to);

#endif
