/* SPDX-License-Identifier: MIT */
/* node/api_status.c -- which keys there are, and whether the node serves. */
#include <health.pb-c.h>
#include <kms.v1.pb-c.h>
#include <stdlib.h>
#include "node/api_internal.h"
#include "rpc/pb.h"

enum { STATUS_ROOM = 16 << 20 };

static void reply_message(rpc_call *call, const ProtobufCMessage *m)
{
	buf out = { 0 };

	pb_pack(&out, m);
	rpc_reply(call, buf_slice(&out));
	buf_free(&out);
}

typedef struct id_texts { arena *a; char **text; size_t n, room; err failed; } id_texts;

static void add_id(void *ctx, const key_facts *f, const key_record *r)
{
	id_texts *t = ctx;

	(void)r;
	if (t->failed != OK || t->n == t->room) return;
	t->failed = arena_new(t->a, &t->text[t->n], ID_TEXT);
	if (t->failed == OK) id_text(t->text[t->n++], &f->key_id);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The ids of all keys, ascending, each once. */
static err key_ids(id_texts *t, api *a, arena *memory)
{
	*t = (id_texts){ .a = memory, .room = keys_count(a->p.keys) };
	TRY(arena_new(memory, &t->text, t->room));
	keys_each(a->p.keys, add_id, t);
	TRY(t->failed);
	qsort(t->text, t->n, sizeof *t->text, by_text);
	size_t kept = 0;
	for (size_t i = 0; i < t->n; i++)
		if (kept == 0 || strcmp(t->text[kept - 1], t->text[i])) t->text[kept++] = t->text[i];
	t->n = kept;
	return OK;
}

/* ---- standings -------------------------------------------------------------------------------------------------- */

typedef struct standing { Kms__V1__KeyStanding m; char key[ID_TEXT], epoch[ID_TEXT]; } standing;

typedef struct standings { standing *one; Kms__V1__KeyStanding **list; size_t n, room; } standings;

static void add_standing(void *ctx, const key_facts *f, const key_record *r)
{
	standings *t = ctx;

	(void)r;
	if (t->n == t->room) return;
	standing *s = &t->one[t->n];
	kms__v1__key_standing__init(&s->m);
	id_text(s->key, &f->key_id);
	id_text(s->epoch, &f->epoch_id);
	s->m.key_id = s->key, s->m.epoch_id = s->epoch;
	s->m.insecure = f->marks & KEY_INSECURE;
	t->list[t->n++] = &s->m;
}

/* Every key in every epoch, in the order of keys_each. */
static err key_standings(standings *t, api *a, arena *memory)
{
	*t = (standings){ .room = keys_count(a->p.keys) };
	TRY(arena_new(memory, &t->one, t->room));
	TRY(arena_new(memory, &t->list, t->room));
	keys_each(a->p.keys, add_standing, t);
	return OK;
}

/* ---- calls ------------------------------------------------------------------------------------------------------ */

static char *storage_of(const api *a) { return (char *)(uintptr_t)a->p.storage; }

void api_key_material(void *ctx, rpc_call *call, slice message)
{
	api *a = ctx;
	Kms__V1__KeyMaterialAvailabilityResponse m = KMS__V1__KEY_MATERIAL_AVAILABILITY_RESPONSE__INIT;

	arena memory = arena_with_limit(STATUS_ROOM);
	standings s;
	id_texts t;

	(void)message;
	err e = key_ids(&t, a, &memory);
	if (e == OK) e = key_standings(&s, a, &memory);
	if (e == OK) {
		m.fhe_key_ids = t.text, m.n_fhe_key_ids = t.n;
		m.standings = s.list, m.n_standings = s.n;
		m.storage_info = storage_of(a);
		metrics_ended(a->p.metrics, OPERATION_KEY_MATERIAL_AVAILABILITY, GRPC_OK);
		reply_message(call, &m.base);
	} else {
		api_refuse(a, call, OPERATION_KEY_MATERIAL_AVAILABILITY, e);
	}
	arena_free(&memory);
}

void api_health_status(void *ctx, rpc_call *call, slice message)
{
	api *a = ctx;
	Kms__V1__HealthStatusResponse m = KMS__V1__HEALTH_STATUS_RESPONSE__INIT;

	arena memory = arena_with_limit(STATUS_ROOM);
	id_texts t;

	(void)message;
	m.node_type = a->p.cluster ? KMS__V1__NODE_TYPE__NODE_TYPE_THRESHOLD : KMS__V1__NODE_TYPE__NODE_TYPE_CENTRALIZED;
	err e = key_ids(&t, a, &memory);
	if (e == OK && a->p.cluster) e = api_peers_health(a, &memory, &m);
	if (e == OK) {
		m.my_fhe_key_ids = t.text, m.n_my_fhe_key_ids = t.n;
		m.my_storage_info = storage_of(a);
		reply_message(call, &m.base);
	} else {
		rpc_fail_err(call, e);
	}
	arena_free(&memory);
}

void api_health_check(void *ctx, rpc_call *call, slice message)
{
	static const char *const SERVICES[] = { "", "kms_service.v1.CoreServiceEndpoint", "metastore_status.v1.MetaStoreStatusService" };
	api *a = ctx;
	arena memory = arena_with_limit(PB_ROOM(message.n));
	Grpc__Health__V1__HealthCheckRequest *q;
	Grpc__Health__V1__HealthCheckResponse m = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
	bool known = false;

	err e = pb_unpack(&memory, &q, &grpc__health__v1__health_check_request__descriptor, message);
	for (size_t i = 0; e == OK && i < COUNT(SERVICES); i++) known |= !strcmp(q->service, SERVICES[i]);
	if (e == OK && !known) e = err_fail(ERR_NOT_FOUND, "there is no service %.100s here", q->service);
	if (e == OK) {
		m.status = atomic_load(&a->serving) ? GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
		                                    : GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING;
		reply_message(call, &m.base);
	} else {
		rpc_fail_err(call, e);
	}
	arena_free(&memory);
}
