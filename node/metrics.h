/* SPDX-License-Identifier: MIT */
/*
 * node/metrics.h -- what is counted, and its text for Prometheus.  The names are the reference's, so that its dashboards
 * work.  Any thread.
 */
#ifndef ARCA_NODE_METRICS_H
#define ARCA_NODE_METRICS_H

#include "base/base.h"
#include "base/histogram.h"
#include "rpc/status.h"

/* Values of the label `operation`. */
typedef enum operation {
	OPERATION_KEYGEN_PREPROC_REQUEST, OPERATION_KEYGEN_PREPROC_RESULT, OPERATION_KEYGEN_REQUEST, OPERATION_KEYGEN_RESULT,
	OPERATION_KEYGEN_ABORT,
	OPERATION_STANDARD_COMPRESSED_KEYGEN, OPERATION_STANDARD_KEYGEN,
	OPERATION_PUBLIC_DECRYPT_REQUEST, OPERATION_PUBLIC_DECRYPT_RESULT, OPERATION_PUBLIC_DECRYPT_INNER,
	OPERATION_USER_DECRYPT_REQUEST, OPERATION_USER_DECRYPT_RESULT, OPERATION_USER_DECRYPT_INNER,
	OPERATION_KEY_MATERIAL_AVAILABILITY,
	OPERATION_NEW_MPC_CONTEXT, OPERATION_DESTROY_MPC_CONTEXT,
	OPERATION_NEW_MPC_EPOCH, OPERATION_GET_MPC_EPOCH_RESULT, OPERATION_DESTROY_MPC_EPOCH,
	OPERATION_INSECURE_PREPROC_REQUEST, OPERATION_INSECURE_PREPROC_RESULT, OPERATION_INSECURE_KEYGEN_REQUEST,
	OPERATION_INSECURE_KEYGEN_RESULT, OPERATION_BANDWIDTH_BENCHMARK, OPERATIONS
} operation;

typedef struct metrics {
	_Atomic uint64_t count[OPERATIONS], error[OPERATIONS][GRPC_STATUS_COUNT];
	histogram duration_ms[OPERATIONS], payload_bytes;
	_Atomic int64_t looked_ms, used_ms;                      /* when the processor's use was last looked at, and what it was */
} metrics;

/* A call of the operation ended with this status. */
void metrics_ended(metrics *m, operation o, grpc_status status);
void metrics_took(metrics *m, operation o, int64_t ms);
void metrics_payload(metrics *m, size_t bytes);

/* What is not counted but looked up when somebody asks. */
typedef struct gauges {
	uint64_t tokens_taken, keys_loaded;
	uint64_t public_pending, public_stored, user_pending, user_stored;
	uint64_t jobs_waiting;
	uint64_t spans_sent, spans_dropped;                      /* to a collector of traces */
	uint64_t squash_sampled, squash_guarded, squash_wrong;   /* steps of rotations: checked, done again (lattice/engine.h) */
} gauges;

void metrics_print(buf *out, metrics *m, const gauges *g, const char *version);

#endif
