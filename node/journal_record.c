/* SPDX-License-Identifier: MIT */
/* node/journal_record.c -- a kind in one byte, then the fields. */
#include "node/journal_record.h"

enum { RECORD_OUTCOME = 1, RECORD_CONSUMED = 2, RECORD_TAKEN = 3 };

void record_outcome(buf *out, const request_view *v)
{
	const slice last = v->state == REQUEST_FAILED ? slice_str(v->why) : v->response;

	ASSERT(v->state == REQUEST_DONE || v->state == REQUEST_FAILED);
	buf_put_u8(out, RECORD_OUTCOME);
	buf_put_u8(out, (uint8_t)v->kind);
	buf_put_u8(out, (uint8_t)v->state);
	buf_put_slice(out, id_slice(&v->id));
	buf_put_slice(out, hash32_slice(&v->body));
	buf_put_u32(out, (uint32_t)v->facts.n);
	buf_put_slice(out, v->facts);
	buf_put_slice(out, last);
}

void record_consumed(buf *out, const id32 *preproc, const id32 *by, const hash32 *by_body)
{
	buf_put_u8(out, RECORD_CONSUMED);
	buf_put_slice(out, id_slice(preproc));
	buf_put_slice(out, id_slice(by));
	buf_put_slice(out, hash32_slice(by_body));
}

void record_taken(buf *out, const request_view *v, slice message)
{
	ASSERT(v->state == REQUEST_PENDING && request_is_decryption(v->kind));
	buf_put_u8(out, RECORD_TAKEN);
	buf_put_u8(out, (uint8_t)v->kind);
	buf_put_u8(out, 0);
	buf_put_slice(out, id_slice(&v->id));
	buf_put_slice(out, hash32_slice(&v->body));
	buf_put_slice(out, message);
}

static void read_into(reader *r, void *out, size_t n)
{
	slice s = read_bytes(r, n);
	if (s.n) memcpy(out, s.p, n);
}

static err apply_outcome(reader *r, requests *into)
{
	request_view v = { .why = "" };

	const uint8_t kind = read_u8(r), state = read_u8(r);
	read_into(r, v.id.b, sizeof v.id.b);
	read_into(r, v.body.b, sizeof v.body.b);
	const uint32_t facts = read_u32(r);
	if (facts > MAX_FACTS) r->refused = true;
	v.facts = read_bytes(r, facts);
	const slice last = read_bytes(r, read_left(r));
	if (!read_ok(r) || kind >= REQUEST_KINDS || (state != REQUEST_DONE && state != REQUEST_FAILED))
		return err_fail(ERR_REQUEST, "a journal record of an outcome is malformed");

	v.kind = (request_kind)kind;
	v.state = (request_state)state;
	if (v.state == REQUEST_DONE) {
		v.response = last;
		requests_restore(into, &v);
	} else {
		buf why = { 0 };
		buf_put_slice(&why, last);
		v.why = buf_str(&why);
		requests_restore(into, &v);
		buf_free(&why);
	}
	return OK;
}

static void mark_consumed(void *ctx, const request_view *v)
{
	request_view *c = ctx;
	c->body = v->body;
}

static err apply_consumed(reader *r, requests *into, journal_consumer *consumed, void *ctx)
{
	id32 preproc, by;
	hash32 by_body;

	read_into(r, preproc.b, sizeof preproc.b);
	read_into(r, by.b, sizeof by.b);
	read_into(r, by_body.b, sizeof by_body.b);
	if (!read_done(r)) return err_fail(ERR_REQUEST, "a journal record of a consumption is malformed");

	request_view v = { .kind = REQUEST_PREPROC, .id = preproc, .consumed_by = by, .state = REQUEST_CONSUMED, .why = "" };
	requests_look(into, REQUEST_PREPROC, &preproc, mark_consumed, &v);
	requests_restore(into, &v);
	if (consumed) consumed(ctx, &preproc, &by, &by_body);
	return OK;
}

static err read_taken(request_view *v, slice *message, reader *r)
{
	*v = (request_view){ .state = REQUEST_PENDING, .why = "" };
	const uint8_t kind = read_u8(r), zero = read_u8(r);
	read_into(r, v->id.b, sizeof v->id.b);
	read_into(r, v->body.b, sizeof v->body.b);
	*message = read_bytes(r, read_left(r));
	if (!read_ok(r) || !request_is_decryption(kind) || zero || !message->n)
		return err_fail(ERR_REQUEST, "a journal record of a request that was taken in is malformed");
	v->kind = (request_kind)kind;
	return OK;
}

static err apply_taken(reader *r, requests *into)
{
	request_view v;
	slice message;

	TRY(read_taken(&v, &message, r));
	requests_restore(into, &v);
	return OK;
}

err record_message(slice *message, slice record)
{
	reader r = reader_of(record);
	request_view v;

	if (read_u8(&r) != RECORD_TAKEN) return err_fail(ERR_REQUEST, "a journal record is not of a request that was taken in");
	return read_taken(&v, message, &r);
}

err record_apply(slice payload, requests *into, journal_consumer *consumed, void *ctx)
{
	reader r = reader_of(payload);

	switch (read_u8(&r)) {
	case RECORD_OUTCOME:  return apply_outcome(&r, into);
	case RECORD_CONSUMED: return apply_consumed(&r, into, consumed, ctx);
	case RECORD_TAKEN:    return apply_taken(&r, into);
	default:              return err_fail(ERR_REQUEST, "a journal record is of a kind that this version does not know");
	}
}

err record_key_read(record_key *out, slice head)
{
	reader r = reader_of(head);
	record_key k = { .kind = REQUEST_PREPROC };

	const uint8_t type = read_u8(&r);
	k.consumption = type == RECORD_CONSUMED;
	k.taken = type == RECORD_TAKEN;
	if (!k.consumption) {
		const uint8_t kind = read_u8(&r);
		read_u8(&r);                           /* the state */
		if ((type != RECORD_OUTCOME && type != RECORD_TAKEN) || kind >= REQUEST_KINDS) r.refused = true;
		else k.kind = (request_kind)kind;
	}
	read_into(&r, k.id.b, sizeof k.id.b);
	if (!read_ok(&r)) return err_fail(ERR_REQUEST, "a journal record is malformed");
	*out = k;
	return OK;
}
