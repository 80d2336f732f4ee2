/* SPDX-License-Identifier: MIT */
/* rpc/pb.c -- protobuf-c over an arena, and the checks that protobuf-c leaves to us. */
#include "rpc/pb.h"
#include "base/utf8.h"

typedef struct unpacking { arena *a; bool refused, too_much; } unpacking;         /* no memory was given; for it would exceed the limit */

static void *take(void *ctx, size_t n)
{
	unpacking *u = ctx;
	void *p = arena_try(u->a, n);
	if (!p) u->refused = true, u->too_much = !arena_fits(u->a, n);
	return p;
}

static void leave(void *ctx, void *p)
{
	(void)ctx, (void)p;                          /* the arena's owner frees all at once */
}

static bool tidy(ProtobufCMessage *m, const char **field);

/* The n values at p, each of them text or a message. */
static bool values_tidy(const ProtobufCFieldDescriptor *f, void *p, size_t n, const char **field)
{
	for (size_t i = 0; i < n; i++) {
		if (f->type == PROTOBUF_C_TYPE_STRING) {
			const char *s = ((char **)p)[i];
			*field = f->name;
			if (s && !utf8_ok(slice_str(s))) return false;
		} else if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
			ProtobufCMessage *m = ((ProtobufCMessage **)p)[i];
			if (m && !tidy(m, field)) return false;
		}
	}
	return true;
}

/* Checks text and drops unknown fields, as deep as the schema; no type of ours is recursive. */
static bool tidy(ProtobufCMessage *m, const char **field)
{
	uint8_t *base = (uint8_t *)m;

	m->n_unknown_fields = 0;
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		void *p = base + f->offset;
		size_t n = 1;
		if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
			uint32_t which;
			memcpy(&which, base + f->quantifier_offset, sizeof which);
			if (which != f->id) continue;
		} else if (f->label == PROTOBUF_C_LABEL_REPEATED) {
			memcpy(&n, base + f->quantifier_offset, sizeof n);
			memcpy(&p, p, sizeof p);
		}
		if (!values_tidy(f, p, n, field)) return false;
	}
	return true;
}

err pb_unpack_message(arena *a, ProtobufCMessage **out, const ProtobufCMessageDescriptor *descriptor, slice bytes)
{
	unpacking u = { .a = a };
	ProtobufCAllocator in_arena = { take, leave, &u };
	const char *field = "";

	ProtobufCMessage *m = protobuf_c_message_unpack(descriptor, &in_arena, bytes.n, bytes.p);
	if (!m && u.refused && !u.too_much) return err_fail(ERR_NOMEM, "no memory for a %s", descriptor->short_name);
	if (!m && u.refused)
		return err_fail(ERR_REQUEST, "%s of %zu bytes unpacks to more than the %zu bytes allowed",
		                descriptor->short_name, bytes.n, a->limit);
	if (!m)
		return err_fail(ERR_REQUEST, "the %zu bytes are not a %s message", bytes.n, descriptor->name);
	if (!tidy(m, &field))
		return err_fail(ERR_REQUEST, "field %s of %s is not UTF-8", field, descriptor->short_name);
	*out = m;
	return OK;
}

void pb_pack(buf *out, const ProtobufCMessage *m)
{
	size_t n = protobuf_c_message_get_packed_size(m);
	if (n) protobuf_c_message_pack(m, buf_grow(out, n));
}
