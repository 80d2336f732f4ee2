/* SPDX-License-Identifier: MIT */
/* node/api.c -- the table of methods and the life of the server. */
#include <stdlib.h>
#include "base/log.h"
#include "base/notify.h"
#include "node/api_internal.h"
#include "tkms/dealer.h"

#define CORE "/kms_service.v1.CoreServiceEndpoint/"
#define STORE "/metastore_status.v1.MetaStoreStatusService/"

enum {
	DOOR_THREADS = 32,                                             /* one sync of the journal lets as many in */
	SWEEP_MS = 250,
	DECRYPT_WAIT_MS = 60 * 1000, PREPROC_WAIT_MS = 300 * 1000,      /* result calls hold on for so long */
	HANDLER_SLACK_MS = 300 * 1000,                                 /* beyond timeout_secs a call is ended by the server */
};

/* ---- methods ------------------------------------------------------------------------------------------------ */

typedef struct methods {
	start_method  preproc, keygen, public_decrypt, public_decrypt_sync, user_decrypt, user_decrypt_sync, new_epoch;
	start_method  dealt_preproc, dealt_keygen;
	result_method dealt_preproc_result, dealt_keygen_result;
	result_method preproc_result, keygen_result, public_decrypt_result, user_decrypt_result, epoch_result;
	operator_method operate[OPERATOR_CALLS];
	rpc_method    list[64];
	size_t        n;
} methods;

typedef struct serving_api {
	api     api;
	methods methods;
} serving_api;

static void add(methods *m, const char *path, rpc_handler *handler, void *ctx)
{
	ASSERT(m->n < COUNT(m->list));
	m->list[m->n++] = (rpc_method){ path, handler, ctx };
}

/* ctx: the sentence. */
static void unbuilt(void *ctx, rpc_call *call, slice message)
{
	(void)message;
	rpc_fail(call, GRPC_UNIMPLEMENTED, ctx);
}

static void add_unbuilt(methods *m, const char *path, const char *sentence)
{
	add(m, path, unbuilt, (void *)(uintptr_t)sentence);
}

/* The same calls alone and in a cluster. */
static void add_keygen(methods *m, api *a)
{
	m->preproc = (start_method){ a, REQUEST_PREPROC, OPERATION_KEYGEN_PREPROC_REQUEST, false, false };
	m->keygen = (start_method){ a, REQUEST_KEYGEN, OPERATION_KEYGEN_REQUEST, false, false };
	m->preproc_result = (result_method){ a, REQUEST_PREPROC, OPERATION_KEYGEN_PREPROC_RESULT, PREPROC_WAIT_MS };
	m->keygen_result = (result_method){ a, REQUEST_KEYGEN, OPERATION_KEYGEN_RESULT, 0 };

	add(m, CORE "KeyGenPreproc", api_start, &m->preproc);
	add(m, CORE "GetKeyGenPreprocResult", api_result, &m->preproc_result);
	add(m, CORE "KeyGen", api_start, &m->keygen);
	add(m, CORE "GetKeyGenResult", api_result, &m->keygen_result);
	add(m, CORE "AbortKeyGen", api_abort, a);
}

static void add_decryptions(methods *m, api *a)
{
	m->public_decrypt = (start_method){ a, REQUEST_PUBLIC_DECRYPT, OPERATION_PUBLIC_DECRYPT_REQUEST, false, false };
	m->public_decrypt_sync = (start_method){ a, REQUEST_PUBLIC_DECRYPT, OPERATION_PUBLIC_DECRYPT_REQUEST, true, false };
	m->user_decrypt = (start_method){ a, REQUEST_USER_DECRYPT, OPERATION_USER_DECRYPT_REQUEST, false, false };
	m->user_decrypt_sync = (start_method){ a, REQUEST_USER_DECRYPT, OPERATION_USER_DECRYPT_REQUEST, true, false };
	m->public_decrypt_result = (result_method){ a, REQUEST_PUBLIC_DECRYPT, OPERATION_PUBLIC_DECRYPT_RESULT, DECRYPT_WAIT_MS };
	m->user_decrypt_result = (result_method){ a, REQUEST_USER_DECRYPT, OPERATION_USER_DECRYPT_RESULT, DECRYPT_WAIT_MS };

	add(m, CORE "PublicDecrypt", api_start, &m->public_decrypt);
	add(m, CORE "GetPublicDecryptionResult", api_result, &m->public_decrypt_result);
	add(m, CORE "PublicDecryptSync", api_start, &m->public_decrypt_sync);
	add(m, CORE "UserDecrypt", api_start, &m->user_decrypt);
	add(m, CORE "GetUserDecryptionResult", api_result, &m->user_decrypt_result);
	add(m, CORE "UserDecryptSync", api_start, &m->user_decrypt_sync);
}

static void add_status(methods *m, api *a)
{
	add(m, CORE "GetKeyMaterialAvailability", api_key_material, a);
	add(m, CORE "GetHealthStatus", api_health_status, a);
	add(m, STORE "GetRequestStatuses", api_request_statuses, a);
	add(m, STORE "ListRequests", api_list_requests, a);
	add(m, STORE "GetMetaStoreInfo", api_store_info, a);
	add(m, "/grpc.health.v1.Health/Check", api_health_check, a);
	add_unbuilt(m, "/grpc.health.v1.Health/Watch", "health is answered on Check; watching is not offered");
}

static void add_operator(methods *m, api *a, const char *path, operator_call_kind which)
{
	m->operate[which] = (operator_method){ a, which };
	add(m, path, api_operate, &m->operate[which]);
}

/* What only a party of a cluster does. */
static void add_cluster(methods *m, api *a)
{
	m->new_epoch = (start_method){ a, REQUEST_NEW_EPOCH, OPERATION_NEW_MPC_EPOCH, false, false };
	m->epoch_result = (result_method){ a, REQUEST_NEW_EPOCH, OPERATION_GET_MPC_EPOCH_RESULT, 0 };
	add_operator(m, a, CORE "NewMpcContext", CALL_NEW_CONTEXT);
	add_operator(m, a, CORE "DestroyMpcContext", CALL_DESTROY_CONTEXT);
	add_operator(m, a, CORE "DestroyMpcEpoch", CALL_DESTROY_EPOCH);
	add_operator(m, a, CORE "BandwidthBenchmark", CALL_BANDWIDTH);
	add(m, CORE "NewMpcEpoch", api_start, &m->new_epoch);
	add(m, CORE "GetEpochResult", api_result, &m->epoch_result);
}

/* A key is a key: its result is found under both names, as that of a preprocessing is. */
static void add_dealing(methods *m, api *a)
{
	static const char LEFT_OUT[] = "this node was built without insecure key generation, in which one party has the whole key: "
			"KeyGenPreproc and KeyGen make keys together";

	if (!dealer_is_built()) {
		add_unbuilt(m, CORE "InsecureKeyGenPreproc", LEFT_OUT);
		add_unbuilt(m, CORE "GetInsecureKeyGenPreprocResult", LEFT_OUT);
		add_unbuilt(m, CORE "InsecureKeyGen", LEFT_OUT);
		add_unbuilt(m, CORE "GetInsecureKeyGenResult", LEFT_OUT);
		return;
	}
	m->dealt_preproc = (start_method){ a, REQUEST_PREPROC, OPERATION_INSECURE_PREPROC_REQUEST, false, true };
	m->dealt_keygen = (start_method){ a, REQUEST_KEYGEN, OPERATION_INSECURE_KEYGEN_REQUEST, false, true };
	m->dealt_preproc_result = (result_method){ a, REQUEST_PREPROC, OPERATION_INSECURE_PREPROC_RESULT, PREPROC_WAIT_MS };
	m->dealt_keygen_result = (result_method){ a, REQUEST_KEYGEN, OPERATION_INSECURE_KEYGEN_RESULT, 0 };

	add(m, CORE "InsecureKeyGenPreproc", api_start, &m->dealt_preproc);
	add(m, CORE "GetInsecureKeyGenPreprocResult", api_result, &m->dealt_preproc_result);
	add(m, CORE "InsecureKeyGen", api_start, &m->dealt_keygen);
	add(m, CORE "GetInsecureKeyGenResult", api_result, &m->dealt_keygen_result);
}

/* What needs other parties, told to whoever asks a node that is alone. */
static void add_alone(methods *m)
{
	static const char CONTEXT[] = "contexts and epochs are not built in this version for a centralized node; the default ones are always "
			"there",
		ALONE[] = "this node is centralized: it has no peers to measure",
		INSECURE[] = "the insecure calls are for clusters, and not built for a centralized node, which generates keys with KeyGen";

	add_unbuilt(m, CORE "NewMpcContext", CONTEXT);
	add_unbuilt(m, CORE "DestroyMpcContext", CONTEXT);
	add_unbuilt(m, CORE "NewMpcEpoch", CONTEXT);
	add_unbuilt(m, CORE "GetEpochResult", CONTEXT);
	add_unbuilt(m, CORE "DestroyMpcEpoch", CONTEXT);
	add_unbuilt(m, CORE "BandwidthBenchmark", ALONE);
	add_unbuilt(m, CORE "InsecureKeyGenPreproc", INSECURE);
	add_unbuilt(m, CORE "GetInsecureKeyGenPreprocResult", INSECURE);
	add_unbuilt(m, CORE "InsecureKeyGen", INSECURE);
	add_unbuilt(m, CORE "GetInsecureKeyGenResult", INSECURE);
}

static void add_what_is_not_built(methods *m)
{
	static const char CRS[] = "the common reference string is not built in this version",
		BACKUP[] = "backup and recovery are not built in this version",
		PARTIAL[] = "preprocessing in parts is not built in this version";

	add_unbuilt(m, CORE "CrsGen", CRS);
	add_unbuilt(m, CORE "GetCrsGenResult", CRS);
	add_unbuilt(m, CORE "AbortCrsGen", CRS);
	add_unbuilt(m, CORE "InsecureCrsGen", CRS);
	add_unbuilt(m, CORE "GetInsecureCrsGenResult", CRS);
	add_unbuilt(m, CORE "NewCustodianContext", BACKUP);
	add_unbuilt(m, CORE "DestroyCustodianContext", BACKUP);
	add_unbuilt(m, CORE "GetOperatorPublicKey", BACKUP);
	add_unbuilt(m, CORE "CustodianRecoveryInit", BACKUP);
	add_unbuilt(m, CORE "CustodianBackupRecovery", BACKUP);
	add_unbuilt(m, CORE "RestoreFromBackup", BACKUP);
	add_unbuilt(m, CORE "PartialKeyGenPreproc", PARTIAL);
}

static void add_all(methods *m, api *a)
{
	add_decryptions(m, a);
	if (a->p.cluster) {
		add_cluster(m, a);
		add_dealing(m, a);
	} else {
		add_alone(m);
	}
	add_keygen(m, a);
	add_status(m, a);
	add_what_is_not_built(m);
}

/* ---- the server --------------------------------------------------------------------------------------------- */

static void sweep(void *arg)
{
	api *a = arg;

	const int64_t now = reactor_now_ms(a->reactor);

	requests_expire(a->p.table, now);
	/* Here calls are answered, and the table has let us through: as long as this goes on, the service lives. */
	if (a->notify_every_ms && now >= a->notify_at_ms) {
		a->notify_at_ms = now + a->notify_every_ms;
		notify_say("WATCHDOG=1", NOTIFY_NOW_MS);
	}
	reactor_timer_set(a->reactor, &a->sweep, now + SWEEP_MS);
}

static void stop_sweeping(void *arg)
{
	api *a = arg;
	reactor_timer_clear(a->reactor, &a->sweep);
}

static err listen_on(serving_api *s)
{
	api *a = &s->api;
	const node_config *c = a->p.config;
	rpc_limits limits = rpc_limits_default();

	limits.message = (size_t)c->service.grpc_max_message_size;
	limits.buffered = size_max(limits.buffered, limits.message + (limits.message >> 1));
	limits.call_ms = c->service.timeout_secs * 1000 + HANDLER_SLACK_MS;
	return rpc_server_new(&a->server, a->reactor, c->service.listen_address, (unsigned)c->service.listen_port,
	                      s->methods.list, s->methods.n, &limits);
}

static err start(serving_api *s)
{
	api *a = &s->api;

	TRY(pool_new(&a->door, DOOR_THREADS));
	TRY(reactor_new(&a->reactor, NULL));
	TRY(reactor_start(a->reactor));
	a->notify_every_ms = notify_every_ms();
	a->sweep.ring = sweep;
	a->sweep.arg = a;
	reactor_run(a->reactor, sweep, a);
	add_all(&s->methods, a);
	return listen_on(s);
}

err api_new(api **out, const api_parts *parts)
{
	serving_api *s = calloc(1, sizeof *s);
	if (!s) return err_fail(ERR_NOMEM, "no memory for the service");
	api *a = &s->api;
	a->p = *parts;
	err e = start(s);
	if (e != OK) {
		api_free(&a);
		return e;
	}
	*out = a;
	return OK;
}

void api_open(api *a) { atomic_store(&a->serving, true); }
void api_close(api *a) { atomic_store(&a->serving, false); }
unsigned api_port(const api *a) { return rpc_server_port(a->server); }

void api_drain(api *a, int64_t timeout_ms)
{
	requests_expire(a->p.table, INT64_MAX);
	if (rpc_server_drain(a->server, timeout_ms) != OK) err_clear();
}

void api_free(api **ap)
{
	api *a = *ap;
	if (!a) return;
	if (a->reactor) reactor_run(a->reactor, stop_sweeping, a);
	rpc_server_free(&a->server);                   /* from here on nobody comes in */
	pool_free(&a->door);                           /* those at the door reach the desk */
	requests_expire(a->p.table, INT64_MAX);        /* and everybody is answered */
	reactor_free(&a->reactor);
	free(a);                                       /* the first member of its serving_api */
	*ap = NULL;
}

trace api_caller(const rpc_call *call)
{
	trace t;

	trace_read(&t, rpc_call_traceparent(call));
	return t;
}

void api_fail(rpc_call *call, grpc_status code, const char *sentence, const failure_reason *why)
{
	buf details = { 0 };

	api_details(&details, code, sentence, why);
	rpc_fail_details(call, code, sentence, buf_slice(&details));
	buf_free(&details);
}

void api_refuse(api *a, rpc_call *call, operation o, err e)
{
	const failure_reason why = api_reason_of(e);
	char sentence[MAX_GRPC_MESSAGE];

	snprintf(sentence, sizeof sentence, "%s", err_text()[0] ? err_text() : err_name(e));
	err_clear();
	metrics_ended(a->p.metrics, o, grpc_status_of_err(e));
	log_debug("refused: %s: %s", rpc_call_path(call), sentence);
	api_fail(call, grpc_status_of_err(e), sentence, &why);
}
