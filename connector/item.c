/* SPDX-License-Identifier: MIT */
/* connector/item.c -- the parts of items that are byte strings of their own: materials, digests of keys, traces. */
#include "connector/item.h"

enum { ADDRESS = 20, MATERIAL = 3 * 32, MAX_TRACE = 4096 };

void queue_put_material(buf *out, const queue_material *m)
{
	ASSERT(m->coprocessors.n % ADDRESS == 0);
	buf_put(out, m->handle.b, sizeof m->handle.b);
	buf_put(out, m->key_id.b, sizeof m->key_id.b);
	buf_put(out, m->digest.b, sizeof m->digest.b);
	buf_put_slice(out, m->coprocessors);
}

err queue_read_material(queue_material *out, slice element)
{
	if (element.n < MATERIAL || (element.n - MATERIAL) % ADDRESS != 0)
		return err_fail(ERR_REQUEST, "sns_ct_materials: %zu bytes are no handle, key, digest and addresses", element.n);
	memcpy(out->handle.b, element.p, 32);
	memcpy(out->key_id.b, element.p + 32, 32);
	memcpy(out->digest.b, element.p + 64, 32);
	out->coprocessors = slice_of(element.p + MATERIAL, element.n - MATERIAL);
	return OK;
}

void queue_put_digest(buf *out, uint8_t key_type, slice digest)
{
	buf_put_u8(out, key_type);
	buf_put_slice(out, digest);
}

err queue_read_digest(uint8_t *key_type, slice *digest, slice element)
{
	if (element.n < 2) return err_fail(ERR_REQUEST, "key_digests: %zu bytes are no type and digest", element.n);
	*key_type = element.p[0];
	*digest = slice_of(element.p + 1, element.n - 1);
	return OK;
}

/* ---- traces: a map as bincode writes it ---------------------------------------------------------------------------- */

static void put_string(buf *out, slice s)
{
	buf_put_u64(out, s.n);
	buf_put_slice(out, s);
}

void queue_put_trace(buf *out, slice traceparent, slice tracestate)
{
	buf_put_u64(out, traceparent.n == 0 ? 0 : tracestate.n == 0 ? 1 : 2);
	if (traceparent.n == 0) return;
	put_string(out, slice_str("traceparent"));
	put_string(out, traceparent);
	if (tracestate.n == 0) return;
	put_string(out, slice_str("tracestate"));
	put_string(out, tracestate);
}

static slice read_string(reader *r)
{
	const uint64_t n = read_u64(r);
	if (n <= MAX_TRACE) return read_bytes(r, n);
	r->refused = true;
	return (slice){ 0 };
}

err queue_read_trace(slice *traceparent, slice *tracestate, slice otlp)
{
	reader r = reader_of(otlp);
	slice parent = { 0 }, state = { 0 };
	uint64_t entries = otlp.n ? read_u64(&r) : 0;

	for (; entries > 0 && read_ok(&r); entries--) {
		const slice key = read_string(&r), value = read_string(&r);
		if (slice_eq_var(key, slice_str("traceparent"))) parent = value;
		if (slice_eq_var(key, slice_str("tracestate"))) state = value;
	}
	if (!read_done(&r)) return err_fail(ERR_REQUEST, "otlp_context: is no map of strings");
	*traceparent = parent, *tracestate = state;
	return OK;
}

trace queue_trace_of(const queue_item *item)
{
	slice parent = { 0 }, state;
	trace t;

	if (queue_read_trace(&parent, &state, item->otlp) != OK) err_clear();
	(void)trace_read(&t, parent);
	return t;
}
