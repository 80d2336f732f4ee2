/* SPDX-License-Identifier: MIT */
/* vault/wire.c -- counted bytes, tags, envelopes. */
#include "vault/wire.h"
#include "tfhers/envelope.h"

void wire_put(buf *out, slice s)
{
	buf_put_u64(out, s.n);
	buf_put_slice(out, s);
}

slice wire_read(reader *r, size_t max)
{
	uint64_t n = read_u64(r);
	if (n > max) r->refused = true;
	return r->refused ? (slice){ 0 } : read_bytes(r, (size_t)n);
}

void wire_expect(reader *r, uint32_t version)
{
	if (read_u32(r) != version) r->refused = true;
}

void wire_read_id(reader *r, id32 *out)
{
	slice s = read_bytes(r, sizeof out->b);
	if (s.n) memcpy(out->b, s.p, s.n);
}

err wire_open(reader *body, const char *name, slice file)
{
	slice found;

	TRY(tfhers_envelope_read(&found, body, file));
	if (slice_eq_var(found, slice_str(name))) return OK;
	return err_fail(ERR_REQUEST, "a %s is wanted, this is a %s", name, envelope_shown(found).text);
}

err wire_close(const reader *r, const char *name)
{
	if (read_done(r)) return OK;
	return err_fail(ERR_REQUEST, "the %s is malformed: it %s at byte %zu", name,
	                read_ok(r) ? "should end" : "cannot be read", r->at);
}
