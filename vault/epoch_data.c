/* SPDX-License-Identifier: MIT */
/* vault/epoch_data.c -- a short header and the keys. */
#include "vault/epoch_data.h"
#include "vault/wire.h"

enum { EPOCH_VERSION = 1 };

void epoch_data_write(buf *out, const epoch_data *e)
{
	buf_put_u8(out, EPOCH_VERSION);
	buf_put_slice(out, id_slice(&e->epoch_id));
	buf_put_slice(out, id_slice(&e->context_id));
	buf_put_u8(out, (uint8_t)e->n), buf_put_u8(out, (uint8_t)e->t), buf_put_u8(out, (uint8_t)e->d), buf_put_u8(out, e->me);
	buf_put_u64(out, (uint64_t)e->created_ms);
	buf_put_u32(out, e->keys);
	buf_put(out, e->key, (size_t)e->keys * PRSS_KEY);
}

err epoch_data_read(epoch_data *out, slice file)
{
	reader r = reader_of(file);
	epoch_data e = { 0 };

	const uint8_t version = read_u8(&r);
	wire_read_id(&r, &e.epoch_id);
	wire_read_id(&r, &e.context_id);
	e.n = read_u8(&r), e.t = read_u8(&r), e.d = read_u8(&r), e.me = read_u8(&r);
	e.created_ms = (int64_t)read_u64(&r);
	e.keys = read_u32(&r);
	if (read_ok(&r) && version != EPOCH_VERSION)
		return err_fail(ERR_REQUEST, "the epoch has version %u; this program reads version %d", version, EPOCH_VERSION);
	if (read_ok(&r) && !(parties_allowed(e.n, e.t) && e.d == ring_degree(e.n) && e.me >= 1 && e.me <= e.n &&
	                     e.keys == binomial(e.n - 1, e.t)))
		return err_fail(ERR_REQUEST, "the epoch names a committee that there cannot be");
	if (e.keys > MAX_PRSS_SETS) r.refused = true;
	const slice keys = read_bytes(&r, r.refused ? 0 : (size_t)e.keys * PRSS_KEY);
	TRY(wire_close(&r, "epoch"));
	e.key = (const uint8_t (*)[PRSS_KEY])(const void *)keys.p;
	*out = e;
	return OK;
}
