/* SPDX-License-Identifier: MIT */
/*
 * node/group_news.h -- that a shared key is elsewhere: what those who know tell those who may have missed it.
 *
 * A party may be dead, or never be asked, while the key goes to the parties of another context.  Its share answers nothing any more, but
 * T + 1 such shares make up the key, so it is to be erased, and nobody may ever ask that party for anything again.  Hence whoever knows
 * where the key is says so, every few seconds, to the parties of every other context that it is in: they hear it as soon as they are
 * linked, however long they were away and whoever was restarted.
 *
 * Nobody is believed alone.  When T + 1 parties of the context where a node takes the key to be say that it is elsewhere, with a later
 * epoch than the node's, one of them is honest, and an honest one says so with the certificate of such an epoch on its disk, or after it
 * has left itself.  Who has itself missed that the key came back can only name an epoch that is past.  Links say who speaks
 * (mutual TLS), so nothing is signed.
 *
 *   news       u8 version | chain u32 | key id (32) | u32: an epoch no later than the key's | context (32)
 *
 * Little-endian.  Readers accept what the writers make, and nothing else.
 */
#ifndef ARCA_NODE_GROUP_NEWS_H
#define ARCA_NODE_GROUP_NEWS_H

#include "base/id.h"
#include "base/slice.h"
#include "share/party.h"

typedef struct group_news {
	uint32_t chain_id, epoch;
	id32     key_id, context;
} group_news;

enum { GROUP_NEWS_BYTES = 1 + 4 + 32 + 4 + 32 };

void group_news_write(uint8_t out[static GROUP_NEWS_BYTES], const group_news *n);
[[nodiscard]] bool group_news_read(group_news *out, slice bytes);

/*
 * Is it true?  said[i], of i in `by`: what party i of a context says of one chain; t of them may lie.  known: the newest epoch of the
 * key that is certified here; NULL: none is.  *out: the latest epoch that an honest one vouches for, and the context that one names;
 * zeros: they disagree about that.
 */
[[nodiscard]] bool group_news_believed(group_news *out, const group_news *said, party_set by, unsigned t, const group_news *known);

#endif
