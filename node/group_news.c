/* SPDX-License-Identifier: MIT */
/* node/group_news.c */
#include "node/group_news.h"

enum { VERSION = 1 };

void group_news_write(uint8_t out[static GROUP_NEWS_BYTES], const group_news *n)
{
	out[0] = VERSION;
	store32(out + 1, n->chain_id);
	memcpy(out + 5, n->key_id.b, 32);
	store32(out + 37, n->epoch);
	memcpy(out + 41, n->context.b, 32);
}

bool group_news_read(group_news *out, slice bytes)
{
	reader r = reader_of(bytes);
	group_news n = { 0 };

	const uint8_t version = read_u8(&r);
	n.chain_id = read_u32(&r);
	const slice key_id = read_bytes(&r, sizeof n.key_id.b);
	n.epoch = read_u32(&r);
	const slice context = read_bytes(&r, sizeof n.context.b);
	if (!read_done(&r) || version != VERSION) return false;
	memcpy(n.key_id.b, key_id.p, key_id.n);
	memcpy(n.context.b, context.p, context.n);
	*out = n;
	return true;
}

/* How many say at least this epoch. */
static unsigned count_from(const group_news *said, party_set by, uint32_t epoch)
{
	unsigned count = 0;
	FOR_EACH_IN(i, by) count += said[i].epoch >= epoch;
	return count;
}

static unsigned count_context(const group_news *said, party_set by, const id32 *context)
{
	unsigned count = 0;
	FOR_EACH_IN(i, by) count += id_eq_var(&said[i].context, context);
	return count;
}

bool group_news_believed(group_news *out, const group_news *said, party_set by, unsigned t, const group_news *known)
{
	group_news n = { 0 };
	bool vouched = false;

	FOR_EACH_IN(i, by) if (known && !id_eq_var(&said[i].key_id, &known->key_id)) take_from(&by, i);
	FOR_EACH_IN(i, by) {
		if (count_from(said, by, said[i].epoch) > t && (!vouched || said[i].epoch > n.epoch)) n.epoch = said[i].epoch, vouched = true;
		if (count_context(said, by, &said[i].context) > t) n.context = said[i].context;
	}
	if (!vouched || (known && n.epoch <= known->epoch)) return false;
	*out = n;
	return true;
}
