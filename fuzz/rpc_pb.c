/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as any request of any service: the first byte chooses which.  What unpacks, stays within its arena; what
 * is packed again, unpacks to the same bytes when packed once more.
 */
#include <health.pb-c.h>
#include <kms-service.v1.pb-c.h>
#include <metastore-status.v1.pb-c.h>
#include "fuzz/fuzz.h"
#include "rpc/pb.h"

static const ProtobufCMessageDescriptor *request(unsigned i)
{
	static const ProtobufCServiceDescriptor *const SERVICES[] = {
		&kms_service__v1__core_service_endpoint__descriptor,
		&metastore_status__v1__meta_store_status_service__descriptor,
		&grpc__health__v1__health__descriptor,
	};
	unsigned all = 0;
	for (unsigned s = 0; s < COUNT(SERVICES); s++) all += SERVICES[s]->n_methods;
	i %= 2 * all;
	for (unsigned s = 0; s < COUNT(SERVICES); s++) {
		unsigned n = SERVICES[s]->n_methods;
		if (i < 2 * n) return i < n ? SERVICES[s]->methods[i].input : SERVICES[s]->methods[i - n].output;
		i -= 2 * n;
	}
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0) return 0;
	const ProtobufCMessageDescriptor *type = request(data[0]);
	slice bytes = slice_of(data + 1, size - 1);
	arena a = arena_with_limit(PB_ROOM(bytes.n));
	AUTO(buf) once = { 0 }, twice = { 0 };
	ProtobufCMessage *m = NULL;

	if (pb_unpack(&a, &m, type, bytes) == OK) {
		pb_pack(&once, m);
		arena_free(&a);
		a = arena_with_limit(PB_ROOM(once.n) + PB_ROOM(bytes.n));
		ASSERT(pb_unpack(&a, &m, type, buf_slice(&once)) == OK);
		pb_pack(&twice, m);
		ASSERT(slice_eq_var(buf_slice(&once), buf_slice(&twice)));
	}
	ASSERT(a.used <= a.limit);
	arena_free(&a);
	err_clear();
	return 0;
}
