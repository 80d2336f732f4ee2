/* SPDX-License-Identifier: MIT */
/* node/ddec_internal.h -- what the ddec*.c share. */
#ifndef ARCA_NODE_DDEC_INTERNAL_H
#define ARCA_NODE_DDEC_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include "base/list.h"
#include "node/ddec.h"

typedef struct ddec_request ddec_request;

/* One ciphertext of a request.  It is in one place at a time, and whoever has it there may change it. */
typedef struct ddec_item {
	ddec_request *of;
	size_t   index;
	struct ddec_item *next;                  /* in the queue, among those ready to be opened, or of one opening */
	hash32   h;
	uint32_t elements;
	uint8_t *share;                          /* masked, as it travels; in the request's arena */
	int64_t  until_ms;                       /* the opening is given up */
	party_set without;                       /* who said to have no share of h */
} ddec_item;

struct ddec_request {
	ddec    *of;
	const request *request;
	work_ended *ended;
	void    *ctx;
	own_part    *key;
	const epoch *epoch;
	committee   *with;
	decrypt_operation operation;
	hash32   link;                           /* user decryption */
	ddec_item *item;
	plaintext *value;                        /* public decryption */
	buf       *sealed;                       /* user decryption */
	_Atomic size_t left;                     /* items that have not ended */
	_Atomic bool   hopeless;                 /* one of them has failed    */

	pthread_mutex_t lock;                    /* of what follows */
	arena    memory;
	err      failed;                         /* the first failure */
	char     why[512];
};

/* Records from a party that wait for the thread. */
typedef struct ddec_mail { struct ddec_mail *next; committee *from_committee; party from; size_t n; uint8_t bytes[]; } ddec_mail;

typedef struct opening_desk opening_desk;

struct ddec {
	ddec_parts p;
	peers     *peers;
	unsigned   cores;
	pthread_t  thread;
	bool       has_thread;
	int64_t    started_ms;

	pthread_mutex_t lock;                    /* of what follows */
	pthread_cond_t  wake;
	bool       stopping;
	ddec_item *queue, **queue_end;           /* waiting for a batch    */
	size_t     queued, running;              /* items in it; batches at work */
	bool       slow_runs;                    /* one of these is of small formats */
	int64_t    oldest_ms;                    /* when the queue's first came */
	ddec_item *ready, **ready_end;           /* with their masked share */
	ddec_mail *mail, **mail_end;
	size_t     mail_bytes[MAX_PARTIES + 1];

	opening_desk *desks;                     /* the thread's own */
	_Atomic uint64_t opening, batches, items, opened;
};

/* The item has ended, well (OK) or not (with the thread's sentence).  The last one ends the request. */
void ddec_item_ended(ddec_item *item, err e);

/* Memory of the request, for what its items leave. */
err  ddec_request_alloc(ddec_request *q, uint8_t **out, size_t n);

/* ddec_batch.c: under the lock.  Sends off batches that are due; returns when to look again (INT64_MAX: when woken). */
int64_t ddec_dispatch(ddec *d, int64_t now_ms);

/* ddec_open.c */
void *ddec_thread(void *d);
void  ddec_desks_free(ddec *d);

#endif
