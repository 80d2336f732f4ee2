/* SPDX-License-Identifier: MIT */
/* delegate/kms_internal.h -- the KMS's insides, for its files. */
#ifndef ARCA_DELEGATE_KMS_INTERNAL_H
#define ARCA_DELEGATE_KMS_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include "delegate/ask.h"
#include "delegate/group.h"
#include "delegate/kms.h"
#include "delegate/key_counts.h"
#include "delegate/nonces.h"
#include "delegate/repeats.h"
#include "delegate/request_v1.h"

enum { KMS_STATUSES = 10 };

/* A shared key in one epoch.  In guarded memory; stays as long as somebody holds it. */
typedef struct kms_group {
	atomic_uint holders;
	group_key   key;
	key_state   state;
	group_share share;                         /* index 0: none, this node only combines */
} kms_group;

typedef struct kms_chain {
	delegate_chain c;
	kms_group *group;                          /* under the lock; NULL: none yet.  A key that is whole is shared by one */
	const char *why;                           /* there is none; likewise.  NULL: it is not made yet */
	_Atomic uint64_t answers;
	_Atomic(key_count *) given;                /* of its key, over restarts; NULL: there is none, or nobody counts */
	_Atomic int64_t free_us;                   /* up to here the chain's answers have used its time (kms_has_room) */
	hash32 domain;                             /* of what is signed of it, without a salt */
	_Atomic typed_text likely;                 /* which text its gateway signed last: tried first */
} kms_chain;

struct delegate_kms {                              /* in guarded memory */
	const signer *wallet;
	secp *curve;
	const rng *random;
	nonces *used;                              /* NULL: nothing that serves once is answered */
	const clock_source *clock;
	key_counts *counts;                             /* NULL: answers are counted from the start on */
	int64_t rate;                              /* answers a second of each key; 0: as many as there are */
	pthread_mutex_t lock;
	size_t chains;
	_Atomic uint64_t ended[KMS_STATUSES];
	repeats *seen;                             /* of the first form; and how often one was there */
	_Atomic uint64_t repeated;
	kms_chain chain[];
};

/* What is asked, once it was looked at: the gateway has signed it, K is a point, the reader's key is one. */
typedef struct kms_question {
	kms_chain *chain;
	bool       once;                           /* the second form: `v1` is what was signed */
	delegate_v1 v1;                            /* of the first form, chain and K only */
	typed_text text;                           /* the first form: which text was signed, and the salt of the answer */
	bool       salted;
	uint8_t    salt[DOMAIN_SALT];
	uint8_t    ephemeral[2 + 2 * SECP_PK], target[MAX_ASK_TEXT];         /* and the texts as they were sent */
	size_t     target_n;
	hash32     request;                        /* digest of what was signed */
	secp_rsig  authorization;
	secp_pk    K;
	secp_point point;                          /* the same, to be multiplied */
	size_t     spki_n;
	uint8_t    spki[MAX_SPKI];
} kms_question;

/* Both take *status with every error.  A nonce is not used up yet. */
err      kms_read(kms_question *q, delegate_kms *k, unsigned *status, const delegate_call *c);
err      kms_read_v1(kms_question *q, delegate_kms *k, unsigned *status, const delegate_call *c);
/* Uses it up. */
err      kms_use_nonce(delegate_kms *k, unsigned *status, const delegate_v1 *w);

/* ERR_REQUEST: nobody but the gateway may ask. */
err      kms_authorise(const kms_chain *c, const secp_rsig *sig, const hash32 *digest);
err      kms_in_time(const delegate_kms *k, const delegate_v1 *w);

/* Appends the answer of this form.  signed_by: what other nodes have signed of it (JSON members, each with a comma in front), or "". */
void     kms_put_answer(buf *out, const delegate_kms *k, const kms_question *q, slice sealed, const char *signed_by);
void     kms_put_answer_v1(buf *out, const delegate_kms *k, const kms_question *q, const char *name, slice sealed, const char *signed_by);
void     kms_seal(buf *sealed, const delegate_kms *k, const kms_question *q, slice secret);

/* One more answer of this chain's key. */
void     kms_count_answer(kms_chain *c);
/* Which key that is. */
void     kms_count_by(delegate_kms *k, kms_chain *c, const secp_pk *P);
/* May its key give one more answer now?  Then that one is taken as given. */
bool     kms_has_room(const delegate_kms *k, kms_chain *c);

/* ERR_STATE: with the key of this chain nothing is read now; no key at all is none of this question.  ERR_EXHAUSTED: not so soon. */
err      kms_may_answer(delegate_kms *k, unsigned *status, kms_chain *c);

/* A key that is whole, as one that one party shares with nobody. */
err      kms_group_alone(kms_group **out, delegate_kms *k, const delegate_chain *c);
/* The present epoch's, to be given back; NULL: there is none. */
kms_group *kms_group_hold(delegate_kms *k, kms_chain *c);
void     kms_group_release(kms_group *g);
/* ERR_STATE with a sentence, for there is none. */
err      kms_no_group(delegate_kms *k, kms_chain *c);
/* NULL is none. */
static inline bool kms_group_is_whole(const kms_group *g) { return g && g->key.n == 1; }

/* Counts it, and hands it on. */
unsigned kms_count(delegate_kms *k, unsigned status);
/* Puts the thread's error into the answer and forgets it.  What is not the asker's fault says nothing of ours, but to the log. */
unsigned kms_refuse(buf *out, err e, unsigned status);
/* Not given: the one chain, if it is one.  ERR_REQUEST. */
err      kms_find_chain(kms_chain **out, delegate_kms *k, bool given, uint32_t id);
/* 0x and the digits. */
void     kms_put_hex(buf *out, const void *p, size_t n);

#endif
