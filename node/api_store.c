/* SPDX-License-Identifier: MIT */
/* node/api_store.c -- the operator's view of the table of requests. */
#include <metastore-status.v1.pb-c.h>
#include <stdlib.h>
#include "node/api_internal.h"
#include "rpc/pb.h"

typedef MetastoreStatus__V1__MetaStoreType store_type;

enum { MAX_STATUS_IDS = 10000, DEFAULT_PAGE = 100, MAX_PAGE = 1000, STORE_ROOM = 64 << 20 };

/* The stores of the protocol, in its numbers.  That of CRS generation is always empty. */
enum { STORE_ALL = 0, STORE_CRS = 4, STORES = 6, NO_KIND = REQUEST_KINDS };

static const unsigned KIND_OF_STORE[STORES] = {
	[STORE_ALL] = NO_KIND,
	[METASTORE_STATUS__V1__META_STORE_TYPE__KEY_GENERATION] = REQUEST_KEYGEN,
	[METASTORE_STATUS__V1__META_STORE_TYPE__PUBLIC_DECRYPTION] = REQUEST_PUBLIC_DECRYPT,
	[METASTORE_STATUS__V1__META_STORE_TYPE__USER_DECRYPTION] = REQUEST_USER_DECRYPT,
	[STORE_CRS] = NO_KIND,
	[METASTORE_STATUS__V1__META_STORE_TYPE__PREPROCESSING] = REQUEST_PREPROC,
};

static err check_store(int store)
{
	if (store >= 0 && store < STORES) return OK;
	return err_fail(ERR_REQUEST, "meta_store_type is %d, which does not exist", store);
}

static int status_of(request_state s)
{
	static const int STATUS[REQUEST_STATES] = {
		[REQUEST_PENDING] = METASTORE_STATUS__V1__REQUEST_PROCESSING_STATUS__PROCESSING,
		[REQUEST_DONE] = METASTORE_STATUS__V1__REQUEST_PROCESSING_STATUS__COMPLETED,
		[REQUEST_FAILED] = METASTORE_STATUS__V1__REQUEST_PROCESSING_STATUS__FAILED,
		[REQUEST_CONSUMED] = METASTORE_STATUS__V1__REQUEST_PROCESSING_STATUS__DELETED,
	};
	return STATUS[s];
}

/* A list of status entries that is being gathered. */
typedef struct gathering {
	arena *a;
	MetastoreStatus__V1__RequestStatusInfo **info;
	size_t n, room, skip;
	int    store, filter;
	bool   more;
	err    failed;
} gathering;

static err add_info(gathering *g, const request_view *v)
{
	MetastoreStatus__V1__RequestStatusInfo *i;

	TRY(arena_new(g->a, &i, 1));
	metastore_status__v1__request_status_info__init(i);
	TRY(arena_new(g->a, &i->request_id, ID_TEXT));
	id_text(i->request_id, &v->id);
	i->meta_store_type = (store_type)g->store;
	i->status = (MetastoreStatus__V1__RequestProcessingStatus)status_of(v->state);
	if (v->state == REQUEST_FAILED) {
		char *why;
		TRY(arena_new(g->a, &why, strlen(v->why) + 1));
		memcpy(why, v->why, strlen(v->why));
		i->_error_message_case = METASTORE_STATUS__V1__REQUEST_STATUS_INFO___ERROR_MESSAGE_ERROR_MESSAGE;
		i->error_message = why;
	}
	g->info[g->n++] = i;
	return OK;
}

static bool gather(void *ctx, const request_view *v)
{
	gathering *g = ctx;

	if (g->filter != METASTORE_STATUS__V1__REQUEST_PROCESSING_STATUS__ANY && status_of(v->state) != g->filter) return true;
	if (g->skip) {
		g->skip--;
		return true;
	}
	if (g->n == g->room) {
		g->more = true;
		return false;
	}
	g->failed = add_info(g, v);
	return g->failed == OK;
}

static void gather_one(void *ctx, const request_view *v)
{
	gathering *g = ctx;
	if (g->failed == OK) g->failed = add_info(g, v);
}

static err request_statuses(api *a, arena *memory, buf *out, slice message)
{
	MetastoreStatus__V1__GetRequestStatusesRequest *q;
	MetastoreStatus__V1__GetRequestStatusesResponse m = METASTORE_STATUS__V1__GET_REQUEST_STATUSES_RESPONSE__INIT;

	TRY(pb_unpack(memory, &q, &metastore_status__v1__get_request_statuses_request__descriptor, message));
	const bool chosen = q->_meta_store_type_case ==
	                    METASTORE_STATUS__V1__GET_REQUEST_STATUSES_REQUEST___META_STORE_TYPE_META_STORE_TYPE;
	const int store = chosen ? (int)q->meta_store_type : STORE_ALL;
	TRY(check_store(store));
	if (q->n_request_ids > MAX_STATUS_IDS)
		return err_fail(ERR_REQUEST, "request_ids has %zu entries; at most %d are looked up at once", q->n_request_ids, MAX_STATUS_IDS);

	gathering g = { .a = memory };
	TRY(arena_new(memory, &g.info, q->n_request_ids * STORES));
	for (size_t i = 0; i < q->n_request_ids; i++) {
		char what[64];
		id32 id;
		snprintf(what, sizeof what, "request_ids[%zu]", i);
		TRY(id_parse(&id, what, slice_str(q->request_ids[i])));
		for (g.store = 1; g.store < STORES; g.store++)
			if ((store == STORE_ALL || store == g.store) && KIND_OF_STORE[g.store] != NO_KIND)
				requests_look(a->p.table, (request_kind)KIND_OF_STORE[g.store], &id, gather_one, &g);
	}
	TRY(g.failed);
	if (q->n_request_ids && g.n == 0) return err_fail(ERR_NOT_FOUND, "none of the %zu request ids is known", q->n_request_ids);
	m.statuses = g.info, m.n_statuses = g.n;
	pb_pack(out, &m.base);
	return OK;
}

/* A decimal number of at most nine digits. */
static err parse_page(size_t *out, const char *text)
{
	char *end;
	const unsigned long n = strtoul(text, &end, 10);

	if (!*text || strlen(text) > 9 || text[0] < '0' || text[0] > '9' || *end)
		return err_fail(ERR_REQUEST, "page_token is no number; take the one of the previous answer");
	*out = n;
	return OK;
}

static err read_list_request(gathering *g, size_t *page, const MetastoreStatus__V1__ListRequestsRequest *q)
{
	g->filter = q->_status_filter_case == METASTORE_STATUS__V1__LIST_REQUESTS_REQUEST___STATUS_FILTER_STATUS_FILTER
	          ? (int)q->status_filter : METASTORE_STATUS__V1__REQUEST_PROCESSING_STATUS__ANY;
	int most = q->_max_results_case == METASTORE_STATUS__V1__LIST_REQUESTS_REQUEST___MAX_RESULTS_MAX_RESULTS ? q->max_results : 0;
	*page = 0;
	TRY(check_store((int)q->meta_store_type));
	if (g->filter < 0 || g->filter > METASTORE_STATUS__V1__REQUEST_PROCESSING_STATUS__DELETED)
		return err_fail(ERR_REQUEST, "status_filter is %d, which does not exist", g->filter);
	if (most < 0) return err_fail(ERR_REQUEST, "max_results is %d", most);
	g->room = most == 0 ? DEFAULT_PAGE : size_min((size_t)most, MAX_PAGE);
	if (q->_page_token_case == METASTORE_STATUS__V1__LIST_REQUESTS_REQUEST___PAGE_TOKEN_PAGE_TOKEN)
		TRY(parse_page(page, q->page_token));
	g->skip = *page;
	return OK;
}

static err list_requests(api *a, arena *memory, buf *out, slice message)
{
	MetastoreStatus__V1__ListRequestsRequest *q;
	MetastoreStatus__V1__ListRequestsResponse m = METASTORE_STATUS__V1__LIST_REQUESTS_RESPONSE__INIT;
	gathering g = { .a = memory };
	char token[32];
	size_t page;

	TRY(pb_unpack(memory, &q, &metastore_status__v1__list_requests_request__descriptor, message));
	TRY(read_list_request(&g, &page, q));
	TRY(arena_new(memory, &g.info, g.room));
	const int store = (int)q->meta_store_type;
	for (g.store = 1; g.store < STORES && !g.more; g.store++)
		if ((store == STORE_ALL || store == g.store) && KIND_OF_STORE[g.store] != NO_KIND)
			requests_each(a->p.table, (request_kind)KIND_OF_STORE[g.store], gather, &g);
	TRY(g.failed);
	m.requests = g.info, m.n_requests = g.n;
	if (g.more) {
		snprintf(token, sizeof token, "%zu", page + g.n);
		m._next_page_token_case = METASTORE_STATUS__V1__LIST_REQUESTS_RESPONSE___NEXT_PAGE_TOKEN_NEXT_PAGE_TOKEN;
		m.next_page_token = token;
	}
	pb_pack(out, &m.base);
	return OK;
}

static err store_info(api *a, arena *memory, buf *out, slice message)
{
	MetastoreStatus__V1__GetMetaStoreInfoResponse m = METASTORE_STATUS__V1__GET_META_STORE_INFO_RESPONSE__INIT;
	MetastoreStatus__V1__MetaStoreInfo info[STORES], *list[STORES];

	(void)memory, (void)message;
	for (int s = 1; s < STORES; s++) {
		MetastoreStatus__V1__MetaStoreInfo *i = list[s - 1] = &info[s];
		const unsigned kind = KIND_OF_STORE[s];
		const requests_count c = kind == NO_KIND ? (requests_count){ 0 } : requests_count_of(a->p.table, (request_kind)kind);
		metastore_status__v1__meta_store_info__init(i);
		i->type = (store_type)s;
		i->capacity = c.capacity ? (int32_t)c.capacity : -1;
		i->current_count = (int32_t)c.all;
	}
	m.meta_stores = list;
	m.n_meta_stores = STORES - 1;
	pb_pack(out, &m.base);
	return OK;
}

static void run(api *a, rpc_call *call, slice message, err (*work)(api *, arena *, buf *, slice))
{
	arena memory = arena_with_limit(STORE_ROOM);
	buf out = { 0 };

	err e = work(a, &memory, &out, message);
	if (e == OK) rpc_reply(call, buf_slice(&out));
	else rpc_fail_err(call, e);
	buf_free(&out);
	arena_free(&memory);
}

void api_request_statuses(void *ctx, rpc_call *call, slice message) { run(ctx, call, message, request_statuses); }
void api_list_requests(void *ctx, rpc_call *call, slice message) { run(ctx, call, message, list_requests); }
void api_store_info(void *ctx, rpc_call *call, slice message) { run(ctx, call, message, store_info); }
