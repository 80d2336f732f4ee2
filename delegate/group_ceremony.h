/* SPDX-License-Identifier: MIT */
/*
 * delegate/group_ceremony.h -- from what the parties have to a key that they have in the end: programs of mpc/session.h.
 *
 *   Offers    broadcast: each party's wallet, the newest certified record that it has of the chain's key, and of which epochs it
 *             has shares
 *   Making    generate.h, or regroup.h from the newest epoch for which somebody shows a certificate; the new epoch is above all that
 *             anybody has prepared
 *   Storing   prepare(): the new share is on disk, beside the old ones
 *   Signing   broadcast: each signs the key as it came out (group_record.h)
 *   Done      with n - T signatures: finish(): the certificate is on disk; from here on older shares may go
 *
 * A party that dies before Signing is one of the T that may be missing.  One that dies between Signing and Done has the new share and
 * the old ones; it does not know whether the ceremony succeeded, and need not: the certificate comes to it in the next Offers (take()),
 * or the ceremony's outcome counts for nobody and is passed over.  No honest party erases an older share before n - T parties have
 * said that the new ones are on disk; so at any moment T + 1 honest ones have shares of an epoch that somebody honest can certify, or
 * of that before it.
 *
 * Who has no certificate worth believing says nothing that counts (group_is_certified_var).
 */
#ifndef ARCA_DELEGATE_GROUP_CEREMONY_H
#define ARCA_DELEGATE_GROUP_CEREMONY_H

#include "delegate/group_record.h"
#include "delegate/regroup.h"
#include "mpc/session.h"

enum { MAX_HELD = 4 };               /* epochs of one key of which a party has shares */

/* Who a party is, and what it has of the chain's key. */
typedef struct group_holding {
	eth_address  wallet;
	bool         certified;
	group_record newest;             /* if certified: the newest */
	uint32_t     prepared;           /* one more than the newest epoch that it knows of; 0: none */
	unsigned     held;
	hash32       digest[MAX_HELD];   /* group_digest of each key of which it has a share */
} group_holding;

typedef struct group_ceremony {
	uint32_t     chain_id;
	group_roster roster;             /* set by the program: what the parties say who they are */
	const signer *wallet;
	const secp  *curve;
	const group_holding *have;
	void *ctx;
	/* The share of the key of this digest, and that key, as it was prepared; ERR_NOT_FOUND.  Only for digests of `have`. */
	err (*load)(void *ctx, group_share *out, group_record *r, const hash32 *digest);
	/* Each returns when it is on disk. */
	err (*take)(void *ctx, const group_record *certified);       /* which others have, and this party had not */
	err (*prepare)(void *ctx, const group_record *made, const group_share *held);
	err (*finish)(void *ctx, const group_record *certified);
} group_ceremony;

/*
 * arg: a group_ceremony.  ERR_EXISTS, and take() was called if need be: somebody shows that there is a key.
 *
 * If T + 1 parties have prepared shares of one key, somebody absent may have seen it certified, and published: then the shares are
 * shared anew, and it stays the key.  Fewer than T + 1 right deals show that it was not: n - T had signed it, of whom the liars and the
 * absent are T, and the others, T + 1 at least, would have dealt right.
 */
err  group_create(session *s, void *arg);
/* New shares for the same parties.  ERR_NOT_FOUND: nobody has a key. */
err  group_refresh(session *s, void *arg);

/* A key that `owner` alone has; d: at the owner only. */
typedef struct group_import_job { group_ceremony *c; party owner; const secp_sk *d; } group_import_job;
/* arg: a group_import_job.  As group_create, also in that an attempt that somebody absent may have seen succeed is gone on with. */
err  group_import(session *s, void *arg);

enum { MAX_GROUP_OFFER = 20 + 4 + MAX_GROUP_RECORD + 4 + 1 + MAX_HELD * 32 };

/* An offer's bytes: wallet (20) | u32 bytes of the record (0: none), and it | u32 prepared | u8 held | the digests. */
void group_offer_write(buf *out, const group_holding *h);
/* ERR_REQUEST. */
err  group_offer_read(group_holding *out, slice bytes);

#endif
