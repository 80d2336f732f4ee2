/* SPDX-License-Identifier: MIT */
/*
 * delegate/group_record.h -- what is stored of a shared key, and who vouches for it.
 *
 * In the end of a ceremony each party stores its share, and then signs the key as it came out.  The signatures of n - T parties are a
 * certificate: T + 1 honest parties at least have their shares on disk, so the key is not lost whatever becomes of older shares.
 * Anybody can hand it on; whoever was cut off in the last round takes it from another.
 *
 *   roster     SHA-256("arca/roster/v1" || n u16 || the wallets of parties 1 .. n, 20 bytes each)
 *   digest     H_tag("arca/dkg/final/v1"; key id, chain u32, epoch u32, n u16, T + 1 u16, roster, P, Y_1 .. Y_n), what wallets sign
 *   record     u8 version | key id (32) | chain u32 | epoch u32 | n u8 | T u8 | n wallets (20) | P (33) | Y_1 .. Y_n (33 each; zeros:
 *              none) | signers u64 | a signature (65) of each of them
 *   share file u8 version | index u8 | share (32) | record
 *
 * Integers in files are little-endian.  Readers accept what the writers make, and nothing else.
 */
#ifndef ARCA_DELEGATE_GROUP_RECORD_H
#define ARCA_DELEGATE_GROUP_RECORD_H

#include "delegate/group.h"
#include "seal/sign.h"

/* Who the parties are: wallet[1 .. n]; zeros: it did not say. */
typedef struct group_roster { unsigned n; eth_address wallet[MAX_PARTIES + 1]; } group_roster;

hash32 group_roster_hash(const group_roster *r);

typedef struct group_record {
	group_key    key;                /* key.roster is that of `roster` */
	group_roster roster;
	party_set    signers;
	secp_rsig    signature[MAX_PARTIES + 1];
} group_record;

hash32 group_digest(const group_key *k);

/* Whether party i has signed. */
bool   group_signed_by_var(const group_key *k, const group_roster *r, party i, const secp_rsig *sig);
/*
 * n - T parties of its roster have signed the record, T + 1 of them with the wallets that parties have now, as they themselves say:
 * so an honest one is among these, and the roster, which it has signed as well, was that of the ceremony.  T is the cluster's: a record
 * that names another is none, for with a smaller one liars alone would do.
 */
bool   group_is_certified_var(const group_record *r, const group_roster *now, unsigned T);

enum {
	MAX_GROUP_RECORD = 1 + 32 + 4 + 4 + 2 + SECP_PK + 8 + MAX_PARTIES * (20 + SECP_PK + SECP_RSIG),
	MAX_GROUP_SHARE_FILE = 2 + SECP_SK + MAX_GROUP_RECORD,
};

void group_record_write(buf *out, const group_record *r);
/* ERR_REQUEST: not that; points that are none, signatures that nobody made. */
err  group_record_read(group_record *out, slice bytes);

void group_share_write(buf *out, const group_share *held, const group_record *r);
/* ERR_REQUEST as group_record_read; the share is not compared with its Y: group_share_is_right. */
err  group_share_read(group_share *held, group_record *r, slice file);
bool group_share_is_right(const group_share *held, const group_key *k, const secp *curve);

#endif
