/* SPDX-License-Identifier: MIT */
/* evm/kms_context.c -- the parts are lists that stand alone: an offset, then the list. */
#include "evm/kms_context.h"
#include "evm/kms_events_internal.h"

static void put_member(abi_frame *list, const kms_member *m)
{
	abi_frame f = abi_put_tuple(list, 8);
	abi_word party = abi_u64((uint32_t)m->party);

	if (m->party < 0) memset(party.b, 0xff, sizeof party.b - 4);
	abi_put_address(&f, &m->tx_sender);
	abi_put_address(&f, &m->signer);
	abi_put_bytes(&f, m->address);
	abi_put_bytes(&f, m->storage_url);
	abi_put(&f, &party);
	abi_put_bytes(&f, m->identity);
	abi_put_bytes(&f, m->certificate);
	abi_put_bytes(&f, m->storage_prefix);
}

static void put_members(abi_frame *f, const kms_context *c)
{
	abi_frame list = abi_put_list(f, c->n, 1);
	for (size_t i = 0; i < c->n; i++) put_member(&list, &c->member[i]);
}

static void put_thresholds(abi_frame *f, const kms_context *c)
{
	abi_put(f, &c->public_threshold);
	abi_put(f, &c->user_threshold);
	abi_put(f, &c->generation_threshold);
	abi_put(f, &c->mpc_threshold);
}

static void put_pcrs(abi_frame *f, const kms_context *c)
{
	abi_frame list = abi_put_list(f, c->n_pcr, 1);
	for (size_t i = 0; i < c->n_pcr; i++) {
		abi_frame one = abi_put_tuple(&list, 3);
		for (size_t k = 0; k < 3; k++) abi_put_bytes(&one, c->pcr[i][k]);
	}
}

void kms_context_put_members(buf *out, const kms_context *c)
{
	abi_frame f = abi_tuple(out, 1);
	put_members(&f, c);
}

void kms_context_put_thresholds(buf *out, const kms_context *c)
{
	abi_frame f = abi_tuple(out, 4);
	put_thresholds(&f, c);
}

void kms_context_put_pcrs(buf *out, const kms_context *c)
{
	abi_frame f = abi_tuple(out, 1);
	put_pcrs(&f, c);
}

void kms_context_put(buf *out, const kms_context *c)
{
	abi_frame f = abi_tuple(out, 7);
	put_members(&f, c);
	put_thresholds(&f, c);
	abi_put_bytes(&f, c->software);
	put_pcrs(&f, c);
}

static err part_ok(const abi_reader *r, const char *what)
{
	if (!abi_ok(r)) return err_fail(ERR_REQUEST, "the %s of the context are malformed: %s", what, r->why);
	return OK;
}

err kms_context_read(kms_context *out, arena *a, slice members, slice thresholds, slice software, slice pcrs)
{
	abi_reader m = abi_reader_of(members), t = abi_reader_of(thresholds), p = abi_reader_of(pcrs);
	abi_part mp = abi_top(&m), tp = abi_top(&t), pp = abi_top(&p);
	AUTO(buf) whole = { 0 };
	kms_context c = *out;

	kms_context_next_members(&c, a, &mp);
	TRY(part_ok(&m, "members"));
	kms_context_next_thresholds(&c, &tp);
	TRY(part_ok(&t, "thresholds"));
	kms_context_next_pcrs(&c, a, &pp);
	TRY(part_ok(&p, "measurements"));
	c.software = software;
	kms_context_put(&whole, &c);
	c.anchor = keccak256(buf_slice(&whole));
	*out = c;
	return OK;
}

err kms_extra_read(kms_named *out, slice extra)
{
	const uint8_t version = extra.n ? extra.p[0] : 0;
	const size_t needs = 1 + version * sizeof(id32);
	kms_named k = { .context = version >= 1, .epoch = version >= 2 };

	if (version > 2) return err_fail(ERR_REQUEST, "its extra data are of version %d, which is unknown here", version);
	if (version && extra.n < needs) return err_fail(ERR_REQUEST, "its extra data have %zu bytes, less than the %zu of version %d", extra.n, needs, version);
	if (k.context) memcpy(k.context_id.b, extra.p + 1, sizeof k.context_id.b);
	if (k.epoch) memcpy(k.epoch_id.b, extra.p + 1 + sizeof k.context_id.b, sizeof k.epoch_id.b);
	if (k.context && id_is_zero_var(&k.context_id)) return err_fail(ERR_REQUEST, "its extra data name the context 0");
	*out = k;
	return OK;
}
