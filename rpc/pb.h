/* SPDX-License-Identifier: MIT */
/*
 * rpc/pb.h -- protobuf messages of proto/, by protobuf-c, unpacked only into an arena with a limit.
 *
 *   arena a = arena_with_limit(PB_ROOM(request.n));
 *   Kms__V1__KeyGenRequest *m;
 *   TRY(pb_unpack(&a, &m, &kms__v1__key_gen_request__descriptor, request));
 *   ...
 *   pb_pack(&out, &answer.base);
 *   arena_free(&a);
 *
 * Two megabytes of empty sub-messages unpack to seventy times that; the arena's limit turns such input into a
 * refusal.  No message type of ours is recursive, so the depth of unpacking is bounded by the schema.
 */
#ifndef ARCA_RPC_PB_H
#define ARCA_RPC_PB_H

#include <protobuf-c/protobuf-c.h>
#include "base/base.h"

/* Room that suffices for an honest message of n bytes: its copy, and the tables of a few thousand fields. */
#define PB_ROOM(n) (4 * (size_t)(n) + ((size_t)1 << 20))

/*
 * *out = the message, living in a; out is of type T ** for the T of the descriptor.  Unknown fields are dropped.
 * ERR_REQUEST if the bytes are no such message, a string field is not UTF-8, or a is too small.
 */
#define pb_unpack(a, out, descriptor, bytes) pb_unpack_message((a), (ProtobufCMessage **)(out), (descriptor), (bytes))
err  pb_unpack_message(arena *a, ProtobufCMessage **out, const ProtobufCMessageDescriptor *descriptor, slice bytes);

/* Appends the encoding.  Requires: m was initialised by its type's __init or unpacked. */
void pb_pack(buf *out, const ProtobufCMessage *m);

static inline slice                pb_slice(ProtobufCBinaryData b) { return (slice){ b.data, b.len }; }
static inline ProtobufCBinaryData  pb_bytes(slice s) { return (ProtobufCBinaryData){ s.n, (uint8_t *)(uintptr_t)s.p }; }

#endif
