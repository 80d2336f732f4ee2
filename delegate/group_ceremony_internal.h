/* SPDX-License-Identifier: MIT */
/* delegate/group_ceremony_internal.h -- what ceremonies among the same parties and among others (group_move.h) have in common. */
#ifndef ARCA_DELEGATE_GROUP_CEREMONY_INTERNAL_H
#define ARCA_DELEGATE_GROUP_CEREMONY_INTERNAL_H

#include "delegate/group_ceremony.h"

/* offer[i], for i in *said: what P_i of the session says that it has; and c->roster. */
err  group_hear_offers(session *s, group_holding *offer, party_set *said, group_ceremony *c);

bool group_has(const group_holding *h, const hash32 *digest);
/* Of several keys with one epoch, that of the smallest id: honest parties make no second key of a chain. */
bool group_is_newer(const group_record *a, const group_record *b);
/* The first epoch that nobody of these has prepared, from `least` on. */
uint32_t group_free_epoch(uint32_t least, const group_holding *offer, party_set said);

/* New shares by this plan, of this epoch, stored, signed and certified.  plan->as, unless it is lacking: `mine` is loaded here. */
err  group_renew(session *s, const group_ceremony *c, regroup_plan *plan, uint32_t epoch);

#endif
